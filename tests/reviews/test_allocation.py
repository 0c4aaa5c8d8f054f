"""From a drawing to what is handed out, on both databases: people change their minds in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.authority import Actor
from bot.notify_rules import UNTIL_I_RETURN
from cogs.reviews.model import WORK_RENDERER, Preview, ReviewSettings
from storage.outbox import OutboxRow
from storage.reviews import ReviewRow, ReviewWorkRow
from tests.reviews.stand import FARAH, GUILD, HOUR, Parts, who

PEOPLE = [Actor(GUILD, 40 + each) for each in range(6)]


async def draw(parts: Parts, people: Sequence[Actor] = PEOPLE) -> Preview:
    await parts.hand_in(people)
    return await parts.allocation.draw(FARAH, 1, 7)


async def reviewers(parts: Parts) -> dict[int, set[int]]:
    """Author to those who have their work to review."""
    works = {each.id: each.author_id for each in await parts.rows(ReviewWorkRow) if each.state == "open"}
    found: dict[int, set[int]] = {each: set() for each in works.values()}
    for each in await parts.rows(ReviewRow):
        if each.state == "assigned":
            found[works[each.work_id]].add(each.reviewer_id)
    return found


async def leave(parts: Parts, *member_ids: int) -> None:
    """They are not in the list of members any more, as after a spell without Lyceum."""
    everybody = {each.member_id for each in PEOPLE} | {FARAH.member_id}
    await parts.core.erasure.compare(GUILD, everybody - set(member_ids))


async def test_who_came_apart_since_the_drawing_is_not_put_together_by_confirming_it(parts: Parts) -> None:
    drawn = await draw(parts)
    author, reviewer = drawn.drawn[0].author_id, drawn.drawn[0].reviewers[0][0]
    async with parts.core.db.begin() as session:
        await parts.core.avoidances.add(session, GUILD, author, reviewer)
    await parts.allocation.confirm(FARAH, 1, 1)
    at_once = await reviewers(parts)
    assert len(at_once[author]) == 1 and reviewer not in at_once[author]
    assert author not in at_once[reviewer]
    await parts.later(HOUR)
    soon = await reviewers(parts)
    assert {len(each) for each in soon.values()} == {2}
    assert reviewer not in soon[author] and author not in soon[reviewer]
    assert all(at_once[each] <= soon[each] for each in at_once), "what stands is kept"


async def test_who_pauses_between_drawing_and_confirming_is_given_nothing(parts: Parts) -> None:
    await draw(parts)
    gone = PEOPLE[2].member_id
    async with parts.core.db.begin() as session:
        await parts.core.notifier.change(session, GUILD, gone, paused_until=UNTIL_I_RETURN)
    await parts.allocation.confirm(FARAH, 1, 1)
    await parts.later(HOUR)
    found = await reviewers(parts)
    assert all(gone not in each and len(each) == 2 for each in found.values()) and len(found) == 6


async def test_who_takes_fewer_by_now_is_given_no_more_than_that(parts: Parts) -> None:
    await draw(parts)
    await parts.talking.set_availability(PEOPLE[0], "1", [], volunteers=False)
    await parts.allocation.confirm(FARAH, 1, 1)
    await parts.later(HOUR)
    found = await reviewers(parts)
    assert sum(PEOPLE[0].member_id in each for each in found.values()) == 1
    assert {len(each) for each in found.values()} == {2}


async def test_who_left_between_drawing_and_confirming_neither_reviews_nor_is_reviewed(parts: Parts) -> None:
    await draw(parts)
    gone = PEOPLE[4].member_id
    await leave(parts, gone)
    await parts.allocation.confirm(FARAH, 1, 1)
    await parts.later(HOUR)
    found = await reviewers(parts)
    assert gone not in found and len(found) == 5
    assert all(gone not in each and len(each) == 2 for each in found.values())


async def test_the_work_of_who_has_left_is_not_drawn(parts: Parts) -> None:
    await parts.hand_in(PEOPLE)
    await leave(parts, PEOPLE[1].member_id)
    drawn = await parts.allocation.draw(FARAH, 1, 7)
    assert [each.author_id for each in drawn.drawn] == [
        each.member_id for each in PEOPLE if each != PEOPLE[1]
    ]
    assert drawn.works == 5


async def test_who_leaves_unseen_keeps_nobody_waiting_and_has_no_open_work(parts: Parts) -> None:
    await draw(parts)
    await parts.allocation.confirm(FARAH, 1, 1)
    gone = PEOPLE[3].member_id
    await leave(parts, gone)
    await parts.later(timedelta(minutes=1))
    found = await reviewers(parts)
    assert gone not in found and all(gone not in each and len(each) == 2 for each in found.values())
    told = {each.member_id for each in await parts.rows(OutboxRow) if each.kind == "direct_message"}
    assert gone not in told


async def test_a_deletion_draws_no_card_of_others_again(parts: Parts) -> None:
    for actor in PEOPLE[:3]:
        await parts.service.request(
            actor, {"content": "https://example.org/a", "minutes": "10"}, channel_id=5
        )
    await parts.service.claim(PEOPLE[4], 2)
    before = len(await parts.rows(OutboxRow))
    async with parts.core.db.begin() as session:
        [row] = await parts.rows(ReviewRow)
        row = await session.merge(row)
        row.reviewer_id = 0  # as a deletion leaves it
        await session.flush()
        await parts.places.redraw_all(session, GUILD)
    new = (await parts.rows(OutboxRow))[before:]
    assert [(each.kind, each.arguments["work_id"]) for each in new] == [("edit", 2)]


async def test_the_letter_of_a_blind_reviewer_tells_nothing(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"mode": "double"})
    await draw(parts, [Actor(GUILD, 40 + each) for each in range(30)])
    by_work: dict[int, list[tuple[int, int]]] = {}
    for each in await parts.rows(ReviewRow):
        by_work.setdefault(each.work_id, []).append((each.alias, each.reviewer_id))
    assert {tuple(alias for alias, _ in found) for found in by_work.values()} == {(0, 1)}, (
        "also by their row ids"
    )
    # All one way by chance: once in 500 million.
    assert len({found == sorted(found, key=lambda each: each[1]) for found in by_work.values()}) == 2
    shown = await parts.allocation.look(FARAH, 1)
    assert {by for work in shown.drawn for by, *_ in work.reviewers} == {0}


async def test_an_undo_takes_back_only_what_still_stood(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    await draw(parts)
    await parts.allocation.confirm(FARAH, 1, 1)
    works = {each.author_id: each.id for each in await parts.rows(ReviewWorkRow)}
    closing, giving_back = PEOPLE[0], PEOPLE[1]
    await parts.talking.close_work(who(closing), works[closing.member_id])
    held = (await parts.service.inbox(giving_back)).held
    for each in held:
        await parts.service.give_back(who(giving_back), each.id)
    undone = await parts.allocation.undo(FARAH, 1)
    states = {each.author_id: each.state for each in await parts.rows(ReviewWorkRow)}
    assert states == {each.member_id: "closed" if each == closing else "planned" for each in PEOPLE}
    by = [each.reviewer_id for each in await parts.rows(ReviewRow) if each.state == "planned"]
    assert giving_back.member_id not in by and len(by) == 6 - 1 - len(held)
    again = await parts.allocation.draw(FARAH, 1, 8)
    assert closing.member_id not in {each.author_id for each in again.drawn if each.reviewers}
    await parts.allocation.confirm(FARAH, 1, again.draws)
    await parts.later(HOUR)
    states = {each.author_id: each.state for each in await parts.rows(ReviewWorkRow)}
    assert states == {each.member_id: "closed" if each == closing else "open" for each in PEOPLE}
    assert undone.state == "drawn" and again.draws == 3


async def test_a_work_that_was_opened_again_after_an_undo_joins_the_round_when_it_is_confirmed(
    parts: Parts,
) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    await draw(parts)
    await parts.allocation.confirm(FARAH, 1, 1)
    works = {each.author_id: each.id for each in await parts.rows(ReviewWorkRow)}
    await parts.talking.close_work(who(PEOPLE[0]), works[PEOPLE[0].member_id])
    await parts.allocation.undo(FARAH, 1)
    await parts.talking.reopen_work(who(PEOPLE[0]), works[PEOPLE[0].member_id])
    again = await parts.allocation.draw(FARAH, 1, 8)
    await parts.allocation.confirm(FARAH, 1, again.draws)
    await parts.later(HOUR)
    assert {each.state for each in await parts.rows(ReviewWorkRow)} == {"open"}
    by = [each.work_id for each in await parts.rows(ReviewRow) if each.state == "assigned"]
    assert by.count(works[PEOPLE[0].member_id]) == 1 and len(by) == len(PEOPLE)


async def test_a_work_offered_to_everybody_is_offered_again_after_an_undo(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    pair = PEOPLE[:2]
    await draw(parts, pair)
    for draws in (1, 3):
        await parts.allocation.confirm(FARAH, 1, draws)
        [held] = (await parts.service.inbox(pair[0])).held
        await parts.service.give_back(who(pair[0]), held.id)
        await parts.later(timedelta(minutes=1))
        posts = [
            each
            for each in await parts.rows(OutboxRow)
            if each.renderer == WORK_RENDERER and each.kind == "post"
        ]
        assert len(posts) == (draws + 1) // 2, "a card of its own each time"
        if draws == 1:
            await parts.allocation.undo(FARAH, 1)
            await parts.allocation.draw(FARAH, 1, 7)
    taken = [each for each in await parts.rows(OutboxRow) if each.kind == "delete"]
    assert [each.after_key for each in taken].count(posts[0].key) == 1


async def test_a_round_begins_when_was_chosen_as_its_first_work_came(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"confirm_hours": "12"})
    await parts.hand_in(PEOPLE)
    at = parts.clock.now() + 12 * HOUR
    for hours in ("24", "0"):
        await parts.staff.change(FARAH, {"confirm_hours": hours})
        assert (await parts.allocation.overview(FARAH))[0].confirms_at == at
    await parts.later(11 * HOUR)
    assert (await parts.allocation.overview(FARAH))[0].state == "waiting"
    await parts.later(HOUR)
    begun = (await parts.allocation.overview(FARAH))[0]
    assert begun.state == "confirmed" and begun.confirms_at is None
    await parts.staff.change(FARAH, {"confirm_hours": "12"})
    async with parts.core.db.begin() as session:
        await parts.core.configs.change(session, GUILD, ReviewSettings, channel_id=None)
    await parts.hand_in(PEOPLE, "2")
    silent = (await parts.allocation.overview(FARAH))[0]
    assert silent.confirms_at is None, "without a channel it waits, and says nothing else"
    await parts.later(100 * HOUR)
    assert (await parts.allocation.overview(FARAH))[0].state == "waiting"


async def test_who_speaks_the_language_of_the_author_is_preferred(parts: Parts) -> None:
    await parts.staff.change(FARAH, {"per_work": "1"})
    german, french = PEOPLE[:3], PEOPLE[3:]
    for code, speakers in (("de", german), ("fr", french)):
        for actor in speakers:
            async with parts.core.db.begin() as session:
                await parts.core.profiles.change(session, GUILD, actor.member_id, languages=(code,))
    drawn = await draw(parts)
    speaks = {each.member_id: each in german for each in PEOPLE}
    assert all(speaks[work.author_id] == speaks[by] for work in drawn.drawn for by, *_ in work.reviewers)
    assert drawn.loads == {1: 6}
