"""dpytest, and what its tests share."""

from __future__ import annotations

import asyncio
import warnings

import discord

from bot.app import Lyceum

with warnings.catch_warnings():
    # A docstring of dpytest has an escape that Python does not know.
    warnings.simplefilter("ignore")
    import discord.ext.test as dpytest

__all__ = ["dpytest", "sent", "settle"]


async def settle(bot: Lyceum) -> None:
    """Let every listener that is under way end, and the dispatcher do what they planned."""
    for _ in range(100):
        running = [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py: on_")]
        if not running:
            break
        await asyncio.wait(running, timeout=5)
    await bot.dispatcher.drain()


def sent() -> list[discord.Message]:
    """What the bot has sent since this was asked last, oldest first."""
    return [dpytest.get_message() for _ in range(dpytest.sent_queue.qsize())]
