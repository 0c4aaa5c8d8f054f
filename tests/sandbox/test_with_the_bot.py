"""The sandbox around the real bot and its real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time

import aiohttp
import pytest

from bot.app import Lyceum
from bot.settings import Settings
from sandbox.demo import lyceum_world, shown
from sandbox.faults import CREATE_MESSAGE
from sandbox.furnish import add_monday_goals, set_up
from sandbox.world import World
from storage.database import Database

LyceumWorld = World[Lyceum, Database]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[LyceumWorld]:
    """The bot in a community that was set up."""
    async with World.open(
        lambda opened: Lyceum(Settings(), opened, ring=False), database=database
    ) as opened_world:
        await set_up(opened_world)
        yield opened_world


async def test_a_facilitator_sets_everything_up_through_the_card(world: LyceumWorld) -> None:
    card = await world.slash(world.facilitator, world.staff, "setup start")
    assert "Let us set up your community" in card.text
    await world.join("Ann")
    assert len(world.posted(world.welcome)) == 1, "the welcome channel was chosen"
    world.check_interactions()


@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
async def test_a_bot_killed_while_it_greets_has_greeted_once_in_the_end(
    world: LyceumWorld, after: bool
) -> None:
    gate = world.faults.hold(*CREATE_MESSAGE, after=after)
    ann = await world.join("Ann")
    assert gate.waiting == 1
    await world.crash()
    await world.start_again()
    await world.advance(timedelta(minutes=30))
    [card] = world.posted(world.welcome)
    assert card.pinged == (ann.id,)


async def test_four_weeks_of_mondays_pass_quickly(world: LyceumWorld) -> None:
    await add_monday_goals(world)
    started = process_time()
    await world.advance(timedelta(weeks=4))
    assert process_time() - started < 10
    assert [message.at.weekday() for message in world.posted(world.weekly)] == [0, 0, 0, 0]


async def test_the_demo_opens_within_ten_seconds_with_its_own_alarm_clock(tmp_path: Path) -> None:
    started = perf_counter()
    async with lyceum_world(tmp_path) as demo, shown(demo, 0) as page, aiohttp.ClientSession() as session:
        assert perf_counter() - started < 10
        assert demo.bot.alarm_clock is not None
        wish = {"what": "skip", "span": "monday"}
        async with session.post(f"{page.url}api/do", json=wish, headers={"X-Lyceum-Demo": "1"}) as answer:
            assert answer.status == 200
        assert len(demo.posted(demo.weekly)) == 1
        assert [message.author for message in demo.messages(demo.introductions)] == ["Ben", "Cleo"]
