"""The bot is restarted or killed at every point of a newcomer's way: nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from sandbox.faults import ADD_ROLE, CREATE_MESSAGE, EDIT_MESSAGE
from sandbox.people import Person
from tests.behaviour.quests import (
    LyceumWorld,
    answer_a_hello,
    greetings,
    hello_answers,
    say_goal,
    say_hello,
    start,
    status,
    wins,
)

BACK_OFF = timedelta(minutes=10)


async def _accept(world: LyceumWorld, ann: Person) -> None:
    await world.accept_rules(ann)


WAY: dict[str, Callable[[LyceumWorld, Person], Awaitable[object]]] = {
    "accepts the rules": _accept,
    "presses Start": start,
    "says the goal": say_goal,
    "says hello": say_hello,
    "answers a hello": answer_a_hello,
}


async def check_all_is_well(world: LyceumWorld, ann: Person) -> None:
    """Everything of a finished quest is there, once."""
    assert [len(found(world, ann)) for found in (greetings, hello_answers, wins)] == [1, 1, 1]
    assert greetings(world, ann)[0].pinged == (ann.id,)
    assert "First quest finished" in hello_answers(world, ann)[0].text
    assert world.role_names(ann) == {"Member"}
    assert "Your first quest is done" in (await status(world, ann)).text
    assert world.posted(world.staff) == [] and world.dms(ann) == []


@pytest.mark.parametrize("killed", [False, True], ids=["restarted", "killed"])
@pytest.mark.parametrize("point", ["joins", *WAY])
async def test_between_two_steps(community: LyceumWorld, point: str, killed: bool) -> None:
    async def end_and_begin() -> None:
        async with community.while_down(crash=killed):
            pass

    ann = await community.join("Ann", pending=True)
    if point == "joins":
        await end_and_begin()
    for name, step in WAY.items():
        await step(community, ann)
        if point == name:
            await end_and_begin()
    await check_all_is_well(community, ann)


POSTINGS = {
    "accepts the rules": CREATE_MESSAGE,
    "says hello": CREATE_MESSAGE,
    "answers a hello": EDIT_MESSAGE,
    "answers a hello: the win": CREATE_MESSAGE,
    "answers a hello: the role": ADD_ROLE,
}


@pytest.mark.parametrize("away", [timedelta(0), timedelta(hours=5)], ids=["for a moment", "for hours"])
@pytest.mark.parametrize("after", [False, True], ids=["before Discord did it", "after Discord did it"])
@pytest.mark.parametrize("point", POSTINGS)
async def test_killed_in_the_middle_of_a_request(
    community: LyceumWorld, point: str, after: bool, away: timedelta
) -> None:
    ann = await community.join("Ann", pending=True)
    gate = None
    for name, step in WAY.items():
        if point.partition(":")[0] == name:
            gate = community.faults.hold(*POSTINGS[point], after=after)
        await step(community, ann)
        if gate is not None and gate.waiting:
            await community.crash()
            await community.advance(away)
            await community.start_again()
            gate = None
    await community.advance(BACK_OFF)
    assert gate is None, "the request that was to be interrupted was never made"
    await check_all_is_well(community, ann)


@pytest.mark.parametrize("error", ["timeout", "reset", "503"])
async def test_every_answer_of_discord_is_lost_once(community: LyceumWorld, error: str) -> None:
    for request in (CREATE_MESSAGE, EDIT_MESSAGE, ADD_ROLE):
        community.faults.lost(*request, times=2, error=error)
    ann = await community.join("Ann", pending=True)
    for step in WAY.values():
        await step(community, ann)
        await community.advance(BACK_OFF)
    await check_all_is_well(community, ann)


async def test_an_answer_is_lost_and_then_the_process_dies(community: LyceumWorld) -> None:
    community.faults.lost(*CREATE_MESSAGE)
    ann = await community.join("Ann")
    async with community.while_down(crash=True):
        await community.advance(timedelta(hours=3))  # longer than Discord remembers a nonce
    await community.advance(BACK_OFF)
    assert len(greetings(community, ann)) == 1


async def test_killed_again_and_again_while_discord_takes_no_messages(community: LyceumWorld) -> None:
    ann = await community.join("Ann", pending=True)
    rule = community.faults.status(503, *CREATE_MESSAGE, times=None)
    await community.accept_rules(ann)
    for _ in range(3):
        async with community.while_down(crash=True):
            pass
        await community.advance(timedelta(minutes=1))
    community.faults.disarm(rule)
    await community.advance(BACK_OFF)
    assert len(greetings(community, ann)) == 1
