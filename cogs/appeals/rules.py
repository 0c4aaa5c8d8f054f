"""Decisions about appeals: what can be appealed and when, who judges it, and what the figures say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, TooSoon

NOBODY = 0
LONGEST_WORDS = 1500
LONGEST_ANSWER = 1000
MOST_APPEALS = 2  # of one case: the first, and once again
MOST_DAYS = 365
MOST_PROMISE = 60
LEAST_IN_A_CELL = 5
_SPAN = re.compile(r"(?P<number>[0-9]{1,4})\s*(?P<unit>[hdw]?)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
# How long after an appeal staff are reminded, as parts of the time that was promised.
REMINDERS = (0.5, 0.85, 1.0)


class State(StrEnum):
    """What became of an appeal."""

    OPEN = "open"
    UPHELD = "upheld"  # what was done stands
    OVERTURNED = "overturned"  # it was undone
    SHORTENED = "shortened"  # it ends sooner
    ENDED = "ended"  # the case ended otherwise meanwhile: staff lifted it, or it is gone


JUDGED = frozenset({State.UPHELD, State.OVERTURNED, State.SHORTENED})


@dataclass(frozen=True)
class Limits:
    """What a community decided, in days."""

    within: int = 30
    again: int = 14
    promise: int = 7


@dataclass(frozen=True)
class Contested:
    """A case, as far as it matters here. `confirmed_by`: who decided on it with its moderator. `is_open_to`: its kind can
    be appealed and it is not hidden."""

    member_id: int
    moderator_id: int
    created_at: datetime
    is_open_to: bool = True
    is_overturned: bool = False
    confirmed_by: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Made:
    """An appeal that was made of the same case."""

    state: State
    at: datetime
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Judge:
    """Somebody who wants to decide. `others` are the moderators beside them who could."""

    member_id: int
    others: frozenset[int] = frozenset()


_Appeal = tuple[str, State, datetime, datetime | None]


@dataclass(frozen=True)
class Figure:
    """Appeals about one kind of case that were judged; `overturned` is None where it is too small to be told."""

    kind: str
    judged: int
    overturned: int | None


@dataclass(frozen=True)
class Figures:
    """What came of the appeals of a community; None where it is too small to be told."""

    waiting: int
    decided: int | None
    overturned: int | None
    shortened: int | None
    median_wait: timedelta | None
    kinds: tuple[Figure, ...]


# ---------------------------------------------------------------------------------------------- appealing


def check_appeal(
    case: Contested, made: Sequence[Made], member_id: int, now: datetime, limits: Limits
) -> None:
    """Whether this member may appeal the case now.

    Raises `NotFound` for somebody else's or for what cannot be appealed, `AlreadyDone`, `NotAllowed` when it is too late,
    `TooSoon` for the second time.
    """
    if case.member_id != member_id or member_id == NOBODY or not case.is_open_to:
        raise NotFound(
            "There is nothing of yours here that could be appealed. See {command}.", command="`/standing`"
        )
    if case.is_overturned:
        raise AlreadyDone("This was taken back already. It does not count any more.")
    if any(each.state is State.OPEN for each in made):
        raise AlreadyDone("Your appeal is with staff already. You hear as soon as somebody has decided.")
    judged = [each for each in made if each.state in JUDGED]
    if len(judged) >= MOST_APPEALS:
        raise AlreadyDone("Staff have looked at this twice, and it stays as it is.")
    if judged:
        _check_again(judged[-1], now, limits)
    elif now - case.created_at > timedelta(days=limits.within):
        raise NotAllowed(
            "The {days}-day limit for an appeal has passed. You can still speak to a moderator.",
            days=limits.within,
        )


def _check_again(last: Made, now: datetime, limits: Limits) -> None:
    """A second appeal: not before `again` days after the first was decided, and within as many as a first one."""
    decided_at = last.decided_at or last.at
    earliest = decided_at + timedelta(days=limits.again)
    if now < earliest:
        raise TooSoon("Staff have looked at it a short while ago. You can ask once more.", retry_at=earliest)
    if now - earliest > timedelta(days=limits.within):
        raise NotAllowed(
            "Your appeal was decided, and the {days}-day limit for another has passed. You can still speak to a moderator.",
            days=limits.within + limits.again,
        )


def may_appeal(case: Contested, made: Sequence[Made], member_id: int, now: datetime, limits: Limits) -> bool:
    """Whether the button is worth showing."""
    try:
        check_appeal(case, made, member_id, now, limits)
    except (NotFound, AlreadyDone, NotAllowed, TooSoon):
        return False
    return True


def check_words(words: str) -> str:
    """Why it should be looked at again. Raises `InvalidInput` when it is empty or too long."""
    if not any(each.isalnum() for each in words):
        raise InvalidInput("Why should it be looked at again? A line or two in your own words is enough.")
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            "That is long: {length} characters, and {most} fit. What matters most is enough.",
            length=len(words),
            most=LONGEST_WORDS,
        )
    return words


# ---------------------------------------------------------------------------------------------- judging


def check_judge(judge: Judge, case: Contested) -> bool:
    """Whether somebody may decide; True when it is their own case because there is nobody else, which is written down.

    Raises `NotAllowed`.
    """
    if judge.member_id == case.member_id:
        raise NotAllowed("This is your own appeal. Somebody else of staff decides it.")
    involved = case.confirmed_by | {case.moderator_id}
    if judge.member_id not in involved:
        return False
    if judge.others - involved - {case.member_id}:
        raise NotAllowed("You decided this case, so somebody else looks at the appeal.")
    return True


def check_open(state: State) -> None:
    """Raises `AlreadyDone`."""
    if state is not State.OPEN:
        raise AlreadyDone("Somebody has decided this appeal already.")


def shortened_end(now: datetime, ends_at: datetime | None, span: timedelta) -> datetime:
    """The new end, so long from now. Raises `InvalidInput` when it is no sooner than the present one."""
    end = now + span
    if ends_at is not None and end >= ends_at:
        raise InvalidInput("That is not sooner than its present end. Choose a shorter time.")
    return end


def read_span(typed: str) -> timedelta:
    """Hours, days or weeks, such as 12h, 3d or 2w; a bare number is days. Raises `InvalidInput`."""
    found = _SPAN.fullmatch(typed.strip().casefold())
    span = int(found["number"]) * _UNITS[found["unit"] or "d"] if found is not None else timedelta(0)
    if not timedelta(0) < span <= timedelta(days=MOST_DAYS):
        raise InvalidInput("How long from now? For instance 12h, 3d or 2w, at most a year.")
    return span


def read_days(typed: str, least: int, most: int) -> int:
    """A whole number of days. Raises `InvalidInput`."""
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not least <= int(text) <= most:
        raise InvalidInput("Please type a whole number from {least} to {most}.", least=least, most=most)
    return int(text)


# ---------------------------------------------------------------------------------------------- waiting


def reminders(at: datetime, promise: timedelta) -> tuple[datetime, ...]:
    """When staff are reminded of an appeal that nobody has decided, the last time when its promise is over."""
    return tuple(at + promise * part for part in REMINDERS)


def figures(appeals: Iterable[_Appeal], kinds: Collection[str]) -> Figures:
    """What staff see of all of them: kind of the case, state, made and decided at. Small numbers are not told."""
    found = list(appeals)
    judged = [each for each in found if each[1] in JUDGED]
    waits = [(decided - at).total_seconds() for _, _, at, decided in judged if decided is not None]
    enough = len(judged) >= LEAST_IN_A_CELL
    overturned, shortened = (
        _cell(_count(judged, each)) if enough else None for each in (State.OVERTURNED, State.SHORTENED)
    )
    # What is left of the sum must not be small either.
    if None not in (overturned, shortened) and _cell(_count(judged, State.UPHELD)) is None:
        overturned = None
    return Figures(
        waiting=sum(each[1] is State.OPEN for each in found),
        decided=_cell(len(judged)),
        overturned=overturned,
        shortened=shortened,
        median_wait=timedelta(seconds=median(waits)) if enough and waits else None,
        kinds=_without_rest(_by_kind(judged, kinds), overturned),
    )


def _by_kind(judged: Sequence[_Appeal], kinds: Collection[str]) -> tuple[Figure, ...]:
    """Those kinds of which enough were judged. Where a single one is left out, the least of the others is too, or it
    could be worked out from the sum."""
    counted = Counter(kind for kind, *_ in judged)
    shown = {kind: count for kind, count in counted.items() if count >= LEAST_IN_A_CELL}
    if shown and len(counted) - len(shown) == 1:
        del shown[min(shown, key=lambda kind: (shown[kind], kind))]
    return tuple(
        _figure(kind, [each for each in judged if each[0] == kind]) for kind in kinds if kind in shown
    )


def _figure(kind: str, judged: Sequence[_Appeal]) -> Figure:
    overturned = _count(judged, State.OVERTURNED)
    is_told = _cell(overturned) is not None and _cell(len(judged) - overturned) is not None
    return Figure(kind, len(judged), overturned if is_told else None)


def _without_rest(kinds: tuple[Figure, ...], overturned: int | None) -> tuple[Figure, ...]:
    """Without how many were overturned of each kind, where what is left of the sum would mean somebody."""
    told = sum(each.overturned or 0 for each in kinds)
    if overturned is None or _cell(overturned - told) is not None:
        return kinds
    return tuple(Figure(each.kind, each.judged, None) for each in kinds)


def _count(appeals: Sequence[_Appeal], state: State) -> int:
    return sum(each[1] is state for each in appeals)


def _cell(count: int) -> int | None:
    """A number that can be told: none at all, or enough that nobody is meant."""
    return count if count == 0 or count >= LEAST_IN_A_CELL else None
