"""The use cases of reports on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.authority import MANAGE_GUILD, MODERATE_MEMBERS, Actor, Capability
from bot.cases import REPORT, CaseDraft, CaseKind, Snippet, Source
from bot.cases import State as CaseState
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, NotFound, TooSoon
from bot.features import Feature
from bot.guild_config import GuildConfig
from bot.i18n import Translations
from bot.own import Who
from cogs.reports import model, rules
from cogs.reports.calling import Calling
from cogs.reports.model import AREA, About, Earlier, Reach, Receipt, ReportSettings, Sending
from cogs.reports.rules import Category, State, Subject
from cogs.reports.service import ReportService
from cogs.reports.staff import ReportStaff
from storage import evidence as evidence_storage
from storage.audit import AuditRow
from storage.database import Database
from storage.evidence import EvidenceRow
from storage.footprint import erase
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from storage.reports import ReportItemRow, ReportRow, ReportSettingsRow
from tests.clocks import FixedClock
from tests.looks import Nobody

GUILD, OTHER, STAFF_CHANNEL, BOT, TROLL, OWNER = 1, 2, 100, 99, 66, 9
BEN, CLEO, DORA = Actor(GUILD, 12), Actor(GUILD, 13), Actor(GUILD, 14)
MILO, NORA = Actor(GUILD, 7, permissions=MODERATE_MEMBERS), Actor(GUILD, 6, permissions=MODERATE_MEMBERS)
FARAH = Actor(GUILD, 8, permissions=MANAGE_GUILD)
ELSEWHERE = Actor(OTHER, 7, permissions=MODERATE_MEMBERS)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
MESSAGE = Snippet(author_id=TROLL, text="Nasty words", channel_id=101, message_id=555, attachments=("a.png",))


class Staff(Nobody):
    """Who is of staff, as the test says."""

    def __init__(self) -> None:
        self.moderators, self.facilitators = {7, 6}, {8}

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        found = self.moderators if capability is Capability.MODERATE else self.facilitators
        return dict.fromkeys(found, False)


@pytest.fixture
async def core(database: Database, clock: FixedClock) -> Core:
    core = Core.build(database, clock)
    core.configs.register(ReportSettings, ReportSettingsRow)
    core.features.describe(Feature(AREA, "Reports"))
    core.notifier.register(model.STATUS_KIND, model.status_line)
    core.notifier.register(model.WAITING_KIND)
    core.guards.look = Staff()
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, staff_channel_id=STAFF_CHANNEL)
    return core


@pytest.fixture
def calling(core: Core) -> Calling:
    calling = Calling(core)
    calling.add_jobs()
    return calling


@pytest.fixture
def service(core: Core, calling: Calling) -> ReportService:
    return ReportService(core, calling)


@pytest.fixture
def staff(core: Core, calling: Calling) -> ReportStaff:
    staff = ReportStaff(core, calling)
    core.cases.on_open(staff.follow)
    core.cases.on_change(staff.follow)
    core.cases.evidence.redact_with(staff.redact)
    return staff


def about(member_id: int = TROLL, **kind: bool) -> Sending:
    return Sending(
        category=Category.HARASSMENT, words="They insulted me", bot_id=BOT, about=About(member_id, **kind)
    )


async def send(service: ReportService, actor: Actor = BEN, sending: Sending | None = None) -> Receipt:
    return await service.send(actor, sending or about())


async def items(core: Core) -> list[ReportItemRow]:
    async with core.db.read() as session:
        return list(await session.scalars(select(ReportItemRow).order_by(ReportItemRow.id)))


async def planned(core: Core, renderer: str) -> list[OutboxRow]:
    async with core.db.read() as session:
        query = select(OutboxRow).filter_by(renderer=renderer, kind="post").order_by(OutboxRow.id)
        return list(await session.scalars(query))


async def told(core: Core, kind: str) -> list[tuple[int, str]]:
    """Whom, and the end of the key."""
    async with core.db.read() as session:
        rows = await session.scalars(
            select(NotificationRow).filter_by(kind=kind).order_by(NotificationRow.id)
        )
        return [(each.member_id, each.key.rpartition(":")[2]) for each in rows]


async def run_jobs(core: Core) -> None:
    while await core.jobs.run_due():
        pass


async def open_case(core: Core, kind: CaseKind, key: str, guild_id: int = GUILD) -> None:
    async with core.db.begin() as session:
        draft = CaseDraft(
            guild_id=guild_id,
            kind=kind,
            source=Source.REPORT,
            reason="x",
            member_id=TROLL,
            moderator_id=7,
            source_key=key,
            state=CaseState.DONE,
        )
        await core.cases.open(session, draft)


async def test_reports_of_one_member_come_together_and_each_reporter_counts_once(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    message = replace(about(), message=MESSAGE, joined_at=clock.now() - DAY)
    first = await send(service, BEN, message)
    again = await send(service, BEN, replace(about(), words="And again"))
    second = await send(service, CLEO, replace(message, joined_at=clock.now() - DAY))
    third = await send(service, DORA, replace(about(), joined_at=clock.now() - 30 * DAY))
    assert {each.number for each in (first, again, second, third)} == {1}
    assert first.report_id == again.report_id != second.report_id and first.reach is Reach.CHANNEL
    item = await staff.look(MILO, (await items(core))[0].id)
    assert (item.people, item.noted.new, item.noted.is_burst) == (3, 2, True)
    assert item.words[0].words == "They insulted me\nAnd again" and item.words[0].times == 2
    assert all(each.member_id == 0 for each in item.words)  # who it was is nobody's business yet
    assert [each.text for each in item.evidence] == ["Nasty words"]
    assert len(await planned(core, model.ITEM_RENDERER)) == 1
    clock.advance(DAY + MINUTE)
    assert (await send(service, CLEO)).number == 2


async def test_two_at_once_about_one_member_make_one_item(service: ReportService, core: Core) -> None:
    receipts = await asyncio.gather(send(service, BEN), send(service, CLEO), send(service, DORA))
    assert {each.number for each in receipts} == {1} and len(await items(core)) == 1


async def test_many_of_one_person_are_put_together_apart_from_what_is_about_staff(
    service: ReportService, core: Core, clock: FixedClock
) -> None:
    for member in range(200, 205):
        await send(service, BEN, about(member))
    batch = [await send(service, BEN, about(member)) for member in (300, 301, 302)]
    assert {each.number for each in batch} == {6}
    [found] = [each for each in await items(core) if each.subject == Subject.BATCH]
    async with core.db.read() as session:
        words = (await session.scalars(select(ReportRow).filter_by(item_id=found.id))).one().words
    assert all(f"<@{member}>" in words for member in (300, 301, 302)) and found.subject_id == 0
    assert (await send(service, BEN, about(7, is_staff=True))).number == 7
    assert (await send(service, CLEO, about(300))).number == 8  # another one's stands alone
    for member in range(400, 421):
        await send(service, BEN, about(member))
    with pytest.raises(LimitReached):
        await send(service, BEN, about(500))
    clock.advance(HOUR + MINUTE)
    await send(service, BEN, about(500))


async def test_of_two_of_staff_who_take_it_at_once_one_has_it_and_gives_it_back(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service)
    [item] = await items(core)
    outcomes = await asyncio.gather(
        staff.take(MILO, item.id), staff.take(NORA, item.id), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Item", "TooSoon"]
    has, other = (MILO, NORA) if not isinstance(outcomes[0], BaseException) else (NORA, MILO)
    with pytest.raises(TooSoon):
        await staff.act(other, item.id)
    with pytest.raises(TooSoon):
        await staff.dismiss(other, item.id, "Nothing there", "")
    with pytest.raises(NotAllowed):
        await staff.give_back(other, item.id)
    assert await told(core, "reports.status") == [(BEN.member_id, "taken")]
    await staff.give_back(has, item.id)
    assert (await staff.take(other, item.id)).taken_by == other.member_id
    assert await told(core, "reports.status") == [(BEN.member_id, "taken")]  # told once
    clock.advance(HOUR)
    assert (await staff.take(has, item.id)).taken_by == has.member_id


async def test_what_was_taken_and_lies_still_goes_back_after_a_day_and_calls_again(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service)
    [item] = await items(core)
    await staff.take(MILO, item.id)
    clock.advance(12 * HOUR)
    await staff.look(MILO, item.id)  # they are working on it
    clock.advance(13 * HOUR)
    await run_jobs(core)
    assert (await items(core))[0].state == State.TAKEN
    clock.advance(11 * HOUR)
    await run_jobs(core)
    [after] = await items(core)
    assert (after.state, after.taken_by) == (State.OPEN, 0)
    assert [each.arguments["stage"] for each in await planned(core, model.CALL_RENDERER)] == ["moderators"]


async def test_a_case_that_comes_of_it_closes_it_and_only_the_reporters_hear(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    await send(service, BEN)
    await send(service, CLEO)
    [item] = await items(core)
    member_id, key = await staff.act(MILO, item.id)
    assert (member_id, key) == (TROLL, f"report:{item.id}")
    await open_case(core, CaseKind.WARN, key, OTHER)  # another server's case with the same word
    assert (await items(core))[0].state == State.TAKEN
    await open_case(core, CaseKind.WARN, key)
    [closed] = await items(core)
    assert (closed.state, closed.decided_by) == (State.ACTED, MILO.member_id)
    expected = {(each.member_id, state) for each in (BEN, CLEO) for state in ("taken", "acted")}
    assert set(await told(core, "reports.status")) == expected
    for work in (
        staff.take(NORA, item.id),
        staff.dismiss(NORA, item.id, "Late", ""),
        staff.act(MILO, item.id),
    ):
        with pytest.raises(AlreadyDone):
            await work
    assert (await send(service, DORA)).number == 2  # what is decided is not joined
    earlier = (await staff.look(MILO, (await items(core))[1].id)).before
    assert earlier == (Earlier(1, Category.HARASSMENT, State.ACTED),)


async def test_no_breach_wants_a_line_for_staff_and_gives_one_to_who_reported(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    receipt = await send(service)
    [item] = await items(core)
    with pytest.raises(InvalidInput):
        await staff.dismiss(MILO, item.id, " ", "Thanks")
    closed = await staff.dismiss(MILO, item.id, "A joke between friends", "Thank you, we spoke with both.")
    assert closed.state is State.NO_BREACH and closed.note == "A joke between friends"
    [own] = await service.own(BEN)
    assert own.sentence == "Thank you, we spoke with both." and await service.own(CLEO) == ()
    assert (await service.one(Who(None, BEN.member_id), receipt.report_id)).state is State.NO_BREACH
    for who in (Who(None, CLEO.member_id), Who(OTHER, BEN.member_id)):
        with pytest.raises(NotFound):
            await service.one(who, receipt.report_id)


async def test_whom_of_staff_it_is_about_neither_sees_it_nor_is_told_and_the_others_are(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    receipt = await send(service, BEN, about(MILO.member_id, is_staff=True))
    assert receipt.reach is Reach.PEOPLE and await planned(core, model.ITEM_RENDERER) == []
    assert await told(core, "reports.waiting") == [(NORA.member_id, str(NORA.member_id))]
    [item] = await items(core)
    assert (await staff.queue(MILO)).items == () and len((await staff.queue(NORA)).items) == 1
    for work in (
        staff.look(MILO, item.id),
        staff.take(MILO, item.id),
        staff.act(MILO, item.id),
        staff.dismiss(MILO, item.id, "All fine", ""),
        staff.names(MILO, item.id, "Curious"),
    ):
        with pytest.raises(NotFound):
            await work
    async with core.db.read() as session:
        assert await service.open_items(session, GUILD, Translations().for_locale("en")) == []
    await staff.names(NORA, item.id, "To talk to them")
    async with core.db.read() as session:
        [row] = await session.scalars(select(AuditRow).filter_by(area=AREA))
    assert "number" not in row.fields  # they may read the record of changes


async def test_about_the_only_one_of_staff_or_the_owner_the_reporter_learns_where_else(
    service: ReportService, core: Core
) -> None:
    people = core.guards.look
    assert isinstance(people, Staff)
    people.moderators, people.facilitators = {7}, {7}
    assert (await send(service, BEN, about(7, is_staff=True))).reach is Reach.NOBODY
    people.moderators = {7, OWNER}
    about_owner = await send(service, BEN, about(OWNER, is_owner=True))
    assert (about_owner.reach, about_owner.about_owner) == (Reach.PEOPLE, True)


async def test_without_a_staff_channel_each_of_staff_is_told_in_private_once(
    service: ReportService, core: Core, clock: FixedClock
) -> None:
    async with core.db.begin() as session:
        await core.configs.change(session, GUILD, GuildConfig, staff_channel_id=None)
    assert (await send(service)).reach is Reach.PEOPLE
    assert [who for who, _ in await told(core, "reports.waiting")] == [6, 7]
    clock.advance(HOUR + MINUTE)
    await run_jobs(core)
    assert [who for who, _ in await told(core, "reports.waiting")] == [6, 7, 8]


async def test_given_back_it_calls_the_others_anew_also_where_they_are_told_in_private(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service)
    await send(service, BEN, about(MILO.member_id, is_staff=True))
    shown, private = await items(core)
    await staff.take(NORA, shown.id)
    await staff.give_back(NORA, shown.id)  # by hand
    await staff.take(FARAH, private.id)
    clock.advance(HOUR + MINUTE)
    await run_jobs(core)
    calls = await planned(core, model.CALL_RENDERER)
    assert [each.arguments["stage"] for each in calls] == ["moderators", "facilitators"]
    clock.advance(DAY)
    await run_jobs(core)  # and because they lay still
    clock.advance(HOUR)
    await run_jobs(core)
    nora, farah = (NORA.member_id, str(NORA.member_id)), (FARAH.member_id, str(FARAH.member_id))
    assert await told(core, "reports.waiting") == [nora, nora, farah]
    assert len(await planned(core, model.CALL_RENDERER)) == len(calls)


async def test_what_is_quiet_and_has_no_card_is_told_to_each_once(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await staff.set_rules(FARAH, "30", "5", ["harassment"], names_shown=False)
    receipt = await send(service, BEN, about(MILO.member_id, is_staff=True))
    clock.advance(2 * HOUR)
    await run_jobs(core)
    assert receipt.reach is Reach.PEOPLE
    assert [who for who, _ in await told(core, "reports.waiting")] == [NORA.member_id]


async def test_a_report_about_staff_joins_none_from_when_they_were_a_member(
    service: ReportService,
) -> None:
    assert (await send(service, BEN)).reach is Reach.CHANNEL
    later = await send(service, CLEO, about(TROLL, is_staff=True))
    assert (later.number, later.reach) == (2, Reach.PEOPLE)
    assert (await send(service, DORA, about(TROLL, is_staff=True))).number == 2


async def test_untaken_it_calls_moderators_then_facilitators_and_never_again(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    async def on_duty(*_: object) -> frozenset[int]:
        return frozenset({7})

    core.duty.register(on_duty)
    await send(service)
    await send(service, BEN, about(67))  # a moment later: the same people are not called twice
    cards = await planned(core, model.ITEM_RENDERER)
    assert [each.arguments["stage"] for each in cards] == ["on_duty", None]
    clock.advance(10 * MINUTE)
    await run_jobs(core)
    calls = await planned(core, model.CALL_RENDERER)
    assert [each.arguments["stage"] for each in calls] == ["moderators"]  # for one of the two
    await staff.take(MILO, (await items(core))[0].id)
    clock.advance(3 * HOUR)
    await run_jobs(core)
    calls = await planned(core, model.CALL_RENDERER)
    assert [each.arguments["stage"] for each in calls] == ["moderators", "facilitators"]
    assert calls[-1].arguments["item_id"] == (await items(core))[1].id


async def test_what_a_community_wants_quiet_calls_nobody(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    with pytest.raises(NotAllowed):
        await staff.set_rules(MILO, "30", "5", ["harassment"], names_shown=False)
    with pytest.raises(InvalidInput):
        await staff.set_rules(FARAH, "0", "5", [], names_shown=False)
    settings = await staff.set_rules(FARAH, "30", "5", ["harassment", "forged"], names_shown=True)
    assert dict(settings.quiet) == {"harassment": True} == dict((await staff.rules_for(FARAH)).quiet)
    await send(service)
    clock.advance(2 * HOUR)
    await run_jobs(core)
    [card] = await planned(core, model.ITEM_RENDERER)
    assert card.arguments["stage"] is None and await planned(core, model.CALL_RENDERER) == []
    await send(service, CLEO, replace(about(), category=Category.SELF_HARM))  # what joins it is not quiet
    assert [each.arguments["stage"] for each in await planned(core, model.CALL_RENDERER)] == ["moderators"]
    clock.advance(2 * HOUR)
    await run_jobs(core)
    called = [each.arguments["stage"] for each in await planned(core, model.CALL_RENDERER)]
    assert called == ["moderators", "facilitators"]
    assert (await staff.look(MILO, (await items(core))[0].id)).words[0].member_id == BEN.member_id


async def test_who_reported_is_asked_with_a_reason_that_stays(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    await send(service)
    [item] = await items(core)
    with pytest.raises(InvalidInput):
        await staff.names(MILO, item.id, "...")
    named = await staff.names(MILO, item.id, "To ask what happened before")
    assert [each.member_id for each in named.words] == [BEN.member_id]
    async with core.db.read() as session:
        [row] = await session.scalars(select(AuditRow).filter_by(area=AREA))
    assert (row.actor_id, row.why, row.fields) == (7, "To ask what happened before", {"number": 1})


async def test_words_and_copies_go_in_time_after_it_was_closed_also_while_reports_are_off(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service, BEN, replace(about(), message=MESSAGE))
    [item] = await items(core)
    clock.advance(100 * DAY)
    await run_jobs(core)
    assert (await staff.look(MILO, item.id)).evidence[0].text == "Nasty words"  # it waits still
    await staff.dismiss(MILO, item.id, "Old", "Thanks")
    clock.advance(89 * DAY)
    await run_jobs(core)
    assert (await staff.look(MILO, item.id)).words[0].words == "They insulted me"
    async with core.db.begin() as session:
        await core.features.switch(session, FARAH, AREA, on=False)
    clock.advance(DAY + 2 * HOUR)
    await run_jobs(core)
    after = await staff.look(MILO, item.id)
    assert after.words[0].words == "" and after.note is None and after.people == 1
    [kept] = after.evidence
    assert (kept.text, kept.attachments, kept.author_id) == (None, (), TROLL)


async def test_words_that_nobody_decides_on_go_after_a_year_and_what_is_said_at_the_end_too(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service, BEN)
    [item] = await items(core)
    clock.advance(364 * DAY)
    await run_jobs(core)
    assert (await staff.look(MILO, item.id)).words[0].words == "They insulted me"
    clock.advance(DAY + 2 * HOUR)
    await run_jobs(core)
    assert (await staff.look(MILO, item.id)).words[0].words == ""
    assert (await staff.dismiss(MILO, item.id, "Too old", "Sorry")).note == "Too old"
    clock.advance(91 * DAY)
    await run_jobs(core)
    assert (await staff.look(MILO, item.id)).note is None


async def test_a_deleted_reporter_is_gone_from_it_and_hears_nothing_and_the_report_stays(
    service: ReportService, staff: ReportStaff, core: Core, clock: FixedClock
) -> None:
    await send(service, BEN)
    await send(service, CLEO)
    for actor in (BEN, CLEO):
        async with core.db.begin() as session:
            await erase(session, GUILD, actor.member_id, limit=100, now=clock.now())
    [item] = await items(core)
    named = await staff.names(MILO, item.id, "To ask")
    assert named.people == 2 and [each.member_id for each in named.words] == [0, 0]
    before = await told(core, "reports.status")
    await staff.dismiss(MILO, item.id, "Nothing", "")
    assert await told(core, "reports.status") == before


async def test_a_card_that_quotes_somebody_is_drawn_again_when_they_are_deleted(
    service: ReportService, calling: Calling, core: Core, clock: FixedClock
) -> None:
    core.erasure.redraw_about_with(calling.forget)
    await send(service, BEN, replace(about(), message=MESSAGE))
    [before] = await items(core)
    async with core.db.begin() as session:
        await core.erasure.ask(session, GUILD, TROLL)
    clock.advance(DAY)
    await run_jobs(core)
    [after] = await items(core)
    async with core.db.read() as session:
        edits = await session.scalars(select(OutboxRow.key).filter_by(kind="edit"))
        assert f"reports.item:{after.id}:v{after.version}" in set(edits)
        assert await evidence_storage.list_of(session, REPORT, after.id) == []
    assert after.version > before.version and after.subject_id == TROLL


async def test_nobody_else_works_on_reports_and_no_other_server(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    await send(service)
    [item] = await items(core)
    for work in (
        staff.queue(BEN),
        staff.look(BEN, item.id),
        staff.take(BEN, item.id),
        staff.act(BEN, item.id),
    ):
        with pytest.raises(NotAllowed):
            await work
    for work in (staff.look(ELSEWHERE, item.id), staff.take(ELSEWHERE, item.id)):
        with pytest.raises(NotFound):
            await work
    assert (await staff.queue(ELSEWHERE)).items == ()
    assert len((await staff.queue(FARAH)).items) == 1  # a facilitator is called, so they can work on it


async def test_a_report_without_a_name_wants_words_and_a_choice_before_acting(
    service: ReportService, staff: ReportStaff, core: Core
) -> None:
    situation = Sending(category=Category.OTHER, words=" ", bot_id=BOT)
    with pytest.raises(InvalidInput):
        await service.send(BEN, situation)
    await service.send(BEN, replace(situation, words="Two people\x00 post each other's address"))
    [item] = await items(core)
    assert item.subject == Subject.SITUATION
    assert await staff.act(MILO, item.id) == (0, f"report:{item.id}")
    assert await staff.act(MILO, item.id, TROLL) == (TROLL, f"report:{item.id}")
    with pytest.raises(NotAllowed):
        await staff.act(MILO, item.id, MILO.member_id)
    await send(service, CLEO)
    assert (await staff.act(MILO, (await items(core))[1].id, 12345))[
        0
    ] == TROLL  # a forged choice changes nobody


async def test_evidence_has_an_end_and_the_same_message_is_kept_once(
    service: ReportService, core: Core
) -> None:
    for number in range(rules.MOST_PIECES + 3):
        message = replace(MESSAGE, message_id=number, text="x" * 4000)
        await send(service, Actor(GUILD, 1000 + number), replace(about(), message=message))
        await send(service, Actor(GUILD, 2000 + number), replace(about(), message=message))
    [item] = await items(core)
    async with core.db.read() as session:
        kept = await evidence_storage.list_of(session, REPORT, item.id)
        assert len(kept) == rules.MOST_PIECES == len({each.message_id for each in kept})
        assert await session.scalar(select(EvidenceRow.id).filter_by(message_id=11)) is None
