"""What people do with show-and-tell. What a message says is read by `reading.py` when it is drawn, never kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput, LimitReached, NotAllowed, NotConfigured, NotFound
from bot.notify import Notification
from bot.own import Who, check_own
from bot.text import clean
from cogs.showcase import rules
from cogs.showcase.digests import Digests
from cogs.showcase.model import (
    ADDED,
    AREA,
    ASK_KIND,
    ASK_RENDERER,
    Entry,
    Found,
    ShowcaseSettings,
    entry_of,
    gone,
    somebody_elses,
)
from cogs.showcase.rules import State
from storage import privacy as privacy_storage
from storage import showcase as storage
from storage.outbox import KEPT as DRAWN_FOR

ASK_LASTS = timedelta(days=7)
DAY = timedelta(days=1)


class ShowcaseService:
    """The use cases of members."""

    def __init__(self, core: Core, digests: Digests) -> None:
        self._core = core
        self._digests = digests
        # Entries by message, so that the deletion of any other message costs no query.
        self._watched: dict[int, int] = {}

    async def load(self) -> None:
        """Learn which messages are shown, or may be."""
        async with self._core.db.read() as session:
            since = self._core.clock.now() - DRAWN_FOR
            self._watched = dict(await storage.list_watched(session, since=since))

    async def look(self, actor: Actor, found: Found) -> Entry | None:
        """How a message stands. Raises what hinders adding it: `NotConfigured`, `InvalidInput` for a bot's message."""
        await self.place(actor.guild_id)
        if found.by_bot:
            raise InvalidInput("That is a bot's message. Show-and-tell is for what people made.")
        async with self._core.db.read() as session:
            row = await storage.find_of_message(session, actor.guild_id, found.message_id)
        return entry_of(row) if row is not None else None

    async def place(self, guild_id: int) -> int:
        """Where the digest is posted. Raises `NotConfigured` while nobody has chosen it."""
        settings = await self._core.configs.get(guild_id, ShowcaseSettings)
        if settings.channel_id is None:
            raise NotConfigured(
                "There is no show-and-tell here yet: a facilitator chooses its channel with {command}.",
                command="`/manage showcase`",
            )
        return settings.channel_id

    async def add(self, actor: Actor, found: Found, title: str) -> Entry:
        """Put one's own message forward. Adding it again changes its title. Raises `NotAllowed`, `NotConfigured`."""
        if found.author_id != actor.member_id:
            raise somebody_elses()
        await self.place(actor.guild_id)
        async with self._core.db.begin() as session:
            await self._digests.ensure(session, actor.guild_id)
            row, _ = await storage.add_entry(session, self._values(actor.guild_id, found, State.WAITING))
            await self._accept(session, row, title)
            entry = entry_of(row)
        self._watched[entry.message_id] = entry.id
        return entry

    async def ask(self, actor: Actor, found: Found) -> Entry:
        """Ask the author of a message, quietly and once.

        Raises `AlreadyDone`, `NotAllowed` when they do not want to be asked, `LimitReached`, `NotFound` when they left.
        """
        await self.place(actor.guild_id)
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            if await storage.refuses(session, actor.guild_id, found.author_id):
                raise NotAllowed(
                    "They would rather not be asked about show-and-tell. A word of praise is welcome."
                )
            if await privacy_storage.has_left(session, actor.guild_id, found.author_id):
                raise NotFound("They are not in this server any more, so nobody can say yes.")
            asked = await storage.count_asked(session, actor.guild_id, actor.member_id, since=now - DAY)
            if asked >= rules.ASKS_A_DAY:
                raise LimitReached(
                    "You have asked {most} times today. Tomorrow is another day.", most=rules.ASKS_A_DAY
                )
            values = self._values(actor.guild_id, found, State.ASKED, asked_by=actor.member_id)
            row, is_new = await storage.add_entry(session, values)
            if not is_new:
                rules.check_ask(State(row.state))
            notification = Notification(
                kind=ASK_KIND.name,
                key=_ask_key(row),
                guild_id=row.guild_id,
                member_id=row.member_id,
                renderer=ASK_RENDERER,
                channel_id=row.channel_id,
                arguments={"entry_id": row.id},
                expires_at=now + ASK_LASTS,
            )
            await self._core.notifier.notify(session, notification)
            entry = entry_of(row)
        self._watched[entry.message_id] = entry.id
        return entry

    async def asked(self, who: Who, entry_id: int) -> Entry:
        """What somebody was asked about. Raises `NotFound`, `NotAllowed`, `AlreadyDone`."""
        async with self._core.db.read() as session:
            row = await self._checked(who, await storage.find_entry(session, entry_id))
        rules.check_answer(State(row.state))
        return entry_of(row)

    async def own(self, who: Who, entry_id: int) -> Entry:
        """One's own. Raises `NotFound`, `NotAllowed`."""
        async with self._core.db.read() as session:
            return entry_of(await self._checked(who, await storage.find_entry(session, entry_id)))

    async def say_yes(self, who: Who, entry_id: int, title: str) -> Entry:
        """The author agrees. Raises as `asked`, and `NotConfigured`."""
        found = await self.asked(who, entry_id)
        await self.place(found.guild_id)
        async with self._core.db.begin() as session:
            await self._digests.ensure(session, found.guild_id)
            row = await self._checked(who, await storage.lock_entry(session, entry_id))
            rules.check_answer(State(row.state))
            await self._accept(session, row, title)
            return entry_of(row)

    async def say_no(self, who: Who, entry_id: int, *, never: bool) -> None:
        """The author does not wish it; with `never` they are not asked about any message again."""
        async with self._core.db.begin() as session:
            row = await self._checked(who, await storage.lock_entry(session, entry_id))
            if never:
                await storage.add_refusal(session, row.guild_id, row.member_id)
            else:
                rules.check_answer(State(row.state))
            if row.state == State.ASKED:
                row.state = State.DECLINED.value

    async def ask_me_again(self, guild_id: int, member_id: int) -> None:
        """Take "please don't ask me" back."""
        async with self._core.db.begin() as session:
            await storage.remove_refusal(session, guild_id, member_id)

    async def retitle(self, who: Who, entry_id: int, title: str) -> Entry:
        """Call it something else. Raises `NotFound` when it is not in show-and-tell any more."""
        async with self._core.db.begin() as session:
            row = await self._checked(who, await storage.lock_entry(session, entry_id))
            if row.state not in (State.WAITING, State.POSTED):
                raise gone()
            row.title = rules.first_line(clean(title))
            if row.state == State.POSTED:
                await self._digests.redraw(session, row)
            return entry_of(row)

    async def withdraw(self, who: Who, entry_id: int) -> Entry:
        """Take it out, before or after it was posted. Doing it twice is no mistake."""
        async with self._core.db.begin() as session:
            row = await self._checked(who, await storage.lock_entry(session, entry_id))
            if row.act_id is not None:
                await self._core.ledger.retract(session, row.act_id, reason="taken back")
                row.act_id = None
            await self._take_out(session, row)
            return entry_of(row)

    async def messages_deleted(self, guild_id: int, message_ids: Collection[int]) -> None:
        """Messages were deleted: what stood in show-and-tell of them goes."""
        ids = [self._watched.pop(each) for each in message_ids if each in self._watched]
        if not ids:
            return
        async with self._core.db.begin() as session:
            for row in await storage.lock_entries(session, guild_id, ids):
                await self._take_out(session, row)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Somebody was deleted: what they showed goes from the digests, and their name from what they asked."""
        await self._digests.redraw_all(session, guild_id)
        since = self._core.clock.now() - DRAWN_FOR
        for row in await storage.list_asked_by_nobody(session, guild_id, since=since):
            await self._core.outbox.edit_post(session, _ask_key(row), f"showcase.reask:{row.id}")

    async def note_people(self, guild_id: int, entry_id: int, people: int) -> None:
        """How many people had reacted when the digest was drawn."""
        async with self._core.db.begin() as session:
            for row in await storage.lock_entries(session, guild_id, [entry_id]):
                row.people = people

    async def find(self, entry_id: int) -> Entry | None:
        """An entry, for drawing the question."""
        async with self._core.db.read() as session:
            row = await storage.find_entry(session, entry_id)
        return entry_of(row) if row is not None else None

    # ------------------------------------------------------------------------------------------ shared

    async def _accept(self, session: AsyncSession, row: storage.ShowcaseEntryRow, title: str) -> None:
        """Into the next digest, if it was in none yet. Its title may change at any time."""
        row.title = rules.first_line(clean(title))
        if row.state == State.POSTED:
            await self._digests.redraw(session, row)
            return
        row.state = State.WAITING.value
        details = {"channel_id": row.channel_id, "message_id": row.message_id}
        act = await self._core.ledger.record(
            session, Act(ADDED, row.guild_id, row.member_id, str(row.message_id), details)
        )
        row.act_id = act.id if act is not None else row.act_id

    async def _take_out(self, session: AsyncSession, row: storage.ShowcaseEntryRow) -> None:
        was_posted = row.state == State.POSTED
        if row.state in (State.ASKED, State.WAITING, State.POSTED):
            row.state = State.WITHDRAWN.value
        await session.flush()
        if was_posted:
            await self._digests.redraw(session, row)

    def _values(self, guild_id: int, found: Found, state: State, *, asked_by: int = 0) -> dict[str, object]:
        return {
            "guild_id": guild_id,
            "member_id": found.author_id,
            "channel_id": found.channel_id,
            "message_id": found.message_id,
            "state": state.value,
            "asked_by": asked_by,
            "created_at": self._core.clock.now(),
        }

    async def _checked(self, who: Who, row: storage.ShowcaseEntryRow | None) -> storage.ShowcaseEntryRow:
        return await check_own(self._core.features, AREA, who, row, gone=gone, somebody_elses=somebody_elses)


def _ask_key(row: storage.ShowcaseEntryRow) -> str:
    """What the question to the author is told under."""
    return f"{ASK_RENDERER}:{row.id}"
