"""CPU an ordinary message, every feature on, against a bare `commands.Bot` with an empty listener."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import discord
from discord.ext import commands
from sqlalchemy import event

from benchmarks import gateway
from storage.database import Database

COUNT = 20_000
WARM_UP = 1_000


class Bare(commands.Bot):
    """The floor: discord.py's bot with an empty listener."""

    def __init__(self) -> None:
        super().__init__(command_prefix=(), intents=_intents())

    async def on_message(self, message: discord.Message, /) -> None:
        pass


async def measure(variant: str) -> dict[str, float]:
    """Feed the same messages to the variant and count CPU, statements and the longest stall."""
    statements = 0
    with tempfile.TemporaryDirectory() as folder:
        if variant == "bare":
            client: discord.Client = Bare()
            database = None
        else:
            client, database = await _lyceum(Path(folder))

            def count(*_: object) -> None:
                nonlocal statements
                statements += 1

            event.listen(database.engine.sync_engine, "before_cursor_execute", count)
        socket = await gateway.connect(client)
        await asyncio.sleep(1)  # what follows READY reads from the database, and is no message
        payloads = gateway.messages(COUNT)
        for payload in payloads[:WARM_UP]:
            await socket.received_message(payload)
        await gateway.settle()
        statements, longest = 0, 0.0
        begun = time.process_time()
        for number, payload in enumerate(payloads[WARM_UP:]):
            one = time.process_time()
            await socket.received_message(payload)
            if number % 10 == 9:
                await asyncio.sleep(0)
            longest = max(longest, time.process_time() - one)
        await gateway.settle()
        used = time.process_time() - begun
        if database is not None:
            await client.close()
            await database.close()
    return {
        "us_each": used / (COUNT - WARM_UP) * 1e6,
        "statements": float(statements),
        "longest_ms": longest * 1e3,
    }


async def _lyceum(folder: Path) -> tuple[discord.Client, Database]:
    """The real bot, with onboarding set up and members waiting in it, as in a living community."""
    from bot.app import Lyceum
    from bot.settings import Settings
    from cogs.onboarding.model import OnboardingSettings
    from storage import onboarding, schema

    database = Database(f"sqlite:///{folder / 'bench.db'}")
    await schema.upgrade(database)
    bot = Lyceum(Settings(), database, ring=False)
    bot.core.configs.register(OnboardingSettings, _settings_table())
    async with database.begin() as session:
        await bot.core.configs.change(
            session,
            gateway.GUILD_ID,
            OnboardingSettings,
            welcome_channel_id=gateway.CHANNELS[0],
            introductions_channel_id=gateway.CHANNELS[1],
        )
        for member_id in gateway.MEMBERS[:100]:
            await onboarding.get_quest(session, gateway.GUILD_ID, member_id, "first", version=1)
    return bot, database


def _settings_table() -> type:
    from storage.onboarding import OnboardingSettingsRow

    return OnboardingSettingsRow


def _intents() -> discord.Intents:
    return discord.Intents(
        guilds=True, members=True, guild_messages=True, guild_reactions=True, message_content=True
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1]))))
