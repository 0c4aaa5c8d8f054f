"""The services of rotas over one database, and what tests ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.features import Feature
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.outbox import EffectKind
from bot.own import Who
from cogs.rota.acting import RotaActing
from cogs.rota.model import AREA, KINDS, Mine, Rota, RotaSettings, Turn
from cogs.rota.rules import ACTIVE, State
from cogs.rota.service import RotaService
from cogs.rota.staff import RotaStaff
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.rota import RotaSettingsRow
from storage.rota_turns import RotaSeatRow
from storage.schedules import ScheduleRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, PLACE, ROLE, STAFF = 1, 2, 101, 501, 102
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
FORM = {"name": "Mentor", "kind": "mentor", "shift": "week", "when": "Monday 09:00 UTC", "holders": "1"}


def actor(member_id: int, guild_id: int = GUILD) -> Actor:
    return Actor(guild_id, member_id)


@dataclass
class Stand:
    """One rota, handed over on Mondays at nine."""

    core: Core
    clock: FixedClock
    service: RotaService
    staff: RotaStaff
    acting: RotaActing
    rota_id: int = 0

    async def make(self, **typed: str) -> Rota:
        async with self.core.db.begin() as session:
            await self.core.configs.change(session, GUILD, RotaSettings, channel_id=PLACE)
            await self.core.configs.change(session, GUILD, GuildConfig, staff_channel_id=STAFF)
        rota = await self.staff.create(FARAH, FORM | typed)
        self.rota_id = rota.id
        return await self.staff.set_role(FARAH, rota.id, ROLE, 0)

    async def join(self, *members: int) -> None:
        for each in members:
            await self.service.join(actor(each), self.rota_id)

    async def look(self, member_id: int = 10) -> Mine:
        return await self.service.look(actor(member_id), self.rota_id)

    async def first(self) -> Turn:
        return (await self.look()).rota.ahead[0]

    async def run(self, until: datetime | None = None) -> None:
        """Do what is due, at the clock's time or step by step until then."""
        while True:
            while await self.core.schedules.materialise_due() or await self.core.jobs.run_due():
                pass
            if until is None or self.clock.now() >= until:
                return
            self.clock.advance(min(await self._next_due(until), until) - self.clock.now())

    async def _next_due(self, until: datetime) -> datetime:
        async with self.core.db.read() as session:
            jobs = await session.scalar(select(func.min(JobRow.run_at)).where(JobRow.outcome.is_(None)))
            schedules = await session.scalar(select(func.min(ScheduleRow.next_run_at)))
        return min(each for each in (jobs, schedules, until) if each is not None)

    async def next_turn(self) -> None:
        """Go to the next hand-over; who is asked says yes."""
        turn = await self.first()
        await self.run(turn.starts_at - 2 * DAY)
        for each in (await self.first()).seats:
            if each.is_asked and each.state is State.PLANNED:
                await self.service.accept(Who(GUILD, each.member_id), each.id)
        await self.run(turn.starts_at)

    async def holding(self) -> set[int]:
        """Who holds the role, by the seats."""
        rota = (await self.look()).rota
        return (
            {each.member_id for each in rota.now.seats if each.state is State.HOLDING} if rota.now else set()
        )

    async def given(self) -> set[int]:
        """Who has the role once all effects are carried out in their order."""
        has: set[int] = set()
        for row in await self.roles():
            assert row.member_id is not None
            is_new = (row.kind == EffectKind.ADD_ROLE) is (row.member_id not in has)
            assert is_new, "a role is given or taken twice"
            (has.add if row.kind == EffectKind.ADD_ROLE else has.discard)(row.member_id)
        return has

    async def roles(self) -> list[OutboxRow]:
        async with self.core.db.read() as session:
            query = select(OutboxRow).where(OutboxRow.role_id.is_not(None)).order_by(OutboxRow.id)
            return list(await session.scalars(query))

    async def posts(self, renderer: str) -> list[OutboxRow]:
        async with self.core.db.read() as session:
            query = select(OutboxRow).filter_by(renderer=renderer, kind=EffectKind.POST.value)
            return list(await session.scalars(query.order_by(OutboxRow.id)))

    async def seats(self) -> list[RotaSeatRow]:
        async with self.core.db.read() as session:
            return list(await session.scalars(select(RotaSeatRow).order_by(RotaSeatRow.id)))

    async def seat_of(self, member_id: int) -> int:
        """The present or next seat of somebody."""
        return next(seat.id for _, seat in (await self.look(member_id)).seats if seat.state in ACTIVE)


def stand_on(core: Core, clock: FixedClock) -> Stand:
    core.configs.register(RotaSettings, RotaSettingsRow)
    core.features.describe(Feature(AREA, N_("Roles that rotate")))
    service = RotaService(core)
    staff = RotaStaff(core, service)
    service.handover.add_jobs()
    for each in KINDS:
        core.notifier.register(each)
    core.notifier.on_change(service.handover.member_changed)
    core.features.on_switch(service.handover.switched)
    core.erasure.on_departure(service.handover.departed)
    core.erasure.take_back_with(service.handover.take_back)
    return Stand(core, clock, service, staff, RotaActing(core, service, staff))
