"""What members and facilitators decide about notifications, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.notification_settings import MOST_PINGS, NotificationSettings
from bot.notify import Delivery, Kind, Notification
from bot.notify_rules import UNTIL_I_RETURN
from storage.audit import AuditRow
from storage.database import Database
from storage.jobs import JobRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ANN, BEN = 1, 2, 11, 12
NEWS = Kind("test.news", "News", "you asked.", "There is news.")


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.notifier.register(NEWS)
    return core


@pytest.fixture
def service(core: Core) -> NotificationSettings:
    return NotificationSettings(core)


async def test_who_has_chosen_nothing_is_reached_as_the_community_says(service: NotificationSettings) -> None:
    reach = await service.get(GUILD, ANN)
    assert (reach.zone, reach.is_zone_own, reach.dm_allowed) == ("UTC", False, False)
    assert (reach.limit, reach.budget, reach.is_paused) == (3, 3, False)
    assert reach.deliveries == {NEWS.name: Delivery.NOW}


async def test_choices_belong_to_one_member_of_one_community(service: NotificationSettings) -> None:
    await service.change(GUILD, ANN, dm_allowed=True, zone="Asia/Tokyo")
    await service.choose_kind(GUILD, ANN, NEWS.name, Delivery.OFF)
    for guild, member in ((OTHER_GUILD, ANN), (GUILD, BEN)):
        reach = await service.get(guild, member)
        assert (reach.dm_allowed, reach.zone, reach.deliveries[NEWS.name]) == (False, "UTC", Delivery.NOW)


async def test_one_end_of_the_quiet_hours_brings_the_other(service: NotificationSettings) -> None:
    reach = await service.set_quiet(GUILD, ANN, start=20 * 60)
    assert (reach.quiet_from, reach.quiet_until) == (20 * 60, 8 * 60)
    reach = await service.set_quiet(GUILD, ANN, end=6 * 60)
    assert (reach.quiet_from, reach.quiet_until) == (20 * 60, 6 * 60)
    reach = await service.set_quiet(GUILD, ANN)
    assert (reach.quiet_from, reach.quiet_until) == (None, None)
    reach = await service.set_quiet(GUILD, BEN, end=6 * 60)
    assert (reach.quiet_from, reach.quiet_until) == (22 * 60, 6 * 60)


@pytest.mark.parametrize("minutes", [-1, 24 * 60, 10**9])
async def test_what_no_menu_offers_is_refused(service: NotificationSettings, minutes: int) -> None:
    with pytest.raises(InvalidInput):
        await service.set_quiet(GUILD, ANN, start=minutes)
    with pytest.raises(InvalidInput):
        await service.set_limit(GUILD, ANN, minutes if minutes < 0 else MOST_PINGS + 1)
    with pytest.raises(InvalidInput):
        await service.choose_kind(GUILD, ANN, "nobody.tells", Delivery.OFF)


async def test_a_pause_ends_in_the_future_and_within_two_years(
    service: NotificationSettings, clock: FixedClock
) -> None:
    for until in (clock.now(), clock.now() - timedelta(days=1), clock.now() + timedelta(days=800)):
        with pytest.raises(InvalidInput):
            await service.pause(GUILD, ANN, until)
    reach = await service.pause(GUILD, ANN, UNTIL_I_RETURN)
    assert reach.is_paused and reach.is_open_ended
    clock.advance(timedelta(days=3000))
    assert (await service.get(GUILD, ANN)).is_paused
    assert not (await service.come_back(GUILD, ANN)).is_paused


async def test_a_pause_without_an_end_leaves_no_job_behind_and_coming_back_makes_one(
    service: NotificationSettings, core: Core
) -> None:
    await service.pause(GUILD, ANN, UNTIL_I_RETURN)
    async with core.db.begin() as session:
        notification = Notification(
            kind=NEWS.name, key="a", guild_id=GUILD, member_id=ANN, renderer="x", channel_id=100
        )
        await core.notifier.notify(session, notification)

    async def jobs() -> list[JobRow]:
        async with core.db.read() as session:
            return list(await session.scalars(select(JobRow)))

    assert await jobs() == []
    await asyncio.gather(*(service.come_back(GUILD, ANN) for _ in range(3)))
    assert len(await jobs()) == 1


async def test_a_control_on_a_dm_knows_its_server_and_its_owner(service: NotificationSettings) -> None:
    number, _ = await service.note_dm_test(GUILD, ANN, locale="de")
    assert await service.guild_of(None, ANN, number) == GUILD
    assert await service.guild_of(OTHER_GUILD, ANN, number) == OTHER_GUILD, "in a server it is the server"
    with pytest.raises(NotAllowed):
        await service.guild_of(None, BEN, number)
    for unknown in (None, 0, number + 1):
        with pytest.raises(NotFound):
            await service.guild_of(None, ANN, unknown)


async def test_a_test_asked_for_twice_is_one_and_counts_for_no_budget(
    service: NotificationSettings, core: Core
) -> None:
    asked = await asyncio.gather(*(service.note_dm_test(GUILD, ANN, locale=None) for _ in range(3)))
    assert len(set(asked)) == 1
    async with core.db.begin() as session:
        told = [
            await core.notifier.notify(
                session,
                Notification(
                    kind=NEWS.name, key=f"n{n}", guild_id=GUILD, member_id=ANN, renderer="x", channel_id=100
                ),
            )
            for n in range(3)
        ]
    assert told == [Delivery.NOW] * 3


async def test_facilitators_set_the_budget_and_it_is_written_down(
    service: NotificationSettings, core: Core
) -> None:
    farah = Actor(GUILD, 10, permissions=MANAGE_GUILD)
    assert (await service.set_budget(farah, 1)).daily_ping_budget == 1
    assert (await service.get(GUILD, ANN)).limit == 1
    async with core.db.read() as session:
        [change] = await session.scalars(select(AuditRow))
    assert (change.before, change.after) == ({"daily_ping_budget": 3}, {"daily_ping_budget": 1})
    with pytest.raises(NotAllowed):
        await service.set_budget(Actor(GUILD, ANN), 20)
    for pings in (-1, MOST_PINGS + 1):
        with pytest.raises(InvalidInput):
            await service.set_budget(farah, pings)
