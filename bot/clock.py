"""The one clock. Nothing else in Lyceum asks the system for the time.

`bot/app.py` builds it over `discord.utils.utcnow`, so the simulated Discord moves it together with the
library's own clock; tests of services give it a function of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Tells the present instant, always aware and in UTC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now().astimezone(UTC)
