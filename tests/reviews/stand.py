"""Reviews without Discord: the use cases on a database of one's own, with works as a challenge would collect them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.features import Feature
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.own import Who
from bot.works import Source, WorkRound
from bot.works import Work as MadeWork
from cogs.reviews import model
from cogs.reviews.allocation import Allocation
from cogs.reviews.filling import Filling
from cogs.reviews.keeping import Keeping
from cogs.reviews.model import AREA, ReviewSettings
from cogs.reviews.places import Places
from cogs.reviews.service import ReviewsService
from cogs.reviews.staff import ReviewsStaff
from cogs.reviews.talking import Talking
from cogs.reviews.training.model import TrainingSettings
from storage.database import Database
from storage.guilds import GuildRow
from storage.review_training import TrainingSettingsRow
from storage.review_wishes import ReviewSettingsRow
from tests.clocks import FixedClock

GUILD, GENERAL = 1, 101
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
BEN, CLEO, DORA, EMIL = (Actor(GUILD, each) for each in (12, 13, 14, 15))
TYPED = {"content": "https://example.org/knots", "minutes": "20"}
GOOD = {  # so short that two alike do not count as copied
    "aim": "1",
    "clear": "2",
    "strength": "A fine boat on a sea as it is",
    "question": "Who is it for?",
    "next_step": "",
}
HOUR = timedelta(hours=1)


@dataclass
class Parts:
    """What a test works with."""

    core: Core
    keeping: Keeping
    service: ReviewsService
    talking: Talking
    allocation: Allocation
    places: Places
    staff: ReviewsStaff
    works: dict[str, list[MadeWork]]
    clock: FixedClock

    async def work_off(self) -> None:
        while await self.core.jobs.run_due():
            pass

    async def later(self, span: timedelta) -> None:
        self.clock.advance(span)
        await self.work_off()

    async def hand_in(self, actors: Sequence[Actor], subject: str = "1") -> None:
        """Work comes in for a round, as a challenge would say it."""
        for actor in actors:
            made = MadeWork(actor.member_id, f"https://example.org/{actor.member_id}")
            self.works.setdefault(subject, []).append(made)
            async with self.core.db.begin() as session:
                await self.core.ledger.record(session, Act(model.READY, GUILD, actor.member_id, subject))

    async def rows(self, table: type[Any]) -> list[Any]:
        async with self.core.db.read() as session:
            return list(await session.scalars(select(table).order_by(table.id)))


async def build(database: Database, clock: FixedClock) -> Parts:
    core = Core.build(database, clock)
    core.configs.register(GuildConfig, GuildRow)
    core.configs.register(ReviewSettings, ReviewSettingsRow)
    core.configs.register(TrainingSettings, TrainingSettingsRow)
    core.features.describe(Feature(AREA, N_("Peer reviews")))
    for kind in model.KINDS:
        core.notifier.register(kind)
    keeping = Keeping(core)
    allocation = Allocation(core, keeping)
    for name, handler in keeping.jobs.items():
        core.jobs.register(name, handler)
    filling = Filling(core, keeping)
    core.jobs.register_prepared(model.FILL_JOB, filling.prepare, filling.fill_due)
    core.jobs.register_prepared(model.CONFIRM_JOB, allocation.prepare, allocation.confirm_due)
    core.ledger.react_to(model.READY, allocation.work_is_ready)
    made: dict[str, list[MadeWork]] = {}

    async def find(session: AsyncSession, guild_id: int, subject: str) -> WorkRound | None:
        del session, guild_id
        return WorkRound("Knots", "", tuple(made[subject]))

    core.works.register(Source("challenges", model.READY, find))
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, ReviewSettings, channel_id=GENERAL)
    places = Places(core, keeping)
    core.erasure.on_departure(places.departed)
    return Parts(
        core,
        keeping,
        ReviewsService(core, keeping),
        Talking(core, keeping),
        allocation,
        places,
        ReviewsStaff(core),
        made,
        clock,
    )


def who(actor: Actor) -> Who:
    return Who(GUILD, actor.member_id)
