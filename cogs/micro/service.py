"""What members do with five-minute tasks. A member's row is locked first, so two presses come one after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.files import check_file
from bot.outbox import Effect, EffectKind, Posted
from bot.profiles import Level as ProfileLevel
from bot.text import clean
from cogs.micro import rules
from cogs.micro.model import (
    DONE,
    SHOW_RENDERER,
    Desk,
    MicroSettings,
    Start,
    gone,
    number_of,
    start_of,
    task_of,
)
from cogs.micro.rules import Level, Mood, Task, Wishes
from cogs.micro.shipped import shipped
from storage import micro as storage

ANY = "any"
LONGEST_POSTING = timedelta(minutes=15)  # as long as Discord lets an interaction be answered
LOOKED_BACK = timedelta(days=30)
# Where somebody says they stand in their profile, until they choose here.
_LEVELS = {
    ProfileLevel.NEW: Level.STARTER,
    ProfileLevel.BASICS: Level.GOING,
    ProfileLevel.MENTOR: Level.STRETCH,
}


class MicroService:
    """The use cases."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def look(self, actor: Actor) -> Desk:
        """What somebody began, or what is offered to them: the same as before, while it is fresh."""
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor)
            lost_file = await self._forget_lost_file(session, actor)
            return replace(await self._desk(session, row), lost_file=lost_file)

    async def another(self, actor: Actor) -> Desk:
        """Pass what is offered over."""
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor)
            row.offered_at = None
            return await self._desk(session, row)

    async def choose(self, actor: Actor, name: str, value: str) -> Desk:
        """Say which level, time or mood one would like; it is kept. Raises `InvalidInput`."""
        chosen = _read_wish(name, value)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor)
            if getattr(row, name) != chosen:
                setattr(row, name, chosen)
                row.offered_at = None
            return await self._desk(session, row)

    async def start(self, actor: Actor, number: int) -> Desk:
        """Begin a task. Whoever has begun one already sees that one. Raises `NotFound` when it is gone."""
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor)
            if await storage.find_started(session, actor.guild_id, actor.member_id) is not None:
                return await self._desk(session, row)
            tasks = await self._tasks(session, actor.guild_id)
            task = next((each for each in tasks if number_of(each.key) == number), None)
            if task is None:
                raise gone()
            now = self._core.clock.now()
            session.add(
                storage.MicroStartRow(
                    guild_id=actor.guild_id,
                    member_id=actor.member_id,
                    task_key=task.key,
                    title=task.title,
                    is_ours=task.ours,
                    started_at=now,
                )
            )
            await storage.note_seen(session, actor.guild_id, actor.member_id, [task.key], now)
            row.offered_at = None  # the other two are passed over
            await session.flush()
            return await self._desk(session, row)

    async def started(self, actor: Actor, start_id: int | None = None) -> Start:
        """What somebody began. Raises `NotFound`, `AlreadyDone` when it is finished."""
        async with self._core.db.read() as session:
            if start_id is None:
                row = await storage.find_started(session, actor.guild_id, actor.member_id)
            else:
                row = await storage.find_start(session, start_id)
        return start_of(_open(actor, row))

    async def attach(self, actor: Actor, name: str, size: int, url: str) -> Start:
        """Keep a file for the task that was begun, until it is finished. Raises as `started`, and `InvalidInput`."""
        check_file(name, size)
        async with self._core.db.begin() as session:
            await self._lock(session, actor)
            row = _open(actor, await storage.find_started(session, actor.guild_id, actor.member_id))
            row.file = {"name": clean(name)[:100] or "file", "url": url}
            return start_of(row)

    async def finish(
        self, actor: Actor, start_id: int, note: str, *, share: bool, channel_id: int | None
    ) -> Start:
        """Done. It is shown to others only with `share`: in the chosen channel, or where the member is.

        Raises `NotFound`, `AlreadyDone`, `InvalidInput` when nothing is said at all.
        """
        settings = await self._core.configs.get(actor.guild_id, MicroSettings)
        async with self._core.db.begin() as session:
            await self._lock(session, actor)
            row = _open(actor, await storage.lock_start(session, start_id))
            row.note = rules.check_note(clean(note), has_file=bool(row.file)) or None
            now = self._core.clock.now()
            row.state, row.done_at = storage.DONE, now
            await storage.note_seen(session, row.guild_id, row.member_id, [row.task_key], now)
            act = await self._core.ledger.record(
                session, Act(DONE, row.guild_id, row.member_id, subject=str(row.id))
            )
            row.act_id = act.id if act is not None else None
            if share:
                row.channel_id = channel_id if row.file else settings.channel_id or channel_id
                if not row.file:
                    await self._show(session, row)
            return start_of(row)

    async def file_posted(self, actor: Actor, start_id: int, posted: Posted) -> None:
        """The file was posted."""
        async with self._core.db.begin() as session:
            row = await storage.lock_start(session, start_id)
            if row is not None and (row.guild_id, row.member_id) == (actor.guild_id, actor.member_id):
                row.file = {"name": row.file.get("name", "file"), "link": posted.link}
                is_hidden = row.channel_id is None  # while it was being posted
                await self._core.outbox.note_posted(
                    session,
                    row.effect_key,
                    posted,
                    guild_id=row.guild_id,
                    member_id=row.member_id,
                    act_id=row.act_id,
                )
                if is_hidden:
                    await self._take_away(session, row, posted.channel_id)

    async def file_lost(self, actor: Actor, start_id: int) -> None:
        """The file was to be shown to nobody, or Discord has let go of it: it is not kept any longer."""
        async with self._core.db.begin() as session:
            row = await storage.lock_start(session, start_id)
            if row is not None and (row.guild_id, row.member_id) == (actor.guild_id, actor.member_id):
                row.file = {"name": row.file.get("name", "file")}
                row.channel_id = None

    async def leave_file_out(self, actor: Actor, start_id: int) -> Start:
        """Finish without the file that was given. Raises as `started`."""
        async with self._core.db.begin() as session:
            row = _open(actor, await storage.lock_start(session, start_id))
            row.file = {}
            return start_of(row)

    async def let_go(self, actor: Actor, start_id: int) -> Desk:
        """It is not finished, and need not be. What was let go already is no mistake."""
        async with self._core.db.begin() as session:
            member = await self._lock(session, actor)
            row = await storage.lock_start(session, start_id)
            if row is None or (row.guild_id, row.member_id) != (actor.guild_id, actor.member_id):
                raise gone()
            if row.state == storage.DONE:
                raise _finished_already()
            if row.state == storage.STARTED:
                row.state, row.done_at, row.file = "let_go", self._core.clock.now(), {}
                member.offered_at = None
            return await self._desk(session, member)

    async def hide(self, actor: Actor, start_id: int) -> Start:
        """Take the post away with which it was shown. Raises `NotFound`."""
        async with self._core.db.begin() as session:
            row = await storage.lock_start(session, start_id)
            if row is None or (row.guild_id, row.member_id) != (actor.guild_id, actor.member_id):
                raise gone()
            if row.channel_id is None:
                raise AlreadyDone("It is not shown to anybody.")
            if not row.file or "link" in row.file:  # else it is still being posted, and taken away then
                await self._take_away(session, row, row.channel_id)
            row.channel_id = None
            return start_of(row)

    async def find(self, start_id: int) -> Start | None:
        """What was done, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_start(session, start_id)
        return start_of(row) if row is not None else None

    # ------------------------------------------------------------------------------------------ shared

    async def _lock(self, session: AsyncSession, actor: Actor) -> storage.MicroMemberRow:
        row = await storage.lock_member(session, actor.guild_id, actor.member_id)
        if row.deals == 0 and row.level is None:
            profile = await self._core.profiles.get(session, actor.guild_id, actor.member_id)
            level = _LEVELS.get(profile.level) if profile.level is not None else None
            row.level = level.value if level is not None else None
        return row

    async def _desk(self, session: AsyncSession, row: storage.MicroMemberRow) -> Desk:
        wishes = Wishes(
            Level(row.level) if row.level else None, row.minutes, Mood(row.mood) if row.mood else None
        )
        started = await storage.find_started(session, row.guild_id, row.member_id)
        if started is not None:
            # Also when it is offered to nobody any more: whoever began it still needs its words.
            known = [*shipped(), *map(task_of, await storage.list_tasks(session, row.guild_id))]
            task = next((each for each in known if each.key == started.task_key), None)
            return Desk(wishes, started=start_of(started, task))
        tasks = {each.key: each for each in await self._tasks(session, row.guild_id)}
        offered = [str(key) for key in row.offer.get("keys", [])]
        now = self._core.clock.now()
        is_gone = any(key not in tasks for key in offered)
        if not offered or is_gone or rules.is_passed_over(row.offered_at, now):
            seen = await storage.last_seen(session, row.guild_id, row.member_id)
            seed = f"{row.guild_id}:{row.member_id}:{row.deals}"
            dealt = rules.deal(tasks.values(), wishes, seen, seed=seed, but=offered)
            offered = [each.key for each in dealt]
            row.offer, row.offered_at, row.deals = {"keys": offered}, now, row.deals + 1
            await storage.note_seen(session, row.guild_id, row.member_id, offered, now)
        return Desk(wishes, tuple(tasks[key] for key in offered))

    async def _forget_lost_file(self, session: AsyncSession, actor: Actor) -> str | None:
        """The name of a file that was to be shown when the process died, once: nobody can post it any more."""
        now = self._core.clock.now()
        for row in await storage.list_done(
            session, actor.guild_id, actor.member_id, since=now - LOOKED_BACK, until=now - LONGEST_POSTING
        ):
            if row.channel_id is not None and "url" in row.file:
                name = str(row.file.get("name", "file"))
                row.file, row.channel_id = {"name": name}, None
                return name
        return None

    async def _tasks(self, session: AsyncSession, guild_id: int) -> list[Task]:
        """What can be offered in this community."""
        off = (await self._core.configs.present(session, guild_id, MicroSettings)).themes_off
        own = [task_of(each) for each in await storage.list_tasks(session, guild_id) if not each.retired]
        return [each for each in shipped() if each.theme not in off] + own

    async def _show(self, session: AsyncSession, row: storage.MicroStartRow) -> None:
        effect = Effect(
            kind=EffectKind.POST,
            key=row.effect_key,
            guild_id=row.guild_id,
            channel_id=row.channel_id,
            member_id=row.member_id,
            renderer=SHOW_RENDERER,
            arguments={"start_id": row.id},
        )
        await self._core.outbox.plan(session, effect, act_id=row.act_id)

    async def _take_away(self, session: AsyncSession, row: storage.MicroStartRow, channel_id: int) -> None:
        effect = Effect(
            kind=EffectKind.DELETE,
            key=f"micro.hide:{row.id}",
            guild_id=row.guild_id,
            channel_id=channel_id,
            member_id=row.member_id,
            after=row.effect_key,
        )
        await self._core.outbox.plan(session, effect, act_id=row.act_id)


def _open(actor: Actor, row: storage.MicroStartRow | None) -> storage.MicroStartRow:
    if row is None or (row.guild_id, row.member_id) != (actor.guild_id, actor.member_id):
        raise NotFound("You have not begun a task. Choose one with {command}.", command="`/micro`")
    if row.state != storage.STARTED:
        raise _finished_already()
    return row


def _finished_already() -> AlreadyDone:
    return AlreadyDone("That one is finished already. There are others under {command}.", command="`/micro`")


def _read_wish(name: str, value: str) -> Any:
    """The column's value. Raises `InvalidInput` for what is not offered."""
    try:
        if name not in ("level", "minutes", "mood"):
            raise ValueError(name)
        if value == ANY:
            return None
        if name == "minutes":
            return rules.check_minutes(int(value))
        return Level(value).value if name == "level" else Mood(value).value
    except ValueError as error:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.") from error
