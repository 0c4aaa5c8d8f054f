"""Which weeks count, and why: decided from what somebody did, their clock, and nothing else.

A week is named by its Monday. It ends when the member's own wall clock first shows the next one, and the next week
begins at that very instant, so however often the zone changes, the weeks follow each other without a gap and an act
lies in exactly one of them. A change of zone never ends a week earlier than the moment of the change.

Instants are UTC, dates are the member's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

GRACE = timedelta(hours=12)
"""How far into a week an act may still count for the one before, if that would otherwise be missed."""
EARNED_EVERY = 4  # counted weeks in a row for one freeze
MOST_FREEZES = 2
WEEK = timedelta(days=7)
EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    """What became of a week. The first two are of a week that can still change."""

    RUNNING = "running"
    PENDING = "pending"  # over, without an act, within the grace
    COUNTED = "counted"
    HELD = "held"
    FROZEN = "frozen"
    MISSED = "missed"


class Hold(StrEnum):
    """Why a week neither counts nor breaks anything."""

    PAUSE = "pause"
    REST = "rest"
    HOLIDAY = "holiday"
    OFF = "off"  # the community had streaks switched off
    AWAY = "away"  # the bot was


@dataclass(frozen=True)
class Done:
    """An act that makes a week count."""

    id: int
    at: datetime


@dataclass(frozen=True)
class Span:
    """From one instant until just before another, in which weeks are held."""

    start: datetime
    end: datetime
    hold: Hold

    def touches(self, start: datetime, end: datetime) -> bool:
        return self.start < end and self.end > start


@dataclass(frozen=True)
class Facts:
    """What is known of a member. `zones` are zones with the instant from which each held; the first holds ever since.
    `is_zone_own` is whether the member chose the present one."""

    zones: tuple[tuple[datetime, str], ...]
    acts: tuple[Done, ...] = ()
    spans: tuple[Span, ...] = ()
    rests: frozenset[date] = frozenset()  # Mondays
    holidays: frozenset[date] = frozenset()
    yearly_holidays: frozenset[tuple[int, int]] = frozenset()  # month and day
    is_zone_own: bool = False


@dataclass(frozen=True)
class State:
    """Where a streak stands after its last settled week, which ended at `until`.

    `carried` is an act after `until` that has counted already, for that week.
    """

    until: datetime
    monday: date | None = None
    length: int = 0
    longest: int = 0
    freezes: int = 0
    carried: int | None = None


@dataclass(frozen=True)
class Week:
    """One week and what became of it. `is_final` means that nothing will change it any more."""

    monday: date
    start: datetime
    end: datetime
    outcome: Outcome
    acts: tuple[Done, ...] = ()
    hold: Hold | None = None
    is_late: bool = False  # counted by an act within the grace
    is_final: bool = False
    after: State = field(default=State(EVER))


@dataclass(frozen=True)
class Judged:
    """A settled week as far as sums need it."""

    monday: date
    outcome: Outcome
    is_repaired: bool = False


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


@lru_cache(maxsize=4096)
def midnight(day: date, zone: str) -> datetime:
    """The first instant of the day in the zone. Where clocks skip midnight it is the end of the gap."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def zone_at(zones: Sequence[tuple[datetime, str]], at: datetime) -> str:
    """The zone that held at an instant."""
    found = zones[0][1]
    for since, zone in zones:
        if since > at:
            break
        found = zone
    return found


def week_end(monday: date, start: datetime, zones: Sequence[tuple[datetime, str]]) -> datetime:
    """The first instant from `start` on at which the member's clock shows the Monday after, or later."""
    following = monday + WEEK
    for number, (since, zone) in enumerate(zones):
        begins = since if number else EVER
        ends = zones[number + 1][0] if number + 1 < len(zones) else None
        if ends is not None and ends <= start:
            continue
        at = max(midnight(following, zone), begins, start)
        if ends is None or at < ends:
            return at
    raise AssertionError("the last zone has no end")


def effective_zones(
    own: Iterable[tuple[datetime, str | None]], everyones: Sequence[tuple[datetime, str]]
) -> tuple[tuple[datetime, str], ...]:
    """The zones that held for a member, who has the community's (`everyones`) where their own is None."""
    mine = sorted(own, key=lambda each: each[0]) or [(EVER, None)]
    theirs = sorted(everyones)
    instants = sorted({mine[0][0], *(since for since, _ in mine), *(since for since, _ in theirs)})
    found: list[tuple[datetime, str]] = []
    for at in instants:
        chosen = mine[0][1]
        for since, zone in mine:
            chosen = zone if since <= at else chosen
        zone = chosen or zone_at(theirs, at)
        if not found or found[-1][1] != zone:
            found.append((at, zone))
    return tuple(found)


def walk(state: State, facts: Facts, now: datetime) -> tuple[Week, ...]:
    """Every week from where the streak stands to the one that runs now, in order.

    What is final comes first and never changes, however late it is asked for. Nothing when no streak runs and nothing
    was done since.
    """
    acts = tuple(sorted((each for each in facts.acts if each.at <= now), key=lambda each: (each.at, each.id)))
    facts = replace(facts, acts=acts)
    weeks: list[Week] = []
    while (opening := _opening(state, facts)) is not None and opening[1] <= now:
        week = _judge(state, facts, now, *opening)
        weeks.append(week)
        if week.outcome is Outcome.RUNNING or week.end > now:
            break
        state = week.after
    return tuple(weeks)


def _opening(state: State, facts: Facts) -> tuple[date, datetime] | None:
    """The Monday and the beginning of the next week; without a streak, it begins with the next act."""
    if state.length and state.monday is not None:
        return state.monday + WEEK, state.until
    act = next((each for each in facts.acts if each.at >= state.until and each.id != state.carried), None)
    if act is None:
        return None
    local = act.at.astimezone(ZoneInfo(zone_at(facts.zones, act.at))).date()
    monday = monday_of(local)
    # Whoever moved west just then lives the end of a settled week twice: that one is over.
    return (monday if state.monday is None else max(monday, state.monday + WEEK)), act.at


def _judge(state: State, facts: Facts, now: datetime, monday: date, start: datetime) -> Week:
    end = week_end(monday, start, facts.zones)
    acts = tuple(each for each in facts.acts if start <= each.at < end and each.id != state.carried)
    week = Week(monday, start, end, Outcome.RUNNING, acts, is_final=end + GRACE <= now)
    hold = held_by(facts, monday, start, end)
    if acts:
        week = replace(week, outcome=Outcome.COUNTED)
    elif now < end:
        week = replace(week, hold=hold)
    elif hold is not None:
        week = replace(week, outcome=Outcome.HELD, hold=hold)
    else:
        late = next((each for each in facts.acts if end <= each.at < end + GRACE), None)
        if late is not None:
            week = replace(week, outcome=Outcome.COUNTED, acts=(late,), is_late=True)
        elif not week.is_final:
            week = replace(week, outcome=Outcome.PENDING)
        else:
            week = replace(week, outcome=Outcome.FROZEN if state.freezes else Outcome.MISSED)
    return replace(week, after=_after(state, week))


def _after(state: State, week: Week) -> State:
    length, freezes = count(state.length, state.freezes, week.outcome)
    return State(
        until=week.end,
        monday=week.monday,
        length=length,
        longest=max(state.longest, length),
        freezes=freezes,
        carried=week.acts[0].id if week.is_late else None,
    )


def count(length: int, freezes: int, outcome: Outcome) -> tuple[int, int]:
    """Length and freezes after a week with this outcome."""
    if outcome is Outcome.COUNTED:
        length += 1
        return length, min(MOST_FREEZES, freezes + (length % EARNED_EVERY == 0))
    if outcome is Outcome.FROZEN:
        return length, max(0, freezes - 1)
    return (0, 0) if outcome is Outcome.MISSED else (length, freezes)


def held_by(facts: Facts, monday: date, start: datetime, end: datetime) -> Hold | None:
    """Why a week in which nothing was done is held, if it is."""
    for span in facts.spans:
        if span.touches(start, end):
            return span.hold
    if monday in facts.rests:
        return Hold.REST
    days = [monday + timedelta(days=number) for number in range(7)]
    if all(day in facts.holidays or (day.month, day.day) in facts.yearly_holidays for day in days):
        return Hold.HOLIDAY
    return None


def tally(weeks: Iterable[Judged]) -> tuple[int, int, int]:
    """Length, longest and freezes after these settled weeks. A Monday that is not among them was missed."""
    length = longest = freezes = 0
    before: date | None = None
    for week in sorted(weeks, key=lambda each: each.monday):
        if before is not None and week.monday != before + WEEK:
            length = freezes = 0
        outcome = Outcome.COUNTED if week.is_repaired else week.outcome
        length, freezes = count(length, freezes, outcome)
        longest, before = max(longest, length), week.monday
    return length, longest, freezes


def repairable(weeks: Sequence[Judged], over: date, limit: int) -> tuple[date, ...]:
    """Mondays of weeks that did not count and that staff may let count, the newest first.

    `over` is the Monday of the latest week that is settled or could have been.
    """
    known = {week.monday: week for week in weeks}
    if not known:
        return ()
    first, found, monday = min(known), list[date](), over
    while monday >= first and len(found) < limit:
        week = known.get(monday)
        if week is None or (week.outcome is not Outcome.COUNTED and not week.is_repaired):
            found.append(monday)
        monday -= WEEK
    return tuple(found)
