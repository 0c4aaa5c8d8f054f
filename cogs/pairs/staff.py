"""What facilitators decide about pairings: the rhythm, the place, and what counts."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.schedules import CatchUp, NewSchedule, Schedule
from bot.time_input import read_time
from cogs.pairs import rules
from cogs.pairs.model import ROUND_JOB, Desk, PairSettings, Past, Rhythm
from cogs.pairs.service import days_of, find_schedule
from storage import pair_members
from storage import pairs as storage

SCHEDULE = "pairs"
SHOWN_ROUNDS = 6


class PairsStaff:
    """The use cases of facilitators. Each raises `NotAllowed` for others."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def desk(self, actor: Actor) -> Desk:
        """How pairings stand."""
        await self._check(actor)
        async with self._core.db.read() as session:
            settings = await self._core.configs.present(session, actor.guild_id, PairSettings)
            config = await self._core.configs.present(session, actor.guild_id, GuildConfig)
            schedule = await find_schedule(self._core, session, actor.guild_id)
            rounds = await storage.list_rounds(session, actor.guild_id, limit=SHOWN_ROUNDS)
            counts = await storage.count_outcomes(
                session, [each.id for each in rounds], self._core.clock.now()
            )
            members = len(await pair_members.list_members(session, actor.guild_id))
        past = tuple(Past(each.id, each.at, rules.rate_of(counts.get(each.id, {}))) for each in rounds)
        rhythm = rhythm_of(schedule) if schedule is not None else None
        is_fast = rhythm is not None and rules.is_rhythm_too_fast([each.rate for each in past], rhythm.weeks)
        may_undo = past and rules.may_undo(past[0].at, self._core.clock.now())
        return Desk(
            settings,
            rhythm,
            schedule.zone if schedule is not None else config.zone,
            schedule.next_run_at if schedule is not None else None,
            members,
            past,
            past[0].round_id if may_undo else None,
            rhythm.weeks + 1 if rhythm is not None and is_fast else None,
        )

    async def set_place(self, actor: Actor, channel_id: int | None) -> None:
        """Where the threads of pairs are opened."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session, actor.guild_id, PairSettings, by=actor, channel_id=channel_id
            )

    async def set_rhythm(self, actor: Actor, days: Collection[int], at: str, weeks: int) -> None:
        """Hold rounds on these days (0 is Monday) every so many weeks; without a day none. Raises `InvalidInput`."""
        await self._check(actor)
        rhythm = Rhythm(tuple(sorted(set(days))), read_time(at), check_weeks(weeks)) if days else None
        async with self._core.db.begin() as session:
            await self.apply_rhythm(session, actor, rhythm)

    async def slow_down(self, actor: Actor) -> None:
        """One week more between rounds."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            schedule = await find_schedule(self._core, session, actor.guild_id)
            if schedule is not None:
                rhythm = rhythm_of(schedule)
                weeks = min(rules.MOST_WEEKS, rhythm.weeks + 1)
                await self.apply_rhythm(session, actor, Rhythm(rhythm.days, rhythm.at, weeks))

    async def set_weights(
        self, actor: Actor, hours: int, topics: int, close_days: int, *, least_hours: int = 0
    ) -> None:
        """What counts, and how long a pair has. Raises `InvalidInput`."""
        await self._check(actor)
        if not {hours, topics} <= set(range(rules.MOST_WEIGHT + 1)):
            raise InvalidInput("Please choose how much it counts from the list.")
        if least_hours not in rules.LEAST_HOURS:
            raise InvalidInput("Please choose from the list how many hours a pair should share.")
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session,
                actor.guild_id,
                PairSettings,
                by=actor,
                hours_weight=hours,
                topics_weight=topics,
                least_hours=least_hours,
                close_days=check_close_days(close_days),
            )

    # What is below runs inside a transaction, for who was let through before.

    async def rhythm_in(self, session: AsyncSession, guild_id: int) -> Rhythm | None:
        """What stands now."""
        schedule = await find_schedule(self._core, session, guild_id)
        return rhythm_of(schedule) if schedule is not None else None

    async def apply_rhythm(self, session: AsyncSession, actor: Actor, rhythm: Rhythm | None) -> None:
        """Let this rhythm hold from now on; the weeks are counted from this one."""
        guild_id = actor.guild_id
        settings = await self._core.configs.change(session, guild_id, PairSettings)  # locks the row
        if rhythm == await self.rhythm_in(session, guild_id):
            return
        schedule_id = settings.schedule_id
        if rhythm is None:
            if schedule_id is not None:
                await self._core.schedules.remove(session, schedule_id)
            schedule_id = None
        else:
            config = await self._core.configs.present(session, guild_id, GuildConfig)
            today = nominal_times.local_now(self._core.clock.now(), config.zone).date()
            rule = nominal_times.weekly(rhythm.days, rhythm.at, today, every=rhythm.weeks)
            changed = (
                await self._core.schedules.change(session, schedule_id, rule=rule)
                if schedule_id is not None
                else None
            )
            changed = changed or await self._core.schedules.add(session, _new(guild_id, rule, config.zone))
            schedule_id = changed.id
        await self._core.configs.change(session, guild_id, PairSettings, by=actor, schedule_id=schedule_id)

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)


def rhythm_of(schedule: Schedule) -> Rhythm:
    interval = schedule.rule.rrule.partition("INTERVAL=")[2].partition(";")[0]
    return Rhythm(days_of(schedule), schedule.rule.time, int(interval or 1))


def check_weeks(weeks: int) -> int:
    if not 1 <= weeks <= rules.MOST_WEEKS:
        raise InvalidInput("Rounds are every one to {most} weeks.", most=rules.MOST_WEEKS)
    return weeks


def check_close_days(days: int) -> int:
    if not rules.LEAST_CLOSE_DAYS <= days <= rules.MOST_CLOSE_DAYS:
        raise InvalidInput(
            "A pair has {least} to {most} days.", least=rules.LEAST_CLOSE_DAYS, most=rules.MOST_CLOSE_DAYS
        )
    return days


def _new(guild_id: int, rule: nominal_times.LocalRule, zone: str) -> NewSchedule:
    return NewSchedule(
        guild_id=guild_id,
        job_name=ROUND_JOB,
        subject=SCHEDULE,
        rule=rule,
        zone=zone,
        catch_up=CatchUp.ALWAYS_ONCE,
        payload={"title": N_("Pairing round")},
    )
