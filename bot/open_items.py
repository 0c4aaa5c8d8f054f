"""What is still open in a community, which whoever hands a role over would otherwise have to remember.

A feature contributes its open items when it loads, and knows nothing of who asks: a hand-over note begins with them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.features import Features, feature_of
from bot.i18n import Translator

ListOpen = Callable[[AsyncSession, int, Translator], Awaitable[list[str]]]
"""From the server to one plain line for each kind of open item, such as "3 works wait for a review". Nobody is named."""


class OpenItems:
    """Knows who knows what is open."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._sources: list[tuple[ListOpen, bool]] = []

    def add(self, source: ListOpen, *, of_moderation: bool = False) -> None:
        """What is of moderation is told only where moderation is handed over: such a note may stand where all read."""
        self._sources.append((source, of_moderation))

    def remove(self, source: ListOpen) -> None:
        self._sources = [each for each in self._sources if each[0] != source]

    async def list(
        self, session: AsyncSession, guild_id: int, t: Translator, *, of_moderation: bool
    ) -> list[str]:
        """What is open, of the features that are on, in the language of who asks; of moderation too only if wanted."""
        lines: list[str] = []
        for each, is_of_moderation in self._sources:
            if is_of_moderation and not of_moderation:
                continue
            if await self._features.is_on(guild_id, feature_of(each)):
                lines += await each(session, guild_id, t)
        return lines
