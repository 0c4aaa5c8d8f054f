"""The whole bot in a simulated community. At the end of each test every interaction must have been answered once, no
command may have looked into another server, everybody must be able to read what was shown (`audits.py`), and no statement
may look through a table that grows (`tests/plans.py`).

Opening a world is kept cheap: the database is a copy of a migrated file, in memory where there is room (a durable
commit on a disk takes longer than everything else here), and the clicks through /setup start are made once a process.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.app import Lyceum
from bot.settings import DiscordSettings, Settings
from sandbox.furnish import set_up
from sandbox.world import World
from storage.database import Database
from tests.behaviour.audits import barriers, servers_kept_apart
from tests.behaviour.quests import LyceumWorld, OpenWorld
from tests.databases import ROOM_IN_MEMORY, SqliteTemplate
from tests.plans import scans_in, statements_seen

LOW_MEMORY = bool(os.environ.get("LYCEUM_TESTS_LOW_MEMORY"))
"""Set in the environment, all of these tests run with `low_memory` on."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the test's database lies."""
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and os.access(memory, os.W_OK)
    is_roomy = is_roomy and shutil.disk_usage(memory).free >= ROOM_IN_MEMORY
    with TemporaryDirectory(prefix="lyceum-", dir=memory if is_roomy else None) as path:
        yield Path(path)


@asynccontextmanager
async def opened_at(url: str, *, low_memory: bool = LOW_MEMORY, **options: Any) -> AsyncIterator[LyceumWorld]:
    """A world on this database. Every behaviour must be the same whether the bot holds members in memory or not."""
    settings = Settings(discord=DiscordSettings(low_memory=low_memory))

    def make_bot(database: Database) -> Lyceum:
        return Lyceum(settings, database, ring=False)

    with servers_kept_apart(), statements_seen() as statements:
        async with World.open(make_bot, database=Database(url), **options) as world:
            yield world
            world.check_interactions()
            assert scans_in(statements, Path(url.removeprefix("sqlite:///"))) == []
            assert [barrier for request in world.faults.log for barrier in barriers(request.body)] == []


@pytest.fixture
def open_world(sqlite_template: SqliteTemplate, folder: Path) -> OpenWorld:
    """Opens the one world of a test in which nothing was chosen yet, for instance at a moment: `open_world(now=...)`."""
    url = sqlite_template.copy_to(folder)

    def opened(*, now: datetime | None = None, **options: Any) -> AbstractAsyncContextManager[LyceumWorld]:
        return opened_at(url, now=now, **options)

    return opened


@pytest.fixture
async def world(open_world: OpenWorld) -> AsyncIterator[LyceumWorld]:
    """The bot in a community where nothing was chosen yet. It is Wednesday 2026-01-07, 09:00 UTC."""
    async with open_world() as opened:
        yield opened


@pytest.fixture(scope="session")
def set_up_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database of a community that has been set up is kept, once a test has needed it."""
    return tmp_path_factory.mktemp("community") / "lyceum.db"


@pytest.fixture
async def set_up_url(sqlite_template: SqliteTemplate, set_up_template: Path, folder: Path) -> str:
    """The test's own database of a community in which a facilitator has chosen everything that /setup start offers."""
    if not set_up_template.exists():  # noqa: ASYNC240 - a glance at a local file
        url = sqlite_template.copy_to(folder)
        async with opened_at(url) as first:
            await set_up(first)
        made = folder / "lyceum.db"
        with closing(sqlite3.connect(made)) as connection, connection:
            # The next world's Discord has not been told of the commands yet.
            connection.execute("DELETE FROM app_state")
        # Only now that it is whole: one that failed half-way would make all other tests of the process fail as well.
        shutil.move(made, set_up_template)
    return f"sqlite:///{shutil.copyfile(set_up_template, folder / 'lyceum.db')}"


@pytest.fixture
async def community(set_up_url: str) -> AsyncIterator[LyceumWorld]:
    """The bot in that community."""
    async with opened_at(set_up_url) as opened:
        config = await opened.bot.core.configs.guild(opened.guild_id)
        assert config.staff_channel_id == opened.staff.id, "every world must begin with the same ids"
        yield opened
