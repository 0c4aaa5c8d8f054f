"""Ten thousand schedules due in one second, until each has its job; against sqlite3 itself writing the same rows.

    python -m benchmarks.schedules lyceum|sqlite3 [COUNT]

The figures are of the thread that the event loop runs in: SQLAlchemy's driver works in a thread of its own, and what
keeps others waiting is the loop. `run_us` is what running one such job costs with a handler that does nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bot import nominal_times
from bot.clock import Clock
from bot.jobs import Jobs
from bot.schedules import SLICE, CatchUp, Schedules
from storage import schema
from storage.database import Database
from storage.jobs import JobRow
from storage.schedules import ScheduleRow

MANY = 10_000
RUN = 500  # jobs that are also run
BEFORE = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)  # a Monday
START = dt.date(2020, 1, 1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
WRITES = (
    (select(JobRow.__table__), "INSERT INTO jobs ({columns}) VALUES ({values})"),
    (
        select(ScheduleRow.watermark, ScheduleRow.next_run_at, ScheduleRow.id),
        "UPDATE schedules SET watermark = ?, next_run_at = ? WHERE id = ?",
    ),
)


class Heartbeat:
    """Beats every 2 ms and keeps the longest time that the loop's thread worked between two beats.

    The thread's own time is what a stall of ours costs; the wall clock would also count that other programs
    want the processor.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.beats = 0

    async def beat(self) -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.002)
            now = time.thread_time()
            self.longest = max(self.longest, now - last)
            self.beats += 1
            last = now


@contextmanager
def no_full_collection() -> Generator[None]:
    """Keeps the garbage collector from walking through all that was made before."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def rows(count: int, *, frequency: str = "FREQ=WEEKLY") -> list[dict[str, Any]]:
    """Schedules of as many communities, in five zones, all due at `DUE`."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        zone = ZONES[number % len(ZONES)]
        local = nominal_times.local_now(DUE, zone)
        body = frequency + (f";BYDAY={('MO', 'TU')[local.weekday()]}" if frequency == "FREQ=WEEKLY" else "")
        found.append(
            {
                "guild_id": number,
                "job_name": "run",
                "subject": "1",
                "payload": {"ritual_id": number, "title": "Monday goals"},
                "rrule": body,
                "time": f"{local:%H:%M}",
                "start": (START + dt.timedelta(days=number % 365)).isoformat(),
                "zone": zone,
                "catch_up": CatchUp.ALWAYS_ONCE.value,
                "watermark": nominal_times.local_now(BEFORE, zone).isoformat(),
                "next_run_at": DUE,
            }
        )
    return found


async def watch(work: Awaitable[Any]) -> tuple[Heartbeat, float]:
    """Do the work; returns the heartbeat meanwhile and the CPU seconds of the loop's thread."""
    heart = Heartbeat()
    with no_full_collection():
        task = asyncio.create_task(heart.beat())
        began = time.thread_time()
        await work
        spent = time.thread_time() - began
        task.cancel()
    return heart, spent


async def measure(variant: str, count: int = MANY) -> dict[str, float]:
    """CPU in microseconds for each schedule, and the longest stall of the loop in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        async with _due(Path(folder) / "lyceum.db", count) as database:
            clock = Clock(lambda: DUE)
            heart, spent = await watch(_materialise(Schedules(database, clock)))
            if variant == "sqlite3":
                return {"us_each": await _sqlite3(database, Path(folder) / "floor.db", count) / count * 1e6}
            run = min(count, RUN)
            _, ran = await watch(_run(Jobs(database, clock), run))
        return {
            "us_each": spent / count * 1e6,
            "longest_ms": heart.longest * 1e3,
            "run_us": ran / run * 1e6,
        }


@asynccontextmanager
async def _due(file: Path, count: int) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{file}")
    try:
        await schema.upgrade(database)
        async with database.begin() as session:
            await session.execute(insert(ScheduleRow), rows(count))
        yield database
    finally:
        await database.close()


async def _materialise(schedules: Schedules) -> None:
    while await schedules.materialise_due():
        pass


async def _run(jobs: Jobs, count: int) -> None:
    async def nothing(*_: Any) -> None:
        pass

    jobs.register("run", nothing)
    done = 0
    while done < count and (more := await jobs.run_due()):
        done += more


async def _sqlite3(database: Database, file: Path, count: int) -> float:
    """CPU seconds of writing what Lyceum wrote, in transactions as large, with the same durability."""
    other = Database(f"sqlite:///{file}")
    await schema.upgrade(other)
    async with other.begin() as session:
        await session.execute(insert(ScheduleRow), rows(count))
    await other.close()
    work: list[tuple[str, list[tuple[Any, ...]]]] = []
    async with database.engine.connect() as connection:
        for query, statement in WRITES:
            # As the driver stores it: a value of a JSON or time column comes back as text.
            raw = str(query.compile(dialect=database.engine.dialect))
            result = await connection.exec_driver_sql(raw)
            names = list(result.keys())
            filled = statement.format(columns=", ".join(names), values=", ".join("?" * len(names)))
            work.append((filled, [tuple(row) for row in result]))
    with sqlite3.connect(file, isolation_level=None) as raw_connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            raw_connection.execute(f"PRAGMA {pragma}")
        began = time.thread_time()
        for start in range(0, count, SLICE):
            raw_connection.execute("BEGIN IMMEDIATE")
            for statement, values in work:
                raw_connection.executemany(statement, values[start : start + SLICE])
            raw_connection.execute("COMMIT")
        spent = time.thread_time() - began
    raw_connection.close()
    return spent


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], *map(int, sys.argv[2:])))))
