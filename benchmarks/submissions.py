"""Five hundred members hand in for a challenge within a minute: how long each waits for the receipt, and whether it comes.

    python -m benchmarks.submissions [minute|burst] [COUNT]

The bot is the real one in a process of its own; Discord is the fake of the wire tests, which says when each interaction
was sent and when its answer came. With `burst` all are sent at once.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from bot.authority import Actor
from tests.wire import challenges as c
from tests.wire.bot_process import Life
from tests.wire.challenges import BOSS, hands_on
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.handing_in import hand_in_evenly
from tests.wire.nursery import Nursery
from tests.wire.world import GUILD_ID

MANY = 500
TITLE = "Knots"


async def measure(variant: str, count: int) -> dict[str, float]:
    """Seconds from sending a form to the first answer, and how many receipts never came."""
    over = timedelta(minutes=1) if variant == "minute" else timedelta(0)
    with tempfile.TemporaryDirectory() as folder, Nursery() as nursery:
        url = f"sqlite:///{Path(folder) / 'lyceum.db'}"
        async with FakeDiscord() as discord:
            room, gallery = (discord.world.add_channel(name).id for name in ("room", "gallery"))
            async with hands_on(url, discord.world) as hands:
                await hands.prepare(room, gallery)
                draft = await hands.workshop.create(
                    BOSS, {"title": TITLE, "purpose": "To hold", "done": "It holds", "core": "Tie one"}
                )
                await hands.staff.open_now(BOSS, draft.id)
                standing = await hands.service.current(Actor(GUILD_ID, BOSS.member_id))
            assert standing is not None
            await nursery.bear(Life(discord.url, url, folder, naps=20, rehearsal=False))
            await until(
                lambda: bool(c.openings(discord.world, room, TITLE)),
                seconds=60,
                what="the challenge is posted",
            )
            handed = await hand_in_evenly(discord, room, standing.challenge.id, count, over)
            await until(
                lambda: all(each.answer(discord) for each in handed), seconds=120, what="all answered"
            )
            nursery.ask_to_end()
            await nursery.end(seconds=12)
        waited = sorted(each.waited(discord) or 0.0 for each in handed)
        receipts = {each.receipt(discord) for each in handed} - {None}
    return {
        "handed_in": len(handed),
        "lost": len(handed) - len(receipts),
        "waited_p50_s": round(statistics.median(waited), 3),
        "waited_p99_s": round(waited[int(len(waited) * 0.99) - 1], 3),
        "waited_max_s": round(waited[-1], 3),
    }


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "minute"
    many = int(sys.argv[2]) if len(sys.argv) > 2 else MANY
    print(json.dumps(asyncio.run(measure(chosen, many))))
