"""The services of challenges over a database, with the clock of the test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.notify import Kind
from cogs.challenges import model
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import Challenge, ChallengeSettings, Kept, Receipt
from cogs.challenges.reminders import Reminders
from cogs.challenges.results import ResultsReader
from cogs.challenges.rhythm import Rhythm
from cogs.challenges.service import ChallengesService
from cogs.challenges.staff import ChallengesStaff
from cogs.challenges.submissions import Submissions
from cogs.challenges.workshop import Workshop
from storage import jobs, schedules
from storage.acts import ActRow
from storage.challenges import ChallengeSettingsRow
from storage.database import Database
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, CHANNEL, GALLERY = 1, 2, 101, 102
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
ANN, BEN = Actor(GUILD, 20), Actor(GUILD, 21)
TYPED = {"title": "Knots", "purpose": "To hold", "done": "It holds", "core": "Tie one", "stretch": "Tie ten"}


@dataclass
class Bench:
    """Everything at hand."""

    core: Core
    clock: FixedClock
    service: ChallengesService
    results: ResultsReader
    submissions: Submissions
    staff: ChallengesStaff
    workshop: Workshop
    rhythm: Rhythm

    async def work(self) -> None:
        """What ticks do until nothing is due."""
        while await self.core.schedules.materialise_due() + await self.core.jobs.run_due():
            pass

    async def go_to(self, moment: datetime) -> None:
        """Let time pass, with the jobs done when they are due."""
        while self.clock.now() < moment:
            async with self.core.db.read() as session:
                instants = [await schedules.next_run_at(session), await jobs.next_run_at(session)]
            due = min((each for each in instants if each is not None and each <= moment), default=moment)
            self.clock.advance(max(due - self.clock.now(), timedelta()))
            await self.work()

    async def queued(self, title: str = "Knots") -> Challenge:
        """A challenge at the end of the queue."""
        made = await self.workshop.create(FARAH, TYPED | {"title": title})
        return await self.staff.queue(FARAH, made.id)

    async def opened(self, title: str = "Knots") -> Challenge:
        """A challenge that was opened by hand."""
        return await self.staff.open_now(FARAH, (await self.queued(title)).id)

    async def hand_in(self, actor: Actor, challenge: Challenge, **answers: Any) -> Receipt | Kept:
        given = {"work": "https://example.org", "learned": "Patience", "confidence": "4", **answers}
        return await self.submissions.submit(actor, challenge.id, given, received_at=self.clock.now())

    async def acts(self, kind: str) -> list[ActRow]:
        async with self.core.db.read() as session:
            query = select(ActRow).filter_by(kind=kind, guild_id=GUILD).order_by(ActRow.id)
            return list(await session.scalars(query))

    async def effects(self, renderer: str) -> list[OutboxRow]:
        async with self.core.db.read() as session:
            return list(
                await session.scalars(select(OutboxRow).filter_by(renderer=renderer).order_by(OutboxRow.id))
            )


def bench_over(database: Database, clock: FixedClock) -> Bench:
    core = Core.build(database, clock)
    core.configs.register(ChallengeSettings, ChallengeSettingsRow)
    reminders = Reminders(core)
    lifecycle = Lifecycle(core, reminders)
    staff = ChallengesStaff(core, lifecycle)
    for name, handler in lifecycle.jobs.items():
        core.jobs.register(name, handler)
    core.notifier.register(Kind(model.REMINDER_KIND, "title", "why", "line"))
    submissions = Submissions(core, lifecycle)
    service = ChallengesService(core, reminders, submissions)
    workshop = Workshop(core, lifecycle, staff)
    return Bench(
        core,
        clock,
        service,
        ResultsReader(core, submissions),
        submissions,
        staff,
        workshop,
        Rhythm(core, staff),
    )


@pytest.fixture
async def bench(database: Database, clock: FixedClock) -> Bench:
    """It is Monday 2026-01-05, 08:00 UTC; channels are chosen, nothing opens by itself."""
    made = bench_over(database, clock)
    async with database.begin() as session:
        await made.core.configs.change(
            session, GUILD, ChallengeSettings, channel_id=CHANNEL, gallery_channel_id=GALLERY
        )
    return made
