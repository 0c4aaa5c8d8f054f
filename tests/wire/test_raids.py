"""A raid, with the process killed in the midst of it: it is held up, nobody is punished twice, and all is put back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.siege import Siege


@pytest.fixture
def siege(discord: FakeDiscord, nursery: Nursery, tmp_path: Path) -> Siege:
    return Siege(discord, nursery, tmp_path)


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
