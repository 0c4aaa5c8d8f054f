"""The two bots that are compared: the real Lyceum, and the least that discord.py allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
from discord.ext import commands
from sqlalchemy import event

from benchmarks import payloads
from storage.database import Database

WAITING = 100  # members with an open quest


class Bare(commands.Bot):
    """The floor: discord.py's bot with an empty listener, and the intents that Lyceum has."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True, members=True, guild_messages=True, guild_reactions=True)
        super().__init__(command_prefix=(), intents=intents, chunk_guilds_at_startup=False, **options)

    async def on_message(self, message: discord.Message, /) -> None:
        pass


class Statements:
    """Every SQL statement that a database was sent since it was last cleared."""

    def __init__(self, database: Database) -> None:
        self.seen: list[str] = []
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.seen.append(statement)


@asynccontextmanager
async def lyceum(folder: Path) -> AsyncIterator[tuple[discord.ext.commands.Bot, Database]]:
    """The real bot, with onboarding set up and members waiting in it, as in a living community.

    Its alarm clock does not ring: what a tick costs has a row of its own.
    """
    from bot.app import Lyceum
    from bot.settings import Settings
    from cogs.onboarding.model import OnboardingSettings
    from storage import onboarding, schema

    database = Database(f"sqlite:///{folder / 'bench.db'}")
    await schema.upgrade(database)
    bot = Lyceum(Settings(), database, ring=False)
    bot.core.configs.register(OnboardingSettings, onboarding.OnboardingSettingsRow)
    async with database.begin() as session:
        await bot.core.configs.change(
            session,
            payloads.GUILD_ID,
            OnboardingSettings,
            welcome_channel_id=payloads.WELCOME,
            introductions_channel_id=payloads.INTRODUCTIONS,
        )
        for member_id in payloads.MEMBERS[:WAITING]:
            quest = await onboarding.get_quest(session, payloads.GUILD_ID, member_id, "first", version=1)
            quest.started_at = bot.core.clock.now()
    try:
        yield bot, database
    finally:
        await bot.close()
        await database.close()
