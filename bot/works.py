"""Works that a feature has collected and that others may look at, without the features knowing each other.

A feature registers how the works of one of its rounds (such as a challenge) are listed. It says in the ledger when
a work is ready: an act of the kind `ready`, by the author, whose subject is the round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Work:
    """What one member made, in its newest version. `content` is a link or text in the member's own words."""

    author_id: int
    content: str


@dataclass(frozen=True)
class WorkRound:
    """A round with its works. `title` is not quoted yet; `theme` is a word for what it is about, or empty.

    `ours`: the title came with Lyceum, so it is translated.
    """

    title: str
    theme: str
    works: Sequence[Work]
    ours: bool = False


FindRound = Callable[[AsyncSession, int, str], Awaitable[WorkRound | None]]
"""From the server and the subject to the round; None when it is gone."""


@dataclass(frozen=True)
class Source:
    """A feature that collects works. `ready` is the kind of act that says of one that it can be looked at."""

    feature: str
    ready: str
    find: FindRound


class Works:
    """Knows where works are collected."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def register(self, source: Source) -> None:
        """Make a source known. Raises ValueError when the feature has one."""
        if source.feature in self._sources:
            raise ValueError(f"two sources of works are named {source.feature!r}")
        self._sources[source.feature] = source

    def unregister(self, feature: str) -> None:
        self._sources.pop(feature, None)

    def source_of(self, ready: str) -> Source | None:
        """Whose act this is."""
        return next((each for each in self._sources.values() if each.ready == ready), None)

    async def find(
        self, session: AsyncSession, guild_id: int, feature: str, subject: str
    ) -> WorkRound | None:
        """A round with its works; None when it, or the feature, is gone."""
        source = self._sources.get(feature)
        return await source.find(session, guild_id, subject) if source is not None else None
