"""The real bot under dpytest, for what dpytest can do: members join and plain messages are written.

dpytest 0.7 with discord.py 2.7 has no interactions, no reactions and no roles, and shows nothing of a message
made of components: one learns that a message was sent, where, under which nonce and in answer to what, never
what it says. What people see is proved in ``tests/behaviour``. Three of its gaps are filled below, each with
the reason; nothing of the bot is replaced but the sync of its commands, since dpytest has no application.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.app import Lyceum
from bot.settings import Settings
from storage.database import Database
from tests.listeners.helpers import dpytest


def _permissions_in_the_channel(self: discord.PartialMessageable, member: Any, /) -> discord.Permissions:
    channel = self.guild.get_channel(self.id) if self.guild is not None else None
    assert channel is not None
    return channel.permissions_for(member)


@pytest.fixture
async def bot(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lyceum]:
    """The bot in a server with #welcome and #introductions, both chosen; the dispatcher is running."""
    # dpytest asks a channel's object whether the bot may write there. A partial one, which is all the bot
    # needs for sending, answers "nothing", where Discord would look at the channel.
    monkeypatch.setattr(discord.PartialMessageable, "permissions_for", _permissions_in_the_channel)
    bot = Lyceum(Settings(), sqlite_database, ring=False)
    await bot._async_setup_hook()
    dpytest.configure(bot, guilds=1, text_channels=["welcome", "introductions"], members=["Ben"])

    async def no_application(_: Database) -> bool:
        return False

    monkeypatch.setattr(bot.tree, "sync_if_changed", no_application)
    await bot.setup_hook()
    bot.dispatcher.start()
    await _choose_channels(bot)
    yield bot
    await bot.dispatcher.stop()
    await dpytest.empty_queue()


async def _choose_channels(bot: Lyceum) -> None:
    # Closing a bot drops its features' modules, so this is the class that the present bot has loaded.
    from cogs.onboarding.model import OnboardingSettings

    [guild] = bot.guilds
    welcome, introductions = guild.text_channels
    async with bot.core.db.begin() as session:
        await bot.core.configs.change(
            session,
            guild.id,
            OnboardingSettings,
            welcome_channel_id=welcome.id,
            introductions_channel_id=introductions.id,
        )
