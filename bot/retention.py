"""Lets go, once a day, of what has been kept long enough.

How long each table keeps its rows stands in its statements (`storage/personal.py`: `keep_for` after `since`). A day's
work is a chain of jobs, a slice each, so that nobody waits for it; people who left a year ago are deleted by it too.

A row that is gone no longer guards its key, so a key must never be wanted again after its table's window:

* jobs, 30 days: digests and erasures name an instant or a row that is past; runs of a schedule are never let go
  while the schedule exists, and the watermark guards them besides.
* outbox, 90 days: greetings are guarded by the newcomer's row (joined_at), steps, wins and roles by acts, prompts by
  their job. A post whose row is gone is not drawn again.
* notifications, 90 days: the same guards as the outbox; what waits for a digest stays.

Tested in `tests/storage/test_footprint.py` and `tests/behaviour/test_privacy.py`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.erasure import Erasure
from bot.jobs import Job, Jobs, NewJob
from storage import app_state, footprint
from storage import privacy as storage

log = logging.getLogger(__name__)

PURGE_JOB = "privacy.purge"
HOUR = 3  # UTC
SLICE = 500
LAST_RUN = "last_purge"


class Retention:
    """The daily clean-up."""

    def __init__(self, clock: Clock, jobs: Jobs, erasure: Erasure) -> None:
        self._clock = clock
        self._jobs = jobs
        self._erasure = erasure
        jobs.register(PURGE_JOB, self._purge)

    async def plan(self, session: AsyncSession) -> None:
        """See that the next clean-up is planned. Called at every start."""
        await self._plan_after(session, self._clock.now())

    async def last_run(self, session: AsyncSession) -> datetime | None:
        """When the last one ended (UTC)."""
        value = await app_state.find(session, LAST_RUN)
        return datetime.fromisoformat(value) if value else None

    async def _plan_after(self, session: AsyncSession, moment: datetime) -> None:
        day = moment.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
        await self._enqueue(session, day if day > moment else day + timedelta(days=1), 0)

    async def _enqueue(self, session: AsyncSession, day: datetime, number: int) -> None:
        run_at = max(day, self._clock.now())
        payload = {"day": day.isoformat(), "number": number}
        key = f"{PURGE_JOB}:{day:%Y-%m-%d}:{number}"
        await self._jobs.enqueue(session, NewJob(PURGE_JOB, key, run_at, payload=payload))

    async def _purge(self, session: AsyncSession, job: Job) -> None:
        """One slice."""
        now = self._clock.now()
        day, number = datetime.fromisoformat(job.payload["day"]), int(job.payload["number"])
        await self._plan_after(session, now)
        erased = await footprint.purge(session, now=now, limit=SLICE)
        for guild_id, rows in sorted(erased.items()):
            await storage.note_purge(session, guild_id, at=day, rows=rows)
        gone = await self._erasure.plan_for_long_gone(session, SLICE)
        if erased.total() >= SLICE or gone >= SLICE:
            await self._enqueue(session, day, number + 1)
            return
        await app_state.put(session, LAST_RUN, now.isoformat())
        log.info("cleaned up day=%s", day.date())
