"""The two bots that are compared: the real Lyceum, and the least that discord.py allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands
from sqlalchemy import event

from benchmarks import payloads
from storage.database import Database

if TYPE_CHECKING:
    from bot.core import Core

WAITING = 100  # members with an open quest


class Bare(commands.Bot):
    """The floor: discord.py's bot with an empty listener, and the intents that Lyceum has."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(
            guilds=True, members=True, guild_messages=True, guild_reactions=True, message_content=True
        )
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
async def lyceum(folder: Path) -> AsyncIterator[tuple[commands.Bot, Database]]:
    """The real bot with every feature on and set up and the Message Content Intent, as in a community that uses it all.

    Its alarm clock does not ring: what a tick costs has a row of its own.
    """
    from bot.app import Lyceum
    from bot.settings import DiscordSettings, Settings
    from storage import schema

    database = Database(f"sqlite:///{folder / 'bench.db'}")
    await schema.upgrade(database)
    bot = Lyceum(Settings(discord=DiscordSettings(message_content=True)), database, ring=False)
    await _set_up(bot.core)
    try:
        yield bot, database
    finally:
        await bot.close()
        await database.close()


async def _set_up(core: Core) -> None:
    """What listens to messages: quests that are waited for, every filter, raids. Each other feature has its channel."""
    from cogs.badges.model import BadgeSettings
    from cogs.challenges.model import ChallengeSettings
    from cogs.filters.model import FilterSettings
    from cogs.filters.rules import Filter, Lists
    from cogs.kudos.model import KudosSettings
    from cogs.micro.model import MicroSettings
    from cogs.onboarding.model import OnboardingSettings
    from cogs.pairs.model import PairSettings
    from cogs.promises.model import PromiseSettings
    from cogs.raids.model import RaidSettings
    from cogs.reviews.model import ReviewSettings
    from cogs.rota.model import RotaSettings
    from cogs.showcase.model import ShowcaseSettings
    from storage import (
        badges,
        challenges,
        filters,
        kudos,
        micro,
        onboarding,
        pairs,
        promises,
        raids,
        review_wishes,
        rota,
        showcase,
    )

    room = {"channel_id": payloads.CHATTY[0]}
    welcome = {
        "welcome_channel_id": payloads.WELCOME,
        "introductions_channel_id": payloads.INTRODUCTIONS,
        "wins_channel_id": payloads.CHATTY[1],
    }
    deeds = {each.value: "delete" for each in Filter}
    lists = {
        Lists.WORDS: payloads.words(),
        Lists.PATTERNS: [rf"\b{each}+\b" for each in payloads.words(10)],
        Lists.DOMAINS: [f"{each}.example" for each in payloads.words()],
        Lists.PROTECTED: ["ourschool.example"],
    }
    chosen: list[tuple[Any, Any, dict[str, Any]]] = [
        (OnboardingSettings, onboarding.OnboardingSettingsRow, welcome),
        (FilterSettings, filters.FilterSettingsRow, deeds),
        (RaidSettings, raids.RaidSettingsRow, {"automatic": 3}),
        (BadgeSettings, badges.BadgeSettingsRow, room),
        (ChallengeSettings, challenges.ChallengeSettingsRow, room),
        (KudosSettings, kudos.KudosSettingsRow, room),
        (MicroSettings, micro.MicroSettingsRow, room),
        (PairSettings, pairs.PairSettingsRow, room),
        (PromiseSettings, promises.PromiseSettingsRow, room),
        (ReviewSettings, review_wishes.ReviewSettingsRow, room),
        (RotaSettings, rota.RotaSettingsRow, room),
        (ShowcaseSettings, showcase.ShowcaseSettingsRow, room),
    ]
    guild_id, now = payloads.GUILD_ID, core.clock.now()
    async with core.db.begin() as session:
        for section, row, values in chosen:
            core.configs.register(section, row)
            await core.configs.change(session, guild_id, section, **values)
        for name, entries in lists.items():
            await filters.set_list(session, guild_id, name, tuple(entries), now)
        for member_id in payloads.MEMBERS[:WAITING]:
            quest = await onboarding.get_quest(session, guild_id, member_id, "first", version=1)
            quest.started_at = now
