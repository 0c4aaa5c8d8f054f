"""When something scheduled is due: rules in local wall-clock time, and the instants they stand for.

A *nominal time* is a naive `datetime`: what the clock on the wall of the community shows ("Monday 09:00").
It identifies an occurrence for ever; the instant it stands for depends on the zone and on the time-zone data
of the day, so it is worked out late, by `to_instant`. Nothing here knows what time it is.

The recurrence is expanded over naive times by `dateutil.rrule` and only then placed in the zone. Triggers
that do arithmetic on zoned times lose runs just after the clocks change; this order cannot.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import rrule as recurrence

_FREQUENCIES: dict[str, Literal[0, 1, 2, 3]] = {
    "DAILY": recurrence.DAILY,
    "WEEKLY": recurrence.WEEKLY,
    "MONTHLY": recurrence.MONTHLY,
    "YEARLY": recurrence.YEARLY,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = "%Y%m%dT%H%M%S"

_LONGEST_INTERVAL = 1000
"""Ours: nobody plans "every 1001 days", and it bounds the search for the next occurrence."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2500
"""Ours: a start beyond is a typing mistake, and the arithmetic stays clear of the ends of the calendar."""

_A_LEAP_YEAR = 2000

_LONGEST_DRY_SPELL = 41
"""In years. 29 February on a given weekday comes once in 28 or 40 years; what is silent longer never fires."""


class InvalidRule(ValueError):
    """The recurrence cannot be used; the text says which part and why, for whoever wrote the rule."""


class UnknownZone(ValueError):
    """Not the name of an IANA time zone that this machine knows."""


@dataclass(frozen=True, slots=True)
class LocalRule:
    """A recurrence in local time.

    `rrule` is the body of an RFC 5545 RRULE ("FREQ=WEEKLY;BYDAY=MO") with the keys FREQ (daily to yearly),
    INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST and UNTIL (a local date-time such as
    20261231T235959, inclusive). COUNT is refused: an end is a date, so that an occurrence can be found
    without counting from the start. Sub-daily frequencies are refused: the hour is `time` (naive, whole
    minutes).

    `start` is the first date on which the rule may fire and sets the phase of INTERVAL; it is not an
    occurrence by itself. Nothing fires on `except_dates`, nor on `except_days`, which are a month and a day of every
    year (a holiday), and the phase stays as it was.

    Raises `InvalidRule` for anything else, and for a rule that would never fire (the 31st of February).
    """

    rrule: str
    time: dt.time
    start: dt.date
    except_dates: frozenset[dt.date] = field(default_factory=frozenset[dt.date])
    except_days: frozenset[tuple[int, int]] = field(default_factory=frozenset[tuple[int, int]])

    def __post_init__(self) -> None:
        if self.time.tzinfo is not None or self.time.second or self.time.microsecond:
            raise InvalidRule(f"the time of day must be local and in whole minutes, not {self.time!r}")
        if isinstance(self.start, dt.datetime) or any(
            isinstance(day, dt.datetime) for day in self.except_dates
        ):
            raise InvalidRule("start and except_dates are dates without a time")
        if not _FIRST_YEAR <= self.start.year <= _LAST_YEAR:
            raise InvalidRule(f"start must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}, not {self.start}")
        for month, day in self.except_days:
            if not (1 <= month <= 12 and 1 <= day <= monthrange(_A_LEAP_YEAR, month)[1]):
                raise InvalidRule(f"no year has a day {month:02}-{day:02}")
        if not _ever_fires(_parse(self.rrule), self.start):
            raise InvalidRule(f"{self.rrule!r} never fires")
        if self.except_days and not _fires_beside(_parse(self.rrule), self.start, self.except_days):
            raise InvalidRule(f"{self.rrule!r} would fire on days that are left out, and on no other")

    def leaves_out(self, day: dt.date) -> bool:
        """Whether nothing fires on this date, whatever the recurrence says."""
        return day in self.except_dates or (day.month, day.day) in self.except_days


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A validated RRULE body. `by` holds the keyword arguments for `dateutil.rrule.rrule`.

    Compared by identity, because the mapping cannot be hashed; `_parse` keeps one object a body.
    """

    frequency: str
    interval: int
    week_start: int
    until: dt.datetime | None
    by: Mapping[str, Any]


def daily(time: dt.time, start: dt.date, every: int = 1) -> LocalRule:
    """Each day, or each `every` days counted from `start`."""
    return LocalRule(f"FREQ=DAILY;INTERVAL={every}", time, start)


def weekly(days: Iterable[int], time: dt.time, start: dt.date, every: int = 1) -> LocalRule:
    """On these weekdays (0 is Monday) of each week, or each `every` weeks counted from the week of `start`."""
    names = ",".join(_weekday_name(day) for day in sorted(set(days)))
    return LocalRule(f"FREQ=WEEKLY;INTERVAL={every};BYDAY={names}", time, start)


def monthly_on_day(day: int, time: dt.time, start: dt.date, every: int = 1) -> LocalRule:
    """On this day of the month; a month that is too short fires on its last day.

    The 31st thus fires on 30 April and on 28 or 29 February, so no month goes without.
    """
    if not 1 <= day <= 31:
        raise InvalidRule(f"a month has no day {day}")
    # Of the candidates from 28 to the wanted day, BYSETPOS=-1 keeps the last one that the month has.
    days = str(day) if day <= 28 else ",".join(map(str, range(28, day + 1))) + ";BYSETPOS=-1"
    return LocalRule(f"FREQ=MONTHLY;INTERVAL={every};BYMONTHDAY={days}", time, start)


def monthly_nth_weekday(nth: int, weekday: int, time: dt.time, start: dt.date, every: int = 1) -> LocalRule:
    """On the first to fourth (1 to 4) or last (-1) such weekday (0 is Monday) of the month."""
    if nth not in (1, 2, 3, 4, -1):
        raise InvalidRule(
            "a month always has only a first to fourth (1 to 4) and a last (-1) of each weekday"
        )
    return LocalRule(f"FREQ=MONTHLY;INTERVAL={every};BYDAY={nth}{_weekday_name(weekday)}", time, start)


def to_instant(nominal: dt.datetime, zone: str) -> dt.datetime:
    """The UTC instant of a nominal time in a zone.

    A time that the clocks skip moves forward by the length of the gap (02:30 becomes 03:30); a time that they
    show twice means its first pass. A zone that drops a whole date (Pacific/Apia, 30 December 2011) puts that
    date's nominal time at the instant of the next date's. Raises `UnknownZone`.
    """
    if nominal.tzinfo is not None:
        raise ValueError(f"a nominal time has no zone of its own: {nominal!r}")
    return nominal.replace(tzinfo=_zone(zone), fold=0).astimezone(dt.UTC)


def local_now(now: dt.datetime, zone: str) -> dt.datetime:
    """What the wall clock in `zone` shows at the aware instant `now`. Raises `UnknownZone`."""
    return _aware(now).astimezone(_zone(zone)).replace(tzinfo=None, fold=0)


def occurrences(rule: LocalRule, after: dt.datetime) -> Iterator[dt.datetime]:
    """The nominal times strictly after `after`, in order; endless unless the rule has an end.

    The expansion begins in the period of `after`, so the cost does not grow with the age of the rule: about
    20 microseconds to the first result, whether the rule started last week or 26 years ago.
    """
    parts = _parse(rule.rrule)
    first = max(after.date(), rule.start)
    for nominal in _expand(parts, rule.start, first, rule.time):
        if nominal > after and nominal.date() >= rule.start and not rule.leaves_out(nominal.date()):
            yield nominal


def due(
    rule: LocalRule, zone: str, watermark: dt.datetime, now: dt.datetime, limit: int
) -> list[dt.datetime]:
    """The nominal times after `watermark` whose instant is not after `now`, oldest first, at most `limit`.

    `watermark` is nominal (the last time dealt with), so changing the zone neither repeats nor loses a date.
    Stopping at the first time that is not due yet is safe: a rule fires at most once a date, and no zone
    moves a time by more than the 24 hours between two of them, so the instants never run backwards.
    Raises `UnknownZone`.
    """
    _aware(now)
    reached = takewhile(lambda nominal: to_instant(nominal, zone) <= now, occurrences(rule, watermark))
    return list(islice(reached, limit))


def next_due(rule: LocalRule, zone: str, watermark: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """The first nominal time after `watermark` and its UTC instant; None when the rule has ended.

    Raises `UnknownZone`.
    """
    for nominal in occurrences(rule, watermark):
        return nominal, to_instant(nominal, zone)
    return None


def same_period(rule: LocalRule, a: dt.datetime, b: dt.datetime) -> bool:
    """Whether one firing of the rule serves both nominal times: an edited schedule then does not fire again.

    The period is the ISO week for a weekly rule, the calendar month for a monthly and the year for a yearly
    one. Where the rule fires several times in it ("Monday and Thursday") the period is the date, as for a
    daily rule, for its second firing in a week is not a repetition of the first.
    """
    parts = _parse(rule.rrule)
    period = _period_of(parts.frequency, b)
    if a.date() == b.date() or _period_of(parts.frequency, a) != period:
        return a.date() == b.date()
    # Six days earlier is always before the period or in its first days, whichever day WKST starts a week on.
    from_before = _expand(parts, rule.start, b.date() - dt.timedelta(days=6), rule.time)
    up_to_it = takewhile(lambda nominal: _period_of(parts.frequency, nominal) <= period, from_before)
    firings = sum(_period_of(parts.frequency, nominal) == period for nominal in up_to_it)
    return firings <= 1


def _period_of(frequency: str, nominal: dt.datetime) -> tuple[int, ...]:
    match frequency:
        case "WEEKLY":
            return nominal.isocalendar()[:2]
        case "MONTHLY":
            return nominal.year, nominal.month
        case "YEARLY":
            return (nominal.year,)
        case _:
            return nominal.year, nominal.month, nominal.day


def _expand(parts: _Parts, start: dt.date, first: dt.date, time: dt.time) -> Iterator[dt.datetime]:
    """The rule's nominal times from the beginning of the period of `first`, in phase with `start`.

    Beginning at the start of a period, with the defaults that RFC 5545 takes from the start date made
    explicit, gives the same set as beginning at `start` itself: the caller drops what lies before it.
    """
    given = parts.by.keys()
    implied: tuple[tuple[str, Any], ...] = ()
    if parts.frequency == "WEEKLY" and "byweekday" not in given:
        implied = (("byweekday", (recurrence.weekday(start.weekday()),)),)
    elif parts.frequency in ("MONTHLY", "YEARLY") and not given & {"byweekday", "bymonthday"}:
        implied = (("bymonthday", (start.day,)),)
        if parts.frequency == "YEARLY" and "bymonth" not in given:
            implied += (("bymonth", (start.month,)),)
    return iter(_recurrence(parts, implied, dt.datetime.combine(_anchor(parts, start, first), time)))


@lru_cache(maxsize=256)
def _recurrence(parts: _Parts, implied: tuple[tuple[str, Any], ...], begins: dt.datetime) -> recurrence.rrule:
    """Kept, because many schedules fall due in one instant by the same rule, and making one takes as long as asking it."""
    return recurrence.rrule(
        _FREQUENCIES[parts.frequency],
        dtstart=begins,
        interval=parts.interval,
        wkst=parts.week_start,
        until=parts.until,
        **parts.by,
        **dict(implied),
    )


def _anchor(parts: _Parts, start: dt.date, first: dt.date) -> dt.date:
    """The first day of a period: the latest not after `first`, whole intervals away from that of `start`."""
    step = parts.interval
    if parts.frequency == "YEARLY":
        return dt.date(start.year + (first.year - start.year) // step * step, 1, 1)
    if parts.frequency == "MONTHLY":
        months = (first.year - start.year) * 12 + first.month - start.month
        year, month = divmod(start.year * 12 + start.month - 1 + months // step * step, 12)
        return dt.date(year, month + 1, 1)
    if parts.frequency == "WEEKLY":
        start -= dt.timedelta(days=(start.weekday() - parts.week_start) % 7)
        step *= 7
    return start + dt.timedelta(days=(first - start).days // step * step)


@lru_cache(maxsize=4096)
def _ever_fires(parts: _Parts, start: dt.date) -> bool:
    """Whether the rule, its end left aside, has an occurrence at all.

    `dateutil` searches for a first occurrence up to the year 9999, half a second for a hopeless rule. The
    calendar repeats to the day every 400 years, weekdays included, so the search begins near that end.
    """
    endless = _Parts(parts.frequency, parts.interval, parts.week_start, None, parts.by)
    cycles = (dt.MAXYEAR - _LONGEST_DRY_SPELL - start.year) // 400
    late = start + dt.timedelta(days=146_097 * cycles)
    return any(nominal.date() >= late for nominal in _expand(endless, late, late, dt.time()))


@lru_cache(maxsize=4096)
def _fires_beside(parts: _Parts, start: dt.date, left_out: frozenset[tuple[int, int]]) -> bool:
    """Whether the rule fires on other days than these within the longest time that one may be silent."""
    last = start.year + _LONGEST_DRY_SPELL
    firings = takewhile(lambda each: each.year <= last, _expand(parts, start, start, dt.time()))
    return any((each.month, each.day) not in left_out for each in firings if each.date() >= start)


@lru_cache(maxsize=4096)
def _parse(body: str) -> _Parts:
    given = _split(body)
    frequency = given.pop("FREQ", "missing")
    if frequency not in _FREQUENCIES:
        raise InvalidRule(f"FREQ must be one of {', '.join(_FREQUENCIES)} in {body!r}")
    interval = _whole_number(given.pop("INTERVAL", "1"), 1, _LONGEST_INTERVAL, "INTERVAL")
    week_start = _weekday_number(given.pop("WKST", "MO"))
    until = given.pop("UNTIL", None)
    by: dict[str, Any] = {}
    for key, value in given.items():
        if key == "BYDAY":
            by["byweekday"] = tuple(_by_weekday(item, frequency) for item in value.split(","))
        elif key == "BYMONTHDAY" and frequency != "WEEKLY":
            by["bymonthday"] = _signed_numbers(value, 31, key)
        elif key == "BYMONTH":
            by["bymonth"] = tuple(_whole_number(item, 1, 12, key) for item in value.split(","))
        elif key == "BYSETPOS" and given.keys() & {"BYDAY", "BYMONTHDAY"}:
            by["bysetpos"] = _signed_numbers(value, 366, key)
        else:
            raise InvalidRule(f"{key} cannot be used in {body!r}")
    return _Parts(frequency, interval, week_start, None if until is None else _local_date_time(until), by)


def _split(body: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in body.split(";"):
        key, equals, value = part.partition("=")
        if not equals or not value or key in given:
            raise InvalidRule(f"{part!r} is not a KEY=VALUE of its own in {body!r}")
        given[key] = value
    return given


def _whole_number(value: str, lowest: int, highest: int, key: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", value) or not lowest <= int(value) <= highest:
        raise InvalidRule(f"{key} must be a whole number from {lowest} to {highest}, not {value!r}")
    return int(value)


def _signed_numbers(value: str, highest: int, key: str) -> tuple[int, ...]:
    """Positions counted from the beginning (1) or from the end (-1): 0 is neither."""
    numbers = tuple(_whole_number(item, -highest, highest, key) for item in value.split(","))
    if 0 in numbers:
        raise InvalidRule(f"{key} counts from 1 or from -1, never 0")
    return numbers


def _by_weekday(value: str, frequency: str) -> recurrence.weekday:
    found = _BY_WEEKDAY.fullmatch(value)
    if found is None or (found[1] and frequency not in ("MONTHLY", "YEARLY")):
        raise InvalidRule(f"{value!r} is not a weekday that a {frequency} rule can use")
    return recurrence.weekday(_weekday_number(found[2]), int(found[1]) if found[1] else None)


def _weekday_number(name: str) -> int:
    if name not in WEEKDAY_CODES:
        raise InvalidRule(f"{name!r} is not a weekday (MO to SU)")
    return WEEKDAY_CODES.index(name)


def _weekday_name(number: int) -> str:
    if not 0 <= number <= 6:
        raise InvalidRule(f"weekdays are 0 (Monday) to 6 (Sunday), not {number}")
    return WEEKDAY_CODES[number]


def _local_date_time(value: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(value, _UNTIL)  # noqa: DTZ007 - UNTIL is local time by definition here
    except ValueError:
        raise InvalidRule(f"UNTIL must be a local date-time such as 20261231T235959, not {value!r}") from None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # A folder of the zone database ("Europe") is an OSError, a path that leaves it a ValueError.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(f"unknown time zone: {name!r}") from None


def _aware(instant: dt.datetime) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {instant!r}")
    return instant
