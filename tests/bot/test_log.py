from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest

from bot import log as logs

logger = logging.getLogger("bot.test_log")


pytestmark = pytest.mark.usefixtures("process_as_it_was")


def test_a_text_line_says_when_what_and_about_whom() -> None:
    stream = io.StringIO()
    logs.set_up("INFO", "text", stream)
    with logs.tagged(guild=1, user=2, command="quest status"):
        logger.info("quest completed step=%s", 3)
    line = stream.getvalue()
    assert line.endswith(
        "Z INFO bot.test_log: quest completed step=3 [guild=1 user=2 command=quest status]\n"
    )


def test_a_json_line_is_one_object_with_the_trace_inside() -> None:
    stream = io.StringIO()
    logs.set_up("INFO", "json", stream)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        with logs.tagged(guild=1, error="7F3A"):
            logger.exception("a bug")
    line = json.loads(stream.getvalue())
    assert line["message"] == "a bug"
    assert (line["level"], line["guild"], line["error"]) == ("ERROR", "1", "7F3A")
    assert "ValueError: two" in line["exception"]


def test_tags_add_up_inwards_and_end_with_their_block() -> None:
    stream = io.StringIO()
    logs.set_up("INFO", "text", stream)
    with logs.tagged(guild=1):
        with logs.tagged(user=2):
            logger.info("inner")
        logger.info("outer")
    logger.info("none")
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()] == [
        "inner [guild=1 user=2]",
        "outer [guild=1]",
        "none",
    ]


async def test_two_tasks_do_not_share_their_tags() -> None:
    stream = io.StringIO()
    logs.set_up("INFO", "text", stream)

    async def work(user: int) -> None:
        with logs.tagged(user=user):
            await asyncio.sleep(0)
            logger.info("by %s", user)

    await asyncio.gather(*(work(user) for user in range(5)))
    assert all(f"by {user} [user={user}]" in stream.getvalue() for user in range(5))


async def test_a_task_that_was_tagged_keeps_its_tags_to_its_end_and_for_itself() -> None:
    stream = io.StringIO()
    logs.set_up("INFO", "text", stream)

    async def work() -> None:
        logs.tag_task(lambda: {"guild": 1, "user": 2, "command": "quest status"})
        await asyncio.sleep(0)
        logger.info("inside")

    await asyncio.create_task(work())
    logger.info("outside")
    inside, outside = stream.getvalue().splitlines()
    assert inside.endswith("inside [guild=1 user=2 command=quest status]")
    assert outside.endswith("outside")


def test_at_debug_libraries_still_do_not_write_down_what_passes_through_them() -> None:
    stream = io.StringIO()
    logs.set_up("DEBUG", "text", stream)
    logger.debug("why a rule decided so")
    logging.getLogger("discord.gateway").debug("WebSocket Event: what a member wrote")
    logging.getLogger("aiosqlite").info("executing INSERT what a member wrote")
    assert "why a rule decided so" in stream.getvalue()
    assert "member wrote" not in stream.getvalue()
