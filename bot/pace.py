"""A limit on how many requests reach Discord within any one second, so that no burst of ours ever meets a 429.

A request takes a place before it begins and gives it back `HELD_ON` after its answer has come. It reaches Discord at
some moment between, so two requests that had the same place are more than a second apart there, whatever the network
and a busy machine do to each of them: there are never more in one second than there are places. (To count when
requests begin is not enough: they arrive in bunches when a process has to wait for the processor.) One hole is left:
a request that is given up on before it reaches Discord may arrive later than its place was held for.

aiohttp tells of each single request of the client, discord.py's own repeats included. Past the limit go answers to
interactions, which Discord does not count either and somebody waits for, and what does not go to the API.
Tests: `tests/bot/test_pace.py`; measured by `python -m benchmarks.rituals`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

REQUESTS_A_SECOND = 25  # half of Discord's global limit of 50
HELD_ON = 1.05  # seconds; Discord's clock may be a little faster than ours
# How addresses of the API begin; the gateway and pictures are elsewhere.
API = "/api/"
OWN_TOKEN_IN_PATH = ("/webhooks/", "/interactions/")

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def checked(check: Callable[[], None]) -> Generator[None]:
    """Ask `check` just before each request within, discord.py's repeats included; what it raises holds that one back.

    One inside another is asked after it.
    """
    outer = _check.get()

    def both() -> None:
        if outer is not None:
            outer()
        check()

    token = _check.set(both)
    try:
        yield
    finally:
        _check.reset(token)


class Pace:
    """Lets at most so many requests reach Discord in any one second; who waits goes first come, first served."""

    def __init__(self, a_second: int = REQUESTS_A_SECOND) -> None:
        self._places = asyncio.Semaphore(a_second)

    async def begin(self) -> None:
        """Wait for a place, and take it."""
        await self._places.acquire()

    def end(self) -> None:
        """The answer has come, or none will: give the place back when a second has passed."""
        asyncio.get_running_loop().call_later(HELD_ON, self._places.release)

    def add_to(self, trace: aiohttp.TraceConfig) -> None:
        """Have the requests that aiohttp tells of wait their turn. To be added after what may refuse one."""
        trace.on_request_start.append(self._before)
        trace.on_request_end.append(self._after)
        trace.on_request_exception.append(self._after)

    async def _before(
        self, _session: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        path = params.url.path
        if path.startswith(API) and not any(each in path for each in OWN_TOKEN_IN_PATH):
            await self.begin()
            try:
                if (check := _check.get()) is not None:
                    check()
            except BaseException:
                self.end()
                raise
            context.has_place = True

    async def _after(self, _session: object, context: SimpleNamespace, _params: object) -> None:
        if getattr(context, "has_place", False):
            self.end()
