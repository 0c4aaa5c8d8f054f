"""What becomes of reviews when a person, a message or a channel goes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from cogs.reviews.keeping import Keeping
from storage import reviews as storage
from storage.personal import NOBODY


class Places:
    """The use cases."""

    def __init__(self, core: Core, keeping: Keeping) -> None:
        self._core = core
        self._keeping = keeping

    async def load(self) -> None:
        """Learn where cards stand."""
        async with self._core.db.read() as session:
            self._keeping.channels |= await storage.list_all_channels(session)

    async def departed(self, session: AsyncSession, guild_id: int, member_ids: Collection[int]) -> None:
        """People left the server: what they had in hand goes to others, and nobody is to review for them."""
        works = await storage.list_unfinished(session, guild_id, member_ids)
        to_do = await storage.list_to_do(session, guild_id, member_ids)
        for work_id in sorted({each.id for each in works} | {each.work_id for each in to_do}):
            await storage.lock_work(session, work_id)  # all in their order, as everywhere
        for work in works:
            if work.state == storage.OPEN:
                await self._keeping.close(session, work)
            elif work.state == storage.PLANNED:
                await session.delete(work)
        await session.flush()
        await self._keeping.release_all(session, await storage.list_to_do(session, guild_id, member_ids))

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Somebody was deleted: what they had in hand goes to others. A card names nobody else but its author, with
        whom it goes."""
        await self._keeping.release_all(session, await storage.list_to_do(session, guild_id, [NOBODY]))

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
