"""Discord ends the bot's sessions again and again: it must not ask for a thousand new ones a day."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.gateway import Illness
from tests.wire.nursery import Nursery
from tests.wire.test_run import ended, lyceum

NAPS = 1200.0  # a day of the pauses passes in 72 seconds
DAY = timedelta(days=1) / NAPS
# Discord allows 1,000. The bucket lets through 9 at once and 144 over the day; what is measured at Discord's end
# is a little blurred by the way there.
AT_ONCE, A_DAY = 14, 150
ENOUGH = 30  # sessions, of which the bucket lets through the last ones at its slowest


def _life(discord: FakeDiscord, folder: Path) -> Life:
    return Life(discord.url, f"sqlite:///{folder / 'lyceum.db'}", str(folder), naps=NAPS, spaced=True)


def _assert_few(discord: FakeDiscord) -> None:
    asked = discord.gateway.identifies
    days = (asked[-1] - asked[0]) / DAY
    assert len(asked) <= AT_ONCE + A_DAY * days, f"{len(asked)} sessions in {days:.3f} days"


@pytest.mark.parametrize("illness", [Illness.INVALIDATES, Illness.DROPS_SESSIONS, Illness.CLOSES_UNSEEN])
async def test_a_gateway_that_ends_every_session_is_asked_for_few_new_ones_and_found_when_it_is_well(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord, illness: Illness
) -> None:
    gateway = discord.gateway
    gateway.illness = illness
    await nursery.bear(_life(discord, tmp_path))
    await until(lambda: len(gateway.identifies) >= ENOUGH, seconds=120, what="many sessions")
    _assert_few(discord)
    gateway.illness = None
    sessions = len(gateway.identifies)
    await until(lambda: len(gateway.identifies) > sessions, seconds=60, what="a session that may stay")
    await until(lambda: gateway.connected, seconds=60, what="connected")
    nursery.ask_to_end()
    assert await nursery.end(seconds=12) == 0


async def test_neither_do_crashes_in_between_lead_to_more_sessions(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.gateway.illness = Illness.INVALIDATES
    chance = random.Random(1)
    while len(discord.gateway.identifies) < ENOUGH:
        sessions = len(discord.gateway.identifies)
        await nursery.bear(_life(discord, tmp_path))
        await until(lambda: len(discord.gateway.identifies) > sessions, seconds=60, what="a session")  # noqa: B023
        await asyncio.sleep(chance.uniform(0, 1))
        nursery.kill()
        await nursery.end()
    _assert_few(discord)


async def test_it_ends_when_told_to_while_a_session_waits_for_its_turn(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.gateway.illness = Illness.INVALIDATES
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await nursery.bear(Life(discord.url, url, str(tmp_path), naps=50, spaced=True))
    log = tmp_path / "log"
    await until(
        lambda: log.exists() and "connecting in" in log.read_text("utf-8"), seconds=60, what="it waits"
    )
    nursery.ask_to_end()
    assert await nursery.end(seconds=12) == 0


async def test_a_gateway_that_is_away_while_the_rest_of_discord_is_there_is_told_in_one_sentence(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.gateway.away = True
    async with lyceum(tmp_path, discord) as process:
        status, said = await ended(process)
    assert status == 2, said
    assert "Discord cannot be reached" in said.splitlines()[-1]
    assert "AttributeError" not in said
