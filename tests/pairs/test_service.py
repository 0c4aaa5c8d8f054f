"""Taking part, and the rounds, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.authority import MANAGE_GUILD, Actor
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, NotConfigured, NotFound
from bot.i18n import Translations
from bot.jobs import Job
from cogs.pairs import render_staff
from cogs.pairs.model import (
    ASK_JOB,
    CLOSE_JOB,
    LEFT_KIND,
    MET,
    ROUND_JOB,
)
from cogs.pairs.rounds import REASON_CHANGED, Prepared, seed_of
from cogs.pairs.rules import Outcome, Why
from storage import members
from storage.acts import ActRow
from storage.database import Database
from storage.jobs import JobRow
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from storage.pairs import (
    PairGroupRow,
    PairMemberRow,
    PairPersonRow,
    PairRoundRow,
)
from tests.clocks import FixedClock
from tests.pairs.stand import DAY, FARAH, GUILD, OTHER_GUILD, Stand, actor, acts, count, stand_on

# ---------------------------------------------------------------------------------------------- taking part


async def test_joining_twice_changes_only_what_was_said(stand: Stand) -> None:
    first = await stand.service.join(actor(12), days="mon", teach="SQL")
    second = await stand.service.join(actor(12), learn="Rust")
    assert first.is_new and not second.is_new
    assert (second.weekdays, second.teach, second.learn) == (1, ("SQL",), ("Rust",))
    with pytest.raises(InvalidInput):
        await stand.service.join(actor(12), days="blue")
    assert (await stand.service.change(actor(12), [], "", "")).weekdays == 127


async def test_without_joining_nothing_can_be_skipped_or_left(stand: Stand) -> None:
    with pytest.raises(NotFound):
        await stand.service.skip(actor(12))
    with pytest.raises(AlreadyDone):
        await stand.service.leave(actor(12))


# ---------------------------------------------------------------------------------------------- by the schedule


async def due_job(stand: Stand, clock: FixedClock) -> Job:
    """The job of the first round: Monday 16:00."""
    await stand.staff.set_rhythm(FARAH, [0], "16:00", 1)
    clock.advance(timedelta(hours=8))
    await stand.core.schedules.materialise_due()
    async with stand.core.db.read() as session:
        row = (await session.scalars(select(JobRow).filter_by(name=ROUND_JOB))).one()
    return Job(
        row.id,
        row.name,
        row.guild_id,
        row.key,
        row.payload,
        row.run_at,
        1,
        row.schedule_id,
        datetime.fromisoformat(row.nominal or ""),
    )


async def test_a_round_is_groups_threads_cards_and_jobs(stand: Stand, clock: FixedClock) -> None:
    await stand.join(12, 13, 14, 15, 16)
    job = await due_job(stand, clock)
    await stand.core.jobs.run_due()
    groups = await stand.groups()
    assert sorted(len(members) for _, members in groups) == [2, 3]
    async with stand.core.db.read() as session:
        kinds = [row.kind for row in await session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
        [held] = await session.scalars(select(PairRoundRow))
    assert sorted(kinds) == ["open_room", "open_room", "post", "post"]
    assert held.seed == seed_of(GUILD, f"{job.schedule_id} {job.nominal and job.nominal.isoformat()}")
    assert (
        await count(stand.core, JobRow, name=ASK_JOB) == await count(stand.core, JobRow, name=CLOSE_JOB) == 2
    )


async def test_two_processes_draw_the_same_pairs_and_hold_one_round(
    stand: Stand, database: Database, clock: FixedClock
) -> None:
    await stand.join(*range(12, 32))
    job = await due_job(stand, clock)
    other = stand_on(Core.build(Database(database.url.render_as_string(hide_password=False)), clock))
    mine, theirs = await stand.rounds.prepare(job), await other.rounds.prepare(job)
    assert mine.drawn == theirs.drawn and len(mine.drawn.groups) == 10

    async def hold(at: Stand, prepared: Prepared) -> object:
        async with at.core.db.begin() as session:
            return await at.rounds.due(session, job, prepared)

    results = await asyncio.gather(hold(stand, mine), hold(other, theirs))
    assert sum(each is None for each in results) == 1
    assert {members for _, members in await stand.groups()} == set(mine.drawn.groups)
    assert await count(stand.core, PairRoundRow) == 1
    await other.core.db.close()


async def test_a_minute_more_or_less_since_the_rounds_before_changes_nothing(
    stand: Stand, clock: FixedClock
) -> None:
    """A bot that was killed draws a little later, and one that was late a week ago earlier than that."""
    await stand.join(*range(12, 19))
    job = await due_job(stand, clock)
    clock.advance(timedelta(seconds=20))
    await stand.core.jobs.run_due()
    clock.advance(7 * DAY - timedelta(seconds=15))
    early = await stand.rounds.prepare(job)
    clock.advance(timedelta(seconds=40))
    late = await stand.rounds.prepare(job)
    assert {each.weeks_ago for each in early.inputs.together.values()} == {1}
    assert (early.inputs, early.drawn) == (late.inputs, late.drawn)


async def test_what_changed_while_it_was_drawn_is_drawn_again(stand: Stand, clock: FixedClock) -> None:
    await stand.join(12, 13)
    job = await due_job(stand, clock)
    prepared = await stand.rounds.prepare(job)
    await stand.service.leave(actor(13))
    await stand.join(14)
    async with stand.core.db.begin() as session:
        skipped = await stand.rounds.due(session, job, prepared)
    assert skipped is not None and skipped.reason == REASON_CHANGED and await stand.groups() == []
    for _ in range(3):
        await stand.core.jobs.run_due()
    assert [members for _, members in await stand.groups()] == [(12, 14)]
    assert await count(stand.core, PairRoundRow) == 1


async def test_without_a_channel_or_anybody_there_is_no_round(stand: Stand, clock: FixedClock) -> None:
    await due_job(stand, clock)
    await stand.core.jobs.run_due()
    assert await count(stand.core, PairRoundRow) == 0
    await stand.staff.set_place(FARAH, None)
    await stand.join(12, 13)
    clock.advance(7 * DAY)
    await stand.core.schedules.materialise_due()
    await stand.core.jobs.run_due()
    assert await count(stand.core, PairRoundRow) == 0
    with pytest.raises(NotConfigured):
        await stand.rounds.preview(FARAH)


async def test_who_is_left_out_is_told_and_comes_first_until_they_are_paired(stand: Stand) -> None:
    await stand.join(12, 13, 14, 15)
    async with stand.core.db.begin() as session:
        for one, other in ((12, 13), (12, 14), (13, 14)):
            await stand.core.avoidances.add(session, GUILD, one, other)
    left: list[int] = []
    for _ in range(3):
        preview = await stand.rounds.preview(FARAH)
        assert {why for _, why in preview.left_out} == {Why.NOBODY_FITS} and len(preview.left_out) == 2
        left += [member for member, _ in preview.left_out]
        await stand.rounds.confirm(FARAH, preview.round_id)
    # Whoever was left out twice in a row would have been in the round between.
    assert {member: left.count(member) for member in (12, 13, 14)} == {12: 2, 13: 2, 14: 2}
    assert await count(stand.core, NotificationRow, kind=LEFT_KIND.name) == 6


async def test_of_those_who_left_the_past_counts_when_they_come_back(stand: Stand) -> None:
    await stand.join(12, 13, 14, 15)
    await stand.hold()
    before = {members for _, members in await stand.groups()}
    await stand.service.leave(actor(12))
    await stand.join(12)
    await stand.hold()
    await stand.hold()
    after = [members for _, members in await stand.groups()]
    assert len(after) == len(set(after)) == 6 and before < set(after)


# ---------------------------------------------------------------------------------------------- by hand


async def test_only_facilitators_preview_confirm_and_take_back(stand: Stand) -> None:
    await stand.join(12, 13)
    preview = await stand.rounds.preview(FARAH)
    for attempt in (
        stand.rounds.preview(actor(12)),
        stand.rounds.roll_again(actor(12), preview.round_id),
        stand.rounds.confirm(actor(12), preview.round_id),
        stand.rounds.undo(actor(12), preview.round_id),
        stand.staff.desk(actor(12)),
        stand.staff.set_place(actor(12), None),
        stand.staff.set_rhythm(actor(12), [0], "16:00", 1),
        stand.staff.set_weights(actor(12), 1, 1, 10),
        stand.staff.slow_down(actor(12)),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    stranger = Actor(OTHER_GUILD, 10, permissions=MANAGE_GUILD)
    with pytest.raises(NotFound):
        await stand.rounds.undo(stranger, preview.round_id)


async def test_of_two_previews_the_newer_stands(stand: Stand) -> None:
    await stand.join(12, 13)
    older, newer = await stand.rounds.preview(FARAH), await stand.rounds.preview(FARAH)
    with pytest.raises(NotFound):
        await stand.rounds.confirm(FARAH, older.round_id)
    assert await stand.rounds.confirm(FARAH, newer.round_id) is None
    with pytest.raises(AlreadyDone):
        await stand.rounds.confirm(FARAH, newer.round_id)


async def test_taken_back_everything_is_as_before(stand: Stand, clock: FixedClock) -> None:
    await stand.join(12, 13, 14)
    await stand.service.skip(actor(14))
    preview = await stand.rounds.preview(FARAH)
    await stand.rounds.confirm(FARAH, preview.round_id)
    assert not (await stand.service.status(actor(14))).skips_next
    await stand.meetings.say(actor(12), await stand.group_of(12), Outcome.MET)
    await stand.rounds.undo(FARAH, preview.round_id)
    assert (await stand.service.status(actor(14))).skips_next
    assert await acts(stand.core) == set() and (await stand.service.status(actor(12))).met == ()
    again = await stand.rounds.preview(FARAH)
    assert again.groups[0].times == 0
    with pytest.raises(AlreadyDone):
        await stand.rounds.undo(FARAH, preview.round_id)
    with pytest.raises(AlreadyDone, match="taken this round back"):
        await stand.meetings.say(actor(12), await stand.group_of(12), Outcome.MET)
    await stand.rounds.confirm(FARAH, again.round_id)
    clock.advance(timedelta(minutes=10, seconds=1))
    with pytest.raises(LimitReached):
        await stand.rounds.undo(FARAH, again.round_id)


async def test_taken_back_everybody_waits_since_when_they_waited_before(
    stand: Stand, clock: FixedClock
) -> None:
    """Round 1 pairs all four; round 2 leaves two out; 3 and 4, which leave others or the same out, are taken back."""
    await stand.join(12, 13, 14, 15)
    await stand.hold()
    async with stand.core.db.begin() as session:
        for one, other in ((12, 13), (12, 14), (13, 14)):
            await stand.core.avoidances.add(session, GUILD, one, other)
    clock.advance(DAY)
    await stand.hold()
    before = await waiting_of(stand)
    assert sorted(waits for *_, waits in before.values()) == [False, False, True, True]
    clock.advance(DAY)
    undone: list[int] = []
    for _ in range(2):
        preview = await stand.rounds.preview(FARAH)
        assert await stand.rounds.confirm(FARAH, preview.round_id) is None
        undone.append(preview.round_id)
    told = await count(stand.core, NotificationRow, kind=LEFT_KIND.name)
    assert await waiting_of(stand) != before and told == 6
    for round_id in reversed(undone):
        await stand.rounds.undo(FARAH, round_id)
    assert await waiting_of(stand) == before


async def waiting_of(stand: Stand) -> dict[int, tuple[int | None, bool]]:
    """Of each the last round in which they were paired, and whether they come first."""
    async with stand.core.db.read() as session:
        rows = list(await session.scalars(select(PairMemberRow)))
    return {
        row.member_id: (row.paired_in, (await stand.service.status(actor(row.member_id))).comes_first)
        for row in rows
    }


async def test_a_round_is_taken_back_whole_while_somebody_says_that_they_met(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two transactions at once: whichever comes second sees what the first has done."""
    await stand.join(12, 13)
    preview = await stand.rounds.preview(FARAH)
    await stand.rounds.confirm(FARAH, preview.round_id)
    group = await stand.group_of(12)
    half_way, go_on = asyncio.Event(), asyncio.Event()
    record = stand.core.ledger.record

    async def slow_record(*given: Any) -> Any:
        half_way.set()
        await go_on.wait()
        return await record(*given)

    monkeypatch.setattr(stand.core.ledger, "record", slow_record)
    saying = asyncio.create_task(stand.meetings.say(actor(12), group, Outcome.MET))
    await half_way.wait()
    undoing = asyncio.create_task(stand.rounds.undo(FARAH, preview.round_id))
    await asyncio.sleep(0.3)  # long enough for it to come to where it has to wait
    go_on.set()
    await asyncio.gather(saying, undoing)
    assert await acts(stand.core) == set() and await count(stand.core, ActRow, kind=MET) == 2
    async with stand.core.db.read() as session:
        edits = list(await session.scalars(select(OutboxRow.key).filter_by(kind="edit")))
        people = list(await session.scalars(select(PairPersonRow)))
    assert len(edits) == 2, "one card for what was said, one for what was taken back"
    assert [each.act_id for each in people] == [None, None]


async def test_who_should_share_hours_is_a_wish_that_is_told_when_it_fails(stand: Stand) -> None:
    """Three in Europe and one in Auckland, whose waking hours are two and not four of theirs."""
    await stand.join(12, 13, 14, 15)
    async with stand.core.db.begin() as session:
        for member_id, zone in ((12, "UTC"), (13, "UTC"), (14, "UTC"), (15, "Pacific/Auckland")):
            await members.change_member(session, GUILD, member_id, zone=zone)
    with pytest.raises(InvalidInput):
        await stand.staff.set_weights(FARAH, 0, 2, 10, least_hours=5)
    await stand.staff.set_weights(FARAH, 0, 2, 10, least_hours=4)
    preview = await stand.rounds.preview(FARAH)
    assert preview.weights.least_hours == 4 and len(preview.groups) == 2 and not preview.left_out
    text = str(render_staff.preview_card(preview, Translations().for_locale("en")))
    assert text.count("instead of 4") == 1


async def test_a_rhythm_is_chosen_slowed_down_and_ended(stand: Stand) -> None:
    await stand.staff.set_rhythm(FARAH, [3, 0], "9:30", 1)
    desk = await stand.staff.desk(FARAH)
    assert desk.rhythm is not None and (desk.rhythm.days, desk.rhythm.weeks) == ((0, 3), 1)
    assert desk.next_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    await stand.staff.slow_down(FARAH)
    desk = await stand.staff.desk(FARAH)
    assert desk.rhythm is not None and desk.rhythm.weeks == 2
    await stand.staff.set_rhythm(FARAH, [], "9:30", 1)
    assert (await stand.staff.desk(FARAH)).rhythm is None
    for bad in ((4, 1, 10), (1, -1, 10), (1, 1, 1), (1, 1, 29)):
        with pytest.raises(InvalidInput):
            await stand.staff.set_weights(FARAH, *bad)


async def test_two_people_who_meet_again_and_again_get_another_ice_breaker_each_time(stand: Stand) -> None:
    await stand.join(12, 13)
    for _ in range(6):
        await stand.hold()
    async with stand.core.db.read() as session:
        starters = [row.starter for row in await session.scalars(select(PairGroupRow))]
    assert len(set(starters)) == 6
    [proposed] = (await stand.rounds.preview(FARAH)).groups
    assert proposed.times == 6


async def test_killed_at_any_statement_nothing_is_left_and_then_the_same_pairs_are_held(
    stand: Stand, clock: FixedClock
) -> None:
    """Each try dies one statement later than the one before, until one gets through."""
    await stand.join(*range(12, 19))
    job = await due_job(stand, clock)
    wanted = (await stand.rounds.prepare(job)).drawn
    engine = stand.core.db.engine.sync_engine
    left = [0]

    def die(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise RuntimeError("killed")

    event.listen(engine, "before_cursor_execute", die)
    deaths = 0
    while True:
        prepared = await stand.rounds.prepare(job)
        assert prepared.drawn == wanted
        try:
            async with stand.core.db.begin() as session:
                left[0] = deaths + 1
                assert await stand.rounds.due(session, job, prepared) is None
                left[0] = 0
            break
        except RuntimeError:
            left[0] = 0
            deaths += 1
            assert await stand.groups() == [] and await count(stand.core, PairRoundRow) == 0
    event.remove(engine, "before_cursor_execute", die)
    assert deaths > 10 and tuple(members for _, members in await stand.groups()) == wanted.groups
    assert await count(stand.core, OutboxRow) == 2 * len(wanted.groups)
