"""Timed work: one row a piece of work, done exactly once, through crashes and on several processes.

A feature registers a handler under a name when it loads; a service enqueues a job in its own transaction.
Guarantees, tested in `tests/bot/test_jobs.py` and by the state machine in `tests/bot/test_exactly_once.py`:

* The handler runs in the transaction that ends the job, so its work is committed exactly once. It plans
  what Discord must show as outbox effects; it never calls Discord.
* A job is leased and its attempt counted, committed, before the handler runs: a job that kills the process
  is not tried for ever, and a job whose process died is taken up when the lease ends (at once on SQLite).
* Every job ends as done, skipped with a reason or failed with a reason; an exception means another try after
  a growing pause, and after the last try a failure of which staff are told.
* Enqueuing the same key again does nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from storage import jobs as storage
from storage.database import Database, mark

log = logging.getLogger(__name__)

WAKE_MARK = "jobs"
SLICE = 50
HANDLER_TIMEOUT = timedelta(seconds=30)
# The lease outlives a whole slice of handlers that each run into their timeout only in theory; a job whose
# lease ran out is claimed again, and `find_claimed` then refuses the slow first holder.
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Skipped:
    """What a handler returns when the work is not wanted any more; the reason is shown to facilitators."""

    reason: str


@dataclass(frozen=True)
class Job:
    """A piece of timed work as its handler sees it. `nominal` is the local date-time of a schedule's job."""

    id: int
    name: str
    guild_id: int | None
    key: str
    payload: Mapping[str, Any]
    run_at: datetime
    attempts: int
    schedule_id: int | None = None
    nominal: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class NewJob:
    """A job to enqueue. `run_at` and `expires_at` are aware; begun later than `expires_at` it is skipped."""

    name: str
    key: str
    run_at: datetime
    guild_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    expires_at: datetime | None = None


Handler = Callable[[AsyncSession, Job], Awaitable[Skipped | None]]
FailureReport = Callable[[AsyncSession, Job, str], Awaitable[None]]


class Jobs:
    """Enqueues jobs, and runs those that are due."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self.report_failure: FailureReport | None = None

    def register(self, name: str, handler: Handler) -> None:
        """Make `handler` do the jobs of this name. Raises ValueError when the name is taken."""
        if name in self._handlers:
            raise ValueError(f"two handlers for the job {name!r}")
        self._handlers[name] = handler

    def unregister(self, name: str) -> None:
        self._handlers.pop(name, None)

    async def enqueue(self, session: AsyncSession, *jobs: NewJob) -> int:
        """Write the jobs in the caller's transaction. Returns how many were new."""
        now = self._clock.now()
        rows = [
            {
                "name": job.name,
                "guild_id": job.guild_id,
                "key": job.key,
                "payload": dict(job.payload),
                "run_at": job.run_at,
                "expires_at": job.expires_at,
                "created_at": now,
            }
            for job in jobs
        ]
        added = await storage.add_jobs(session, rows)
        if added:
            mark(session, WAKE_MARK)
        return added

    async def run_due(self) -> int:
        """Run one slice of due jobs. Returns how many were claimed, so the caller knows whether to go on."""
        now = self._clock.now()
        lease_until = now + LEASE
        async with self._db.begin() as session:
            rows = await storage.claim_due(session, now=now, lease_until=lease_until, limit=SLICE)
            claimed = [_snapshot(row) for row in rows]
        for job in claimed:
            await self._run(job, lease_until)
            await asyncio.sleep(0)
        return len(claimed)

    async def _run(self, job: Job, lease_until: datetime) -> None:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT.total_seconds()), self._db.begin() as session:
                row = await storage.find_claimed(session, job.id, lease_until=lease_until)
                if row is None:
                    return
                result = await self._handle(session, job)
                row.outcome = Outcome.SKIPPED if result else Outcome.DONE
                row.reason = result.reason if result else None
                row.finished_at = self._clock.now()
                row.lease_until = None
        except Exception as error:
            log.exception("job failed job=%s name=%s guild=%s", job.id, job.name, job.guild_id)
            await self._put_off(job, lease_until, error)

    async def _handle(self, session: AsyncSession, job: Job) -> Skipped | None:
        if job.attempts > MAX_ATTEMPTS:
            raise RuntimeError("the process ended each time this job ran")
        if job.expires_at is not None and self._clock.now() > job.expires_at:
            return Skipped("too late: its time had passed before it could run")
        handler = self._handlers.get(job.name)
        if handler is None:
            raise LookupError(f"no feature handles the job {job.name!r}")
        return await handler(session, job)

    async def _put_off(self, job: Job, lease_until: datetime, error: Exception) -> None:
        async with self._db.begin() as session:
            row = await storage.find_claimed(session, job.id, lease_until=lease_until)
            if row is None:
                return
            row.lease_until = None
            row.last_error = f"{type(error).__name__}: {error}"[:1000]
            if job.attempts < MAX_ATTEMPTS:
                row.run_at = self._clock.now() + pause_after(job.attempts)
                return
            row.outcome = Outcome.FAILED
            reason = f"gave up after {job.attempts} tries: {type(error).__name__}"
            row.reason = reason
            row.finished_at = self._clock.now()
            if self.report_failure is not None:
                await self.report_failure(session, job, reason)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many tries: 10 s, doubling, at most an hour."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def _snapshot(row: storage.JobRow) -> Job:
    return Job(
        id=row.id,
        name=row.name,
        guild_id=row.guild_id,
        key=row.key,
        payload=row.payload,
        run_at=row.run_at,
        attempts=row.attempts,
        schedule_id=row.schedule_id,
        nominal=datetime.fromisoformat(row.nominal) if row.nominal else None,
        expires_at=row.expires_at,
    )
