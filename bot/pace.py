"""A limit on how many things begin in a second."""

from __future__ import annotations

import asyncio
from collections import deque


class Pace:
    """Lets at most so many requests begin in any one second, so our own bursts never meet a 429."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._begun: deque[float] = deque()

    async def turn(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            while self._begun and now - self._begun[0] >= 1.0:
                self._begun.popleft()
            if len(self._begun) < self._per_second:
                self._begun.append(now)
                return
            await asyncio.sleep(1.0 - (now - self._begun[0]))
