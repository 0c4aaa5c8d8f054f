"""The real bot in the simulated Discord, and effects that tests plan in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
from sqlalchemy import select

from bot.app import Lyceum
from bot.cards import Card, Text
from bot.dispatcher import PlannedEffect
from bot.outbox import Effect, EffectKind
from bot.settings import Settings
from sandbox.simcord_patches.process import operation
from sandbox.simcord_patches.records import hidden_from
from sandbox.world import World
from storage.database import Database
from storage.outbox import OutboxRow


class Stage:
    """The world, and what the tests plan in it. `drawn` is what every effect is drawn as."""

    def __init__(self, world: World[Lyceum, Database]) -> None:
        self.world = world
        self.faults = world.faults
        self.drawn: Any = Card((Text("Hello"),))

    def load(self, bot: Lyceum) -> None:
        async def draw(_effect: PlannedEffect) -> Any:
            return self.drawn

        bot.renderers.register("drawn", draw, what="something")

    async def plan(self, kind: EffectKind, key: str, **fields: Any) -> None:
        """Plan it and let the bot do what it can at once."""
        effect = Effect(kind=kind, key=key, guild_id=self.world.guild_id, renderer="drawn", **fields)

        async def commit() -> None:
            async with self.world.database.begin() as session:
                await self.world.bot.core.outbox.plan(session, effect)

        await self.world.in_bot(commit)
        await self.world.settle()

    async def post(self, key: str, **fields: Any) -> None:
        await self.plan(EffectKind.POST, key, **{"channel_id": self.world.weekly.id} | fields)

    async def row(self, key: str) -> OutboxRow:
        async with self.world.database.read() as session:
            return (await session.scalars(select(OutboxRow).where(OutboxRow.key == key))).one()

    async def outcome(self, key: str) -> tuple[str | None, str | None]:
        row = await self.row(key)
        return row.outcome, row.reason

    async def again(self, key: str, *, keep_first_try: bool = False) -> None:
        """As if the outcome had never been written: the effect is done a second time."""

        async def forget() -> None:
            async with self.world.database.begin() as session:
                row = (await session.scalars(select(OutboxRow).where(OutboxRow.key == key))).one()
                row.outcome = None
                row.first_try_at = row.first_try_at if keep_first_try else None
                row.not_before = self.world.now
            self.world.bot.dispatcher.wake()

        await self.world.in_bot(forget)
        await self.world.settle()

    async def pass_time(self, **span: float) -> None:
        await self.world.advance(timedelta(**span))


@asynccontextmanager
async def open_stage(database: Database) -> AsyncIterator[Stage]:
    """A world with the bot in it, in which every effect is drawn as the stage says, after restarts too."""
    stages: list[Stage] = []

    def make(database: Database) -> Lyceum:
        bot = Lyceum(Settings(), database, ring=False)
        for each in stages:
            each.load(bot)
        return bot

    async with World.open(make, database=database) as world:
        # The invite does not ask for it, because no feature times people out yet; the effect exists already.
        await world.bot_permissions(moderate_members=True)
        stages.append(Stage(world))
        stages[0].load(world.bot)
        yield stages[0]


async def someone_says(stage: Stage) -> Any:
    """A member writes where the tests post."""
    return await stage.world.say(stage.world.member, stage.world.weekly, "hello")


async def deny(stage: Stage, **permissions: bool | None) -> None:
    """Forbid the bot's role something in the channel where the tests post; None forbids it no more."""
    world = stage.world
    _, refused = discord.PermissionOverwrite(**permissions).pair()
    mine = replace(hidden_from(world.bot_role.id), deny=refused.value)
    backend, channel = world.env.backend, world.weekly.id
    kept = [each for each in backend.get_channel(channel).overwrites if each.target_id != mine.target_id]
    with operation(world.env, "deny"):
        backend.edit_channel(channel, {}, overwrites=[*kept, mine])
    await world.settle()
