"""The thread of a work: opened with its first review, for its author and its reviewers, and never where names are hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.behaviour.quests import LyceumWorld, notices
from tests.behaviour.reviews import (
    ask,
    choose_places,
    claim,
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
    top, first, second = world.posted(world.channel_of(room.id))
    assert f"<@{ben.id}>" in top.text and "https://example.org/knots" in top.text
    assert f"<@{cleo.id}> has reviewed" in first.text and f"<@{milo.id}> has reviewed" in second.text
    assert milo.id in room.thread_members and first.pinged == second.pinged == ()
    read = await world.press(ben, first, "Read it")
    assert read.ephemeral and f"<@{cleo.id}>" in read.text
    await world.press(ben, read, "I need no more reviews")
    assert rooms(world) == []


async def test_on_top_of_the_thread_stands_how_the_work_is_and_closing_can_be_taken_back(
    world: LyceumWorld,
) -> None:
    ben, cleo, milo = world.member, world.people["Cleo"], world.people["Milo"]
    await ask(world)
    await review(world, cleo)
    thread = world.channel_of(rooms(world)[0].id)

    def top() -> str:
        return world.posted(thread)[0].text

    assert "Reviewed." in top()
    hand = await claim(world, milo)
    assert "In review" in top()
    await world.press(milo, hand, "Give back")
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    form = await world.press(ben, read, "Answer")
    read = await world.submit(ben, form, {"text": "For beginners"})
    assert "Answered." in top()
    closed = await world.press(cleo, told(world, cleo, "there is an answer")[0], "Read it")
    closed = await world.press(cleo, closed, "Close this review")
    assert "Closed" in top() and "opened again within a day" in closed.text
    [note] = told(world, ben, "was closed")
    assert "Thank you" in note.text
    again = await world.press(ben, await world.press(ben, note, "Read it"), "Open it again")
    assert "open again" in again.text and "Answered." in top()
    form = await world.press(ben, again, "I changed this")
    await world.submit(ben, form, {"content": "https://example.org/knots2", "changed": "Shorter"})
    assert "Waiting" in top() and "Version 2" in top() and "Shorter" in top()
    read = await world.press(ben, note, "Read it")
    done = await world.press(ben, read, "I need no more reviews")
    assert rooms(world) == [] and works(world)[0].labels == []
    back = await world.press(ben, done, "Open it again")
    assert "open again" in back.text and "I'll review this" in works(world)[0].labels
    own = await world.press(ben, back, "I don't need it any more")
    await world.advance(timedelta(days=1, minutes=1))
    late = await world.press(ben, own, "Open it again")
    assert "more than a day ago" in late.text and works(world)[0].labels == []


async def test_who_is_kept_apart_from_somebody_in_the_thread_is_not_shown_in(world: LyceumWorld) -> None:
    ben, cleo, milo = world.member, world.people["Cleo"], world.people["Milo"]
    await world.slash(milo, world.general, "me avoid", member=cleo)
    await ask(world)
    await review(world, cleo)
    sent = await review(world, milo)
    assert "Sent. Thank you!" in sent.text
    [room] = rooms(world)
    assert milo.id not in room.thread_members
    assert all(f"<@{milo.id}>" not in each.text for each in world.posted(world.channel_of(room.id)))
    read = await world.press(ben, told(world, ben, "your work has a review")[1], "Read it")
    assert f"<@{milo.id}>" in read.text


async def test_a_deleted_thread_is_opened_anew_with_the_next_review(world: LyceumWorld) -> None:
    ben, cleo, milo = world.member, world.people["Cleo"], world.people["Milo"]
    await ask(world)
    await review(world, cleo)
    [first] = rooms(world)
    await world.delete_channel(world.channel_of(first.id))
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    form = await world.press(ben, read, "Answer")
    await world.submit(ben, form, {"text": "For beginners"})
    await review(world, milo)
    [second] = rooms(world)
    top, card = world.posted(world.channel_of(second.id))
    assert "Answered." in top.text and f"<@{milo.id}> has reviewed" in card.text
    assert notices(world) == []


async def test_a_work_asked_for_in_a_thread_has_its_own_thread_beside_it(world: LyceumWorld) -> None:
    ben, cleo = world.member, world.people["Cleo"]
    await ask(world)
    await review(world, cleo)
    [outer] = rooms(world)
    thread = world.channel_of(outer.id)
    form = await world.slash(ben, thread, "review request")
    await world.submit(ben, form, {"content": "https://example.org/in-a-thread", "minutes": "10"})
    [card] = works(world, thread)
    await review(world, cleo, card)
    [inner] = [each for each in rooms(world) if each.id != outer.id]
    assert inner.parent_id == world.general.id and set(inner.thread_members) >= {ben.id, cleo.id}
    await world.delete_channel(thread)
    note = told(world, ben, "your work has a review")[-1]
    form = await world.press(ben, await world.press(ben, note, "Read it"), "I changed this")
    await world.submit(ben, form, {"content": "https://example.org/changed", "changed": ""})
    await world.press(ben, await world.press(ben, note, "Read it"), "I need no more reviews")
    assert notices(world) == []


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
