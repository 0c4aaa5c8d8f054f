"""CPU of a message, every listener on, against a bare `commands.Bot`; and the SQL statements that it costs.

    python -m benchmarks.messages bare|lyceum|mixed [COUNT]

`lyceum` gets ordinary messages: in 38 channels, where nobody's message is an act, though 100 of the 500 members have an
open quest. `mixed` gets the same in all 40 channels, so that some are the hello that ticks a step and is answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from discord.gateway import DiscordWebSocket

from benchmarks import bots, gateway, payloads

COUNT = 19_000
WARM_UP = 1_000


async def measure(variant: str, count: int = COUNT) -> dict[str, float]:
    """Feed the same messages to the variant; CPU in microseconds each, of the whole process."""
    async with AsyncExitStack() as held:
        if variant == "bare":
            client, statements = await held.enter_async_context(bots.Bare()), None
        else:
            folder = held.enter_context(tempfile.TemporaryDirectory())
            client, database = await held.enter_async_context(bots.lyceum(Path(folder)))
            statements = bots.Statements(database)
        socket, _ = await gateway.connect(client)
        warm_up = min(count, WARM_UP)
        channels = payloads.CHANNELS if variant == "mixed" else payloads.CHATTY
        await feed(socket, payloads.messages(warm_up, payloads.CHATTY, seed=1))
        messages = payloads.messages(count, channels, seed=2)
        if statements is not None:
            statements.seen.clear()
        used, longest = await feed(socket, messages)
        seen = statements.seen if statements is not None else []
        return {
            "us_each": used / count * 1e6,
            "statements": float(len(seen)),
            "hellos": float(sum("INSERT INTO outbox" in each for each in seen)),  # each is answered once
            "longest_ms": longest * 1e3,
        }


async def feed(socket: DiscordWebSocket, messages: list[str]) -> tuple[float, float]:
    """Put in the messages, ten in each turn of the loop. CPU seconds until all is done, and of the longest turn."""
    longest = 0.0
    begun = time.process_time()
    for number, message in enumerate(messages):
        one = time.process_time()
        await socket.received_message(message)
        if number % 10 == 9:
            await asyncio.sleep(0)
        longest = max(longest, time.process_time() - one)
    await gateway.settle()
    return time.process_time() - begun, longest


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], *map(int, sys.argv[2:])))))
