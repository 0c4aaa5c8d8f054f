"""Who is on duty now, for features that call somebody: a feature that knows registers, and the others ask by a word.

Nobody being on duty (an empty set) is something else than there being no such duty (None): who asks then turns to
everybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.features import Features, feature_of

MODERATOR = "moderator"
Ask = Callable[[AsyncSession, int, str], Awaitable[frozenset[int] | None]]
"""From the server and the word of a duty to who has it at this moment; None when the server has no such duty."""


class Duty:
    """Knows whom to ask."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._sources: list[Ask] = []

    def register(self, ask: Ask) -> None:
        self._sources.append(ask)

    def unregister(self, ask: Ask) -> None:
        self._sources = [each for each in self._sources if each != ask]

    async def holders(self, session: AsyncSession, guild_id: int, word: str) -> frozenset[int] | None:
        """Who is on duty, as the features that are on know it."""
        found: frozenset[int] | None = None
        for each in self._sources:
            if await self._features.is_on(guild_id, feature_of(each)):
                some = await each(session, guild_id, word)
                found = some if found is None else found | (some or frozenset())
        return found
