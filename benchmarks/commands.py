"""CPU of a slash command through all our checks, against a command of discord.py's own tree that does nothing.

    python -m benchmarks.commands bare|lyceum [COUNT]

From INTERACTION_CREATE as JSON text until the answer reaches HTTP, which takes it at once: encoding it, TLS and the
network are left out for both. /nothing is the same empty command in our tree, /help draws a card from memory, and
/quest status works with the database.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import discord

from benchmarks import bots, driving, gateway

COUNT = 3_000
WITH_DATABASE = 10  # of so many, one is measured: it costs that much more


async def measure(variant: str, count: int = COUNT) -> dict[str, float]:
    """CPU in microseconds of each command that the variant has."""
    async with AsyncExitStack() as held:
        if variant == "bare":
            client = await held.enter_async_context(bots.Bare())
            client.tree.command(name="nothing", description="Nothing")(driving.nothing)
            used = {"nothing": count}
        else:
            folder = held.enter_context(tempfile.TemporaryDirectory())
            # On a busy machine the database takes longer than that, and what is measured is CPU.
            held.enter_context(patch("bot.replies.ACKNOWLEDGE_AFTER", 3600.0))
            client, _ = await held.enter_async_context(bots.lyceum(Path(folder)))
            used = {"nothing": count, "help": count, "quest status": max(1, count // WITH_DATABASE)}
        socket, network = await gateway.connect(client)
        if variant != "bare":
            _add_nothing(client)
        user = driving.User(socket, network)
        return {name: await user.use(name, number) for name, number in used.items()}


def _add_nothing(client: Any) -> None:
    from bot.cards import Card, Text
    from bot.groups import plain_command
    from bot.replies import reply_to

    async def nothing(interaction: discord.Interaction[Any]) -> None:
        await reply_to(interaction).show(Card((Text("Done."),)))

    client.tree.add_command(plain_command("nothing", "Nothing", nothing))


if __name__ == "__main__":
    driving.run(lambda variant: measure(variant, *map(int, sys.argv[2:])), sys.argv[1])
