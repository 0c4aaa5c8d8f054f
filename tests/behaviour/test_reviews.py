"""A review from the request to its end: taken, written, read, answered, acted on, closed."""

from __future__ import annotations

from datetime import timedelta

from tests.behaviour.quests import LyceumWorld
from tests.behaviour.reviews import (
    GOOD,
    JUDGED,
    ask,
    claim,
    leaf_through,
    rate,
    review,
    told,
    works,
    write,
)

HOUR = timedelta(hours=1)


async def test_from_the_request_to_the_closed_review(world: LyceumWorld) -> None:
    ben, cleo = world.member, world.people["Cleo"]
    receipt = await ask(world, focus="Is the second part clear?", tried="Read it aloud")
    assert receipt.ephemeral and "Number 1 in the queue" in receipt.text and "not known yet" in receipt.text
    [card] = works(world)
    assert f"<@{ben.id}>" in card.text and "https://example.org/knots" in card.text and card.pinged == ()
    assert "Is the second part clear?" in card.text and "Waiting" in card.text
    hand = await claim(world, cleo)
    assert hand.ephemeral and "clarifying question" in hand.text and "names the place" in hand.text
    assert f"<@{cleo.id}> is on it" in works(world)[0].text
    sent = await write(world, cleo, hand)
    assert "Sent. Thank you!" in sent.text and "by 1 person so far" in works(world)[0].text
    [note] = told(world, ben, "your work has a review")
    read = await world.press(ben, note, "Read it")
    assert read.ephemeral and f"<@{cleo.id}>" in read.text and GOOD["question"] in read.text
    assert "Mostly" in read.text and "Easily" in read.text
    form = await world.press(ben, read, "Answer")
    await world.submit(ben, form, {"text": "For beginners. Thank you!"})
    [note] = told(world, cleo, "there is an answer")
    answer = await world.press(cleo, note, "Read it")
    assert "For beginners" in answer.text
    assert "Thank you for saying so" in (await rate(world, ben, read)).text
    form = await world.press(ben, read, "I changed this")
    await world.submit(ben, form, {"content": "https://example.org/knots2", "changed": "Shorter sentences"})
    [note] = told(world, cleo, "has a new version")
    again = await world.press(cleo, note, "Read it")
    second = await write(world, cleo, await world.press(cleo, again, "Look again"))
    assert "Sent. Thank you!" in second.text
    assert "Version 2" in works(world)[0].text and "Shorter sentences" in works(world)[0].text
    assert len(told(world, ben, "your work has a review")) == 2
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    assert "The work has changed since" in read.text
    closed = await world.press(ben, read, "Close this review")
    assert "Closed" in closed.text and "Answer" not in [each.label for each in closed.buttons]
    done = await world.press(ben, closed, "I need no more reviews")
    assert "Closed" in done.text and works(world)[0].labels == []
    mine = await world.slash(cleo, world.general, "review mine")
    assert "Given 2, received 0" in mine.text and "shown once 5 have said so" in mine.text


async def test_who_has_a_work_in_hand_that_changes_goes_on_with_the_new_version(world: LyceumWorld) -> None:
    ben, cleo, milo = world.member, world.people["Cleo"], world.people["Milo"]
    await ask(world)
    await review(world, cleo)
    hand = await claim(world, milo)
    thin = await write(world, milo, hand, {**JUDGED, "strength": "Nice"})
    assert "one concrete line more" in thin.text
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    form = await world.press(ben, read, "I changed this")
    await world.submit(ben, form, {"content": "https://example.org/knots2", "changed": "Shorter"})
    [note] = told(world, milo, "which you have in hand")
    hand = await world.press(milo, note, "Look at it")
    assert "https://example.org/knots2" in hand.text and "What you wrote so far is kept" in hand.text
    assert "Sent" in (await write(world, milo, hand)).text
    read = await world.press(ben, told(world, ben, "your work has a review")[1], "Read it")
    assert "version 2" in read.text and "The work has changed since" not in read.text
    await write(world, cleo, await claim(world, cleo))
    assert "by 2 people so far" in works(world)[0].text, "who reviewed both versions is one"


async def test_a_long_talk_can_be_read_from_its_first_word_to_its_last(world: LyceumWorld) -> None:
    ben, cleo = world.member, world.people["Cleo"]
    await ask(world)
    await review(world, cleo)
    read = await world.press(ben, told(world, ben, "your work has a review")[0], "Read it")
    said = [f"{word} {'very ' * 200} and that is {word.lower()}." for word in ("One", "Two", "Three", "Four")]
    for text in said:
        read = await world.submit(ben, await world.press(ben, read, "Answer"), {"text": text})
        assert "Sent" in read.text and text in read.text  # what was just written is in view
    [note] = told(world, cleo, "there is an answer")  # one for the four of them
    newest = await world.press(cleo, note, "Read it")
    assert said[-1] in newest.text and GOOD["question"] not in newest.text
    mine = await world.slash(cleo, world.general, "review mine")
    whole = await world.choose(cleo, mine, "https://example.org/knots", menu="reviews:review.pick")
    whole_text = await leaf_through(world, cleo, whole)
    assert GOOD["question"] in whole_text and all(text in whole_text for text in said)
    closed = await world.press(ben, read, "Close this review")
    assert "Closed" in closed.text
    form = await world.press(cleo, newest, "Answer")
    late = await world.submit(cleo, form, {"text": "I was still writing this"})
    assert "closed" in late.text and "I was still writing this" in late.text


async def test_of_two_who_press_at_once_one_has_it_and_the_other_is_told(world: LyceumWorld) -> None:
    await ask(world)
    [card] = works(world)
    cleo, milo = world.people["Cleo"], world.people["Milo"]
    first, second = await world.at_once(
        world.press(cleo, card, "I'll review this"), world.press(milo, card, "I'll review this")
    )
    texts = sorted((first.text, second.text), key=lambda each: "not free" in each)
    assert "It is yours" in texts[0] and "not free at the moment" in texts[1] and "/review inbox" in texts[1]
    assert "own work" in (await world.press(world.member, card, "I'll review this")).text


async def test_a_claim_ends_by_itself_is_extended_four_times_and_given_back(world: LyceumWorld) -> None:
    await ask(world)
    cleo, milo = world.people["Cleo"], world.people["Milo"]
    hand = await claim(world, cleo)
    for _ in range(4):
        hand = await world.press(cleo, hand, "Extend")
    assert "Extend" not in [each.label for each in hand.buttons]
    await world.advance(timedelta(minutes=149))
    assert "is on it" in works(world)[0].text
    await world.advance(timedelta(minutes=2))
    assert "Waiting" in works(world)[0].text
    hand = await claim(world, milo)
    back = await world.press(milo, hand, "Give back")
    assert "that is fine" in back.text and "Waiting" in works(world)[0].text
    assert told(world, cleo, "") == [] and told(world, milo, "") == []


async def test_what_was_typed_outlives_the_lock_and_a_crash(world: LyceumWorld) -> None:
    await ask(world)
    cleo = world.people["Cleo"]
    hand = await claim(world, cleo)
    form = await world.press(cleo, hand, "Write the review")
    await world.advance(timedelta(minutes=31))
    await world.crash()
    await world.start_again()
    lost = await world.submit(cleo, form, {**JUDGED, **GOOD})
    assert "What you wrote is kept" in lost.text and told(world, world.member, "review") == []
    hand = await world.press(cleo, lost, "Take it again")
    form, other = [await world.press(cleo, hand, "Go on writing") for _ in range(2)]
    sent = await world.submit(cleo, form, {**JUDGED, **GOOD})
    assert "Sent" in sent.text and len(told(world, world.member, "your work has a review")) == 1
    twice = await world.submit(cleo, other, {**JUDGED, **GOOD})
    assert "already" in twice.text and len(told(world, world.member, "your work has a review")) == 1


async def test_a_thin_review_is_asked_for_one_line_more_and_never_held_up(world: LyceumWorld) -> None:
    await ask(world)
    await ask(world, content="https://example.org/second")
    cleo = world.people["Cleo"]
    hand = await claim(world, cleo, works(world)[0])
    thin = await write(world, cleo, hand, {**JUDGED, "strength": "Nice"})
    assert "one concrete line more" in thin.text and told(world, world.member, "has a review") == []
    assert "Sent" in (await world.press(cleo, thin, "Send it as it is")).text
    hand = await claim(world, cleo, works(world)[1])
    thin = await write(world, cleo, hand, {**JUDGED, "strength": "Nice"})
    form = await world.press(cleo, thin, "Add a line")
    assert "Sent" in (await world.submit(cleo, form, {**JUDGED, "strength": "Nice", "question": "Why?"})).text
    assert len(told(world, world.member, "has a review")) == 2


async def test_what_was_asked_for_can_be_changed_and_taken_back_before_anybody_looks(
    world: LyceumWorld,
) -> None:
    ben = world.member
    await ask(world)
    second = await ask(world, content="https://example.org/second")
    assert "it comes after others" in second.text
    inbox = await world.slash(ben, world.general, "review inbox")
    own = await world.choose(ben, inbox, "https://example.org/knots", menu="reviews:inbox.own")
    form = await world.press(ben, own, "I changed this")
    await world.submit(ben, form, {"content": "https://example.org/better", "changed": ""})
    assert "https://example.org/better" in works(world)[0].text and "Version" not in works(world)[0].text
    inbox = await world.slash(ben, world.general, "review inbox")
    own = await world.choose(ben, inbox, "https://example.org/second", menu="reviews:inbox.own")
    closed = await world.press(ben, own, "I don't need it any more")
    assert "Closed" in closed.text and works(world)[1].labels == []
    assert "It is yours" in (await claim(world, world.people["Cleo"], works(world)[0])).text
