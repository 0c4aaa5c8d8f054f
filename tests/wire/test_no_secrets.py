"""A whole life of `lyceum run` at DEBUG, through faults to its violent end: what it wrote down holds no secret.

Everything that it leaves is searched: its folder, its standard streams, and the health endpoint. The one place where a
member's words belong is the database with its copies, and there only those that they handed in.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault, Scripted
from tests.wire.nursery import PROJECT
from tests.wire.test_reconnects import _choose_channels
from tests.wire.world import APPLICATION_ID, TOKEN, Member

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")

START = 40.0  # seconds
WEBHOOK = "https://discord.com/api/webhooks/1458384666624000001/Vq9-heron-in-a-webhook"
DIRECT = "a heron in a direct message"
SAID = "a heron in the introductions"
GOAL = "to draw a heron"
SECRETS = (TOKEN, "heron-in-a-webhook", DIRECT, SAID)


async def _hand_in(discord: FakeDiscord, member: Member, channel_id: int, goal: str) -> str:
    """A member hands in the form of the first step. Returns the interaction's token."""
    number = discord.world.snowflake()
    token = f"interaction-{number}"
    field: dict[str, Any] = {"type": 4, "id": 2, "custom_id": "goal", "value": goal}
    await discord.gateway.interact(
        member,
        channel_id,
        number=number,
        token=token,
        kind=5,
        data={
            "custom_id": "onboarding:goal.set",
            "components": [{"type": 18, "id": 1, "component": field}],
        },
    )
    return token


async def _say(discord: FakeDiscord, member: Member, channel_id: int, text: str) -> None:
    await discord.gateway.say(discord.world.write(channel_id, member.id, text))


async def _write_to_the_bot(discord: FakeDiscord, member: Member, text: str) -> None:
    """A direct message. Lyceum does not ask to be told of them; it is told all the same."""
    author = {"id": str(member.id), "username": member.name, "discriminator": "0", "avatar": None}
    await discord.gateway.dispatch(
        "MESSAGE_CREATE",
        {
            "id": str(discord.world.snowflake()),
            "channel_id": str(APPLICATION_ID + 7),
            "author": author,
            "content": text,
            "timestamp": discord.world.now().isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "type": 0,
        },
    )


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


async def _start(folder: Path, discord: FakeDiscord) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "tests.wire.bot_process",
        "lyceum",
        discord.url,
        "run",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _live(discord: FakeDiscord, welcome: int, introductions: int) -> None:
    """A newcomer is greeted, writes in every place there is, and Discord has a bad day meanwhile."""
    ann = discord.world.add_member("ann", joined_ago=timedelta(0))
    discord.faults.script.extend(
        Scripted(fault, "create_message") for fault in (Fault.ERROR_503_BEFORE, Fault.RESET_AFTER)
    )
    await discord.gateway.join(ann)
    await until(lambda: len(discord.world.posts()) >= 1, seconds=60, what="greeted")
    token = await _hand_in(discord, ann, welcome, f"{GOAL}, {WEBHOOK}")
    await until(lambda: token in discord.rest.answers, seconds=20, what="the form is answered")
    discord.faults.script.append(Scripted(Fault.ERROR_503_BEFORE, "answer_interaction"))
    await _hand_in(discord, ann, welcome, f"{GOAL}, {WEBHOOK}")
    await _write_to_the_bot(discord, ann, f"{DIRECT} {TOKEN} {WEBHOOK}")
    await _say(discord, ann, introductions, f"{SAID} {TOKEN} {WEBHOOK}")
    await until(lambda: len(discord.world.posts()) >= 2, seconds=60, what="the hello is answered")
    await asyncio.sleep(1.0)


def _files(folder: Path, *, without: Path) -> dict[str, bytes]:
    found = [each for each in folder.rglob("*") if each.is_file() and each != without]
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


def _is_database(file: Path) -> bool:
    return file.read_bytes().startswith(b"SQLite format 3")


async def test_nothing_that_a_life_at_debug_writes_down_holds_a_secret(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    world, port = discord.world, _free_port()
    welcome, introductions = world.add_channel("welcome").id, world.add_channel("introductions").id
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'[discord]\ntoken = "{TOKEN}"\n[log]\nlevel = "DEBUG"\n[health]\nport = {port}\n', encoding="utf-8"
    )
    (tmp_path / "data").mkdir()
    await _choose_channels(
        f"sqlite:///{tmp_path / 'data' / 'lyceum.db'}",
        welcome_channel_id=welcome,
        introductions_channel_id=introductions,
    )
    written: dict[str, bytes] = {}
    for life in ("crashed", "refused"):
        process = await _start(tmp_path, discord)
        try:
            lives = len(discord.gateway.identifies)
            await until(lambda seen=lives: len(discord.gateway.identifies) > seen, seconds=START, what="up")
            if life == "crashed":
                await _live(discord, welcome, introductions)
                async with aiohttp.ClientSession() as session:
                    for path in ("healthz", "metrics"):
                        async with session.get(f"http://127.0.0.1:{port}/{path}") as answer:
                            written[path] = await answer.read()
                process.send_signal(signal.SIGABRT)  # the interpreter writes where every thread is
            else:
                await discord.gateway.drop(code=4004)  # the token is taken no more
            written[life], _ = await asyncio.wait_for(process.communicate(), START)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
    written |= _files(tmp_path, without=config)

    assert b"DEBUG" in written["crashed"], "it was at DEBUG"
    assert b"Fatal Python error: Aborted" in written["crashed"]
    assert b"does not accept the token" in written["refused"]
    kept = [name for name, text in written.items() if GOAL.encode() in text]
    assert any("lyceum.db" in name for name in kept), "the goal is kept"
    assert any(name.startswith("data/backups/") for name in written)
    for name, text in written.items():
        is_data = name.startswith("data/") and (name.endswith("-wal") or _is_database(tmp_path / name))
        for secret in (*SECRETS, GOAL):
            # Whoever puts a webhook into their goal has handed that in.
            if not (is_data and secret in ("heron-in-a-webhook", GOAL)):
                assert secret.encode() not in text, f"{secret!r} is in {name}"
