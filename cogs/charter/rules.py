"""Decisions of the charter: what can be a mission, a target or a norm, how an outcome stands, what changed.

Texts come in as `bot.text.clean` leaves them. Instants are aware and in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from bot.errors import InvalidInput

LONGEST_MISSION = 200
LONGEST_WORDS = 100  # of an outcome
LONGEST_NORM = 140
MOST_NORMS = 12
FEWEST_OUTCOMES, MOST_OUTCOMES = 2, 5
LARGEST_TARGET = 1_000_000
EARLIEST_START = timedelta(days=366 * 2)
BAR_CELLS = 10

# Whole numbers, also with their thousands set apart: 1200, 1,200, 1.200, 1 200.
_NUMBER = re.compile(r"\d+|\d{1,3}(?:[ ,.'\u2019\u00a0\u202f]\d{3})+")
_LIST_MARK = re.compile(r"^(?:\d{1,2}[.)]|[-*+\u2022\u2013\u2014])\s+")


class State(StrEnum):
    """How an outcome stands, the community being honest with itself."""

    REACHED = "reached"
    ON_TRACK = "on_track"  # at least as many as its share of the time
    BEHIND = "behind"
    ENDED = "ended"  # its date has come and it was not reached


@dataclass(frozen=True)
class Progress:
    """How far an outcome is. `expected` is what the target's share of the time passed would be, `percent` rounded down."""

    count: int
    target: int
    expected: int
    state: State
    has_ended: bool

    @property
    def percent(self) -> int:
        return self.count * 100 // self.target

    @property
    def bar(self) -> str:
        """Ten cells, full ones first; the last is full only when the target is reached."""
        full = min(self.count * BAR_CELLS // self.target, BAR_CELLS)
        return "▰" * full + "▱" * (BAR_CELLS - full)


def progress(count: int, target: int, *, since: datetime, ends_at: datetime, now: datetime) -> Progress:
    """How an outcome stands now. On track means at least as many as a straight line would have brought."""
    has_ended = now >= ends_at
    passed, whole = max(now - since, timedelta()), ends_at - since
    expected = target if has_ended else round(target * (passed / whole))
    if count >= target:
        state = State.REACHED
    elif has_ended:
        state = State.ENDED
    else:
        state = State.ON_TRACK if count >= expected else State.BEHIND
    return Progress(count, target, expected, state, has_ended)


class ChangeKind(StrEnum):
    """What happened to a line between two versions."""

    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True)
class Change:
    """One line that is different. `before` is None for a new one, `after` for one that is gone."""

    kind: ChangeKind
    before: str | None
    after: str | None


def changes(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[Change, ...]:
    """What changed, line by line, from top to bottom. A line that stands elsewhere is moved, not gone and new."""
    found: list[Change] = []
    stay = set(before) & set(after)
    for _, start, end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        old, new = before[start:end], after[new_start:new_end]
        if old == new:
            continue
        found += [Change(ChangeKind.MOVED, line, line) for line in new if line in stay]
        old = tuple(line for line in old if line not in stay)
        new = tuple(line for line in new if line not in stay)
        pairs = min(len(old), len(new))
        found += [Change(ChangeKind.CHANGED, *pair) for pair in zip(old, new, strict=False)]
        found += [Change(ChangeKind.GONE, line, None) for line in old[pairs:]]
        found += [Change(ChangeKind.NEW, None, line) for line in new[pairs:]]
    return tuple(found)


def read_mission(typed: str) -> str:
    """The mission on one line. Raises `InvalidInput`."""
    mission = " ".join(typed.split())
    if not _has_words(mission):
        raise InvalidInput("Please say in words what this community is for. One sentence is enough.")
    if len(mission) > LONGEST_MISSION:
        raise InvalidInput(
            "The mission has {length} characters; at most {limit} fit. One sentence is enough.",
            length=len(mission),
            limit=LONGEST_MISSION,
        )
    return mission


def read_words(typed: str) -> str:
    """What an outcome is about, on one line. Raises `InvalidInput`."""
    words = " ".join(typed.split())
    if not _has_words(words):
        raise InvalidInput(
            "Please say in words what should be reached, for example “40 finished first quests”."
        )
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            "The outcome has {length} characters; at most {limit} fit.",
            length=len(words),
            limit=LONGEST_WORDS,
        )
    return words


def read_target(typed: str) -> int:
    """The number to reach. Raises `InvalidInput`."""
    typed = typed.strip()
    if not _NUMBER.fullmatch(typed) or len(typed) > len("1 000 000"):
        number = 0
    else:
        number = int("".join(each for each in typed if each.isdecimal()))
    if not 1 <= number <= LARGEST_TARGET:
        raise InvalidInput(
            "The target must be a whole number from 1 to {most}, for example 40.", most=LARGEST_TARGET
        )
    return number


def read_day(typed: str, *, today: date) -> date:
    """The local day from which is counted, as 2026-01-31. Raises `InvalidInput`, also for days to come."""
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError as error:
        raise InvalidInput(
            "I could not read the day to count from. Write it like {example}, or leave it empty to count from now on.",
            example=today.isoformat(),
        ) from error
    if not today - EARLIEST_START <= day <= today:
        raise InvalidInput(
            "The day to count from must be today or lie within the last two years. "
            "Leave it empty to count from now on."
        )
    return day


def read_norms(typed: str) -> tuple[str, ...]:
    """The norms, one a line, without the numbers or bullets that were typed before them. Raises `InvalidInput`."""
    lines = [_LIST_MARK.sub("", " ".join(line.split())) for line in typed.splitlines()]
    norms = tuple(line for line in lines if line)
    if not norms:
        raise InvalidInput("Please write at least one norm, for example “Ask before you correct somebody.”")
    if len(norms) > MOST_NORMS:
        raise InvalidInput(
            "These are {n} norms; at most {limit} are kept in mind. Which could go together?",
            n=len(norms),
            limit=MOST_NORMS,
        )
    for number, norm in enumerate(norms, start=1):
        if not _has_words(norm):
            raise InvalidInput("Norm {number} has no words. Please write it out.", number=number)
        if len(norm) > LONGEST_NORM:
            raise InvalidInput(
                "Norm {number} has {length} characters; at most {limit} fit on the card. Please make it shorter.",
                number=number,
                length=len(norm),
                limit=LONGEST_NORM,
            )
    if len(set(norms)) < len(norms):
        raise InvalidInput("The same norm stands there twice.")
    return norms


def _has_words(text: str) -> bool:
    """Whether there is a letter, of any script: emoji and signs alone say nothing to a screen reader or a search."""
    return any(each.isalpha() for each in text)
