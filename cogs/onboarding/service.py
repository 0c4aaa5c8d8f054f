"""What can happen in onboarding: arrivals, the first quest, and what follows from each step.

A member's act (a goal said, a hello written, a hello answered) is recorded in the ledger. The quest reacts:
its step is done, which is an act too, and when nothing is open any more the quest is completed, of which
the announcement and the role follow. All of it in the transaction of the first act.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput
from bot.text import clean
from cogs.onboarding import effects, rules
from cogs.onboarding.model import (
    GOAL_SET,
    HELLO_ANSWERED,
    HELLO_WRITTEN,
    LEFT_SINCE,
    QUEST_COMPLETED,
    STEP_COMPLETED,
    STEP_OF_ACT,
    WELCOME_KIND,
    WIN_SHARED,
    Newcomer,
    OnboardingSettings,
    Quest,
)
from cogs.onboarding.rules import Greeting, Step, StepState
from storage import onboarding as storage
from storage import privacy as privacy_storage


@dataclass(frozen=True)
class _Waiting:
    """The steps that somebody has open, and since when (UTC) doing one counts."""

    steps: frozenset[Step]
    since: datetime | None


class OnboardingService:
    """The use cases. `_waiting` knows, without a query, whose act in the introductions channel matters."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: defaultdict[int, dict[int, _Waiting]] = defaultdict(dict)

    def register(self) -> None:
        """Make the feature's reactions and its kind of notification known."""
        ledger = self._core.ledger
        self._core.notifier.register(WELCOME_KIND)
        self._core.erasure.on_forgotten(self._forget)
        for kind in STEP_OF_ACT:
            ledger.react_to(kind, self._complete_step, undo=self._reopen_step)
        ledger.react_to(QUEST_COMPLETED, self._reward, undo=self._reopen_quest)
        ledger.react_to(WIN_SHARED, self._announce)

    def unregister(self) -> None:
        self._core.notifier.unregister(WELCOME_KIND.name)
        self._core.erasure.stop_telling(self._forget)
        for reaction in (self._complete_step, self._reward, self._announce):
            self._core.ledger.forget(reaction)

    async def load(self) -> None:
        """Read whose quests are unfinished, so that ordinary messages cost no query."""
        async with self._core.db.read() as session:
            rows = await storage.list_unfinished(session)
            for row in rows:
                self._note(await self._snapshot(row))

    def is_waiting(self, guild_id: int, member_id: int, step: Step, *, at: datetime | None = None) -> bool:
        """Whether this act by this member, done at `at` (now when not given), would tick a step. From memory."""
        waiting = self._waiting[guild_id].get(member_id)
        if waiting is None or step not in waiting.steps:
            return False
        return at is None or waiting.since is None or at >= waiting.since

    def waits_for(self, guild_id: int, step: Step) -> bool:
        """Whether anybody in the community has this step open. From memory."""
        return any(step in waiting.steps for waiting in self._waiting[guild_id].values())

    async def settings(self, guild_id: int) -> OnboardingSettings:
        return await self._core.configs.get(guild_id, OnboardingSettings)

    async def arrive(
        self, guild_id: int, member_id: int, *, joined_at: datetime | None, pending: bool
    ) -> None:
        """Somebody joined, or accepted the rules. They are greeted once, when they can read it.

        `joined_at` is UTC; None where Discord does not say.
        """
        settings = await self.settings(guild_id)
        async with self._core.db.begin() as session:
            arrived_at = await self._note_arrival(session, guild_id, member_id, joined_at, pending=pending)
            row = await storage.get_quest(session, guild_id, member_id)
            if arrived_at is not None and not pending:
                await self._greet(session, row, settings, arrived_at)
            quest = await self._snapshot(row)
            newcomer = await storage.find_newcomer(session, guild_id, member_id)
        if newcomer is not None and newcomer.left_at is None:  # not when told once more after they left
            self._note(quest)

    async def leave(self, guild_id: int, member_id: int) -> None:
        """Somebody left. What they did is kept, for when they return."""
        async with self._core.db.begin() as session:
            row = await storage.lock_newcomer(session, guild_id, member_id)
            if row is not None and row.left_at is None:
                row.left_at = self._core.clock.now()
        self._waiting[guild_id].pop(member_id, None)

    async def note_present(self, guild_id: int, member_id: int) -> None:
        """Somebody taken for gone is here, without having joined anew: a late event had said otherwise."""
        async with self._core.db.begin() as session:
            row = await storage.lock_newcomer(session, guild_id, member_id)
            quest = await self._snapshot(await storage.get_quest(session, guild_id, member_id))
            if row is not None:
                row.left_at = None
                for key in effects.greeting_keys(quest, row.joined_at):
                    await self._core.outbox.plan_after_all(session, key, left_out_for=LEFT_SINCE)
        self._note(quest)

    async def open_quest(self, actor: Actor) -> Quest:
        """Start the quest, or go on with it."""
        async with self._core.db.begin() as session:
            row = await self._begun_quest(session, actor)
            await self._finish_if_done(session, row, cause_id=None)
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def set_goal(self, actor: Actor, goal: str, *, share_win: bool | None) -> Quest:
        """The member says what they want to learn. Raises `InvalidInput` when it says nothing.

        `share_win` is whether they agree to be announced; None when they were not asked.
        """
        goal = " ".join(clean(goal).split())
        if not goal:
            raise InvalidInput("That was empty. One line is plenty, for example: “Write my first web page”.")
        async with self._core.db.begin() as session:
            row = await self._begun_quest(session, actor)
            row.goal = goal
            if share_win is not None:
                row.share_win = share_win
            await session.flush()
            act = Act(GOAL_SET, actor.guild_id, actor.member_id, subject=f"run:{row.run}")
            await self._core.ledger.record(session, act)
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def note_hello(self, guild_id: int, member_id: int, *, message_id: int) -> None:
        """The member wrote in the introductions channel."""
        await self._record(Act(HELLO_WRITTEN, guild_id, member_id, subject=str(message_id)))

    async def note_answer(self, guild_id: int, member_id: int, *, message_id: int) -> None:
        """The member reacted to somebody's hello."""
        await self._record(Act(HELLO_ANSWERED, guild_id, member_id, subject=str(message_id)))

    async def skip(self, actor: Actor, step: Step | None = None) -> Quest:
        """Leave out a step, the next one when none is named.

        A named step that is not open any more changes nothing: a second click must not skip the next step too.
        Raises `AlreadyDone` when none is named and none is open.
        """
        async with self._core.db.begin() as session:
            row = await self._begun_quest(session, actor)
            progress = (await self._snapshot(row)).progress
            wanted = step if step is not None else progress.next_step
            if wanted is None:
                raise AlreadyDone("There is no open step to skip. See {command}.", command="/quest status")
            if progress.is_open(wanted):
                self._set_step(row, wanted, StepState.SKIPPED, act_id=None)
                await session.flush()
                await self._draw_progress_again(session, row, f"skip:{wanted}")
            await self._finish_if_done(session, row, cause_id=None)
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def restart(self, actor: Actor, run: int | None = None) -> Quest:
        """Begin the quest anew. What was done stays in the ledger and in nobody's way.

        `run` is the run that is to end; when another has begun since, nothing changes: a second click, or a
        click on an old card, must not throw away what was done meanwhile.
        """
        async with self._core.db.begin() as session:
            row = await storage.get_quest(session, actor.guild_id, actor.member_id)
            if run is None or run == row.run:
                row.run += 1
                row.steps.clear()
                row.finished_at = None
                row.started_at = self._core.clock.now()
                await session.flush()
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def find_quest(self, quest_id: int) -> Quest | None:
        """The quest, for drawing a card of it."""
        async with self._core.db.read() as session:
            row = await storage.find_quest_by_id(session, quest_id)
            return await self._snapshot(row) if row is not None else None

    async def is_present_since(self, guild_id: int, member_id: int, joined_at: datetime) -> bool:
        """Whether the member who joined at this moment is still here, as far as we heard."""
        async with self._core.db.read() as session:
            row = await storage.find_newcomer(session, guild_id, member_id)
            return row is not None and row.left_at is None and row.joined_at == joined_at

    async def list_newcomers(self, guild_id: int) -> dict[int, Newcomer]:
        """Everybody who joined while Lyceum was here, by member id."""
        async with self._core.db.read() as session:
            rows = await storage.list_newcomers(session, guild_id)
            return {
                row.member_id: Newcomer(row.member_id, row.joined_at, row.pending, row.left_at is not None)
                for row in rows
            }

    async def list_deleted(self, guild_id: int) -> dict[int, datetime]:
        """Who was deleted here at their wish, and when (UTC)."""
        async with self._core.db.read() as session:
            return await privacy_storage.list_deleted(session, guild_id)

    async def _begun_quest(self, session: AsyncSession, actor: Actor) -> storage.QuestRow:
        row = await storage.get_quest(session, actor.guild_id, actor.member_id)
        if row.started_at is None:
            row.started_at = self._core.clock.now()
            await session.flush()
        return row

    async def _record(self, act: Act) -> None:
        async with self._core.db.begin() as session:
            recorded = await self._core.ledger.record(session, act)
            row = await storage.find_quest(session, act.guild_id, act.member_id)
            quest = await self._snapshot(row) if recorded is not None and row is not None else None
        if quest is not None:
            self._note(quest)

    async def _note_arrival(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        joined_at: datetime | None,
        *,
        pending: bool,
    ) -> datetime | None:
        """Write the arrival down. The moment of joining, or None for an event that is repeated or late."""
        first = joined_at or self._core.clock.now()
        if await storage.add_newcomer(session, guild_id, member_id, joined_at=first, pending=pending):
            return first
        row = await storage.lock_newcomer(session, guild_id, member_id)
        assert row is not None
        joined_at = joined_at or (row.joined_at if row.left_at is None else first)
        has_returned = rules.is_return(left_at=row.left_at, joined_at=joined_at, last_joined_at=row.joined_at)
        # An acceptance from an earlier stay, told once more, says nothing of this one.
        has_accepted = row.pending and not pending and row.left_at is None and joined_at >= row.joined_at
        if not (has_returned or has_accepted):
            return None
        row.joined_at, row.left_at, row.pending = max(joined_at, row.joined_at), None, pending
        return row.joined_at

    async def _greet(
        self, session: AsyncSession, row: storage.QuestRow, settings: OnboardingSettings, joined_at: datetime
    ) -> None:
        greeting = rules.greeting_for(started_at=row.started_at, joined_at=joined_at)
        row.started_at = row.started_at or joined_at
        quest = await self._snapshot(row)
        if settings.welcome_channel_id is not None:
            await self._core.notifier.notify(
                session, effects.greeting_of(quest, greeting, joined_at, settings.welcome_channel_id)
            )
        if (
            greeting is Greeting.WELCOME_BACK
            and settings.finished_role_id is not None
            and await storage.has_act(session, row.guild_id, row.member_id, QUEST_COMPLETED)
        ):
            what_for = f"back:{effects.occasion(joined_at)}"
            await self._core.outbox.plan(
                session, effects.role_for(quest, settings.finished_role_id, what_for)
            )

    async def _complete_step(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.get_quest(session, act.guild_id, act.member_id)
        step = STEP_OF_ACT[act.kind]
        if not (await self._snapshot(row)).progress.is_open(step):
            return
        completed = await self._core.ledger.record(
            session,
            Act(
                STEP_COMPLETED,
                act.guild_id,
                act.member_id,
                subject=f"first:{row.run}:{step}",
                cause_id=act.id,
            ),
        )
        self._set_step(row, step, StepState.DONE, act_id=completed.id if completed else act.id)
        await session.flush()
        if act.kind == HELLO_WRITTEN:
            await self._answer_hello(session, row, act)
        else:
            why = f"act:{act.id}:{effects.occasion(act.at)}"
            await self._draw_progress_again(session, row, why, act_id=act.id)
        await self._finish_if_done(session, row, cause_id=act.id)

    async def _reopen_step(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.get_quest(session, act.guild_id, act.member_id)
        row.steps = [each for each in row.steps if each.step != STEP_OF_ACT[act.kind].value]
        await session.flush()

    async def _finish_if_done(
        self, session: AsyncSession, row: storage.QuestRow, *, cause_id: int | None
    ) -> None:
        quest = await self._snapshot(row)
        if quest.is_finished or not quest.progress.is_finished:
            return
        row.finished_at = self._core.clock.now()
        await session.flush()
        # Both acts stand once, however often the quest is begun anew; who agrees to be announced only in a
        # later run is announced then.
        completed = await self._core.ledger.record(
            session, Act(QUEST_COMPLETED, row.guild_id, row.member_id, subject="first", cause_id=cause_id)
        )
        if quest.share_win and quest.wins_channel_id is not None:
            cause_id = completed.id if completed is not None else cause_id
            shared = Act(WIN_SHARED, row.guild_id, row.member_id, subject="first", cause_id=cause_id)
            await self._core.ledger.record(session, shared)

    async def _reward(self, session: AsyncSession, act: RecordedAct) -> None:
        settings = await self.settings(act.guild_id)
        if settings.finished_role_id is None:
            return
        quest = await self._snapshot(await storage.get_quest(session, act.guild_id, act.member_id))
        what_for = f"finished:{effects.occasion(act.at)}"
        role = effects.role_for(quest, settings.finished_role_id, what_for)
        await self._core.outbox.plan(session, role, act_id=act.id)

    async def _announce(self, session: AsyncSession, act: RecordedAct) -> None:
        quest = await self._snapshot(await storage.get_quest(session, act.guild_id, act.member_id))
        if quest.wins_channel_id is not None:
            win = effects.win_of(quest, quest.wins_channel_id)
            await self._core.outbox.plan(session, win, act_id=act.id)

    async def _reopen_quest(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.get_quest(session, act.guild_id, act.member_id)
        row.finished_at = None
        settings = await self.settings(act.guild_id)
        if settings.finished_role_id is not None:
            quest = await self._snapshot(row)
            what_for = f"retracted:{effects.occasion(self._core.clock.now())}"
            role = effects.role_taken_back(quest, settings.finished_role_id, what_for)
            await self._core.outbox.plan(session, role, act_id=act.id)

    async def _answer_hello(self, session: AsyncSession, row: storage.QuestRow, act: RecordedAct) -> None:
        """The hello gets one answer, in which the progress is kept up to date."""
        quest = await self._snapshot(row)
        if quest.introductions_channel_id is not None:
            answer = effects.answer_to_hello(quest, quest.introductions_channel_id, int(act.subject))
            await self._core.outbox.plan(session, answer, act_id=act.id)

    async def _draw_progress_again(
        self, session: AsyncSession, row: storage.QuestRow, why: str, *, act_id: int | None = None
    ) -> None:
        quest = await self._snapshot(row)
        has_answer = quest.progress.states.get(Step.HELLO) is StepState.DONE
        if has_answer and quest.introductions_channel_id is not None:
            again = effects.progress_drawn_again(quest, quest.introductions_channel_id, why)
            await self._core.outbox.plan(session, again, act_id=act_id)

    def _set_step(self, row: storage.QuestRow, step: Step, state: StepState, *, act_id: int | None) -> None:
        now = self._core.clock.now()
        row.steps.append(storage.QuestStepRow(step=step.value, state=state.value, at=now, act_id=act_id))

    async def _snapshot(self, row: storage.QuestRow) -> Quest:
        settings = await self.settings(row.guild_id)
        steps = rules.steps_for(has_introductions=settings.introductions_channel_id is not None)
        return Quest(
            id=row.id,
            guild_id=row.guild_id,
            member_id=row.member_id,
            run=row.run,
            goal=row.goal,
            share_win=row.share_win,
            progress=rules.progress(steps, {each.step: each.state for each in row.steps}),
            introductions_channel_id=settings.introductions_channel_id,
            wins_channel_id=settings.wins_channel_id,
            started_at=row.started_at,
            is_finished=row.finished_at is not None,
        )

    def _forget(self, guild_id: int, member_id: int) -> None:
        self._waiting[guild_id].pop(member_id, None)

    def _note(self, quest: Quest) -> None:
        """Keep in mind which steps the member has open; forget those who are through."""
        # Steps that cannot be done yet, for want of a channel, are waited for all the same.
        done = {step for step, state in quest.progress.states.items() if state is not StepState.OPEN}
        still_open = frozenset[Step]() if quest.is_finished else frozenset(Step) - done
        if still_open:
            self._waiting[quest.guild_id][quest.member_id] = _Waiting(still_open, quest.started_at)
        else:
            self._waiting[quest.guild_id].pop(quest.member_id, None)
