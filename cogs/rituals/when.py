"""Between what facilitators choose and the rule of the schedule."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from bot import nominal_times
from bot.nominal_times import WEEKDAY_CODES, LocalRule
from cogs.rituals import rules
from cogs.rituals.rules import Repeat, When

_SHOWN = 3


def rule_for(when: When, now: datetime, zone: str) -> LocalRule:
    """The rule that begins now (UTC) in the zone."""
    here = nominal_times.local_now(now, zone)
    start = rules.first_date(when, here.date(), is_past=here.time() >= when.time)
    weeks, nth = when.repeat.weeks, when.repeat.nth
    if weeks is not None:
        return nominal_times.weekly([when.weekday], when.time, start, every=weeks)
    if nth is not None:
        return nominal_times.monthly_nth_weekday(nth, when.weekday, when.time, start)
    return nominal_times.monthly_on_day(31, when.time, start)


def when_of(rule: LocalRule) -> When:
    """What was chosen."""
    body = rule.rrule
    day = re.search(r"BYDAY=(-?\d)?([A-Z]{2})", body)
    interval = re.search(r"INTERVAL=(\d)", body)
    if day is None:
        return When(Repeat.LAST_DAY, 0, rule.time)
    weekday = WEEKDAY_CODES.index(day[2])
    if body.startswith("FREQ=WEEKLY"):
        return When(Repeat(f"every-{interval[1] if interval else 1}"), weekday, rule.time)
    return When(Repeat("month-last" if day[1] == "-1" else f"month-{day[1]}"), weekday, rule.time)


def changed(rule: LocalRule, when: When, now: datetime, zone: str) -> LocalRule:
    """The rule with another choice. Where only the hour changes, the weeks are counted from where they were."""
    before = when_of(rule)
    if (before.repeat, before.weekday) == (when.repeat, when.weekday):
        return replace(rule, time=when.time)
    return rule_for(when, now, zone)


def without(rule: LocalRule, left_out: Collection[date], holidays: Mapping[str, Any]) -> LocalRule:
    """The rule that leaves out these dates and the community's holidays ("2026-12-24", "12-25")."""
    dates = {date.fromisoformat(each) for each in holidays if len(each) > len("12-25")}
    days = {(int(each[:2]), int(each[3:])) for each in holidays if len(each) == len("12-25")}
    # What lies before the rule cannot fire, and the row has room for so many only.
    wanted = frozenset(each for each in dates | set(left_out) if each >= rule.start)
    return replace(rule, except_dates=wanted, except_days=frozenset(days))


def next_dates(rule: LocalRule, zone: str, now: datetime) -> tuple[datetime, ...]:
    """The next three instants (UTC)."""
    here = nominal_times.local_now(now, zone)
    upcoming = (nominal_times.to_instant(each, zone) for each in nominal_times.occurrences(rule, here))
    return tuple(islice((each for each in upcoming if each > now), _SHOWN))


def dates_text(left_out: Collection[date]) -> str:
    """What `rules.read_dates` reads, and what the row keeps."""
    return ",".join(sorted(each.isoformat() for each in left_out))


def dates_of(text: str | None) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in (text or "").split(",") if each)
