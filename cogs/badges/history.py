"""Looking back over what a whole community did: who would get a badge, giving it to them, and whether awards still hold.

People are taken in slices by their id, so that nobody has to wait for it: between two slices others get their turn. A
back-fill and a check are chains of jobs, one a slice, each done exactly once; a test on history writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time

from sqlalchemy.ext.asyncio import AsyncSession

from bot import evidence
from bot.acts import Act
from bot.core import Core
from bot.criteria import CountedAct, Rule, earned
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.nominal_times import local_now, weekly
from bot.outbox import Effect, EffectKind, Lane
from bot.schedules import CatchUp, NewSchedule
from cogs.badges import rules
from cogs.badges.awarding import Awarding, subject_of
from cogs.badges.living import Living
from cogs.badges.model import (
    BACKFILL_JOB,
    CHECK_ALL_JOB,
    CHECK_JOB,
    DOUBTS_RENDERER,
    EARNED,
    ROLES_JOB,
    Badge,
    BadgeSettings,
    Tested,
    badge_of,
)
from cogs.badges.rules import State
from storage import acts as act_storage
from storage import badges as storage
from storage import privacy as privacy_storage
from storage.personal import NOBODY

SLICE = (
    100  # people: some thousand acts are read and judged in less than the 50 ms that the loop may stand still
)
SLICES_A_JOB = 3  # a transaction of some tenths of a second, for which other writers may have to wait
NAMES = 20
WEEKDAY, AT = 0, time(4)  # of the weekly look, by the community's clock: when few are there


class History:
    """Tests, back-fills and checks."""

    def __init__(self, core: Core, living: Living, awarding: Awarding) -> None:
        self._core = core
        self._living = living
        self._awarding = awarding

    async def test(self, guild_id: int, badges: Sequence[Badge]) -> dict[int, Tested]:
        """Who would get each of these if it were given for everything that was ever done, by the badge's id."""
        asked = {badge.id: self._living.rule_of(badge) for badge in badges}
        kinds = sorted({kind for rule in asked.values() for kind in rule.kinds})
        found: dict[int, list[int]] = {badge.id: [] for badge in badges}
        async with self._core.db.read() as session:
            departed = await privacy_storage.list_departed(session, guild_id)
            people = len(await act_storage.list_people(session, guild_id) - departed)
        after = 0
        while kinds:
            async with self._core.db.read() as session:
                acts = await evidence.of_next_members(session, guild_id, kinds, after=after, limit=SLICE)
            if not acts:
                break
            after = max(acts)
            for member_id, done in acts.items():
                await asyncio.sleep(0)
                if member_id not in departed:
                    for badge_id in _earned_by(asked, done):
                        found[badge_id].append(member_id)
        return {
            badge_id: Tested(
                len(names),
                people,
                rules.means_everybody(len(names), people),
                tuple(names[:NAMES]),
                self._core.clock.now(),
            )
            for badge_id, names in found.items()
        }

    # ------------------------------------------------------------------------------------------ back-fill

    async def begin(self, session: AsyncSession, badge: Badge) -> None:
        """Give it to everybody who has earned it before."""
        run = int(self._core.clock.now().timestamp())
        await self._core.jobs.enqueue(session, self._slice(BACKFILL_JOB, badge, 0, run))

    async def backfill(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The next people."""
        badge = await self._badge(session, job)
        if badge is None or not badge.is_given(self._core.clock.now()):
            return Skipped(N_("the badge is not given any more, or its rule was changed meanwhile"))
        rule, after = self._living.rule_of(badge), int(job.payload["after"])
        departed = await privacy_storage.list_departed(session, badge.guild_id)
        for _ in range(SLICES_A_JOB):
            acts = await evidence.of_next_members(
                session, badge.guild_id, sorted(rule.kinds), after=after, limit=SLICE
            )
            if not acts:
                return None
            after = max(acts)
            here = {member_id: done for member_id, done in acts.items() if member_id not in departed}
            await self._give(session, badge, rule, here)
        await self._core.jobs.enqueue(session, self._slice(BACKFILL_JOB, badge, after, job.payload["run"]))
        return None

    async def _give(
        self, session: AsyncSession, badge: Badge, rule: Rule, acts: Mapping[int, list[CountedAct]]
    ) -> None:
        had: dict[int, list[storage.BadgeAwardRow]] = {}
        for each in await storage.list_of_people(session, badge.id, list(acts)):
            had.setdefault(each.member_id, []).append(each)
        values: list[dict[str, object]] = []
        causes: dict[tuple[int, int], int] = {}
        for member_id, done in acts.items():
            await asyncio.sleep(0)
            mine = had.get(member_id, [])
            spent = {id_ for each in mine if each.state == storage.REVOKED for id_ in each.evidence["acts"]}
            held = [each for each in mine if each.state == storage.HELD]
            if held and not badge.repeatable:
                continue
            by_rule = sum(each.given_by is None for each in held)
            times = rules.MOST_AGAIN if badge.repeatable else 1
            found = earned(rule, [each for each in done if each.id not in spent], times=by_rule + times)
            number = max((each.number for each in mine), default=0)
            for extra, one in enumerate(found[by_rule:], start=1):
                causes[member_id, number + extra] = one.act_id
                values.append(
                    {
                        "guild_id": badge.guild_id,
                        "badge_id": badge.id,
                        "member_id": member_id,
                        "number": number + extra,
                        "at": self._core.clock.now(),
                        "evidence": {"acts": list(one.evidence)},
                        "quiet": True,
                    }
                )
        rows = await storage.add_awards(session, values)
        await self._record(session, badge, rows, causes)

    async def _record(
        self,
        session: AsyncSession,
        badge: Badge,
        rows: Sequence[storage.BadgeAwardRow],
        causes: Mapping[tuple[int, int], int],
    ) -> None:
        """Write the acts of new awards, and plan their roles. Nobody is told: it is for what was done long ago."""
        by_key = {(row.member_id, subject_of(row)): row for row in rows}
        acts = [
            Act(
                EARNED,
                row.guild_id,
                row.member_id,
                subject_of(row),
                {"badge_id": badge.id},
                causes[row.member_id, row.number],
            )
            for row in rows
        ]
        await asyncio.sleep(0)
        for recorded in await self._core.ledger.record_many(session, acts):
            by_key[recorded.member_id, recorded.subject].act_id = recorded.id
        await asyncio.sleep(0)
        await session.flush()
        for row in rows:
            await self._awarding.give_effects(session, row, badge, lane=Lane.BULK)

    # ------------------------------------------------------------------------------------------ another role

    async def begin_roles(
        self, session: AsyncSession, badge: Badge, before: int | None, *, after: int = 0, run: int = 0
    ) -> None:
        """Whoever has the badge gets the role that comes with it now, and gives back the one `before`."""
        run = run or int(self._core.clock.now().timestamp() * 1000)
        payload = {"badge_id": badge.id, "before": before, "role": badge.role_id, "after": after, "run": run}
        key = f"{ROLES_JOB}:{badge.id}:{run}:{after}"
        await self._core.jobs.enqueue(
            session, NewJob(ROLES_JOB, key, self._core.clock.now(), badge.guild_id, payload)
        )

    async def follow_role(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The next people."""
        assert job.guild_id is not None
        said = job.payload
        row = await storage.find_badge(session, job.guild_id, int(said["badge_id"]))
        if row is None:
            return Skipped(N_("the badge is not there any more"))
        badge, run = badge_of(row), int(said["run"])
        awards = await storage.list_next_holders(session, badge.id, after=int(said["after"]), limit=SLICE)
        for award in awards:
            await asyncio.sleep(0)
            if said["before"] is not None and said["before"] != badge.role_id:
                await self._awarding.take_role(session, award, int(said["before"]), occasion=f":{run}")
            if said["role"] is not None and said["role"] == badge.role_id:
                await self._awarding.give_effects(session, award, badge, lane=Lane.BULK, occasion=f":{run}")
        if awards:
            await self.begin_roles(session, badge, said["before"], after=awards[-1].member_id, run=run)
        return None

    # ------------------------------------------------------------------------------------------ consistency

    async def ensure_weekly(self, session: AsyncSession, guild_id: int) -> None:
        """From now on the awards of a community are looked at once a week."""
        await self._core.configs.change(session, guild_id, BadgeSettings)  # locks the row
        known = await self._core.schedules.list_of_guild(session, guild_id)
        if any(each.job_name == CHECK_ALL_JOB for each in known):
            return
        zone = (await self._core.configs.present(session, guild_id, GuildConfig)).zone
        today = local_now(self._core.clock.now(), zone).date()
        new = NewSchedule(
            guild_id=guild_id,
            job_name=CHECK_ALL_JOB,
            subject="awards",
            rule=weekly([WEEKDAY], AT, today),
            zone=zone,
            catch_up=CatchUp.ALWAYS_ONCE,
        )
        await self._core.schedules.add(session, new)

    async def check_all(self, session: AsyncSession, job: Job) -> None:
        """The week's look. Staff are told of what is found, once."""
        assert job.guild_id is not None
        for row in await storage.list_badges(session, job.guild_id):
            badge = badge_of(row)
            if badge.rule.criteria and badge.state is not State.DRAFT:
                await self.begin_check(session, badge, tells=job.id)

    async def begin_check(self, session: AsyncSession, badge: Badge, *, tells: int | None = None) -> None:
        """Look whether everybody who has it still deserves it. With `tells`, by that job staff are told of what is new."""
        run = int(self._core.clock.now().timestamp())
        await self._core.jobs.enqueue(session, self._slice(CHECK_JOB, badge, 0, run, tells=tells))

    async def check(self, session: AsyncSession, job: Job) -> Skipped | None:
        """The next people. Nothing is taken away: what rests on nothing is shown to staff, who decide."""
        badge = await self._badge(session, job)
        if badge is None or not badge.rule.criteria:
            return Skipped(N_("the badge has no rule any more, or it was changed meanwhile"))
        rule = self._living.rule_of(badge)
        rows = await storage.list_next_held(session, badge.id, after=int(job.payload["after"]), limit=SLICE)
        if not rows:
            return None
        people = sorted({row.member_id for row in rows})
        acts = await evidence.of_members(session, badge.guild_id, people, sorted(rule.kinds))
        sure: list[int] = []
        for member_id in people:
            await asyncio.sleep(0)
            mine = [row.id for row in rows if row.member_id == member_id]
            done = [_as_somebody(each) for each in acts[member_id]]
            sure += mine[: len(earned(rule, done, times=len(mine)))]
        new, tells = await storage.mark_doubtful(session, badge.id, people, sure), job.payload.get("tells")
        if new and tells is not None:
            await self._tell_staff(session, badge.guild_id, int(tells))
        following = self._slice(CHECK_JOB, badge, people[-1], job.payload["run"], tells=tells)
        await self._core.jobs.enqueue(session, following)
        return None

    async def _tell_staff(self, session: AsyncSession, guild_id: int, job_id: int) -> None:
        """Once a look, however much it finds."""
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        if config.staff_channel_id is not None:
            card = Effect(
                kind=EffectKind.POST,
                key=f"badges.doubts:{guild_id}:{job_id}",
                guild_id=guild_id,
                channel_id=config.staff_channel_id,
                renderer=DOUBTS_RENDERER,
                lane=Lane.SCHEDULED,
            )
            await self._core.outbox.plan(session, card)

    # ------------------------------------------------------------------------------------------ shared

    async def _badge(self, session: AsyncSession, job: Job) -> Badge | None:
        """The badge of a job, if its rule is as it was when the job was planned."""
        assert job.guild_id is not None
        row = await storage.find_badge(session, job.guild_id, int(job.payload["badge_id"]))
        if row is None or row.version != job.payload["version"]:
            return None
        return badge_of(row)

    def _slice(self, name: str, badge: Badge, after: int, run: int, *, tells: int | None = None) -> NewJob:
        payload = {"badge_id": badge.id, "version": badge.version, "after": after, "run": run}
        key = f"{name}:{badge.id}:{badge.version}:{run}:{after}"
        if tells is not None:
            payload["tells"] = tells
            key += f":{tells}"
        return NewJob(name, key, self._core.clock.now(), badge.guild_id, payload)


def _as_somebody(act: CountedAct) -> CountedAct:
    """Each of those who had themselves deleted counts as one: their going takes no badge from anybody."""
    return replace(act, other_id=-act.id) if act.other_id == NOBODY else act


def _earned_by(asked: Mapping[int, Rule], done: Sequence[CountedAct]) -> list[int]:
    return [badge_id for badge_id, rule in asked.items() if earned(rule, done)]
