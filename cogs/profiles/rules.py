"""Decisions about profiles: how hours are asked for, when a check-in is due, and what has changed between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import InvalidInput

HOURS = (2, 5, 10, 20)  # the most hours a week of each answer that can be chosen
CHECKIN_AFTER = timedelta(weeks=4)
STATEMENTS = 5
LONGEST_STATEMENT = 45
LEAST, MOST = 1, 5


@dataclass(frozen=True)
class Checkin:
    """What somebody said at one time: each statement with 1 (not yet) to 5 (could teach it)."""

    taken_at: datetime
    answers: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Line:
    """One statement: what was said first and, if it was asked again, last."""

    statement: str
    then: int
    now: int | None


def bracket(hours: int | None) -> int | None:
    """The answer that stands for a number of hours a week."""
    if hours is None:
        return None
    return next((most for most in HOURS if hours <= most), HOURS[-1])


def hours_after(stored: int | None, chosen: int | None) -> int | None:
    """The hours to keep: what was said exactly is not made coarser by an answer that means the same."""
    return stored if bracket(stored) == chosen else chosen


def next_checkin(checkins: Sequence[Checkin]) -> datetime | None:
    """When it can be answered again; None when it was never answered, so at once."""
    return checkins[-1].taken_at + CHECKIN_AFTER if checkins else None


def is_due(checkins: Sequence[Checkin], now: datetime) -> bool:
    """Whether it may be answered now. Not sooner than after four weeks, or it would measure a mood."""
    at = next_checkin(checkins)
    return at is None or at <= now


def side_by_side(checkins: Sequence[Checkin]) -> tuple[Line, ...]:
    """The first answers beside the last."""
    if not checkins:
        return ()
    last = dict(checkins[-1].answers) if len(checkins) > 1 else {}
    return tuple(Line(statement, then, last.get(statement)) for statement, then in checkins[0].answers)


def read_answers(statements: Sequence[str], given: Sequence[str | None]) -> tuple[tuple[str, int], ...]:
    """The answers of a form. Raises `InvalidInput` when one is missing or none of the five."""
    chosen = [int(each) if each is not None and each in {"1", "2", "3", "4", "5"} else 0 for each in given]
    if len(chosen) != len(statements) or not all(LEAST <= each <= MOST for each in chosen):
        raise InvalidInput("Please choose one answer for each of the five.")
    return tuple(zip(statements, chosen, strict=True))
