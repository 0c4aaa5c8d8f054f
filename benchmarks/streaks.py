"""Thirty thousand streaks whose week ends at the same instant: what settling them costs, and how long nobody else gets a turn.

    python -m benchmarks.streaks [COUNT]

Half of the members contributed, three times each, and half did not and have a freeze used, for which a job each is
planned (not run here). SQLite, in this process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from bot.acts import Contribution
from bot.clock import Clock
from bot.core import Core
from bot.jobs import Job
from cogs.streaks import model
from cogs.streaks.facts import FactsReader
from cogs.streaks.settling import SLICE, Settling
from storage.acts import ActRow
from storage.base import insert_if_absent
from storage.database import Database
from storage.jobs import JobRow
from storage.schema import upgrade
from storage.streaks import StreakRow, StreakWeekRow
from tests.shell import Statements

MANY = 30_000
GUILD = 1
MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
NOW = MONDAY + timedelta(days=7, hours=12)


async def prepare(database: Database, count: int) -> None:
    """Everybody has five weeks and a freeze; half did something in the sixth."""
    await upgrade(database)
    streaks = [
        {
            "guild_id": GUILD,
            "member_id": 1000 + each,
            "until": MONDAY,
            "monday": "2026-01-05",
            "length": 5,
            "longest": 5,
            "freezes": 1,
            "settle_at": NOW,
        }
        for each in range(count)
    ]
    acts = [
        {
            "guild_id": GUILD,
            "kind": "tea.made",
            "member_id": 1000 + each,
            "subject": str(number),
            "details": {},
            "at": MONDAY + timedelta(days=number, minutes=each % 1000),
        }
        for each in range(0, count, 2)
        for number in range(3)
    ]
    async with database.begin() as session:
        await insert_if_absent(session, StreakRow, streaks)
        await session.execute(insert(ActRow), acts)


async def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'lyceum.db'}")
        try:
            await prepare(database, count)
            core = Core.build(database, Clock(lambda: NOW))
            core.ledger.contribute(Contribution("tea.made", "tea", done="Made tea"))
            settling = Settling(core, FactsReader(core))
            return await settle(core, settling, count)
        finally:
            await database.close()


async def settle(core: Core, settling: Settling, count: int) -> dict[str, float]:
    stalls: list[float] = []
    watch = asyncio.create_task(_watch(stalls))
    cpu, began = time.process_time(), time.perf_counter()
    with Statements(core.db) as statements:
        for number in range(-(-count // SLICE)):
            payload = {"slot": "benchmark", "number": number}
            async with core.db.begin() as session:
                await settling.sweep(session, Job(0, model.SWEEP_JOB, None, "", payload, NOW, 1))
    spent, took = time.process_time() - cpu, time.perf_counter() - began
    watch.cancel()
    async with core.db.read() as session:
        settled = await session.scalar(select(func.count()).select_from(StreakWeekRow))
        told = await session.scalar(select(func.count()).select_from(JobRow).filter_by(name=model.TELL_JOB))
    assert settled == count and told == count // 2
    return {
        "settled": count,
        "cpu_s": round(spent, 1),
        "us_each": round(spent / count * 1e6),
        "took_s": round(took, 1),
        "statements": len(statements.seen),
        "longest_stall_ms": round(max(stalls) * 1000),
    }


async def _watch(stalls: list[float]) -> None:
    """How much CPU time others take while somebody waits who wants a turn every millisecond."""
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.001)
        stalls.append(time.thread_time() - before)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))))
