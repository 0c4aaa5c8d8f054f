"""Recurring things: when each is due, what happens to what was missed, and how nothing fires twice.

A schedule is a local-time rule in a zone with a watermark: the last nominal time that was dealt with. When
a nominal time has come, its job is inserted under the key (schedule, nominal local date-time) and the
watermark moved, in one transaction. So every nominal time ends as exactly one of done, skipped with a
reason or failed with a reason. Guarantees, tested in `tests/bot/test_schedules.py`:

* After downtime at most one run of a schedule is caught up, the latest, as its policy says; the earlier
  ones are skipped with that reason.
* When the earliest missed run is more than 35 days old nothing is caught up: the schedule is held and staff
  are asked, since a wrong clock looks the same. If the clock was wrong and goes back, the hold ends by itself.
* Editing a schedule never makes it fire twice in one period (day, ISO week or month).
* Due schedules are taken in slices, so ten thousand at once do not stall the event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.clock import Clock
from bot.jobs import WAKE_MARK, Outcome
from bot.nominal_times import LocalRule
from storage import jobs as job_storage
from storage import schedules as storage
from storage.database import Database, mark

SLICE = 100
LONGEST_CATCH_UP = timedelta(days=35)
# A run this late is on time: the alarm clock rings at least every 30 s, and a restart takes a moment.
ON_TIME = timedelta(minutes=2)
MANY = 5000  # nominal times looked at in one go; a daily schedule reaches it after 13 years

REASON_SUPERSEDED = "missed while the bot was away; only the latest missed run is caught up"
REASON_MISSED = "missed while the bot was away"
REASON_TOO_LATE = "the bot came back too late for it"
REASON_SAME_PERIOD = "the schedule was changed after this period's run"
REASON_WAVED_OFF = "missed for more than 35 days; a facilitator chose to go on without it"


class CatchUp(StrEnum):
    """What to do with the latest run that was missed."""

    LATE_WITHIN = "late_within"  # do it if it is not later than the schedule's `late_within`: prompts
    SKIP = "skip"  # let it go: reminders of something that has begun
    ALWAYS_ONCE = "always_once"  # do it however late: pairing rounds, role hand-overs


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
            watermark=nominal_times.local_now(self._clock.now(), new.zone).isoformat(),
        )
        _write_rule(row, new.rule)
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
    ) -> Schedule | None:
        """Change the rule or zone.

        A changed rule starts from now. If this period's run was dealt with before, the run that the new rule
        would bring in the same period is skipped. A changed zone keeps the watermark: the key of a run is its
        local date-time, so what was done is not done again, and what is past already in the new zone is
        caught up as the policy says.
        """
        row = await storage.get_schedule(session, schedule_id)
        if row is None:
            return None
        if zone is not None:
            row.zone = zone
        if rule is not None:
            await self._change_rule(session, row, rule)
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def _change_rule(self, session: AsyncSession, row: storage.ScheduleRow, rule: LocalRule) -> None:
        old_mark = datetime.fromisoformat(row.watermark)
        was_dealt_with = await job_storage.exists(session, _key(row, old_mark))
        _write_rule(row, rule)
        now = self._clock.now()
        new_mark = max(old_mark, nominal_times.local_now(now, row.zone))
        upcoming = nominal_times.next_due(rule, row.zone, new_mark)
        if was_dealt_with and upcoming and nominal_times.same_period(rule, old_mark, upcoming[0]):
            new_mark = upcoming[0]
            await job_storage.add_jobs(session, [_job_row(row, new_mark, now, skipped=REASON_SAME_PERIOD)])
        row.watermark = new_mark.isoformat()

    async def rezone(self, session: AsyncSession, guild_id: int, zone: str) -> None:
        """The guild moved to another zone: its schedules keep their wall-clock times there."""
        for row in await storage.list_of_guild(session, guild_id):
            if row.follows_guild_zone and row.zone != zone:
                await self.change(session, row.id, zone=zone)

    async def pause(self, session: AsyncSession, schedule_id: int) -> None:
        """Stop until resumed. What falls into the pause is nobody's loss and is not caught up."""
        row = await storage.get_schedule(session, schedule_id)
        if row is not None and row.paused_at is None:
            row.paused_at = self._clock.now()
            row.next_run_at = None

    async def resume(self, session: AsyncSession, schedule_id: int) -> Schedule | None:
        """Go on from now, after a pause."""
        row = await storage.get_schedule(session, schedule_id)
        if row is None:
            return None
        row.paused_at = None
        now_there = nominal_times.local_now(self._clock.now(), row.zone)
        row.watermark = max(datetime.fromisoformat(row.watermark), now_there).isoformat()
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def remove(self, session: AsyncSession, schedule_id: int) -> None:
        row = await storage.get_schedule(session, schedule_id)
        if row is not None:
            await session.delete(row)
            await session.flush()

    async def go_on(self, session: AsyncSession, schedule_id: int) -> Schedule | None:
        """A person lets a held schedule go on: everything missed is skipped with that reason."""
        row = await storage.get_schedule(session, schedule_id)
        if row is None or row.held_since is None:
            return None
        now = self._clock.now()
        missed = nominal_times.due(
            _read_rule(row), row.zone, datetime.fromisoformat(row.watermark), now, MANY
        )
        await job_storage.add_jobs(
            session, [_job_row(row, nominal, now, skipped=REASON_WAVED_OFF) for nominal in missed]
        )
        if missed:
            row.watermark = missed[-1].isoformat()
        row.held_since = None
        _set_next(row)
        await session.flush()
        mark(session, WAKE_MARK)
        return snapshot(row)

    async def list_of_guild(self, session: AsyncSession, guild_id: int) -> list[Schedule]:
        return [snapshot(row) for row in await storage.list_of_guild(session, guild_id)]

    async def materialise_due(self) -> int:
        """Turn one slice of due nominal times into jobs. Returns how many schedules it looked at."""
        now = self._clock.now()
        async with self._db.begin() as session:
            rows = await storage.list_due(session, now=now, limit=SLICE)
            jobs: list[dict[str, Any]] = []
            moves: list[dict[str, Any]] = []
            for row in rows:
                rule = _read_rule(row)
                missed = nominal_times.due(rule, row.zone, datetime.fromisoformat(row.watermark), now, MANY)
                if missed and now - nominal_times.to_instant(missed[0], row.zone) > LONGEST_CATCH_UP:
                    await self._hold(session, row, now)
                    continue
                jobs.extend(_occurrences(row, missed, now))
                watermark = missed[-1] if missed else datetime.fromisoformat(row.watermark)
                upcoming = nominal_times.next_due(rule, row.zone, watermark)
                moves.append(
                    {
                        "row_id": row.id,
                        "watermark": watermark.isoformat(),
                        "next_run_at": upcoming[1] if upcoming else None,
                    }
                )
            await job_storage.add_jobs(session, jobs)
            await storage.move_watermarks(session, moves)
        return len(rows)

    async def end_false_holds(self) -> None:
        """Let schedules go on whose hold was due to a clock that has gone back since."""
        now = self._clock.now()
        async with self._db.begin() as session:
            for row in await storage.list_held(session):
                if row.next_run_at is None or now - row.next_run_at <= LONGEST_CATCH_UP:
                    row.held_since = None

    async def _hold(self, session: AsyncSession, row: storage.ScheduleRow, now: datetime) -> None:
        row.held_since = now
        if self.report_hold is not None:
            await self.report_hold(session, snapshot(row))


def snapshot(row: storage.ScheduleRow) -> Schedule:
    """The row as a value that outlives the session."""
    return Schedule(
        id=row.id,
        guild_id=row.guild_id,
        job_name=row.job_name,
        subject=row.subject,
        payload=row.payload,
        rule=_read_rule(row),
        zone=row.zone,
        next_run_at=row.next_run_at,
        paused=row.paused_at is not None,
        held=row.held_since is not None,
    )


def _occurrences(row: storage.ScheduleRow, missed: list[datetime], now: datetime) -> list[dict[str, Any]]:
    """The job rows of nominal times that have come: the latest as its policy says, the others skipped."""
    if not missed:
        return []
    *earlier, latest = missed
    jobs = [_job_row(row, nominal, now, skipped=REASON_SUPERSEDED) for nominal in earlier]
    instant = nominal_times.to_instant(latest, row.zone)
    allowed = _allowed_lateness(row)
    if allowed is not None and now - instant > allowed:
        reason = REASON_MISSED if row.catch_up == CatchUp.SKIP else REASON_TOO_LATE
        jobs.append(_job_row(row, latest, now, skipped=reason))
    else:
        jobs.append(_job_row(row, latest, now, expires_at=instant + allowed if allowed is not None else None))
    return jobs


def _allowed_lateness(row: storage.ScheduleRow) -> timedelta | None:
    """How late a run may still be done; None means however late."""
    if row.catch_up == CatchUp.ALWAYS_ONCE:
        return None
    if row.catch_up == CatchUp.SKIP:
        return ON_TIME
    return max(ON_TIME, timedelta(seconds=row.late_within))


def _job_row(
    row: storage.ScheduleRow,
    nominal: datetime,
    now: datetime,
    *,
    skipped: str | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    return {
        "name": row.job_name,
        "guild_id": row.guild_id,
        "key": _key(row, nominal),
        "payload": row.payload,
        "run_at": nominal_times.to_instant(nominal, row.zone),
        "expires_at": expires_at,
        "schedule_id": row.id,
        "nominal": nominal.isoformat(),
        "created_at": now,
        "outcome": Outcome.SKIPPED.value if skipped else None,
        "reason": skipped,
        "finished_at": now if skipped else None,
    }


def _key(row: storage.ScheduleRow, nominal: datetime) -> str:
    return f"schedule:{row.id}:{nominal.isoformat()}"


def _set_next(row: storage.ScheduleRow) -> None:
    if row.paused_at is not None:
        row.next_run_at = None
        return
    upcoming = nominal_times.next_due(_read_rule(row), row.zone, datetime.fromisoformat(row.watermark))
    row.next_run_at = upcoming[1] if upcoming else None


def _read_rule(row: storage.ScheduleRow) -> LocalRule:
    return LocalRule(
        rrule=row.rrule,
        time=time.fromisoformat(row.time),
        start=date.fromisoformat(row.start),
        except_dates=frozenset(date.fromisoformat(each) for each in row.except_dates.split(",") if each),
    )


def _write_rule(row: storage.ScheduleRow, rule: LocalRule) -> None:
    row.rrule = rule.rrule
    row.time = rule.time.strftime("%H:%M")
    row.start = rule.start.isoformat()
    row.except_dates = ",".join(sorted(each.isoformat() for each in rule.except_dates))
