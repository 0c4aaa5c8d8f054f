"""Recurring things: when each is due, what happens to what was missed, and how nothing fires twice.

A schedule is a local-time rule in a zone with a watermark: the last nominal time that was dealt with. When
a nominal time has come, its job is inserted under the key (schedule, nominal local date-time) and the
watermark moved, in one transaction. So every nominal time ends as exactly one of done, skipped with a
reason or failed with a reason. What one row needs is decided in `bot/schedule_runs.py`. Guarantees, tested in
`tests/bot/test_schedules.py` and `tests/bot/test_schedule_changes.py`:

* After downtime at most one run of a schedule is caught up, the latest, as its policy says; the earlier
  ones are skipped with that reason.
* When the earliest missed run is more than 35 days old nothing is caught up: the schedule is held and staff
  are asked, since a wrong clock looks the same. If the clock was wrong and goes back, the hold ends by itself.
* Editing a schedule never makes it fire twice in one period (see `nominal_times.same_period`), nor does it lose
  a run that had come. After a pause or a removal nothing runs, whatever was on its way.
* Due schedules are taken in slices, so ten thousand at once do not stall the event loop; one that cannot be
  read does not stop the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.clock import Clock
from bot.jobs import WAKE_MARK
from bot.nominal_times import LocalRule, UnknownZone
from bot.schedule_runs import (
    LONGEST_CATCH_UP,
    MANY,
    REASON_PAUSED,
    REASON_REMOVED,
    REASON_SAME_PERIOD,
    REASON_WAVED_OFF,
    CatchUp,
    Passed,
    job_row,
    pass_time,
    rule_of,
    start_mark,
    write_rule,
)
from storage import jobs as job_storage
from storage import schedules as storage
from storage.database import Database, mark

log = logging.getLogger(__name__)

SLICE = 250
LOOKED_AT_ONCE = 50  # nominal times worked out before others get a turn: about 5 ms


@dataclass(frozen=True, kw_only=True)
class NewSchedule:
    """A schedule to add. `subject` is what recurs, unique under the guild and job name."""

    guild_id: int
    job_name: str
    subject: str
    rule: LocalRule
    zone: str
    catch_up: CatchUp
    late_within: timedelta = timedelta(0)
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    follows_guild_zone: bool = True


@dataclass(frozen=True)
class Schedule:
    """A schedule as shown to people. `next_run_at` is UTC; None when paused or at an end."""

    id: int
    guild_id: int
    job_name: str
    subject: str
    payload: Mapping[str, Any]
    rule: LocalRule
    zone: str
    next_run_at: datetime | None
    paused: bool
    held: bool


HoldReport = Callable[[AsyncSession, Schedule], Awaitable[None]]


class Schedules:
    """Adds, changes and materialises schedules."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.report_hold: HoldReport | None = None

    async def add(self, session: AsyncSession, new: NewSchedule) -> Schedule:
        """Add a schedule that starts from now: nominal times already past do not count as missed."""
        row = storage.ScheduleRow(
            guild_id=new.guild_id,
            job_name=new.job_name,
            subject=new.subject,
            payload=dict(new.payload),
            zone=new.zone,
            follows_guild_zone=new.follows_guild_zone,
            catch_up=new.catch_up.value,
            late_within=int(new.late_within.total_seconds()),
            watermark=start_mark(new.rule, new.zone, self._clock.now()).isoformat(),
        )
        write_rule(row, new.rule)
        _set_next(row)
        session.add(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def change(
        self,
        session: AsyncSession,
        schedule_id: int,
        *,
        rule: LocalRule | None = None,
        zone: str | None = None,
        catch_up: CatchUp | None = None,
        late_within: timedelta | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Schedule | None:
        """Change the rule, the zone, or what is done late. What has come by the old ones is dealt with first.

        A changed rule starts from now; if it would bring a second run in a period that has had one, that run is
        skipped. A changed zone keeps what was dealt with, by its local date-time: that is not done again, and
        what is past already in the new zone is caught up as the policy says.
        """
        row = await storage.get_schedule(session, schedule_id)
        if row is None:
            return None
        now = self._clock.now()
        await self._settle(session, row, now)
        row.catch_up = catch_up.value if catch_up is not None else row.catch_up
        row.late_within = int(late_within.total_seconds()) if late_within is not None else row.late_within
        row.payload = dict(payload) if payload is not None else row.payload
        if zone is not None and zone != row.zone:
            await _move_to_zone(session, row, zone)
        if rule is not None:
            if row.held_since is not None:
                await self._wave_off(session, row, now)
            await job_storage.forget_skipped(session, row.id, after=now, reason=REASON_SAME_PERIOD)
            write_rule(row, rule)
            row.watermark = (await _mark_from_now(session, row, now)).isoformat()
        await self._skip_second_run(session, row, now)
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def _skip_second_run(self, session: AsyncSession, row: storage.ScheduleRow, now: datetime) -> None:
        """Skip the next run if it falls into the period of the latest one that was done or is on its way."""
        last = await job_storage.last_nominal(session, row.id, left_out=False)
        rule = rule_of(row)
        upcoming = nominal_times.next_due(rule, row.zone, datetime.fromisoformat(row.watermark))
        if last and upcoming and nominal_times.same_period(rule, datetime.fromisoformat(last), upcoming[0]):
            skipped = job_row(row, upcoming[0], upcoming[1], now, skipped=REASON_SAME_PERIOD)
            await job_storage.add_jobs(session, [skipped])
            row.watermark = upcoming[0].isoformat()

    async def rezone(self, session: AsyncSession, guild_id: int, zone: str) -> None:
        """The guild moved to another zone: its schedules keep their wall-clock times there."""
        for row in await storage.list_of_guild(session, guild_id):
            if row.follows_guild_zone and row.zone != zone:
                await self.change(session, row.id, zone=zone)

    async def pause(self, session: AsyncSession, schedule_id: int) -> None:
        """Stop until resumed: from this commit on nothing is run, not even what has come and still waits.

        What falls into the pause is nobody's loss and is not caught up.
        """
        row = await storage.get_schedule(session, schedule_id)
        if row is not None and row.paused_at is None:
            now = self._clock.now()
            await self._settle(session, row, now)
            await job_storage.skip_waiting(session, row.id, at=now, reason=REASON_PAUSED)
            row.paused_at = now
            row.next_run_at = None

    async def resume(self, session: AsyncSession, schedule_id: int) -> Schedule | None:
        """Go on from now, after a pause. A schedule that was held before is held still."""
        row = await storage.get_schedule(session, schedule_id)
        if row is None or row.paused_at is None:
            return snapshot(row) if row is not None else None
        row.paused_at = None
        if row.held_since is None:
            old_mark = datetime.fromisoformat(row.watermark)
            row.watermark = max(old_mark, await _mark_from_now(session, row, self._clock.now())).isoformat()
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def remove(self, session: AsyncSession, schedule_id: int) -> None:
        """End it: from this commit on nothing is run, not even what has come and still waits."""
        row = await storage.get_schedule(session, schedule_id)
        if row is not None:
            await job_storage.skip_waiting(session, row.id, at=self._clock.now(), reason=REASON_REMOVED)
            await session.delete(row)
            await session.flush()

    async def go_on(self, session: AsyncSession, schedule_id: int) -> Schedule | None:
        """A person lets a held schedule go on: everything missed is skipped with that reason."""
        row = await storage.get_schedule(session, schedule_id)
        if row is None or row.held_since is None:
            return None
        await self._wave_off(session, row, self._clock.now())
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def _wave_off(self, session: AsyncSession, row: storage.ScheduleRow, now: datetime) -> None:
        watermark = datetime.fromisoformat(row.watermark)
        missed = nominal_times.due(rule_of(row), row.zone, watermark, now, MANY)
        jobs = [
            job_row(row, each, nominal_times.to_instant(each, row.zone), now, skipped=REASON_WAVED_OFF)
            for each in missed
        ]
        await job_storage.add_many(session, jobs)
        if missed:
            row.watermark = missed[-1].isoformat()
        row.held_since = None

    async def find(self, session: AsyncSession, schedule_id: int) -> Schedule | None:
        """One schedule as it stands."""
        row = await session.get(storage.ScheduleRow, schedule_id)
        return snapshot(row) if row is not None else None

    async def list_of_guild(self, session: AsyncSession, guild_id: int) -> list[Schedule]:
        return [snapshot(row) for row in await storage.list_of_guild(session, guild_id)]

    async def materialise_due(self) -> int:
        """Turn one slice of due nominal times into jobs. Returns how many schedules it looked at."""
        now = self._clock.now()
        async with self._db.begin() as session:
            rows = await storage.list_due(session, now=now, limit=SLICE)
            jobs: list[dict[str, Any]] = []
            moves: list[dict[str, Any]] = []
            looked_at = 0
            for row in rows:
                passed = pass_time(row, now)
                if passed.refused_since is not None:
                    await self._hold(session, await storage.get_schedule(session, row.id), passed, now)
                    continue
                jobs.extend(passed.jobs)
                moves.append(
                    {"row_id": row.id, "watermark": passed.watermark, "next_run_at": passed.next_run_at}
                )
                looked_at += 1 + len(passed.jobs)
                if looked_at >= LOOKED_AT_ONCE:
                    looked_at = 0
                    await asyncio.sleep(0)
            await job_storage.add_many(session, jobs)
            await storage.move_watermarks(session, moves)
        return len(rows)

    async def end_false_holds(self) -> None:
        """Let schedules go on whose hold was due to a clock that has gone back since."""
        async with self._db.begin() as session:
            await storage.release_held(session, missed_since=self._clock.now() - LONGEST_CATCH_UP)

    async def _settle(self, session: AsyncSession, row: storage.ScheduleRow, now: datetime) -> None:
        """Deal with what has come and was not seen by a tick yet, before a person's change makes it unseen."""
        if row.paused_at is not None or row.held_since is not None:
            return
        passed = pass_time(row, now)
        if passed.refused_since is not None:
            await self._hold(session, row, passed, now)
            return
        await job_storage.add_many(session, passed.jobs)
        row.watermark, row.next_run_at = passed.watermark, passed.next_run_at

    async def _hold(
        self, session: AsyncSession, row: storage.ScheduleRow | None, passed: Passed, now: datetime
    ) -> None:
        assert row is not None  # it is locked
        row.held_since, row.next_run_at = now, passed.refused_since
        await session.flush()
        if self.report_hold is None:
            return
        try:
            async with session.begin_nested():
                await self.report_hold(session, snapshot(row))
        except Exception:
            log.exception("could not report the hold of schedule=%s guild=%s", row.id, row.guild_id)


def snapshot(row: storage.ScheduleRow) -> Schedule:
    """The row as a value that outlives the session."""
    return Schedule(
        id=row.id,
        guild_id=row.guild_id,
        job_name=row.job_name,
        subject=row.subject,
        payload=row.payload,
        rule=rule_of(row),
        zone=row.zone,
        next_run_at=row.next_run_at,
        paused=row.paused_at is not None,
        held=row.held_since is not None,
    )


def _set_next(row: storage.ScheduleRow) -> None:
    if row.paused_at is not None:
        row.next_run_at = None
        return
    upcoming = nominal_times.next_due(rule_of(row), row.zone, datetime.fromisoformat(row.watermark))
    row.next_run_at = upcoming[1] if upcoming else None


async def _move_to_zone(session: AsyncSession, row: storage.ScheduleRow, zone: str) -> None:
    """Put the watermark into the new zone. What was dealt with stays so, by its local date-time.

    A watermark that is not a run but the moment from which the schedule counts is an instant, which the clocks
    of a zone further west show earlier: runs between the two are still to come there.
    """
    old_mark = datetime.fromisoformat(row.watermark)
    last = await job_storage.last_nominal(session, row.id)
    if last is None or datetime.fromisoformat(last) < old_mark:
        try:
            instant = nominal_times.to_instant(old_mark, row.zone)
        except UnknownZone:  # the time-zone data lost the old zone; being moved is what mends the schedule
            instant = nominal_times.to_instant(old_mark, zone)
        moved = nominal_times.local_now(instant, zone)
        new_mark = min(old_mark, moved)
        if last is not None:
            new_mark = max(new_mark, datetime.fromisoformat(last))
        row.watermark = new_mark.isoformat()
    row.zone = zone


async def _mark_from_now(session: AsyncSession, row: storage.ScheduleRow, now: datetime) -> datetime:
    """The watermark of a rule that counts from now, after whatever of the schedule was done or is on its way."""
    start = start_mark(rule_of(row), row.zone, now)
    last = await job_storage.last_nominal(session, row.id, left_out=False)
    return start if last is None else max(start, datetime.fromisoformat(last))
