"""A thousand accounts join within ten seconds and write 300 messages a second: what the bot does, and what members feel.

    python -m benchmarks.raid [whole|killed] [COUNT]

The bot is the real one in a process of its own; Discord is the fake of the wire tests, whose log is what is measured. With
`killed` the process dies by SIGKILL in the midst of the raid and again in the midst of the bans, the lockdown ends by its
time, and the bans are taken back.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.rest_safety import Request
from tests.wire.siege import CHANNELS, ESTABLISHED, Siege

MANY, OVER = 1000, 10.0
MESSAGES, COMMANDS = 300, 2


async def measure(variant: str, count: int) -> dict[str, Any]:
    """The figures of one raid."""
    with tempfile.TemporaryDirectory() as folder, Nursery() as nursery:
        async with FakeDiscord() as discord:
            siege = Siege(discord, nursery, Path(folder), seed=1)
            await siege.prepare(minutes=60)
            is_killed = variant == "killed"
            await siege.bear(movable=is_killed)
            await siege.calm(3)  # what is loaded at its first use
            if is_killed:
                figures = await _killed(siege, count)
            else:
                figures = await _whole(siege, count)
            nursery.ask_to_end()
            figures["exit"] = await nursery.end(seconds=12)
    return figures


async def _whole(siege: Siege, count: int) -> dict[str, Any]:
    over = OVER * count / MANY
    await siege.attack(count, over, messages=MESSAGES, commands=COMMANDS)
    raid = _raid_figures(siege)
    await siege.calm(3)
    banned_from = siege.now()
    await asyncio.gather(siege.ban_them(), siege.calm(6))
    await until(lambda: siege.banned_raiders() >= count, seconds=60, what="all are banned")
    raid["banned_after_s"] = round(
        (max(siege.discord.world.banned.values()) - banned_from).total_seconds(), 2
    )
    await siege.calm(5)
    await asyncio.sleep(1)
    return raid | _end_figures(siege, count)


async def _killed(siege: Siege, count: int) -> dict[str, Any]:
    over = OVER * count / MANY
    await siege.attack(count // 2, over / 2, messages=MESSAGES, commands=COMMANDS)
    figures = _raid_figures(siege)
    await siege.die()
    began_at = siege.outcome.began_at
    await siege.attack(count // 4, over / 4, messages=MESSAGES)  # nobody hears of these
    await siege.bear()
    await siege.attack(count - count // 2 - count // 4, over / 4, messages=MESSAGES, commands=COMMANDS)
    siege.outcome.began_at = began_at
    await until(lambda: f"{count} people" in siege.banner(), seconds=60, what="everybody is known who came")
    died = asyncio.Event()

    def die_at_the_second(request: Request) -> None:
        if (
            request.route == "bulk_ban"
            and len(siege.discord.rest.asked("bulk_ban")) == 2
            and not died.is_set()
        ):
            died.set()
            siege.nursery.kill()  # Discord has banned them, and nobody has been told

    siege.discord.rest.on_done = die_at_the_second
    action = await siege.ban_them()
    await asyncio.wait_for(died.wait(), 60)
    await siege.nursery.end()
    await siege.bear()
    await until(lambda: siege.banned_raiders() >= count, seconds=90, what="all are banned")
    figures |= _end_figures(siege, count)
    locked = siege.present_state() != siege.state
    await siege.pass_time(timedelta(minutes=61))
    await until(lambda: siege.present_state() == siege.state, seconds=20, what="all is as it was")
    figures |= {"locked_until_its_time": locked, "put_back": siege.present_state() == siege.state}
    begun = siege.now()
    await until(lambda: "Undo these bans" in siege.banner_body(), seconds=60, what="the banner can undo")
    await siege.press(0, siege.banner_control("raids:action.undo"))
    for _ in range(200):
        if not siege.discord.world.banned:
            break
        await siege.pass_time(timedelta(seconds=5))
    figures |= {
        "undone": count - len(siege.discord.world.banned),
        "undo_took_s": round((siege.now() - begun).total_seconds()),
        "action": action,
    }
    return figures


def _raid_figures(siege: Siege) -> dict[str, Any]:
    number, at = siege.threshold()
    paused_at = siege.paused_at()
    assert paused_at is not None
    return {
        "threshold_join": number,
        "paused_after_s": round(max(0.0, (paused_at - at).total_seconds()), 3),
        "joins_past": max(0, siege.joins_until(paused_at) - number),
        "pauses": len(siege.discord.rest.asked("incident_actions")),
        "requests_a_second": len(siege.busiest_second()),
        "requests": len(siege.requests()),
    }


def _end_figures(siege: Siege, count: int) -> dict[str, Any]:
    siege.note_answers()
    waits = siege.outcome.waits()
    return {
        "requests_a_second_in_all": len(siege.busiest_second()),
        "in_that_second": dict(Counter(siege.busiest_second())),
        "status_429": siege.statuses()[429],
        "bulk_bans": len(siege.discord.rest.asked("bulk_ban")),
        "raiders": count,
        "raiders_banned": siege.banned_raiders(),
        "established": ESTABLISHED,
        "established_hit": siege.harmed_members(),
        "banned_twice": siege.banned_twice(),
        "channels": CHANNELS,
        "commands": len(siege.outcome.asked),
        "commands_unanswered": siege.outcome.unanswered,
        "commands_p50_s": round(waits[len(waits) // 2], 3) if waits else None,
        "commands_p95_s": round(siege.outcome.p95(), 3),
        "commands_max_s": round(waits[-1], 3) if waits else None,
        "unknown_routes": dict(siege.discord.rest.unknown_routes),
    }


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "whole"
    many = int(sys.argv[2]) if len(sys.argv) > 2 else MANY
    print(json.dumps(asyncio.run(measure(chosen, many))))
