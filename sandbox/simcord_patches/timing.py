"""When SimCord waits, and for what."""

# SimCord keeps the parts that need correcting private, and types most payloads as Any.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

import asyncio
from typing import Any, cast

from simcord import env as env_module
from simcord._dpy_internals import _original_callback, is_wakeup_shaped
from simcord.env import Env

_IDLE_SECONDS = 0.001
_NEAR_SECONDS = 5.0


def make_fast() -> None:
    """Let SimCord look for the end of the bot's work every millisecond instead of every 50.

    A verb costs about 1 ms of work, and SimCord then sleeps its whole idle interval because a callback of
    its own is usually pending. The results stay the same; only the waiting goes.
    """
    keywords = cast("dict[str, Any]", Env._settle_internal.__kwdefaults__)
    keywords["idle"] = _IDLE_SECONDS


def wait_only_for_what_is_near() -> None:
    """Let settling leave alone the timers that are far, and those that no task waits for.

    SimCord waits, in real time, for every timer that is due within ``settle_timeout``. So the patience with a
    busy machine would also be the time that every pause of the bot costs: a timer further than ``_NEAR_SECONDS``
    is left for ``advance``. And one ``loop.call_later(1.5, ...)`` of the bot would cost every command 1.5 real
    seconds and push the simulated clock on by as much: only timers that wake a task are waited for.
    """
    task_is_parked, callback_is_parked = env_module._is_parked, env_module._callback_is_parked
    if getattr(callback_is_parked, "corrected", False):
        return

    def near(deadline: float) -> float:
        return min(deadline, asyncio.get_running_loop().time() + _NEAR_SECONDS)

    def is_task_parked(state: Any, task: asyncio.Task[Any], deadline: float) -> bool:
        return task_is_parked(state, task, near(deadline))

    def is_callback_parked(state: Any, record: Any, deadline: float) -> bool:
        if callback_is_parked(state, record, near(deadline)):
            return True
        if record.when is None or record.when <= state.virtual_time:
            return False
        return not is_wakeup_shaped(_original_callback(getattr(record.handle, "_callback", None)))

    is_callback_parked.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    env_module._is_parked = is_task_parked
    env_module._callback_is_parked = is_callback_parked


def forget_cancelled_timers() -> None:
    """Let a timer that the bot cancels leave the event loop.

    SimCord keeps a real timer for each of the bot's, and cancels it only when the bot's own rings. Every request has a
    limit of half a minute, so a month of simulated time gathered many hundreds, and each look for the end of the bot's
    work went through all of them.
    """
    original = env_module._active_callbacks
    if getattr(original, "corrected", False):
        return

    def active_callbacks(state: Any) -> Any:
        for record in state.work.callbacks:
            if record.real_handle is not None and record.handle is not None and record.handle.cancelled():
                record.real_handle.cancel()
                record.real_handle = None
        return original(state)

    active_callbacks.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    env_module._active_callbacks = active_callbacks


def let_nobody_wait_in_a_circle() -> None:
    """Let a timer's own advance of the clock stand back when somebody else has just begun one.

    A timer of the bot that rings in real time starts a task that advances the clock. If another advance begins before
    that task's first step, the task waits for the other advance, and settling inside the other advance waits for the
    task: both stood still until the time for settling was over, 15 seconds in the demo.
    """
    original = Env._advance_to
    if getattr(original, "corrected", False):
        return

    async def advance_to(self: Any, target: float, deadline: float) -> None:
        if self._advance_task is not None and asyncio.current_task() is self._real_advance_task:
            self._real_advance_task = (
                None  # From here on it is an advance like any other, which waits its turn.
            )
        await original(self, target, deadline)

    advance_to.corrected = True  # type: ignore[attr-defined]  # the mark that this was done already
    Env._advance_to = advance_to
