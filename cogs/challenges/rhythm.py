"""How the community wants its challenges: the rhythm of the week, the late policy, and whether there are rankings.

What holds for a challenge that is open already stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.schedules import CatchUp, NewSchedule
from bot.time_input import read_time
from cogs.challenges import rules
from cogs.challenges.lifecycle import OPEN_LATE_WITHIN
from cogs.challenges.model import OPEN_JOB, SCHEDULE, ChallengeSettings, Schedule, opening_of
from cogs.challenges.rules import AfterGrace
from cogs.challenges.staff import ChallengesStaff
from storage import challenges as storage

WEEKDAYS = range(7)


@dataclass(frozen=True)
class Wishes:
    """What is chosen, days as weekdays (0 is Monday), times on the community's clock. `opens` None: nothing by itself."""

    opens: tuple[int, time] | None
    closes: tuple[int, time]
    results: time
    grace_hours: int
    after_grace: AfterGrace
    ranking: bool


class Rhythm:
    """The use cases of facilitators. Each raises `NotAllowed` for others."""

    def __init__(self, core: Core, staff: ChallengesStaff) -> None:
        self._core = core
        self._staff = staff

    async def schedule(self, actor: Actor) -> Schedule:
        """When challenges open by themselves, and what holds for them."""
        await self._staff.check(actor)
        async with self._core.db.read() as session:
            return await self._staff.schedule_in(session, actor.guild_id)

    async def set_rhythm(
        self, actor: Actor, opens: tuple[int, str], closes: tuple[int, str], results: str
    ) -> Schedule:
        """Open one every week. Days are weekdays (0 is Monday), times as typed. Raises `InvalidInput`."""
        await self._staff.check(actor)
        if opens[0] not in WEEKDAYS or closes[0] not in WEEKDAYS:
            raise InvalidInput("Please choose a day of the week.")
        at, until, told = (read_time(each) for each in (opens[1], closes[1], results))
        async with self._core.db.begin() as session:
            present = await self._locked(session, actor.guild_id)
            wishes = replace(present, opens=(opens[0], at), closes=(closes[0], until), results=told)
            await self.apply_in(session, actor, wishes)
        return await self.schedule(actor)

    async def stop_rhythm(self, actor: Actor) -> Schedule:
        """Open nothing by itself any more. What is open goes on to its end."""
        await self._staff.check(actor)
        async with self._core.db.begin() as session:
            await self.apply_in(
                session, actor, replace(await self._locked(session, actor.guild_id), opens=None)
            )
        return await self.schedule(actor)

    async def set_policy(self, actor: Actor, grace: str, after_grace: str, *, ranking: bool) -> Schedule:
        """What holds for what comes late, and whether results have a ranking. Raises `InvalidInput`."""
        await self._staff.check(actor)
        hours = rules.read_grace(grace)
        if after_grace not in set(AfterGrace):
            raise InvalidInput("Please choose what becomes of what is submitted later.")
        async with self._core.db.begin() as session:
            present = await self._locked(session, actor.guild_id)
            policy = AfterGrace(after_grace)
            await self.apply_in(
                session, actor, replace(present, grace_hours=hours, after_grace=policy, ranking=ranking)
            )
        return await self.schedule(actor)

    # What is below runs inside a transaction, for who was let through before.

    async def wishes_in(self, session: AsyncSession, guild_id: int) -> Wishes:
        """What stands now."""
        settings = await self._core.configs.present(session, guild_id, ChallengeSettings)
        rule = None
        if settings.schedule_id is not None:
            found = await self._core.schedules.list_of_guild(session, guild_id)
            rule = next((each.rule for each in found if each.id == settings.schedule_id), None)
        return Wishes(
            opening_of(rule) if rule is not None else None,
            (settings.closes_weekday, settings.closes_time),
            settings.results_time,
            settings.grace_hours,
            AfterGrace(settings.after_grace),
            settings.ranking,
        )

    async def apply_in(self, session: AsyncSession, actor: Actor, wishes: Wishes) -> None:
        """Let this hold from now on."""
        guild_id = actor.guild_id
        present = await storage.lock_settings(session, guild_id)
        schedule_id = present.schedule_id
        if wishes.opens is None:
            if schedule_id is not None:
                await self._core.schedules.remove(session, schedule_id)
            schedule_id = None
        elif wishes.opens != (await self.wishes_in(session, guild_id)).opens:
            schedule_id = await self._open_every_week(session, guild_id, schedule_id, *wishes.opens)
        await self._core.configs.change(
            session,
            guild_id,
            ChallengeSettings,
            by=actor,
            schedule_id=schedule_id,
            closes_weekday=wishes.closes[0],
            closes_minute=_minute(wishes.closes[1]),
            results_minute=_minute(wishes.results),
            grace_hours=wishes.grace_hours,
            after_grace=wishes.after_grace.value,
            ranking=wishes.ranking,
        )

    async def _open_every_week(
        self, session: AsyncSession, guild_id: int, schedule_id: int | None, weekday: int, at: time
    ) -> int:
        zone = (await self._core.configs.present(session, guild_id, GuildConfig)).zone
        today = nominal_times.local_now(self._core.clock.now(), zone).date()
        rule = nominal_times.weekly([weekday], at, today)
        if schedule_id is not None and await self._core.schedules.change(session, schedule_id, rule=rule):
            return schedule_id
        return (await self._core.schedules.add(session, _new(guild_id, rule, zone))).id

    async def _locked(self, session: AsyncSession, guild_id: int) -> Wishes:
        await storage.lock_settings(session, guild_id)
        return await self.wishes_in(session, guild_id)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _new(guild_id: int, rule: nominal_times.LocalRule, zone: str) -> NewSchedule:
    return NewSchedule(
        guild_id=guild_id,
        job_name=OPEN_JOB,
        subject=SCHEDULE,
        rule=rule,
        zone=zone,
        catch_up=CatchUp.LATE_WITHIN,
        late_within=OPEN_LATE_WITHIN,
        payload={"title": N_("Opening of the weekly challenge")},
    )
