"""Whether two members took part in something together, as far as the features know it: a pair, a round, a review.

A feature registers how it answers for its own; nobody learns which feature said yes. Messages are neither kept nor counted.
What must stay unknown between two people, such as who wrote a blind review, must not be answered here: what follows from
the answer would tell it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

AreTogether = Callable[[AsyncSession, int, int, int], Awaitable[bool]]
"""From server and two members to whether they took part in something of this feature together."""


class SharedGround:
    """Asks the features."""

    def __init__(self) -> None:
        self._askers: dict[str, AreTogether] = {}

    def register(self, feature: str, ask: AreTogether) -> None:
        """Add a feature's answer. Raises ValueError when it has one."""
        if feature in self._askers:
            raise ValueError(f"{feature!r} answers already")
        self._askers[feature] = ask

    def unregister(self, feature: str) -> None:
        self._askers.pop(feature, None)

    async def is_between(self, session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
        """Whether any feature knows of something in which both took part."""
        for ask in self._askers.values():
            if await ask(session, guild_id, one, other):
                return True
        return False
