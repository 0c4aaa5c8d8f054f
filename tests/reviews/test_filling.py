"""A round is made whole when people fall out, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.authority import Actor
from bot.errors import LimitReached, NotAllowed
from bot.features import Switched
from bot.jobs import Job
from bot.own import Who
from cogs.reviews import model
from cogs.reviews.filling import Filling
from cogs.reviews.model import AREA, ReviewSettings
from cogs.reviews.training.licences import Licences
from storage.notifications import NotificationRow
from storage.outbox import OutboxRow
from storage.review_rounds import ReviewRoundRow
from storage.reviews import ReviewRow, ReviewWorkRow
from tests.reviews.stand import BEN, CLEO, DORA, EMIL, FARAH, GOOD, GUILD, HOUR, Parts, who


async def begin(parts: Parts, people: Sequence[Actor], subject: str = "1") -> int:
    """A round of these is drawn and confirmed. Returns its number."""
    await parts.hand_in(people, subject)
    newest = (await parts.allocation.overview(FARAH))[0]
    drawn = await parts.allocation.draw(FARAH, newest.id, 7)
    await parts.allocation.confirm(FARAH, newest.id, drawn.draws)
    return newest.id


async def write_all(parts: Parts, people: Sequence[Actor]) -> None:
    for actor in people:
        for each in (await parts.service.inbox(actor)).held:
            await parts.service.write(who(actor), each.id, 0, GOOD)


async def test_a_third_of_silent_reviewers_holds_up_nobody_a_second_time(parts: Parts) -> None:
    people = [Actor(GUILD, 40 + each) for each in range(12)]
    silent, awake = people[::3], [each for number, each in enumerate(people) if number % 3]
    ghosts = {each.member_id for each in silent}
    await begin(parts, people)
    first = {(each.reviewer_id, each.work_id) for each in await parts.rows(ReviewRow)}
    await write_all(parts, awake)
    await parts.later(72 * HOUR)
    await parts.later(timedelta(minutes=1))
    rows = await parts.rows(ReviewRow)
    second = [each for each in rows if each.state == "assigned"]
    assert len(second) == 8, "each review that did not come is in other hands"
    assert not ghosts & {each.reviewer_id for each in second}
    assert not first & {(each.reviewer_id, each.work_id) for each in second}
    assert set(Counter(each.reviewer_id for each in second).values()) == {1}, "one more for each who writes"
    await write_all(parts, awake)
    assert {each.first_review_at is not None for each in await parts.rows(ReviewWorkRow)} == {True}
    given = Counter(each.work_id for each in await parts.rows(ReviewRow) if each.state == "given")
    assert set(given.values()) == {2}
    await parts.later(200 * HOUR)
    assert len(await parts.rows(ReviewRow)) == len(rows)


async def test_who_gives_one_back_is_given_no_other_of_the_round(parts: Parts) -> None:
    people = [BEN, CLEO, DORA, EMIL, Actor(GUILD, 16)]
    await begin(parts, people)
    back = (await parts.service.inbox(CLEO)).held[0]
    await parts.service.give_back(who(CLEO), back.id)
    await parts.later(HOUR)
    assert len((await parts.service.inbox(CLEO)).held) == 1
    taken = [each for each in await parts.rows(ReviewRow) if each.work_id == back.work.id]
    assert sorted(each.state for each in taken) == ["assigned", "assigned", "released"]


async def test_a_reviewer_whose_work_was_closed_by_its_author_is_still_asked(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    people = [BEN, CLEO, DORA]  # one each: a circle
    await begin(parts, people)
    by_author = {each.author_id: each for each in await parts.rows(ReviewWorkRow)}
    held = {each.work_id: each.reviewer_id for each in await parts.rows(ReviewRow)}
    await parts.talking.close_work(who(BEN), by_author[BEN.member_id].id)
    freed = held[by_author[BEN.member_id].id]
    [of_ben] = (await parts.service.inbox(BEN)).held
    assert of_ben.work.author_id != freed
    await parts.service.give_back(who(BEN), of_ben.id)
    await parts.later(HOUR)
    assert [each.work.id for each in (await parts.service.inbox(Actor(GUILD, freed))).held] == [
        of_ben.work.id
    ]


async def test_who_had_a_work_that_is_closed_and_opened_again_is_given_it_again(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    await begin(parts, [BEN, CLEO, DORA])  # one each: a circle
    [of_ben] = [each for each in await parts.rows(ReviewWorkRow) if each.author_id == BEN.member_id]
    [before] = [each for each in await parts.rows(ReviewRow) if each.work_id == of_ben.id]
    await parts.talking.close_work(who(BEN), of_ben.id)
    await parts.later(HOUR)
    await parts.talking.reopen_work(who(BEN), of_ben.id)
    await parts.later(HOUR)
    held = [each for each in await parts.rows(ReviewRow) if each.work_id == of_ben.id]
    assert [(each.reviewer_id, each.state) for each in held] == [(before.reviewer_id, "assigned")]


async def test_who_was_given_several_hears_of_the_others_when_one_is_closed_at_once(parts: Parts) -> None:
    await begin(parts, [BEN, CLEO, DORA])  # two each
    by_author = {each.author_id: each.id for each in await parts.rows(ReviewWorkRow)}
    await parts.talking.close_work(who(DORA), by_author[DORA.member_id])
    await parts.work_off()
    told = {each.member_id for each in await parts.rows(NotificationRow) if each.kind == "reviews.assigned"}
    assert told == {BEN.member_id, CLEO.member_id, DORA.member_id}


async def test_only_trained_reviewers_are_given_reviews_and_take_them_where_that_is_chosen(
    parts: Parts,
) -> None:
    people = [BEN, CLEO, DORA, EMIL]
    await parts.staff.change(FARAH, {"per_work": "1", "only_trained": "True"})
    await parts.hand_in(people)
    [row] = await parts.rows(ReviewRoundRow)
    with pytest.raises(LimitReached, match="Only trained reviewers are asked here, and"):
        await parts.allocation.draw(FARAH, row.id, 7)
    licences = Licences(parts.core)
    for each in (BEN, CLEO):
        async with parts.core.db.begin() as session:
            await licences.give_in(session, GUILD, each.member_id)
    drawn = await parts.allocation.draw(FARAH, row.id, 7)
    assert drawn.only_trained and drawn.left_out == ()
    assert {each for work in drawn.drawn for each, _, _ in work.reviewers} == {BEN.member_id, CLEO.member_id}
    async with parts.core.db.begin() as session:  # what was drawn is looked at again
        await licences.take_in(session, GUILD, CLEO.member_id, by=FARAH.member_id, reason="asked for it")
    await parts.allocation.confirm(FARAH, row.id, drawn.draws)
    await parts.later(HOUR)
    assert {each.reviewer_id for each in await parts.rows(ReviewRow)} == {BEN.member_id}
    [waits] = (await parts.service.inbox(DORA)).pool[:1]
    assert waits.author_id == BEN.member_id  # whom nobody else may review
    assert (await parts.service.inbox(DORA)).needs_training
    with pytest.raises(NotAllowed, match="trained reviewers"):
        await parts.service.claim(DORA, waits.id)
    await parts.staff.change(FARAH, {"only_trained": ""})
    assert not (await parts.service.inbox(DORA)).needs_training
    await parts.service.claim(DORA, waits.id)


async def test_what_changed_while_it_was_worked_out_is_looked_at_again(parts: Parts) -> None:
    people = [Actor(GUILD, 40 + each) for each in range(6)]
    round_id = await begin(parts, people)
    await parts.later(HOUR)  # the first look finds nothing missing
    back = (await parts.service.inbox(people[0])).held[0]
    await parts.service.give_back(who(people[0]), back.id)
    filling = Filling(parts.core, parts.keeping)
    job = Job(0, model.FILL_JOB, GUILD, "test", {"round_id": round_id}, parts.clock.now(), 1)
    plan = await filling.prepare(job)
    [(author, [found])] = plan.items()
    async with parts.core.db.begin() as session:
        await parts.core.avoidances.add(session, GUILD, found, author)
    async with parts.core.db.begin() as session:
        assert await filling.fill_due(session, job, plan) is None
    by = {each.reviewer_id for each in await parts.rows(ReviewRow) if each.work_id == back.work.id}
    assert found not in by
    await parts.later(HOUR)
    by = {
        each.reviewer_id
        for each in await parts.rows(ReviewRow)
        if each.work_id == back.work.id and each.state == "assigned"
    }
    assert len(by) == 2 and found not in by


async def test_where_not_all_can_be_had_nobody_waits_for_none_while_another_gets_two(parts: Parts) -> None:
    people = [BEN, CLEO, DORA]
    await begin(parts, people)
    await parts.later(HOUR)
    for each in (await parts.service.inbox(BEN)).held:
        await parts.service.give_back(who(BEN), each.id)
    late = Actor(GUILD, 50)
    await parts.hand_in([late])
    await parts.later(HOUR)
    works = {each.id: each.author_id for each in await parts.rows(ReviewWorkRow)}
    counts = Counter(works[each.work_id] for each in await parts.rows(ReviewRow) if each.state == "assigned")
    assert set(works.values()) == {*(each.member_id for each in people), late.member_id}
    assert min(counts[each] for each in works.values()) >= 1
    shown = [each for each in await parts.rows(OutboxRow) if each.renderer == model.WORK_RENDERER]
    assert shown == [], "nothing has to be offered to everybody"


async def test_who_is_on_duty_is_not_called_for_what_somebody_else_is_given(parts: Parts) -> None:
    async with parts.core.db.begin() as session:
        await parts.core.configs.change(session, GUILD, ReviewSettings, duty_role_id=5, per_work=1)
    people = [BEN, CLEO, DORA, EMIL]
    await begin(parts, people)
    await write_all(parts, people[1:])
    await parts.later(73 * HOUR)  # past the 48 hours after which those on duty are asked
    await parts.later(timedelta(minutes=1))
    [again] = [each for each in await parts.rows(ReviewRow) if each.state == "assigned"]
    assert again.reviewer_id != BEN.member_id
    assert model.DUTY_RENDERER not in [each.renderer for each in await parts.rows(OutboxRow)]
    await parts.later(73 * HOUR)
    await parts.later(timedelta(minutes=1))
    while held := [each for each in await parts.rows(ReviewRow) if each.state == "assigned"]:
        await parts.service.give_back(Who(GUILD, held[0].reviewer_id), held[0].id)
        await parts.later(timedelta(minutes=1))
    asked = [each.renderer for each in await parts.rows(OutboxRow)]
    assert asked.count(model.DUTY_RENDERER) == 1, "when nobody of the round is left to ask"


@pytest.mark.parametrize("by", ["its author", "the switch"])
async def test_nor_for_what_waits_again_and_is_somebody_elses_a_moment_later(parts: Parts, by: str) -> None:
    async with parts.core.db.begin() as session:
        await parts.core.configs.change(session, GUILD, ReviewSettings, duty_role_id=5, per_work=1)
    people = [BEN, CLEO, DORA, EMIL]
    await begin(parts, people)
    await write_all(parts, people[1:])
    [waits] = [each for each in await parts.rows(ReviewWorkRow) if each.first_review_at is None]
    author = who(Actor(GUILD, waits.author_id))
    await parts.later(50 * HOUR)
    if by == "its author":
        await parts.talking.close_work(author, waits.id)
        await parts.talking.reopen_work(author, waits.id)
    else:
        [held] = (await parts.service.inbox(BEN)).held
        await parts.service.give_back(who(BEN), held.id)
        async with parts.core.db.begin() as session:
            await parts.keeping.switched(session, Switched(GUILD, AREA, is_on=True))
    await parts.work_off()
    await parts.later(timedelta(minutes=1))
    assert [each.state for each in await parts.rows(ReviewRow)].count("assigned") == 1
    assert model.DUTY_RENDERER not in [each.renderer for each in await parts.rows(OutboxRow)]


async def test_who_has_several_in_hand_is_reminded_once_a_day(parts: Parts) -> None:
    people = [BEN, CLEO, DORA, EMIL]
    await begin(parts, people)
    for hours, times in ((23, 0), (2, 1), (22, 1), (2, 2), (20, 2)):
        await parts.later(hours * HOUR)
        told = Counter(
            each.member_id for each in await parts.rows(OutboxRow) if each.renderer == model.NUDGE_RENDERER
        )
        assert [told[each.member_id] for each in people] == [times] * 4
