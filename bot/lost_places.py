"""Notices that a chosen channel or role was deleted: forgets the choice and tells staff once.

A feature whose rows name channels, which are no choices of /setup, registers with `watch` and is told of those that
are gone; it must bear being told twice.

Deleted while the bot watches, Discord says so; deleted while it was away, the choices are compared with the
server after each READY. What a choice was for is off until another is made, which every feature respects.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import discord

from bot.core import Core
from bot.discord_trouble import TROUBLE
from bot.setup_card import Choice, Page, SetupCard
from bot.staff_notices import StaffNotices

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watch:
    """Which channels of a server a feature uses, and what it does when one of them is gone."""

    channels: Callable[[int], Awaitable[Collection[int]]]
    lost: Callable[[int, int], Awaitable[None]]


class LostPlaces:
    """Keeps the configuration free of what no longer exists."""

    def __init__(self, core: Core, setup_card: SetupCard, notices: StaffNotices) -> None:
        self._core = core
        self._setup_card = setup_card
        self._notices = notices
        self._watches: list[Watch] = []

    def watch(self, watch: Watch) -> None:
        """Tell a feature of deleted channels."""
        self._watches.append(watch)

    def stop_watching(self, watch: Watch) -> None:
        self._watches.remove(watch)

    async def compare(self, guild: discord.Guild) -> None:
        """Forget every choice that the server no longer has. While Discord cannot show it, nothing is known."""
        if guild.unavailable:
            return
        for page, choice, chosen in await self._choices(guild.id):
            if choice.of == "role":
                is_gone = guild.get_role(chosen) is None
            else:
                is_gone = guild.get_channel(chosen) is None and await _is_channel_gone(guild, chosen)
            if is_gone:
                await self._forget(guild.id, page, choice, chosen)
        for watch in tuple(self._watches):
            for channel_id in await watch.channels(guild.id):
                if guild.get_channel(channel_id) is None and await _is_channel_gone(guild, channel_id):
                    await watch.lost(guild.id, channel_id)

    async def channel_deleted(self, guild_id: int, channel_id: int) -> None:
        await self._deleted(guild_id, "channel", channel_id)
        for watch in tuple(self._watches):
            await watch.lost(guild_id, channel_id)

    async def role_deleted(self, guild_id: int, role_id: int) -> None:
        await self._deleted(guild_id, "role", role_id)

    async def _deleted(self, guild_id: int, of: str, place_id: int) -> None:
        for page, choice, chosen in await self._choices(guild_id):
            if choice.of == of and chosen == place_id:
                await self._forget(guild_id, page, choice, chosen)

    async def _choices(self, guild_id: int) -> Sequence[tuple[Page, Choice, int]]:
        found: list[tuple[Page, Choice, int]] = []
        for page in self._setup_card.pages:
            if page.section is None:
                continue
            section = await self._core.configs.get(guild_id, page.section)
            for choice in page.choices:
                chosen: int | None = getattr(section, choice.field)
                if chosen is not None:
                    found.append((page, choice, chosen))
        return found

    async def _forget(self, guild_id: int, page: Page, choice: Choice, chosen: int) -> None:
        assert page.section is not None  # it has a choice
        async with self._core.db.begin() as session:
            # Locks the row: another choice may have been made since this one was read, and stays.
            present = await self._core.configs.change(session, guild_id, page.section)
            if getattr(present, choice.field) != chosen:
                return
            config = await self._core.configs.guild(guild_id)
            await self._core.configs.change(session, guild_id, page.section, **{choice.field: None})
            # When it was the staff channel itself, there is nowhere to tell it.
            if chosen != config.staff_channel_id:
                await self._notices.choice_lost(session, guild_id, choice.label, choice.of, chosen)
        log.warning("a chosen %s is gone guild=%s field=%s id=%s", choice.of, guild_id, choice.field, chosen)


async def _is_channel_gone(guild: discord.Guild, channel_id: int) -> bool:
    """Asks Discord itself before a choice is forgotten: what a bot may not see may be missing from its cache."""
    try:
        await guild.fetch_channel(channel_id)
    except discord.NotFound:
        return True
    except TROUBLE:
        return False  # hidden, or Discord is not well: what is posted there later will tell
    return False
