"""Every kind of fault raises what discord.py would, and has the effect it claims."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import discord
import pytest

from sandbox.faults import ADD_ROLE, ANYTHING, CREATE_MESSAGE, FOLLOW_UP, REPLY, Faults
from tests.sandbox.conftest import ToyWorld

Arm = Callable[[Faults], object]


def sending(toy: ToyWorld) -> Callable[[], Awaitable[discord.Message]]:
    """The bot posts in #general."""
    return lambda: toy.bot.find("general").send("hi")


@pytest.mark.parametrize("status", [500, 502, 503, 520])
async def test_server_errors_are_server_errors_and_nothing_happened(toy: ToyWorld, status: int) -> None:
    toy.faults.status(status, *CREATE_MESSAGE)
    with pytest.raises(discord.DiscordServerError) as error:
        await toy.in_bot(sending(toy))
    assert error.value.status == status
    assert toy.posted(toy.general) == []
    await toy.in_bot(sending(toy))
    assert len(toy.posted(toy.general)) == 1


async def test_refusals_carry_discords_codes(toy: ToyWorld) -> None:
    toy.faults.forbidden(*CREATE_MESSAGE, code=50001)
    with pytest.raises(discord.Forbidden) as refused:
        await toy.in_bot(sending(toy))
    toy.faults.not_found(*CREATE_MESSAGE, code=10003)
    with pytest.raises(discord.NotFound) as unknown:
        await toy.in_bot(sending(toy))
    assert (refused.value.code, unknown.value.code) == (50001, 10003)


@pytest.mark.parametrize(
    ("arm", "raised"),
    [
        (lambda faults: faults.lost(*CREATE_MESSAGE), TimeoutError),
        (lambda faults: faults.lost(*CREATE_MESSAGE, error="503"), discord.DiscordServerError),
        (lambda faults: faults.lost(*CREATE_MESSAGE, error="reset"), aiohttp.ClientOSError),
        (lambda faults: faults.reset(*CREATE_MESSAGE, after=True), aiohttp.ClientOSError),
        (lambda faults: faults.status(500, *CREATE_MESSAGE, after=True), discord.DiscordServerError),
    ],
)
async def test_a_lost_answer_leaves_the_message_there(
    toy: ToyWorld, arm: Arm, raised: type[Exception]
) -> None:
    arm(toy.faults)
    with pytest.raises(raised):
        await toy.in_bot(sending(toy))
    assert [message.text for message in toy.posted(toy.general)] == ["hi"]
    [request] = toy.faults.requests(*CREATE_MESSAGE)
    assert request.applied
    assert request.outcome != "ok"


async def test_a_reset_before_the_effect_leaves_nothing(toy: ToyWorld) -> None:
    toy.faults.reset(*CREATE_MESSAGE)
    with pytest.raises(aiohttp.ClientOSError):
        await toy.in_bot(sending(toy))
    assert toy.posted(toy.general) == []
    assert toy.faults.requests(*CREATE_MESSAGE, applied=True) == []


async def test_faults_come_in_the_order_they_were_armed_and_as_often_as_asked(toy: ToyWorld) -> None:
    toy.faults.status(503, *CREATE_MESSAGE, times=2)
    toy.faults.lost(*CREATE_MESSAGE)
    for raised in (discord.DiscordServerError, discord.DiscordServerError, TimeoutError):
        with pytest.raises(raised):
            await toy.in_bot(sending(toy))
    await toy.in_bot(sending(toy))
    assert len(toy.posted(toy.general)) == 2


async def test_a_pattern_is_for_whole_segments(toy: ToyWorld) -> None:
    rule = toy.faults.status(503, "POST", f"/channels/{toy.welcome.id}/messages", times=None)
    await toy.in_bot(sending(toy))
    toy.faults.status(503, *ADD_ROLE)
    toy.faults.status(503, "GET", "/channels/*", times=None)
    await toy.in_bot(sending(toy))
    assert rule.hits == 0
    assert len(toy.posted(toy.general)) == 2


async def test_faults_also_reach_replies_to_interactions_and_follow_ups(toy: ToyWorld) -> None:
    toy.faults.status(503, *REPLY)
    assert not (await toy.slash(toy.member, toy.general, "hello")).answered
    toy.faults.lost(*FOLLOW_UP)
    answer = await toy.slash(toy.member, toy.general, "hello")
    assert answer.text == "Hello!"
    assert toy.errors == [], "errors that were caused on purpose are not the bot's"


async def test_faults_stay_armed_through_a_restart(toy: ToyWorld) -> None:
    toy.faults.status(503, *CREATE_MESSAGE)
    await toy.restart()
    with pytest.raises(discord.DiscordServerError):
        await toy.in_bot(sending(toy))
    assert toy.faults.requests(*CREATE_MESSAGE)[0].generation == 2


async def test_a_slow_answer_takes_simulated_time_when_it_is_long(toy: ToyWorld) -> None:
    toy.faults.slow(30, *CREATE_MESSAGE)
    await toy.in_bot(sending(toy))
    assert toy.posted(toy.general) == []
    await toy.advance(timedelta(seconds=31))
    assert len(toy.posted(toy.general)) == 1


async def test_a_held_request_goes_on_when_released(toy: ToyWorld) -> None:
    gate = toy.faults.hold(*CREATE_MESSAGE)
    await toy.join("Ann")
    assert (gate.waiting, toy.posted(toy.welcome)) == (1, [])
    gate.release()
    await toy.settle()
    assert gate.waiting == 0
    assert len(toy.posted(toy.welcome)) == 1


async def test_a_request_held_after_its_effect_was_done(toy: ToyWorld) -> None:
    gate = toy.faults.hold(*CREATE_MESSAGE, after=True)
    await toy.join("Ann")
    assert gate.waiting == 1
    assert len(toy.posted(toy.welcome)) == 1
    await toy.crash()
    await toy.start_again()
    assert toy.faults.requests(*CREATE_MESSAGE)[0].outcome == "bot died"


async def test_in_an_outage_everything_fails_and_afterwards_nothing_does(toy: ToyWorld) -> None:
    with toy.faults.outage():
        with pytest.raises(discord.DiscordServerError):
            await toy.in_bot(sending(toy))
        assert not (await toy.slash(toy.member, toy.general, "hello")).answered
    with toy.faults.outage(None), pytest.raises(aiohttp.ClientOSError):
        await toy.in_bot(sending(toy))
    await toy.in_bot(sending(toy))
    assert len(toy.faults.requests(*ANYTHING, applied=False)) == 3
