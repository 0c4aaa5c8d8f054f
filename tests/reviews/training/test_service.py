"""The use cases of the training on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, Actor, Capability
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.matching.valuation import SENIOR_LEVEL
from bot.qualifications import CAPABILITY
from cogs.reviews import facts, solving
from cogs.reviews.model import ReviewSettings
from cogs.reviews.training import content
from cogs.reviews.training.licences import Licences
from cogs.reviews.training.model import (
    AREA,
    LICENCE_KIND,
    TRAINED,
    Desk,
    Part,
    TrainingSettings,
    number_of,
    own_key,
)
from cogs.reviews.training.service import TrainingService, asked
from cogs.reviews.training.staff import TrainingStaff, typed_sample
from storage import members as member_storage
from storage.acts import ActRow
from storage.database import Database
from storage.outbox import OutboxRow
from storage.review_rounds import ReviewRoundRow
from storage.review_training import ReviewLicenceRow, TrainingRunRow, TrainingSettingsRow
from storage.review_wishes import ReviewSettingsRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, ROLE = 1, 2, 77
BEN, CLEO = Actor(GUILD, 12), Actor(GUILD, 13)
FARAH = Actor(GUILD, 10, permissions=MANAGE_GUILD)


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(TrainingSettings, TrainingSettingsRow)
    core.notifier.register(LICENCE_KIND)
    return core


@pytest.fixture
def licences(core: Core) -> Licences:
    return Licences(core)


@pytest.fixture
def service(core: Core, licences: Licences) -> TrainingService:
    return TrainingService(core, licences)


@pytest.fixture
def staff(core: Core, licences: Licences) -> TrainingStaff:
    return TrainingStaff(core, licences)


def current(desk: Desk) -> Part:
    assert desk.run is not None and desk.run.current is not None
    return desk.run.current


def near(part: Part) -> dict[str, str]:
    return {each.key: str(part.sample.reference[each.key].answer) for each in asked(part)}


def far(part: Part) -> dict[str, str]:
    """As far from the reference as can be."""
    found: dict[str, str] = {}
    for each in asked(part):
        last = len(each.answers) - 1
        found[each.key] = "0" if 2 * part.sample.reference[each.key].answer >= last else str(last)
    return found


async def go_through(service: TrainingService, actor: Actor = BEN, *, well: bool = True) -> Desk:
    desk = await service.begin(actor)
    for _ in range(3):
        part = current(desk)
        desk, _ = await service.answer(actor, part.id, near(part) if well else far(part))
    return desk


async def choose_role(core: Core, role: int | None = ROLE) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, TrainingSettings, reviewer_role_id=role)


async def planned(core: Core, kind: str) -> list[OutboxRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(OutboxRow).filter_by(kind=kind).order_by(OutboxRow.id)))


async def test_of_many_presses_at_once_one_training_begins(service: TrainingService, core: Core) -> None:
    desks = await asyncio.gather(*(service.begin(BEN) for _ in range(6)))
    assert len({each.run.id for each in desks if each.run is not None}) == 1
    async with core.db.read() as session:
        assert len(list(await session.scalars(select(TrainingRunRow)))) == 1


async def test_of_many_answers_at_once_one_stands_and_the_licence_is_given_once(
    service: TrainingService, core: Core
) -> None:
    await choose_role(core)
    desk = await service.begin(BEN)
    for _ in range(3):
        part = current(desk)
        results = await asyncio.gather(*(service.answer(BEN, part.id, near(part)) for _ in range(4)))
        assert sum(taken for _, taken in results) == 1
        desk = results[0][0]
    [role] = await planned(core, "add_role")
    assert (role.member_id, role.role_id) == (BEN.member_id, ROLE)
    assert role.arguments["harmless"] is True and role.act_id is not None
    async with core.db.read() as session:
        [act] = await session.scalars(select(ActRow).filter_by(kind=TRAINED))
        [licence] = await session.scalars(select(ReviewLicenceRow))
    assert act.member_id == BEN.member_id and licence.held and licence.decided_by is None


async def test_nobody_else_and_no_other_server_answers(service: TrainingService) -> None:
    part = current(await service.begin(BEN))
    for stranger in (CLEO, Actor(OTHER_GUILD, BEN.member_id)):
        with pytest.raises(NotFound):
            await service.answer(stranger, part.id, near(part))
        with pytest.raises(NotFound):
            await service.part(stranger, part.id)


@pytest.mark.parametrize("typed", ["", "9", "-1", "one", "²", "9" * 4000])
async def test_an_answer_that_cannot_be_chosen_changes_nothing(service: TrainingService, typed: str) -> None:
    part = current(await service.begin(BEN))
    wrong = dict.fromkeys(near(part), typed)
    with pytest.raises(InvalidInput):
        await service.answer(BEN, part.id, wrong)
    assert current(await service.look(BEN)).answers == {}


async def test_half_of_the_questions_are_kept_and_the_rest_is_asked(service: TrainingService) -> None:
    part = current(await service.begin(BEN))
    first, *_ = near(part).items()
    desk, taken = await service.answer(BEN, part.id, dict([first]))
    assert taken and current(desk).id == part.id
    assert [each.key for each in asked(current(desk))] == [each.key for each in part.open][1:]
    _, taken = await service.answer(BEN, part.id, dict([first]))
    assert not taken


MIDNIGHTS = [
    # the zone, the moment at which it is finished, the beginning of the next day there
    ("Europe/Berlin", "2026-01-07T22:59:59", "2026-01-07T23:00:00"),
    ("Pacific/Auckland", "2026-01-07T09:00:00", "2026-01-07T11:00:00"),
    ("Africa/Cairo", "2026-04-23T12:00:00", "2026-04-23T22:00:00"),  # no midnight: 00:00 becomes 01:00
    ("America/Havana", "2026-10-31T12:00:00", "2026-11-01T04:00:00"),  # midnight comes twice: the first
    ("Europe/Berlin", "2026-03-28T23:30:00", "2026-03-29T22:00:00"),  # a day of 23 hours
]


@pytest.mark.parametrize(("zone", "now", "next_day"), MIDNIGHTS)
async def test_the_next_set_is_there_when_the_members_own_day_begins(
    service: TrainingService, core: Core, clock: FixedClock, zone: str, now: str, next_day: str
) -> None:
    async with core.db.begin() as session:
        await member_storage.change_member(session, GUILD, BEN.member_id, zone=zone)
    clock.advance(datetime.fromisoformat(now).replace(tzinfo=UTC) - clock.now())
    desk = await go_through(service, well=False)
    expected = datetime.fromisoformat(next_day).replace(tzinfo=UTC)
    assert desk.run is not None and desk.run.retry_at == expected and not desk.run.passed
    clock.advance(expected - timedelta(seconds=1) - clock.now())
    assert (await service.begin(BEN)).run == desk.run
    clock.advance(timedelta(seconds=1))
    first = {each.sample.key for each in desk.run.parts}
    again = await service.begin(BEN)
    assert again.run is not None and not first & {each.sample.key for each in again.run.parts}


async def test_who_began_keeps_the_threshold_that_they_were_told(
    service: TrainingService, staff: TrainingStaff
) -> None:
    desk = await service.begin(BEN)
    await staff.set_threshold(FARAH, 95)
    part = current(desk)
    await service.answer(BEN, part.id, far(part))
    desk = await service.look(BEN)
    assert desk.run is not None and desk.needed == 70 and (await service.look(CLEO)).needed == 95


async def test_the_role_is_given_again_to_who_lost_it_once_a_day(
    service: TrainingService, core: Core, clock: FixedClock
) -> None:
    await go_through(service)
    assert await planned(core, "add_role") == []  # no role is chosen, the licence counts
    await choose_role(core)
    for _ in range(3):
        await service.look(BEN)
    assert len(await planned(core, "add_role")) == 1
    has_it = Actor(GUILD, BEN.member_id, frozenset({ROLE}))
    clock.advance(timedelta(days=1))
    await service.look(has_it)
    assert len(await planned(core, "add_role")) == 1
    await service.look(BEN)
    assert len(await planned(core, "add_role")) == 2
    for times, occasion in ((3, "back:1"), (3, "back:1"), (4, "back:2")):
        async with core.db.begin() as session:  # Discord forgets the roles of who leaves
            await Licences(core).give_back(session, GUILD, [BEN.member_id, 404], occasion)
        assert len(await planned(core, "add_role")) == times


async def test_a_reviewer_is_who_has_a_licence_or_the_role_or_may_do_everything(
    service: TrainingService, core: Core, licences: Licences
) -> None:
    await choose_role(core)
    await go_through(service)
    people = [
        (BEN, True),
        (CLEO, False),
        (Actor(GUILD, 13, frozenset({ROLE})), True),
        (Actor(GUILD, 14, is_owner=True), True),
        (Actor(OTHER_GUILD, BEN.member_id, frozenset({ROLE})), False),
    ]
    async with core.db.read() as session:
        for actor, expected in people:
            assert await licences.is_reviewer(session, actor) is expected
        assert await licences.list_reviewers(session, GUILD) == {BEN.member_id}
        assert await licences.list_reviewers(session, GUILD, of={CLEO.member_id}) == frozenset()
        assert await licences.list_reviewers(session, OTHER_GUILD) == frozenset()


async def test_wherever_reviewers_are_asked_for_a_licence_counts_and_so_does_the_role(
    service: TrainingService, core: Core, licences: Licences
) -> None:
    class InMemory:
        def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
            known = {15: frozenset({ROLE}), CLEO.member_id: frozenset[int]()}
            return known.get(member_id) if guild_id == GUILD else None

        def members_with(self, guild_id: int, role_ids: frozenset[int]) -> set[int]:
            return {15} if guild_id == GUILD and ROLE in role_ids else set()

    ask = core.qualifications
    ask.roles = InMemory()
    ask.back(Capability.REVIEW, AREA, licences.list_reviewers)
    await choose_role(core)
    await go_through(service)
    async with core.db.read() as session:
        asked = {BEN.member_id, 15, CLEO.member_id, 99}  # of the last no roles are known
        assert await ask.lacking(session, GUILD, CAPABILITY, "review", asked) == {CLEO.member_id}
        for member_id, expected in ((BEN.member_id, True), (15, True), (CLEO.member_id, False)):
            assert await ask.has(session, GUILD, member_id, CAPABILITY, "review") is expected
        assert await ask.has(session, GUILD, BEN.member_id, CAPABILITY, "review", actor=BEN)
        assert await licences.list_reviewers(session, GUILD, of={15, 14}) == {15}
        assert not await ask.has(session, GUILD, BEN.member_id, CAPABILITY, "facilitate")
    ask.back_no_more(Capability.REVIEW)
    async with core.db.read() as session:
        assert await ask.lacking(session, GUILD, CAPABILITY, "review", asked) == {15, CLEO.member_id}


async def test_who_holds_a_licence_counts_as_experienced_when_works_are_given_out(
    service: TrainingService, core: Core
) -> None:
    await go_through(service)
    people = [BEN.member_id, CLEO.member_id, 14]
    core.configs.register(ReviewSettings, ReviewSettingsRow)
    row = ReviewRoundRow(id=1, guild_id=GUILD, per_work=1)
    async with core.db.read() as session:
        known = await facts.gather(session, core, row, people)
    assert known.trained == {BEN.member_id}
    assert facts.level_of(0, is_trained=True) == SENIOR_LEVEL > facts.level_of(0) == 0
    found = solving.by_author(solving.solve(known, people, 1, 7).assignments)
    assert sorted(each for chosen in found.values() for each in chosen) == people


async def test_of_many_facilitators_one_gives_and_one_takes(staff: TrainingStaff, core: Core) -> None:
    await choose_role(core)
    for act, kind in ((staff.give, "add_role"), (staff.take, "remove_role")):
        done = await asyncio.gather(
            *(act(FARAH, BEN.member_id, "Because") for _ in range(4)), return_exceptions=True
        )
        assert sum(isinstance(each, AlreadyDone) for each in done) == 3
        assert len(await planned(core, kind)) == 1
    with pytest.raises(AlreadyDone):
        await staff.take(FARAH, CLEO.member_id, "Never had one")
    with pytest.raises(InvalidInput):
        await staff.give(FARAH, CLEO.member_id, " \u200b ")


async def test_before_somebody_is_deleted_the_role_of_their_licence_is_taken_back_once(
    staff: TrainingStaff, licences: Licences, core: Core
) -> None:
    await choose_role(core)
    await staff.give(FARAH, BEN.member_id, "Known for it")
    async with core.db.begin() as session:
        assert await licences.take_back(session, GUILD, BEN.member_id)
        assert not await licences.take_back(session, GUILD, BEN.member_id)
        assert not await licences.take_back(session, GUILD, CLEO.member_id)
    assert [each.member_id for each in await planned(core, "remove_role")] == [BEN.member_id]


async def test_a_licence_given_in_the_middle_stays_whatever_the_answers(
    service: TrainingService, staff: TrainingStaff
) -> None:
    part = current(await service.begin(BEN))
    await staff.give(FARAH, BEN.member_id, "Known for it")
    desk, _ = await service.answer(BEN, part.id, far(part))
    while desk.run is not None and desk.run.current is not None:
        desk, _ = await service.answer(BEN, current(desk).id, far(current(desk)))
    assert desk.is_licensed and desk.run is not None and not desk.run.passed


async def test_members_may_not_and_see_nothing_of_other_servers(staff: TrainingStaff) -> None:
    typed = typed_sample("A knot", "A rope.", "Because.", "any-work")
    number = await staff.add(FARAH, typed)
    key = number_of(content.samples()[0].key)
    for call in (
        staff.desk(BEN),
        staff.sample(BEN, own_key(number)),
        staff.set_threshold(BEN, 70),
        staff.licence(BEN, BEN.member_id),
        staff.give(BEN, BEN.member_id, "Me"),
        staff.take(BEN, CLEO.member_id, "Them"),
        staff.give_roles(BEN),
        staff.add(BEN, typed),
        staff.edit(BEN, number, typed),
        staff.set_reference(BEN, number, {}),
        staff.retire(BEN, number, retired=True),
        staff.retire_shipped(BEN, key, retired=True),
    ):
        with pytest.raises(NotAllowed):
            await call
    elsewhere = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
    for call in (
        staff.sample(elsewhere, own_key(number)),
        staff.edit(elsewhere, number, typed),
        staff.retire(elsewhere, number, retired=True),
        staff.retire_shipped(FARAH, 1, retired=True),
        staff.give_roles(FARAH),
    ):
        with pytest.raises(NotFound):
            await call


async def test_two_who_retire_two_works_at_once_both_get_their_wish(staff: TrainingStaff) -> None:
    keys = [each.key for each in content.samples()[:2]]
    await asyncio.gather(*(staff.retire_shipped(FARAH, number_of(key), retired=True) for key in keys))
    desk = await staff.desk(FARAH)
    assert [each.sample.key for each in desk.samples if each.retired] == keys
    await staff.retire_shipped(FARAH, number_of(keys[0]), retired=False)
    assert (await staff.desk(FARAH)).settings.retired.keys() == {keys[1]}


@pytest.mark.parametrize("percent", [0, 49, 96, 700])
async def test_a_threshold_that_nobody_or_everybody_would_meet_is_refused(
    staff: TrainingStaff, percent: int
) -> None:
    with pytest.raises(InvalidInput):
        await staff.set_threshold(FARAH, percent)
