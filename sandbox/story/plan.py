"""What happens when: scenes, each at a moment of somebody's wall clock, put into order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.story.cast import Character, everybody

if TYPE_CHECKING:
    from sandbox.story.tale import Tale

FIRST_DAY = date(2026, 10, 5)
LAST_DAY = date(2026, 11, 2)
MOST_WEEKS = 4
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AWAKE = (time(6, 30), time(23, 30))
_UP_TO_STAFF = "Farah"  # whose wall clock counts where nobody else is meant

Verb = Callable[..., Awaitable[str]]
Entry = tuple[Any, ...]
"""A line of a week: when, who (nobody: empty), how, and what the verb wants to know besides."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody does something at a moment. ``verb`` gets the tale and the name, and tells in a line what happened."""

    at: datetime
    who: str
    verb: Verb
    details: tuple[Any, ...] = ()

    async def run(self, tale: Tale) -> str:
        """Play it."""
        return await self.verb(tale, self.who, *self.details)


def moment(week: int, when: str, zone: Character) -> datetime:
    """The instant that somebody's clock calls ``Wed 19:30`` in a week of the story, counted from 1; UTC.

    A number in front, ``2 Wed 19:30``, names the week and wins. Raises ValueError for other words.
    """
    *number, day, clock = when.split()
    week = int(number[0]) if number else week
    on = FIRST_DAY + timedelta(weeks=week - 1, days=_DAYS.index(day))
    return datetime.combine(on, time.fromisoformat(clock), zone.zone).astimezone(UTC)


def is_awake(who: Character, at: datetime) -> bool:
    """Whether somebody may be expected to be awake then, by their own clock."""
    return _AWAKE[0] <= at.astimezone(who.zone).time() <= _AWAKE[1]


class Plan:
    """The scenes of one telling. ``add`` takes them in any order."""

    def __init__(self) -> None:
        self._scenes: list[Scene] = []

    def add(self, week: int, when: str, who: str, verb: Verb, *details: Any) -> None:
        """Somebody does something in a week. Raises ValueError when they would be asleep then."""
        character = everybody()[who]
        at = moment(week, when, character)
        if not is_awake(character, at):
            raise ValueError(f"{who} sleeps at {at.astimezone(character.zone):%a %H:%M}")
        self._scenes.append(Scene(at, who, verb, details))

    def happen(self, week: int, when: str, verb: Verb, *details: Any) -> None:
        """Something happens by itself, on the community's clock."""
        self._scenes.append(Scene(moment(week, when, everybody()[_UP_TO_STAFF]), "", verb, details))

    def scenes(self) -> list[Scene]:
        """All of them in the order of time; what was added first comes first at the same moment."""
        return sorted(self._scenes, key=lambda scene: scene.at)
