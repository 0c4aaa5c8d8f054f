"""What facilitators see and do for the people in quests: who is where, who is stuck, a step ticked by hand, the funnel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, NotFound
from bot.i18n import N_
from bot.profiles import Level
from cogs.onboarding.definition import Detector
from cogs.onboarding.editor import AREA
from cogs.onboarding.library import VersionState, snapshot
from cogs.onboarding.model import ACT_OF, OnboardingSettings, Quest
from cogs.onboarding.progress import Facts, StepState, progress, settle
from cogs.onboarding.runs import Runs
from cogs.onboarding.waiting import Waiting
from storage import onboarding as storage

SMALLEST_CELL = 5
"""Fewer people than this are not shown as a number: in a small group everybody knows who is meant."""
PEOPLE_A_PAGE = 25
"""As many as a menu of Discord holds."""
MOST_PEOPLE = 10_000
DEFAULT_WAIT = timedelta(hours=48)
OWN_ACTS = ("quest.", "goal.", "introduction.")


@dataclass(frozen=True)
class Whereabouts:
    """Where somebody is in a quest. `step` is None when nothing can be done; `since` is UTC."""

    quest: Quest
    step: str | None
    since: datetime | None
    is_stuck: bool
    helper_id: int | None


@dataclass(frozen=True)
class StuckStep:
    """How many have not gone on from a step for as long as it takes to be reminded. `quest` is that of one of them."""

    quest: Quest
    step: str
    people: int


@dataclass(frozen=True)
class PeoplePage:
    """A page of those who are in a quest and not through, who is stuck first. `wait` is from when on one counts as stuck."""

    people: tuple[Whereabouts, ...]
    stuck: tuple[StuckStep, ...]
    total: int
    number: int
    wait: timedelta

    @property
    def last(self) -> int:
        """The number of the last page; the first is 0."""
        return max(0, (self.total - 1) // PEOPLE_A_PAGE)


@dataclass(frozen=True)
class FunnelStage:
    """How many came so far, and the median of minutes from joining. Both None where fewer than `SMALLEST_CELL` did.

    `name` is joined, screened, started, `step:<key>`, finished or contributed.
    """

    name: str
    people: int | None
    minutes: int | None


class QuestDesk:
    """The use cases. All need the capability to facilitate; what changes something is audited."""

    def __init__(self, core: Core, runs: Runs, waiting: Waiting) -> None:
        self._core = core
        self._runs = runs
        self._waiting = waiting

    async def list_people(
        self, actor: Actor, *, key: str | None = None, limit: int = 25
    ) -> Sequence[Whereabouts]:
        """Who is in a quest and not through, those who have waited longest first."""
        await self._check(actor)
        wait = await self._wait(actor.guild_id)
        found: list[Whereabouts] = []
        async with self._core.db.read() as session:
            for row in await storage.list_unfinished_of_guild(session, actor.guild_id):
                if (key is None or row.key == key) and row.started_at is not None and len(found) < limit:
                    found.append(await self._whereabouts(session, row, wait))
        return found

    async def page(self, actor: Actor, number: int = 0, *, only_stuck: bool = False) -> PeoplePage:
        """A page of people; a number past the end means the last page."""
        everybody = await self.list_people(actor, limit=MOST_PEOPLE)
        stuck = [each for each in everybody if each.is_stuck]
        found = stuck if only_stuck else [*stuck, *(each for each in everybody if not each.is_stuck)]
        groups: dict[tuple[str, str], list[Whereabouts]] = {}
        for each in stuck:
            groups.setdefault((each.quest.key, str(each.step)), []).append(each)
        steps = (StuckStep(of[0].quest, step, len(of)) for (_, step), of in groups.items())
        page = PeoplePage(
            (),
            tuple(sorted(steps, key=lambda each: -each.people)),
            len(found),
            number,
            await self._wait(actor.guild_id),
        )
        at = min(number, page.last)
        shown = found[at * PEOPLE_A_PAGE : (at + 1) * PEOPLE_A_PAGE]
        return replace(page, people=tuple(shown), number=at)

    async def find(self, actor: Actor, quest_id: int) -> Whereabouts:
        """Where somebody is in one quest, also a finished one. Raises `NotFound`."""
        await self._check(actor)
        wait = await self._wait(actor.guild_id)
        async with self._core.db.read() as session:
            row = await storage.find_quest_by_id(session, quest_id)
            if row is None or row.guild_id != actor.guild_id:
                raise _no_quest()
            return await self._whereabouts(session, row, wait)

    async def tick(self, actor: Actor, quest_id: int, number: int, *, why: str | None = None) -> Quest:
        """Mark a step done by hand, also one that was left out, rests or waits for others.

        Raises `NotFound`, and `AlreadyDone` when it is done.
        """
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._row(session, actor, quest_id)
            await self._runs.begin(session, row, frozenset())
            quest = await self._runs.snapshot(session, row)
            step = quest.definition.numbered(number)
            if step is None:
                raise NotFound("That step is not part of the quest. Open the person's quest again.")
            if quest.progress.states.get(step.key) is StepState.DONE:
                raise AlreadyDone("That step is done already.")
            subject = f"{row.key}:{row.run}:{step.key}"
            kind = ACT_OF[Detector.CONFIRMED]
            act = await self._core.ledger.record(session, Act(kind, row.guild_id, row.member_id, subject))
            cause = act.id if act is not None else None
            await self._runs.complete(session, row, step, cause_id=cause, marked_by=actor.member_id)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("ticked step {step} of {quest} for {member}"),
                why=why,
                step=step.key,
                quest=row.key,
                member=f"<@{row.member_id}>",
            )
            quest = await self._runs.snapshot(session, row)
        self._waiting.note(quest)
        return quest

    async def take_over(self, actor: Actor, quest_id: int, *, from_other: bool = False) -> Whereabouts:
        """Look after somebody in person: others see it in the list, and the bot does not remind them any more.

        Raises `AlreadyDone` when somebody else does, unless it is taken `from_other` with open eyes.
        """
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._row(session, actor, quest_id)
            if row.helper_id not in (None, actor.member_id) and not from_other:
                raise AlreadyDone("{helper} looks after them already.", helper=f"<@{row.helper_id}>")
            if row.helper_id != actor.member_id:
                what = N_("looks after {member} in {quest}")
                before = {"helper": row.helper_id}
                row.helper_id, row.nudged_run = actor.member_id, row.run
                await self._core.audit.record(
                    session,
                    actor,
                    AREA,
                    what,
                    before=before,
                    after={"helper": actor.member_id},
                    member=f"<@{row.member_id}>",
                    quest=row.key,
                )
                await session.flush()
            return await self._whereabouts(session, row, await self._wait(actor.guild_id))

    async def hand_back(self, actor: Actor, quest_id: int) -> Whereabouts:
        """Look after somebody no longer. Only who does can; of others nothing changes."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._row(session, actor, quest_id)
            if row.helper_id == actor.member_id:
                row.helper_id = None
                what = N_("looks after {member} in {quest} no longer")
                before, after = {"helper": actor.member_id}, {"helper": None}
                member = f"<@{row.member_id}>"
                await self._core.audit.record(
                    session, actor, AREA, what, before=before, after=after, member=member, quest=row.key
                )
                await session.flush()
            return await self._whereabouts(session, row, await self._wait(actor.guild_id))

    async def preview(
        self,
        actor: Actor,
        key: str,
        *,
        level: Level | None = None,
        goal: str | None = None,
        role_ids: frozenset[int] = frozenset(),
        done: Collection[str] = (),
        skipped: Collection[str] = (),
    ) -> Quest:
        """The draft (or what is published) as a member with these facts would see it; nothing is recorded.

        `done` and `skipped` are the keys of steps taken for done or left out. Raises `NotFound`.
        """
        await self._check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_in_state(session, actor.guild_id, key, VersionState.DRAFT)
            row = row or await storage.find_in_state(session, actor.guild_id, key, VersionState.PUBLISHED)
            if row is None:
                raise NotFound("There is no such quest. Choose one from the list.")
            version = snapshot(row)
        places = await self._runs.places(actor.guild_id)
        path = settle(version.definition, Facts(level, goal, role_ids), places.is_resting)
        recorded = {step: StepState.DONE.value for step in done if step in path.steps}
        recorded |= {step: StepState.SKIPPED.value for step in skipped if step in path.steps}
        states = progress(version.definition, path, recorded, places.is_resting)
        return Quest(
            id=0,
            guild_id=actor.guild_id,
            member_id=actor.member_id,
            run=1,
            version=version.version,
            definition=version.definition,
            progress=states,
            places=places,
            goal=goal,
            level=level,
            is_begun=True,
            is_finished=states.is_finished,
        )

    async def funnel(
        self, actor: Actor, key: str = "first", *, since: datetime | None = None
    ) -> Sequence[FunnelStage]:
        """How newcomers who joined since then went on, in the steps of the version that is published now."""
        await self._check(actor)
        async with self._core.db.read() as session:
            newcomers = await storage.list_newcomers(session, actor.guild_id)
            joined = {
                row.member_id: row.joined_at for row in newcomers if since is None or row.joined_at >= since
            }
            rows = await storage.list_of_key(session, actor.guild_id, key)
            quests = [row for row in rows if row.member_id in joined]
            elsewhere = await storage.first_acts_elsewhere(session, actor.guild_id, OWN_ACTS)
            published = await storage.find_in_state(session, actor.guild_id, key, VersionState.PUBLISHED)
        steps = snapshot(published).definition.steps if published is not None else ()
        begun = [row for row in quests if row.path is not None or row.steps]
        reached: dict[str, dict[int, datetime | None]] = {
            "joined": dict(joined),
            "screened": {
                row.member_id: row.screened_at
                for row in newcomers
                if row.member_id in joined and row.screened_at
            },
            "started": {row.member_id: row.begun_at for row in begun},
        }
        for step in steps:
            reached[f"step:{step.key}"] = {
                row.member_id: each.at
                for row in quests
                for each in row.steps
                if each.step == step.key and each.state == StepState.DONE
            }
        reached["finished"] = {row.member_id: row.finished_at for row in quests if row.finished_at}
        reached["contributed"] = {member: at for member, at in elsewhere.items() if member in joined}
        return [_stage(name, instants, joined) for name, instants in reached.items()]

    async def _whereabouts(
        self, session: AsyncSession, row: storage.QuestRow, wait: timedelta
    ) -> Whereabouts:
        quest = await self._runs.snapshot(session, row)
        since = row.progress_at or row.started_at
        step = quest.progress.next_step
        is_stuck = step is not None and since is not None and self._core.clock.now() - since >= wait
        return Whereabouts(quest, step, since, is_stuck, row.helper_id)

    async def _row(self, session: AsyncSession, actor: Actor, quest_id: int) -> storage.QuestRow:
        row = await storage.lock_quest(session, quest_id)
        if row is None or row.guild_id != actor.guild_id:
            raise _no_quest()
        return row

    async def _wait(self, guild_id: int) -> timedelta:
        hours = (await self._core.configs.get(guild_id, OnboardingSettings)).nudge_after_hours
        return timedelta(hours=hours) if hours else DEFAULT_WAIT

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


def _no_quest() -> NotFound:
    return NotFound("That person's quest does not exist any more.")


def _stage(name: str, instants: Mapping[int, datetime | None], joined: Mapping[int, datetime]) -> FunnelStage:
    if len(instants) < SMALLEST_CELL:
        return FunnelStage(name, None, None)
    spans = [(at - joined[member]).total_seconds() / 60 for member, at in instants.items() if at is not None]
    return FunnelStage(
        name, len(instants), round(median(max(0.0, span) for span in spans)) if spans else None
    )
