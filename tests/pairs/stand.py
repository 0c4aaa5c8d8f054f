"""The services of pairings over one database, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.features import Feature
from bot.i18n import N_
from cogs.pairs.meetings import Meetings
from cogs.pairs.model import (
    AREA,
    ASK_JOB,
    ASK_KIND,
    CLOSE_JOB,
    LEFT_KIND,
    MET,
    ROUND_JOB,
    PairSettings,
)
from cogs.pairs.rounds import Rounds
from cogs.pairs.service import PairsService
from cogs.pairs.staff import PairsStaff
from storage.acts import ActRow
from storage.pairs import (
    PairPersonRow,
    PairSettingsRow,
)

GUILD, OTHER_GUILD, PLACE = 1, 2, 101
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
DAY = timedelta(days=1)


def actor(member_id: int) -> Actor:
    return Actor(GUILD, member_id)


@dataclass
class Stand:
    """The services over one database."""

    core: Core
    service: PairsService
    staff: PairsStaff
    rounds: Rounds
    meetings: Meetings

    async def join(self, *members: int) -> None:
        for each in members:
            await self.service.join(actor(each))

    async def hold(self) -> None:
        preview = await self.rounds.preview(FARAH)
        assert await self.rounds.confirm(FARAH, preview.round_id) is None

    async def groups(self) -> list[tuple[int, tuple[int, ...]]]:
        async with self.core.db.read() as session:
            found: dict[int, list[int]] = {}
            for row in await session.scalars(select(PairPersonRow).order_by(PairPersonRow.id)):
                found.setdefault(row.group_id, []).append(row.member_id)
        return [(group, tuple(sorted(members))) for group, members in sorted(found.items())]

    async def group_of(self, member_id: int) -> int:
        return [group for group, members in await self.groups() if member_id in members][-1]


def stand_on(core: Core) -> Stand:
    core.configs.register(PairSettings, PairSettingsRow)
    core.features.describe(Feature(AREA, N_("Pairings")))
    rounds = Rounds(core)
    meetings = Meetings(core, rounds)
    core.jobs.register_prepared(ROUND_JOB, rounds.prepare, rounds.due)
    core.jobs.register(ASK_JOB, meetings.ask_due)
    core.jobs.register(CLOSE_JOB, meetings.close_due)
    core.notifier.register(ASK_KIND)
    core.notifier.register(LEFT_KIND)
    return Stand(core, PairsService(core), PairsStaff(core), rounds, meetings)


async def count(core: Core, model: type[object], **wanted: object) -> int:
    async with core.db.read() as session:
        return len(list(await session.scalars(select(model).filter_by(**wanted))))


async def acts(core: Core) -> set[int]:
    async with core.db.read() as session:
        rows = await session.scalars(select(ActRow).filter_by(kind=MET, retracted_at=None))
        return {row.member_id for row in rows}
