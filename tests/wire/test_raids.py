"""A raid, with the process killed in the midst of it: it is held up, nobody is punished twice, and all is put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import raid
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.sabotage import OF_A_RAID
from tests.wire.siege import Siege


@pytest.fixture
def siege(discord: FakeDiscord, nursery: Nursery, tmp_path: Path) -> Siege:
    return Siege(discord, nursery, tmp_path)


async def put_back(siege: Siege, *, mutant: str | None = None) -> bool:
    """Whether everything is as it was once a lockdown's time has come."""
    await siege.prepare(automatic=2, minutes=15)
    await siege.bear(mutant=mutant)
    await siege.attack(60, 0.6, messages=30)
    await until(
        lambda: siege.discord.world.verification_level == 3, seconds=10, what="the second step is taken"
    )
    await siege.pass_time(timedelta(minutes=16))
    try:
        await until(lambda: siege.present_state() == siege.state, seconds=5, what="all is as it was")
    except AssertionError:
        return False
    return True


@pytest.mark.long
@pytest.mark.parametrize("mutant", OF_A_RAID)
async def test_a_bot_that_forgets_how_it_was_is_found_guilty(siege: Siege, mutant: str) -> None:
    assert not await put_back(siege, mutant=mutant)


@pytest.mark.long
async def test_the_same_bot_without_that_is_not(siege: Siege) -> None:
    assert await put_back(siege)


@pytest.mark.long
@pytest.mark.parametrize("variant", ["whole", "killed"])
async def test_the_figures_of_a_raid_of_a_thousand_hold(
    variant: str, record_property: Callable[[str, object], None]
) -> None:
    figures = await raid.measure(variant, 1000)
    record_property("figures", figures)
    assert figures["paused_after_s"] <= 2 and figures["joins_past"] <= 30 and figures["pauses"] == 1
    assert figures["requests_a_second_in_all"] <= 10 and figures["status_429"] == 0
    assert figures["bulk_bans"] <= 6 and figures["raiders_banned"] >= 990
    assert figures["established_hit"] == figures["banned_twice"] == 0
    # What was asked in the very moment of a kill has nobody to answer it.
    assert figures["commands_unanswered"] <= (2 if variant == "killed" else 0)
    assert figures["commands_p95_s"] < 3
    assert figures["exit"] == 0 and not figures["unknown_routes"]
    if variant == "killed":
        assert figures["locked_until_its_time"] and figures["put_back"] and figures["undone"] == 1000


async def test_a_raid_is_held_up_through_a_kill_and_everything_is_put_back_in_time(siege: Siege) -> None:
    await siege.prepare(automatic=2, minutes=15)
    await siege.bear()
    world, outcome = siege.discord.world, siege.outcome
    await siege.attack(70, 0.7, messages=30, commands=3)
    await until(lambda: world.verification_level == 3, seconds=5, what="the second step is taken")
    number, at = siege.threshold()
    paused_at = siege.paused_at()
    assert paused_at is not None and paused_at - at <= timedelta(seconds=2)
    assert siege.joins_until(paused_at) - number <= 30
    await siege.die()
    await siege.attack(30, 0.3)  # nobody hears of these
    await siege.bear()
    await until(lambda: "100 people" in siege.banner(), seconds=15, what="those who came meanwhile are known")
    await siege.ban_them()
    await until(lambda: len(world.banned) == 100, seconds=10, what="they are banned")
    siege.note_answers()
    assert outcome.unanswered == 0 and outcome.p95() < 3
    assert siege.harmed_members() == siege.banned_twice() == 0
    assert len(siege.discord.rest.asked("bulk_ban")) == 1
    assert siege.present_state() != siege.state
    await siege.pass_time(timedelta(minutes=16))
    await until(lambda: siege.present_state() == siege.state, seconds=10, what="all is as it was")
    siege.nursery.ask_to_end()
    assert await siege.nursery.end(seconds=12) == 0
