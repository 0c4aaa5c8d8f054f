"""Heals what a clock that was ahead has left behind, once it is put right.

While the computer's clock was an hour or a year ahead, the next try of an effect or job was put that far into
the future, and a lease given that far. Nothing of ours waits that long by itself, so it is told apart from
what is rightly planned for later. Schedules look after themselves (`bot/schedules.py`).
"""

from __future__ import annotations

from datetime import timedelta

from bot.clock import Clock
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage.database import Database

# Between two tries of an effect lie at most two minutes, between those of a job an hour.
LONGEST_WAIT_OF_AN_EFFECT = timedelta(minutes=10)
LONGEST_WAIT_OF_A_JOB = timedelta(hours=2)


async def heal(db: Database, clock: Clock) -> None:
    """Let what waits for a moment that a wrong clock named be tried now."""
    now = clock.now()
    async with db.begin() as session:
        await outbox_storage.bring_back(session, now=now, beyond=now + LONGEST_WAIT_OF_AN_EFFECT)
        await job_storage.bring_back(session, now=now, beyond=now + LONGEST_WAIT_OF_A_JOB)
