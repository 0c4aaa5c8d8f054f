"""The queue of prompts: filled by facilitators and members, never empty-handed, never the same twice in half a year."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.people import Person
from sandbox.seen import Answer, Seen
from tests.behaviour.quests import LyceumWorld
from tests.behaviour.rituals import add, fill_in, opened

WEEK = timedelta(weeks=1)
QUESTION = "Question of the week"
POLL = "Poll of the week"


@pytest.fixture
async def weekly(community: LyceumWorld) -> LyceumWorld:
    """The question of the week, an hour before it is asked for the first time."""
    await add(community, ritual="weekly-question")
    return community


async def queue(world: LyceumWorld, title: str = QUESTION) -> Answer:
    return await world.slash(world.facilitator, world.staff, "manage rituals prompts", ritual=title)


async def put(world: LyceumWorld, text: str) -> Answer:
    return await fill_in(world, await queue(world), "Add a prompt", text=text)


async def suggest(world: LyceumWorld, person: Person, text: str, *, credited: bool = True) -> Answer:
    card = world.posted(world.weekly)[-1]
    return await fill_in(world, card, "Suggest the next question", by=person, text=text, credited=credited)


async def pick(world: LyceumWorld, text: str) -> Answer:
    return await world.choose(world.facilitator, await queue(world), text)


def asked(world: LyceumWorld) -> list[str]:
    """What was asked, without the title."""
    return [each.text.split("\n")[1] for each in world.posted(world.weekly)]


def told(world: LyceumWorld) -> list[Seen]:
    return world.posted(world.staff)


async def test_the_queue_is_asked_in_its_order_and_can_be_reordered(weekly: LyceumWorld) -> None:
    for text in ("One?", "Two?", "Three?", "Four?"):
        await put(weekly, text)
    card = await weekly.press(weekly.facilitator, await pick(weekly, "Three?"), "Ask it next")
    assert "1. Three?\n2. One?\n3. Two?" in card.text
    card = await weekly.press(weekly.facilitator, await pick(weekly, "Two?"), "One earlier")
    assert "Number 2 in the queue" in card.text
    card = await fill_in(weekly, await pick(weekly, "One?"), "Change", text="Uno?")
    assert "Uno?" in card.text and "Number 3" in card.text
    card = await weekly.press(weekly.facilitator, await pick(weekly, "Four?"), "Remove")
    assert "It is removed." in card.text
    await weekly.advance(3 * WEEK)
    assert asked(weekly) == ["Three?", "Two?", "Uno?"]
    archive = await weekly.press(weekly.facilitator, await queue(weekly), "Asked before")
    assert [line.partition(": ")[2] for line in archive.text.split("\n")[1:]] == ["Uno?", "Two?", "Three?"]


async def test_an_empty_queue_asks_from_the_library_and_says_so_to_staff(weekly: LyceumWorld) -> None:
    card = await queue(weekly)
    assert "The queue is empty. From my library would come: What is something you learned" in card.text
    await weekly.advance(2 * WEEK)
    first, second = asked(weekly)
    assert first != second and all(len(each) > 20 for each in (first, second))
    assert ["The queue of Question of the week is empty" in each.text for each in told(weekly)] == [
        True,
        True,
    ]
    opened_queue = await weekly.press(weekly.facilitator, told(weekly)[0], "Open the queue")
    assert opened_queue.ephemeral and "Prompts of" in opened_queue.text


async def test_a_low_queue_is_told_once_a_run_and_a_full_one_is_not(weekly: LyceumWorld) -> None:
    for number in range(4):
        await put(weekly, f"Number {number}?")
    await weekly.advance(WEEK)
    assert told(weekly) == [], "three are left"
    await weekly.advance(WEEK)
    [notice] = told(weekly)
    assert "runs low" in notice.text and "2 prompts are left." in notice.text and notice.pinged == ()


class TestHalfAYear:
    @pytest.mark.parametrize("weeks", [5, pytest.param(30, marks=pytest.mark.long)])
    async def test_the_library_repeats_nothing(self, weekly: LyceumWorld, weeks: int) -> None:
        await weekly.advance(weeks * WEEK)
        texts = asked(weekly)
        assert len(texts) == weeks == len(set(texts))

    async def test_what_was_asked_lately_waits_for_a_yes(self, weekly: LyceumWorld) -> None:
        await put(weekly, "What now?")
        await weekly.advance(WEEK)
        card = await put(weekly, "what  now")
        assert "less than half a year ago" in card.text
        await weekly.advance(WEEK)
        assert len(asked(weekly)) == 2 and asked(weekly)[-1] != "what  now"
        card = await weekly.press(weekly.facilitator, await pick(weekly, "what now"), "Ask it again")
        assert "Number 1 in the queue" in card.text
        await weekly.advance(WEEK)
        assert asked(weekly)[-1] == "what  now"

    async def test_the_same_twice_in_the_queue_is_asked_once(self, weekly: LyceumWorld) -> None:
        for text in ("Same?", "Same?", "Other?"):
            await put(weekly, text)
        await weekly.advance(2 * WEEK)
        assert asked(weekly) == ["Same?", "Other?"]

    async def test_polls_that_are_used_up_are_left_out_and_staff_learn_why(
        self, community: LyceumWorld
    ) -> None:
        await add(community, ritual="weekly-poll")
        await community.advance(10 * WEEK)
        assert len(community.posted(community.weekly)) == 8
        assert "was left out" in told(community)[-1].text
        jobs = await community.slash(community.facilitator, community.staff, "manage jobs")
        assert "nothing left to ask" in jobs.text


class TestSuggestions:
    async def test_a_members_suggestion_is_asked_with_their_name_if_they_like(
        self, weekly: LyceumWorld
    ) -> None:
        ann, cleo = await weekly.join("Ann"), weekly.people["Cleo"]
        await weekly.advance(WEEK)
        before = len(told(weekly))
        reply = await suggest(weekly, ann, "Which knot first?")
        assert reply.ephemeral and "Thank you" in reply.text
        await suggest(weekly, cleo, "Tea or coffee?", credited=False)
        [notice] = told(weekly)[before:]
        assert "waits" in notice.text
        look = await weekly.press(weekly.facilitator, notice, "Look at them")
        assert "2 suggestions wait for you." in look.text
        for text in ("Which knot first?", "Tea or coffee?"):
            card = await weekly.press(weekly.facilitator, await pick(weekly, text), "Take it")
            assert "in the queue" in card.text
        await weekly.advance(2 * WEEK)
        first, second = weekly.posted(weekly.weekly)[1:]
        assert "Which knot first?" in first.text and f"Suggested by <@{ann.id}>" in first.text
        assert first.pinged == ()
        assert "Tea or coffee?" in second.text and "Suggested by" not in second.text

    async def test_a_declined_one_is_gone_and_two_who_decide_at_once_do_it_once(
        self, weekly: LyceumWorld
    ) -> None:
        await weekly.advance(WEEK)
        await suggest(weekly, weekly.member, "Why?")
        cards = [await pick(weekly, "Why?") for _ in range(2)]
        texts = [
            answer.text
            for answer in await weekly.at_once(
                weekly.press(weekly.facilitator, cards[0], "No, thanks"),
                weekly.press(weekly.facilitator, cards[1], "Take it"),
            )
        ]
        assert sum("Somebody has dealt with this one already" in text for text in texts) == 1

    async def test_nobody_floods_the_facilitators(self, weekly: LyceumWorld) -> None:
        await weekly.advance(WEEK)
        before = len(told(weekly))
        texts = [
            (await suggest(weekly, weekly.member, f"Number {each}? @everyone")).text for each in range(4)
        ]
        assert "wait to be looked at" in texts[3] and len(told(weekly)) == before + 1


class TestPolls:
    async def test_a_poll_is_discords_own_with_the_answers_of_the_queue(self, community: LyceumWorld) -> None:
        await add(community, ritual="weekly-poll")
        card = await queue(community, POLL)
        refused = await fill_in(community, card, "Add a prompt", text="Only a question?")
        assert "2 to 10 different answers" in refused.text
        await fill_in(community, card, "Add a prompt", text="Tea?\nYes\nNo\nLater")
        await community.advance(timedelta(days=2))
        [message] = community.posted(community.weekly)
        poll = community.env.backend.get_message(community.weekly.id, message.id).poll
        assert poll is not None
        assert message.text == "**Poll of the week**" and message.pinged == ()

    async def test_who_votes_has_taken_part_once_however_often_they_change_their_mind(
        self, community: LyceumWorld
    ) -> None:
        await add(community, ritual="weekly-poll")
        await fill_in(community, await queue(community, POLL), "Add a prompt", text="Tea?\nYes\nNo")
        await community.advance(timedelta(days=2))
        [poll] = community.posted(community.weekly)
        ann = await community.join("Ann")
        for answer in (1, 2, 1):
            await community.vote(community.member, poll, answer)
        await community.vote(ann, poll, 2)
        assert "People who answered the last time: 2" in (await opened(community, POLL)).text

    async def test_the_doctor_says_when_polls_cannot_be_created(self, community: LyceumWorld) -> None:
        await add(community, ritual="weekly-poll")
        await community.bot_permissions(create_polls=False)
        card = await community.slash(community.facilitator, community.staff, "setup doctor")
        assert "Create Polls" in card.text and "Poll of the week" in card.text

    async def test_a_poll_whose_answer_was_lost_is_found_and_not_asked_twice(
        self, community: LyceumWorld
    ) -> None:
        await add(community, ritual="weekly-poll")
        await community.advance(timedelta(days=1, hours=2, minutes=59))
        gate = community.faults.hold("POST", f"/channels/{community.weekly.id}/messages", after=True)
        await community.advance(timedelta(minutes=1))
        assert gate.waiting == 1
        await community.crash()
        await community.advance(timedelta(hours=2))
        await community.start_again()
        await community.advance(timedelta(hours=1))
        assert len(community.posted(community.weekly)) == 1


async def test_the_ritual_says_how_many_prompts_wait(weekly: LyceumWorld) -> None:
    await put(weekly, "One?")
    assert "1 prompt waits in its queue." in (await opened(weekly, QUESTION)).text


async def test_a_ritual_without_a_queue_says_where_its_words_are(weekly: LyceumWorld) -> None:
    await add(weekly)
    assert "asks the same each time" in (await queue(weekly, "Monday goals")).text


async def test_a_preview_uses_nothing_up(weekly: LyceumWorld) -> None:
    await put(weekly, "Only one?")
    for _ in range(2):
        card = await weekly.slash(weekly.facilitator, weekly.staff, "manage rituals preview", ritual=QUESTION)
        assert "Only one?" in card.text
    await weekly.advance(WEEK)
    assert asked(weekly) == ["Only one?"]
