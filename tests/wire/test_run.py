"""`lyceum run` itself, with nothing replaced but the address of Discord."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault, Scripted
from tests.wire.gateway import MEMBERS_INTENT
from tests.wire.nursery import PROJECT
from tests.wire.world import OWNER_ID, TOKEN

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")

START = 40.0  # seconds; it takes two, on a machine that has nothing else to do
WRONG_TOKEN = "OTAwMDAwMDAwMDAwMDAwMDAx.GexAmp.another-token-that-nobody-ever-made"


@asynccontextmanager
async def lyceum(
    folder: Path, discord: FakeDiscord, token: str = TOKEN
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`lyceum run` in this folder."""
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'[discord]\ntoken = "{token}"\n[database]\nurl = "sqlite:///lyceum.db"\n', encoding="utf-8"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.wire.bot_process",
        "lyceum",
        discord.url,
        "run",
        "--config",
        str(config),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: asyncio.subprocess.Process, *, seconds: float = START) -> tuple[int, str]:
    """The exit status and what was said."""
    async with asyncio.timeout(seconds):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_it_connects_syncs_its_commands_once_answers_one_and_ends_when_told_to(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.gateway.heartbeat_ms = 200
    room = discord.world.add_channel("room").id
    async with lyceum(tmp_path, discord) as process:
        await until(lambda: discord.gateway.connected, seconds=START, what="connected")
        assert len(discord.rest.asked("put_commands")) == 1
        assert {"help", "start", "setup"} <= {each["name"] for each in discord.world.commands}
        token = await discord.gateway.command(discord.world.members[OWNER_ID], room, "help")
        await until(lambda: token in discord.rest.answers, seconds=3, what="an answer within three seconds")
        await until(lambda: discord.gateway.heartbeats >= 3, seconds=5, what="heartbeats")
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status, said = await ended(process)
        assert time.monotonic() - asked <= 10
    assert status == 0, said
    assert "Traceback" not in said
    assert TOKEN not in said
    assert len(discord.rest.answers) == 1
    assert discord.rest.unknown_routes == Counter()
    async with lyceum(tmp_path, discord) as process:
        await until(lambda: len(discord.gateway.identifies) == 2, seconds=START, what="connected again")
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
    assert len(discord.rest.asked("put_commands")) == 1


async def test_sigterm_ends_it_within_ten_seconds_though_discord_does_not_answer(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.faults.script.append(Scripted(Fault.HANG_BEFORE, "own_user"))
    async with lyceum(tmp_path, discord) as process:
        await until(lambda: bool(discord.rest.log), seconds=START, what="the login")
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status, said = await ended(process)
        assert time.monotonic() - asked <= 10
    assert status == 0, said


async def test_a_wrong_token_is_refused_in_one_sentence_after_one_request(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    async with lyceum(tmp_path, discord, WRONG_TOKEN) as process:
        status, said = await ended(process)
    assert status == 2
    assert "Discord does not accept the token" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert WRONG_TOKEN not in said
    assert len(discord.rest.log) == 1


async def test_a_missing_privileged_intent_is_refused_in_one_sentence(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.gateway.disallowed_intents = MEMBERS_INTENT
    async with lyceum(tmp_path, discord) as process:
        status, said = await ended(process)
    assert status == 2
    assert "Server Members Intent" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert len(discord.gateway.identifies) == 1


async def test_a_discord_that_cannot_be_reached_is_told_in_one_sentence(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    await discord.go_away()
    async with lyceum(tmp_path, discord) as process:
        status, said = await ended(process)
    assert status == 2
    assert "Discord cannot be reached" in said.splitlines()[-1]
    assert "Traceback" not in said


async def test_a_discord_that_is_ill_is_told_in_one_sentence(tmp_path: Path, discord: FakeDiscord) -> None:
    discord.faults.script.append(Scripted(Fault.ERROR_503_BEFORE, "own_user"))
    async with lyceum(tmp_path, discord) as process:
        status, said = await ended(process)
    assert status == 2, said
    assert "Traceback" not in said
