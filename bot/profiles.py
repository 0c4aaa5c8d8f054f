"""What members say about themselves: what they want to learn, how much time they have, how they like feedback.

Shared by every feature that meets people where they are (quests, matching, reminders). Given freely, changed with
/me edit, never guessed from behaviour.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from storage import profiles as storage

LONGEST_GOAL = 300


class Level(StrEnum):
    """Where somebody says they stand."""

    NEW = "new"  # brand new to it
    BASICS = "basics"  # knows the basics
    MENTOR = "mentor"  # here to help others


class Feedback(StrEnum):
    """How somebody likes to be told."""

    GENTLE = "gentle"  # what works first, then one thing to change
    DIRECT = "direct"  # straight to what could be better
    QUESTIONS = "questions"  # questions that let them find it


@dataclass(frozen=True)
class Profile:
    """A member's own words. `languages` are ISO 639 codes."""

    guild_id: int
    member_id: int
    goal: str | None = None
    level: Level | None = None
    hours_a_week: int | None = None
    languages: tuple[str, ...] = ()
    feedback: Feedback | None = None


class Profiles:
    """Reads and changes them in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def get(self, session: AsyncSession, guild_id: int, member_id: int) -> Profile:
        """The profile as it stands; an empty one where nothing was said."""
        row = await storage.find_profile(session, guild_id, member_id)
        return _snapshot(row) if row is not None else Profile(guild_id, member_id)

    async def list_of(
        self, session: AsyncSession, guild_id: int, member_ids: Collection[int]
    ) -> list[Profile]:
        """Those of these members who said something."""
        rows = await storage.list_profiles(session, guild_id, member_ids)
        return [_snapshot(row) for row in rows]

    async def change(self, session: AsyncSession, guild_id: int, member_id: int, **changes: Any) -> Profile:
        """Change the named fields of `Profile`, and return it as it will stand. None empties a field."""
        if "languages" in changes:
            changes["languages"] = ",".join(changes["languages"])
        row = await storage.change_profile(
            session, guild_id, member_id, updated_at=self._clock.now(), **changes
        )
        return _snapshot(row)


def _snapshot(row: storage.ProfileRow) -> Profile:
    return Profile(
        row.guild_id,
        row.member_id,
        goal=row.goal,
        level=Level(row.level) if row.level else None,
        hours_a_week=row.hours_a_week,
        languages=tuple(row.languages.split(",")) if row.languages else (),
        feedback=Feedback(row.feedback) if row.feedback else None,
    )
