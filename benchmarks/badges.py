"""Badges: what an act costs when fifty rules count its kind, and what giving one to ten thousand people costs.

    python -m benchmarks.badges act|floor|backfill [COUNT]

`act` records acts of people who have done forty before, with fifty badges on, of which each counts acts of this kind;
`floor` the same with no badge. `backfill` gives a badge to everybody who has earned it, by the jobs that do it, with
twenty acts each. SQLite, in this process.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from bot.acts import Act, Contribution
from bot.authority import MANAGE_GUILD, Actor
from bot.clock import Clock
from bot.core import Core
from bot.criteria import Criterion, Rule, rule_data
from cogs.badges import model
from cogs.badges.awarding import Awarding
from cogs.badges.history import History
from cogs.badges.living import Living
from cogs.badges.staff import BadgeStaff
from cogs.badges.wins import Wins
from storage.acts import ActRow
from storage.badges import BadgeAwardRow, BadgeRow, BadgeSettingsRow
from storage.database import Database
from storage.schema import upgrade
from tests.shell import Statements

GUILD, KIND = 1, "review.given"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOSS = Actor(GUILD, 10, permissions=MANAGE_GUILD)
RULES, PEOPLE, BEFORE = 50, 300, 40
MANY, EACH = 10_000, 20


class Feature:
    """The feature without Discord."""

    def __init__(self, database: Database) -> None:
        self.core = core = Core.build(database, Clock(lambda: NOW))
        core.configs.register(model.BadgeSettings, BadgeSettingsRow)
        core.ledger.contribute(Contribution(KIND, "reviews", done="Reviewed somebody's work"))
        core.notifier.register(model.KIND)
        self.living = Living(core)
        self.awarding = Awarding(core, self.living, Wins(core))
        self.history = History(core, self.living, self.awarding)
        self.staff = BadgeStaff(core, self.living, self.history)
        core.jobs.register(model.BACKFILL_JOB, self.history.backfill)

    async def load(self) -> None:
        await self.living.load(self.awarding.judge, self.awarding.reconsider)


def acts(people: int, each: int) -> list[dict[str, object]]:
    return [
        {
            "guild_id": GUILD,
            "kind": KIND,
            "member_id": 1000 + member,
            "subject": str(number),
            "other_id": 1000 + (member + number) % 97,
            "details": {},
            "at": NOW - timedelta(days=1 + number, minutes=member % 1000),
        }
        for member in range(people)
        for number in range(each)
    ]


def badge(number: int, criterion: Criterion, state: str = "on") -> dict[str, object]:
    return {
        "guild_id": GUILD,
        "title": f"Badge {number}",
        "how": "Read the work of others.",
        "tier": "steady",
        "rule": {"criteria": rule_data(Rule((criterion,)))},
        "state": state,
    }


async def measure_acts(database: Database, rules: int) -> dict[str, float]:
    """No rule is met, so nobody gets anything: each asks for more acts than there are, or for as many in fewer days."""
    criteria = [
        Criterion((KIND,), 41 + BEFORE + number, people=number % 7, window_days=(None, 30, 90)[number % 3])
        for number in range(rules // 2)
    ]
    criteria += [
        Criterion((KIND,), 30, people=30, window_days=7 + number % 20) for number in range(rules - rules // 2)
    ]
    async with database.begin() as session:
        await session.execute(insert(ActRow), acts(PEOPLE, BEFORE))
        if rules:
            await session.execute(insert(BadgeRow), [badge(n, each) for n, each in enumerate(criteria)])
    feature = Feature(database)
    await feature.load()
    for warm in range(20):
        await _record(feature, 1000 + warm, 500)
    cpu = time.process_time()
    with Statements(database) as statements:
        for member in range(PEOPLE):
            await _record(feature, 1000 + member, 900)
    spent = time.process_time() - cpu
    return {"us_each": round(spent / PEOPLE * 1e6), "statements": round(len(statements.seen) / PEOPLE, 2)}


async def _record(feature: Feature, member_id: int, subject: int) -> None:
    async with feature.core.db.begin() as session:
        assert await feature.core.ledger.record(
            session, Act(KIND, GUILD, member_id, str(subject), other_id=5)
        )


async def measure_backfill(database: Database, count: int) -> dict[str, float]:
    async with database.begin() as session:
        everything = acts(count, EACH)
        for start in range(0, len(everything), 20_000):
            await session.execute(insert(ActRow), everything[start : start + 20_000])
        criterion = Criterion((KIND,), 10, people=5, window_days=60)
        await session.execute(insert(BadgeRow), [badge(1, criterion, "draft")])
    del everything
    gc.collect()
    gc.freeze()  # as the bot does when it has started
    feature = Feature(database)
    await feature.load()
    stalls: list[float] = []
    watch = asyncio.create_task(_watch(stalls))
    began, cpu = time.perf_counter(), time.process_time()
    tested = (await feature.staff.test(BOSS, 1)).tested
    tested_s, tested_cpu = time.perf_counter() - began, time.process_time() - cpu
    assert tested is not None and tested.would == count and tested.everybody
    await feature.staff.switch_on(BOSS, 1, backfill=True, everybody=True)
    test_stall = max(stalls)
    stalls.clear()
    began, cpu = time.perf_counter(), time.process_time()
    while await feature.core.jobs.run_due():
        pass
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    watch.cancel()
    async with database.read() as session:
        given = await session.scalar(select(func.count()).select_from(BadgeAwardRow))
        told = await session.scalar(select(func.count()).select_from(ActRow).filter_by(kind=model.EARNED))
    assert given == told == count
    return {
        "given": count,
        "tested_s": round(tested_s, 1),
        "tested_cpu_s": round(tested_cpu, 1),
        "took_s": round(took, 1),
        "cpu_s": round(spent, 1),
        "test_longest_ms": round(test_stall * 1000),
        "longest_ms": round(max(stalls) * 1000),
    }


async def _watch(stalls: list[float]) -> None:
    """How much CPU time others take while somebody waits who wants a turn every millisecond."""
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.001)
        stalls.append(time.thread_time() - before)


async def main(variant: str, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'lyceum.db'}")
        try:
            await upgrade(database)
            if variant == "backfill":
                return await measure_backfill(database, count)
            return await measure_acts(database, RULES if variant == "act" else 0)
        finally:
            await database.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else MANY))))
