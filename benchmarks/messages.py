"""CPU of a message, every feature set up, against a bare `commands.Bot`; and the SQL statements that it costs.

    python -m benchmarks.messages bare|lyceum|mixed|bare-plain|lyceum-plain [COUNT]

`lyceum` gets ordinary messages: in 38 channels, where nobody's message is an act, though 100 of the 500 members have an
open quest, and in which no filter finds anything. `mixed` gets the same in all 40 channels, so that some are the hello
that ticks a step and is answered. `-plain` is the same without orjson and uvloop. `benchmarks/red.py` gives the ordinary
ones to Red.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks import bots, driving, gateway, payloads

COUNT = 15_000


async def measure(variant: str, count: int = COUNT) -> dict[str, float]:
    """Feed the same messages to the variant; CPU in microseconds each, of the whole process."""
    async with AsyncExitStack() as held:
        seen: list[str] = []
        if variant == "bare":
            client = await held.enter_async_context(bots.Bare())
        else:
            folder = held.enter_context(tempfile.TemporaryDirectory())
            client, database = await held.enter_async_context(bots.lyceum(Path(folder)))
            seen = bots.Statements(database).seen
        socket, _ = await gateway.connect(client)
        channels = payloads.CHANNELS if variant == "mixed" else payloads.CHATTY
        found = await driving.take_messages(socket, count, channels, before=seen.clear)
        return {
            **found,
            "statements": float(len(seen)),
            "hellos": float(sum("INSERT INTO outbox" in each for each in seen)),  # each is answered once
        }


if __name__ == "__main__":
    driving.run(lambda variant: measure(variant, *map(int, sys.argv[2:])), sys.argv[1])
