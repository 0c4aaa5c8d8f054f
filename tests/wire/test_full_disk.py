"""A disk that really is full: said in words and to staff, nothing half written, no spinning, and all well afterwards.

The database lies on a small file system in memory that the test mounts, which takes root on Linux.
`tests/bot/test_full_disk.py` has the same with a limit on the size of files, for everybody.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.clock import Clock
from bot.core import Core
from bot.guild_config import GuildConfig
from cogs.onboarding.model import OnboardingSettings
from storage import app_state
from storage.database import Database
from storage.faults import explain, is_unwritable, lack_of_room
from storage.onboarding import OnboardingSettingsRow
from storage.schema import upgrade
from storage.sqlite_files import inspect, opened
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.world import GUILD_ID

START = 40.0  # seconds
RING = 0.5  # seconds between two ticks
FULL_FOR = 6.0  # seconds
MIB = 1024 * 1024


def _mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 32 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted = _mount("-t", "tmpfs", "-o", "size=32m", "lyceum-test", str(folder))
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder: Path) -> Path:
    """Leave not a byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MIB, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


async def _prepare(url: str, welcome: int, staff: int) -> None:
    database = Database(url)
    try:
        await upgrade(database)
        core = Core.build(database, Clock(lambda: datetime.now(UTC)))
        core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        async with database.begin() as session:
            await core.configs.change(session, GUILD_ID, OnboardingSettings, welcome_channel_id=welcome)
            await core.configs.change(session, GUILD_ID, GuildConfig, staff_channel_id=staff)
    finally:
        await database.close()


async def test_a_full_disk_is_told_to_staff_and_what_was_missed_is_made_up_for_when_there_is_room(
    nursery: Nursery, tmp_path: Path, small_disk: Path, discord: FakeDiscord
) -> None:
    world, gateway = discord.world, discord.gateway
    welcome, staff = world.add_channel("welcome").id, world.add_channel("staff").id
    url = f"sqlite:///{small_disk / 'lyceum.db'}"
    await _prepare(url, welcome, staff)
    await nursery.bear(Life(discord.url, url, str(tmp_path), naps=20, ring_every=RING))
    first = world.add_member("first", joined_ago=timedelta(0))
    await until(lambda: gateway.connected, seconds=START, what="connected")
    await gateway.join(first)
    await until(lambda: len(world.posts()) == 1, seconds=START, what="a greeting while all is well")

    filler = _fill(small_disk)
    newcomers = [world.add_member(f"newcomer-{number}", joined_ago=timedelta(0)) for number in range(5)]
    for each in newcomers:
        await gateway.join(each)
    await until(lambda: len(world.posts()) == 2, seconds=START, what="staff are told")
    await asyncio.sleep(FULL_FOR)
    assert [each.channel_id for each in world.posts()] == [welcome, staff], (
        "told once, and nothing else is sent"
    )
    assert "is full or cannot be written to" in world.posts()[1].text
    token = await gateway.command(newcomers[0], welcome, "start")
    await until(
        lambda: token in discord.rest.answers, seconds=START, what="an answer to a command all the same"
    )
    filler.unlink()
    await until(
        lambda: len(world.posts()) == 2 + len(newcomers), seconds=START, what="the newcomers are greeted"
    )
    await asyncio.sleep(RING * 4)
    nursery.ask_to_end()
    assert await nursery.end(seconds=12) == 0

    greeted = [int(each) for post in world.posts() for each in re.findall(r"<@(\d+)>", post.text)]
    assert sorted(greeted) == sorted(each.id for each in (first, *newcomers))
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert "the disk with the database is full" in said
    assert "the disk can be written to again" in said
    assert "Traceback" not in said, said
    failures = [line for line in said.splitlines() if " ERROR" in line]
    assert len(failures) <= 8 + 2 * (FULL_FOR + 5) / RING, "at the pace of events and ticks, not spinning"
    with opened(small_disk / "lyceum.db") as connection:
        inspect(connection)


async def test_nothing_is_half_written_on_a_full_disk(small_disk: Path) -> None:
    database = Database(f"sqlite:///{small_disk / 'lyceum.db'}")
    try:
        await upgrade(database)
        _fill(small_disk)
        with pytest.raises(OperationalError) as failed:
            async with database.begin() as session:
                for number in range(20_000):
                    await app_state.put(session, f"note:{number}", "x" * 400)
        # SQLite says the one or the other, by which of its files it was about to make larger.
        assert explain(failed.value) in ("the disk is full", "the disk reports an error, or is full")
        (small_disk / "filler").unlink()
        async with database.read() as session:
            assert await app_state.find(session, "note:0") is None
        async with database.begin() as session:
            await app_state.put(session, "note:0", "x")
    finally:
        await database.close()


async def test_a_disk_that_turned_read_only_is_named_and_used_again_when_it_is_writable(
    small_disk: Path,
) -> None:
    file = small_disk / "lyceum.db"
    database = Database(f"sqlite:///{file}")
    try:
        await upgrade(database)
        # With a file open for writing the kernel refuses; after a fault of a real disk it does not ask.
        await database.close()
        assert _mount("-o", "remount,ro", str(small_disk)).returncode == 0
        with pytest.raises(OperationalError) as failed:
            async with database.begin() as session:
                await app_state.put(session, "note", "x")
        assert is_unwritable(failed.value)
        assert explain(failed.value) in (
            "the database cannot be written to",
            "the file cannot be opened or made",
        )
        assert lack_of_room(file) == "the disk with the database is read-only"
        assert _mount("-o", "remount,rw", str(small_disk)).returncode == 0
        async with database.begin() as session:
            await app_state.put(session, "note", "x")
        assert lack_of_room(file) is None
    finally:
        await database.close()
