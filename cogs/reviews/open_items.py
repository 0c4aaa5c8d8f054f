"""What is open in reviews, for whoever hands a role over: see `bot/open_items.py`."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.i18n import Translator
from storage import reviews as storage


async def list_open_items(session: AsyncSession, guild_id: int, t: Translator) -> list[str]:
    """How many works wait for their first review; nobody is named."""
    count = len(await storage.list_pool(session, guild_id))
    return (
        [t.tn("{n} work waits for a first review", "{n} works wait for a first review", count)]
        if count
        else []
    )
