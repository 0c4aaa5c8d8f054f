"""The use cases of kudos on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import LimitReached, NotAllowed, NotFound, TooSoon
from bot.features import Feature
from bot.notify import Delivery
from bot.own import Who
from cogs.kudos.model import AREA, NOTE_KIND, About, Kudos, KudosSettings, Quotables
from cogs.kudos.rules import State
from cogs.kudos.service import KudosService
from cogs.kudos.staff import KudosStaff
from storage.acts import ActRow
from storage.database import Database
from storage.footprint import erase
from storage.kudos import KudosRow, KudosSettingsRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, WALL, HELP, MESSAGE = 1, 2, 101, 102, 555
BEN, CLEO, DORA = Actor(GUILD, 12), Actor(GUILD, 13), Actor(GUILD, 14)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
THERE = About(HELP, MESSAGE, both_there=True)
DAY = timedelta(days=1)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(KudosSettings, KudosSettingsRow)
    core.features.describe(Feature(AREA, "Kudos"))
    core.notifier.register(NOTE_KIND)
    return core


@pytest.fixture
async def service(core: Core) -> KudosService:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, KudosSettings, channel_id=WALL)
    return KudosService(core)


@pytest.fixture
def staff(core: Core, service: KudosService) -> KudosStaff:
    return KudosStaff(core, service)


def who(actor: Actor) -> Who:
    return Who(actor.guild_id, actor.member_id)


async def give(
    service: KudosService, giver: Actor = BEN, receiver: Actor = CLEO, about: About = THERE
) -> Kudos:
    return await service.give(giver, receiver.member_id, "You explained it", is_bot=False, about=about)


async def pick(staff: KudosStaff, *kudos: Kudos) -> Quotables:
    """Quote all that was offered."""
    ids = [each.id for each in kudos]
    return await staff.pick(FARAH, ids, oldest=min(ids), newest=max(ids))


async def standing(core: Core) -> list[tuple[str, int]]:
    """The acts that stand: kind and member."""
    async with core.db.read() as session:
        rows = await session.scalars(select(ActRow).filter_by(retracted_at=None).order_by(ActRow.id))
        return [(each.kind, each.member_id) for each in rows]


async def posts(core: Core) -> list[OutboxRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


async def test_kudos_are_two_acts_and_one_post_and_taken_back_nothing(
    service: KudosService, core: Core
) -> None:
    given = await give(service)
    assert await standing(core) == [("kudos.given", 12), ("kudos.received", 13)]
    [post] = await posts(core)
    assert (post.channel_id, post.member_id, post.renderer) == (WALL, CLEO.member_id, "kudos.post")
    for somebody in (CLEO, DORA):
        with pytest.raises(NotAllowed):
            await service.take_back(who(somebody), given.id)
    await service.take_back(who(BEN), given.id)
    assert await standing(core) == []
    assert [each.kind for each in await posts(core)] == ["post", "delete"]
    async with core.db.read() as session:
        row = await session.get_one(KudosRow, given.id)
    assert (row.text, row.state) == ("", State.TAKEN_BACK)
    with pytest.raises(NotFound):
        await service.take_back(who(BEN), given.id)


async def test_of_two_at_once_between_the_same_two_one_is_given(service: KudosService, core: Core) -> None:
    outcomes = await asyncio.gather(give(service), give(service, CLEO, BEN), return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Kudos", "TooSoon"]
    assert len(await standing(core)) == 2


async def test_the_quota_counts_what_was_taken_back_and_ends_after_a_day(
    service: KudosService, clock: FixedClock
) -> None:
    for number in range(5):
        given = await give(service, BEN, Actor(GUILD, 20 + number))
        await service.take_back(who(BEN), given.id)
    with pytest.raises(LimitReached):
        await give(service)
    await give(service, CLEO, DORA)
    clock.advance(DAY)
    await give(service)


async def test_what_was_taken_back_stands_out_to_nobody_and_what_was_declined_does(
    service: KudosService, staff: KudosStaff, clock: FixedClock
) -> None:
    for _ in range(4):
        await service.take_back(who(BEN), (await give(service)).id)
    assert (await staff.desk(FARAH)).patterns == ()
    for _ in range(4):
        clock.advance(DAY)
        await service.decline(who(CLEO), (await give(service)).id)
    [found] = (await staff.desk(FARAH)).patterns
    assert (found.people, found.kudos) == ((BEN.member_id, CLEO.member_id), 4)


async def test_declined_nothing_of_it_counts_and_no_more_comes_at_once(
    service: KudosService, core: Core, clock: FixedClock
) -> None:
    given = await give(service)
    with pytest.raises(NotAllowed):
        await service.decline(who(BEN), given.id)
    await service.decline(who(CLEO), given.id)
    assert await standing(core) == []
    with pytest.raises(TooSoon):
        await give(service)
    clock.advance(DAY)
    await give(service)


async def test_shared_ground_is_asked_of_features_and_avoidance_outweighs_it(
    service: KudosService, core: Core
) -> None:
    alone = About(HELP, MESSAGE, both_there=False)

    async def together(session: object, guild_id: int, one: int, other: int) -> bool:
        del session
        return guild_id == GUILD and {one, other} == {BEN.member_id, DORA.member_id}

    core.shared_ground.register("pairs", together)
    with pytest.raises(NotAllowed):
        await give(service, about=alone)
    await give(service, BEN, DORA, alone)
    async with core.db.begin() as session:
        await core.avoidances.add(session, GUILD, CLEO.member_id, BEN.member_id)
    with pytest.raises(NotAllowed):
        await give(service)
    core.shared_ground.unregister("pairs")


async def test_a_deleted_message_takes_its_kudos_along_after_a_restart_too(
    service: KudosService, core: Core
) -> None:
    await give(service)
    await service.messages_deleted(OTHER_GUILD, HELP, [MESSAGE])
    again = KudosService(core)
    await again.load()
    await again.messages_deleted(GUILD, HELP, [1, 2])
    assert len(await standing(core)) == 2
    await again.messages_deleted(GUILD, HELP, [MESSAGE])
    assert await standing(core) == []
    await again.messages_deleted(GUILD, HELP, [MESSAGE])  # heard twice


async def test_what_was_told_by_dm_goes_when_kudos_are_taken_back_and_stays_when_declined(
    service: KudosService, core: Core
) -> None:
    async with core.db.begin() as session:
        await core.notifier.change(session, GUILD, CLEO.member_id, dm_allowed=True)
        await core.notifier.choose(session, GUILD, CLEO.member_id, NOTE_KIND.name, Delivery.NOW)
    given = await give(service)
    await service.take_back(who(BEN), given.id)
    await service.decline(who(CLEO), (await give(service)).id)
    dms = [(each.kind, each.channel_id, each.member_id) for each in await posts(core) if ":dm" in each.key]
    assert dms == [("delete", None, CLEO.member_id)]


async def test_posts_and_messages_that_may_be_gone_are_looked_for_in_their_own_server(
    service: KudosService, core: Core
) -> None:
    given = await give(service)
    assert await service.list_to_look_after(GUILD) == [(HELP, MESSAGE)]  # not posted yet
    async with core.db.begin() as session:
        [post] = await session.scalars(select(OutboxRow))
        post.outcome, post.result_id = "sent", 777
    assert await service.list_to_look_after(GUILD) == [(HELP, MESSAGE), (WALL, 777)]
    assert await service.list_to_look_after(OTHER_GUILD) == []
    await service.messages_deleted(GUILD, WALL, [777])
    assert await standing(core) == [] and await service.list_to_look_after(GUILD) == []
    assert (await service.find(given.id)) is not None


async def test_only_what_both_allow_is_quoted_and_only_while_they_do(
    service: KudosService, staff: KudosStaff
) -> None:
    given = await give(service)
    await service.allow_quoting(who(BEN), given.id, allowed=True)
    assert (await staff.testimonials(FARAH)).kudos == ()
    assert (await pick(staff, given)).kudos == ()
    await service.allow_quoting(who(CLEO), given.id, allowed=True)
    assert [each.picked for each in (await pick(staff, given)).kudos] == [True]
    assert [each.id for each in (await service.wall(DORA, "quoted", 0)).kudos] == [given.id]
    with pytest.raises(NotAllowed):
        await service.allow_quoting(who(DORA), given.id, allowed=False)
    await service.allow_quoting(who(BEN), given.id, allowed=False)
    await service.allow_quoting(who(BEN), given.id, allowed=True)
    assert (await service.wall(DORA, "quoted", 0)).kudos == ()  # staff have to choose it anew
    assert (await staff.testimonials(ELSEWHERE)).kudos == ()


async def test_choosing_on_one_page_leaves_what_is_quoted_of_the_others(
    service: KudosService, staff: KudosStaff
) -> None:
    for number in range(12):
        each = await give(service, Actor(GUILD, 30 + number), CLEO)
        for side in (Actor(GUILD, 30 + number), CLEO):
            await service.allow_quoting(who(side), each.id, allowed=True)
    first, second = await staff.testimonials(FARAH), await staff.testimonials(FARAH, 1)
    assert (len(first.kudos), len(second.kudos)) == (10, 2)
    await pick(staff, *second.kudos)
    found = await pick(staff, *first.kudos)
    assert (found.consented, found.picked) == (12, 12)
    await staff.pick(ELSEWHERE, [], oldest=0, newest=10_000)
    await staff.pick(FARAH, [], oldest=first.kudos[-1].id, newest=first.kudos[0].id)
    assert [each.id for each in (await service.wall(DORA, "quoted", 0)).kudos] == [
        each.id for each in second.kudos
    ]


async def test_the_wall_has_pages_and_shows_one_server(service: KudosService) -> None:
    for number in range(6):
        await give(service, Actor(GUILD, 30 + number), CLEO)
    first, second = await service.wall(BEN, "all", 0), await service.wall(BEN, "all", 1)
    assert (len(first.kudos), first.has_more) == (5, True)
    assert (len(second.kudos), second.has_more) == (1, False)
    assert first.kudos[0].giver_id == 35
    assert (await service.wall(Actor(OTHER_GUILD, BEN.member_id), "all", 0)).kudos == ()
    assert len((await service.wall(Actor(GUILD, 31), "given", 0)).kudos) == 1
    assert (await service.wall(BEN, "mine", 0)).kudos == ()


async def test_staff_take_kudos_away_in_their_own_server_alone(
    service: KudosService, staff: KudosStaff, core: Core
) -> None:
    given = await give(service)
    with pytest.raises(NotAllowed):
        await staff.remove(BEN, given.id, "")
    with pytest.raises(NotFound):
        await staff.remove(ELSEWHERE, given.id, "")
    await staff.remove(FARAH, given.id, "a joke that hurts")
    assert await standing(core) == []
    with pytest.raises(NotFound):
        await staff.look(FARAH, given.id)


@pytest.mark.parametrize("gone", [BEN, CLEO])
async def test_with_either_of_the_two_kudos_go_and_their_post(
    service: KudosService, core: Core, clock: FixedClock, gone: Actor
) -> None:
    await give(service)
    async with core.db.begin() as session:
        await erase(session, GUILD, gone.member_id, limit=100, now=clock.now() + DAY)
        await service.redraw_all(session, GUILD)
        assert list(await session.scalars(select(KudosRow))) == []
    assert {each.kind for each in await posts(core)} <= {"post", "delete"}
    if gone is BEN:  # what was posted about the deleted one is taken away by the erasure itself
        assert [each.kind for each in await posts(core)] == ["post", "delete"]
