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
from bot.i18n import N_
from bot.notify import Kind, Notification
from bot.outbox import Effect, EffectKind, Lane
from bot.text import clean
from cogs.onboarding import rules
from cogs.onboarding.rules import Greeting, Progress, Step, StepState
from storage import onboarding as storage

WELCOME_KIND = Kind(
    name="onboarding.welcome",
    title=N_("Welcome and welcome back"),
    why=N_("you have just joined this community. It is said once each time you join."),
    digest_line=N_("Welcome! Your first quest is ready: `/start`"),
)

GOAL_SET = "goal.set"
HELLO_WRITTEN = "introduction.written"
HELLO_ANSWERED = "introduction.answered"
STEP_COMPLETED = "quest.step.completed"
QUEST_COMPLETED = "quest.completed"
STEP_OF_ACT = {GOAL_SET: Step.GOAL, HELLO_WRITTEN: Step.HELLO, HELLO_ANSWERED: Step.ANSWER}

GREETING_RENDERER = "onboarding.greeting"
PROGRESS_RENDERER = "onboarding.progress"
WIN_RENDERER = "onboarding.win"

LONGEST_GOAL = 300


@dataclass(frozen=True)
class OnboardingSettings:
    """What a community chose for onboarding. Each choice left open switches off what it is for."""

    guild_id: int
    welcome_channel_id: int | None = None
    introductions_channel_id: int | None = None
    wins_channel_id: int | None = None
    finished_role_id: int | None = None


@dataclass(frozen=True)
class Quest:
    """A member's first quest as it stands."""

    id: int
    guild_id: int
    member_id: int
    goal: str | None
    share_win: bool
    progress: Progress
    introductions_channel_id: int | None
    wins_channel_id: int | None
    is_finished: bool


@dataclass(frozen=True)
class Newcomer:
    """What we know of somebody who joined. `joined_at` is UTC."""

    member_id: int
    joined_at: datetime
    pending: bool
    has_left: bool

    def differs_from(self, joined_at: datetime, *, pending: bool) -> bool:
        """Whether a present member with these facts did something that we have not heard of."""
        return self.has_left or joined_at > self.joined_at or (self.pending and not pending)


class OnboardingService:
    """The use cases. `waiting` knows, without a query, whose act in the introductions channel matters."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: defaultdict[int, dict[int, frozenset[Step]]] = defaultdict(dict)

    def register(self) -> None:
        """Make the feature's reactions and its kind of notification known."""
        self._core.notifier.register(WELCOME_KIND)
        for kind in STEP_OF_ACT:
            self._core.ledger.react_to(kind, self._complete_step, undo=self._reopen_step)
        self._core.ledger.react_to(QUEST_COMPLETED, self._celebrate, undo=self._reopen_quest)

    def unregister(self) -> None:
        self._core.notifier.unregister(WELCOME_KIND.name)
        for reaction in (self._complete_step, self._celebrate):
            self._core.ledger.forget(reaction)

    async def load(self) -> None:
        """Read whose quests are unfinished, so that ordinary messages cost no query."""
        async with self._core.db.read() as session:
            rows = await storage.list_unfinished(session)
            for row in rows:
                self._note(await self._snapshot(row))

    def is_waiting(self, guild_id: int, member_id: int, step: Step) -> bool:
        """Whether this act by this member would tick a step. From memory."""
        return step in self._waiting[guild_id].get(member_id, ())

    def waits_for(self, guild_id: int, step: Step) -> bool:
        """Whether anybody in the community has this step open. From memory."""
        return any(step in steps for steps in self._waiting[guild_id].values())

    async def settings(self, guild_id: int) -> OnboardingSettings:
        return await self._core.configs.get(guild_id, OnboardingSettings)

    async def arrive(self, guild_id: int, member_id: int, *, joined_at: datetime, pending: bool) -> None:
        """Somebody joined, or accepted the rules. They are greeted once, when they can read it."""
        settings = await self.settings(guild_id)
        async with self._core.db.begin() as session:
            greeting = await self._note_arrival(session, guild_id, member_id, joined_at, pending=pending)
            quest = await self._snapshot(await storage.get_quest(session, guild_id, member_id))
            if greeting is not None and settings.welcome_channel_id is not None:
                await self._core.notifier.notify(
                    session, _greeting_of(greeting, quest, joined_at, settings.welcome_channel_id)
                )
            if greeting is Greeting.WELCOME_BACK and quest.is_finished:
                await self._give_role(session, quest, settings, f"back:{joined_at:%Y%m%d%H%M%S}")
        self._note(quest)

    async def leave(self, guild_id: int, member_id: int) -> None:
        """Somebody left. What they did is kept, for when they return."""
        async with self._core.db.begin() as session:
            row = await storage.find_newcomer(session, guild_id, member_id)
            if row is not None and row.left_at is None:
                row.left_at = self._core.clock.now()
        self._waiting[guild_id].pop(member_id, None)

    async def open_quest(self, actor: Actor) -> Quest:
        """Start the quest, or go on with it."""
        async with self._core.db.begin() as session:
            row = await storage.get_quest(session, actor.guild_id, actor.member_id)
            if row.started_at is None:
                row.started_at = self._core.clock.now()
            await self._finish_if_done(session, row, cause_id=None)
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def set_goal(self, actor: Actor, goal: str, *, share_win: bool) -> Quest:
        """The member says what they want to learn. Raises `InvalidInput` when it says nothing."""
        goal = clean(goal)
        if not goal:
            raise InvalidInput("That was empty. One line is plenty, for example: “Write my first web page”.")
        async with self._core.db.begin() as session:
            row = await storage.get_quest(session, actor.guild_id, actor.member_id)
            row.goal, row.share_win = goal, share_win
            row.started_at = row.started_at or self._core.clock.now()
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

    async def skip(self, actor: Actor) -> Quest:
        """Leave out the step that comes next. Raises `AlreadyDone` when none is open."""
        async with self._core.db.begin() as session:
            row = await storage.get_quest(session, actor.guild_id, actor.member_id)
            step = (await self._snapshot(row)).progress.next_step
            if step is None:
                raise AlreadyDone("There is no open step to skip. See {command}.", command="/quest status")
            self._set_step(row, step, StepState.SKIPPED, act_id=None)
            await self._finish_if_done(session, row, cause_id=None)
            quest = await self._snapshot(row)
        self._note(quest)
        return quest

    async def restart(self, actor: Actor) -> Quest:
        """Begin the quest anew. What was done stays in the ledger and in nobody's way."""
        async with self._core.db.begin() as session:
            row = await storage.get_quest(session, actor.guild_id, actor.member_id)
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

    async def is_gone(self, guild_id: int, member_id: int) -> bool:
        """Whether the member has left, as far as we heard."""
        async with self._core.db.read() as session:
            row = await storage.find_newcomer(session, guild_id, member_id)
            return row is not None and row.left_at is not None

    async def list_newcomers(self, guild_id: int) -> dict[int, Newcomer]:
        """Everybody who joined while Lyceum was here, by member id."""
        async with self._core.db.read() as session:
            rows = await storage.list_newcomers(session, guild_id)
            return {
                row.member_id: Newcomer(row.member_id, row.joined_at, row.pending, row.left_at is not None)
                for row in rows
            }

    async def _record(self, act: Act) -> None:
        async with self._core.db.begin() as session:
            recorded = await self._core.ledger.record(session, act)
            row = await storage.find_quest(session, act.guild_id, act.member_id)
            quest = await self._snapshot(row) if recorded is not None and row is not None else None
        if quest is not None:
            self._note(quest)

    async def _note_arrival(
        self, session: AsyncSession, guild_id: int, member_id: int, joined_at: datetime, *, pending: bool
    ) -> Greeting | None:
        """Write the arrival down and say how to meet it. Repeated and late events change nothing."""
        if await storage.add_newcomer(session, guild_id, member_id, joined_at=joined_at, pending=pending):
            return None if pending else Greeting.WELCOME
        row = await storage.find_newcomer(session, guild_id, member_id)
        assert row is not None
        if row.pending and not pending:
            row.pending, row.left_at, row.joined_at = False, None, joined_at
            return Greeting.WELCOME
        if not rules.is_return(left_at=row.left_at, joined_at=joined_at, last_joined_at=row.joined_at):
            return None
        row.joined_at, row.left_at, row.pending = max(joined_at, row.joined_at), None, pending
        return None if pending else Greeting.WELCOME_BACK

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
        await self._show_progress(session, row, act)
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
        act = Act(QUEST_COMPLETED, row.guild_id, row.member_id, subject="first", cause_id=cause_id)
        await self._core.ledger.record(session, act)

    async def _celebrate(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.get_quest(session, act.guild_id, act.member_id)
        quest = await self._snapshot(row)
        settings = await self.settings(act.guild_id)
        if quest.share_win and settings.wins_channel_id is not None:
            await self._core.outbox.plan(
                session,
                Effect(
                    kind=EffectKind.POST,
                    key=f"onboarding.win:{quest.id}",
                    guild_id=quest.guild_id,
                    channel_id=settings.wins_channel_id,
                    member_id=quest.member_id,
                    renderer=WIN_RENDERER,
                    arguments={"quest_id": quest.id},
                ),
                act_id=act.id,
            )
        await self._give_role(session, quest, settings, "first", act_id=act.id)

    async def _reopen_quest(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.get_quest(session, act.guild_id, act.member_id)
        row.finished_at = None
        settings = await self.settings(act.guild_id)
        if settings.finished_role_id is not None:
            await self._core.outbox.plan(
                session,
                Effect(
                    kind=EffectKind.REMOVE_ROLE,
                    key=f"onboarding.role:{row.id}:retracted:{act.id}",
                    guild_id=act.guild_id,
                    member_id=act.member_id,
                    role_id=settings.finished_role_id,
                    arguments={"reason": "The first quest was taken back"},
                ),
                act_id=act.id,
            )

    async def _give_role(
        self,
        session: AsyncSession,
        quest: Quest,
        settings: OnboardingSettings,
        occasion: str,
        *,
        act_id: int | None = None,
    ) -> None:
        if settings.finished_role_id is None:
            return
        effect = Effect(
            kind=EffectKind.ADD_ROLE,
            key=f"onboarding.role:{quest.id}:{occasion}",
            guild_id=quest.guild_id,
            member_id=quest.member_id,
            role_id=settings.finished_role_id,
            arguments={"reason": "Finished the first quest"},
        )
        await self._core.outbox.plan(session, effect, act_id=act_id)

    async def _show_progress(self, session: AsyncSession, row: storage.QuestRow, act: RecordedAct) -> None:
        """The hello gets one answer, in which the progress is kept up to date."""
        settings = await self.settings(act.guild_id)
        channel_id = settings.introductions_channel_id
        if channel_id is None:
            return
        card_key = f"onboarding.progress:{row.id}:{row.run}"
        arguments = {"quest_id": row.id}
        if act.kind == HELLO_WRITTEN:
            effect = Effect(
                kind=EffectKind.POST,
                key=card_key,
                guild_id=act.guild_id,
                channel_id=channel_id,
                message_id=int(act.subject),
                member_id=act.member_id,
                renderer=PROGRESS_RENDERER,
                arguments=arguments,
            )
        elif any(each.step == Step.HELLO.value and each.state == StepState.DONE for each in row.steps):
            effect = Effect(
                kind=EffectKind.EDIT,
                key=f"{card_key}:{act.id}",
                guild_id=act.guild_id,
                channel_id=channel_id,
                after=card_key,
                renderer=PROGRESS_RENDERER,
                arguments=arguments,
            )
        else:
            return
        await self._core.outbox.plan(session, effect, act_id=act.id)

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
            goal=row.goal,
            share_win=row.share_win,
            progress=rules.progress(steps, {each.step: each.state for each in row.steps}),
            introductions_channel_id=settings.introductions_channel_id,
            wins_channel_id=settings.wins_channel_id,
            is_finished=row.finished_at is not None,
        )

    def _note(self, quest: Quest) -> None:
        """Keep in mind which steps the member has open; forget those who are through."""
        # Steps that cannot be done yet, for want of a channel, are waited for all the same.
        done = {step for step, state in quest.progress.states.items() if state is not StepState.OPEN}
        still_open = frozenset[Step]() if quest.is_finished else frozenset(Step) - done
        if still_open:
            self._waiting[quest.guild_id][quest.member_id] = still_open
        else:
            self._waiting[quest.guild_id].pop(quest.member_id, None)


def _greeting_of(greeting: Greeting, quest: Quest, joined_at: datetime, channel_id: int) -> Notification:
    return Notification(
        kind=WELCOME_KIND.name,
        key=f"onboarding.{greeting}:{quest.guild_id}:{quest.member_id}:{joined_at:%Y%m%d%H%M%S}",
        guild_id=quest.guild_id,
        member_id=quest.member_id,
        renderer=GREETING_RENDERER,
        channel_id=channel_id,
        arguments={"quest_id": quest.id, "greeting": greeting.value},
        lane=Lane.AWAITED,
    )
