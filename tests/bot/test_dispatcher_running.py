"""Starting, waking, stopping and pacing the dispatcher, and the numbers it is built on."""

from __future__ import annotations

import asyncio

import pytest

from bot.dispatcher import LEASE, NONCE_TRUST, TRY_TIMEOUT, Dispatcher, PlannedEffect, marker_of, nonce_of
from storage.database import Database
from tests.bot.fake_discord import NONCE_WINDOW
from tests.bot.outbox_stand import Stand, post, until
from tests.clocks import FixedClock


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    return await Stand.open(database, clock)


@pytest.fixture
async def fast(sqlite_database: Database, clock: FixedClock) -> Stand:
    """For what does not depend on the database."""
    return await Stand.open(sqlite_database, clock)


async def test_stopping_waits_for_what_is_under_way_and_begins_nothing_more(stand: Stand) -> None:
    gate = asyncio.Event()

    async def hang(_effect: PlannedEffect) -> None:
        await gate.wait()

    stand.discord.on_request = hang
    await stand.plan(*(post(f"{each}") for each in range(3)))
    stand.dispatcher.wake()
    await until(lambda: len(stand.asked) == 1)
    stopping = asyncio.create_task(stand.dispatcher.stop())
    await asyncio.sleep(0.02)
    assert not stopping.done()
    gate.set()
    await stopping
    stand.dispatcher.wake()
    await stand.dispatcher.drain()
    assert stand.asked == ["0"]
    assert await stand.outcome("0") == ("sent", None)
    await Stand.open(stand.db, stand.clock, stand.discord)
    assert stand.discord.counts() == {"0": 1, "1": 1, "2": 1}


async def test_waking_it_a_thousand_times_sends_everything_once(stand: Stand) -> None:
    async def wake(_effect: PlannedEffect) -> None:
        for _ in range(100):
            stand.dispatcher.wake()
            await asyncio.sleep(0)

    stand.discord.on_request = wake
    await stand.plan(*(post(f"{each}", channel=each) for each in range(20)))
    for _ in range(1000):
        stand.dispatcher.wake()
    await stand.dispatcher.drain()
    assert stand.discord.counts() == {f"{each}": 1 for each in range(20)}
    assert len(stand.asked) == 20


async def test_nothing_happens_before_discord_can_be_reached(
    sqlite_database: Database, clock: FixedClock
) -> None:
    stand = Stand(sqlite_database, clock)
    stand.dispatcher = Dispatcher(sqlite_database, clock, stand.discord, stand._render)
    await stand.deliver(post("a"))
    assert stand.asked == []
    stand.dispatcher.start()
    await stand.dispatcher.drain()
    assert stand.asked == ["a"]


def test_a_try_that_begins_within_the_trust_ends_within_discords_memory() -> None:
    assert NONCE_TRUST + TRY_TIMEOUT <= NONCE_WINDOW
    assert TRY_TIMEOUT < LEASE


def test_nonces_and_markers_fit_and_differ() -> None:
    keys = [f"post:{each}" for each in range(20_000)]
    nonces, markers = {nonce_of(key) for key in keys}, {marker_of(key) for key in keys}
    assert len(nonces) == 20_000
    assert len(markers) >= 19_999, "30 bits: a pair of 20,000 may coincide"
    assert all(len(nonce) == 24 and set(nonce) <= set("0123456789abcdef") for nonce in nonces)
    assert all(1 << 30 <= marker < 1 << 31 for marker in markers)
    assert nonce_of("post:1") == nonce_of("post:1")
