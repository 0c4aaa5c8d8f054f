"""Spaces out the sessions at Discord (IDENTIFY), those of a process that stays alive as well.

discord.py begins a new session five seconds after Discord has ended one, again and again if need be: 17,000 times on a
bad day, where Discord allows 1,000. So each is written down in the bucket of `bot/restarts.py`, which starts of the
process fill as well. Where the next one must wait for long, it waits without a connection.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any, cast

from discord.ext import commands
from discord.gateway import KeepAliveHandler
from sqlalchemy.exc import DBAPIError

from bot import restarts
from bot.core import Core

log = logging.getLogger(__name__)

DATABASE_PAUSE = 30.0  # seconds between two tries to write a session down


class _TooSoon(Exception):
    """The next session must wait longer than a connection should be kept waiting for it."""


class SpacedSessions(commands.Bot):
    """A bot whose process has written its start down already, and that sees to every further session itself."""

    core: Core

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ended = asyncio.Event()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected until closed. Raises ConnectionError when the gateway cannot be reached at the start."""
        while not self.is_closed():
            try:
                await super().connect(reconnect=reconnect)
            except _TooSoon:
                await _hang_up()
                await self._wait_for_turn()
            except AttributeError as error:
                if cast(Any, self).ws is not None:
                    raise
                # discord.py 2.7 asks the connection that it never had how far it had come.
                raise ConnectionError("the gateway cannot be reached") from error.__context__

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by discord.py before each session. The first of each `connect` is written down before that."""
        if not initial:
            await self._check_turn()
        await super().before_identify_hook(shard_id, initial=initial)
        if not initial:
            await self._check_turn(note=True)

    async def close(self) -> None:
        self._ended.set()
        await super().close()

    async def _check_turn(self, *, note: bool = False) -> None:
        db, clock = self.core.db, self.core.clock
        try:
            starts = await restarts.read(db, clock.now())
            if starts.pause(clock.now()) > restarts.FIRST_PAUSE:
                raise _TooSoon
            if note:
                await restarts.note(db, starts.started(clock.now()))
        except (DBAPIError, OSError) as error:
            log.warning("a new session cannot be written down, so none begins: %s", type(error).__name__)
            raise _TooSoon from error

    async def _wait_for_turn(self) -> None:
        written = False
        while not written and not self._ended.is_set():
            try:
                await restarts.wait_for_turn(self.core.db, self.core.clock, self._ended)
                written = True
            except (DBAPIError, OSError):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), DATABASE_PAUSE)


async def _hang_up() -> None:
    """Close the connection whose session may not begin. The hook is not told which it is; its keep-alive knows."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            await thread.ws.close()
