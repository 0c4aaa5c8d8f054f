"""The use cases of challenges on both databases: handing in, lateness, races, and nothing shared between servers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.authority import Actor
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, NotConfigured, NotFound
from bot.guild_config import GuildConfig
from cogs.challenges import model
from cogs.challenges.definition import to_json
from cogs.challenges.model import Kept, Receipt
from cogs.challenges.rules import Kind, Lateness, State, Track
from cogs.challenges.shipped import shipped
from cogs.challenges.submissions import MOST_VERSIONS
from storage.challenges import ChallengeRow, EntryRow, SubmissionRow
from storage.jobs import JobRow
from tests.challenges.conftest import ANN, BEN, ELSEWHERE, FARAH, GUILD, TYPED, Bench

SUNDAY = datetime(2026, 1, 11, 20, tzinfo=UTC)
GRACE = SUNDAY + timedelta(hours=12)
RESULTS = datetime(2026, 1, 12, 18, tzinfo=UTC)


async def state_of(bench: Bench, challenge_id: int) -> State:
    return (await bench.staff.find(FARAH, challenge_id)).state


class TestHandingIn:
    async def test_joining_and_handing_in_count_once_each(self, bench: Bench) -> None:
        challenge = await bench.opened()
        for _ in range(2):
            await bench.service.join(ANN, challenge.id, "stretch", remind=False)
            assert isinstance(await bench.hand_in(ANN, challenge), Receipt)
        assert [len(await bench.acts(kind)) for kind in (model.JOINED, model.SUBMITTED, model.COMPLETED)] == [
            1,
            1,
            1,
        ]
        [submitted] = await bench.acts(model.SUBMITTED)
        assert submitted.details == {"challenge_id": challenge.id, "track": "stretch", "late": "on_time"}

    async def test_each_version_is_kept_and_the_receipt_names_it(self, bench: Bench) -> None:
        challenge = await bench.opened()
        first = await bench.hand_in(ANN, challenge, work="One")
        second = await bench.hand_in(ANN, challenge, work="Two")
        assert isinstance(first, Receipt) and isinstance(second, Receipt)
        assert (first.submission.version, second.submission.version) == (1, 2)
        assert (
            first.submission.id != second.submission.id and first.submission.received_at == bench.clock.now()
        )
        async with bench.core.db.read() as session:
            contents = list(
                await session.scalars(select(SubmissionRow.content).order_by(SubmissionRow.version))
            )
        assert contents == ["One", "Two"]

    async def test_without_a_look_back_it_is_finished_and_not_completed(self, bench: Bench) -> None:
        challenge = await bench.opened()
        receipt = await bench.hand_in(ANN, challenge, learned="", confidence=None)
        assert isinstance(receipt, Receipt) and not receipt.is_completed
        assert len(await bench.acts(model.SUBMITTED)) == 1 and await bench.acts(model.COMPLETED) == []
        await bench.hand_in(ANN, challenge)
        assert len(await bench.acts(model.COMPLETED)) == 1

    async def test_what_cannot_be_taken_is_kept_and_offered_again(self, bench: Bench) -> None:
        challenge = await bench.opened()
        kept = await bench.hand_in(ANN, challenge, work=" \n", learned="A lot")
        assert isinstance(kept, Kept) and kept.problem is not None
        _, typed = await bench.submissions.begin(ANN)
        assert typed["learned"] == "A lot" and await bench.acts(model.SUBMITTED) == []
        await bench.hand_in(ANN, challenge, work="Here")
        _, typed = await bench.submissions.begin(ANN)
        assert typed["work"] == "Here"  # the draft has gone, what was handed in is what one begins with
        assert (await bench.service.mine(ANN)).drafts == ()

    async def test_a_draft_is_nobodys_but_its_authors(self, bench: Bench) -> None:
        challenge = await bench.opened()
        kept = await bench.hand_in(ANN, challenge, work="Secret", later=True)
        assert isinstance(kept, Kept) and kept.problem is None
        assert (await bench.submissions.begin(BEN))[1] == {}
        assert (
            len((await bench.service.mine(ANN)).drafts) == 1 and (await bench.service.mine(BEN)).drafts == ()
        )

    async def test_four_thousand_hostile_characters_fit(self, bench: Bench) -> None:
        challenge = await bench.opened()
        receipt = await bench.hand_in(
            ANN, challenge, work="@everyone*`|"[:8] * 500, learned="\x00\u202e" * 500 + "fine"
        )
        assert isinstance(receipt, Receipt)
        assert receipt.submission.kind is Kind.TEXT and receipt.submission.learned == "fine"

    async def test_what_is_handed_in_at_the_closing_second_counts_by_when_it_was_received(
        self, bench: Bench
    ) -> None:
        challenge = await bench.opened()
        received = SUNDAY + timedelta(milliseconds=900)
        await bench.go_to(SUNDAY + timedelta(seconds=3))
        assert await state_of(bench, challenge.id) is State.CLOSING
        in_time = await bench.submissions.submit(ANN, challenge.id, {"work": "x"}, received_at=received)
        late = await bench.hand_in(BEN, challenge)
        assert isinstance(in_time, Receipt) and isinstance(late, Receipt)
        assert in_time.submission.late is Lateness.ON_TIME and late.submission.late is Lateness.IN_GRACE

    async def test_nobody_can_claim_to_have_been_earlier_than_an_interaction_lasts(
        self, bench: Bench
    ) -> None:
        challenge = await bench.opened()
        await bench.go_to(SUNDAY + timedelta(hours=1))
        claimed = await bench.submissions.submit(
            ANN, challenge.id, {"work": "x"}, received_at=SUNDAY - timedelta(days=1)
        )
        ahead = await bench.submissions.submit(
            BEN, challenge.id, {"work": "x"}, received_at=SUNDAY + timedelta(days=9)
        )
        assert isinstance(claimed, Receipt) and isinstance(ahead, Receipt)
        assert {claimed.submission.late, ahead.submission.late} == {Lateness.IN_GRACE}

    async def test_later_than_the_grace_is_as_the_policy_says(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.go_to(GRACE + timedelta(hours=1))
        receipt = await bench.hand_in(ANN, challenge)
        assert isinstance(receipt, Receipt) and receipt.submission.late is Lateness.LATER
        assert receipt.late_by == 13 * 60
        await bench.rhythm.set_policy(FARAH, "12", "refuse", ranking=False)
        refused = await bench.hand_in(BEN, challenge)
        assert isinstance(refused, Kept) and "next one" in str(refused.problem)

    async def test_five_hundred_at_once_are_all_there(self, bench: Bench) -> None:
        challenge = await bench.opened()
        members = [Actor(GUILD, 1000 + index) for index in range(500)]
        gate = asyncio.Semaphore(50)

        async def one(actor: Actor) -> Receipt | Kept:
            async with gate:
                return await bench.hand_in(actor, challenge, work=f"Work of {actor.member_id}")

        receipts = await asyncio.gather(*(one(actor) for actor in members))
        assert all(isinstance(each, Receipt) for each in receipts)
        assert len({each.submission.id for each in receipts if isinstance(each, Receipt)}) == 500
        async with bench.core.db.read() as session:
            rows = {row.member_id: row.content for row in await session.scalars(select(SubmissionRow))}
        assert rows == {actor.member_id: f"Work of {actor.member_id}" for actor in members}
        assert len(await bench.acts(model.SUBMITTED)) == 500

    async def test_one_member_pressing_twice_at_once_makes_two_versions(self, bench: Bench) -> None:
        challenge = await bench.opened()
        both = await asyncio.gather(*(bench.hand_in(ANN, challenge, work=str(at)) for at in range(2)))
        assert sorted(each.submission.version for each in both if isinstance(each, Receipt)) == [1, 2]

    async def test_versions_come_to_an_end_and_the_last_one_stands(self, bench: Bench) -> None:
        challenge = await bench.opened()
        for _ in range(MOST_VERSIONS):
            assert isinstance(await bench.hand_in(ANN, challenge), Receipt)
        assert isinstance(await bench.hand_in(ANN, challenge, work="Once more"), Kept)

    async def test_too_much_in_store_is_refused_as_a_whole(self, bench: Bench) -> None:
        for index in range(24):
            await bench.workshop.copy(FARAH, index)
        everything = (await bench.workshop.export(FARAH, None)).encode()
        await bench.workshop.upload(FARAH, everything)
        with pytest.raises(LimitReached):
            await bench.workshop.upload(FARAH, everything)
        assert len((await bench.staff.overview(FARAH)).drafts) == 48

    async def test_late_ones_while_the_results_are_out_do_not_stand_in_each_others_way(
        self, bench: Bench
    ) -> None:
        challenge = await bench.opened()
        await bench.go_to(RESULTS + timedelta(hours=1))
        members = [Actor(GUILD, 1000 + index) for index in range(20)]
        receipts = await asyncio.gather(*(bench.hand_in(actor, challenge) for actor in members))
        assert all(isinstance(each, Receipt) for each in receipts)
        assert len(await bench.effects(model.RESULTS_RENDERER)) == 1 + 20
        assert len(await bench.acts(model.CLOSED)) == 20


class TestBeingIn:
    async def test_leaving_and_coming_back(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.service.join(ANN, challenge.id, "core", remind=True)
        await bench.service.leave(ANN, challenge.id)
        await bench.service.leave(ANN, challenge.id)
        assert (await bench.service.standing(ANN, challenge.id)).track is None
        await bench.service.join(ANN, challenge.id, "stretch", remind=False)
        assert (await bench.service.standing(ANN, challenge.id)).track is Track.STRETCH
        assert len(await bench.acts(model.JOINED)) == 1

    async def test_what_was_handed_in_cannot_be_left(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.hand_in(ANN, challenge)
        with pytest.raises(InvalidInput, match="yours for good"):
            await bench.service.leave(ANN, challenge.id)

    @pytest.mark.parametrize("track", ["warm_up", "easy", ""])
    async def test_only_tracks_that_it_has_can_be_chosen(self, bench: Bench, track: str) -> None:
        challenge = await bench.opened()
        with pytest.raises(InvalidInput, match="tracks"):
            await bench.service.join(ANN, challenge.id, track, remind=False)

    async def test_nothing_is_taken_before_it_opens_nor_from_another_server(self, bench: Bench) -> None:
        queued = await bench.queued()
        for actor in (ANN, Actor(2, 20)):
            with pytest.raises(NotFound):
                await bench.service.join(actor, queued.id, "core", remind=False)
            with pytest.raises(NotFound):
                await bench.hand_in(actor, queued)
        opened = await bench.staff.open_now(FARAH, queued.id)
        with pytest.raises(NotFound):
            await bench.hand_in(Actor(2, 20), opened)

    async def test_reminders_go_once_to_who_joined_asked_and_has_not_handed_in(self, bench: Bench) -> None:
        challenge = await bench.opened()
        asked, done, left, silent = (Actor(GUILD, 30 + at) for at in range(4))
        for actor in (asked, done, left):
            _, at = await bench.service.join(actor, challenge.id, "core", remind=True)
            assert at == SUNDAY - timedelta(days=1)
        await bench.service.join(silent, challenge.id, "core", remind=False)
        await bench.hand_in(done, challenge)
        await bench.service.leave(left, challenge.id)
        await bench.service.join(asked, challenge.id, "core", remind=True)
        await bench.go_to(SUNDAY - timedelta(minutes=1))
        assert [row.member_id for row in await bench.effects(model.REMINDER_RENDERER)] == [asked.member_id]

    async def test_a_reminder_moves_with_the_deadline(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.service.join(ANN, challenge.id, "core", remind=True)
        later = SUNDAY + timedelta(days=2)
        await bench.staff.extend(FARAH, int(later.timestamp()))
        await bench.go_to(SUNDAY)
        assert await bench.effects(model.REMINDER_RENDERER) == []
        await bench.go_to(later)
        assert len(await bench.effects(model.REMINDER_RENDERER)) == 1

    async def test_suggestions_are_counted_and_credited_with_consent(self, bench: Bench) -> None:
        await bench.service.suggest(ANN, "Named", "Do it", credit=True)
        await bench.service.suggest(BEN, "Unnamed", "Do it", credit=False)
        for _ in range(4):
            await bench.service.suggest(ANN, "More", "Do it", credit=True)
        with pytest.raises(LimitReached):
            await bench.service.suggest(ANN, "Too much", "Do it", credit=True)
        first, second, *_ = (await bench.staff.overview(FARAH)).suggestions
        named = await bench.workshop.take_up(FARAH, first.id)
        unnamed = await bench.workshop.take_up(FARAH, second.id)
        assert (named.credit_id, unnamed.credit_id) == (ANN.member_id, None)
        with pytest.raises(NotFound):
            await bench.workshop.take_up(FARAH, first.id)
        with pytest.raises(InvalidInput):
            await bench.service.suggest(BEN, "", "Do it", credit=False)


class TestTheWeek:
    async def test_from_draft_to_archive_each_at_its_hour(self, bench: Bench) -> None:
        challenge = await bench.opened()
        assert (challenge.closes_at, challenge.grace_until, challenge.results_at) == (SUNDAY, GRACE, RESULTS)
        await bench.hand_in(ANN, challenge)
        seen: list[State] = []
        for moment in (SUNDAY - timedelta(seconds=1), SUNDAY, GRACE, RESULTS, SUNDAY + timedelta(days=14)):
            await bench.go_to(moment)
            seen.append(await state_of(bench, challenge.id))
        assert seen == [State.OPEN, State.CLOSING, State.REVIEW, State.RESULTS, State.RESULTS]
        await bench.go_to(RESULTS + timedelta(days=14))
        assert await state_of(bench, challenge.id) is State.ARCHIVED
        assert [act.member_id for act in await bench.acts(model.CLOSED)] == [ANN.member_id]
        assert len([e for e in await bench.effects(model.RESULTS_RENDERER) if e.kind == "post"]) == 1

    async def test_a_queue_is_worked_off_week_by_week_and_staff_are_told_when_it_is_short(
        self, bench: Bench
    ) -> None:
        async with bench.core.db.begin() as session:
            await bench.core.configs.change(session, GUILD, GuildConfig, staff_channel_id=99)
        first, second, third = [await bench.queued(title) for title in "ABC"]
        await bench.staff.move(FARAH, third.id, -2)
        await bench.rhythm.set_rhythm(FARAH, (0, "09:00"), (6, "20:00"), "18:00")
        opened: list[int] = []
        for week in range(4):
            await bench.go_to(datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(weeks=week))
            standing = await bench.service.current(ANN)
            assert standing is not None
            opened.append(standing.challenge.id)
        assert opened[:3] == [third.id, first.id, second.id]
        assert [row.arguments["left"] for row in await bench.effects(model.STOCK_RENDERER)] == [1, 0, 0]

    async def test_away_for_eight_days_it_goes_through_all_its_states_once(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.hand_in(ANN, challenge)
        bench.clock.advance(timedelta(days=8))
        await bench.work()
        assert await state_of(bench, challenge.id) is State.RESULTS
        assert len(await bench.effects(model.RESULTS_RENDERER)) == 1
        assert len(await bench.acts(model.CLOSED)) == 1

    async def test_the_deadline_that_was_shown_stays_when_the_clock_of_the_community_is_moved(
        self, bench: Bench
    ) -> None:
        await bench.rhythm.set_rhythm(FARAH, (0, "09:00"), (6, "20:00"), "18:00")
        await bench.queued("A")
        await bench.queued("B")
        await bench.go_to(datetime(2026, 1, 5, 9, tzinfo=UTC))
        async with bench.core.db.begin() as session:
            await bench.core.configs.change(session, GUILD, GuildConfig, zone="America/New_York")
            await bench.core.schedules.rezone(session, GUILD, "America/New_York")
        await bench.go_to(datetime(2026, 1, 6, tzinfo=UTC))
        standing = await bench.service.current(ANN)
        assert standing is not None and standing.challenge.closes_at == SUNDAY
        assert len((await bench.staff.overview(FARAH)).queue) == 1, "nothing opened twice in one week"
        await bench.go_to(datetime(2026, 1, 12, 14, 30, tzinfo=UTC))
        standing = await bench.service.current(ANN)
        assert standing is not None and standing.challenge.opened_at == datetime(2026, 1, 12, 14, tzinfo=UTC)

    async def test_a_rhythm_changed_after_this_weeks_opening_opens_no_second(self, bench: Bench) -> None:
        await bench.rhythm.set_rhythm(FARAH, (0, "09:00"), (1, "10:00"), "18:00")
        await bench.queued("A")
        await bench.queued("B")
        await bench.go_to(datetime(2026, 1, 5, 9, tzinfo=UTC))
        await bench.rhythm.set_rhythm(FARAH, (3, "09:00"), (1, "10:00"), "18:00")
        await bench.go_to(datetime(2026, 1, 10, tzinfo=UTC))
        assert len((await bench.staff.overview(FARAH)).queue) == 1
        stopped = await bench.rhythm.stop_rhythm(FARAH)
        assert stopped.rule is None and stopped.next_at is None
        await bench.go_to(datetime(2026, 1, 20, tzinfo=UTC))
        assert len((await bench.staff.overview(FARAH)).queue) == 1

    @pytest.mark.parametrize(
        ("now", "closes"),
        [
            # In Lisbon the clocks go forward on 29 March 2026 and back on 25 October, both on the closing Sunday.
            (datetime(2026, 3, 23, 9, tzinfo=UTC), datetime(2026, 3, 29, 19, tzinfo=UTC)),
            (datetime(2026, 10, 19, 9, tzinfo=UTC), datetime(2026, 10, 25, 20, tzinfo=UTC)),
        ],
    )
    async def test_eight_in_the_evening_stays_so_through_both_changes_of_the_clocks(
        self, bench: Bench, now: datetime, closes: datetime
    ) -> None:
        async with bench.core.db.begin() as session:
            await bench.core.configs.change(session, GUILD, GuildConfig, zone="Europe/Lisbon")
        bench.clock.advance(now - bench.clock.now())
        challenge = await bench.opened()
        assert challenge.closes_at == closes
        _, reminded = await bench.service.join(ANN, challenge.id, "core", remind=True)
        assert reminded is not None and closes - reminded in (timedelta(hours=23), timedelta(hours=25))


class TestFacilitators:
    async def test_members_and_strangers_may_do_none_of_it(self, bench: Bench) -> None:
        challenge = await bench.queued()
        staff, workshop, rhythm = bench.staff, bench.workshop, bench.rhythm
        for attempt in (
            staff.overview(ANN),
            staff.find(ANN, challenge.id),
            staff.queue(ANN, challenge.id),
            staff.move(ANN, challenge.id, 1),
            staff.remove(ANN, challenge.id),
            staff.open_now(ANN, challenge.id),
            staff.close_now(ANN, challenge.id),
            staff.extend(ANN, 2_000_000_000),
            workshop.create(ANN, TYPED),
            workshop.edit(ANN, challenge.id, TYPED),
            workshop.copy(ANN, 0),
            workshop.upload(ANN, b""),
            workshop.export(ANN, None),
            rhythm.set_rhythm(ANN, (0, "9"), (6, "20"), "18"),
            rhythm.set_policy(ANN, "0", "accept", ranking=True),
        ):
            with pytest.raises(NotAllowed):
                await attempt
        with pytest.raises(NotFound):
            await staff.find(ELSEWHERE, challenge.id)
        with pytest.raises(NotFound):
            await staff.open_now(ELSEWHERE, challenge.id)

    async def test_two_open_at_once_and_one_of_them_is_told(self, bench: Bench) -> None:
        first, second = await bench.queued("A"), await bench.queued("B")
        results = await asyncio.gather(
            bench.staff.open_now(FARAH, first.id),
            bench.staff.open_now(FARAH, second.id),
            return_exceptions=True,
        )
        assert sorted(isinstance(each, AlreadyDone) for each in results) == [False, True]
        assert len([row for row in await bench.effects(model.POST_RENDERER) if row.kind == "post"]) == 1

    async def test_the_same_pressed_twice_opens_once(self, bench: Bench) -> None:
        challenge = await bench.queued()
        results = await asyncio.gather(
            *(bench.staff.open_now(FARAH, challenge.id) for _ in range(2)), return_exceptions=True
        )
        assert sorted(isinstance(each, AlreadyDone) for each in results) == [False, True]

    async def test_what_lacks_something_waits(self, bench: Bench) -> None:
        draft = await bench.workshop.create(FARAH, {"title": "Only this", "minutes": "30"})
        with pytest.raises(InvalidInput, match="still needs"):
            await bench.staff.queue(FARAH, draft.id)
        with pytest.raises(InvalidInput, match="still needs"):
            await bench.staff.open_now(FARAH, draft.id)
        whole = await bench.workshop.edit(FARAH, draft.id, TYPED)
        assert (await bench.staff.queue(FARAH, whole.id)).state is State.QUEUED
        with pytest.raises(InvalidInput, match="Nothing was changed"):
            await bench.workshop.edit(FARAH, draft.id, {"core": " "})

    async def test_without_a_channel_nothing_opens(self, bench: Bench) -> None:
        draft = await bench.workshop.create(ELSEWHERE, TYPED)
        with pytest.raises(NotConfigured):
            await bench.staff.open_now(ELSEWHERE, draft.id)

    async def test_closed_by_hand_the_old_deadline_does_nothing_more(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.go_to(datetime(2026, 1, 7, 12, tzinfo=UTC))
        closed = await bench.staff.close_now(FARAH, challenge.id)
        assert closed.state is State.CLOSING and closed.results_at == datetime(2026, 1, 8, 18, tzinfo=UTC)
        with pytest.raises(AlreadyDone):
            await bench.staff.close_now(FARAH, challenge.id)
        await bench.go_to(SUNDAY + timedelta(days=2))
        assert len(await bench.effects(model.RESULTS_RENDERER)) == 1
        async with bench.core.db.read() as session:
            ends = dict((await session.execute(select(JobRow.key, JobRow.outcome))).all())
        assert ends[f"challenges.close:{challenge.id}:1"] == "skipped"

    async def test_extended_after_it_closed_it_is_open_again(self, bench: Bench) -> None:
        challenge = await bench.opened()
        await bench.go_to(SUNDAY + timedelta(hours=2))
        until = SUNDAY + timedelta(days=1)
        again = await bench.staff.extend(FARAH, int(until.timestamp()))
        assert again.state is State.OPEN
        receipt = await bench.hand_in(ANN, challenge)
        assert isinstance(receipt, Receipt) and receipt.submission.late is Lateness.ON_TIME
        await bench.go_to(GRACE + timedelta(hours=1))
        assert await state_of(bench, challenge.id) is State.OPEN
        await bench.go_to(until)
        assert await state_of(bench, challenge.id) is State.CLOSING

    @pytest.mark.parametrize("moment", [0, int(SUNDAY.timestamp()), int(SUNDAY.timestamp()) - 9, 1 << 60, -5])
    async def test_a_deadline_only_moves_to_a_later_time(self, bench: Bench, moment: int) -> None:
        challenge = await bench.opened()
        with pytest.raises(InvalidInput):
            await bench.staff.extend(FARAH, moment)
        assert (await bench.staff.find(FARAH, challenge.id)).closes_at == SUNDAY

    async def test_what_has_opened_is_not_removed(self, bench: Bench) -> None:
        challenge = await bench.opened()
        with pytest.raises(AlreadyDone):
            await bench.staff.remove(FARAH, challenge.id)
        gone = await bench.queued("B")
        await bench.staff.remove(FARAH, gone.id)
        with pytest.raises(NotFound):
            await bench.staff.find(FARAH, gone.id)

    async def test_ranking_needs_the_server_and_the_member(self, bench: Bench) -> None:
        challenge = await bench.opened()
        late, unwilling = Actor(GUILD, 31), Actor(GUILD, 32)
        for actor in (ANN, BEN, late):
            await bench.service.rank_me(actor, ranked=True)
        for actor in (BEN, ANN, unwilling):
            await bench.hand_in(actor, challenge)
        await bench.go_to(SUNDAY + timedelta(hours=1))
        await bench.hand_in(late, challenge)
        await bench.go_to(RESULTS)
        results = await bench.results.read(GUILD, challenge.id)
        assert results is not None and results.ranking == {}
        assert [each.member_id for each in results.finishers] == [21, 20, 32, 31]
        await bench.rhythm.set_policy(FARAH, "12", "accept", ranking=True)
        results = await bench.results.read(GUILD, challenge.id)
        assert results is not None and results.ranking == {Track.CORE: ((1, 20, 1), (1, 21, 1))}


async def test_a_past_challenge_is_read_with_the_words_of_one_page(bench: Bench) -> None:
    challenge = await bench.opened()
    people = [Actor(GUILD, 100 + number) for number in range(12)]
    for person in people:
        await bench.hand_in(person, challenge, work=f"First of {person.member_id}", shown=True)
    await bench.hand_in(people[6], challenge, work="Better", shown=True)
    await bench.hand_in(people[7], challenge, work="Mine alone", shown=False)
    await bench.go_to(RESULTS)
    second = await bench.results.read(GUILD, challenge.id, 1)
    assert second is not None and [each.member_id for each in second.finishers] == list(range(100, 112))
    read = {each.member_id: second.words.get(each.submission_id) for each in second.finishers}
    assert {member: words.content for member, words in read.items() if words is not None} == {
        105: "First of 105",
        106: "Better",
        108: "First of 108",
        109: "First of 109",
        110: "First of 110",
    }
    assert await bench.results.read(GUILD, challenge.id + 1, 1) is None


async def test_many_past_challenges_are_listed_by_parts(bench: Bench) -> None:
    async with bench.core.db.begin() as session:
        session.add_all(
            ChallengeRow(
                guild_id=GUILD,
                state="archived",
                texts=to_json(shipped()[0]),
                created_by=1,
                created_at=bench.clock.now(),
                opened_at=bench.clock.now() + timedelta(weeks=number),
            )
            for number in range(60)
        )
    parts = [await bench.results.archive(GUILD, number) for number in (0, 1, 2, 99)]
    assert [(part.number, part.pages, part.count, len(part.challenges)) for part in parts] == [
        (0, 3, 60, 25),
        (1, 3, 60, 25),
        (2, 3, 60, 10),
        (2, 3, 60, 10),
    ]
    opened = [each.opened_at for part in parts[:3] for each in part.challenges]
    assert len(set(opened)) == 60 and opened == sorted(opened, key=str, reverse=True)


async def test_a_deleted_person_is_gone_from_it(bench: Bench) -> None:
    challenge = await bench.opened()
    await bench.hand_in(ANN, challenge)
    await bench.hand_in(BEN, challenge)
    await bench.hand_in(ANN, challenge, later=True)
    await bench.service.suggest(ANN, "Idea", "Do it", credit=True)
    [idea] = (await bench.staff.overview(FARAH)).suggestions
    credited = await bench.workshop.take_up(FARAH, idea.id)
    async with bench.core.db.begin() as session:
        await bench.core.erasure.ask(session, GUILD, ANN.member_id)
    bench.clock.advance(timedelta(days=1, minutes=1))
    await bench.work()
    async with bench.core.db.read() as session:
        assert set(await session.scalars(select(SubmissionRow.member_id))) == {BEN.member_id}
        assert (
            await session.scalar(
                select(func.count()).select_from(EntryRow).filter_by(member_id=ANN.member_id)
            )
            == 0
        )
    assert (await bench.staff.find(FARAH, credited.id)).credit_id is None
    await bench.go_to(RESULTS)
    results = await bench.results.read(GUILD, challenge.id)
    assert results is not None and [each.member_id for each in results.finishers] == [BEN.member_id]
