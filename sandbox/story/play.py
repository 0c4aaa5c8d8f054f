"""Plays the story: opens its world, lets time pass from scene to scene, and says what happened."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any, cast
from zoneinfo import ZoneInfo

import discord

from bot.invite import MODERATION_PERMISSIONS
from sandbox.story import doing, opening, scheduled, together, trouble
from sandbox.story.hurry import HurriedWorld, hurried, same_luck
from sandbox.story.plan import MOST_WEEKS, Plan, Verb
from sandbox.story.tale import Tale
from sandbox.story.weeks import planned
from sandbox.world import World

_CLOCK = ZoneInfo("Europe/Lisbon")
_ROOM = 2**28  # bytes; the four weeks take some ten megabytes
_EVERY_DAY: tuple[Verb, ...] = (
    together.want_pairs,
    together.volunteer,
    together.cheer_on,
    together.whoever_was_asked_is_in,
    scheduled.closing,
    doing.settle_in,
    doing.arrive,
)
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
    weight: int
    """How much it is more than what happens every day, from 0."""

    @property
    def day(self) -> date:
        """The day on the community's clock."""
        return self.at.astimezone(_CLOCK).date()


@contextmanager
def room() -> Generator[Path]:
    """A folder for a database that is thrown away, in memory where there is room."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder in memory, in which a folder of its own is made
    is_roomy = memory.is_dir() and os.access(memory, os.W_OK) and disk_usage(memory).free >= _ROOM
    with TemporaryDirectory(prefix="lyceum-story-", dir=memory if is_roomy else None) as folder:
        yield Path(folder)


@asynccontextmanager
async def world(folder: Path, *, check_errors: bool = True) -> AsyncGenerator[HurriedWorld]:
    """The server before the bot has been set up in it, early on Monday 5 October 2026; its database is in ``folder``."""
    # Imported here: before the simulated Discord changes any clock, and only when there is a bot to show.
    from storage import schema
    from storage.database import Database

    database = Database(_url(folder))
    await schema.upgrade(database)
    await database.close()
    opening = HurriedWorld.open(
        lambda opened: _bot(folder, opened, ring=False),
        database=hurried(database),
        reopen=lambda closed: hurried(Database(closed.url.render_as_string(hide_password=False))),
        now=BEGINS,
        permissions=discord.Permissions(MODERATION_PERMISSIONS),
        check_errors=check_errors,
    )
    with same_luck():
        async with opening as opened:
            yield cast("HurriedWorld", opened)


async def go_on(world: HurriedWorld, folder: Path) -> None:
    """After the story: the bot is started anew with its own alarm clock, and lives at real pace from here."""
    world.forgive_errors()
    await world.go_on_at_real_pace(lambda opened: _bot(folder, opened, ring=True))


def _weight(verb: Verb) -> int:
    """Which of a day's moments stands for it."""
    if verb in _EVERY_DAY:
        return 0
    return {trouble.__name__: 4, opening.__name__: 3, scheduled.__name__: 3, together.__name__: 2}.get(
        verb.__module__, 1
    )


def _bot(folder: Path, database: Any, *, ring: bool) -> Any:
    from bot.app import Lyceum
    from bot.settings import DatabaseSettings, Settings

    return Lyceum(Settings(database=DatabaseSettings(url=_url(folder))), database, ring=ring)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'story.db'}"


async def play(
    world: World[Any, Any], weeks: int = MOST_WEEKS, tale: Tale | None = None
) -> AsyncGenerator[Moment]:
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
            share = (number + 1) / len(scenes)
            yield Moment(world.now, scene.who, told, week, share, _weight(scene.verb))
