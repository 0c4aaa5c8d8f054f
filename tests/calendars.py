"""One community's schedules as a test sees them: what ran when, and what stands in the rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.jobs import Job, Jobs
from bot.nominal_times import LocalRule
from bot.schedules import CatchUp, NewSchedule, Schedule, Schedules
from storage import jobs as job_storage
from storage import schedules as schedule_storage
from storage.database import Database
from storage.jobs import JobRow
from storage.schedules import ScheduleRow
from tests.clocks import FixedClock

GUILD = 1
SECOND = dt.timedelta(seconds=1)
LONG_AGO = dt.date(2020, 1, 1)
NINE = dt.time(9)


def at(text: str) -> dt.datetime:
    """ "2026-01-05 09:00", as a nominal time."""
    return dt.datetime.fromisoformat(text)


def utc(text: str) -> dt.datetime:
    """The same as an instant."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def weekly(*days: int, time: dt.time = NINE) -> LocalRule:
    return nominal_times.weekly(days or (0,), time, LONG_AGO)


def daily(time: dt.time = NINE) -> LocalRule:
    return nominal_times.daily(time, LONG_AGO)


class Calendar:
    """Schedules whose job notes the nominal time and the instant of each run."""

    def __init__(self, db: Database, clock: FixedClock) -> None:
        self.db, self.clock = db, clock
        self.ran: list[dt.datetime] = []
        self.instants: list[dt.datetime] = []
        self.holds: list[int] = []
        self.restart()

    def restart(self) -> None:
        """A new process on the same database."""
        self.schedules = Schedules(self.db, self.clock)
        self.schedules.report_hold = self._report_hold
        self.jobs = Jobs(self.db, self.clock)
        self.jobs.register("run", self._run)

    async def _run(self, session: AsyncSession, job: Job) -> None:
        assert job.nominal is not None and job.schedule_id is not None
        self.ran.append(job.nominal)
        self.instants.append(self.clock.now())

    async def _report_hold(self, session: AsyncSession, schedule: Schedule) -> None:
        self.holds.append(schedule.id)

    def set_clock(self, instant: dt.datetime) -> None:
        self.clock.advance(instant - self.clock.now())

    async def add(self, rule: LocalRule, zone: str = "UTC", **more: Any) -> int:
        more = {"catch_up": CatchUp.ALWAYS_ONCE, "subject": "1", "guild_id": GUILD} | more
        async with self.db.begin() as session:
            new = NewSchedule(job_name="run", rule=rule, zone=zone, **more)
            return (await self.schedules.add(session, new)).id

    async def do(self, verb: str, *args: Any, **more: Any) -> Any:
        """One of the methods of Schedules that take a session, in a transaction of its own."""
        async with self.db.begin() as session:
            return await getattr(self.schedules, verb)(session, *args, **more)

    async def materialise(self) -> None:
        await self.schedules.end_false_holds()
        while await self.schedules.materialise_due():
            pass

    async def tick(self) -> None:
        """What `Lyceum.tick` does."""
        await self.materialise()
        while await self.jobs.run_due():
            pass

    async def tick_until(self, end: dt.datetime) -> None:
        """Let time pass, with a tick a second before each instant at which something is due and one at it."""
        await self.tick()
        while self.clock.now() < end:
            async with self.db.read() as session:
                dues = (await schedule_storage.next_run_at(session), await job_storage.next_run_at(session))
            upcoming = min([end, *(due for due in dues if due is not None)])
            assert upcoming > self.clock.now(), "the tick left something undone that is due"
            for instant in (upcoming - SECOND, upcoming):
                if instant > self.clock.now():
                    self.set_clock(instant)
                    await self.tick()

    async def row(self, schedule_id: int) -> ScheduleRow:
        async with self.db.read() as session:
            row = await session.get(ScheduleRow, schedule_id)
        assert row is not None
        return row

    async def ends(self) -> dict[dt.datetime, str]:
        """What each nominal time ended as: "done", or the reason why not. Each has exactly one row."""
        async with self.db.read() as session:
            rows = list(await session.scalars(select(JobRow).order_by(JobRow.nominal)))
        twice = [
            key for key, times in Counter((row.schedule_id, row.nominal) for row in rows).items() if times > 1
        ]
        assert not twice
        return {at(row.nominal or ""): row.reason or row.outcome or "waiting" for row in rows}
