"""The real process is killed with SIGKILL, at any time and at each named point; nothing is lost and nothing doubled.

`python -m tests.wire.chaos --kills 200` is the long version.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import Clock
from tests.wire import chaos
from tests.wire.bot_process import Life
from tests.wire.chaos import EFFECT_KINDS, KILLED, RATIO, Options, effect_kind
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.judge import Community, Firing, judge, write_down
from tests.wire.nursery import Nursery
from tests.wire.rest import Request
from tests.wire.sabotage import POINTS

KILLS = 26


async def test_nothing_is_lost_or_doubled_through_kills_faults_and_outages(
    nursery: Nursery, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    report = await chaos.run(Options(kills=KILLS, seed=seed), nursery, tmp_path)
    record_property("figures", str(report))
    told = f"the same decisions: python -m tests.wire.chaos --kills {KILLS} --seed {seed}\n{report}"
    assert report.verdict, told
    assert report.kills >= 25, told
    assert not report.crashes, told
    assert report.void() == [], told


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point_of_each_kind_of_effect(
    point: str, nursery: Nursery, tmp_path: Path
) -> None:
    """One life for each kind, each dying where its kind comes to the point, then one that may live."""
    database = f"sqlite:///{tmp_path / 'lyceum.db'}"
    async with FakeDiscord(nonce_window=timedelta(seconds=120 / RATIO)) as discord:
        community = Community.in_world(discord.world)
        firings: list[Firing] = []

        async def live(kind: str | None) -> None:
            at = (point, kind) if kind and point != "at discord" else None
            await nursery.bear(Life(discord.url, database, str(tmp_path), ratio=RATIO, die_at=at))

        for kind in EFFECT_KINDS:
            firings.append(_firing(kind, community))
            await write_down(database, Clock(lambda: datetime.now(UTC)), firings[-1:], timedelta(0))
            if point == "at discord":
                discord.rest.on_done = _kill(nursery, discord, kind)
            await live(kind)
            assert await nursery.end(seconds=20) == KILLED, (tmp_path / "log").read_text(encoding="utf-8")
            discord.rest.on_done = None
        await live(None)
        await until(lambda: not judge(firings, discord.world).lost, seconds=20, what="all is there")
        await asyncio.sleep(0.5)  # whatever is to come a second time comes at once: no fault holds it up
        await until(lambda: discord.gateway.connected, seconds=20, what="the last bot is there")
        nursery.ask_to_end()
        assert await nursery.end(seconds=12) == 0
        assert judge(firings, discord.world), str(judge(firings, discord.world))
    died = (tmp_path / "diary").read_text(encoding="utf-8").count('"died"')
    assert died == (0 if point == "at discord" else len(EFFECT_KINDS))


def _firing(kind: str, community: Community) -> Firing:
    if kind in ("add_role", "remove_role"):
        given = kind == "add_role"
        member_id, role_id = community.people[int(given)], community.roles[0]
        if not given:
            community.world.members[member_id].roles.add(role_id)
        return Firing(kind, "role", member_id=member_id, role_id=role_id, given=given)
    if kind == "direct_message":
        return Firing(kind, kind, member_id=community.people[2])
    return Firing(kind, kind, channel_id=community.channels[0])


def _kill(nursery: Nursery, discord: FakeDiscord, kind: str) -> Callable[[Request], None]:
    def kill(request: Request) -> None:
        if effect_kind(discord.world, request) == kind:
            nursery.kill()

    return kill
