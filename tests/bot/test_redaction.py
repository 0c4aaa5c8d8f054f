"""No secret and nothing that members wrote gets into the log, whoever writes the line and however it fails."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot import log as logs
from bot.app import Lyceum
from bot.redaction import Redactor
from bot.settings import Settings
from sandbox.furnish import set_up
from sandbox.world import World
from storage.database import Database

PROJECT = Path(__file__).parents[2]
TOKEN = f"{'M' * 24}.GabcdE.{'x' * 38}"
OTHER_TOKEN = "NzkyNzE1NDU0MTk2MDg4ODQy.X-hvzA.Ovy4MCQywSkoMRRclStW4xAYK7I"
WEBHOOK = "https://discord.com/api/webhooks/1458384666624000001/Vq9-CANARYwebhook_secret"
CALLBACK = "/interactions/1458384666624000001/aW50ZXJhY3Rpb246CANARY/callback"
DATABASE = "postgresql+asyncpg://lyceum:CANARYpass/word@db.example/lyceum"
MARK = "CANARY"
WORDS = "heron-teapot-91"  # what a member wrote

LyceumWorld = World[Lyceum, Database]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest) -> io.StringIO:
    stream = io.StringIO()
    logs.set_up("DEBUG", request.param, stream, secrets=[TOKEN, "p4ss"])
    return stream


def test_secrets_are_taken_out_and_the_rest_stays() -> None:
    redact = Redactor(["hunter2hunter2"])
    said = redact(f"a {TOKEN} b {OTHER_TOKEN} c {WEBHOOK} d {CALLBACK} e {DATABASE} f hunter2hunter2 g")
    assert said == (
        "a [redacted] b [redacted] c https://discord.com/api/webhooks/1458384666624000001/[redacted] d "
        "/interactions/1458384666624000001/[redacted]/callback e "
        "postgresql+asyncpg://lyceum:[redacted]@db.example/lyceum f [redacted] g"
    )


def test_what_is_no_secret_is_left_alone() -> None:
    line = "sqlalchemy.dialects.postgresql.asyncpg.Error at https://discord.com/api/v10/channels/1/messages 50013"
    assert Redactor()(line) == line


def test_what_postgresql_quotes_from_a_row_is_left_out() -> None:
    said = Redactor()("duplicate key value\nDETAIL:  Key (subject)=(what a member wrote) already exists.\n")
    assert "member" not in said
    assert "duplicate key value" in said


def test_a_row_that_postgresql_quotes_goes_with_all_its_lines() -> None:
    said = Redactor()(
        'null value in column "at"\nDETAIL:  Failing row contains (1, what a member wrote\nand what they wrote below\n).\n'
        "[SQL: INSERT INTO promises (text) VALUES ($1)]\n(Background on this error at: https://sqlalche.me/e/21/gkpj)\n"
    )
    assert "wrote" not in said
    assert "null value" in said and "[SQL: INSERT" in said and "Background" in said


async def test_no_line_of_a_row_that_postgresql_refuses_is_written(
    postgres_database: Database, written: io.StringIO
) -> None:
    try:
        async with postgres_database.begin() as session:
            row = {"words": f"{WORDS}\n{WORDS}"}
            await session.execute(text("INSERT INTO support_reports (text) VALUES (:words)"), row)
    except DBAPIError:
        logging.getLogger("bot").exception("not kept")
    said = written.getvalue()
    assert "null value" in said and "DETAIL: [redacted]" in said and "[SQL: INSERT" in said
    assert WORDS not in said
    if said.startswith("{"):
        assert json.loads(said)["message"] == "not kept"


@pytest.mark.parametrize("secret", [TOKEN, OTHER_TOKEN, WEBHOOK, CALLBACK, DATABASE])
def test_a_secret_in_a_message_an_argument_or_a_trace_is_not_written(
    written: io.StringIO, secret: str
) -> None:
    logger = logging.getLogger("discord.http")
    logger.warning("We are being rate limited. POST %s responded with 429", secret)
    logger.error(f"refused {secret}")  # noqa: G004 - as careless code would
    try:
        try:
            raise OSError(secret)
        except OSError as first:
            raise RuntimeError({"url": secret}) from first
    except RuntimeError:
        logger.exception("failed")
    said = written.getvalue()
    assert said.count("[redacted]") >= 4
    assert MARK not in said
    assert TOKEN not in said
    assert OTHER_TOKEN not in said


def test_an_error_that_nobody_caught_is_written_without_secrets(tmp_path: Path) -> None:
    program = f"""
        from pydantic import SecretStr
        from bot import process
        from bot.settings import DatabaseSettings, DiscordSettings, Settings

        class Bot:
            def __init__(self, settings, database):
                pass
            async def start(self, token):
                raise ZeroDivisionError(f"with {{token}} at {WEBHOOK}")
            async def close(self):
                pass

        process.run(Settings(discord=DiscordSettings(token=SecretStr("{TOKEN}")),
                             database=DatabaseSettings(url="sqlite:///bot.db")), Bot)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ZeroDivisionError: with [redacted] at" in done.stderr
    assert MARK not in done.stderr
    assert TOKEN not in done.stderr


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with World.open(
        lambda opened: Lyceum(Settings(), opened, ring=False), database=sqlite_database, check_errors=False
    ) as opened_world:
        await set_up(opened_world)
        yield opened_world


async def test_nothing_that_members_write_is_logged_even_when_it_breaks_something(
    world: LyceumWorld, written: io.StringIO
) -> None:
    async def keep(_interaction: Any, _row: int | None) -> None:
        async with world.database.begin() as session:
            await session.execute(
                text("INSERT INTO app_state (key, value) VALUES ('x', :said), ('x', :said)"), {"said": WORDS}
            )

    ann = await world.join("Ann")
    await world.say(ann, world.introductions, WORDS)
    await world.dm(ann, WORDS)
    [card] = world.posted(world.welcome)
    name = card.buttons[0].custom_id
    assert name is not None
    world.bot.components.unregister(name)
    world.bot.components.register(name, keep)
    reply = await world.press(ann, card, name)
    said = written.getvalue()
    assert "SQL parameters hidden" in said, "the words were in the statement that failed"
    assert re.search(rf'user(=|": "){ann.id}\W.*error(=|": ")[0-9A-F]{{6}}', said)
    assert re.search(rf'command(=|": "){name}\W', said)
    assert WORDS not in said
    assert "went wrong" in reply.text
