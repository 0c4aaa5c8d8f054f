"""Notices that a chosen channel or role was deleted: forgets the choice and tells staff once.

Deleted while the bot watches, Discord says so; deleted while it was away, the choices are compared with the
server after each READY. What a choice was for is off until another is made, which every feature respects.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord

from bot.core import Core
from bot.setup_card import Choice, Page, SetupCard
from bot.staff_notices import StaffNotices

log = logging.getLogger(__name__)


class LostPlaces:
    """Keeps the configuration free of what no longer exists."""

    def __init__(self, core: Core, setup_card: SetupCard, notices: StaffNotices) -> None:
        self._core = core
        self._setup_card = setup_card
        self._notices = notices

    async def compare(self, guild: discord.Guild) -> None:
        """Forget every choice that the server no longer has."""
        for page, choice, chosen in await self._choices(guild.id):
            exists = guild.get_channel(chosen) if choice.of == "channel" else guild.get_role(chosen)
            if exists is None:
                await self._forget(guild.id, page, choice, chosen)

    async def channel_deleted(self, guild_id: int, channel_id: int) -> None:
        await self._deleted(guild_id, "channel", channel_id)

    async def role_deleted(self, guild_id: int, role_id: int) -> None:
        await self._deleted(guild_id, "role", role_id)

    async def _deleted(self, guild_id: int, of: str, place_id: int) -> None:
        for page, choice, chosen in await self._choices(guild_id):
            if choice.of == of and chosen == place_id:
                await self._forget(guild_id, page, choice, chosen)

    async def _choices(self, guild_id: int) -> Sequence[tuple[Page, Choice, int]]:
        found: list[tuple[Page, Choice, int]] = []
        for page in self._setup_card.pages:
            section = await self._core.configs.get(guild_id, page.section)
            for choice in page.choices:
                chosen: int | None = getattr(section, choice.field)
                if chosen is not None:
                    found.append((page, choice, chosen))
        return found

    async def _forget(self, guild_id: int, page: Page, choice: Choice, chosen: int) -> None:
        log.warning("a chosen %s is gone guild=%s field=%s id=%s", choice.of, guild_id, choice.field, chosen)
        async with self._core.db.begin() as session:
            # Told first: when it was the staff channel itself, there is nowhere to tell it.
            await self._notices.choice_lost(session, guild_id, choice.label, choice.of, chosen)
            await self._core.configs.change(session, guild_id, page.section, **{choice.field: None})
