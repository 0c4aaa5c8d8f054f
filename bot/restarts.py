"""Spaces out starts and sessions, so that a bot that connects again and again does not use up Discord's patience.

Discord allows 1,000 new sessions (IDENTIFY) a day; beyond that it ends them all and resets the token. So the
starts are counted in the database, as the level of a bucket: each start adds one, and one runs out every ten
minutes. A start at an empty bucket is immediate; otherwise it waits 5 s, doubled for each further start in
the bucket, ten minutes at the most. At that longest pause the level no longer rises, so there are never more
than about 9 + 144 starts in 24 hours, whatever the pattern of crashes. A new session of a running process
(`bot/sessions.py`) counts as a start. A start is written down before Discord is reached; where nothing can be
written, nothing starts.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from storage import app_state
from storage.database import Database

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
RUNS_OUT_EVERY = LONGEST_PAUSE
_STATE_KEY = "starts"


@dataclass(frozen=True)
class Starts:
    """How full the bucket was at an instant (aware, UTC)."""

    level: float
    at: datetime

    def level_at(self, now: datetime) -> float:
        """What is left of it. A clock that has gone back lets nothing run out."""
        return max(0.0, self.level - max(now - self.at, timedelta(0)) / RUNS_OUT_EVERY)

    def pause(self, now: datetime) -> timedelta:
        """How long the next start must wait."""
        waiting = math.ceil(self.level_at(now))
        if waiting == 0:
            return timedelta(0)
        return min(FIRST_PAUSE * 2 ** (waiting - 1), LONGEST_PAUSE)

    def started(self, now: datetime) -> Starts:
        return Starts(self.level_at(now) + 1, now)


async def read(database: Database, now: datetime) -> Starts:
    """What is known of earlier starts on this database."""
    async with database.read() as session:
        value = await app_state.find(session, _STATE_KEY)
    if value is None:
        return Starts(0.0, now)
    level, _, at = value.partition("|")
    return Starts(float(level), datetime.fromisoformat(at))


async def note(database: Database, starts: Starts) -> None:
    """Write down a start, before it happens."""
    async with database.begin() as session:
        await app_state.put(session, _STATE_KEY, f"{starts.level:.4f}|{starts.at.isoformat()}")


async def wait_for_turn(database: Database, clock: Clock, stop: asyncio.Event) -> None:
    """Waits until Discord may be asked for a new session, and writes that down; told to stop, it does neither."""
    starts = await read(database, clock.now())
    pause = starts.pause(clock.now()).total_seconds()
    if pause > 0:
        log.warning("connected often of late; connecting in %.0f s, so that Discord does not block us", pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    if not stop.is_set():
        await note(database, starts.started(clock.now()))
