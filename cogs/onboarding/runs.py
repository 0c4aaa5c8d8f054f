"""A run through a quest, inside a transaction: how it stands, how it goes on, and what follows from each step.

A step that is done is an act (`STEP_COMPLETED`), caused by the act that it was noticed by. Its reaction writes the
step down, draws the answer to the member's hello again and, when nothing is left, completes the quest, of which the
role and the announcement follow. Taking back any of these acts takes back what followed from it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.core import Core
from bot.jobs import NewJob
from cogs.onboarding import effects
from cogs.onboarding.definition import Detector, Place, QuestDefinition, StepDefinition
from cogs.onboarding.library import QuestLibrary
from cogs.onboarding.model import (
    NUDGE_JOB,
    QUEST_COMPLETED,
    STEP_COMPLETED,
    WIN_SHARED,
    Offer,
    OnboardingSettings,
    Places,
    Quest,
)
from cogs.onboarding.progress import Facts, Path, StepState, progress, settle
from storage import onboarding as storage
from storage import outbox as outbox_storage


class Runs:
    """What the use cases of quests have in common."""

    def __init__(self, core: Core, library: QuestLibrary) -> None:
        self._core = core
        self.library = library
        self._lost: defaultdict[int, set[int]] = defaultdict(set)

    def register(self) -> None:
        ledger = self._core.ledger
        ledger.react_to(STEP_COMPLETED, self._write_step, undo=self._reopen_step)
        ledger.react_to(QUEST_COMPLETED, self._reward, undo=self._reopen_quest)
        ledger.react_to(WIN_SHARED, self._announce)

    def unregister(self) -> None:
        for reaction in (self._write_step, self._reward, self._announce):
            self._core.ledger.forget(reaction)

    def lose(self, guild_id: int, target_id: int) -> None:
        """Keep in mind that a channel or role is gone."""
        self._lost[guild_id].add(target_id)

    async def places(self, guild_id: int) -> Places:
        settings = await self._core.configs.get(guild_id, OnboardingSettings)
        return Places(settings, frozenset(self._lost.get(guild_id, ())))

    # ------------------------------------------------------------------------------------------ as it stands

    async def snapshot(self, session: AsyncSession, row: storage.QuestRow, *, offers: bool = False) -> Quest:
        """The quest as it stands; with `offers` also what the member could begin now."""
        definition = await self.library.get(session, row.guild_id, row.key, row.version)
        places = await self.places(row.guild_id)
        profile = await self._core.profiles.get(session, row.guild_id, row.member_id)
        recorded = {each.step: each.state for each in row.steps}
        facts = Facts(profile.level, profile.goal)
        path = (
            Path.from_json(row.path)
            if row.path is not None
            else settle(definition, facts, places.is_resting, recorded=recorded.keys())
        )
        is_finished = row.finished_at is not None
        return Quest(
            id=row.id,
            guild_id=row.guild_id,
            member_id=row.member_id,
            run=row.run,
            version=row.version,
            definition=definition,
            progress=progress(definition, path, recorded, places.is_resting),
            places=places,
            goal=profile.goal,
            level=profile.level,
            share_win=row.share_win,
            is_shared=is_finished
            and await storage.has_act(session, row.guild_id, row.member_id, WIN_SHARED, row.key),
            started_at=row.started_at,
            progress_at=row.progress_at,
            recorded_at={each.step: each.at for each in row.steps},
            answers={each.step: each.answer for each in row.steps if each.answer},
            marked_by={each.step: each.marked_by for each in row.steps if each.marked_by},
            is_finished=is_finished,
            is_begun=row.path is not None or bool(row.steps),
            offers=await self.offers(session, row.guild_id, row.member_id) if offers else (),
        )

    async def offers(self, session: AsyncSession, guild_id: int, member_id: int) -> tuple[Offer, ...]:
        """The quests that the member has not begun and whose condition is met."""
        rows = await storage.list_quests(session, guild_id, member_id)
        begun = {row.key for row in rows if row.path is not None or row.steps or row.finished_at is not None}
        profile = await self._core.profiles.get(session, guild_id, member_id)
        places = await self.places(guild_id)
        found: list[Offer] = []
        for version in await self.library.list_published(session, guild_id):
            quest = version.definition
            if quest.key in begun or not await self.is_unlocked(session, guild_id, member_id, quest):
                continue
            path = settle(quest, Facts(profile.level, profile.goal), places.is_resting)
            total = progress(quest, path, {}, places.is_resting).total
            found.append(Offer(version.id, quest, total))
        return tuple(found)

    async def is_unlocked(
        self, session: AsyncSession, guild_id: int, member_id: int, quest: QuestDefinition
    ) -> bool:
        """Whether the member finished what this quest is unlocked by, ever."""
        wanted = quest.unlocked_by
        return wanted is None or await storage.has_act(session, guild_id, member_id, QUEST_COMPLETED, wanted)

    # ------------------------------------------------------------------------------------------ as it goes on

    async def row_of(
        self, session: AsyncSession, guild_id: int, member_id: int, key: str
    ) -> storage.QuestRow:
        """The member's quest, locked. Whoever has not done anything in it yet gets the newest version."""
        current = await self.library.current(session, guild_id, key)
        row = await storage.get_quest(session, guild_id, member_id, key, version=current.version)
        if row.path is None and not row.steps and row.finished_at is None:
            row.version = current.version
        return row

    async def begin(self, session: AsyncSession, row: storage.QuestRow, role_ids: frozenset[int]) -> None:
        """The member is in it from now on; before that, nothing is settled."""
        if row.started_at is None:
            row.started_at = self._core.clock.now()
        if row.path is None and row.finished_at is None:
            row.progress_at = row.begun_at = self._core.clock.now()
            await self.settle(session, row, role_ids)
            await self.expect_nudge(session, row)
        await session.flush()

    async def settle(self, session: AsyncSession, row: storage.QuestRow, role_ids: frozenset[int]) -> None:
        """Write down which steps are the member's, for this run."""
        if row.finished_at is not None:
            return
        definition = await self.library.get(session, row.guild_id, row.key, row.version)
        profile = await self._core.profiles.get(session, row.guild_id, row.member_id)
        path = settle(
            definition,
            Facts(profile.level, profile.goal, role_ids),
            (await self.places(row.guild_id)).is_resting,
            before=Path.from_json(row.path) if row.path is not None else None,
            recorded={each.step for each in row.steps},
        )
        row.path = path.to_json()
        await session.flush()

    async def expect_nudge(self, session: AsyncSession, row: storage.QuestRow) -> None:
        """See that the run is looked at when it may have got stuck, see `nudges.py`."""
        # As this transaction sees it: it may just have changed the wait.
        settings = await self._core.configs.present(session, row.guild_id, OnboardingSettings)
        hours = settings.nudge_after_hours
        if hours and row.progress_at is not None and row.nudged_run < row.run:
            due = max(row.progress_at + timedelta(hours=hours), self._core.clock.now())
            await self.look_later(session, row, due)

    async def withdraw_nudge(self, session: AsyncSession, row: storage.QuestRow) -> None:
        """A reminder of this run that waits for the news of the day is not wanted any more."""
        await self._core.notifier.withdraw(session, effects.nudge_key(row.id, row.run))

    async def look_later(self, session: AsyncSession, row: storage.QuestRow, due: datetime) -> None:
        job = NewJob(
            NUDGE_JOB,
            key=f"{NUDGE_JOB}:{row.id}:{row.run}:{effects.occasion(due)}",
            run_at=due,
            guild_id=row.guild_id,
            payload={"quest_id": row.id, "run": row.run},
        )
        await self._core.jobs.enqueue(session, job)

    async def complete(
        self,
        session: AsyncSession,
        row: storage.QuestRow,
        step: StepDefinition,
        *,
        cause_id: int | None,
        answer: str | None = None,
        marked_by: int | None = None,
        message_id: int | None = None,
    ) -> bool:
        """The step is done. False when it was done before in this run."""
        details: dict[str, object] = {"quest_id": row.id, "step": step.key}
        if message_id is not None:
            details["message_id"] = message_id
        subject = f"{row.key}:{row.run}:{step.key}"
        act = Act(STEP_COMPLETED, row.guild_id, row.member_id, subject, details=details, cause_id=cause_id)
        recorded = await self._core.ledger.record(session, act)
        if recorded is not None:
            # Words and names belong to the step's row alone, from which they can be deleted.
            for each in row.steps:
                if each.step == step.key:
                    each.answer, each.marked_by = answer, marked_by
            await session.flush()
        return recorded is not None

    async def leave_out(self, session: AsyncSession, row: storage.QuestRow, step: str) -> None:
        """The step is skipped."""
        self._set_step(row, step, StepState.SKIPPED, act_id=None)
        await session.flush()
        await self.draw_progress_again(session, row, f"skip:{step}")
        await self.finish_if_done(session, row, cause_id=None)

    async def finish_if_done(
        self, session: AsyncSession, row: storage.QuestRow, *, cause_id: int | None
    ) -> None:
        """After something was done or left out. Never called because a channel went: that is no win."""
        quest = await self.snapshot(session, row)
        if quest.next_step is None:
            await self.withdraw_nudge(session, row)
        if quest.is_finished or not quest.progress.is_finished:
            return
        row.finished_at = self._core.clock.now()
        await session.flush()
        # Both acts stand once, however often the quest is begun anew; who agrees to be announced only in a
        # later run is announced then.
        completed = await self._core.ledger.record(
            session, Act(QUEST_COMPLETED, row.guild_id, row.member_id, subject=row.key, cause_id=cause_id)
        )
        if quest.share_win and quest.wins_channel_id is not None:
            await self.share(session, row, cause_id=completed.id if completed is not None else cause_id)

    async def share(self, session: AsyncSession, row: storage.QuestRow, *, cause_id: int | None) -> None:
        """The win is announced: once a quest and member."""
        act = Act(WIN_SHARED, row.guild_id, row.member_id, subject=row.key, cause_id=cause_id)
        await self._core.ledger.record(session, act)

    async def draw_progress_again(
        self, session: AsyncSession, row: storage.QuestRow, why: str, *, act_id: int | None = None
    ) -> None:
        """The answer to the member's hello shows how far they are."""
        quest = await self.snapshot(session, row)
        channel_id = quest.places.settings.introductions_channel_id
        # A hello that a facilitator ticked by hand has no answer.
        is_answered = await outbox_storage.find_by_key(session, effects.progress_key(quest)) is not None
        if channel_id is not None and is_answered:
            again = effects.progress_drawn_again(quest, channel_id, why)
            await self._core.outbox.plan(session, again, act_id=act_id)

    # ------------------------------------------------------------------------------------------ what follows

    async def _write_step(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.lock_quest(session, int(act.details.get("quest_id", 0)))
        if row is None:
            return
        key = str(act.details["step"])
        self._set_step(row, key, StepState.DONE, act_id=act.id)
        await session.flush()
        quest = await self.snapshot(session, row)
        step = quest.definition.step(key)
        channel_id = quest.places.settings.introductions_channel_id
        if step is not None and _is_hello(step) and channel_id and "message_id" in act.details:
            # The hello gets one answer, in which the progress is kept up to date.
            answer = effects.answer_to_hello(quest, channel_id, int(act.details["message_id"]))
            await self._core.outbox.plan(session, answer, act_id=act.id)
        else:
            why = f"act:{act.id}:{effects.occasion(act.at)}"
            await self.draw_progress_again(session, row, why, act_id=act.id)
        await self.finish_if_done(session, row, cause_id=act.id)

    async def _reopen_step(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await self._row_of_step(session, act)
        if row is not None:
            key = act.subject.rpartition(":")[2]
            row.steps = [each for each in row.steps if not (each.step == key and each.act_id == act.id)]
            await session.flush()

    async def _row_of_step(self, session: AsyncSession, act: RecordedAct) -> storage.QuestRow | None:
        if "quest_id" in act.details:
            return await storage.lock_quest(session, int(act.details["quest_id"]))
        # Recorded by a release that had one quest.
        key = act.subject.partition(":")[0]
        found = await storage.find_quest(session, act.guild_id, act.member_id, key)
        return await storage.lock_quest(session, found.id) if found is not None else None

    async def _reward(self, session: AsyncSession, act: RecordedAct) -> None:
        quest = await self._quest_of(session, act)
        role_id = self.reward_of(quest) if quest is not None else None
        if quest is not None and role_id is not None:
            what_for = f"finished:{effects.occasion(act.at)}"
            await self._core.outbox.plan(session, effects.role_for(quest, role_id, what_for), act_id=act.id)

    async def _announce(self, session: AsyncSession, act: RecordedAct) -> None:
        quest = await self._quest_of(session, act)
        if quest is not None and quest.wins_channel_id is not None:
            win = effects.win_of(quest, quest.wins_channel_id)
            await self._core.outbox.plan(session, win, act_id=act.id)

    async def _reopen_quest(self, session: AsyncSession, act: RecordedAct) -> None:
        row = await storage.find_quest(session, act.guild_id, act.member_id, act.subject)
        if row is None:
            return
        row.finished_at = None
        await session.flush()
        quest = await self.snapshot(session, row)
        role_id = self.reward_of(quest)
        if role_id is not None:
            what_for = f"retracted:{effects.occasion(self._core.clock.now())}"
            role = effects.role_taken_back(quest, role_id, what_for)
            await self._core.outbox.plan(session, role, act_id=act.id)

    def reward_of(self, quest: Quest) -> int | None:
        """The role that finishing this quest gives."""
        reward = quest.definition.reward
        return quest.places.target_id(reward) if reward else None

    async def _quest_of(self, session: AsyncSession, act: RecordedAct) -> Quest | None:
        row = await storage.find_quest(session, act.guild_id, act.member_id, act.subject)
        return await self.snapshot(session, row) if row is not None else None

    def _set_step(self, row: storage.QuestRow, step: str, state: StepState, *, act_id: int | None) -> None:
        now = self._core.clock.now()
        row.progress_at = now
        known = next((each for each in row.steps if each.step == step), None)
        if known is None:
            known = storage.QuestStepRow(guild_id=row.guild_id, step=step)
            row.steps.append(known)
        known.state, known.at, known.act_id = state.value, now, act_id


def _is_hello(step: StepDefinition) -> bool:
    return step.detector is Detector.POST and step.target == Place.INTRODUCTIONS
