"""The use cases of five-minute tasks on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, NotAllowed, NotFound
from bot.profiles import Level as ProfileLevel
from cogs.micro.model import MicroSettings, number_of, own_key
from cogs.micro.rules import Level
from cogs.micro.service import MicroService
from cogs.micro.staff import MicroStaff, typed_task
from storage.acts import ActRow
from storage.database import Database
from storage.micro import MicroSettingsRow, MicroStartRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, GENERAL = 1, 2, 101
BEN, CLEO = Actor(GUILD, 12), Actor(GUILD, 13)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
def service(core: Core) -> MicroService:
    core.configs.register(MicroSettings, MicroSettingsRow)
    return MicroService(core)


async def begin(service: MicroService, actor: Actor = BEN) -> int:
    desk = await service.look(actor)
    desk = await service.start(actor, number_of(desk.tasks[0].key))
    assert desk.started is not None
    return desk.started.id


async def test_of_many_starts_at_once_one_stands(service: MicroService, core: Core) -> None:
    desk = await service.look(BEN)
    await asyncio.gather(*(service.start(BEN, number_of(each.key)) for each in desk.tasks * 3))
    async with core.db.read() as session:
        assert len(list(await session.scalars(select(MicroStartRow)))) == 1


async def test_of_many_finishes_at_once_one_counts(service: MicroService, core: Core) -> None:
    start = await begin(service)
    done = await asyncio.gather(
        *(service.finish(BEN, start, "Done.", share=True, channel_id=GENERAL) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, AlreadyDone) for each in done) == 4
    async with core.db.read() as session:
        assert len(list(await session.scalars(select(ActRow).filter_by(kind="micro.done")))) == 1
        assert len(list(await session.scalars(select(OutboxRow)))) == 1


async def test_nobody_else_and_no_other_server_finishes_it(service: MicroService) -> None:
    start = await begin(service)
    for stranger in (CLEO, Actor(OTHER_GUILD, BEN.member_id)):
        with pytest.raises(NotFound):
            await service.finish(stranger, start, "Mine", share=False, channel_id=GENERAL)
        with pytest.raises(NotFound):
            await service.let_go(stranger, start)
        with pytest.raises(NotFound):
            await service.hide(stranger, start)


async def test_what_somebody_says_of_themselves_is_where_they_begin(
    service: MicroService, core: Core
) -> None:
    async with core.db.begin() as session:
        await core.profiles.change(session, GUILD, BEN.member_id, level=ProfileLevel.MENTOR.value)
    assert (await service.look(BEN)).wishes.level is Level.STRETCH
    desk = await service.choose(BEN, "level", "any")
    assert desk.wishes.level is None
    assert (await service.look(BEN)).wishes.level is None


async def test_after_half_a_day_others_are_offered(service: MicroService, clock: FixedClock) -> None:
    first = await service.look(BEN)
    clock.advance(timedelta(hours=11))
    assert await service.look(BEN) == first
    clock.advance(timedelta(hours=1))
    later = await service.look(BEN)
    assert not {each.key for each in later.tasks} & {each.key for each in first.tasks}


async def test_two_servers_share_no_tasks_and_no_choices(service: MicroService, core: Core) -> None:
    staff = MicroStaff(core)
    task = await staff.add(FARAH, typed_task("Splice a rope", "It holds.", 5, "going", ["together"]))
    elsewhere = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
    assert (await staff.desk(elsewhere)).own == ()
    with pytest.raises(NotFound):
        await staff.retire(elsewhere, task, retired=True)
    with pytest.raises(NotFound):
        await service.start(Actor(OTHER_GUILD, BEN.member_id), number_of(own_key(task)))
    assert (await service.start(BEN, number_of(own_key(task)))).started is not None


async def test_only_facilitators_change_the_library(core: Core) -> None:
    core.configs.register(MicroSettings, MicroSettingsRow)
    staff = MicroStaff(core)
    typed = typed_task("Splice a rope", "It holds.", 5, "going", [])
    for call in (staff.desk(BEN), staff.add(BEN, typed), staff.switch(BEN, "data", on=False)):
        with pytest.raises(NotAllowed):
            await call


async def test_counts_tell_of_tasks_and_only_when_there_are_five(service: MicroService, core: Core) -> None:
    staff = MicroStaff(core)
    task = await staff.add(FARAH, typed_task("Splice a rope", "It holds.", 5, "going", []))
    for number in range(5):
        member = Actor(GUILD, 100 + number)
        desk = await service.start(member, number_of(own_key(task)))
        assert desk.started is not None
        assert (await staff.own(FARAH, task)).done == (0 if number == 0 else None)
        await service.finish(member, desk.started.id, "Done.", share=False, channel_id=None)
    assert (await staff.own(FARAH, task)).done == 5
