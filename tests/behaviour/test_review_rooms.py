"""The thread of a work: opened with its first review, for its author and its reviewers, and never where names are hidden."""

from __future__ import annotations

from typing import Any

from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.reviews import (
    ask,
    choose_places,
    confirm_round,
    hold_challenge,
    review,
    set_how,
    set_numbers,
    told,
    works,
    write,
)

ROOM = ("POST", "/channels/*/threads")


def rooms(world: LyceumWorld) -> list[Any]:
    """The threads of reviewed works that are open."""
    threads = world.env.backend.active_threads(world.guild_id)
    return [each for each in threads if (each.name or "").startswith("Review ")]


async def test_the_first_review_opens_a_private_thread_and_the_next_reviewer_is_shown_in(
    world: LyceumWorld,
) -> None:
    ben, cleo, milo = world.member, world.people["Cleo"], world.people["Milo"]
    await ask(world)
    assert rooms(world) == []
    await review(world, cleo)
    [room] = rooms(world)
    assert room.type == 12 and set(room.thread_members) >= {ben.id, cleo.id}
    await review(world, milo)
    assert len(rooms(world)) == 1
    first, second = world.posted(world.channel_of(room.id))
    assert f"<@{cleo.id}> has reviewed" in first.text and second.pinged == (milo.id,)
    read = await world.press(ben, first, "Read it")
    assert read.ephemeral and f"<@{cleo.id}>" in read.text
    await world.press(ben, read, "I need no more reviews")
    assert rooms(world) == []


async def test_where_no_thread_can_be_opened_the_cards_do_all_of_it(world: LyceumWorld) -> None:
    world.faults.forbidden(*ROOM, times=None)
    await ask(world)
    await review(world, world.people["Cleo"])
    assert rooms(world) == [] and len(told(world, world.member, "your work has a review")) == 1
    assert not any("has reviewed the work" in each.text for each in world.posted(world.general))
    assert "by 1 person so far" in works(world)[0].text and notices(world) == []


async def test_a_blind_round_has_no_threads(community: LyceumWorld) -> None:
    world = community
    await choose_places(world, world.general)
    await set_how(world, mode="single")
    await set_numbers(world, per_work="1")
    people = [world.member, world.people["Cleo"], await world.join("Ann")]
    await hold_challenge(world, *people)
    await confirm_round(world)
    inbox = await world.slash(people[0], world.general, "review inbox")
    await write(world, people[0], await world.press(people[0], inbox, "Open"))
    assert rooms(world) == []
