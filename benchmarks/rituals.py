"""A thousand rituals due over one minute, and in one instant: how late each is, and how many requests that makes.

    python -m benchmarks.rituals [spread|burst|threads] [COUNT]

The bot is the real one in a process of its own, with its alarm clock; Discord is the fake of the wire tests, which
says when each request came. Every ritual is in a community of its own, but with `threads`, which discord.py opens only
in communities that it knows. Rituals are due at whole minutes, so what is
due over a minute is due by its job here. `threads` opens one for each besides: 33 requests a second, were there no pace.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bot.authority import MANAGE_GUILD, Actor
from bot.clock import Clock
from bot.core import Core
from cogs.rituals.model import RitualSettings
from cogs.rituals.posting import POST_JOB
from cogs.rituals.service import RitualsService
from storage import jobs as job_storage
from storage.database import Database
from storage.rituals import RitualSettingsRow
from storage.schema import upgrade
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.world import GUILD_ID

MANY = 1000
LEAD = timedelta(seconds=12)  # for the start of the bot
MINUTE = 60.0


async def prepare(
    url: str, discord: FakeDiscord, *, count: int, template: str, over: float, one_guild: bool
) -> dict[int, datetime]:
    """The rituals and their jobs. Returns when each is due, by its channel."""
    database = Database(url)
    try:
        await upgrade(database)
        core = Core.build(database, Clock(discord.world.now))
        core.configs.register(RitualSettings, RitualSettingsRow)
        service = RitualsService(core)
        rituals = [
            await service.add(
                Actor(GUILD_ID + (0 if one_guild else 1000 + each), 1, permissions=MANAGE_GUILD),
                template,
                channel_id=discord.world.add_channel(f"room-{each}").id,
                weekday=None,
                typed_time=None,
            )
            for each in range(count)
        ]
        first = discord.world.now() + LEAD
        due = {
            each.channel_id: first + timedelta(seconds=over * at / count) for at, each in enumerate(rituals)
        }
        rows = [
            {
                "name": POST_JOB,
                "guild_id": each.guild_id,
                "key": f"benchmark:{each.id}",
                "payload": {"ritual_id": each.id},
                "run_at": due[each.channel_id],
                "nominal": due[each.channel_id].replace(tzinfo=None, microsecond=0).isoformat(),
                "created_at": discord.world.now(),
            }
            for each in rituals
        ]
        async with database.begin() as session:
            await job_storage.add_jobs(session, rows)
    finally:
        await database.close()
    return due


async def measure(variant: str, count: int) -> dict[str, float]:
    template = "monday-goals" if variant == "threads" else "friday-wins"
    over = 0.0 if variant == "burst" else MINUTE
    with tempfile.TemporaryDirectory() as folder, Nursery() as nursery:
        url = f"sqlite:///{Path(folder) / 'lyceum.db'}"
        async with FakeDiscord() as discord:
            due = await prepare(
                url, discord, count=count, template=template, over=over, one_guild=variant == "threads"
            )
            await nursery.bear(Life(discord.url, url, folder, naps=20, rehearsal=False))
            wanted = count * (2 if variant == "threads" else 1)

            def asked() -> int:
                return len(discord.rest.asked("create_message", "create_thread"))

            await until(lambda: asked() >= wanted, seconds=300, what="all is posted")
            posts = [each for each in discord.world.posts() if each.channel_id in due]
            requests = sorted(each.at for each in discord.rest.asked("create_message", "create_thread"))
            nursery.ask_to_end()
            await nursery.end(seconds=12)
    late = sorted((each.at - due[each.channel_id]).total_seconds() for each in posts)
    assert len(late) == len({each.channel_id for each in posts}) == count, "each once"
    return {
        "posted": len(late),
        "late_p50_s": round(statistics.median(late), 2),
        "late_p99_s": round(late[int(len(late) * 0.99) - 1], 2),
        "late_max_s": round(late[-1], 2),
        "all_after_s": round((requests[-1] - min(due.values())).total_seconds(), 1),
        "requests_a_second_max": busiest(requests),
        "requests_a_second_mean": round(
            len(requests) / max((requests[-1] - requests[0]).total_seconds(), 1), 1
        ),
        "gaps_over_1_s": sum((b - a).total_seconds() > 1 for a, b in pairwise(requests)),
    }


def busiest(requests: list[datetime]) -> int:
    """The most requests in any one second."""
    most, begin = 0, 0
    for at, moment in enumerate(requests):
        while moment - requests[begin] >= timedelta(seconds=1):
            begin += 1
        most = max(most, at - begin + 1)
    return most


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "spread"
    many = int(sys.argv[2]) if len(sys.argv) > 2 else MANY
    print(json.dumps(asyncio.run(measure(chosen, many))))
