"""What a member's card says of reviews: how many were given and received, never by whom."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.i18n import N_, Translator
from bot.member_card import CardLine
from storage import reviews as storage


async def load(session: AsyncSession, guild_id: int, member_id: int, t: Translator) -> str | None:
    """None for who has neither."""
    given, received, _ = await storage.count_given_and_received(session, guild_id, member_id)
    if not given and not received:
        return None
    return t("given {given}, received {received}", given=given, received=received)


LINE = CardLine("reviews", N_("Reviews"), load, rank=30)
