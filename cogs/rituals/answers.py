"""What people answer: by a form, shown if they wish, by writing into the thread, or by a vote. Once a person and run.

Who took part is kept in memory, so that a message costs a query only the first time somebody is seen there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, Contribution, RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput, NotFound
from bot.i18n import N_
from bot.outbox import Effect, EffectKind, Lane
from bot.text import clean
from cogs.rituals import rules
from cogs.rituals.model import Part, Ritual, title_of
from cogs.rituals.posting import PROMPT_RENDERER, Posting
from cogs.rituals.rules import COUNTED, WITH_BUTTON, AnswerBy
from storage import rituals as storage

ANSWERED = "ritual.answered"
ANSWER_RENDERER = "rituals.answer"
_OPEN_FOR = timedelta(days=60)  # how long after a prompt somebody who writes in its thread is counted
_MOST_PROMPTS = 5000


@dataclass(frozen=True)
class OwnAnswer:
    """Somebody's own answer to a run, or None of it. `text` is None for one that they wrote into the thread."""

    run_id: int
    ritual: Ritual
    asked: str | None
    text: str | None = None
    shown: bool = True
    is_given: bool = False


@dataclass(frozen=True)
class Written:
    """An answer as it stands in a thread."""

    ritual: Ritual
    member_id: int
    text: str


@dataclass
class _Prompt:
    guild_id: int
    run_id: int
    counted: set[int]


class Answers(Part):
    """The use cases of those who take part."""

    def __init__(self, core: Core, posting: Posting) -> None:
        super().__init__(core)
        self._posting = posting
        self._prompts: dict[int, _Prompt | None] = {}

    async def own(self, actor: Actor, run_id: int) -> OwnAnswer:
        """What the form is filled with. Raises `NotFound` when the prompt is gone or is not answered this way."""
        async with self._core.db.read() as session:
            run, ritual = await self._run(session, actor, run_id)
            row = await storage.find_answer(session, run_id, actor.member_id)
        given = (row.text, row.shown or row.text is None, True) if row is not None else (None, True, False)
        return OwnAnswer(run_id, ritual, run.text, *given)

    async def give(
        self, actor: Actor, run_id: int, text: str, *, shown: bool, message_id: int | None
    ) -> OwnAnswer:
        """Answer, or change one's answer. `message_id` is the prompt's, where it is known. Raises `NotFound`,
        `InvalidInput` for an empty answer."""
        words = clean(text)
        if not words:
            raise InvalidInput("Your answer is empty. One line is plenty.")
        async with self._core.db.begin() as session:
            run, ritual = await self._run(session, actor, run_id)
            run.message_id = run.message_id or message_id
            row, is_new = await self._lock(session, run, actor.member_id)
            if is_new or row.act_id is None:
                await self._record(session, row)
            longest = longest_answer(ritual)
            row.text, row.shown, row.version = words[:longest], shown, row.version + 1
            await self._show(session, run, ritual, row)
        self._count(run, actor.member_id)
        return OwnAnswer(run_id, ritual, run.text, words, shown, is_given=True)

    async def take_back(self, actor: Actor, run_id: int) -> OwnAnswer:
        """Take one's answer back; nothing of it stays. Raises `NotFound`."""
        async with self._core.db.begin() as session:
            run, ritual = await self._run(session, actor, run_id)
            if await storage.find_answer(session, run_id, actor.member_id) is None:
                raise NotFound("You have not answered this one, or took it back already.")
            row, _ = await self._lock(session, run, actor.member_id)
            row.text, row.shown, row.version = None, False, row.version + 1
            await self._show(session, run, ritual, row)
            if row.act_id is not None:
                await self._core.ledger.retract(session, row.act_id, reason="taken back")
            await session.delete(row)
        self.forget(actor.guild_id, actor.member_id)
        return OwnAnswer(run_id, ritual, run.text)

    async def note(self, guild_id: int, message_id: int, member_id: int) -> None:
        """Somebody wrote in the thread of this message, or voted in its poll. Known prompts and people cost no query."""
        known = self._prompts.get(message_id)
        if known is None and message_id in self._prompts:
            return
        if known is not None and member_id in known.counted:
            return
        async with self._core.db.begin() as session:
            run = await self._run_of(session, guild_id, message_id)
            if run is None:
                self._remember(message_id, None)
                return
            run.message_id = message_id  # a thread bears the id of the message from which it was opened
            row, is_new = await self._lock(session, run, member_id)
            if is_new:
                await self._record(session, row)
            counted = {each.member_id for each in await storage.list_answers(session, run.id)}
        self._remember(message_id, _Prompt(guild_id, run.id, counted | {member_id}))

    async def written(self, answer_id: int) -> Written | None:
        """An answer for its post in the thread; None when it is not to be shown (any more)."""
        async with self._core.db.read() as session:
            row = await session.get(storage.RitualAnswerRow, answer_id)
            if row is None or row.text is None or not row.shown:
                return None
            run = await session.get_one(storage.RitualRunRow, row.run_id)
            ritual = await storage.find_ritual(session, run.ritual_id)
            if ritual is None:
                return None
            return Written(await self.snapshot(session, ritual), row.member_id, row.text)

    def forget(self, guild_id: int, member_id: int) -> None:
        """They may be counted anew: they took their answer back, or were deleted."""
        for prompt in self._prompts.values():
            if prompt is not None and prompt.guild_id == guild_id:
                prompt.counted.discard(member_id)

    async def redraw(self, session: AsyncSession, guild_id: int) -> None:
        """Draw the cards of the last months again, because somebody who stands on one was deleted."""
        answered = {
            row.id
            for row in await storage.list_ever(session, guild_id)
            if (await self.snapshot(session, row)).answer in WITH_BUTTON
        }
        occasion = f"redraw:{self._core.clock.now():%Y-%m-%dT%H:%M:%S}"
        await self._posting.redraw(session, guild_id, answered, occasion)

    async def _run(
        self, session: AsyncSession, actor: Actor, run_id: int
    ) -> tuple[storage.RitualRunRow, Ritual]:
        run = await session.get(storage.RitualRunRow, run_id)
        row = await storage.find_ritual(session, run.ritual_id) if run is not None else None
        if run is None or row is None or row.guild_id != actor.guild_id:
            raise NotFound("That is over: the ritual has ended. Thank you for wanting to answer.")
        ritual = await self.snapshot(session, row)
        if ritual.answer not in WITH_BUTTON:
            raise NotFound("This is not answered with a button any more. Please write in the channel.")
        return run, ritual

    async def _run_of(
        self, session: AsyncSession, guild_id: int, message_id: int
    ) -> storage.RitualRunRow | None:
        since = self._core.clock.now() - _OPEN_FOR
        run = await storage.find_run_of_message(session, guild_id, message_id, since=since)
        row = await storage.find_ritual(session, run.ritual_id) if run is not None else None
        if run is None or row is None or (await self.snapshot(session, row)).answer not in COUNTED:
            return None
        return run

    async def _lock(
        self, session: AsyncSession, run: storage.RitualRunRow, member_id: int
    ) -> tuple[storage.RitualAnswerRow, bool]:
        """The person's answer, locked, and whether it is new."""
        return await storage.lock_answer(
            session,
            guild_id=run.guild_id,
            run_id=run.id,
            member_id=member_id,
            at=self._core.clock.now(),
        )

    async def _record(self, session: AsyncSession, row: storage.RitualAnswerRow) -> None:
        act = await self._core.ledger.record(
            session, Act(ANSWERED, row.guild_id, row.member_id, subject=str(row.run_id))
        )
        row.act_id = act.id if act is not None else row.act_id

    async def _show(
        self,
        session: AsyncSession,
        run: storage.RitualRunRow,
        ritual: Ritual,
        row: storage.RitualAnswerRow,
    ) -> None:
        """Plan what makes Discord show the answer as it stands now, or no longer show it."""
        post_key = f"rituals:answer:{row.id}:{row.posted_version}" if row.posted_version else None
        if post_key is not None:
            kind = EffectKind.EDIT if row.shown else EffectKind.DELETE
            await self._plan(session, run, row, kind, after=post_key)
            row.posted_version = row.posted_version if row.shown else None
            return
        thread_id = await storage.thread_of(session, run) if ritual.answer is AnswerBy.THREAD else None
        if thread_id is None:
            await self._plan(session, run, row, EffectKind.EDIT, after=run.effect_key)
        elif row.shown:
            row.posted_version = row.version
            await self._plan(session, run, row, EffectKind.POST, channel_id=thread_id)

    async def _plan(
        self,
        session: AsyncSession,
        run: storage.RitualRunRow,
        row: storage.RitualAnswerRow,
        kind: EffectKind,
        *,
        after: str | None = None,
        channel_id: int | None = None,
    ) -> None:
        of_card = after == run.effect_key
        arguments = {"ritual_id": run.ritual_id, "key": run.key, "nominal": run.nominal}
        effect = Effect(
            kind=kind,
            key=f"rituals:answer:{row.id}:{row.version}",
            guild_id=run.guild_id,
            channel_id=channel_id or run.message_id or 0,  # where it was posted, once that is known
            # What tells of a person goes with them; the card is everybody's.
            member_id=None if of_card else row.member_id,
            renderer=None if kind is EffectKind.DELETE else PROMPT_RENDERER if of_card else ANSWER_RENDERER,
            arguments=arguments if of_card else {"answer_id": row.id},
            lane=Lane.AWAITED,
            after=after,
        )
        await self._core.outbox.plan(session, effect, act_id=row.act_id)

    def _count(self, run: storage.RitualRunRow, member_id: int) -> None:
        known = self._prompts.get(run.message_id or 0)
        if known is not None:
            known.counted.add(member_id)

    def _remember(self, message_id: int, prompt: _Prompt | None) -> None:
        if len(self._prompts) >= _MOST_PROMPTS:
            self._prompts.clear()
        self._prompts[message_id] = prompt


async def _titles_of(session: AsyncSession, acts: Sequence[RecordedAct]) -> dict[int, str]:
    ids = {act.id: int(act.subject) for act in acts}
    of_runs = await storage.list_of_runs(session, set(ids.values()))
    return {act_id: title_of(of_runs[run_id]) for act_id, run_id in ids.items() if run_id in of_runs}


CONTRIBUTION = Contribution(
    ANSWERED,
    feature="rituals",
    done=N_("Answered a ritual"),
    next_step=N_("an answer to a ritual"),
    first=N_("Your first answer to a ritual. Thank you for joining in!"),
    names_of=_titles_of,
)


def longest_answer(ritual: Ritual) -> int:
    """In characters."""
    return rules.LONGEST_ON_CARD if ritual.answer is AnswerBy.CARD else rules.LONGEST_ANSWER
