"""The use cases of appeals on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.authority import ADMINISTRATOR, MANAGE_GUILD, MODERATE_MEMBERS, Actor, Capability
from bot.cases import Case, CaseDraft, CaseKind, EndedWhy, EventKind, Source
from bot.cases import State as CaseState
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotConfigured, NotFound, TooSoon
from bot.features import Feature
from bot.guild_config import GuildConfig
from bot.i18n import Translations
from bot.outbox import EffectKind, Ended
from bot.own import Who
from cogs.appeals import model
from cogs.appeals.model import AREA, Appeal, AppealSettings
from cogs.appeals.render import appeal_text
from cogs.appeals.render_staff import appeal_card
from cogs.appeals.rules import State
from cogs.appeals.service import AppealService
from cogs.appeals.staff import AppealStaff
from storage.appeals import AppealSettingsRow
from storage.audit import AuditRow
from storage.database import Database
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock
from tests.looks import Nobody

GUILD, OTHER, STAFF_CHANNEL = 1, 2, 100
BEN, CLEO = Actor(GUILD, 12), Actor(GUILD, 13)
T = Translations().for_locale("en")
MILO, NORA = Actor(GUILD, 7, permissions=MODERATE_MEMBERS), Actor(GUILD, 6, permissions=MODERATE_MEMBERS)
OLIVE = Actor(GUILD, 9, permissions=ADMINISTRATOR)
FARAH = Actor(GUILD, 8, permissions=MANAGE_GUILD | MODERATE_MEMBERS)
ELSEWHERE = Actor(OTHER, 6, permissions=MODERATE_MEMBERS)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BENS = Who(GUILD, BEN.member_id)


class Staff(Nobody):
    """Who moderates, as the test says, and whether Discord lets them do everything."""

    def __init__(self) -> None:
        self.people = {7: False, 6: False, 9: True}

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        return self.people


@pytest.fixture
def people() -> Staff:
    return Staff()


@pytest.fixture
async def core(database: Database, clock: FixedClock, people: Staff) -> Core:
    core = Core.build(database, clock)
    core.configs.register(AppealSettings, AppealSettingsRow)
    core.features.describe(Feature(AREA, "Appeals"))
    core.notifier.register(model.OUTCOME_KIND)
    core.guards.look = people
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, staff_channel_id=STAFF_CHANNEL)
    return core


@pytest.fixture
def service(core: Core) -> AppealService:
    return AppealService(core)


@pytest.fixture
def staff(core: Core) -> AppealStaff:
    staff = AppealStaff(core)
    core.cases.on_end(staff.case_ended)
    core.jobs.register(model.REMIND_JOB, staff.remind)
    return staff


async def open_case(core: Core, kind: CaseKind = CaseKind.TIMEOUT, **values: Any) -> Case:
    now = core.clock.now()
    ends_at = now + 7 * DAY if kind is CaseKind.TIMEOUT else None
    given: dict[str, Any] = {"member_id": BEN.member_id, "moderator_id": MILO.member_id, "ends_at": ends_at}
    async with core.db.begin() as session:
        draft = CaseDraft(
            guild_id=values.pop("guild_id", GUILD),
            kind=kind,
            source=Source.COMMAND,
            reason="Spam",
            state=CaseState.DONE,
            **(given | values),
        )
        return await core.cases.open(session, draft)


async def case_of(core: Core, case: Case) -> Case:
    async with core.db.read() as session:
        found = await core.cases.find_by_id(session, case.guild_id, case.id)
    assert found is not None
    return found


async def events(core: Core, case: Case) -> list[EventKind]:
    async with core.db.read() as session:
        return [each.what for each in await core.cases.list_events(session, case.id)]


async def planned(core: Core, renderer: str) -> list[OutboxRow]:
    async with core.db.read() as session:
        query = select(OutboxRow).filter_by(renderer=renderer).where(OutboxRow.kind != "edit")
        return list(await session.scalars(query.order_by(OutboxRow.id)))


async def run_jobs(core: Core) -> None:
    while await core.jobs.run_due():
        pass


async def appealed(
    service: AppealService, core: Core, kind: CaseKind = CaseKind.TIMEOUT, **values: Any
) -> Appeal:
    return await service.appeal(BENS, (await open_case(core, kind, **values)).id, "It was a joke")


async def test_the_record_shows_ones_own_cases_and_neither_notes_nor_what_is_hidden(
    service: AppealService, core: Core, clock: FixedClock
) -> None:
    await open_case(core, CaseKind.NOTE)
    hidden = await open_case(core, CaseKind.WARN, points=5)
    await open_case(core, CaseKind.WARN, member_id=CLEO.member_id, points=7)
    await open_case(core, CaseKind.WARN, guild_id=OTHER)
    until = clock.now() + 10 * DAY
    warned = await open_case(core, CaseKind.WARN, points=2, points_until=until)
    timeout = await open_case(core)
    async with core.db.begin() as session:
        await core.cases.change(session, hidden, hidden_at=clock.now())
    standing = await service.standing(BEN)
    assert [each.case.id for each in standing.entries] == [timeout.id, warned.id]
    assert (standing.points, standing.points_until) == (2, until)
    assert [each.id for each in standing.holding] == [timeout.id]
    assert all(each.may_appeal for each in standing.entries)
    with pytest.raises(NotFound):
        await service.appeal(BENS, hidden.id, "It is wrong")
    refused = await open_case(core, CaseKind.BAN)
    taken_back = await open_case(core, CaseKind.WARN, points=1, points_until=clock.now() + DAY)
    async with core.db.begin() as session:
        await core.cases.set_state(session, refused, CaseState.FAILED, "forbidden")
        await core.cases.end(session, taken_back, EndedWhy.OVERTURNED)
    standing = await service.standing(BEN)
    assert [each.case.id for each in standing.entries] == [taken_back.id, timeout.id, warned.id]
    assert standing.points_until == until
    for _ in range(5):
        await open_case(core, CaseKind.WARN)
    assert [len((await service.standing(BEN, page)).entries) for page in (0, 1, 99)] == [5, 3, 3]


async def test_one_appeal_of_a_case_at_a_time_and_by_nobody_else(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    case = await open_case(core)
    for who in (Who(GUILD, CLEO.member_id), Who(OTHER, BEN.member_id), Who(GUILD, 0)):
        with pytest.raises(NotFound):
            await service.appeal(who, case.id, "It is wrong")
    outcomes = await asyncio.gather(
        service.appeal(BENS, case.id, "One"), service.appeal(BENS, case.id, "Two"), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["AlreadyDone", "Appeal"]
    [appeal] = (await staff.desk(NORA)).waiting
    await staff.uphold(NORA, appeal.id, "It was no joke")
    with pytest.raises(TooSoon):
        await service.appeal(BENS, case.id, "Again")
    clock.advance(14 * DAY)
    again = await service.appeal(BENS, case.id, "Again")
    await staff.uphold(NORA, again.id, "Still none")
    clock.advance(20 * DAY)
    with pytest.raises(AlreadyDone):
        await service.appeal(BENS, case.id, "Again and again")
    assert await events(core, case) == [EventKind.APPEALED, EventKind.UPHELD] * 2


async def test_from_a_dm_only_where_appeals_are_on(service: AppealService, core: Core) -> None:
    case = await open_case(core, CaseKind.BAN)
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=False)
    with pytest.raises(NotConfigured):
        await service.appeal(Who(None, BEN.member_id), case.id, "I am sorry")
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=True)
    with pytest.raises(NotFound):
        await service.check(Who(None, CLEO.member_id), case.id)
    appeal = await service.appeal(Who(None, BEN.member_id), case.id, "I am sorry")
    with pytest.raises(NotFound):
        await service.latest(Who(None, CLEO.member_id), case.id)
    entry = await service.latest(Who(None, BEN.member_id), case.id)
    assert entry.appeal is not None and entry.appeal.id == appeal.id and not entry.may_appeal


async def test_the_cases_moderator_and_the_appellant_decide_nothing(
    service: AppealService, staff: AppealStaff, core: Core
) -> None:
    appeal = await appealed(service, core)
    for work in (
        staff.look(MILO, appeal.id),
        staff.uphold(MILO, appeal.id, "No"),
        staff.overturn(BEN, appeal.id, "Yes"),
        staff.shorten(Actor(GUILD, 12, permissions=MODERATE_MEMBERS), appeal.id, "Yes", "1h"),
        staff.desk(BEN),
        staff.set_rules(MILO, "1", "1", "1"),
    ):
        with pytest.raises(NotAllowed):
            await work
    for work in (staff.uphold(ELSEWHERE, appeal.id, "No"), staff.uphold(NORA, 10**9, "No")):
        with pytest.raises(NotFound):
            await work
    with pytest.raises(InvalidInput):
        await staff.uphold(NORA, appeal.id, " ")
    assert (await staff.look(NORA, appeal.id)).state is State.OPEN


async def test_nor_does_who_confirmed_it_as_a_second_moderator_also_with_many_others(
    service: AppealService, staff: AppealStaff, core: Core, people: Staff
) -> None:
    people.people = {7: False, 6: False, 8: False}
    one = await open_case(core, CaseKind.BAN)
    of_all = await open_case(core, CaseKind.RAID, member_id=0, source_key="raid-action:1")
    part = {"source_key": "raid-member:1:12", "details": {"part_of": "raid-action:1"}, "moderator_id": 0}
    of_many = await open_case(core, CaseKind.KICK, **part)
    async with core.db.begin() as session:
        for case in (one, of_all):
            await core.cases.add_event(session, case, EventKind.CONFIRMED, by=NORA.member_id)
    for case in (one, of_many):
        appeal = await service.appeal(BENS, case.id, "It was somebody else")
        for judge in (MILO, NORA):
            with pytest.raises(NotAllowed):
                await staff.uphold(judge, appeal.id, "No")
        assert not (await staff.overturn(FARAH, appeal.id, "You were right")).own_case


async def test_the_only_moderator_may_and_it_is_written_down(
    service: AppealService, staff: AppealStaff, core: Core, people: Staff
) -> None:
    people.people = {7: False, 9: True}  # and the owner
    decided = await staff.uphold(MILO, (await appealed(service, core)).id, "I looked at it again")
    assert decided.own_case
    async with core.db.read() as session:
        [row] = await session.scalars(select(AuditRow).filter_by(area=AREA))
    assert row.actor_id == MILO.member_id and "no other moderator" in row.what
    of_the_owner = await appealed(service, core, moderator_id=OLIVE.member_id)
    with pytest.raises(NotAllowed):  # an administrator has another one
        await staff.uphold(OLIVE, of_the_owner.id, "No")
    by_another = await staff.uphold(MILO, of_the_owner.id, "It was right")
    assert not by_another.own_case
    # What the member reads is true of either.
    mine, theirs = (appeal_text(each, T) for each in (decided, by_another))
    assert "no other moderator" in mine and "somebody other" not in mine
    assert "somebody other than who decided" in theirs and "no other moderator" not in theirs


async def test_overturned_it_ends_and_counts_no_more_also_when_it_had_run_out(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    ended: list[EndedWhy | None] = []

    async def note(_: object, case: Case) -> None:
        ended.append(case.ended_why)

    core.cases.on_end(note)
    until = clock.now() + 90 * DAY
    appeal = await appealed(service, core, points=3, points_until=until)
    outcomes = await asyncio.gather(
        staff.overturn(NORA, appeal.id, "You were right"),
        staff.overturn(FARAH, appeal.id, "I think so too"),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["AlreadyDone", "Appeal"]
    second = await appealed(service, core, points=3, points_until=until)
    clock.advance(8 * DAY)
    await run_jobs(core)
    assert (await case_of(core, second.case)).ended_why is EndedWhy.EXPIRED
    await staff.overturn(NORA, second.id, "You were right")
    after = await case_of(core, second.case)
    assert after.ended_why is EndedWhy.OVERTURNED and EventKind.OVERTURNED in await events(core, after)
    assert ended == [EndedWhy.OVERTURNED, EndedWhy.EXPIRED]
    assert (await service.standing(BEN)).points == 0


async def test_shortened_it_ends_sooner_and_never_later(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    appeal = await appealed(service, core)
    for span in ("8d", "7d", "x"):
        with pytest.raises(InvalidInput):
            await staff.shorten(NORA, appeal.id, "Half", span)
    assert (await staff.look(NORA, appeal.id)).state is State.OPEN  # nothing of it was kept
    await staff.shorten(NORA, appeal.id, "Half", "2d")
    assert (await case_of(core, appeal.case)).ends_at == clock.now() + 2 * DAY
    async with core.db.read() as session:  # Discord ends it by itself, so it has to know
        [told] = await session.scalars(select(OutboxRow).filter_by(kind="timeout"))
    assert told.arguments["until"] == (clock.now() + 2 * DAY).isoformat() and told.member_id == BEN.member_id
    clock.advance(2 * DAY)
    await run_jobs(core)
    assert (await case_of(core, appeal.case)).ended_why is EndedWhy.EXPIRED
    until = clock.now() + 90 * DAY
    warned = await appealed(service, core, CaseKind.WARN, points=2, points_until=until)
    assert "Shorten" in str(appeal_card(warned, until - HOUR, T))
    assert "Shorten" not in str(appeal_card(warned, until, T))
    await staff.shorten(NORA, warned.id, "A week is enough", "1w")
    assert (await case_of(core, warned.case)).points_until == clock.now() + 7 * DAY
    kicked = await appealed(service, core, CaseKind.KICK)
    with pytest.raises(InvalidInput):
        await staff.shorten(NORA, kicked.id, "Half", "1d")


async def test_the_member_hears_by_dm_and_else_beside_their_next_answer(
    service: AppealService, staff: AppealStaff, core: Core
) -> None:
    appeal = await appealed(service, core)
    await staff.uphold(NORA, appeal.id, "It was no joke")
    [told] = await planned(core, model.OUTCOME_RENDERER)
    assert (told.kind, told.member_id) == (EffectKind.DIRECT_MESSAGE, BEN.member_id)
    for outcome in ("sent", "failed"):
        ended = Ended(
            told.key, EffectKind.DIRECT_MESSAGE, GUILD, BEN.member_id, told.arguments, outcome, None, None, {}
        )
        async with core.db.begin() as session:
            await staff.told(session, ended)
        async with core.db.read() as session:
            waiting = list(await session.scalars(select(NotificationRow)))
        assert len(waiting) == (outcome == "failed")


async def test_staff_are_reminded_and_the_member_hears_when_the_promise_is_over(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    slow, quick = await appealed(service, core), await appealed(service, core)
    await staff.uphold(NORA, quick.id, "No")
    clock.advance(6 * DAY)
    await run_jobs(core)
    assert await planned(core, model.LATE_RENDERER) == []
    clock.advance(DAY)
    await run_jobs(core)
    reminders = await planned(core, model.REMIND_RENDERER)
    # Two were due at once when Lyceum came back on the sixth day: one is enough.
    assert [each.arguments["appeal_id"] for each in reminders] == [slow.id] * 2
    assert [each.member_id for each in await planned(core, model.LATE_RENDERER)] == [BEN.member_id]


async def test_a_case_that_staff_take_back_leaves_nothing_to_decide(
    service: AppealService, staff: AppealStaff, core: Core
) -> None:
    appeal = await appealed(service, core)
    lifted = await appealed(service, core)
    async with core.db.begin() as session:
        await core.cases.end(session, appeal.case, EndedWhy.OVERTURNED, NORA.member_id)
        await core.cases.end(session, lifted.case, EndedWhy.LIFTED, NORA.member_id)
    with pytest.raises(AlreadyDone):
        await staff.overturn(NORA, appeal.id, "Yes")
    entry = await service.latest(BENS, appeal.case.id)
    assert entry.appeal is not None and entry.appeal.state is State.ENDED and not entry.may_appeal
    await staff.overturn(NORA, lifted.id, "It should not count either")  # it was still on the record
    assert (await case_of(core, lifted.case)).ended_why is EndedWhy.OVERTURNED


async def test_settings_are_facilitators_and_figures_tell_of_nobody(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    with pytest.raises(InvalidInput):
        await staff.set_rules(FARAH, "0", "14", "7")
    settings = await staff.set_rules(FARAH, "60", "0", "3")
    assert settings == await staff.rules_for(FARAH)
    assert (settings.within_days, settings.again_days, settings.promise_days) == (60, 0, 3)
    for number in range(5):
        assert (await staff.desk(NORA)).figures.decided in (None, 0)
        appeal = await appealed(service, core)
        assert appeal.due_at == clock.now() + 3 * DAY
        clock.advance(HOUR)
        await staff.uphold(NORA, appeal.id, f"Answer {number}")
    figures = (await staff.desk(NORA)).figures
    assert (figures.decided, figures.overturned, figures.median_wait) == (5, 0, HOUR)


async def test_with_the_member_their_appeals_go_and_the_case_stays(
    service: AppealService, staff: AppealStaff, core: Core, clock: FixedClock
) -> None:
    core.erasure.redraw_about_with(staff.forget)
    appeal = await appealed(service, core)
    async with core.db.begin() as session:
        await core.erasure.ask(session, GUILD, BEN.member_id)
    clock.advance(DAY)
    await run_jobs(core)
    async with core.db.read() as session:  # the card says what they wrote
        gone = await session.scalars(select(OutboxRow.key).filter_by(kind="delete"))
        assert f"appeals.card:{appeal.id}:gone" in set(gone)
    assert await service.find(appeal.id) is None and (await staff.desk(NORA)).waiting == ()
    assert (await case_of(core, appeal.case)).member_id == BEN.member_id
    clock.advance(8 * DAY)
    await run_jobs(core)
    assert await planned(core, model.REMIND_RENDERER) == []
