"""Jobs, outbox and dispatcher together, on a real database, against every way in which a delivery can go wrong.

The oracle is what the fake Discord received. Four dispatchers that are broken on purpose must each be caught.
`LYCEUM_SEED=<number>` replays a run; the number stands in the output of a failed test.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Coroutine, Generator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards import Card
from bot.dispatcher import PlannedEffect
from bot.jobs import Job, Jobs, NewJob
from bot.nominal_times import LocalRule
from bot.outbox import Effect, EffectKind, Outbox
from bot.schedule_runs import CatchUp
from bot.schedules import NewSchedule, Schedules
from storage import jobs as job_storage
from storage import outbox as outbox_storage
from storage.acts import ActRow
from storage.database import Database
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.schedules import ScheduleRow
from tests.bot.fake_discord import FakeDiscord, Fault
from tests.bot.mortal_dispatchers import CRASHES, MarksFirst, Mortal, NoHistory, NoNonce, RandomNonce
from tests.clocks import START, FixedClock
from tests.databases import SqliteTemplate

GUILD, CHANNELS = 1, (10, 11)
WHAT_STRIKES = (*Fault, *CRASHES, "crash in a job", "by nonce", "by history")
SPANS = (1, 3, 20, 45, 61, 90, 150, 1800, 86_400)  # seconds; some outlast Discord's memory of nonces


class Lost(AssertionError):
    """A planned post never appeared."""


class Duplicate(AssertionError):
    """A planned post appeared twice."""


class Community(RuleBasedStateMachine):
    """One process at a time, posting what jobs and a daily schedule bring forth."""

    kind: ClassVar[type[Mortal]] = Mortal
    loop: ClassVar[asyncio.AbstractEventLoop]
    db: ClassVar[Database]
    hits: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.discord = FakeDiscord(self.clock)
        self.discord.hits = self.hits
        self.planned: dict[str, str] = {}  # the key of a post: what kind of job brings it forth
        self.crashes_in_jobs = 0
        self.run(self._found())
        self._start_process()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _found(self) -> None:
        async with self.db.begin() as session:
            for table in (OutboxRow, JobRow, ScheduleRow, ActRow):
                await session.execute(delete(table))
            daily = NewSchedule(
                guild_id=GUILD,
                job_name="daily",
                subject="1",
                rule=LocalRule("FREQ=DAILY", time(9), date(2026, 1, 1)),
                zone="UTC",
                catch_up=CatchUp.ALWAYS_ONCE,
            )
            await Schedules(self.db, self.clock).add(session, daily)

    def _start_process(self) -> None:
        self.discord.dead = False
        self.outbox = Outbox(self.clock)
        self.jobs = Jobs(self.db, self.clock)
        self.schedules = Schedules(self.db, self.clock)
        self.dispatcher = self.kind(self.db, self.clock, self.discord, _draw)
        self.dispatcher.discord = self.discord
        for name in ("plain", "pair", "brief", "refused", "daily"):
            self.jobs.register(name, self._do_job)
        self.crash_in_job = False
        self.run(self._release_leases())

    async def _release_leases(self) -> None:
        async with self.db.begin() as session:
            await job_storage.release_leases(session)
            await outbox_storage.release_leases(session)
        self.dispatcher.start()
        await self.dispatcher.drain()

    async def _do_job(self, session: AsyncSession, job: Job) -> None:
        key = f"post:{job.nominal:%Y-%m-%d}" if job.nominal else f"post:{job.key}"
        brief = self.clock.now() + timedelta(minutes=2) if job.name == "brief" else None
        place = CHANNELS[len(key) % 2]
        first = Effect(
            kind=EffectKind.POST,
            key=key,
            guild_id=GUILD,
            channel_id=place,
            renderer="any",
            expires_at=brief,
        )
        second = Effect(
            kind=EffectKind.POST,
            key=f"{key}+reply",
            guild_id=GUILD,
            channel_id=place,
            renderer="any",
            after=key,
        )
        await self.outbox.plan(session, *([first, second] if job.name == "pair" else [first]), job_id=job.id)
        if self.crash_in_job:
            self.hits["crash in a job"] += 1
            self.discord.die()

    async def _tick(self) -> None:
        """What the bot does when its alarm clock rings, until it has nothing to do or is dead."""
        self.discord.let_late_ones_land()
        await self.schedules.materialise_due()
        while await self.jobs.run_due():
            pass
        await self.dispatcher.drain()

    def tick(self) -> None:
        try:
            self.run(self._tick())
        except asyncio.CancelledError:
            assert self.discord.dead
        while self.discord.dead:
            self._start_process()

    def enqueue(self, name: str, delay: int) -> None:
        number = len(self.planned)
        self.planned[f"post:{number}"] = name
        if name == "pair":
            self.planned[f"post:{number}+reply"] = name
        if name == "refused":
            self.discord.refused[f"post:{number}"] = "no_permission"
        job = NewJob(name=name, key=str(number), run_at=self.clock.now() + timedelta(seconds=delay))
        self.run(self._enqueue(job))

    async def _enqueue(self, job: NewJob) -> None:
        async with self.db.begin() as session:
            await self.jobs.enqueue(session, job)

    @rule(seconds=st.sampled_from(SPANS))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(
        names=st.lists(st.sampled_from(["plain", "plain", "pair", "brief", "refused"]), max_size=2),
        delay=st.sampled_from([0, 0, 30]),
        faults=st.lists(st.sampled_from([*Fault]), min_size=1, max_size=4),
        crash=st.sampled_from([None, None, *CRASHES, "crash in a job"]),
        then=st.sampled_from([0, 2, 61, 150]),
    )
    def deliver(
        self, names: list[str], delay: int, faults: list[Fault], crash: str | None, then: int
    ) -> None:
        for name in names:
            self.enqueue(name, delay)
        self.discord.faults.extend(faults)
        self.dispatcher.crash = crash
        if crash == "crash in a job" and self.crashes_in_jobs < 3:
            self.crashes_in_jobs += 1
            self.crash_in_job = True
        self.tick()
        self.discord.faults.clear()
        self.dispatcher.crash = None
        self.crash_in_job = False
        self.clock.advance(timedelta(seconds=then))

    @rule(seconds=st.sampled_from([3, 61, 150, 3600]))
    def outage(self, seconds: int) -> None:
        self.discord.down = True
        self.tick()
        self.clock.advance(timedelta(seconds=seconds))
        self.tick()
        self.discord.down = False

    @rule()
    def kill(self) -> None:
        self._start_process()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        doubles = [key for key, number in self.discord.counts().items() if number > 1]
        if doubles:
            raise Duplicate(doubles)

    def teardown(self) -> None:
        self.discord.faults.clear()
        self.discord.down = False
        self.run(self._come_to_rest())
        self.nothing_is_there_twice()
        self.run(self._judge())

    async def _come_to_rest(self) -> None:
        for _ in range(100):
            await self._tick()
            async with self.db.read() as session:
                dues = (await outbox_storage.next_due_at(session), await job_storage.next_run_at(session))
            waiting = [each for each in dues if each is not None]
            if not waiting:
                break
            self.clock.advance(max(min(waiting) - self.clock.now(), timedelta(seconds=1)))
        self.clock.advance(timedelta(minutes=2))
        self.discord.let_late_ones_land()

    async def _judge(self) -> None:
        async with self.db.read() as session:
            rows = {row.key: row for row in await session.scalars(select(OutboxRow))}
        there = self.discord.counts()
        expected = dict(self.planned)
        days = (self.clock.now() - START - timedelta(hours=1)).days
        if self.clock.now() - START > timedelta(hours=1, minutes=10):  # time enough for the latest to be done
            expected[f"post:{START + timedelta(days=days):%Y-%m-%d}"] = "plain"
        for key, kind in expected.items():
            row = rows.get(key)
            outcome = (row.outcome, row.reason) if row is not None else None
            if kind == "refused":
                if (there[key], outcome) != (0, ("failed", "no_permission")):
                    raise Lost(key, outcome)
            elif kind == "brief" and row is not None and row.outcome == "skipped":
                assert row.reason
            elif there[key] != 1:
                raise Lost(key, outcome)
        assert all(row.outcome is not None for row in rows.values())
        for keys in self.discord.order().values():
            pairs = [key for key in keys if self.planned.get(key) == "pair" and key.endswith("+reply")]
            assert all(keys.index(key.removesuffix("+reply")) < keys.index(key) for key in pairs)


async def _draw(_effect: PlannedEffect) -> Card:
    return Card(())


@pytest.fixture(scope="module")
def machine() -> Generator[type[Community]]:
    """The machine on a database in memory, with one event loop for all examples."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    url = SqliteTemplate(folder).copy_to(folder)
    loop = asyncio.new_event_loop()
    Community.loop, Community.db, Community.hits = loop, Database(url), Counter()
    yield Community
    loop.run_until_complete(Community.db.close())
    loop.close()
    shutil.rmtree(folder)


def explore(machine: type[Community], kind: type[Mortal], *, examples: int, steps: int) -> None:
    number = int(os.environ.get("LYCEUM_SEED") or random.randrange(2**32))
    sys.stdout.write(f"replay with LYCEUM_SEED={number}\n")
    machine.kind, machine.hits = kind, Counter()
    phases = [Phase.generate, Phase.shrink] if kind is Mortal else [Phase.generate]
    run_state_machine_as_test(
        seed(number)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
                HealthCheck.filter_too_much,
            ],
        ),
    )


def test_nothing_is_lost_and_nothing_doubled(machine: type[Community]) -> None:
    explore(machine, Mortal, examples=40, steps=20)
    hits = Counter(machine.hits)
    for _ in range(10):  # by chance one of them is left out once in a while
        if all(hits[each] for each in WHAT_STRIKES):
            break
        explore(machine, Mortal, examples=10, steps=20)
        hits += machine.hits
    never_hit = [each for each in WHAT_STRIKES if not hits[each]]
    assert never_hit == [], "a run in which a fault never struck proves nothing about it"


@pytest.mark.parametrize(
    ("broken", "caught"),
    [(MarksFirst, Lost), (RandomNonce, Duplicate), (NoHistory, Duplicate), (NoNonce, Duplicate)],
)
def test_a_broken_dispatcher_is_caught(
    machine: type[Community], broken: type[Mortal], caught: type[AssertionError]
) -> None:
    with pytest.raises(caught):
        explore(machine, broken, examples=300, steps=20)
