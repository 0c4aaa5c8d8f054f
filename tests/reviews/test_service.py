"""The use cases of reviews on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.authority import Actor
from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, NotFound
from bot.i18n import Translations
from bot.own import Who
from cogs.privacy.service import Machine, PrivacyService
from cogs.reviews import model
from cogs.reviews.model import AREA, ReviewSettings
from cogs.reviews.rules import State, Thin
from storage.acts import ActRow
from storage.footprint import erase
from storage.outbox import OutboxRow
from storage.reviews import ReviewRow, ReviewWorkRow
from tests.reviews.stand import BEN, CLEO, DORA, EMIL, FARAH, GENERAL, GOOD, GUILD, HOUR, TYPED, Parts, who


async def ask(parts: Parts, actor: Actor = BEN, **typed: str) -> int:
    asked = await parts.service.request(actor, TYPED | typed, channel_id=GENERAL)
    return asked.work.id


async def give(parts: Parts, actor: Actor, work_id: int) -> int:
    """Take a work and review it."""
    review = await parts.service.claim(actor, work_id)
    written = await parts.service.write(who(actor), review.id, 0, GOOD)
    assert written.page is None and written.thin is None and not written.lost
    return review.id


async def test_of_many_claims_at_once_one_holds(parts: Parts) -> None:
    work_id = await ask(parts)
    found = await asyncio.gather(
        *(parts.service.claim(Actor(GUILD, 20 + each), work_id) for each in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(each, BaseException) for each in found) == 1
    assert all(isinstance(each, AlreadyDone) for each in found if isinstance(each, BaseException))


async def test_of_many_works_at_once_three_can_be_claimed(parts: Parts) -> None:
    ids = [await ask(parts, Actor(GUILD, 30 + each)) for each in range(6)]
    found = await asyncio.gather(*(parts.service.claim(CLEO, each) for each in ids), return_exceptions=True)
    assert sum(isinstance(each, LimitReached) for each in found) == 3


async def test_a_review_sent_twice_is_one_act_and_one_notification(parts: Parts) -> None:
    work_id = await ask(parts)
    review = await parts.service.claim(CLEO, work_id)
    found = await asyncio.gather(
        *(parts.service.write(who(CLEO), review.id, 0, GOOD) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyDone) for each in found) == 3
    assert [each.kind for each in await parts.rows(ActRow)] == [model.GIVEN]
    told = [each for each in await parts.rows(OutboxRow) if each.renderer == model.RECEIVED_RENDERER]
    assert [each.member_id for each in told] == [BEN.member_id]


async def test_a_claim_that_was_extended_ends_when_the_last_lock_does(parts: Parts) -> None:
    work_id = await ask(parts)
    review = await parts.service.claim(CLEO, work_id)
    await parts.service.extend(who(CLEO), review.id)
    await parts.later(timedelta(minutes=31))
    with pytest.raises(AlreadyDone):
        await parts.service.claim(DORA, work_id)
    await parts.later(timedelta(minutes=30))
    assert (await parts.service.claim(DORA, work_id)).reviewer_id == DORA.member_id


async def test_another_hand_in_between_keeps_the_draft_of_the_first(parts: Parts) -> None:
    work_id = await ask(parts)
    first = await parts.service.claim(CLEO, work_id)
    await parts.service.give_back(who(CLEO), first.id)
    await parts.service.claim(DORA, work_id)
    written = await parts.service.write(who(CLEO), first.id, 0, GOOD)
    assert written.lost
    review = (await parts.rows(ReviewRow))[0]
    assert review.draft["question"] == "Who is it for?" and review.answers is None


async def test_what_is_typed_is_cut_cleaned_and_what_is_no_answer_is_left_out(parts: Parts) -> None:
    work_id = await ask(parts)
    review = await parts.service.claim(CLEO, work_id)
    bad = GOOD | {"aim": "99", "clear": "x", "strength": "y" * 4000 + "\x00", "bogus": "1"}
    written = await parts.service.write(who(CLEO), review.id, 0, bad)
    assert written.page == 0 and set(written.review.draft) == {"strength", "question", "next_step"}
    assert len(written.review.draft["strength"]) == 800


@pytest.mark.parametrize("forged", ["0009", "00", "-1", "\u0661", "9" * 40, " 1"])
async def test_an_answer_that_no_form_offers_is_none(parts: Parts, forged: str) -> None:
    review = await parts.service.claim(CLEO, await ask(parts))
    written = await parts.service.write(who(CLEO), review.id, 0, GOOD | {"aim": forged})
    assert written.page == 0 and "aim" not in written.review.draft and written.review.draft["clear"] == 2
    with pytest.raises(InvalidInput):
        await ask(parts, minutes=forged)


async def test_a_number_of_many_zeros_is_not_read_by_its_beginning_only(parts: Parts) -> None:
    with pytest.raises(InvalidInput):
        await parts.talking.set_availability(CLEO, "00009999", [], volunteers=False)
    with pytest.raises(InvalidInput):
        await parts.staff.change(FARAH, {"duty_hours": "0000009999"})
    assert (await parts.talking.set_availability(CLEO, "02", [], volunteers=False)).per_week == 2


async def test_a_review_keeps_the_rubric_with_which_its_work_came(parts: Parts) -> None:
    work_id = await ask(parts)
    await parts.staff.change(FARAH, {"rubric": "comments-only"})
    review = await parts.service.claim(CLEO, work_id)
    assert review.work.rubric.key == "any-work"
    other = await parts.service.claim(CLEO, await ask(parts, DORA))
    assert other.work.rubric.key == "comments-only"
    assert (await parts.service.write(who(CLEO), other.id, 0, GOOD)).page is None


async def test_what_was_written_about_another_work_already_is_asked_for_a_line_once_and_never_held_up(
    parts: Parts,
) -> None:
    words = {
        "strength": "The harbour is told so well that I could smell it.",
        "next_step": "Read the second paragraph aloud, and cut what you stumble over.",
    }

    async def write(actor: Actor, work_id: int) -> Thin | None:
        review = await parts.service.claim(actor, work_id)
        first = await parts.service.write(who(actor), review.id, 0, GOOD | words)
        if first.thin is not None:
            sent = await parts.service.write(who(actor), review.id, 0, GOOD | words)
            assert sent.page is None and sent.thin is None and sent.review.state is State.GIVEN
        return first.thin

    assert await write(CLEO, await ask(parts)) is None
    assert [await write(CLEO, await ask(parts, DORA)) for _ in range(2)] == [Thin.LIKE_EARLIER] * 2
    # Of another version of the same work much stays true, and somebody else's words are nobody's business.
    own = await ask(parts, EMIL)
    assert await write(BEN, own) is None
    await parts.talking.change(who(EMIL), own, "https://example.org/2", "Shorter")
    assert await write(BEN, own) is None
    copied = await ask(parts, BEN, content=" ".join(words.values()))
    assert await write(EMIL, copied) is Thin.LIKE_WORK


async def test_nobody_but_the_two_reads_a_review(parts: Parts) -> None:
    review_id = await give(parts, CLEO, await ask(parts))
    assert (await parts.talking.read(who(BEN), review_id)).reviewer_id == CLEO.member_id
    for stranger, error in ((who(DORA), NotAllowed), (Who(2, BEN.member_id), NotFound)):
        with pytest.raises(error):
            await parts.talking.read(stranger, review_id)
        with pytest.raises(error):
            await parts.talking.reply(stranger, review_id, "Hello")


async def test_people_who_avoid_each_other_never_review_each_other(parts: Parts) -> None:
    work_id = await ask(parts)
    async with parts.core.db.begin() as session:
        await parts.core.avoidances.add(session, GUILD, BEN.member_id, CLEO.member_id)
    with pytest.raises(AlreadyDone, match="not free"):
        await parts.service.claim(CLEO, work_id)
    assert (await parts.service.inbox(CLEO)).pool == ()
    assert len((await parts.service.inbox(DORA)).pool) == 1


async def test_an_avoidance_is_told_in_the_very_words_of_other_reasons(parts: Parts) -> None:
    avoided, taken, full = [await ask(parts, each) for each in (BEN, DORA, EMIL)]
    async with parts.core.db.begin() as session:
        await parts.core.avoidances.add(session, GUILD, BEN.member_id, CLEO.member_id)
    await parts.service.claim(Actor(GUILD, 16), taken)
    for each in (17, 18):
        await give(parts, Actor(GUILD, each), full)
    said: list[str] = []
    for work_id in (avoided, taken, full):
        with pytest.raises(AlreadyDone) as refused:
            await parts.service.claim(CLEO, work_id)
        said.append(str(refused.value))
    assert len(set(said)) == 1


async def test_a_new_version_is_reviewed_again_by_the_same_person(parts: Parts) -> None:
    work_id = await ask(parts)
    await give(parts, CLEO, work_id)
    with pytest.raises(AlreadyDone):
        await parts.service.claim(CLEO, work_id)
    work = await parts.talking.change(who(BEN), work_id, "https://example.org/2", "Shorter")
    assert work.version == 2
    second = await give(parts, CLEO, work_id)
    assert (await parts.talking.read(who(BEN), second)).version == 2


async def test_ratings_are_an_act_once_and_an_aggregate_from_five_on(parts: Parts) -> None:
    ids = [await give(parts, CLEO, await ask(parts, Actor(GUILD, 30 + each))) for each in range(5)]
    for _ in range(2):  # five ratings of two people would tell each of them apart
        more = await give(parts, CLEO, await ask(parts, Actor(GUILD, 30)))
        await parts.talking.rate(Who(GUILD, 30), more, (2, 2, 2), "")
    for each, review_id in enumerate(ids):
        assert (await parts.talking.mine(CLEO)).ratings is None
        rater = Who(GUILD, 30 + each)
        assert (await parts.talking.mine(CLEO)).said == ()
        await parts.talking.rate(rater, review_id, (2, 2, 2), "")
        await parts.talking.rate(rater, review_id, (2, 1, 2), f"I looked again: {9 - each}")
    mine = await parts.talking.mine(CLEO)
    assert mine.said == tuple(f"I looked again: {each}" for each in (5, 6, 7, 8, 9))
    found = mine.ratings
    assert found is not None and (found.count, found.helpful, found.specific) == (7, 100, 64)
    assert sum(each.kind == model.RATED for each in await parts.rows(ActRow)) == 7
    with pytest.raises(NotAllowed):
        await parts.talking.rate(who(CLEO), ids[0], (2, 2, 2), "")


async def test_all_that_was_given_and_received_is_there_on_pages(parts: Parts) -> None:
    for each in range(27):
        await give(parts, CLEO, await ask(parts, Actor(GUILD, 30 + each)))
    received = await give(parts, BEN, await ask(parts, CLEO))
    first, second = [await parts.talking.mine(CLEO, page) for page in (0, 1)]
    assert (first.pages, len(first.reviews), len(second.reviews)) == (2, 25, 3)
    assert first.reviews[0].id == received and not first.is_overdrawn
    assert len({each.id for each in (*first.reviews, *second.reviews)}) == 28
    assert (await parts.talking.mine(CLEO, 99)).page == 1


async def test_an_export_shows_a_reviewer_no_single_rating_and_an_author_no_draft(parts: Parts) -> None:
    review_id = await give(parts, CLEO, await ask(parts))
    await parts.talking.rate(who(BEN), review_id, (2, 1, 2), "Because of the boat")
    held = await parts.service.claim(DORA, await ask(parts))
    await parts.service.write(who(DORA), held.id, 0, {"strength": "Not finished yet"})
    privacy = PrivacyService(parts.core, lambda: Machine(None, None, is_file=False))
    texts: list[str] = []
    for actor in (BEN, CLEO, DORA):
        [(_, content)] = await privacy.export(actor)
        texts.append(content.decode())
    ben, cleo, dora = texts
    assert "Because of the boat" in ben and "Who is it for?" in ben and "Not finished yet" not in ben
    assert "Who is it for?" in cleo and "Because of the boat" not in cleo and "helpful" not in cleo
    assert "Not finished yet" in dora


async def test_the_card_of_a_member_counts_what_they_gave_and_received(parts: Parts) -> None:
    t = Translations().for_locale("en")
    async with parts.core.db.read() as session:
        assert await parts.talking.card_line(session, GUILD, CLEO.member_id, t) is None
    await give(parts, CLEO, await ask(parts))
    await give(parts, BEN, await ask(parts, CLEO))
    await give(parts, CLEO, await ask(parts, DORA))
    async with parts.core.db.read() as session:
        line = await parts.talking.card_line(session, GUILD, CLEO.member_id, t)
    assert line == "2 given, 1 received"


async def test_the_same_seed_draws_the_same_and_another_may_not(parts: Parts) -> None:
    people = [Actor(GUILD, 40 + each) for each in range(12)]
    await parts.hand_in(people)
    drawn = [await parts.allocation.draw(FARAH, 1, seed) for seed in (7, 8, 7)]
    assert drawn[0].drawn == drawn[2].drawn and [each.draws for each in drawn] == [1, 2, 3]
    assert drawn[0].loads == {2: 12}
    with pytest.raises(NotAllowed):
        await parts.allocation.draw(BEN, 1, 7)
    with pytest.raises(AlreadyDone):
        await parts.allocation.confirm(FARAH, 1, 2)


async def test_what_nobody_can_be_given_is_offered_to_everybody_and_then_to_who_is_on_duty(
    parts: Parts,
) -> None:
    async with parts.core.db.begin() as session:
        await parts.core.configs.change(session, GUILD, ReviewSettings, duty_role_id=5, per_work=1)
    await parts.hand_in([BEN, CLEO])
    await parts.allocation.draw(FARAH, 1, 7)
    await parts.allocation.confirm(FARAH, 1, 1)
    [held] = (await parts.service.inbox(CLEO)).held
    await parts.service.give_back(who(CLEO), held.id)
    await parts.later(HOUR)
    assert (await parts.service.inbox(CLEO)).held == ()
    assert [each.author_id for each in (await parts.service.inbox(DORA)).pool] == [BEN.member_id]
    shown = [each.renderer for each in await parts.rows(OutboxRow)]
    assert shown.count(model.WORK_RENDERER) == 1 and model.DUTY_RENDERER not in shown
    await parts.later(48 * HOUR)
    await parts.later(48 * HOUR)
    asked = [each for each in await parts.rows(OutboxRow) if each.renderer == model.DUTY_RENDERER]
    assert [each.arguments["work_id"] for each in asked].count(held.work.id) == 1
    await give(parts, DORA, held.work.id)
    assert [each.author_id for each in (await parts.service.inbox(EMIL)).pool] == [CLEO.member_id]


async def test_two_who_confirm_at_once_confirm_once(parts: Parts) -> None:
    await parts.hand_in([BEN, CLEO, DORA])
    await parts.allocation.draw(FARAH, 1, 7)
    found = await asyncio.gather(
        *(parts.allocation.confirm(FARAH, 1, 1) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, AlreadyDone) for each in found) == 3
    await parts.work_off()
    told = [each for each in await parts.rows(OutboxRow) if each.renderer == model.ASSIGNED_RENDERER]
    assert sorted(each.member_id for each in told) == [12, 13, 14]


async def test_after_an_undo_no_job_of_the_first_time_does_anything(parts: Parts) -> None:
    await parts.hand_in([BEN, CLEO, DORA])
    await parts.allocation.draw(FARAH, 1, 7)
    await parts.allocation.confirm(FARAH, 1, 1)
    undone = await parts.allocation.undo(FARAH, 1)
    assert undone.state == "drawn"
    await parts.later(100 * HOUR)
    assert {each.state for each in await parts.rows(ReviewRow)} == {"planned"}
    assert (await parts.service.inbox(BEN)).held == ()


async def test_an_undo_is_refused_once_somebody_has_begun_to_write(parts: Parts) -> None:
    await parts.hand_in([BEN, CLEO, DORA])
    await parts.allocation.draw(FARAH, 1, 7)
    await parts.allocation.confirm(FARAH, 1, 1)
    held = (await parts.service.inbox(BEN)).held
    await parts.service.write(who(BEN), held[0].id, 0, {"strength": "Fine"})
    with pytest.raises(AlreadyDone, match="begun to write"):
        await parts.allocation.undo(FARAH, 1)


async def test_a_block_that_makes_it_impossible_is_never_named(parts: Parts) -> None:
    await parts.hand_in([BEN, CLEO, DORA])
    async with parts.core.db.begin() as session:
        await parts.core.avoidances.add(session, GUILD, BEN.member_id, CLEO.member_id)
    with pytest.raises(LimitReached) as refused:
        await parts.allocation.draw(FARAH, 1, 7)
    assert "12" not in str(refused.value) and "13" not in str(refused.value)
    assert "Ask for fewer reviews each" in str(refused.value)


async def test_a_week_with_no_more_than_one_review_is_kept_over_rounds(parts: Parts) -> None:
    people = [BEN, CLEO, DORA, EMIL]
    await parts.talking.set_availability(CLEO, "1", [], volunteers=False)
    await parts.hand_in(people)
    first = await parts.allocation.draw(FARAH, 1, 7)
    assert sum(CLEO.member_id == by for work in first.drawn for by, *_ in work.reviewers) == 1
    await parts.allocation.confirm(FARAH, 1, 1)
    await parts.hand_in(people, "2")
    newest = (await parts.allocation.overview(FARAH))[0]
    second = await parts.allocation.draw(FARAH, newest.id, 7)
    assert sum(CLEO.member_id == by for work in second.drawn for by, *_ in work.reviewers) == 0


async def test_in_four_weeks_nobody_meets_the_same_work_twice_and_all_carry_the_same(parts: Parts) -> None:
    people = [Actor(GUILD, 40 + each) for each in range(12)]
    met: set[tuple[int, int]] = set()
    for week in range(4):
        await parts.hand_in(people, str(week))
        newest = (await parts.allocation.overview(FARAH))[0]
        drawn = await parts.allocation.draw(FARAH, newest.id, 7)
        await parts.allocation.confirm(FARAH, newest.id, drawn.draws)
        pairs = {(by, work.author_id) for work in drawn.drawn for by, *_ in work.reviewers}
        assert len(pairs) == 24 and not pairs & met and drawn.loads == {2: 12}
        met |= pairs
        for actor in people:
            for each in (await parts.service.inbox(actor)).held:
                await parts.service.write(who(actor), each.id, 0, GOOD)
        parts.clock.advance(timedelta(weeks=1))


async def test_a_volunteer_without_work_is_given_some(parts: Parts) -> None:
    await parts.talking.set_availability(EMIL, "2", [], volunteers=True)
    await parts.hand_in([BEN, CLEO, DORA])
    drawn = await parts.allocation.draw(FARAH, 1, 7)
    assert any(by == EMIL.member_id for work in drawn.drawn for by, *_ in work.reviewers)


async def test_when_the_author_is_deleted_the_work_goes_and_when_the_reviewer_is_their_review_stays(
    parts: Parts,
) -> None:
    kept = await give(parts, CLEO, await ask(parts))
    await give(parts, CLEO, await ask(parts, DORA))
    held = await parts.service.claim(CLEO, await ask(parts, EMIL))
    await erase_all(parts, DORA)
    assert [each.author_id for each in await parts.rows(ReviewWorkRow)] == [BEN.member_id, EMIL.member_id]
    await erase_all(parts, CLEO)
    async with parts.core.db.begin() as session:
        await parts.places.redraw_all(session, GUILD)
    review = await parts.talking.read(who(BEN), kept)
    assert review.reviewer_id == 0 and review.answers["question"] == "Who is it for?"
    assert (await parts.rows(ReviewRow))[-1].state == "released"
    assert (await parts.service.claim(DORA, held.work.id)).reviewer_id == DORA.member_id
    await parts.talking.reply(who(BEN), kept, "Thank you anyway")
    await parts.later(100 * HOUR)


async def test_unmasking_needs_a_reason_and_is_written_down(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"mode": "double", "per_work": "1"})
    await parts.hand_in([BEN, CLEO, DORA])
    await parts.allocation.draw(FARAH, 1, 7)
    await parts.allocation.confirm(FARAH, 1, 1)
    held = (await parts.service.inbox(BEN)).held[0]
    await parts.service.write(who(BEN), held.id, 0, GOOD)
    [blind] = await parts.staff.list_blind(FARAH)
    with pytest.raises(InvalidInput):
        await parts.staff.unmask(FARAH, blind.id, " ")
    with pytest.raises(NotAllowed):
        await parts.staff.unmask(BEN, blind.id, "I would like to know")
    found = await parts.staff.unmask(FARAH, blind.id, "A complaint came in")
    assert found.reviewer_id == BEN.member_id


async def test_the_hours_must_come_one_after_the_other(parts: Parts) -> None:
    with pytest.raises(InvalidInput):
        await parts.staff.change(FARAH, {"first_nudge_hours": "50"})
    with pytest.raises(InvalidInput):
        await parts.staff.change(FARAH, {"release_hours": "many"})
    changed = await parts.staff.change(FARAH, {"first_nudge_hours": "12", "release_hours": "100"})
    assert (changed.first_nudge_hours, changed.release_hours) == (12, 100)


async def test_a_second_request_comes_after_those_of_who_gave(parts: Parts) -> None:
    first, second = await ask(parts), await ask(parts)
    other = await ask(parts, DORA)
    pool = (await parts.service.inbox(EMIL)).pool
    assert [each.id for each in pool] == [first, other, second]
    await give(parts, BEN, other)
    await parts.work_off()
    assert [each.id for each in (await parts.service.inbox(EMIL)).pool] == [first, second]
    assert not (await parts.service.inbox(EMIL)).pool[1].overdrawn
    with pytest.raises(LimitReached):
        for _ in range(6):
            await ask(parts)


async def erase_all(parts: Parts, actor: Actor) -> None:
    async with parts.core.db.begin() as session:
        await erase(session, GUILD, actor.member_id, limit=500, now=parts.clock.now())


async def test_switched_off_over_the_time_a_round_begins_an_hour_after_it_is_back(parts: Parts) -> None:
    async with parts.core.db.begin() as session:
        await parts.core.configs.change(session, GUILD, ReviewSettings, confirm_hours=12)
    parts.core.features.on_switch(parts.keeping.switched)
    await parts.hand_in([BEN, CLEO, DORA])
    for is_on in (False, True):
        async with parts.core.db.begin() as session:
            await parts.core.features.switch(session, FARAH, AREA, on=is_on)
        await parts.later(timedelta(minutes=59) if is_on else 20 * HOUR)
        assert (await parts.allocation.overview(FARAH))[0].state == "waiting"
    await parts.later(timedelta(minutes=2))
    assert (await parts.allocation.overview(FARAH))[0].state == "confirmed"
    assert len((await parts.service.inbox(BEN)).held) == 2


async def test_what_is_in_somebodys_hands_takes_no_place_in_the_queue(parts: Parts) -> None:
    first, second = await ask(parts), await ask(parts, DORA)
    review = await parts.service.claim(CLEO, first)
    found = await parts.service.place_of(second)
    assert found is not None and found[1] == 1
    assert [(work.id, place) for work, _, place in (await parts.service.inbox(BEN)).asked] == [(first, None)]
    assert (await parts.service.request(EMIL, TYPED, channel_id=GENERAL)).place == 2
    await parts.service.give_back(who(CLEO), review.id)
    found = await parts.service.place_of(second)
    assert found is not None and found[1] == 2
