"""What becomes of reviews when a person, a message or a channel goes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.outbox import Lane
from cogs.reviews.keeping import Keeping
from storage import reviews as storage
from storage.outbox import KEPT as DRAWN_FOR


class Places:
    """The use cases."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    async def load(self) -> None:
        """Learn where cards stand."""
        async with self._core.db.read() as session:
            self._keeping.channels |= await storage.list_all_channels(session)

    async def left(self, guild_id: int, member_id: int) -> None:
        """Somebody left the server: what they had in hand goes to others, and nobody is to review for them."""
        async with self._core.db.read() as session:
            held = await storage.list_held(session, guild_id, member_id)
            works = await storage.list_open_of_author(session, guild_id, member_id)
        if not held and not works:
            return
        async with self._core.db.begin() as session:
            for each in works:
                work = await storage.lock_work(session, each.id)
                if work is not None and work.state == storage.OPEN:
                    await self._keeping.close(session, work)
            await self._keeping.release_all(session, held)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Somebody was deleted: what they had in hand goes to others, and the cards are drawn again."""
        await self._keeping.release_all(session, await storage.list_abandoned(session, guild_id))
        since = self._core.clock.now() - DRAWN_FOR
        for each in await storage.list_shown(session, guild_id, since):
            row = await storage.lock_work(session, each.id)
            if row is not None:
                await self._keeping.redraw(session, row, lane=Lane.BULK)

    async def messages_deleted(self, guild_id: int, channel_id: int, message_ids: Collection[int]) -> None:
        """Somebody deleted messages. A work whose card was among them still waits in /review inbox."""
        if channel_id not in self._keeping.channels:
            return
        async with self._core.db.begin() as session:
            for work_id in await storage.find_by_message(session, guild_id, channel_id, message_ids):
                row = await storage.lock_work(session, work_id)
                if row is not None:
                    row.channel_id = None

    async def channels(self, guild_id: int) -> set[int]:
        """The channels in which works have cards."""
        async with self._core.db.read() as session:
            return await storage.list_channels(session, guild_id)

    async def lose_channel(self, guild_id: int, channel_id: int) -> None:
        """A channel was deleted: its works still wait in /review inbox."""
        if channel_id not in self._keeping.channels:
            return
        async with self._core.db.begin() as session:
            for row in await storage.list_in_channel(session, guild_id, channel_id):
                row.channel_id = None
