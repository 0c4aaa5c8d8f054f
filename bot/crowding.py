"""Whether a server is being flooded with newcomers at this moment, so that what is done for each of them can wait.

In memory alone: whoever notices says so, and again after a restart. Features that greet or count newcomers ask, leave them
be meanwhile, and take up what they left out when they are told that it is over. Asking costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Listener = Callable[[int], Awaitable[None]]


class Crowding:
    """Knows which servers are flooded."""

    def __init__(self) -> None:
        self._guilds: set[int] = set()
        self._listeners: list[Listener] = []

    def is_on(self, guild_id: int) -> bool:
        return guild_id in self._guilds

    def begin(self, guild_id: int) -> None:
        self._guilds.add(guild_id)

    async def end(self, guild_id: int) -> None:
        """It is over: those who waited for it are told, once. What they raise is theirs alone."""
        if guild_id not in self._guilds:
            return
        self._guilds.discard(guild_id)
        for listener in tuple(self._listeners):
            try:
                await listener(guild_id)
            except Exception:
                log.exception("after a flood in guild=%s", guild_id)

    def on_end(self, listener: Listener) -> None:
        """Call `listener` with the server's id when a flood is over."""
        self._listeners.append(listener)

    def stop_telling(self, listener: Listener) -> None:
        self._listeners.remove(listener)
