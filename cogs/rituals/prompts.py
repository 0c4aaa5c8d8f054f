"""The queue of prompts, as people fill it: facilitators add and order, members suggest and are named if they like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotFound
from bot.i18n import N_
from bot.outbox import Effect, EffectKind, Lane
from bot.text import clean
from cogs.rituals import rules
from cogs.rituals.model import AUDIT_AREA, Part, Ritual, gone, title_of
from cogs.rituals.queue import DOUBTFUL, QUEUED, REMOVED, SUGGESTED, USED, Asked, Queue
from cogs.rituals.rules import AnswerBy
from cogs.rituals.shipped import templates
from storage import rituals as storage

SUGGESTED_RENDERER = "rituals.suggested"
MOST_WAITING = 100  # in one queue
MOST_SUGGESTED = 3  # by one person that wait to be looked at
_SHOWN_USED = 15


@dataclass(frozen=True)
class Prompt:
    """A prompt of a queue. `number` is its place there, from 1; 0 for one that does not wait.

    `asked_at` is when the same was asked last within half a year, `used_at` when this one was.
    """

    id: int
    ritual: Ritual
    text: str
    state: str
    author_id: int
    credited: bool
    number: int = 0
    asked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True)
class QueueView:
    """A queue: what waits in its order, what members suggested, what is asked next in fact."""

    ritual: Ritual
    waiting: tuple[Prompt, ...]
    suggested: tuple[Prompt, ...]
    doubtful: tuple[Prompt, ...]
    used: tuple[Prompt, ...]
    following: Asked | None


class Prompts(Part):
    """The use cases of the queue."""

    async def view(self, actor: Actor, ritual_id: int) -> QueueView:
        """The queue. Raises `NotFound`, `InvalidInput` for a ritual without one."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_ritual(session, ritual_id)
            if row is None or row.guild_id != actor.guild_id:
                raise gone()
            _check_queue(row)
            ritual = await self.snapshot(session, row)
            rows = await storage.list_prompts(session, ritual_id, [QUEUED, SUGGESTED, DOUBTFUL, USED])
            following = await Queue(self._core).choose(session, row)
        by_state: dict[str, list[Prompt]] = {QUEUED: [], SUGGESTED: [], DOUBTFUL: [], USED: []}
        for each in rows:
            number = len(by_state[QUEUED]) + 1 if each.state == QUEUED else 0
            by_state[each.state].append(_prompt(each, ritual, number))
        used = sorted(by_state[USED], key=lambda each: (each.used_at is not None, each.used_at), reverse=True)
        return QueueView(
            ritual,
            tuple(by_state[QUEUED]),
            tuple(by_state[SUGGESTED]),
            tuple(by_state[DOUBTFUL]),
            tuple(used[:_SHOWN_USED]),
            following,
        )

    async def get(self, actor: Actor, prompt_id: int) -> Prompt:
        """One prompt. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            return await self._view(session, await _find(session, actor, prompt_id))

    async def add(self, actor: Actor, ritual_id: int, typed: str) -> Prompt:
        """Put a prompt at the end of the queue; one that was asked in the last half year waits for a yes.

        Raises `NotFound`, `InvalidInput`, `LimitReached`.
        """
        await self.check(actor)
        async with self._core.db.begin() as session:
            ritual = await self.lock(session, actor, ritual_id)
            _check_queue(ritual)
            text = _text(typed, ritual)
            if len(await storage.list_prompts(session, ritual_id, [QUEUED])) >= MOST_WAITING:
                raise LimitReached("This queue is full: {most} prompts wait in it.", most=MOST_WAITING)
            row = await self._new(session, ritual, text, QUEUED)
            await self._settle(session, ritual, row)
            await self._note(session, actor, ritual, N_("added a prompt to {ritual}"), after={"text": text})
            return await self._view(session, row)

    async def change(self, actor: Actor, prompt_id: int, typed: str) -> Prompt:
        """Write it anew, where it stands. Raises `NotFound`, `InvalidInput`."""
        async with self._core.db.begin() as session:
            ritual, row = await self._lock(session, actor, prompt_id, QUEUED, SUGGESTED, DOUBTFUL)
            before, row.text = row.text, _text(typed, ritual)
            row.may_repeat = row.may_repeat and rules.comparable(before) == rules.comparable(row.text)
            if row.state != SUGGESTED:
                await self._settle(session, ritual, row)
            await self._note(
                session,
                actor,
                ritual,
                N_("changed a prompt of {ritual}"),
                before={"text": before},
                after={"text": row.text},
            )
            return await self._view(session, row)

    async def move(self, actor: Actor, prompt_id: int, *, first: bool) -> Prompt:
        """Ask it next, or one earlier. Raises `NotFound`."""
        async with self._core.db.begin() as session:
            ritual, row = await self._lock(session, actor, prompt_id, QUEUED)
            order = await storage.list_prompts(session, ritual.id, [QUEUED])
            at = order.index(row)
            order.insert(0 if first else max(at - 1, 0), order.pop(at))
            for position, each in enumerate(order, start=1):
                each.position = position
            await session.flush()
            await self._note(
                session, actor, ritual, N_("moved a prompt of {ritual}"), after={"text": row.text}
            )
            return await self._view(session, row)

    async def take(self, actor: Actor, prompt_id: int) -> Prompt:
        """Take a suggestion into the queue. Raises `NotFound`, `AlreadyDone`."""
        async with self._core.db.begin() as session:
            ritual, row = await self._lock(session, actor, prompt_id, SUGGESTED)
            row.state = QUEUED
            row.position = await _last(session, ritual.id)
            await self._settle(session, ritual, row)
            await self._note(
                session, actor, ritual, N_("took a suggestion for {ritual}"), after={"text": row.text}
            )
            return await self._view(session, row)

    async def allow_again(self, actor: Actor, prompt_id: int) -> Prompt:
        """Ask it although it was asked in the last half year. Raises `NotFound`, `AlreadyDone`."""
        async with self._core.db.begin() as session:
            ritual, row = await self._lock(session, actor, prompt_id, DOUBTFUL)
            row.state, row.may_repeat = QUEUED, True
            await session.flush()
            what = N_("let a prompt of {ritual} be asked again within half a year")
            await self._note(session, actor, ritual, what, after={"text": row.text})
            return await self._view(session, row)

    async def remove(self, actor: Actor, prompt_id: int) -> Ritual:
        """Take it out of the queue, or decline a suggestion. Raises `NotFound`, `AlreadyDone`."""
        async with self._core.db.begin() as session:
            ritual, row = await self._lock(session, actor, prompt_id, QUEUED, SUGGESTED, DOUBTFUL)
            row.state = REMOVED
            await session.flush()
            await self._note(
                session, actor, ritual, N_("removed a prompt of {ritual}"), before={"text": row.text}
            )
            return await self.snapshot(session, ritual)

    async def suggest(self, actor: Actor, ritual_id: int, typed: str, *, credited: bool) -> None:
        """A member suggests what to ask. Raises `NotFound`, `InvalidInput`, `LimitReached`."""
        now = self._core.clock.now()
        config = await self._core.configs.guild(actor.guild_id)
        async with self._core.db.begin() as session:
            ritual = await self.lock(session, actor, ritual_id)
            _check_queue(ritual)
            waiting = await storage.list_prompts(session, ritual_id, [SUGGESTED])
            if sum(each.author_id == actor.member_id for each in waiting) >= MOST_SUGGESTED:
                raise LimitReached(
                    "Thank you! {most} of your suggestions wait to be looked at. Please come back after that.",
                    most=MOST_SUGGESTED,
                )
            row = await self._new(session, ritual, _text(typed, ritual), SUGGESTED)
            row.author_id, row.credited = actor.member_id, credited
            await session.flush()
            if config.staff_channel_id is not None:
                notice = Effect(
                    kind=EffectKind.POST,
                    key=f"rituals:suggested:{ritual.id}:{now:%Y-%m-%d}",  # once a day is enough
                    guild_id=actor.guild_id,
                    channel_id=config.staff_channel_id,
                    renderer=SUGGESTED_RENDERER,
                    arguments={"ritual_id": ritual.id},
                    lane=Lane.SCHEDULED,
                )
                await self._core.outbox.plan(session, notice)

    async def is_open(self, actor: Actor, ritual_id: int) -> Ritual:
        """The ritual, if something can be suggested for it. Raises `NotFound`, `InvalidInput`."""
        async with self._core.db.read() as session:
            row = await storage.find_ritual(session, ritual_id)
            if row is None or row.guild_id != actor.guild_id:
                raise NotFound(
                    "That is over: the ritual has ended. Thank you for wanting to suggest something."
                )
            _check_queue(row)
            return await self.snapshot(session, row)

    async def count_suggested(self, ritual_id: int) -> int:
        async with self._core.db.read() as session:
            return len(await storage.list_prompts(session, ritual_id, [SUGGESTED]))

    async def _new(
        self, session: AsyncSession, ritual: storage.RitualRow, text: str, state: str
    ) -> storage.RitualPromptRow:
        row = storage.RitualPromptRow(
            guild_id=ritual.guild_id,
            ritual_id=ritual.id,
            position=await _last(session, ritual.id),
            text=text,
            state=state,
            created_at=self._core.clock.now(),
        )
        session.add(row)
        await session.flush()
        return row

    async def _settle(
        self, session: AsyncSession, ritual: storage.RitualRow, row: storage.RitualPromptRow
    ) -> None:
        """Whether it waits in the queue or for a yes, because it was asked not long ago."""
        is_repeated = await self._asked_at(session, ritual.guild_id, row.text) is not None
        row.state = DOUBTFUL if is_repeated and not row.may_repeat else QUEUED
        await session.flush()

    async def _asked_at(self, session: AsyncSession, guild_id: int, text: str) -> datetime | None:
        since = self._core.clock.now() - rules.NO_REPEAT
        wanted = rules.comparable(text)
        runs = await storage.list_asked(session, guild_id, since=since)
        return next((run.at for run in runs if rules.comparable(run.text or "") == wanted), None)

    async def _lock(
        self, session: AsyncSession, actor: Actor, prompt_id: int, *states: str
    ) -> tuple[storage.RitualRow, storage.RitualPromptRow]:
        await self.check(actor)
        row = await _find(session, actor, prompt_id)
        ritual = await self.lock(session, actor, row.ritual_id)
        await session.refresh(row)  # of two at once, the second sees what the first has done
        if row.state not in states:
            raise AlreadyDone("Somebody has dealt with this one already.")
        return ritual, row

    async def _view(self, session: AsyncSession, row: storage.RitualPromptRow) -> Prompt:
        ritual = await storage.find_ritual(session, row.ritual_id)
        assert ritual is not None  # the prompt goes with it
        waiting = await storage.list_prompts(session, row.ritual_id, [QUEUED])
        ids = [each.id for each in waiting]
        number = ids.index(row.id) + 1 if row.id in ids else 0
        asked_at = await self._asked_at(session, row.guild_id, row.text)
        return _prompt(row, await self.snapshot(session, ritual), number, asked_at)

    async def _note(
        self,
        session: AsyncSession,
        actor: Actor,
        ritual: storage.RitualRow,
        what: str,
        *,
        before: dict[str, str] | None = None,
        after: dict[str, str] | None = None,
    ) -> None:
        await self._core.audit.record(
            session, actor, AUDIT_AREA, what, before=before, after=after, ritual=title_of(ritual)
        )


def _prompt(
    row: storage.RitualPromptRow, ritual: Ritual, number: int, asked_at: datetime | None = None
) -> Prompt:
    return Prompt(
        row.id, ritual, row.text, row.state, row.author_id, row.credited, number, asked_at, row.used_at
    )


def _check_queue(row: storage.RitualRow) -> None:
    if not templates()[row.template].queue:
        raise InvalidInput(
            "That ritual asks the same each time. Change its words with {command}.",
            command="`/manage rituals edit`",
        )


def _text(typed: str, ritual: storage.RitualRow) -> str:
    text = clean(typed)[: rules.LONGEST_PROMPT]
    if not text:
        raise InvalidInput("There is nothing in it yet. One question is enough.")
    if templates()[ritual.template].answer is AnswerBy.POLL:
        rules.split_poll(text)
    return text


async def _last(session: AsyncSession, ritual_id: int) -> int:
    """The place behind everything that waits."""
    waiting = await storage.list_prompts(session, ritual_id, [QUEUED, DOUBTFUL])
    return max((each.position for each in waiting), default=0) + 1


async def _find(session: AsyncSession, actor: Actor, prompt_id: int) -> storage.RitualPromptRow:
    row = await session.get(storage.RitualPromptRow, prompt_id)
    if row is None or row.guild_id != actor.guild_id:
        raise NotFound(
            "That prompt does not exist any more. See {command}.", command="`/manage rituals prompts`"
        )
    return row
