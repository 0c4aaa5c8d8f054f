"""Timed work: exactly once, whoever runs it and whatever dies meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from gettext import NullTranslations
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import jobs as module
from bot.acts import Act, Ledger
from bot.i18n import Translator
from bot.jobs import (
    LEASE,
    MAX_ATTEMPTS,
    REASON_CUT_OFF,
    REASON_FAILING,
    REASON_PASSED,
    REASON_TOO_LATE,
    Job,
    Jobs,
    NewJob,
    Skipped,
    pause_after,
    reason_in_words,
)
from storage import jobs as storage
from storage.acts import ActRow
from storage.database import Database
from storage.jobs import JobRow
from tests.clocks import START, FixedClock

SECOND = timedelta(seconds=1)


class Crew:
    """Jobs whose handler "work" notes each run in the ledger, in the job's own transaction."""

    def __init__(self, db: Database, clock: FixedClock) -> None:
        self.db, self.clock = db, clock
        self.begun: Counter[str] = Counter()
        self.reports: list[tuple[str, str]] = []
        self.jobs = self.another()

    def another(self) -> Jobs:
        """The runner of one more process on the same database."""
        jobs = Jobs(self.db, self.clock)
        jobs.register("work", self.work)
        jobs.register("fail", self.fail)
        jobs.register("wave off", self.wave_off)
        jobs.report_failure = self.report
        return jobs

    async def work(self, session: AsyncSession, job: Job) -> None:
        self.begun[job.key] += 1
        done = await Ledger(self.clock).record(
            session, Act("worked", 1, 1, f"{job.key}:{self.begun[job.key]}")
        )
        assert done is not None

    async def fail(self, session: AsyncSession, job: Job) -> None:
        await self.work(session, job)
        raise ValueError(f"no luck with \x00 and {'x' * 2000}")

    async def wave_off(self, session: AsyncSession, job: Job) -> Skipped:
        return Skipped("not wanted\x00\ud800" + "!" * 500)

    async def report(self, session: AsyncSession, job: Job, reason: str) -> None:
        self.reports.append((job.key, reason))

    async def enqueue(self, *keys: str, name: str = "work", **more: Any) -> int:
        run_at = more.pop("run_at", self.clock.now())
        async with self.db.begin() as session:
            return await self.jobs.enqueue(session, *(NewJob(name, key, run_at, **more) for key in keys))

    async def rows(self) -> dict[str, JobRow]:
        async with self.db.read() as session:
            return {row.key: row for row in await session.scalars(select(JobRow).order_by(JobRow.id))}

    async def row(self) -> JobRow:
        [row] = (await self.rows()).values()
        return row

    async def worked(self) -> list[str]:
        """The keys of the jobs whose work is committed."""
        async with self.db.read() as session:
            return sorted(each.partition(":")[0] for each in await session.scalars(select(ActRow.subject)))

    async def claim(self, limit: int = 50) -> datetime:
        """A process takes jobs and dies before it does anything with them."""
        now = self.clock.now()
        async with self.db.begin() as session:
            await storage.claim_due(session, now=now, lease_until=now + LEASE, limit=limit)
        return now + LEASE

    async def run_until_idle(self) -> None:
        while await self.jobs.run_due():
            pass


@pytest.fixture
def crew(database: Database, clock: FixedClock) -> Crew:
    return Crew(database, clock)


@pytest.fixture
def sqlite_crew(sqlite_database: Database, clock: FixedClock) -> Crew:
    return Crew(sqlite_database, clock)


# Done once


async def test_a_job_runs_when_its_time_has_come_and_never_again(crew: Crew) -> None:
    await crew.enqueue("a", run_at=START + 10 * SECOND)
    crew.clock.advance(9.999 * SECOND)
    assert await crew.jobs.run_due() == 0
    crew.clock.advance(0.001 * SECOND)
    assert await crew.jobs.run_due() == 1
    assert await crew.jobs.run_due() == 0
    row = await crew.row()
    assert (row.outcome, row.attempts, row.lease_until, row.finished_at) == (
        "done",
        1,
        None,
        crew.clock.now(),
    )
    assert await crew.worked() == ["a"]


async def test_the_same_key_is_enqueued_once_even_by_many_at_once(crew: Crew) -> None:
    added = await asyncio.gather(*(crew.enqueue("a") for _ in range(6)))
    assert sum(added) == 1
    await crew.run_until_idle()
    assert await crew.enqueue("a", "b") == 1
    await crew.run_until_idle()
    assert await crew.worked() == ["a", "b"]


async def test_what_was_enqueued_with_a_use_case_that_failed_never_runs(crew: Crew) -> None:
    with pytest.raises(RuntimeError, match="planned"):
        async with crew.db.begin() as session:
            await crew.jobs.enqueue(session, NewJob("work", "a", START))
            raise RuntimeError("planned")
    assert await crew.jobs.run_due() == 0


async def test_several_processes_on_one_database_do_each_job_once(crew: Crew) -> None:
    keys = [f"k{number:03}" for number in range(120)]
    await crew.enqueue(*keys)

    async def process() -> None:
        jobs = crew.another()
        while await jobs.run_due():
            pass

    await asyncio.gather(*(process() for _ in range(3)))
    assert await crew.worked() == keys
    assert set(crew.begun.values()) == {1}
    assert {row.outcome for row in (await crew.rows()).values()} == {"done"}


async def test_the_oldest_jobs_go_first(crew: Crew) -> None:
    for number in (3, 1, 2):
        await crew.enqueue(str(number), run_at=START - timedelta(minutes=10 - number))
    await crew.run_until_idle()
    assert list(crew.begun) == ["1", "2", "3"]


async def test_a_handler_may_enqueue_the_next_job(crew: Crew) -> None:
    async def go_on(session: AsyncSession, job: Job) -> None:
        if int(job.key) < 3:
            await crew.jobs.enqueue(session, NewJob("chain", str(int(job.key) + 1), crew.clock.now()))

    crew.jobs.register("chain", go_on)
    await crew.enqueue("1", name="chain")
    await crew.run_until_idle()
    assert {key: row.outcome for key, row in (await crew.rows()).items()} == dict.fromkeys("123", "done")


async def test_a_handler_gets_what_was_enqueued(crew: Crew) -> None:
    seen: list[Job] = []

    async def look(_session: AsyncSession, job: Job) -> None:
        seen.append(job)

    crew.jobs.register("look", look)
    await crew.enqueue("a", name="look", guild_id=2**62, payload={"n": [1, "é"]}, expires_at=START + SECOND)
    await crew.run_until_idle()
    [job] = seen
    assert (job.guild_id, job.payload, job.run_at, job.expires_at) == (
        2**62,
        {"n": [1, "é"]},
        START,
        START + SECOND,
    )
    assert (job.attempts, job.nominal, job.schedule_id) == (1, None, None)


async def test_two_features_cannot_handle_the_same_job(crew: Crew) -> None:
    with pytest.raises(ValueError, match="work"):
        crew.jobs.register("work", crew.work)
    crew.jobs.unregister("work")
    crew.jobs.register("work", crew.work)


# Failures


async def test_a_failing_job_is_tried_again_after_growing_pauses_and_then_reported_once(crew: Crew) -> None:
    await crew.enqueue("a", name="fail", guild_id=1)
    tries: list[timedelta] = []
    while (row := await crew.row()).outcome is None:
        crew.clock.advance(row.run_at - crew.clock.now() - SECOND)
        assert await crew.jobs.run_due() == 0, "tried before its pause had passed"
        tries.append(crew.clock.advance(SECOND) - START)
        assert await crew.jobs.run_due() == 1
    assert [later - sooner for sooner, later in pairwise(tries)] == [
        pause_after(number) for number in range(1, MAX_ATTEMPTS)
    ]
    assert (row.outcome, row.reason) == ("failed", f"{REASON_FAILING}: ValueError")
    assert row.last_error is not None and "no luck" in row.last_error
    assert await crew.jobs.run_due() == 0
    assert crew.reports == [("a", row.reason)]
    assert await crew.worked() == [], "what a failed try wrote is rolled back"


def test_pauses_double_from_ten_seconds_to_an_hour() -> None:
    seconds = [pause_after(number).total_seconds() for number in range(1, 12)]
    assert seconds == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


async def test_a_failing_job_does_not_stop_the_others_of_its_slice(crew: Crew) -> None:
    await crew.enqueue("a", "c")
    await crew.enqueue("b", name="fail", run_at=START - SECOND)
    await crew.jobs.run_due()
    assert await crew.worked() == ["a", "c"]


async def test_a_report_that_raises_does_not_keep_the_job_alive(crew: Crew) -> None:
    async def raising(session: AsyncSession, _job: Job, _reason: str) -> None:
        await Ledger(crew.clock).record(session, Act("half a report", 1, 1, "1"))
        raise RuntimeError("no staff channel")

    crew.jobs.report_failure = raising
    await crew.enqueue("a", name="fail")
    await crew.enqueue("z", run_at=START + timedelta(days=1))
    for _ in range(MAX_ATTEMPTS):
        await crew.jobs.run_due()
        crew.clock.advance(timedelta(hours=1))
    assert (await crew.rows())["a"].outcome == "failed"
    assert await crew.worked() == []
    crew.clock.advance(timedelta(days=1))
    await crew.run_until_idle()
    assert await crew.worked() == ["z"]


async def test_a_job_that_nobody_handles_waits_for_its_feature_and_fails_at_last(crew: Crew) -> None:
    await crew.enqueue("a", name="later")
    await crew.jobs.run_due()
    crew.jobs.register("later", crew.work)
    crew.clock.advance(pause_after(1))
    await crew.jobs.run_due()
    assert await crew.worked() == ["a"]
    await crew.enqueue("b", name="never")
    for _ in range(MAX_ATTEMPTS):
        await crew.jobs.run_due()
        crew.clock.advance(timedelta(hours=1))
    assert crew.reports == [("b", f"{REASON_FAILING}: LookupError")]


async def test_a_handler_that_hangs_is_cut_off_and_tried_again(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(session: AsyncSession, job: Job) -> None:
        await crew.work(session, job)
        if job.attempts == 1:
            await asyncio.Event().wait()

    monkeypatch.setattr(module, "HANDLER_TIMEOUT", timedelta(seconds=0.05))
    crew.jobs.register("hang", hang)
    await crew.enqueue("a", name="hang")
    await crew.enqueue("b")
    await crew.jobs.run_due()
    assert await crew.worked() == ["b"]
    monkeypatch.undo()
    crew.clock.advance(pause_after(1))
    await crew.jobs.run_due()
    assert await crew.worked() == ["a", "b"]
    row = (await crew.rows())["a"]
    assert (row.outcome, row.attempts, row.last_error) == ("done", 2, "TimeoutError: ")


async def test_a_timeout_that_comes_during_the_commit_does_not_do_the_work_twice(
    sqlite_crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = sqlite_crew
    plain_commit = AsyncSession.commit

    async def slow_commit(session: AsyncSession) -> None:
        if crew.begun["a"]:
            await asyncio.sleep(0.08)
        await plain_commit(session)

    await crew.enqueue("a")
    monkeypatch.setattr(AsyncSession, "commit", slow_commit)
    monkeypatch.setattr(module, "HANDLER_TIMEOUT", timedelta(seconds=0.05))
    await crew.jobs.run_due()
    monkeypatch.undo()
    crew.clock.advance(timedelta(hours=1))
    await crew.run_until_idle()
    assert await crew.worked() == ["a"] and (await crew.row()).outcome == "done"


async def test_a_handler_that_opens_a_transaction_of_its_own_fails_instead_of_waiting_for_ever(
    crew: Crew,
) -> None:
    async def nested(_session: AsyncSession, _job: Job) -> None:
        async with crew.db.begin():
            pass

    crew.jobs.register("nested", nested)
    await crew.enqueue("a", name="nested")
    await crew.jobs.run_due()
    assert ((await crew.row()).last_error or "").startswith("RuntimeError")


# Too late, and not wanted


async def test_a_job_that_is_not_wanted_is_skipped_with_the_reason(crew: Crew) -> None:
    await crew.enqueue("a", name="wave off")
    await crew.jobs.run_due()
    row = await crew.row()
    assert row.outcome == "skipped" and (row.reason or "").startswith("not wanted??!!!")


@pytest.mark.parametrize(("late", "outcome"), [(timedelta(0), "done"), (SECOND, "skipped")])
async def test_a_job_is_done_up_to_its_expiry_and_skipped_after(
    crew: Crew, late: timedelta, outcome: str
) -> None:
    await crew.enqueue("a", expires_at=START + timedelta(hours=1))
    crew.clock.advance(timedelta(hours=1) + late)
    await crew.jobs.run_due()
    row = await crew.row()
    assert (row.outcome, row.reason) == (outcome, REASON_TOO_LATE if late else None)
    assert crew.reports == []


async def test_a_job_whose_time_passes_while_it_keeps_failing_is_a_failure_that_staff_hear_of(
    crew: Crew,
) -> None:
    await crew.enqueue("a", name="fail", expires_at=START + timedelta(minutes=2))
    for _ in range(MAX_ATTEMPTS):
        await crew.jobs.run_due()
        crew.clock.advance(timedelta(minutes=1))
    row = await crew.row()
    assert (row.outcome, row.reason) == ("failed", f"{REASON_PASSED}: ValueError")
    assert crew.reports == [("a", row.reason)]


async def test_a_job_is_reported_as_cut_off_when_each_try_ended_the_process(crew: Crew) -> None:
    await crew.enqueue("a")
    for _ in range(MAX_ATTEMPTS):
        await crew.claim()
        crew.clock.advance(LEASE)
    await crew.jobs.run_due()
    assert ((await crew.row()).outcome, crew.begun["a"]) == ("failed", 0)
    assert crew.reports == [("a", REASON_CUT_OFF)]


async def test_what_takes_long_is_prepared_outside_the_transaction(
    database: Database, clock: FixedClock
) -> None:
    jobs = Jobs(database, clock)
    given: list[tuple[str, object]] = []

    async def prepare(job: Job) -> str:
        async with database.begin() as session:  # nobody holds the one writing transaction
            await session.execute(text("SELECT 1"))
        return f"prepared {job.key}"

    async def handle(_session: AsyncSession, job: Job, prepared: str) -> None:
        given.append((job.key, prepared))

    jobs.register_prepared("long", prepare, handle)
    async with database.begin() as session:
        await jobs.enqueue(session, NewJob("long", "a", clock.now()), NewJob("long", "b", clock.now()))
    await jobs.run_due()
    assert given == [("a", "prepared a"), ("b", "prepared b")]


async def test_what_cannot_be_prepared_is_tried_again(database: Database, clock: FixedClock) -> None:
    jobs = Jobs(database, clock)
    tries: list[str] = []

    async def prepare(job: Job) -> str:
        tries.append(job.key)
        if len(tries) == 1:
            raise RuntimeError("not yet")
        return "now"

    async def handle(_session: AsyncSession, _job: Job, prepared: str) -> None:
        tries.append(prepared)

    jobs.register_prepared("long", prepare, handle)
    async with database.begin() as session:
        await jobs.enqueue(session, NewJob("long", "a", clock.now()))
    await jobs.run_due()
    clock.advance(pause_after(1))
    await jobs.run_due()
    assert tries == ["a", "a", "now"]


class Shouting(NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper()


@pytest.mark.parametrize("reason", [REASON_FAILING, REASON_PASSED, REASON_TOO_LATE, REASON_CUT_OFF])
def test_why_a_job_ended_is_told_in_the_readers_language(reason: str) -> None:
    t = Translator("en", Shouting())
    assert reason_in_words(reason, t) == reason.upper()
    if reason in (REASON_FAILING, REASON_PASSED):
        assert reason_in_words(f"{reason}: ValueError", t) == f"{reason.upper()}: ValueError"
