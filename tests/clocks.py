"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.clock import Clock

# A Monday, outside any change of daylight saving time.
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class FixedClock(Clock):
    """Starts on Monday 2026-01-05 at 08:00 UTC."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(lambda: self._instant)
        self._instant = start

    def advance(self, by: timedelta) -> datetime:
        """Moves forward and returns the new instant."""
        self._instant += by
        return self._instant
