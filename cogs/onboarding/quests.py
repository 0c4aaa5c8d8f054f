"""What a member does with quests: begin, go on, leave out, begin anew; and the acts by which steps are noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.profiles import Level
from bot.text import clean
from cogs.onboarding.definition import Detector, StepDefinition
from cogs.onboarding.model import GOAL_SET, LONGEST_ANSWER, QUEST_COMPLETED, Offer, Quest, act_of
from cogs.onboarding.progress import StepState
from cogs.onboarding.runs import Runs
from cogs.onboarding.shipped import STARTER
from cogs.onboarding.waiting import Waiting
from storage import onboarding as storage


@dataclass(frozen=True)
class MyQuests:
    """What /quest status shows: the quests that somebody has begun, and those they could begin."""

    quests: tuple[Quest, ...]
    offers: tuple[Offer, ...]


class QuestService:
    """The use cases of members. `waiting` knows, without a query, whose act matters."""

    def __init__(self, core: Core, runs: Runs, waiting: Waiting) -> None:
        self._core = core
        self._runs = runs
        self.waiting = waiting

    def register(self) -> None:
        self._core.ledger.react_to(QUEST_COMPLETED, self._tick_other_quests)
        self._core.ledger.react_to(GOAL_SET, self._take_up_goal)

    def unregister(self) -> None:
        self._core.ledger.forget(self._tick_other_quests)
        self._core.ledger.forget(self._take_up_goal)

    # ------------------------------------------------------------------------------------------ looking

    async def status(self, actor: Actor) -> MyQuests:
        """The member's quests as they stand. Begins nothing."""
        async with self._core.db.begin() as session:
            await self._runs.library.stock(session, actor.guild_id)
            rows = await storage.list_quests(session, actor.guild_id, actor.member_id)
            quests = [await self._runs.snapshot(session, row) for row in rows]
            offers = await self._runs.offers(session, actor.guild_id, actor.member_id)
        return MyQuests(tuple(each for each in quests if each.is_begun or each.is_finished), offers)

    async def present(self, actor: Actor) -> int | None:
        """The quest that commands without a card mean: the latest one begun that is open, else None for the first."""
        async with self._core.db.read() as session:
            rows = await storage.list_quests(session, actor.guild_id, actor.member_id)
        return next(
            (row.id for row in reversed(rows) if row.finished_at is None and row.path is not None), None
        )

    async def find(self, quest_id: int) -> Quest | None:
        """The quest, for drawing a card of it."""
        async with self._core.db.read() as session:
            row = await storage.find_quest_by_id(session, quest_id)
            return await self._runs.snapshot(session, row) if row is not None else None

    # ------------------------------------------------------------------------------------------ doing

    async def start(self, actor: Actor) -> Quest:
        """Begin the first quest or go on with it; once it is finished, go on with whichever is open."""
        async with self._core.db.begin() as session:
            row = await self._runs.row_of(session, actor.guild_id, actor.member_id, STARTER)
            if row.finished_at is not None:
                others = await storage.lock_quests(session, actor.guild_id, actor.member_id)
                row = next((each for each in others if each.finished_at is None), row)
            return await self._opened(session, actor, row)

    async def open(self, actor: Actor, quest_id: int | None = None) -> Quest:
        """Go on with this quest of the member; the first quest when none is named."""
        async with self._core.db.begin() as session:
            return await self._opened(session, actor, await self._mine(session, actor, quest_id))

    async def begin(self, actor: Actor, version_id: int) -> Quest:
        """Begin a quest that was offered, in its newest version. Raises `NotFound`, and `NotAllowed` while locked."""
        async with self._core.db.begin() as session:
            version = await self._runs.library.find_by_id(session, version_id)
            if version is None or version.guild_id != actor.guild_id:
                raise NotFound(
                    "That quest does not exist any more. See {command}.", command="`/quest status`"
                )
            current = await self._runs.library.current(session, actor.guild_id, version.key)
            if not await self._runs.is_unlocked(session, actor.guild_id, actor.member_id, current.definition):
                raise NotAllowed(
                    "This quest opens when you have finished another one first. See `/quest status`."
                )
            row = await self._runs.row_of(session, actor.guild_id, actor.member_id, version.key)
            return await self._opened(session, actor, row)

    async def set_goal(
        self,
        actor: Actor,
        goal: str,
        *,
        level: Level | None = None,
        share_win: bool | None = None,
        quest_id: int | None = None,
    ) -> Quest:
        """The member says what they want to learn. Raises `InvalidInput` when it says nothing.

        `share_win` is whether they agree to be announced, `level` where they stand; None when they did not say.
        A goal step that was left out counts as done after all.
        """
        goal = " ".join(clean(goal).split())
        if not goal:
            raise InvalidInput("That was empty. One line is plenty, for example: “Write my first web page”.")
        async with self._core.db.begin() as session:
            # The profile before the quest, in the order in which a goal that is said elsewhere locks them.
            changes = {"goal": goal} if level is None else {"goal": goal, "level": level.value}
            await self._core.profiles.change(session, actor.guild_id, actor.member_id, **changes)
            row = await self._mine(session, actor, quest_id)
            if share_win is not None:
                row.share_win = share_win
            await self._runs.begin(session, row, actor.role_ids)
            await self._runs.settle(session, row, actor.role_ids)
            step = _first(await self._runs.snapshot(session, row), Detector.PROFILE)
            if step is not None:
                await self._do(session, row, step, reopened=True)
            quest = await self._runs.snapshot(session, row, offers=True)
        self.waiting.note(quest)
        return quest

    async def answer(self, actor: Actor, quest_id: int, number: int, text: str) -> Quest:
        """The member fills a form. Raises `InvalidInput` when it says nothing."""
        text = clean(text)[:LONGEST_ANSWER]
        if not text:
            raise InvalidInput("That was empty. A line is enough.")
        return await self._act(actor, quest_id, number, Detector.FORM, answer=text)

    async def read(self, actor: Actor, quest_id: int, number: int) -> Quest:
        """The member has read what there was to read."""
        return await self._act(actor, quest_id, number, Detector.READ)

    async def skip(self, actor: Actor, quest_id: int | None = None, number: int | None = None) -> Quest:
        """Leave out a step, the next one when none is named.

        A named step that is not open any more changes nothing: a second click must not skip the next step too.
        Raises `AlreadyDone` when none is named and none is open.
        """
        async with self._core.db.begin() as session:
            row = await self._mine(session, actor, quest_id)
            await self._runs.begin(session, row, actor.role_ids)
            quest = await self._runs.snapshot(session, row)
            if number is not None:
                named = quest.definition.numbered(number)
                wanted = named.key if named is not None else None
            else:
                wanted = quest.progress.next_step or next(iter(quest.progress.resting), None)
                if wanted is None:
                    raise AlreadyDone(
                        "There is no open step to skip. See {command}.", command="`/quest status`"
                    )
            if wanted is not None and quest.progress.can_skip(wanted):
                await self._runs.leave_out(session, row, wanted)
            quest = await self._runs.snapshot(session, row, offers=True)
        self.waiting.note(quest)
        return quest

    async def restart(self, actor: Actor, quest_id: int | None = None, run: int | None = None) -> Quest:
        """Begin a quest anew, in its newest version. What was done stays in the ledger and in nobody's way.

        `run` is the run that is to end; when another has begun since, nothing changes: a second click, or a
        click on an old card, must not throw away what was done meanwhile.
        """
        async with self._core.db.begin() as session:
            row = await self._mine(session, actor, quest_id)
            if run is None or run == row.run:
                await self._runs.draw_progress_again(session, row, "restarted")
                await self._runs.withdraw_nudge(session, row)
                current = await self._runs.library.current(session, actor.guild_id, row.key)
                row.run += 1
                row.version = current.version
                row.steps.clear()
                row.path = row.finished_at = None
                row.started_at = row.begun_at = row.progress_at = self._core.clock.now()
                await session.flush()
                await self._runs.settle(session, row, actor.role_ids)
                await self._runs.expect_nudge(session, row)
            quest = await self._runs.snapshot(session, row, offers=True)
        self.waiting.note(quest)
        return quest

    async def share_win(self, actor: Actor, quest_id: int) -> Quest:
        """The member wants the win of a finished quest announced, having not said so before."""
        async with self._core.db.begin() as session:
            row = await self._mine(session, actor, quest_id)
            quest = await self._runs.snapshot(session, row)
            if quest.is_finished and quest.wins_channel_id is not None:
                row.share_win = True
                await self._runs.share(session, row, cause_id=None)
            return await self._runs.snapshot(session, row, offers=True)

    # ------------------------------------------------------------------------------------------ noticing

    async def note_message(
        self,
        guild_id: int,
        member_id: int,
        detector: Detector,
        targets: frozenset[str],
        *,
        message_id: int,
        role_ids: frozenset[int] = frozenset(),
        other_id: int | None = None,
    ) -> None:
        """The member posted, replied or reacted where somebody waits for it: one act, and every step that it does."""
        act = Act(act_of(detector, targets), guild_id, member_id, subject=str(message_id), other_id=other_id)
        async with self._core.db.begin() as session:
            found = await self._open_steps(session, guild_id, member_id, detector, targets, role_ids)
            recorded = await self._core.ledger.record(session, act) if found else None
            if recorded is None:
                return
            for row, step in found:
                hello = message_id if detector is Detector.POST else None
                await self._runs.complete(session, row, step, cause_id=recorded.id, message_id=hello)
            quests = await self._snapshots(session, guild_id, member_id)
        self._note(quests)

    async def note(
        self,
        guild_id: int,
        member_id: int,
        detector: Detector,
        targets: frozenset[str],
        *,
        role_ids: frozenset[int] = frozenset(),
    ) -> None:
        """The member did something that can be done only once for a step: a command, a role, a thread."""
        async with self._core.db.begin() as session:
            for row, step in await self._open_steps(
                session, guild_id, member_id, detector, targets, role_ids
            ):
                await self._do(session, row, step)
            quests = await self._snapshots(session, guild_id, member_id)
        self._note(quests)

    async def _open_steps(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        detector: Detector,
        targets: frozenset[str],
        role_ids: frozenset[int] = frozenset(),
    ) -> Sequence[tuple[storage.QuestRow, StepDefinition]]:
        found: list[tuple[storage.QuestRow, StepDefinition]] = []
        for row in await storage.lock_quests(session, guild_id, member_id):
            if row.finished_at is not None or row.started_at is None:
                continue
            quest = await self._runs.snapshot(session, row)
            steps = [
                step
                for step in quest.path
                if step.detector is detector and step.target in targets and quest.progress.is_open(step.key)
            ]
            if steps:
                await self._runs.begin(session, row, role_ids)
            found += [(row, step) for step in steps]
        return found

    async def _opened(self, session: AsyncSession, actor: Actor, row: storage.QuestRow) -> Quest:
        """The quest, begun, with what can be seen only now that the member is looking."""
        await self._runs.begin(session, row, actor.role_ids)
        before = await self._runs.snapshot(session, row)
        for step in () if before.is_finished else before.path:
            if not before.progress.is_open(step.key):
                continue
            if (
                step.detector is Detector.ROLE and before.places.target_id(step.target) in actor.role_ids
            ) or (
                step.detector is Detector.QUEST
                and await storage.has_act(session, row.guild_id, row.member_id, QUEST_COMPLETED, step.target)
            ):
                await self._do(session, row, step)
        quest = await self._runs.snapshot(session, row, offers=True)
        self.waiting.note(quest)
        return quest

    async def _act(
        self, actor: Actor, quest_id: int, number: int, detector: Detector, *, answer: str | None = None
    ) -> Quest:
        """Do a named step of the member's quest by a control. One that is not open any more changes nothing."""
        async with self._core.db.begin() as session:
            row = await self._mine(session, actor, quest_id)
            await self._runs.begin(session, row, actor.role_ids)
            step = (await self._runs.snapshot(session, row)).definition.numbered(number)
            if step is not None and step.detector is detector:
                await self._do(session, row, step, answer=answer)
            quest = await self._runs.snapshot(session, row, offers=True)
        self.waiting.note(quest)
        return quest

    async def _do(
        self,
        session: AsyncSession,
        row: storage.QuestRow,
        step: StepDefinition,
        *,
        answer: str | None = None,
        reopened: bool = False,
    ) -> None:
        """Record the act by which the step is done, and the step, if it is open; `reopened`: also if it was left out."""
        quest = await self._runs.snapshot(session, row)
        was_left_out = quest.progress.states.get(step.key) is StepState.SKIPPED
        if not quest.progress.is_open(step.key) and not (reopened and was_left_out):
            return
        subject = f"{row.key}:{row.run}:{step.key}"
        kind = act_of(step.detector, frozenset())
        act = await self._core.ledger.record(session, Act(kind, row.guild_id, row.member_id, subject))
        await self._runs.complete(session, row, step, cause_id=act.id if act else None, answer=answer)

    async def _mine(self, session: AsyncSession, actor: Actor, quest_id: int | None) -> storage.QuestRow:
        """The member's own quest, locked. Raises `NotFound` for one that is not theirs."""
        if quest_id is None:
            return await self._runs.row_of(session, actor.guild_id, actor.member_id, STARTER)
        row = await storage.lock_quest(session, quest_id)
        if row is None or (row.guild_id, row.member_id) != (actor.guild_id, actor.member_id):
            raise NotFound(
                "That card is not one of yours. Yours are here: {command}", command="`/quest status`"
            )
        return await self._runs.row_of(session, actor.guild_id, actor.member_id, row.key)

    async def _tick_other_quests(self, session: AsyncSession, act: RecordedAct) -> None:
        targets = frozenset({act.subject})
        found = await self._open_steps(session, act.guild_id, act.member_id, Detector.QUEST, targets)
        for row, step in found:
            await self._do(session, row, step)

    async def _take_up_goal(self, session: AsyncSession, act: RecordedAct) -> None:
        """A goal that is said anywhere does the steps that ask for one, in the quests that have begun."""
        found = await self._open_steps(
            session, act.guild_id, act.member_id, Detector.PROFILE, frozenset({""})
        )
        for row, step in found:
            await self._runs.complete(session, row, step, cause_id=act.id)
            # At once: whoever said it may not be a quest's service. Should it be rolled back, we wait in vain.
            self.waiting.note(await self._runs.snapshot(session, row))

    async def _snapshots(self, session: AsyncSession, guild_id: int, member_id: int) -> Sequence[Quest]:
        rows = await storage.list_quests(session, guild_id, member_id)
        return [await self._runs.snapshot(session, row) for row in rows]

    def _note(self, quests: Sequence[Quest]) -> None:
        for quest in quests:
            if quest.started_at is not None:
                self.waiting.note(quest)


def _first(quest: Quest, detector: Detector) -> StepDefinition | None:
    return next((step for step in quest.path if step.detector is detector), None)
