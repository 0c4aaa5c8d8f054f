"""What the passage of time does to one schedule: decisions over a row, without the database.

Everything that `bot/schedules.py` writes about a nominal time is made here. Tested in `tests/bot/test_schedules.py`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot import nominal_times
from bot.i18n import N_
from bot.jobs import Outcome
from bot.nominal_times import LocalRule
from storage import schedules as storage

log = logging.getLogger(__name__)

LONGEST_CATCH_UP = timedelta(days=35)
# A run this late is on time: the alarm clock rings at least every 30 s, and a restart takes a moment.
ON_TIME = timedelta(minutes=2)
UNREADABLE_PAUSE = timedelta(hours=1)
MANY = 5000  # nominal times looked at in one go; a daily schedule reaches it after 13 years
_DAY = timedelta(days=1)
_DAY_OF_A_YEAR = len("12-25")  # how such a day is written among the dates of a schedule that are left out

REASON_SUPERSEDED = N_("missed while the bot was away; only the latest missed run is caught up")
REASON_MISSED = N_("missed while the bot was away")
REASON_TOO_LATE = N_("the bot came back too late for it")
REASON_SAME_PERIOD = N_("the schedule was changed after this period's run")
REASON_WAVED_OFF = N_("missed for more than 35 days; a facilitator chose to go on without it")
REASON_PAUSED = N_("paused before it could run")
REASON_REMOVED = N_("removed before it could run")

AnyRow = storage.ScheduleRow | storage.DueSchedule


class CatchUp(StrEnum):
    """What to do with the latest run that was missed."""

    LATE_WITHIN = "late_within"  # do it if it is not later than the schedule's `late_within`: prompts
    SKIP = "skip"  # let it go: reminders of something that has begun
    ALWAYS_ONCE = "always_once"  # do it however late: pairing rounds, role hand-overs


@dataclass(frozen=True)
class Passed:
    """What the passage of time does to a schedule: jobs for what has come, or a refusal to catch up."""

    jobs: list[dict[str, Any]]
    watermark: str
    next_run_at: datetime | None
    refused_since: datetime | None = None  # the earliest missed run, when that is too long ago


def pass_time(row: AnyRow, now: datetime) -> Passed:
    """What becomes of the schedule's nominal times that have come since its watermark."""
    missed: list[tuple[datetime, datetime]] = []
    next_run_at = None
    try:
        for nominal in nominal_times.occurrences(rule_of(row), datetime.fromisoformat(row.watermark)):
            instant = nominal_times.to_instant(nominal, row.zone)
            if instant > now:
                next_run_at = instant
                break
            if now - instant > LONGEST_CATCH_UP:
                return Passed([], row.watermark, None, refused_since=instant)
            missed.append((nominal, instant))
    except ValueError:
        # Time-zone data that lost a zone. One schedule that cannot be read must not stop the others.
        log.exception("schedule=%s guild=%s cannot be read; next look in an hour", row.id, row.guild_id)
        return Passed([], row.watermark, now + UNREADABLE_PAUSE)
    if not missed:
        return Passed([], row.watermark, next_run_at)
    return Passed(_occurrences(row, missed, now), missed[-1][0].isoformat(), next_run_at)


def _occurrences(row: AnyRow, missed: list[tuple[datetime, datetime]], now: datetime) -> list[dict[str, Any]]:
    """The job rows of nominal times that have come: the latest as its policy says, the others skipped."""
    *earlier, (latest, instant) = missed
    jobs = [job_row(row, *each, now, skipped=REASON_SUPERSEDED) for each in earlier]
    allowed = _allowed_lateness(row)
    expires_at = skipped = None
    if allowed is not None:
        expires_at = instant + allowed
        if now > expires_at:
            skipped = REASON_MISSED if row.catch_up == CatchUp.SKIP else REASON_TOO_LATE
    jobs.append(job_row(row, latest, instant, now, skipped=skipped, expires_at=expires_at))
    return jobs


def _allowed_lateness(row: AnyRow) -> timedelta | None:
    """How late a run may still be done; None means however late."""
    if row.catch_up == CatchUp.ALWAYS_ONCE:
        return None
    if row.catch_up == CatchUp.SKIP:
        return ON_TIME
    return max(ON_TIME, timedelta(seconds=row.late_within))


def job_row(
    row: AnyRow,
    nominal: datetime,
    instant: datetime,
    now: datetime,
    *,
    skipped: str | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    """The job of a nominal time, to be run or, with a reason in `skipped`, over before it began."""
    return {
        "name": row.job_name,
        "guild_id": row.guild_id,
        "key": f"schedule:{row.id}:{nominal.isoformat()}",
        "payload": row.payload,
        "run_at": instant,
        "expires_at": expires_at,
        "schedule_id": row.id,
        "nominal": nominal.isoformat(),
        "created_at": now,
        "outcome": Outcome.SKIPPED.value if skipped else None,
        "reason": skipped,
        "finished_at": now if skipped else None,
    }


def start_mark(rule: LocalRule, zone: str, now: datetime) -> datetime:
    """The watermark that leaves of a rule exactly the runs whose instant is still to come.

    That is what the clock shows, except around a change of the clocks: a run that it shows as still to come may
    have passed in the first pass of a repeated hour, and one in the gap may be yet to come.
    """
    there = nominal_times.local_now(now, zone)
    passed = nominal_times.due(rule, zone, there - _DAY, now, MANY)
    last = passed[-1] if passed else there - _DAY
    upcoming = nominal_times.next_due(rule, zone, last)
    return last if last > there or (upcoming is not None and upcoming[0] <= there) else there


def rule_of(row: AnyRow) -> LocalRule:
    """The rule as it stands in the row."""
    return _read_rule(row.rrule, row.time, row.start, row.except_dates)


@lru_cache(maxsize=4096)
def _read_rule(rrule: str, at: str, start: str, except_dates: str) -> LocalRule:
    left_out = [each for each in except_dates.split(",") if each]
    return LocalRule(
        rrule=rrule,
        time=time.fromisoformat(at),
        start=date.fromisoformat(start),
        except_dates=frozenset(date.fromisoformat(each) for each in left_out if len(each) > _DAY_OF_A_YEAR),
        except_days=frozenset(
            (int(each[:2]), int(each[3:])) for each in left_out if len(each) == _DAY_OF_A_YEAR
        ),
    )


def write_rule(row: storage.ScheduleRow, rule: LocalRule) -> None:
    """Put the rule into the row."""
    row.rrule = rule.rrule
    row.time = rule.time.strftime("%H:%M")
    row.start = rule.start.isoformat()
    days = [f"{month:02}-{day:02}" for month, day in sorted(rule.except_days)]
    row.except_dates = ",".join([*days, *sorted(each.isoformat() for each in rule.except_dates)])
