"""The use cases of promises on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, LimitReached, NotAllowed, NotFound
from bot.features import Feature
from bot.i18n import N_
from bot.own import Who
from cogs.promises.model import AREA, CHECK_JOB, CHECK_KIND, CLOSE_JOB, PromiseSettings
from cogs.promises.rules import State
from cogs.promises.service import PromisesService
from storage.acts import ActRow
from storage.database import Database
from storage.footprint import erase
from storage.jobs import JobRow
from storage.outbox import OutboxRow
from storage.promises import PromiseCheerRow, PromiseRow, PromiseSettingsRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, GENERAL = 1, 2, 101
BEN, CLEO = Actor(GUILD, 12), Actor(GUILD, 13)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
WHO = Who(GUILD, BEN.member_id)
DAY = timedelta(days=1)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
def service(core: Core) -> PromisesService:
    core.configs.register(PromiseSettings, PromiseSettingsRow)
    core.features.describe(Feature(AREA, N_("Promises")))
    service = PromisesService(core)
    core.jobs.register(CHECK_JOB, service.asking.check_due)
    core.jobs.register(CLOSE_JOB, service.asking.close_due)
    core.notifier.register(CHECK_KIND)
    return service


async def make(
    service: PromisesService, actor: Actor = BEN, what: str = "Chapter 2", by: str = "friday"
) -> int:
    made = await service.make(actor, what, by, only_me=False, channel_id=GENERAL)
    return made.id


async def effects(core: Core) -> list[OutboxRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


async def kept(core: Core, kind: str) -> int:
    async with core.db.read() as session:
        acts = await session.scalars(select(ActRow).filter_by(kind=kind, retracted_at=None))
        return len(list(acts))


async def test_a_promise_is_an_act_a_card_and_two_jobs(service: PromisesService, core: Core) -> None:
    await make(service)
    assert await kept(core, "promise.made") == 1
    assert [each.renderer for each in await effects(core)] == ["promises.card"]
    async with core.db.read() as session:
        jobs = {each.name: each.run_at for each in await session.scalars(select(JobRow))}
    assert jobs[CHECK_JOB] == datetime(2026, 1, 9, 18, tzinfo=UTC)
    assert jobs[CLOSE_JOB] == jobs[CHECK_JOB] + 14 * DAY


async def test_of_many_at_once_five_are_made(service: PromisesService) -> None:
    made = await asyncio.gather(
        *(make(service, what=f"Number {number}") for number in range(12)), return_exceptions=True
    )
    assert sum(isinstance(each, int) for each in made) == 5
    assert sum(isinstance(each, LimitReached) for each in made) == 7
    assert len(await service.mine(GUILD, BEN.member_id)) == 5


async def test_of_two_answers_at_once_one_counts(service: PromisesService, core: Core) -> None:
    promise = await make(service)
    answers = await asyncio.gather(
        service.answer(WHO, promise, State.DONE),
        service.answer(WHO, promise, State.PARTLY),
        return_exceptions=True,
    )
    assert sum(isinstance(each, AlreadyDone) for each in answers) == 1
    assert await kept(core, "promise.kept") == 1


async def test_it_is_asked_about_once_whatever_the_job_does(
    service: PromisesService, core: Core, clock: FixedClock
) -> None:
    await make(service)
    clock.advance(5 * DAY)
    for _ in range(3):
        await core.jobs.run_due()
    assert [each.renderer for each in await effects(core)].count("promises.check") == 1


async def test_cheers_at_once_are_all_counted_and_each_once(service: PromisesService) -> None:
    promise = await make(service)
    fans = [Actor(GUILD, 100 + number) for number in range(8)]
    done = await asyncio.gather(
        *(service.cheer(fan, promise) for fan in (*fans, *fans)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyDone) for each in done) == 8
    found = await service.find(promise)
    assert found is not None and len(found.cheers.named) == 5 and found.cheers.more == 3


async def test_another_server_reaches_nothing(service: PromisesService) -> None:
    promise = await make(service)
    stranger = Who(OTHER_GUILD, BEN.member_id)
    for call in (
        service.own(stranger, promise),
        service.answer(stranger, promise, State.DONE),
        service.move(stranger, promise, "in 3 days"),
        service.change_words(stranger, promise, "Mine"),
        service.take_back(stranger, promise),
        service.take_card_away(stranger, promise),
        service.cheer(Actor(OTHER_GUILD, 13), promise),
    ):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(NotFound):
        await service.remove_card(Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD), promise, "")
    assert await service.mine(OTHER_GUILD, BEN.member_id) == ()


async def test_only_its_maker_and_for_the_card_staff(service: PromisesService) -> None:
    promise = await make(service)
    with pytest.raises(NotAllowed):
        await service.answer(Who(GUILD, CLEO.member_id), promise, State.DONE)
    with pytest.raises(NotAllowed):
        await service.remove_card(CLEO, promise, "")
    assert not (await service.remove_card(FARAH, promise, "It names somebody.")).public


async def test_taken_back_the_act_is_retracted_and_nothing_stays(
    service: PromisesService, core: Core
) -> None:
    promise = await make(service)
    await service.cheer(CLEO, promise)
    await service.take_back(WHO, promise)
    assert await kept(core, "promise.made") == 0 and await service.find(promise) is None
    assert (await effects(core))[-1].kind == "delete"


async def test_what_was_kept_is_not_taken_back(service: PromisesService, core: Core) -> None:
    promise = await make(service)
    await service.answer(WHO, promise, State.DONE)
    with pytest.raises(AlreadyDone):
        await service.take_back(WHO, promise)
    assert not (await service.take_card_away(WHO, promise)).public
    assert await kept(core, "promise.made") == await kept(core, "promise.kept") == 1


async def test_what_a_missed_job_should_have_closed_does_not_use_up_the_five(
    service: PromisesService, core: Core, clock: FixedClock
) -> None:
    for number in range(5):
        await make(service, what=f"Number {number}")
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=False)
    clock.advance(30 * DAY)
    await core.jobs.run_due()
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=True)
    assert isinstance(await make(service), int)


async def test_the_deletion_of_a_person_leaves_nothing_of_them(service: PromisesService, core: Core) -> None:
    mine = await make(service)
    hers = await make(service, CLEO)
    await service.cheer(BEN, hers)
    for _ in range(3):
        async with core.db.begin() as session:
            await erase(session, GUILD, BEN.member_id, limit=500, now=core.clock.now())
    async with core.db.read() as session:
        assert await session.get(PromiseRow, mine) is None
        assert list(await session.scalars(select(PromiseCheerRow))) == []
        assert await session.get(PromiseRow, hers) is not None
