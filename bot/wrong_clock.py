"""Heals what a clock that was ahead has left behind, once it is put right.

While the computer's clock was an hour or a year ahead, the next try of an effect or job was put that far into
the future, and a lease given that far. Nothing of ours waits that long by itself, so it is told apart from
what is rightly planned for later. Schedules that were held for it go on (`bot/schedules.py`).

It is looked for at the first tick of a process, at every tick that finds the clock gone back, and once an hour, because
on PostgreSQL it may have been the clock of another computer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.schedules import Schedules
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage.database import Database

# Between two tries of an effect lie at most two minutes, between those of a job an hour.
LONGEST_WAIT_OF_AN_EFFECT = timedelta(minutes=10)
LONGEST_WAIT_OF_A_JOB = timedelta(hours=2)
LOOK_EVERY = timedelta(hours=1)


class WrongClock:
    """Notices when the clock was put right, and has what it left behind healed."""

    def __init__(self, db: Database, clock: Clock, schedules: Schedules) -> None:
        self._db = db
        self._clock = clock
        self._schedules = schedules
        self._last: datetime | None = None
        self._looked_at: datetime | None = None

    async def look(self) -> None:
        """Called at every tick. Costs a query only when there may be something to heal."""
        now = self._clock.now()
        went_back = self._last is None or now < self._last
        if went_back or self._looked_at is None or now >= self._looked_at + LOOK_EVERY:
            await heal(self._db, self._clock)
            await self._schedules.end_false_holds()
            self._looked_at = now
        self._last = now


async def heal(db: Database, clock: Clock) -> None:
    """Let what waits for a moment that a wrong clock named be tried now."""
    now = clock.now()
    async with db.begin() as session:
        await outbox_storage.bring_back(session, now=now, beyond=now + LONGEST_WAIT_OF_AN_EFFECT)
        await job_storage.bring_back(session, now=now, beyond=now + LONGEST_WAIT_OF_A_JOB)
