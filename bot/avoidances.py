"""Whom members would rather not be put together with, for everything that puts people together.

One's word is enough and holds both ways, for as long as it stands. It is known to who gave it and to nobody else: no
staff, no audit, no export of the other one shows it, and who asks the allocation for a reason must not name it.
It is erased with either of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.errors import InvalidInput, LimitReached
from storage import avoidances as storage
from storage import members as member_storage

MOST = 25
"""As many as one menu shows. Who would avoid more is not helped by a bot."""


@dataclass(frozen=True)
class Avoidance:
    """One of a member's own."""

    id: int
    avoided_id: int


class Avoidances:
    """Reads and changes them in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(self, session: AsyncSession, guild_id: int, member_id: int, avoided_id: int) -> None:
        """Never together from now on. Twice is once. Raises `InvalidInput` for oneself, `LimitReached`."""
        if avoided_id == member_id:
            raise InvalidInput(
                "That is you. Choose the member whom you would rather not be put together with."
            )
        # Locks the member's row, so that two at once are counted one after the other.
        await member_storage.change_member(session, guild_id, member_id)
        mine = await storage.list_avoidances(session, guild_id, member_id)
        if len(mine) >= MOST and avoided_id not in [each.avoided_id for each in mine]:
            raise LimitReached(
                "You have {n} already, which is as many as I keep. Take one back first, or speak to staff: "
                "if somebody here treats people badly, they can help.",
                n=MOST,
            )
        await storage.add_avoidance(session, guild_id, member_id, avoided_id, self._clock.now())

    async def remove(self, session: AsyncSession, guild_id: int, member_id: int, avoidance_id: int) -> None:
        """Take one of one's own back. One that is gone already is no mistake."""
        await storage.remove_avoidance(session, guild_id, member_id, avoidance_id)

    async def list_own(self, session: AsyncSession, guild_id: int, member_id: int) -> tuple[Avoidance, ...]:
        """The member's own, the oldest first."""
        rows = await storage.list_avoidances(session, guild_id, member_id)
        return tuple(Avoidance(row.id, row.avoided_id) for row in rows)

    async def list_blocked(self, session: AsyncSession, guild_id: int) -> frozenset[tuple[int, int]]:
        """Who may not be put together, the smaller id first, whoever of the two wished it."""
        found = await storage.list_of_guild(session, guild_id)
        return frozenset((min(pair), max(pair)) for pair in found)

    async def are_apart(self, session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
        """Whether these two may not be put together."""
        return await storage.is_between(session, guild_id, one, other)
