"""What people are told when something goes wrong, in their own language, and what only the log knows."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.cards import Button, Buttons, Card, Form, Text, TextField
from bot.errors import AlreadyDone, ExternalError, InvalidInput, MissingBotPermission, NotFound, TooSoon
from bot.i18n import Translations
from bot.refusals import in_words
from bot.replies import reply_to
from sandbox.faults import FOLLOW_UP, REPLY
from storage.database import Database
from tests.shell import LyceumWorld, lyceum_world, post_card

PRESS = "test:thing.do"
CARD = Card((Text("A card"), Buttons((Button("Do it", PRESS),))))
AGAIN_AT = datetime(2026, 1, 8, tzinfo=UTC)


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with lyceum_world(sqlite_database) as opened:
        yield opened
        opened.check_interactions()


async def told(world: LyceumWorld, error: Exception) -> str:
    async def handler(_interaction: discord.Interaction[Any], _: int | None) -> None:
        raise error

    world.bot.components.register(PRESS, handler)
    answer = await world.press(world.member, await post_card(world, world.general, CARD), "Do it")
    assert answer.ephemeral
    return answer.text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFound("It is gone. See {command}.", command="/help"), "It is gone. See /help."),
        (
            TooSoon("You did.", retry_at=AGAIN_AT),
            f"You did.\nYou can try again <t:{int(AGAIN_AT.timestamp())}:R>.",
        ),
        (
            MissingBotPermission("I lack {what}.", what="it"),
            "Sorry, Discord did not let me do that. I lack it.",
        ),
        (
            app_commands.CheckFailure("internal"),
            "You cannot use this here. If you think you should, ask a facilitator.",
        ),
    ],
)
async def test_each_kind_of_error_has_its_words(world: LyceumWorld, error: Exception, text: str) -> None:
    assert await told(world, error) == text
    world.forgive_errors()


def test_a_refusal_beside_what_was_typed_says_when_it_can_be_tried_again() -> None:
    reason = in_words(TooSoon("You did.", retry_at=AGAIN_AT), Translations().for_locale("en"))
    assert reason == f"You did.\nYou can try again <t:{int(AGAIN_AT.timestamp())}:R>."


@pytest.mark.parametrize(
    "bug",
    [
        ZeroDivisionError("hunter2"),
        KeyError("hunter2"),
        NotFound("A text with a {field} that was forgotten.", other="hunter2"),
        discord.DiscordException("hunter2"),
    ],
)
async def test_a_bug_is_told_by_a_reference_that_the_log_has_too_and_by_nothing_else(
    world: LyceumWorld, bug: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        text = await told(world, bug)
    found = re.search(r"this number: ([0-9A-F]{6})$", text)
    assert found is not None and "hunter2" not in text and "{" not in text
    assert found[1] in caplog.text
    assert f"user={world.member.id}" in caplog.text and PRESS in caplog.text


async def test_an_error_in_a_command_goes_through_the_same_door(world: LyceumWorld) -> None:
    async def broken(_interaction: discord.Interaction[Any]) -> None:
        raise ZeroDivisionError("hunter2")

    command = world.bot.tree.get_command("help")
    assert command is not None
    command._callback = broken  # type: ignore[union-attr]
    answer = await world.slash(world.member, world.general, "help")
    assert "this number" in answer.text and "hunter2" not in answer.text and answer.ephemeral
    world.forgive_errors()


async def test_a_command_that_is_gone_from_the_bot_is_answered(world: LyceumWorld) -> None:
    world.bot.tree.remove_command("help")
    answer = await world.slash(world.member, world.general, "help")
    assert "restart Discord" in answer.text and answer.ephemeral
    world.forgive_errors()


async def test_an_error_is_told_in_the_language_of_the_person(world: LyceumWorld, tmp_path: Path) -> None:
    folder = tmp_path / "en_GB" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "lyceum.po").write_text(
        header + 'msgid "It is gone. See {command}."\nmsgstr "Weg. Sieh {command}."\n'
    )
    translations = Translations(tmp_path)
    world.bot.translations = translations
    real = translations.for_locale
    # People in the simulation speak American English, for which there is no catalogue but this one.
    translations.for_locale = lambda locale: real("en-GB" if locale == "en-US" else locale)  # type: ignore[method-assign]
    assert await told(world, NotFound("It is gone. See {command}.", command="/help")) == "Weg. Sieh /help."


async def test_when_even_the_apology_cannot_be_sent_the_log_has_both(
    world: LyceumWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.status(503, *REPLY, times=None)
    world.faults.status(503, *FOLLOW_UP, times=None)

    async def handler(_interaction: discord.Interaction[Any], _: int | None) -> None:
        raise ZeroDivisionError("hunter2")

    world.bot.components.register(PRESS, handler)
    card = await post_card(world, world.general, CARD)
    await world.press(world.member, card, "Do it")
    assert "bug ref=" in caplog.text and "could not be told" in caplog.text
    world.faults.clear()
    world._excuse_open_interactions()


@pytest.mark.parametrize(
    "old", ["test:thing.gone", "onboarding:quest.gone:12", "nonsense", "a:b.c:99999999999999999999"]
)
async def test_a_control_that_nobody_handles_is_answered_politely(world: LyceumWorld, old: str) -> None:
    card = await post_card(world, world.general, Card((Text("Old"), Buttons((Button("Old one", old),)))))
    answer = await world.press(world.member, card, "Old one")
    assert "older version" in answer.text and "/help" in answer.text and answer.ephemeral


@pytest.mark.parametrize(
    "name",
    [
        "notify:why.show",
        "outbox:effect.retry",
        "schedules:held.go_on",
        "rituals:ritual.remove",
        "notify:choice.set",
    ],
)
@pytest.mark.parametrize("row_id", ["", ":0", ":987654", f":{2**63 - 1}"])
async def test_a_forged_row_id_is_a_polite_refusal_and_no_bug(
    world: LyceumWorld, name: str, row_id: str
) -> None:
    card = await post_card(world, world.general, Card((Text("x"), Buttons((Button("Go", name + row_id),)))))
    answer = await world.press(world.people["Olive"], card, "Go")
    assert answer.ephemeral and answer.text
    assert "Something went wrong" not in answer.text


async def test_what_was_typed_into_a_form_comes_back_with_the_refusal(world: LyceumWorld) -> None:
    async def ask(interaction: discord.Interaction[Any], _: int | None) -> None:
        fields = (TextField("how_many", "How many?"), TextField("why", "Why?", long=True, max_length=4000))
        await reply_to(interaction).ask(Form("Form", "test:thing.set", fields))

    async def refuse(_interaction: discord.Interaction[Any], _: int | None) -> None:
        raise AlreadyDone("Somebody was first.")

    world.bot.components.register(PRESS, ask)
    world.bot.components.register("test:thing.set", refuse)
    card = await post_card(world, world.general, CARD)
    form = await world.press(world.member, card, "Do it")
    answer = await world.submit(world.member, form, {"how_many": "3", "why": "I *looked* at it for long"})
    assert (
        answer.text.endswith("Somebody was first.\nYou wrote:\nI \\*looked\\* at it for long")
        and answer.ephemeral
    )
    form = await world.press(world.member, card, "Do it")
    answer = await world.submit(world.member, form, {"how_many": "3", "why": "* long * " * 400})
    assert answer.message is not None and "is in this file" in answer.text
    assert answer.message.attachments == ("your-words.txt",)
    assert world.file(answer.message, "your-words.txt").decode() == ("* long * " * 400).strip()


async def test_what_somebody_typed_into_an_unknown_form_is_not_logged(
    world: LyceumWorld, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask(interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).ask(Form("Form", "test:gone.set", (TextField("word", "A word"),)))

    world.bot.components.register(PRESS, ask)
    form = await world.press(world.member, await post_card(world, world.general, CARD), "Do it")
    with caplog.at_level(logging.DEBUG, "bot"):
        answer = await world.submit(world.member, form, {"word": "my secret"})
    assert "older version" in answer.text
    assert "my secret" not in caplog.text


def test_the_text_of_an_error_is_filled_for_the_log() -> None:
    assert str(ExternalError("No {what}", what="luck")) == "No luck"


def test_what_was_typed_is_told_without_its_markup() -> None:
    error = InvalidInput(
        "“{typed}” is no day of {month}.", typed="[free](https://evil.example)", month="`May`"
    )
    assert in_words(error, Translations().for_locale("en")) == (
        "“\\[free\\](https://evil.example)” is no day of `May`."
    )


def test_what_there_is_instead_was_typed_by_somebody_too() -> None:
    error = InvalidInput("There is no tag “{typed}” here. There are: {known}.", typed="b", known="*a*, <@5>")
    assert in_words(error, Translations().for_locale("en")).endswith("There are: \\*a\\*, \\<\\@5>.")
