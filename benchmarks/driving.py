"""Drives a bot that `gateway.connect` has made ready: gives it messages and commands, and takes the CPU time.

Imports nothing but discord.py, for the same reason as `gateway`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord.gateway import DiscordWebSocket

from benchmarks import gateway, payloads

WARM_UP = 1_000
ALONE = 2_000  # messages that are given one by one, for p50 and p99
IN_A_TURN = 10
PLAIN = "-plain"  # how the name of a variant ends that runs without the extra


def run(work: Callable[[str], Coroutine[Any, Any, dict[str, float]]], variant: str) -> None:
    """Measure a variant and print its figures as JSON.

    All run as installed with the extra `speed`, on uvloop and with orjson where these are there; those whose name ends in
    `-plain` run without both.
    """
    name = variant.removesuffix(PLAIN)
    loop_factory = None
    if name != variant:
        discord.utils._from_json = json.loads  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] # as without orjson
    else:
        with contextlib.suppress(ModuleNotFoundError):
            loop_factory = importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        print(json.dumps(runner.run(work(name))))


async def take_messages(
    socket: DiscordWebSocket, count: int, channels: list[int], before: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Feed the bot `count` messages after a warm-up; `before` is called in between. Figures of CPU, each a message."""
    await feed(socket, payloads.messages(min(count, WARM_UP), payloads.CHATTY, seed=1))
    alone = await _feed_alone(socket, payloads.messages(min(count, ALONE), payloads.CHATTY, seed=3))
    messages = payloads.messages(count, channels, seed=2)
    before()
    used, longest = await feed(socket, messages)
    centiles = statistics.quantiles(alone, n=100)
    return {
        "us_each": used / count * 1e6,
        "p50_us": centiles[49] * 1e6,
        "p99_us": centiles[98] * 1e6,
        "longest_ms": longest * 1e3,
    }


async def feed(socket: DiscordWebSocket, messages: list[str]) -> tuple[float, float]:
    """Put in the messages, ten in each turn of the loop. CPU seconds until all is done, and of the longest turn."""
    longest = 0.0
    begun = one = time.process_time()
    for number, message in enumerate(messages, 1):
        await socket.received_message(message)
        if number % IN_A_TURN == 0:
            await asyncio.sleep(0)
            longest, one = max(longest, time.process_time() - one), time.process_time()
    await gateway.settle()
    return time.process_time() - begun, longest


async def _feed_alone(socket: DiscordWebSocket, messages: list[str]) -> list[float]:
    """CPU seconds of each message, from the text to the end of all that it started."""
    used: list[float] = []
    for message in messages:
        begun = time.process_time()
        await socket.received_message(message)
        await gateway.settle()
        used.append(time.process_time() - begun)
    return used


class User:
    """Uses commands, ten at a time, each by another member."""

    def __init__(self, socket: DiscordWebSocket, network: gateway.NoNetwork) -> None:
        self._socket, self._network = socket, network
        self._used = 0

    async def use(self, name: str, count: int) -> float:
        """Use the command so often, after a warm-up. CPU microseconds each."""
        await self._send(payloads.slash(max(1, count // 10), *name.split()))
        commands = payloads.slash(count, *name.split())
        begun = time.process_time()
        await self._send(commands)
        return (time.process_time() - begun) / count * 1e6

    async def _send(self, commands: list[str]) -> None:
        for number, command in enumerate(commands, 1):
            await self._socket.received_message(command)
            self._used += 1
            if number % IN_A_TURN == 0 or number == len(commands):
                await self._network.answers(self._used)
        await gateway.settle()


async def nothing(interaction: discord.Interaction[Any]) -> None:
    """A command that does nothing and says so."""
    await interaction.response.send_message("Done.", ephemeral=True)
