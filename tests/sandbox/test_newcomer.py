"""The newcomer who plays the first quest in the demo, alone with the real bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.demo import lyceum_world, shown
from sandbox.newcomer import NEWCOMERS
from sandbox.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The demo's stage. Whoever rests lets simulated time pass, so that a test need not wait."""
    async with lyceum_world(tmp_path) as world, shown(world, 0) as page:
        stage = page.stage
        assert stage is not None

        async def rest(seconds: float) -> None:
            async with stage.lock:
                await world.advance(timedelta(seconds=seconds))

        stage.play.rest = rest
        yield stage


def check_finished(stage: Stage, name: str) -> None:
    """Discord has the role, one announcement and a card on which every step is ticked."""
    world = stage.world
    person = world.people[name]
    assert world.role_names(person) == {"Member"}
    [win] = [item for item in world.posted(world.first_wins) if person.id in item.mentions]
    assert "first win" in win.text
    mine = [item for item in world.messages(world.introductions, viewer=person) if item.ephemeral]
    assert mine[-1].text.count("- Done: ") == 3 and "Your first quest is done" in mine[-1].text
    assert len([item for item in world.posted(world.welcome) if person.id in item.mentions]) == 1


async def test_a_newcomer_finishes_the_first_quest_in_under_five_minutes(stage: Stage) -> None:
    before = stage.world.now
    await stage.actions()["play"]()
    await stage.play.finished()
    check_finished(stage, "Ann")
    assert stage.world.now - before < timedelta(minutes=5)
    assert stage.channel is not None and stage.channel.id == stage.world.first_wins.id
    assert "announced in #first-wins" in stage.play.told


async def test_each_press_plays_another_newcomer_with_another_goal(stage: Stage) -> None:
    for _ in range(2):
        await stage.play.begin()
        await stage.play.finished()
    check_finished(stage, "Ann")
    check_finished(stage, "Theo")
    wins = [item.text.partition("\n> ")[2] for item in stage.world.posted(stage.world.first_wins)]
    assert len(set(wins)) == 2


async def test_only_one_newcomer_plays_at_a_time(stage: Stage) -> None:
    await stage.play.begin()
    assert "One newcomer after the other" in await stage.play.begin()
    await stage.play.finished()
    assert "Theo" not in stage.world.people


async def test_closing_the_page_in_the_middle_leaves_nobody_playing(stage: Stage) -> None:
    await stage.play.begin()
    await asyncio.sleep(0)
    assert stage.play.going
    await stage.close()
    assert not stage.play.going


async def test_the_quest_is_finished_wherever_the_bot_is_killed(stage: Stage) -> None:
    """One newcomer for each pause of the story: in it the page's button kills the bot."""
    rest = stage.play.rest
    pauses, kill_in = 0, 0

    async def killing(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == kill_in:
            async with stage.lock:
                await stage.restart()
        await rest(seconds)

    stage.play.rest = killing
    for kill_in, name in enumerate(NEWCOMERS, start=1):  # noqa: B007 - `killing` reads it
        pauses = 0
        starts = stage.world.starts
        await stage.play.begin()
        await stage.play.finished()
        check_finished(stage, name)
        if stage.world.starts == starts:
            break
    assert kill_in == pauses + 1, "every pause had its kill"


async def test_the_view_stays_with_whoever_one_becomes(stage: Stage) -> None:
    ben = stage.world.people["Ben"]
    rest = stage.play.rest

    async def becoming_ben(seconds: float) -> None:
        if stage.person is not ben:
            async with stage.lock:
                await stage.be(str(ben.id))
        await rest(seconds)

    stage.play.rest = becoming_ben
    await stage.play.begin()
    await stage.play.finished()
    check_finished(stage, "Ann")
    assert stage.person is ben


async def test_a_newcomer_who_leaves_in_the_middle_ends_the_story(stage: Stage) -> None:
    rest = stage.play.rest

    async def leaving(seconds: float) -> None:
        async with stage.lock:
            if "Start" in stage.play.told and stage.gate() is None:
                await stage.leave()
        await rest(seconds)

    stage.play.rest = leaving
    await stage.play.begin()
    await stage.play.finished()
    assert "Ann cannot go on" in stage.play.told and "not in the server" in stage.play.told
