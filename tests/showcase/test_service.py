"""The use cases of show-and-tell on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, LimitReached, NotAllowed, NotConfigured, NotFound
from bot.features import Feature
from bot.i18n import N_
from bot.own import Who
from cogs.showcase.digests import Digests
from cogs.showcase.model import AREA, ASK_KIND, DIGEST_JOB, Found, ShowcaseSettings
from cogs.showcase.service import ShowcaseService
from storage.acts import ActRow
from storage.database import Database
from storage.footprint import erase
from storage.outbox import OutboxRow
from storage.schedules import ScheduleRow
from storage.showcase import ShowcaseDigestRow, ShowcaseEntryRow, ShowcaseSettingsRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, GENERAL, WEEKLY = 1, 2, 101, 102
BEN, CLEO = Actor(GUILD, 12), Actor(GUILD, 13)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
WHO = Who(GUILD, BEN.member_id)
WEEK = timedelta(weeks=1)


def message(number: int = 1, author: Actor = BEN) -> Found:
    return Found(1000 + number, GENERAL, author.member_id, by_bot=False)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


@pytest.fixture
async def service(core: Core) -> ShowcaseService:
    core.configs.register(ShowcaseSettings, ShowcaseSettingsRow)
    core.features.describe(Feature(AREA, N_("Show-and-tell")))
    digests = Digests(core)
    core.jobs.register(DIGEST_JOB, digests.due)
    core.notifier.register(ASK_KIND)
    await digests.choose_channel(FARAH, WEEKLY)
    return ShowcaseService(core, digests)


async def work(core: Core) -> None:
    """What a tick does."""
    await core.schedules.materialise_due()
    await core.jobs.run_due()


async def rows(core: Core, table: type[ShowcaseEntryRow | ScheduleRow | OutboxRow]) -> int:
    async with core.db.read() as session:
        return len(list(await session.scalars(select(table))))


async def test_of_many_presses_at_once_one_entry_one_act_and_one_schedule_come(
    service: ShowcaseService, core: Core
) -> None:
    await asyncio.gather(*(service.add(BEN, message(), f"Title {number}") for number in range(6)))
    assert await rows(core, ShowcaseEntryRow) == await rows(core, ScheduleRow) == 1
    async with core.db.read() as session:
        assert len(list(await session.scalars(select(ActRow)))) == 1


async def test_a_digest_is_made_once_and_the_rest_comes_the_week_after(
    service: ShowcaseService, core: Core, clock: FixedClock
) -> None:
    for number in range(27):
        await service.add(BEN, message(number), "")
    clock.advance(WEEK)
    for _ in range(3):
        await work(core)
    async with core.db.read() as session:
        [digest] = await session.scalars(select(ShowcaseDigestRow))
    assert (digest.parts, digest.left) == (3, 2) and await rows(core, OutboxRow) == 3
    clock.advance(WEEK)
    await work(core)
    assert await rows(core, OutboxRow) == 4


async def test_an_author_is_asked_once_by_whoever_comes_first(service: ShowcaseService, core: Core) -> None:
    asked = await asyncio.gather(
        *(service.ask(Actor(GUILD, 100 + number), message()) for number in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyDone) for each in asked) == 4
    assert await rows(core, OutboxRow) == 1


async def test_nobody_asks_more_than_five_times_a_day(service: ShowcaseService, clock: FixedClock) -> None:
    for number in range(5):
        await service.ask(CLEO, message(number, Actor(GUILD, 50 + number)))
    with pytest.raises(LimitReached):
        await service.ask(CLEO, message(9))
    clock.advance(timedelta(days=1, minutes=1))
    await service.ask(CLEO, message(9))


async def test_only_the_author_decides_and_no_other_server(service: ShowcaseService) -> None:
    with pytest.raises(NotAllowed):
        await service.add(CLEO, message(), "Mine")
    entry = await service.ask(CLEO, message())
    with pytest.raises(NotAllowed):
        await service.say_yes(Who(GUILD, CLEO.member_id), entry.id, "")
    with pytest.raises(NotFound):
        await service.say_yes(Who(OTHER_GUILD, BEN.member_id), entry.id, "")
    with pytest.raises(NotConfigured):
        await service.add(Actor(OTHER_GUILD, BEN.member_id), message(), "")
    with pytest.raises(NotAllowed):
        await Digests(service._core).choose_channel(CLEO, WEEKLY)


async def test_a_yes_and_a_no_at_once_leave_one_answer(service: ShowcaseService) -> None:
    entry = await service.ask(CLEO, message())
    answers = await asyncio.gather(
        service.say_yes(WHO, entry.id, ""),
        service.say_no(WHO, entry.id, never=False),
        return_exceptions=True,
    )
    assert sum(isinstance(each, AlreadyDone) for each in answers) == 1


async def test_taken_out_while_the_digest_is_made_it_is_in_it_or_not_but_never_both(
    service: ShowcaseService, core: Core, clock: FixedClock
) -> None:
    entry = await service.add(BEN, message(), "A boat")
    clock.advance(WEEK)
    await core.schedules.materialise_due()
    await asyncio.gather(core.jobs.run_due(), service.withdraw(WHO, entry.id))
    found = await service.find(entry.id)
    assert found is not None and found.state == "withdrawn"


async def test_a_title_is_one_line(service: ShowcaseService) -> None:
    entry = await service.add(BEN, message(), "  \n A boat\nthat floats ")
    assert entry.title == "A boat"


async def test_the_deletion_of_a_person_leaves_nothing_of_them(service: ShowcaseService, core: Core) -> None:
    await service.add(BEN, message(), "A boat")
    asked = await service.ask(BEN, message(2, CLEO))
    for _ in range(3):
        async with core.db.begin() as session:
            await erase(session, GUILD, BEN.member_id, limit=500, now=core.clock.now())
    async with core.db.read() as session:
        [left] = await session.scalars(select(ShowcaseEntryRow))
    assert left.id == asked.id and left.asked_by == 0


@pytest.mark.parametrize(("typed", "minute"), [("17:00", 17 * 60), ("5 pm", 17 * 60), ("9", 9 * 60)])
@pytest.mark.usefixtures("service")
async def test_its_time_is_read_as_everywhere(core: Core, typed: str, minute: int) -> None:
    await Digests(core).choose_time(FARAH, 2, typed)
    settings = await core.configs.get(GUILD, ShowcaseSettings)
    assert (settings.weekday, settings.minute) == (2, minute)
