"""Decisions about five-minute tasks: what a task is, which ones fit somebody, and which of those come next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import InvalidInput

MINUTES = (2, 5, 10)
OFFERED = 3
LONGEST_TITLE = 80
LONGEST_TEXT = 300
LONGEST_NOTE = 500
MOST_OWN = 100
OFFER_LASTS = timedelta(hours=12)
"""After that what was offered counts as passed over."""
FEWEST_COUNTED = 5
"""Below that a count could tell of a person."""


class Level(StrEnum):
    """How far somebody is."""

    STARTER = "starter"
    GOING = "going"
    STRETCH = "stretch"


class Kind(StrEnum):
    """Whether it needs somebody else."""

    SOLO = "solo"
    TOGETHER = "together"


class Theme(StrEnum):
    """What it is about."""

    GENERAL = "general"
    PROGRAMMING = "programming"
    WRITING = "writing"
    DATA = "data"


class Mood(StrEnum):
    """What it asks of somebody's head."""

    LIGHT = "light"
    FOCUS = "focus"


@dataclass(frozen=True)
class Task:
    """A task. `ours`: it came with Lyceum, so its texts are gettext ids."""

    key: str
    title: str
    text: str
    minutes: int
    level: Level
    kind: Kind
    theme: Theme
    mood: Mood
    ours: bool = True


@dataclass(frozen=True)
class Wishes:
    """What somebody would like. `minutes` is how long they have; None of anything is all of it."""

    level: Level | None = None
    minutes: int | None = None
    mood: Mood | None = None


def fitting(tasks: Iterable[Task], wishes: Wishes) -> list[list[Task]]:
    """The tasks that can be offered, in groups: those that fit best first, then those that fit less well.

    The time is kept to; the mood gives way first, then the level.
    """

    def is_level(task: Task) -> bool:
        return wishes.level in (None, task.level)

    def is_mood(task: Task) -> bool:
        return wishes.mood in (None, task.mood)

    in_time = [each for each in tasks if wishes.minutes is None or each.minutes <= wishes.minutes]
    groups: tuple[Callable[[Task], bool], ...] = (
        lambda task: is_level(task) and is_mood(task),
        lambda task: is_level(task) and not is_mood(task),
        lambda task: not is_level(task),
    )
    return [[task for task in in_time if belongs(task)] for belongs in groups]


def deal(
    tasks: Iterable[Task],
    wishes: Wishes,
    seen: Mapping[str, datetime],
    *,
    seed: str,
    but: Collection[str] = (),
) -> list[Task]:
    """Up to three tasks to offer, the same for the same arguments.

    Within what fits equally well, what was never seen comes first, by lot; then what was seen longest ago. Nothing in
    `but` is repeated while there is anything else to offer.
    """

    def turn(task: Task) -> tuple[bool, bool, float, bytes]:
        at = seen.get(task.key)
        lot = hashlib.blake2b(f"{seed}:{task.key}".encode(), digest_size=8).digest()
        return task.key in but, at is not None, at.timestamp() if at is not None else 0.0, lot

    groups = fitting(tasks, wishes)
    fresh = [task for group in groups for task in sorted(group, key=turn) if task.key not in but]
    again = [task for group in groups for task in sorted(group, key=turn) if task.key in but]
    return [*fresh, *again][:OFFERED]


def is_passed_over(offered_at: datetime | None, now: datetime) -> bool:
    """Whether an offer is too old to be shown once more."""
    return offered_at is None or now - offered_at >= OFFER_LASTS


def check_note(note: str, *, has_file: bool) -> str:
    """What somebody says about what they did. Raises `InvalidInput` when nothing is said at all."""
    if not note and not has_file:
        raise InvalidInput("One line or a link is enough, and it may be as small as the task was.")
    return note[:LONGEST_NOTE]


def check_words(title: str, text: str) -> None:
    """What a facilitator wrote. Raises `InvalidInput`."""
    if not title or not text:
        raise InvalidInput("A task needs a title, and a sentence that says when it is done.")
    if len(title) > LONGEST_TITLE:
        raise InvalidInput("The title has {n} characters, and {most} fit.", n=len(title), most=LONGEST_TITLE)
    if len(text) > LONGEST_TEXT:
        raise InvalidInput("The text has {n} characters, and {most} fit.", n=len(text), most=LONGEST_TEXT)


def check_minutes(minutes: int) -> int:
    """Raises `InvalidInput`."""
    if minutes not in MINUTES:
        raise InvalidInput("A task takes 2, 5 or 10 minutes.")
    return minutes


def counted(done: Mapping[str, int], keys: Sequence[str]) -> dict[str, int | None]:
    """How often each was done; None for some times, but fewer than can be told without telling of people."""
    found: dict[str, int | None] = {}
    for key in keys:
        count = done.get(key, 0)
        found[key] = None if 0 < count < FEWEST_COUNTED else count
    return found
