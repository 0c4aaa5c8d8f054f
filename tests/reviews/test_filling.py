"""A round is made whole when people fall out, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from bot.authority import Actor
from bot.jobs import Job
from cogs.reviews import model
from cogs.reviews.filling import Filling
from storage.outbox import OutboxRow
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
