"""Streaks over a database, with the clock of the test and two kinds of contributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.acts import Act, Contribution, RecordedAct
from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.features import Feature
from bot.notification_settings import NotificationSettings
from cogs.streaks import model
from cogs.streaks.facts import FactsReader
from cogs.streaks.repairs import Repairs
from cogs.streaks.rules import Outcome
from cogs.streaks.service import StreaksService
from cogs.streaks.settling import Settling
from cogs.streaks.watching import FEATURE, Watching
from storage.database import Database
from storage.jobs import next_run_at
from storage.notifications import NotificationRow
from storage.streaks import StreakRow, StreakWeekRow, find_streak, list_weeks
from tests.clocks import FixedClock

GUILD, OTHER_GUILD = 1, 2
FARAH, MODE = Actor(GUILD, 10, permissions=MANAGE_GUILD), Actor(GUILD, 11, permissions=MANAGE_GUILD)
ANN, BEN = Actor(GUILD, 20), Actor(GUILD, 21)
WEEK = timedelta(weeks=1)


@dataclass
class Bench:
    """Everything at hand."""

    core: Core
    clock: FixedClock
    service: StreaksService
    repairs: Repairs
    settling: Settling
    settings: NotificationSettings

    async def work(self) -> None:
        """What ticks do until nothing is due."""
        while await self.core.jobs.run_due():
            pass

    async def go_to(self, moment: datetime) -> None:
        """Let time pass, with the jobs done when they are due."""
        while self.clock.now() < moment:
            async with self.core.db.read() as session:
                due = await next_run_at(session)
            self.clock.advance(max(min(due or moment, moment) - self.clock.now(), timedelta()))
            await self.work()

    async def pass_time(self, span: timedelta) -> None:
        await self.go_to(self.clock.now() + span)

    async def act(
        self, actor: Actor = ANN, subject: str | None = None, kind: str = "tea.made"
    ) -> RecordedAct:
        async with self.core.db.begin() as session:
            done = Act(kind, actor.guild_id, actor.member_id, subject or self.clock.now().isoformat())
            recorded = await self.core.ledger.record(session, done)
        assert recorded is not None
        return recorded

    async def retract(self, act: RecordedAct) -> None:
        async with self.core.db.begin() as session:
            assert await self.core.ledger.retract(session, act.id, reason="taken back")

    async def row(self, actor: Actor = ANN) -> StreakRow:
        async with self.core.db.read() as session:
            row = await find_streak(session, actor.guild_id, actor.member_id)
        assert row is not None
        return row

    async def weeks(self, actor: Actor = ANN) -> list[StreakWeekRow]:
        """The settled ones, the oldest first."""
        row = await self.row(actor)
        async with self.core.db.read() as session:
            return list(reversed(await list_weeks(session, row.id)))

    async def outcomes(self, actor: Actor = ANN) -> list[tuple[date, Outcome]]:
        return [(date.fromisoformat(each.monday), Outcome(each.outcome)) for each in await self.weeks(actor)]

    async def told(self, kind: str) -> list[NotificationRow]:
        async with self.core.db.read() as session:
            return list(await session.scalars(select(NotificationRow).filter_by(kind=kind)))

    async def switch(self, *, on: bool) -> None:
        async with self.core.db.begin() as session:
            await self.core.features.switch(session, FARAH, FEATURE, on=on)


async def _names_of(_session: object, acts: Sequence[RecordedAct]) -> dict[int, str]:
    return {act.id: f"tea {act.subject[:10]}" for act in acts}


def bench_over(database: Database, clock: FixedClock) -> Bench:
    core = Core.build(database, clock)
    core.ledger.contribute(
        Contribution(
            "tea.made", "tea", done="Made tea", next_step="tea", first="Your first tea!", names_of=_names_of
        ),
        Contribution("cake.baked", "cake", done="Baked a cake"),
    )
    facts = FactsReader(core)
    settling = Settling(core, facts)
    service = StreaksService(core, facts)
    watching = Watching(core, settling)
    core.features.describe(Feature(FEATURE, "Streaks"))
    core.features.on_switch(watching.switched)
    core.notifier.on_change(watching.changed)
    core.notifier.register(model.FREEZE_KIND)
    core.notifier.register(model.REPAIR_KIND)
    core.ledger.react_to_contributions(watching.contributed)
    core.jobs.register(model.SWEEP_JOB, settling.sweep)
    core.jobs.register(model.TELL_JOB, settling.tell)
    return Bench(core, clock, service, Repairs(core, service, settling), settling, NotificationSettings(core))


@pytest.fixture
async def bench(database: Database, clock: FixedClock) -> Bench:
    """It is Wednesday 2026-01-07, 08:00 UTC."""
    clock.advance(timedelta(days=2))
    made = bench_over(database, clock)
    async with database.begin() as session:
        await made.settling.plan(session)
    return made
