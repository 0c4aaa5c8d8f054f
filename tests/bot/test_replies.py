"""Every interaction gets exactly one first answer within three seconds, whatever is slow, lost or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot import replies
from bot.card_views import marker_on
from bot.cards import Button, Buttons, Card, Form, Text, TextField
from bot.dispatcher import marker_of
from bot.errors import NotFound
from bot.replies import reply_to
from sandbox.faults import FOLLOW_UP, REPLY
from sandbox.seen import Seen
from storage.database import Database
from tests.shell import (
    LyceumWorld,
    PollingDatabase,
    busy_writer,
    lyceum_world,
    post_card,
    release_when_acknowledged,
)

PRESS = "test:thing.do"
CARD = Card((Text("A card"), Buttons((Button("Do it", PRESS),))))
ANSWER = Card((Text("Here you are"), Buttons((Button("Again", PRESS),))))
FORM = Form("A form", "test:thing.set", (TextField("word", "A word"),))
MESSAGE, DEFERRED, QUIET, UPDATE, MODAL = 4, 5, 6, 7, 9  # Discord's types of first answers


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(PollingDatabase(sqlite_database.url.render_as_string())) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The acknowledgement comes after 50 ms instead of 1.5 s."""
    monkeypatch.setattr(replies, "ACKNOWLEDGE_AFTER", 0.05)


async def card_with(world: LyceumWorld, handler: Any) -> Seen:
    world.bot.components.register(PRESS, handler)
    return await post_card(world, world.general, CARD)


def first_answers(world: LyceumWorld) -> list[int]:
    return [request.body["type"] for request in world.faults.requests(*REPLY)]


async def until_acknowledged(interaction: discord.Interaction[Any]) -> None:
    """Slow work: it takes until the timer has acknowledged."""
    while not interaction.response.is_done():  # noqa: ASYNC110 - the simulation sees a sleep pass
        await asyncio.sleep(0.01)


def test_the_timer_leaves_half_of_discords_time_to_the_network() -> None:
    assert replies.ACKNOWLEDGE_AFTER <= 1.5


async def test_a_quick_answer_is_the_first_and_only_one(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).show(ANSWER)

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    assert answer.text == "Here you are" and answer.ephemeral
    assert first_answers(world) == [MESSAGE]
    world.check_interactions()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", ["show", "replace"])
async def test_slow_work_behind_a_button_is_acknowledged_quietly_and_then_answered(
    world: LyceumWorld, way: str
) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await until_acknowledged(interaction)
        await getattr(reply_to(interaction), way)(ANSWER)

    card = await card_with(world, handler)
    answer = await world.press(world.member, card, "Do it")
    assert first_answers(world) == [QUIET]
    assert answer.text.endswith("Here you are")
    assert world.read(card).text == ("A card" if way == "show" else "Here you are")
    if way == "show":
        assert answer.followups[0].ephemeral
    world.check_interactions()


@pytest.mark.usefixtures("impatient")
async def test_while_the_database_is_busy_a_command_is_acknowledged_and_then_answered(
    world: LyceumWorld,
) -> None:
    async with busy_writer(world.database) as release:
        release_when_acknowledged(world, release)
        answer = await world.slash(world.member, world.general, "start")
    assert first_answers(world) == [DEFERRED]
    assert not answer.thinking and answer.ephemeral and "first quest" in answer.text
    world.check_interactions()


@pytest.mark.usefixtures("impatient")
async def test_while_the_database_is_busy_a_choice_on_a_private_card_is_saved_and_drawn(
    world: LyceumWorld,
) -> None:
    start = await world.slash(world.facilitator, world.staff, "setup start")
    card = await world.choose(world.facilitator, start, "Community", menu="setup:page.open")
    async with busy_writer(world.database) as release:
        release_when_acknowledged(world, release)
        again = await world.choose(world.facilitator, card, world.staff, menu="setup:choice.set:0")
    assert first_answers(world) == [MESSAGE, UPDATE, QUIET]
    assert again.followups == []
    config = await world.bot.core.configs.guild(world.guild_id)
    assert config.staff_channel_id == world.staff.id
    world.check_interactions()


@pytest.mark.usefixtures("impatient")
async def test_a_form_that_comes_too_late_asks_to_press_again(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await until_acknowledged(interaction)
        await reply_to(interaction).ask(FORM)

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    assert answer.modal is None and "once more" in answer.followups[0].text
    world.check_interactions()


async def test_two_answers_at_once_are_a_first_and_a_second(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        reply = reply_to(interaction)
        await asyncio.gather(reply.show(Card((Text("One"),))), reply.show(Card((Text("Two"),))))

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    assert sorted(seen.text for seen in answer.shown) == ["One", "Two"]
    assert first_answers(world) == [MESSAGE]
    world.check_interactions()


async def test_an_answer_after_a_form_does_not_break(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).ask(FORM)
        await reply_to(interaction).show(ANSWER)

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    assert answer.modal is not None and [seen.text for seen in answer.followups] == ["Here you are"]
    world.check_interactions()


@pytest.mark.parametrize("code", [10062, 40060])
@pytest.mark.parametrize("way", ["show", "replace", "ask"])
async def test_a_first_answer_that_discord_refuses_as_late_or_second_is_let_go(
    world: LyceumWorld, way: str, code: int
) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await getattr(reply_to(interaction), way)(FORM if way == "ask" else ANSWER)

    card = await card_with(world, handler)
    world.faults.status(404 if code == 10062 else 400, *REPLY, code=code)
    await world.press(world.member, card, "Do it")
    assert world.errors == []
    assert world.faults.requests(*FOLLOW_UP) == []


@pytest.mark.parametrize("error", ["timeout", "reset", "503"])
async def test_an_answer_whose_receipt_is_lost_is_not_followed_by_an_apology(
    world: LyceumWorld, error: str
) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).show(ANSWER)

    card = await card_with(world, handler)
    world.faults.lost(*REPLY, error=error)
    answer = await world.press(world.member, card, "Do it")
    assert [seen.text for seen in answer.shown] == ["Here you are"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", ["timeout", "reset", "503"])
@pytest.mark.parametrize("way", ["show", "replace"])
async def test_the_answer_arrives_although_the_receipt_of_the_acknowledgement_was_lost(
    world: LyceumWorld, way: str, error: str
) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        while not world.faults.requests(*REPLY):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
        await getattr(reply_to(interaction), way)(ANSWER)

    card = await card_with(world, handler)
    world.faults.lost(*REPLY, error=error)
    answer = await world.press(world.member, card, "Do it")
    assert answer.text.endswith("Here you are")
    assert world.read(card).text == ("A card" if way == "show" else "Here you are")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("error", [NotFound("It is not there any more."), ValueError("secret internals")])
async def test_an_error_is_told_before_and_after_the_acknowledgement(
    world: LyceumWorld, slow: bool, error: Exception
) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        if slow:
            await until_acknowledged(interaction)
        raise error

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    [told] = answer.followups if slow else answer.shown
    assert told.ephemeral and "secret" not in told.text
    assert told.text.startswith("It is not there" if isinstance(error, NotFound) else "Something went wrong")
    assert first_answers(world) == [QUIET if slow else MESSAGE]
    world.check_interactions()


async def test_without_a_message_to_draw_again_the_card_is_a_new_one(world: LyceumWorld) -> None:
    async def instead(interaction: discord.Interaction[Any]) -> None:
        await reply_to(interaction).replace(ANSWER)

    help_command = world.bot.tree.get_command("help")
    assert help_command is not None
    help_command._callback = instead  # type: ignore[union-attr]
    answer = await world.slash(world.member, world.general, "help")
    assert answer.text == "Here you are"
    world.check_interactions()


async def test_a_post_that_is_drawn_again_can_still_be_found_by_its_marker(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).replace(ANSWER)

    async def find(number: int) -> int | None:
        place = world.bot.get_partial_messageable(world.general.id)
        return marker_on(await place.fetch_message(number))

    world.bot.components.register(PRESS, handler)
    marker = marker_of("a post")
    card = await post_card(world, world.general, CARD, marker=marker)
    await world.press(world.member, card, "Do it")
    assert world.read(card).text == "Here you are"
    assert await world.in_bot(lambda: find(card.id)) == marker


async def test_a_card_that_somebody_deletes_in_that_moment_is_no_fault(world: LyceumWorld) -> None:
    async def handler(interaction: discord.Interaction[Any], _: int | None) -> None:
        assert interaction.message is not None
        await interaction.message.delete()
        await reply_to(interaction).replace(ANSWER)

    answer = await world.press(world.member, await card_with(world, handler), "Do it")
    assert answer.text == "Here you are" and answer.ephemeral
    world.check_interactions()
