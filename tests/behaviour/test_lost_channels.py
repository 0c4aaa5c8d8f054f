"""Channels that are deleted or closed to the bot, before and during a quest: what people see, what staff are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.faults import CREATE_MESSAGE
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    finish,
    greetings,
    notices,
    say_goal,
    say_hello,
    start,
    status,
    wins,
)

WHAT_IT_WAS = {
    "welcome": "Welcome channel",
    "introductions": "Introductions channel",
    "first-wins": "First wins channel",
}


@pytest.mark.parametrize("name", WHAT_IT_WAS)
@pytest.mark.parametrize("away", [False, True], ids=["while here", "while away"])
async def test_staff_are_told_once_what_is_off_and_where_to_choose_anew(
    community: LyceumWorld, name: str, away: bool
) -> None:
    channel = community.channels[name]
    if away:
        async with community.while_down():
            await community.delete_channel(channel)
    else:
        await community.delete_channel(channel)
    ann = await community.join("Ann")
    card = await say_goal(community, ann, share=None if name == "first-wins" else True)
    assert "1 of 3 done" in card.text or "is done" in card.text
    await community.restart()
    await community.advance(timedelta(days=3))
    [notice] = notices(community)
    assert WHAT_IT_WAS[name] in notice and "/setup start" in notice and "was deleted" in notice


async def test_without_the_welcome_channel_the_quest_still_works(community: LyceumWorld) -> None:
    await community.delete_channel(community.welcome)
    ann = await community.join("Ann")
    await finish(community, ann)
    assert community.pings(ann) == [] and len(wins(community, ann)) == 1


@pytest.mark.parametrize("done", [(), ("hello",)], ids=["before the hello", "after the hello"])
async def test_a_channel_lost_in_the_middle_makes_nobody_finish_early(
    community: LyceumWorld, done: tuple[str, ...]
) -> None:
    ann = await community.join("Ann")
    card = await start(community, ann)
    if done:
        await say_hello(community, ann)
    await community.delete_channel(community.introductions)
    card = await say_goal(community, ann)
    assert f"{1 + len(done)} of 3 done" in card.text
    assert card.text.count("- Resting until staff choose a channel:") == 2 - len(done)
    assert "<#" not in card.text and wins(community, ann) == [] and community.role_names(ann) == set()


async def test_what_rested_can_be_done_when_staff_have_chosen_another_channel(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.delete_channel(community.introductions)
    await status(community, ann)
    community.channels["introductions"] = await community.create_channel("hellos")
    card = await community.slash(community.facilitator, community.staff, "setup start")
    card = await community.choose(community.facilitator, card, "Newcomers", menu="setup:page.open")
    await community.choose(community.facilitator, card, community.introductions, menu="setup:choice.set:11")
    await say_hello(community, ann)
    await answer_a_hello(community, ann)
    assert "Your first quest is done" in (await status(community, ann)).text
    assert len(wins(community, ann)) == 1


async def test_whoever_does_not_want_to_wait_for_staff_leaves_out_what_rests(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_goal(community, ann)
    await community.delete_channel(community.introductions)
    card = await status(community, ann)
    card = await community.press(ann, card, "Skip this step")
    assert wins(community, ann) == []
    card = await community.press(ann, card, "Skip this step")
    assert "Your first quest is done" in card.text and len(wins(community, ann)) == 1


async def test_who_begins_without_the_channel_finishes_with_what_there_is(community: LyceumWorld) -> None:
    await community.delete_channel(community.introductions)
    ann = await community.join("Ann")
    card = await start(community, ann)
    assert "0 of 1 done" in card.text
    assert "Your first quest is done" in (await say_goal(community, ann)).text


@pytest.mark.parametrize("name", WHAT_IT_WAS)
async def test_deleted_while_something_waits_to_be_posted_there(community: LyceumWorld, name: str) -> None:
    rule = community.faults.status(503, *CREATE_MESSAGE, times=None)
    ann = await community.join("Ann")
    await finish(community, ann)
    await community.delete_channel(community.channels[name])
    community.faults.disarm(rule)
    await community.advance(timedelta(minutes=10))
    [notice] = notices(community)
    assert WHAT_IT_WAS[name] in notice
    assert "Your first quest is done" in (await status(community, ann)).text
    assert community.role_names(ann) == {"Member"}


async def test_a_hello_deleted_before_it_was_answered_is_answered_all_the_same(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    rule = community.faults.status(503, *CREATE_MESSAGE, times=None)
    hello = await say_hello(community, ann)
    await community.delete(ann, hello)
    community.faults.disarm(rule)
    await community.advance(timedelta(minutes=10))
    [answer] = community.posted(community.introductions)
    assert "1 of 3 done" in answer.text
    assert notices(community) == []


async def test_an_answer_that_a_moderator_deleted_is_no_trouble(community: LyceumWorld) -> None:
    ann = await community.join("Ann")
    await say_hello(community, ann)
    [answer] = community.posted(community.introductions)
    await community.delete(community.moderator, answer)
    await say_goal(community, ann)
    await answer_a_hello(community, ann)
    assert community.posted(community.introductions) == [] and notices(community) == []
    assert len(wins(community, ann)) == 1


async def test_a_closed_introductions_channel_is_told_once_and_the_steps_tick(community: LyceumWorld) -> None:
    path = f"/channels/{community.introductions.id}/messages"
    community.faults.forbidden("POST", path, times=None)
    for name in ("Ann", "Bo"):
        person = await community.join(name)
        await finish(community, person)
        assert len(wins(community, person)) == 1
    [notice] = notices(community)
    assert "answering a hello" in notice and "Let me send messages" in notice


async def test_a_welcome_channel_chosen_anew_is_used_from_then_on(community: LyceumWorld) -> None:
    await community.delete_channel(community.welcome)
    ann = await community.join("Ann")
    channel = await community.create_channel("arrivals")
    card = await community.slash(community.facilitator, community.staff, "setup start")
    card = await community.choose(community.facilitator, card, "Newcomers", menu="setup:page.open")
    await community.choose(community.facilitator, card, channel, menu="setup:choice.set:10")
    bo = await community.join("Bo")
    assert [card.pinged for card in community.posted(channel)] == [(ann.id,), (bo.id,)]


async def test_the_card_of_an_old_greeting_works_after_everything_was_chosen_anew(
    community: LyceumWorld,
) -> None:
    ann = await community.join("Ann")
    [greeting] = greetings(community, ann)
    await community.delete_channel(community.introductions)
    card = await community.press(ann, greeting, "Start")
    assert "0 of 1 done" in card.text
