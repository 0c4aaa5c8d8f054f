"""The first quest as its newcomer sees it: every step in any order, ticked at once, left and taken up at will."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import discord
import pytest

from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    hello_answers,
    restart,
    say_goal,
    say_hello,
    start,
    status,
    wins,
)

_NEW_MEMBER: Any = discord.MessageType.new_member.value
STEPS = {"goal": say_goal, "hello": say_hello, "answer": answer_a_hello}


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
async def test_the_steps_can_be_done_in_any_order_and_each_is_ticked(
    community: LyceumWorld, order: tuple[str, ...]
) -> None:
    ann = await community.join("Ann")  # and has not pressed Start
    for done, step in enumerate(order, start=1):
        await STEPS[step](community, ann)
        card = await status(community, ann)
        assert card.text.count("- Done:") == done
    assert "Your first quest is done" in card.text
    [answer] = hello_answers(community, ann)
    assert "First quest finished" in answer.text
    assert len(wins(community, ann)) == 1 and community.role_names(ann) == {"Member"}


async def test_a_hello_is_answered_under_it_and_the_answer_follows_the_progress(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    hello = await say_hello(community, ann)
    [answer] = hello_answers(community, ann)
    assert answer.reply_to == hello.id and answer.pinged == ()
    assert "1 of 3 done" in answer.text and "Next: Say what you want to learn" in answer.text

    await say_goal(community, ann)
    assert "2 of 3 done" in community.read(answer).text
    card = await community.press(ann, answer, "My quest")
    assert card.ephemeral and "Next: React" in card.text

    await community.press(ann, card, "Skip this step")
    assert "First quest finished" in community.read(answer).text


async def test_done_it_says_when_nothing_was_seen_yet_and_goes_on_when_it_was(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    card = await say_goal(community, ann)
    card = await community.press(ann, card, "Done it")
    assert "I have not seen it yet" in card.text and "Next: Say hello" in card.text
    await say_hello(community, ann)
    card = await community.press(ann, card, "Done it")
    assert "I have not seen it yet" not in card.text and "Next: React" in card.text


async def test_the_card_is_private_is_redrawn_in_place_and_fits_a_phone(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    first = await start(community, ann)
    assert first.ephemeral
    form = await community.press(ann, first, "Write it")
    second = await community.submit(ann, form, {"goal": "Knots", "share": False})
    assert second.message is not None and first.message is not None
    assert second.message.id == first.message.id
    rows = [
        len(part["components"])
        for request in community.faults.log
        for part in _rows(request.body)
        if part.get("type") == 1
    ]
    assert rows and max(rows) <= 3


async def test_only_a_hello_counts_in_introductions_and_only_a_reaction_to_somebody_else(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    await community.say(ann, community.general, "Hello everybody!")
    assert "0 of 3" in (await status(community, ann)).text

    own = await say_hello(community, ann)
    await community.react(ann, own)
    await community.react(ann, hello_answers(community, ann)[0])
    elsewhere = await community.say(community.member, community.general, "I am not in introductions")
    await community.react(ann, elsewhere)
    assert "1 of 3" in (await status(community, ann)).text

    await answer_a_hello(community, ann)
    assert "2 of 3" in (await status(community, ann)).text


async def test_a_second_hello_gets_no_second_answer(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    for _ in range(3):
        await say_hello(community, ann)
    assert len(hello_answers(community, ann)) == 1


async def test_what_discord_writes_in_a_members_name_is_no_hello(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    # "Ann joined the server" bears Ann as its author.
    community.env.backend.create_system_message(community.introductions.id, _NEW_MEMBER, ann.id)
    await community.settle()
    await community.restart()
    assert "0 of 3" in (await status(community, ann)).text and hello_answers(community, ann) == []


async def test_people_who_are_in_no_quest_are_left_alone(community: LyceumWorld) -> None:
    hello = await say_hello(community, community.member)
    await community.react(community.people["Cleo"], hello)
    assert community.posted(community.introductions) == []


class TestPressedTwice:
    """Double clicks and old cards."""

    async def test_skip_leaves_out_one_step(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        card = await start(community, ann)
        message = card.message
        assert message is not None
        await community.at_once(
            community.press(ann, message, "Skip this step"), community.press(ann, message, "Skip this step")
        )
        assert (await status(community, ann)).text.count("- Skipped:") == 1

    async def test_start_again_begins_anew_once_and_never_from_an_old_card(
        self, community: LyceumWorld
    ) -> None:
        ann = await community.join("Ann")
        await finish(community, ann)
        old = await status(community, ann)
        other = await status(community, ann)
        question = await community.press(ann, old, "Start again")
        another = await community.press(ann, other, "Start again")
        assert "again?" in question.text and [each.label for each in question.buttons] == [
            "Start again",
            "Keep it as it is",
        ]
        assert question.message is not None
        yes = question.message
        await community.at_once(
            community.press(ann, yes, "Start again"), community.press(ann, yes, "Start again")
        )
        await say_hello(community, ann)
        card = await community.press(ann, another, "Start again")
        assert "1 of 3 done" in card.text, "what was done since the other press is kept"

    async def test_start_shows_the_same_quest_to_both_presses(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        both = await community.at_once(start(community, ann), start(community, ann))
        assert ["0 of 3 done" in each.text for each in both] == [True, True]

    async def test_one_goal_sent_twice_ticks_one_step(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        card = await start(community, ann)
        forms = [await community.press(ann, card, "Write it") for _ in range(2)]
        await community.at_once(
            *(community.submit(ann, form, {"goal": "Knots", "share": False}) for form in forms)
        )
        assert "1 of 3 done" in (await status(community, ann)).text


async def test_two_people_go_through_it_at_once_without_getting_in_each_others_way(
    community: LyceumWorld,
) -> None:
    ann, bo = await community.join("Ann"), await community.join("Bo")
    await community.at_once(start(community, ann), start(community, bo))
    await say_goal(community, ann)
    await say_goal(community, bo, share=False)
    await community.at_once(say_hello(community, ann), say_hello(community, bo))
    hello = await community.say(community.member, community.introductions, "Hello from Ben.")
    await community.at_once(community.react(ann, hello), community.react(bo, hello))
    assert [len(hello_answers(community, each)) for each in (ann, bo)] == [1, 1]
    assert [len(wins(community, each)) for each in (ann, bo)] == [1, 0]


async def test_on_somebody_elses_card_one_finds_ones_own_quest(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await say_hello(community, ann)
    card = await community.press(community.member, hello_answers(community, ann)[0], "My quest")
    assert card.ephemeral and "0 of 3 done" in card.text
    assert "2 of 3 done" in (await status(community, ann)).text


class TestSkipping:
    async def test_one_step_left_out_still_makes_a_finished_quest(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await say_hello(community, ann)
        card = await community.slash(ann, community.general, "quest skip")
        assert "Your first quest is done" in card.text and card.text.count("- Skipped:") == 1
        assert len(wins(community, ann)) == 1 and community.role_names(ann) == {"Member"}

    async def test_leaving_out_everything_is_fine_and_no_win(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        for _ in range(3):
            card = await community.slash(ann, community.general, "quest skip")
        assert "skipped every step" in card.text and card.message is not None
        refused = await community.slash(ann, community.general, "quest skip")
        assert "no open step" in refused.text and "/quest status" in refused.text
        assert wins(community, ann) == [] and community.role_names(ann) == set()

        question = await community.press(ann, card, "Start again")
        again = await community.press(ann, question, "Start again")
        assert "0 of 3 done" in again.text

    async def test_what_was_left_out_is_not_ticked_by_a_later_hello(self, community: LyceumWorld) -> None:
        ann = await community.join("Ann")
        await say_goal(community, ann)
        await community.slash(ann, community.general, "quest skip")
        await say_hello(community, ann)
        assert hello_answers(community, ann) == []
        assert "- Skipped: Say hello" in (await status(community, ann)).text


async def test_begun_anew_it_wants_new_acts_and_the_old_goal_is_offered(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await finish(community, ann)
    card = await restart(community, ann)
    assert "0 of 3 done" in card.text
    await community.restart()  # the old hello, still in the channel, is not taken up for the new run
    assert "0 of 3 done" in (await status(community, ann)).text
    await finish(community, ann)
    assert len(hello_answers(community, ann)) == 2
    assert len(wins(community, ann)) == 1


async def test_a_quest_left_for_weeks_goes_on_where_it_was(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    old = await say_goal(community, ann)
    await community.advance(timedelta(weeks=6))
    await community.restart()
    card = await community.press(ann, old, "Done it")
    assert "Next: Say hello" in card.text
    await say_hello(community, ann)
    assert "2 of 3 done" in (await community.press(ann, old, "Done it")).text


async def test_the_whole_quest_works_with_closed_dms(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    community.close_dms(ann)
    await start(community, ann)
    await finish(community, ann)
    assert len(wins(community, ann)) == 1 and community.role_names(ann) == {"Member"}
    everything = [
        message.text for channel in community.channels.values() for message in community.posted(channel)
    ]
    assert not any("DM" in text for text in everything)


def _rows(body: object) -> list[dict[str, Any]]:
    """Every component in a request, at any depth."""
    if isinstance(body, dict):
        found = [body] if "type" in body and "components" in body else []
        return found + [each for value in body.values() for each in _rows(value)]
    if isinstance(body, list):
        return [each for value in body for each in _rows(value)]
    return []
