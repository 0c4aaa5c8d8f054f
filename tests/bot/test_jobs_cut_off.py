"""Timed work when processes die, slices are cut off, the database fails or the clock jumps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.jobs import LEASE, MAX_ATTEMPTS, Job, Jobs, NewJob
from storage import jobs as storage
from storage.database import Database
from storage.jobs import JobRow
from tests.clocks import START, FixedClock


class Killed(BaseException):
    """Stands for kill -9: no handler of ours catches it, and what was not committed is gone."""


class Process:
    """A process with jobs; `do` says what each job does beside being counted."""

    def __init__(self, db: Database, clock: FixedClock) -> None:
        self.db, self.clock = db, clock
        self.begun: Counter[str] = Counter()
        self.deadly: set[str] = set()
        self.start()

    def start(self) -> None:
        self.jobs = Jobs(self.db, self.clock)
        self.jobs.register("work", self.work)

    async def restart(self) -> None:
        """A new process, as `setup_hook` of the only one on a SQLite file begins it."""
        self.start()
        async with self.db.begin() as session:
            await storage.release_leases(session)

    async def work(self, session: AsyncSession, job: Job) -> None:
        self.begun[job.key] += 1
        if job.key in self.deadly:
            raise Killed

    async def enqueue(self, *keys: str) -> None:
        async with self.db.begin() as session:
            await self.jobs.enqueue(session, *(NewJob("work", key, self.clock.now()) for key in keys))

    async def outcomes(self) -> dict[str, str | None]:
        async with self.db.read() as session:
            return {row.key: row.outcome for row in await session.scalars(select(JobRow))}

    async def run_until_idle(self) -> None:
        while await self.jobs.run_due():
            pass


@pytest.fixture
def process(database: Database, clock: FixedClock) -> Process:
    return Process(database, clock)


# A process dies


async def test_a_job_whose_process_died_is_left_alone_until_the_lease_ends(process: Process) -> None:
    process.deadly = {"a"}
    await process.enqueue("a")
    with pytest.raises(Killed):
        await process.jobs.run_due()
    process.deadly.clear()
    process.start()
    process.clock.advance(LEASE - timedelta(seconds=1))
    assert await process.jobs.run_due() == 0
    async with process.db.read() as session:
        assert await storage.next_run_at(session) == START + LEASE, "the alarm clock must ring for it"
    process.clock.advance(timedelta(seconds=1))
    assert await process.jobs.run_due() == 1
    assert await process.outcomes() == {"a": "done"}


async def test_a_restart_of_the_only_process_takes_such_jobs_up_at_once(process: Process) -> None:
    process.deadly = {"a"}
    await process.enqueue("a", "b")
    with pytest.raises(Killed):
        await process.jobs.run_due()
    process.deadly.clear()
    await process.restart()
    await process.run_until_idle()
    assert await process.outcomes() == {"a": "done", "b": "done"}


async def test_a_job_that_kills_the_process_fails_in_the_end_and_takes_no_other_with_it(
    process: Process,
) -> None:
    process.deadly = {"b"}
    keys = list("abcdefgh")
    await process.enqueue(*keys)
    deaths = 0
    while None in (await process.outcomes()).values():
        try:
            await process.run_until_idle()
        except Killed:
            deaths += 1
            await process.restart()
            process.clock.advance(timedelta(minutes=1))
    assert await process.outcomes() == dict.fromkeys(keys, "done") | {"b": "failed"}
    assert deaths == MAX_ATTEMPTS == process.begun.pop("b")
    assert set(process.begun.values()) == {1}


async def test_the_first_holder_of_a_lease_that_ran_out_does_not_do_the_work_a_second_time(
    process: Process,
) -> None:
    await process.enqueue("a")
    leases = (START + LEASE, START + 2 * LEASE)
    for now, lease_until in zip((START, START + LEASE), leases, strict=True):
        async with process.db.begin() as session:
            [row] = await storage.claim_due(session, now=now, lease_until=lease_until, limit=1)
    async with process.db.begin() as session:
        assert await storage.find_claimed(session, row.id, lease_until=leases[0]) is None
        assert await storage.find_claimed(session, row.id, lease_until=leases[1]) is not None


async def test_a_lease_that_runs_out_while_the_handler_works_does_not_bring_a_second_worker(
    postgres_database: Database, clock: FixedClock
) -> None:
    process = Process(postgres_database, clock)
    other = Process(postgres_database, clock)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_session: AsyncSession, job: Job) -> None:
        process.begun[job.key] += 1
        entered.set()
        await leave.wait()

    process.jobs.unregister("work")
    process.jobs.register("work", slow)
    await process.enqueue("a")
    run = asyncio.create_task(process.jobs.run_due())
    await entered.wait()
    clock.advance(LEASE * 2)
    assert await other.jobs.run_due() == 0
    leave.set()
    await run
    await other.run_until_idle()
    assert (process.begun, other.begun) == ({"a": 1}, {})
    assert await process.outcomes() == {"a": "done"}


# A run is cut off


async def test_what_a_cancelled_run_had_leased_is_taken_up_by_the_next_one(process: Process) -> None:
    entered = asyncio.Event()

    async def hang_once(_session: AsyncSession, job: Job) -> None:
        process.begun[job.key] += 1
        if process.begun.total() == 1:
            entered.set()
            await asyncio.Event().wait()

    process.jobs.unregister("work")
    process.jobs.register("work", hang_once)
    await process.enqueue("a", "b", "c")
    run = asyncio.create_task(process.jobs.run_due())
    await entered.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    process.clock.advance(timedelta(seconds=30))
    await process.run_until_idle()
    assert await process.outcomes() == dict.fromkeys("abc", "done")
    assert process.begun == {"a": 2, "b": 1, "c": 1}


class FailingDatabase(Database):
    """Fails every transaction while `down`; the transactions that end before `down` is set are committed."""

    down = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._check()
        async with super().begin() as session:
            yield session
            self._check()

    def _check(self) -> None:
        if self.down:
            raise OperationalError("any statement", None, Exception("disk I/O error"))


async def test_a_failing_database_is_raised_and_everything_is_done_once_it_is_back(
    database: Database, clock: FixedClock
) -> None:
    db = FailingDatabase(database.url.render_as_string(hide_password=False))
    process = Process(db, clock)

    async def pull_the_plug(_session: AsyncSession, job: Job) -> None:
        process.begun[job.key] += 1
        db.down = db.down or process.begun.total() == 2

    process.jobs.unregister("work")
    process.jobs.register("work", pull_the_plug)
    await process.enqueue("a", "b", "c", "d")
    for _ in range(2 * MAX_ATTEMPTS):
        with pytest.raises(OperationalError):
            await process.jobs.run_due()
        clock.advance(timedelta(seconds=30))
    db.down = False
    await process.run_until_idle()
    assert await process.outcomes() == dict.fromkeys("abcd", "done")
    assert process.begun == {"a": 1, "b": 2, "c": 1, "d": 1}, (
        "b was rolled back, nothing else was begun twice"
    )
    await db.close()


# The clock jumps


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1)])
async def test_a_clock_that_jumps_and_comes_back_doubles_and_loses_nothing(
    process: Process, jump: timedelta
) -> None:
    await process.enqueue("now")
    async with process.db.begin() as session:
        await process.jobs.enqueue(session, NewJob("work", "soon", START + timedelta(minutes=30)))
    process.clock.advance(jump)
    await process.run_until_idle()
    process.clock.advance(-2 * jump)
    await process.run_until_idle()
    process.clock.advance(3 * jump)
    await process.run_until_idle()
    assert process.begun == {"now": 1, "soon": 1}
