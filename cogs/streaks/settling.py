"""Settles weeks that are over, and sees that who had a freeze used is told.

A settled week is a row and stays as it is. What is not settled is worked out anew whenever somebody looks, so nothing
hangs on when this runs; after downtime it finds what it would have found in time. There is one job for each hour in
which a week of anybody can be settled, mostly one a week and time zone, for all servers; it works in slices. One more
each day takes up what was left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.notify import Notification
from bot.outbox import Lane
from cogs.streaks import absence
from cogs.streaks.facts import FactsReader, state_of
from cogs.streaks.model import FREEZE_KIND, FREEZE_RENDERER, SWEEP_JOB, TELL_JOB
from cogs.streaks.rules import EVER, GRACE, Facts, Outcome, Week, walk
from storage import privacy as privacy_storage
from storage import streaks as storage
from storage.personal import NOBODY
from storage.streaks import StreakRow

SLICE = 100
MOST_ACTS = 5  # of one week that are remembered


class Settling:
    """Settles, in the caller's transaction."""

    def __init__(self, core: Core, facts: FactsReader) -> None:
        self._core = core
        self._facts = facts

    async def plan(self, session: AsyncSession) -> None:
        """See that the next daily sweep is planned. Called at every start."""
        now = self._core.clock.now()
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        await self._expect(session, [day + timedelta(days=1)])

    async def sweep(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Settle one slice of what is over. The job is nobody's server, so it runs wherever streaks are on."""
        now = self._core.clock.now()
        slot, number = str(job.payload["slot"]), int(job.payload["number"])
        await self.plan(session)
        wait_until = await absence.note(session, now)
        if wait_until is not None:
            await self._expect(session, [wait_until])
            return Skipped(N_("the bot was away for long, or its clock is wrong; it goes on in an hour"))
        if number == 0:
            await self._note_zones(session, now)
        off = await storage.list_held(session)
        rows = await storage.lock_due(session, now=now, but=off, limit=SLICE)
        await self.settle(session, rows)
        if len(rows) == SLICE:
            await self._enqueue(session, slot, number + 1, now)
        return None

    async def sweep_soon(self, session: AsyncSession) -> None:
        """There may be something to settle that nothing is planned for."""
        now = self._core.clock.now()
        await self._enqueue(session, now.isoformat(), 0, now)

    async def settle(self, session: AsyncSession, rows: Sequence[StreakRow]) -> None:
        """Settle what is over of these streaks, which are locked."""
        now = self._core.clock.now()
        await session.flush()
        by_guild: defaultdict[int, list[StreakRow]] = defaultdict(list)
        for row in rows:
            by_guild[row.guild_id].append(row)
        states: list[tuple[StreakRow, dict[str, Any]]] = []
        weeks: list[dict[str, Any]] = []
        frozen: list[NewJob] = []
        for guild_id, theirs in by_guild.items():
            facts = await self._facts.read(session, guild_id, theirs, now)
            for row in theirs:
                values, settled = _settle(row, facts[row.member_id], now)
                states.append((row, values))
                weeks += [_values(row, week) for week in settled]
                frozen += [_to_tell(row, week, now) for week in settled if week.outcome is Outcome.FROZEN]
        await storage.write_states(session, states)
        await storage.add_weeks(session, weeks)
        if frozen:
            await self._core.jobs.enqueue(session, *frozen)
        await self._expect(session, [row.settle_at for row in rows if row.settle_at is not None])

    async def tell(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Tell a member, as they wish and in private, that a freeze was used."""
        assert job.guild_id is not None
        member_id = int(job.payload["member_id"])
        if await privacy_storage.has_left(session, job.guild_id, member_id):
            return Skipped(N_("the member has left"))
        notification = Notification(
            kind=FREEZE_KIND.name,
            key=job.key,
            guild_id=job.guild_id,
            member_id=member_id,
            renderer=FREEZE_RENDERER,
            channel_id=None,
            arguments={"monday": job.payload["monday"]},
            lane=Lane.BULK,
        )
        await self._core.notifier.notify(session, notification)
        return None

    async def _note_zones(self, session: AsyncSession, now: datetime) -> None:
        """Write down which communities have another zone than an hour ago."""
        for guild_id, zone in (await storage.latest_guild_zones(session)).items():
            present = (await self._core.configs.guild(guild_id)).zone
            if present != zone:
                await storage.add_zone(session, guild_id, NOBODY, since=now, zone=present)

    async def note_guild(self, session: AsyncSession, guild_id: int) -> None:
        """A community has its first streak: from now on its zone is followed."""
        if not await storage.list_zones(session, guild_id, ()):
            zone = (await self._core.configs.guild(guild_id)).zone
            await storage.add_zone(session, guild_id, NOBODY, since=EVER, zone=zone)

    async def _expect(self, session: AsyncSession, instants: Iterable[datetime]) -> None:
        """Plan a sweep for the full hour after each of these."""
        for hour in sorted({_next_hour(each) for each in instants}):
            await self._enqueue(session, f"{hour:%Y-%m-%dT%H}", 0, hour)

    async def _enqueue(self, session: AsyncSession, slot: str, number: int, run_at: datetime) -> None:
        payload = {"slot": slot, "number": number}
        job = NewJob(SWEEP_JOB, f"{SWEEP_JOB}:{slot}:{number}", run_at, payload=payload)
        await self._core.jobs.enqueue(session, job)


def _next_hour(moment: datetime) -> datetime:
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if hour == moment else hour + timedelta(hours=1)


def _settle(row: StreakRow, facts: Facts, now: datetime) -> tuple[dict[str, Any], list[Week]]:
    """Where the streak stands now, by column, and the weeks that are settled with it."""
    state = state_of(row)
    weeks = walk(state, facts, now)
    settled = [week for week in weeks if week.is_final]
    if settled:
        state = settled[-1].after
    values = {
        "until": state.until,
        "monday": state.monday.isoformat() if state.monday is not None else None,
        "length": state.length,
        "longest": state.longest,
        "freezes": state.freezes,
        "carried_act": state.carried,
        "settle_at": weeks[len(settled)].end + GRACE if len(weeks) > len(settled) else None,
    }
    return values, settled


def _values(row: StreakRow, week: Week) -> dict[str, Any]:
    return {
        "guild_id": row.guild_id,
        "streak_id": row.id,
        "monday": week.monday.isoformat(),
        "starts_at": week.start,
        "ends_at": week.end,
        "outcome": week.outcome.value,
        "hold": week.hold.value if week.hold is not None else None,
        "is_late": week.is_late,
        "acts": {str(act.id): act.at.isoformat() for act in week.acts[:MOST_ACTS]},
        "act_count": len(week.acts),
    }


def _to_tell(row: StreakRow, week: Week, now: datetime) -> NewJob:
    return NewJob(
        TELL_JOB,
        f"{TELL_JOB}:{row.id}:{week.monday}",
        run_at=now,
        guild_id=row.guild_id,
        payload={"member_id": row.member_id, "monday": week.monday.isoformat()},
    )
