"""Timed work: one row a piece of work, done exactly once, through crashes and on several processes.

A feature registers a handler under a name when it loads; a service enqueues a job in its own transaction.
Guarantees, tested in `tests/bot/test_jobs.py` and by the state machine in `tests/bot/test_exactly_once.py`:

* The handler runs in the transaction that ends the job, so its work is committed exactly once. It plans
  what Discord must show as outbox effects; it never calls Discord.
* What takes long and writes nothing, such as a search for good pairs, is prepared before that transaction, which
  other writers would have to wait for. The handler gets it and checks that it still holds.
* A job is leased and its attempt counted, committed, before the handler runs: a job that kills the process
  is not tried for ever, and a job whose process died is taken up when the lease ends (at once on SQLite).
  A job begun before is leased alone, so one that kills the process does not use up the tries of others.
* When a run is cut off (a timeout, a database that fails) the next one gives back what it had leased.
* Every job ends as done, skipped with a reason or failed with a reason; an exception means another try after
  a growing pause, and after the last try, or when its time passes meanwhile, a failure of which staff are told.
* A job of a feature that the guild has switched off is skipped with that reason.
* Enqueuing the same key again does nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.features import REASON_OFF, Features, feature_of
from bot.i18n import N_, Translator
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
REASON_TOO_LATE = N_("too late: its time had passed before it could run")
# These two are followed by a colon and the kind of the last error.
REASON_FAILING = N_("gave up, because it failed each time")
REASON_PASSED = N_("its time passed while it kept failing")
REASON_CUT_OFF = N_("gave up: each time it ran, the process ended or the database failed")
LONGEST_REASON = 300  # JobRow.reason
LONGEST_ERROR = 1000


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
Prepare = Callable[[Job], Awaitable[Any]]
PreparedHandler = Callable[[AsyncSession, Job, Any], Awaitable[Skipped | None]]
FailureReport = Callable[[AsyncSession, Job, str], Awaitable[None]]


class Jobs:
    """Enqueues jobs, and runs those that are due."""

    def __init__(self, db: Database, clock: Clock, features: Features | None = None) -> None:
        self._db = db
        self._clock = clock
        self._features = features
        self._handlers: dict[str, Handler | PreparedHandler] = {}
        self._preparations: dict[str, Prepare] = {}
        # Leases, by job id and their end, that a run was cut off with.
        self._cut_off: set[tuple[int, datetime]] = set()
        self.report_failure: FailureReport | None = None

    def register(self, name: str, handler: Handler) -> None:
        """Make `handler` do the jobs of this name. Raises ValueError when the name is taken."""
        if name in self._handlers:
            raise ValueError(f"two handlers for the job {name!r}")
        self._handlers[name] = handler

    def register_prepared(self, name: str, prepare: Prepare, handler: PreparedHandler) -> None:
        """The same for a job of which `prepare` works something out first, in no transaction: `handler` is given it."""
        if name in self._handlers:
            raise ValueError(f"two handlers for the job {name!r}")
        self._handlers[name], self._preparations[name] = handler, prepare

    def unregister(self, name: str) -> None:
        self._handlers.pop(name, None)
        self._preparations.pop(name, None)

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
        """Run one slice of due jobs. Returns how many were claimed, so the caller knows whether to go on.

        Raises only what the database raises; nothing is lost by that, nor by a cancellation.
        """
        now = self._clock.now()
        lease_until = now + LEASE
        cut_off = tuple(self._cut_off)
        async with self._db.begin() as session:
            await storage.give_back(session, cut_off)
            rows = await storage.claim_due(session, now=now, lease_until=lease_until, limit=SLICE)
            claimed = [_snapshot(row) for row in rows]
        self._cut_off.difference_update(cut_off)
        leases = {(job.id, lease_until) for job in claimed}
        try:
            for job in claimed:
                await self._run(job, lease_until)
                leases.discard((job.id, lease_until))
                await asyncio.sleep(0)
        finally:
            self._cut_off |= leases
        return len(claimed)

    async def _run(self, job: Job, lease_until: datetime) -> None:
        try:
            async with asyncio.timeout(HANDLER_TIMEOUT.total_seconds()):
                prepared = await self._prepare(job)
                async with self._db.begin() as session:
                    row = await storage.find_claimed(session, job.id, lease_until=lease_until)
                    if row is None:
                        return
                    await self._end(session, row, job, prepared)
        except Exception as error:
            log.exception("job failed job=%s name=%s guild=%s", job.id, job.name, job.guild_id)
            await self._put_off(job, lease_until, error)

    async def _prepare(self, job: Job) -> tuple[Any] | None:
        """What the handler is to be given besides the job, if it wants something and will be called."""
        prepare, handler = self._preparations.get(job.name), self._handlers.get(job.name)
        is_over = job.expires_at is not None and self._clock.now() > job.expires_at
        if prepare is None or handler is None or is_over or job.attempts > MAX_ATTEMPTS:
            return None
        return None if await self._is_off(job, handler) else (await prepare(job),)

    async def _end(
        self, session: AsyncSession, row: storage.JobRow, job: Job, prepared: tuple[Any] | None
    ) -> None:
        """Do the work, or find that it is not to be done; either ends the job in this transaction."""
        if job.expires_at is not None and self._clock.now() > job.expires_at:
            if row.last_error:
                error = row.last_error.partition(":")[0]
                await self._fail(session, row, job, f"{REASON_PASSED}: {error}")
            else:
                self._finish(row, Outcome.SKIPPED, REASON_TOO_LATE)
            return
        if job.attempts > MAX_ATTEMPTS:
            await self._fail(session, row, job, REASON_CUT_OFF)
            return
        handler = self._handlers.get(job.name)
        if handler is None:
            raise LookupError(f"no feature handles the job {job.name!r}")
        if await self._is_off(job, handler):
            self._finish(row, Outcome.SKIPPED, REASON_OFF)
            return
        if job.name in self._preparations:
            if prepared is None:  # switched on at this very moment
                raise LookupError(f"nothing was prepared for the job {job.name!r}")
            skipped = await cast(PreparedHandler, handler)(session, job, *prepared)
        else:
            skipped = await cast(Handler, handler)(session, job)
        if skipped:
            self._finish(row, Outcome.SKIPPED, skipped.reason)
        else:
            self._finish(row, Outcome.DONE)

    async def _is_off(self, job: Job, handler: Handler | PreparedHandler) -> bool:
        if self._features is None or job.guild_id is None:
            return False
        return not await self._features.is_on(job.guild_id, feature_of(handler))

    async def _put_off(self, job: Job, lease_until: datetime, error: Exception) -> None:
        async with self._db.begin() as session:
            row = await storage.find_claimed(session, job.id, lease_until=lease_until)
            if row is None:
                return
            row.lease_until = None
            row.last_error = _storable(f"{type(error).__name__}: {error}", LONGEST_ERROR)
            if job.attempts < MAX_ATTEMPTS:
                row.run_at = self._clock.now() + pause_after(job.attempts)
                return
            await self._fail(session, row, job, f"{REASON_FAILING}: {type(error).__name__}")

    async def _fail(self, session: AsyncSession, row: storage.JobRow, job: Job, reason: str) -> None:
        """End the job as failed and have it reported. A report that fails must not keep the job alive."""
        self._finish(row, Outcome.FAILED, reason)
        if self.report_failure is None:
            return
        try:
            async with session.begin_nested():
                await self.report_failure(session, job, reason)
        except Exception:
            log.exception("could not report job=%s name=%s: %s", job.id, job.name, reason)

    def _finish(self, row: storage.JobRow, outcome: Outcome, reason: str | None = None) -> None:
        row.outcome = outcome
        row.reason = _storable(reason, LONGEST_REASON) if reason else None
        row.finished_at = self._clock.now()
        row.lease_until = None


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many tries: 10 s, doubling, at most an hour."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)


def reason_in_words(reason: str, t: Translator) -> str:
    """Why a job was skipped or failed, as it is kept, for staff."""
    why, colon, error = reason.rpartition(": ")
    return f"{t(why)}: {error}" if colon and why in (REASON_FAILING, REASON_PASSED) else t(reason)


def _storable(text: str, longest: int) -> str:
    """The text as PostgreSQL takes it: no NUL, no half of a surrogate pair, cut to the column."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")[:longest]


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
