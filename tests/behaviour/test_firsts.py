"""The first time that somebody contributes in some way: one quiet line to them, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.behaviour.quests import LyceumWorld
from tests.behaviour.streaks import ask_for_wins, contribute, pause, streak

ANSWER = ("POST", "/interactions/*/*/callback")
LINE = "Your first answer to a ritual"


@pytest.fixture
async def world(community: LyceumWorld) -> LyceumWorld:
    await ask_for_wins(community)
    return community


def everything(world: LyceumWorld) -> str:
    """All that stands in the channels for everybody to read."""
    return "\n".join(
        message.text for channel in world.channels.values() for message in world.messages(channel)
    )


async def test_the_line_comes_with_the_answer_for_their_eyes_only_and_once(world: LyceumWorld) -> None:
    ann, cleo = world.member, world.people["Cleo"]
    first = await contribute(world, ann)
    assert LINE in first.text and first.ephemeral
    assert LINE not in (await contribute(world, ann)).text
    assert LINE in (await contribute(world, cleo)).text
    assert LINE not in everything(world) and world.pings(ann) == []


async def test_taken_back_and_given_again_it_is_not_said_again(world: LyceumWorld) -> None:
    first = await contribute(world, world.member)
    assert LINE in first.text
    await world.press(world.member, first, "Take it back")
    assert LINE not in (await contribute(world, world.member)).text


async def test_who_allows_dms_gets_it_there_within_a_minute_and_without_a_sound(world: LyceumWorld) -> None:
    ann = world.member
    card = await world.slash(ann, world.general, "me notifications")
    await world.press(ann, card, "Write to me by DM")
    answer = await contribute(world, ann)
    assert LINE not in answer.text
    await world.advance(timedelta(minutes=1))
    [told] = [message for message in world.dms(ann) if LINE in message.text]
    assert told.pinged == () and "Why am I seeing this?" in told.labels


async def test_closed_dms_make_it_wait_for_the_next_answer(world: LyceumWorld) -> None:
    ann = world.member
    card = await world.slash(ann, world.general, "me notifications")
    await world.press(ann, card, "Write to me by DM")
    world.close_dms(ann)
    await contribute(world, ann)
    await world.advance(timedelta(minutes=2))
    assert LINE not in everything(world)
    assert LINE in (await streak(world, ann)).text
    assert LINE not in (await streak(world, ann)).text


async def test_killed_before_the_answer_it_is_said_with_the_next(world: LyceumWorld) -> None:
    ann = world.member
    await world.slash(world.facilitator, world.general, "manage rituals run", ritual="friday-wins")
    form = await world.press(ann, world.posted(world.weekly)[-1], "Answer")
    gate = world.faults.hold(*ANSWER)
    await world.submit(ann, form, {"text": "I tied a knot", "shown": True})
    assert gate.waiting == 1  # it is written down, and Discord has not heard of it
    async with world.while_down(crash=True):
        pass
    assert LINE in (await streak(world, ann)).text
    assert LINE not in (await streak(world, ann)).text


async def test_during_a_pause_nothing_is_said_and_afterwards_it_is(world: LyceumWorld) -> None:
    ann = world.member
    await pause(world, ann, "in one week")
    assert LINE not in (await contribute(world, ann)).text
    await world.restart()
    assert LINE not in (await streak(world, ann)).text
    await world.advance(timedelta(days=8))
    assert LINE in (await streak(world, ann)).text


async def test_a_small_step_is_a_first_of_its_own_and_makes_the_week_count(world: LyceumWorld) -> None:
    ann = world.member
    card = await world.slash(ann, world.general, "micro")
    card = await world.press(
        ann, card, next(each.custom_id or "" for each in card.buttons if each.label == "Start")
    )
    form = await world.press(ann, card, "Done")
    done = await world.submit(ann, form, {"note": "Sorted my notes"})
    assert "Your first five-minute task is done" in done.text
    assert "1 week" in (await streak(world, ann)).text
