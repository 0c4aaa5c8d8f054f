"""A small Discord on loopback, with real HTTP and a real gateway, that has bad days on demand.

It lives in the event loop of the test and survives the bot, which is another process: what it received is the oracle
of every test here. Nothing but 127.0.0.1 is ever bound or asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.wire.faults import Faults
from tests.wire.gateway import Gateway
from tests.wire.rest import Rest
from tests.wire.world import World

API = "/api/v10"
LOOK_EVERY = 0.02  # seconds


class FakeDiscord:
    """`async with FakeDiscord() as discord:`. `url` is where the process under test finds it."""

    def __init__(
        self,
        *,
        seed: int = 0,
        fault_share: float = 0.0,
        nonce_window: timedelta = timedelta(seconds=120),
    ) -> None:
        self.world = World(nonce_window=nonce_window)
        self.faults = Faults(seed, share=fault_share)
        self.rest = Rest(self.world, self.faults)
        self.gateway = Gateway(self.world)
        self.rest.tell = self.gateway.dispatch
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/gateway/", self.gateway.handle)
        self.rest.add_to(app, API)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"127.0.0.1:{port}"
        self.gateway.url = f"ws://{self.url}/gateway/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.gateway.cut()
        await self.rest.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def go_away(self) -> None:
        """Nobody answers any more: connections are reset, those of the gateway too."""
        self.rest.away = self.gateway.away = True
        await self.gateway.cut()

    def come_back(self) -> None:
        self.rest.away = self.gateway.away = False

    def skip(self, time: timedelta) -> None:
        """Time passes at Discord."""
        self.world.offset += time


async def until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Waits until something is so; AssertionError with `what` when it does not come to be."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        if loop.time() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        await asyncio.sleep(LOOK_EVERY)
