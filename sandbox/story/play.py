"""Plays the story: opens its world, lets time pass from scene to scene, and says what happened."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord

from bot.invite import MODERATION_PERMISSIONS
from sandbox.story.hurry import HurriedWorld, hurried
from sandbox.story.plan import MOST_WEEKS, Plan
from sandbox.story.tale import Tale
from sandbox.story.weeks import planned
from sandbox.world import World

BEGINS = datetime(2026, 10, 5, 6, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that just happened: when, who did it (empty: nobody), and a line about it."""

    at: datetime
    who: str
    told: str
    week: int
    share: float
    """How much of the story has been told, from 0 to 1."""


@asynccontextmanager
async def world(folder: Path, *, check_errors: bool = True) -> AsyncGenerator[World[Any, Any]]:
    """The server before the bot has been set up in it, early on Monday 5 October 2026; its database is in ``folder``."""
    # Imported here: before the simulated Discord changes any clock, and only when there is a bot to show.
    from bot.app import Lyceum
    from bot.settings import DatabaseSettings, Settings
    from storage import schema
    from storage.database import Database

    database = Database(f"sqlite+aiosqlite:///{folder / 'story.db'}")
    await schema.upgrade(database)
    await database.close()
    hurried(database)
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{folder / 'story.db'}"))
    async with HurriedWorld.open(
        lambda opened: Lyceum(settings, opened, ring=False),
        database=database,
        now=BEGINS,
        permissions=discord.Permissions(MODERATION_PERMISSIONS),
        check_errors=check_errors,
    ) as opened:
        yield opened


async def play(world: World[Any, Any], weeks: int = MOST_WEEKS, tale: Tale | None = None) -> AsyncGenerator[Moment]:
    """Tell the first so many weeks, a moment at a time. Raises LookupError when somebody does not see what they should."""
    tale = tale or Tale(world)
    plan = Plan()
    for week in range(1, weeks + 1):
        planned(plan, week)
    scenes = plan.scenes()
    for number, scene in enumerate(scenes):
        if scene.at > world.now:
            await world.advance_to(scene.at)
        told = await scene.run(tale)
        if told:
            week = 1 + (scene.at.date() - BEGINS.date()).days // 7
            yield Moment(world.now, scene.who, told, week, (number + 1) / len(scenes))
