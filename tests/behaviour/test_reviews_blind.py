"""Blind rounds: nobody sees more than they should, whatever they press, and staff leave a trace when they look."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sandbox.people import Person
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.reviews import (
    choose_places,
    confirm_round,
    hands,
    hold_challenge,
    open_round,
    pairs,
    set_how,
    set_numbers,
    told,
    write,
)
from tests.behaviour.steps import reach


async def _begin(world: LyceumWorld, mode: str) -> tuple[list[Person], dict[int, list[int]]]:
    """A round of three in which everybody reviews one."""
    await choose_places(world, world.general)
    await set_how(world, mode=mode)
    await set_numbers(world, per_work="1")
    people = [world.member, world.people["Cleo"], await world.join("Ann")]
    await hold_challenge(world, *people)
    card = await confirm_round(world)
    assert dict.fromkeys(pairs(card), 0) == {each.id: 0 for each in people}
    return people, await hands(world, people)


@pytest.mark.parametrize(("mode", "hides_author"), [("single", False), ("double", True)])
async def test_names_stay_hidden_from_the_review_to_the_talk(
    community: LyceumWorld, mode: str, *, hides_author: bool
) -> None:
    world = community
    people, drawn = await _begin(world, mode)
    author = people[0]
    reviewer = next(each for each in people if each.id == drawn[author.id][0])
    for person in (author, reviewer):
        await reach(world, person, dm_allowed=True)
    inbox = await world.slash(reviewer, world.general, "review inbox")
    hand = await world.press(reviewer, inbox, "Open")
    assert (f"<@{author.id}>" not in hand.text) is hides_author
    await write(world, reviewer, hand)
    [note] = told(world, author, "Reviewer A reviewed your work")
    assert f"<@{reviewer.id}>" not in note.text
    read = await world.press(author, note, "Read it")
    assert "Reviewer A" in read.text and f"<@{reviewer.id}>" not in read.text
    form = await world.press(author, read, "Answer")
    await world.submit(author, form, {"text": "Who are you?"})
    [note] = told(world, reviewer, "there is an answer")
    assert f"<@{author.id}>" not in note.text
    talk = await world.press(reviewer, note, "Read it")
    assert "Who are you?" in talk.text
    assert (f"<@{author.id}>" not in talk.text) is hides_author
    form = await world.press(reviewer, talk, "Answer")
    await world.submit(reviewer, form, {"text": "A friend"})
    [note] = told(world, author, "there is an answer")
    read = await world.press(author, note, "Read it")
    assert "Reviewer A" in read.text and f"<@{reviewer.id}>" not in read.text and "A friend" in read.text
    assert all(
        reviewer.id not in each.mentions for each in world.posted(world.general) if "A friend" in each.text
    )


@pytest.mark.parametrize("mode", ["single", "double"])
async def test_no_post_names_who_is_behind_a_blind_review(community: LyceumWorld, mode: str) -> None:
    """Without DMs too: a mention at the moment of an answer would say whose it is."""
    world = community
    people, drawn = await _begin(world, mode)
    author = people[0]
    reviewer = next(each for each in people if each.id == drawn[author.id][0])
    before = {person.id: len(world.pings(person)) for person in people}
    inbox = await world.slash(reviewer, world.general, "review inbox")
    await write(world, reviewer, await world.press(reviewer, inbox, "Open"))
    inbox = await world.slash(author, world.general, "review inbox")
    read = await world.choose(author, inbox, "Knots", menu="reviews:review.pick")
    form = await world.press(author, read, "Answer")
    await world.submit(author, form, {"text": "Who are you?"})
    await world.advance(timedelta(hours=30))  # past the first reminder of the others
    assert {person.id: len(world.pings(person)) for person in people} == before
    assert all("Who are you?" not in each.text for each in world.posted(world.general))


@pytest.mark.parametrize("mode", ["single", "double"])
async def test_no_card_of_a_blind_round_tells_staff_who_reviews_whom(
    community: LyceumWorld, mode: str
) -> None:
    world = community
    await choose_places(world, world.general)
    await set_how(world, mode=mode)
    people = [world.member, world.people["Cleo"], await world.join("Ann"), await world.join("Dora")]
    await hold_challenge(world, *people)
    drawn = await world.press(world.facilitator, await open_round(world), "Draw")
    again = await world.press(world.facilitator, drawn, "Re-roll")
    done = await world.press(world.facilitator, again, "Confirm")
    undone = await world.press(world.facilitator, done, "Undo")
    for card in (drawn, again, done, undone, await open_round(world)):
        assert card.text.count("- somebody · new to this author") == 8
        assert "hours in common" not in card.text and "names are not shown here" in card.text
        # Each is named once, as an author.
        assert sorted(re.findall(r"<@(\d+)>", card.text)) == sorted(str(each.id) for each in people)


async def test_staff_see_who_it_was_with_a_reason_that_stands_in_the_record(community: LyceumWorld) -> None:
    world = community
    people, drawn = await _begin(world, "double")
    author = people[0]
    reviewer = next(each for each in people if each.id == drawn[author.id][0])
    inbox = await world.slash(reviewer, world.general, "review inbox")
    await write(world, reviewer, await world.press(reviewer, inbox, "Open"))
    card = await world.slash(world.facilitator, world.general, "manage reviews rounds")
    card = await world.press(world.facilitator, card, "Behind a blind review")
    form = await world.choose(world.facilitator, card, "Reviewer A: Knots", menu="reviews:blind.pick")
    assert form.modal is not None
    seen = await world.submit(world.facilitator, form, {"why": "A complaint about its tone"})
    assert f"<@{reviewer.id}>" in seen.text and seen.ephemeral
    audit = await world.slash(world.facilitator, world.general, "manage audit")
    assert "looked who wrote the blind review" in audit.text and "A complaint about its tone" in audit.text
    assert (await open_round(world)).text
