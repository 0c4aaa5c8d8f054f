"""Starting, stopping and waiting for the bot, and the moving of its clock."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import discord
from simcord._runtime import _attach_bot
from simcord.env import Env

T = TypeVar("T")


@contextmanager
def operation(env: Env, label: str) -> Generator[None]:
    """Claim the world for one change, so that SimCord refuses anything at the same moment."""
    env._begin_operation(label)
    try:
        yield
    finally:
        env._end_operation()


def in_bot(env: Env, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a coroutine as work of the bot: it sees the simulated clock and settling waits for it."""
    with env._bot_scope():
        return asyncio.get_running_loop().create_task(work)


def schedule_in_bot(env: Env, make: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
    """Like ``in_bot``, but ``make`` is also called there."""

    async def run() -> T:
        return await make()

    return in_bot(env, run())


async def settle(env: Env) -> None:
    """Wait until the bot has nothing left to do at this moment of simulated time."""
    await env._settle_internal()


@contextmanager
def without_settling(env: Any) -> Generator[None]:
    """Let people act without the bot getting a turn between them; settle afterwards.

    SimCord lets one person act at a time and settles after each, so two presses at the same moment cannot be
    expressed in its own verbs.
    """

    async def nothing(**_: Any) -> None:
        return

    env._settle_internal = nothing
    try:
        yield
    finally:
        del env._settle_internal


def move_clock(env: Env, seconds: float) -> None:
    """Move the simulated clock at once, timers in between firing late and together, as after a sleep."""
    env._move_clock(env.backend.clock.elapsed + seconds)


async def attach(env: Env, bot: discord.Client) -> None:
    """Connect a new bot to the running world, with the world's own patience: SimCord gives a start five seconds."""
    settle = env._settle_internal

    async def patiently(**_: Any) -> None:
        await settle()

    with operation(env, "start the bot"):
        env._settle_internal = patiently
        try:
            await _attach_bot(env, bot)
        finally:
            del env._settle_internal


async def detach(env: Env) -> None:
    """Cut the current bot off and cancel all its work, without asking it to close."""
    with operation(env, "stop the bot"):
        await env._detach_bot()
