"""Rounds of reviews: drawn when a challenge has closed, looked at, confirmed, and made whole when people fall out."""

from __future__ import annotations

from datetime import timedelta

from tests.behaviour.challenges import hand_in
from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.reviews import (
    choose_places,
    confirm_round,
    hold_challenge,
    open_round,
    pairs,
    set_how,
    set_numbers,
    told,
    write,
)
from tests.behaviour.steps import reach

HOUR = timedelta(hours=1)


async def test_a_round_is_previewed_drawn_anew_confirmed_and_undone(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    people = [world.member, world.people["Cleo"], await world.join("Ann"), await world.join("Dora")]
    await hold_challenge(world, *people)
    assert any("4 works wait to be given to reviewers" in each for each in notices(world))
    card = await open_round(world)
    assert "Nobody is told before that" in card.text
    first = await world.press(world.facilitator, card, "Draw")
    drawn = pairs(first)
    assert set(drawn) == {each.id for each in people}
    assert all(len(set(by)) == 2 and author not in by for author, by in drawn.items())
    assert "4 write 2 reviews" in first.text and "new to this author" in first.text
    assert all(told(world, each, "yours to review") == [] for each in people)
    second = await world.press(world.facilitator, first, "Re-roll")
    assert "Drawing 2" in second.text
    old = await world.press(world.facilitator, await open_round(world), "Re-roll")
    assert "Drawing 3" in old.text
    stale = await world.press(world.facilitator, second, "Confirm")
    assert "drawn anew meanwhile" in stale.text
    done = await world.press(world.facilitator, old, "Confirm")
    assert "Everybody is told" in done.text
    assert pairs(done) == pairs(old)
    for each in people:
        [note] = told(world, each, "works are yours to review")
        assert "2 works" in note.text
    undone = await world.press(world.facilitator, done, "Undo")
    assert "Taken back" in undone.text
    assert all(told(world, each, "yours to review") == [] for each in people)
    inbox = await world.slash(world.member, world.general, "review inbox")
    assert "Yours to write" not in inbox.text
    again = await world.press(world.facilitator, undone, "Confirm")
    assert "Everybody is told" in again.text and len(told(world, people[0], "yours to review")) == 1
    await world.advance(timedelta(minutes=11))
    late = await world.press(world.facilitator, again, "Undo")
    assert "ten minutes are over" in late.text


async def test_late_work_and_drop_outs_are_added_and_what_stands_is_kept(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    people = [
        world.member,
        world.people["Cleo"],
        *[await world.join(name) for name in ("Ann", "Dora", "Emil")],
    ]
    await hold_challenge(world, *people)
    before = pairs(await confirm_round(world))
    late = await world.join("Finn")
    await hand_in(world, late, "https://example.org/late")
    await world.advance(timedelta(minutes=1))
    after = pairs(await open_round(world))
    assert {author: by for author, by in after.items() if author != late.id} == before
    assert "in the last weeks" not in (await open_round(world)).text
    assert len(after[late.id]) == 2 and late.id not in after[late.id]
    gone = people[-1]
    held = [author for author, by in after.items() if gone.id in by]
    assert held
    await world.leave(gone)
    await world.advance(timedelta(minutes=1))
    final = pairs(await open_round(world))
    assert final.pop(gone.id) == [], "nobody is to review for somebody who is not here"
    for author, by in final.items():
        assert gone.id not in by and author not in by
        assert len(by) == 2
        assert set(after[author]) - {gone.id} <= set(by)


async def test_who_left_while_nothing_ran_or_since_the_drawing_is_in_no_round(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    people = [
        world.member,
        world.people["Cleo"],
        *[await world.join(name) for name in ("Ann", "Dora", "Emil")],
    ]
    await hold_challenge(world, *people)
    drawn = await world.press(world.facilitator, await open_round(world), "Draw")
    emil, dora = people[-1], people[-2]
    assert emil.id in pairs(drawn)
    async with world.while_down(crash=True):
        await world.leave(emil)
    done = await world.press(world.facilitator, drawn, "Confirm")
    assert "Everybody is told" in done.text and emil.id not in pairs(done)
    await world.advance(timedelta(minutes=1))
    found = pairs(await open_round(world))
    assert set(found) == {each.id for each in people[:-1]}
    assert all(len(by) == 2 and emil.id not in by for by in found.values())
    async with world.while_down():
        await world.leave(dora)
    await world.advance(timedelta(minutes=1))
    found = pairs(await open_round(world))
    assert found.pop(dora.id) == []
    assert all(len(by) == 2 and not {dora.id, emil.id} & set(by) for by in found.values())


async def test_a_review_that_does_not_come_is_nudged_released_and_given_to_somebody_else(
    community: LyceumWorld,
) -> None:
    world = community
    await choose_places(world, world.general)
    await set_numbers(world, per_work="1")
    people = [world.member, world.people["Cleo"], await world.join("Ann")]
    await hold_challenge(world, *people)
    drawn = pairs(await confirm_round(world))
    ann = people[-1]
    [author_id] = [author for author, by in drawn.items() if ann.id in by]
    author = next(each for each in people if each.id == author_id)
    for person in people[:2]:
        inbox = await world.slash(person, world.general, "review inbox")
        await write(world, person, await world.press(person, inbox, "Open"))
    await world.advance(25 * HOUR)
    assert len(told(world, ann, "somebody waits for your review")) == 1
    await world.advance(24 * HOUR)
    assert len(told(world, ann, "that is fine")) == 2
    await world.advance(24 * HOUR)
    assert len(told(world, author, "did not come, so others are asked now")) == 1
    now = pairs(await open_round(world))
    assert now[author_id] and ann.id not in now[author_id] and author_id not in now[author_id]
    other = next(each for each in people if each.id == now[author_id][0])
    assert len(told(world, other, "yours to review")) == 2
    inbox = await world.slash(ann, world.general, "review inbox")
    assert "Yours to write" not in inbox.text


async def test_what_cannot_be_done_is_said_before_and_the_pool_takes_what_is_left(
    community: LyceumWorld,
) -> None:
    world = community
    await choose_places(world, world.general)
    await hold_challenge(world, world.member, world.people["Cleo"])
    refused = await world.press(world.facilitator, await open_round(world), "Draw")
    assert "only 1" in refused.text and "Ask for fewer reviews each" in refused.text
    await set_numbers(world, per_work="1")
    assert "yours to review" not in " ".join(each.text for each in world.posted(world.general))


async def test_a_round_may_begin_by_itself_also_when_the_bot_was_killed(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    await set_how(world, confirm_hours="12")
    people = [world.member, world.people["Cleo"], await world.join("Ann")]
    await hold_challenge(world, *people)
    assert told(world, people[0], "yours to review") == []
    async with world.while_down(crash=True):
        pass
    await world.advance(7 * 24 * HOUR)
    for each in people:
        assert len(told(world, each, "works are yours to review")) == 1


async def test_who_is_away_or_takes_no_more_is_not_given_any(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    people = [
        world.member,
        world.people["Cleo"],
        *[await world.join(name) for name in ("Ann", "Dora", "Emil", "Finn", "Gus", "Hana", "Ines")],
    ]
    for person, most in ((people[1], "1"), (people[2], "0")):
        card = await world.slash(person, world.general, "review availability")
        form = await world.press(person, card, "Change")
        saved = await world.submit(
            person, form, {"per_week": most, "weekdays": ["0", "1", "2", "3", "4", "5", "6"]}
        )
        assert "Saved" in saved.text
    await reach(world, people[3], paused_until=world.now + timedelta(days=30))
    await hold_challenge(world, *people)
    card = await world.press(world.facilitator, await open_round(world), "Draw")
    drawn = pairs(card)
    assert len(drawn) == len(people) and all(len(by) == 2 for by in drawn.values()), card.text
    loads = {each.id: sum(each.id in by for by in drawn.values()) for each in people}
    assert loads[people[1].id] <= 1 and loads[people[2].id] == loads[people[3].id] == 0
    assert "Not asked" in card.text and f"<@{people[3].id}>" in card.text
