"""Decisions of challenges: states and what follows which, when something closes, what is late, who shares a place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.errors import InvalidInput

SHORTEST_OPEN = timedelta(hours=24)
"""A challenge that opens later than this before a closing time closes with the one after."""
ARCHIVED_AFTER = timedelta(days=14)
"""How long after the results a challenge still takes what is handed in late."""
CLOSING_SECOND = timedelta(seconds=1)
LONGEST_GRACE = 7 * 24  # hours
LONGEST_WORK = 4000
LONGEST_LEARNED = 1000
CONFIDENCE = range(1, 6)

_LINK = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_MESSAGE = re.compile(
    r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/(?P<guild>\d{15,20})/(?P<channel>\d{15,20})(?:/\d{15,20})?",
    re.IGNORECASE,
)
# What is often open to its owner alone. A hint to look, never a reason to refuse.
_PRIVATE = re.compile(
    r"https?://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[^/]+\.local\b|[^/.]+(?:[:/]|$)"
    r"|(?:docs|drive)\.google\.|[^/]*sharepoint\.|onedrive\.|1drv\.|(?:www\.)?dropbox\.|(?:www\.)?notion\.|[^/]*figma\.)",
    re.IGNORECASE,
)


class State(StrEnum):
    """Where a challenge stands."""

    DRAFT = "draft"
    QUEUED = "queued"
    OPEN = "open"
    CLOSING = "closing"  # the deadline has passed, the time of grace has not
    REVIEW = "review"
    RESULTS = "results"
    ARCHIVED = "archived"


PREPARED = (State.DRAFT, State.QUEUED)
RUNNING = (State.OPEN, State.CLOSING)
"""At most one challenge of a community is in these."""
UNDER_WAY = (State.OPEN, State.CLOSING, State.REVIEW, State.RESULTS)
PAST = (State.RESULTS, State.ARCHIVED)


class Track(StrEnum):
    """How far somebody wants to go. Nobody is compared across tracks."""

    WARM_UP = "warm_up"
    CORE = "core"
    STRETCH = "stretch"


class Lateness(StrEnum):
    """When something was handed in."""

    ON_TIME = "on_time"
    IN_GRACE = "in_grace"
    LATER = "later"


class AfterGrace(StrEnum):
    """What becomes of what is handed in after the time of grace."""

    ACCEPT = "accept"  # it counts as finished, and is not ranked
    REFUSE = "refuse"


class Kind(StrEnum):
    """What was handed in."""

    LINK = "link"
    PLACE = "place"  # a message or thread of this server
    TEXT = "text"
    FILE = "file"


class Remark(StrEnum):
    """A kind word about what was handed in. Nothing is fetched, so it is a hint and no verdict."""

    MAY_BE_PRIVATE = "may_be_private"
    ELSEWHERE = "elsewhere"  # in another Discord server


@dataclass(frozen=True)
class Work:
    """What was handed in, looked at."""

    kind: Kind
    content: str
    remark: Remark | None = None


@dataclass(frozen=True)
class Ending:
    """When a challenge ends, in local time: the deadline, and when the results are told."""

    closes: datetime
    results: datetime


def ending(opened: datetime, weekday: int, closes: time, results: time) -> Ending:
    """The first closing time at least `SHORTEST_OPEN` after the opening, and the results the day after it.

    All of it is nominal local time. `weekday` 0 is Monday.
    """
    day = opened.date() + timedelta(days=(weekday - opened.weekday()) % 7)
    at = datetime.combine(day, closes)
    while at - opened < SHORTEST_OPEN:
        at += timedelta(days=7)
    return Ending(at, datetime.combine(at.date() + timedelta(days=1), results))


def lateness(received: datetime, closes: datetime, grace_until: datetime) -> Lateness:
    """How late something is that was received then. The whole closing second is on time, and that of the grace is in it."""
    if received < closes.replace(microsecond=0) + CLOSING_SECOND:
        return Lateness.ON_TIME
    if received < grace_until.replace(microsecond=0) + CLOSING_SECOND:
        return Lateness.IN_GRACE
    return Lateness.LATER


def is_accepted(state: State, late: Lateness, after_grace: AfterGrace) -> bool:
    """Whether something may still be handed in. What was received in time is, whatever has happened meanwhile."""
    if state in PREPARED:
        return False
    if late is not Lateness.LATER:
        return True
    return state is not State.ARCHIVED and after_grace is AfterGrace.ACCEPT


def look_at(typed: str, guild_id: int) -> Work:
    """What somebody handed in. `typed` has been cleaned. Raises `InvalidInput` when it is empty or too long."""
    if not typed:
        raise InvalidInput(
            "There is nothing in it yet. A link, a few lines of text or a message link will do."
        )
    if len(typed) > LONGEST_WORK:
        raise InvalidInput(
            "That is longer than {most} characters. Put it in a file or a thread, and give its link here.",
            most=LONGEST_WORK,
        )
    place = _MESSAGE.fullmatch(typed)
    if place is not None:
        is_here = int(place["guild"]) == guild_id
        return Work(Kind.PLACE, typed, None if is_here else Remark.ELSEWHERE)
    link = _LINK.search(typed)
    remark = Remark.MAY_BE_PRIVATE if link is not None and _PRIVATE.match(link[0]) else None
    return Work(Kind.LINK if _LINK.fullmatch(typed) else Kind.TEXT, typed, remark)


def read_confidence(typed: object) -> int | None:
    """One to five, or None where it was left open. Raises `InvalidInput`."""
    if typed in (None, ""):
        return None
    try:
        value = int(str(typed))
    except ValueError:
        value = 0
    if value not in CONFIDENCE:
        raise InvalidInput("Please choose from one to five how sure you are.")
    return value


def places(counts: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """(place, member, count), best first. Equal counts share a place, and the next one is counted on: 1, 1, 3."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    result: list[tuple[int, int, int]] = []
    for index, (member, count) in enumerate(ordered):
        shares = result and result[-1][2] == count
        result.append((result[-1][0] if shares else index + 1, member, count))
    return result


def moved(order: Sequence[int], item: int, by: int) -> list[int]:
    """The order with one item moved towards the front (negative) or the end, as far as that goes."""
    rest = [each for each in order if each != item]
    at = max(0, min(len(rest), list(order).index(item) + by))
    return [*rest[:at], item, *rest[at:]]


def read_grace(typed: str) -> int:
    """Hours of grace. Raises `InvalidInput`."""
    digits = typed.strip()
    if not digits.isascii() or not digits.isdigit() or int(digits[:6]) > LONGEST_GRACE:
        raise InvalidInput("Write the hours of grace as a number from 0 to {most}.", most=LONGEST_GRACE)
    return int(digits)
