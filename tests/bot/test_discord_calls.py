"""Messages as they really reach Discord, and what happens when its answer is lost.

SimCord proves nothing about nonces, component ids or a thread that exists already by itself: nonces are
honoured by the sandbox, and for the rest the payload that was sent is looked at (`world.faults.log`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cards import Card, Text
from bot.dispatcher import marker_of, nonce_of
from bot.outbox import EffectKind
from sandbox.faults import (
    CREATE_MESSAGE,
    EDIT_MESSAGE,
    HISTORY,
    OPEN_DM,
)
from storage.database import Database
from tests.bot.discord_stage import Stage, deny, open_stage, someone_says
from tests.databases import SqliteTemplate


@pytest.fixture
async def stage(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(Database(sqlite_template.copy_to(tmp_path))) as stage:
        yield stage


# ---------------------------------------------------------------------------------- messages


async def test_a_message_bears_its_nonce_and_marker(stage: Stage) -> None:
    await stage.post("a")
    await stage.post("b")
    sent = stage.faults.requests(*CREATE_MESSAGE)
    assert [each.body["nonce"] for each in sent] == [nonce_of("a"), nonce_of("b")]
    assert all(each.body["enforce_nonce"] is True for each in sent)
    assert [each.body["components"][0]["id"] for each in sent] == [marker_of("a"), marker_of("b")]
    assert all(each.body["components"][0]["type"] == 17 for each in sent), "the marker is the container's"


@pytest.mark.parametrize("error", ["timeout", "reset", "503", "520"])
async def test_a_lost_answer_within_the_window_is_settled_by_the_nonce(stage: Stage, error: str) -> None:
    stage.faults.lost(*CREATE_MESSAGE, error=error)
    await stage.post("a")
    assert await stage.outcome("a") == (None, None)
    await stage.pass_time(seconds=10)
    [message] = stage.world.posted(stage.world.weekly)
    row = await stage.row("a")
    assert (row.outcome, row.result_id, row.attempts) == ("sent", message.id, 2)
    assert stage.faults.requests(*HISTORY) == []


async def test_a_lost_answer_beyond_the_window_is_settled_by_the_history(stage: Stage) -> None:
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.post("a")
    with stage.faults.outage():
        for number in range(50):
            await stage.world.say(stage.world.member, stage.world.weekly, f"{number}")
        await stage.pass_time(minutes=30)
    await stage.post("other")
    await stage.pass_time(minutes=1)
    assert len(stage.world.posted(stage.world.weekly)) == 2
    assert await stage.outcome("a") == ("sent", None)
    assert len(stage.faults.requests(*CREATE_MESSAGE, applied=True)) == 2, "one for each of the two"


async def test_a_message_that_did_not_arrive_is_posted_after_the_history_was_searched(stage: Stage) -> None:
    with stage.faults.outage(None):
        await stage.post("a")
        await stage.pass_time(minutes=30)
    await stage.pass_time(minutes=1)
    assert len(stage.world.posted(stage.world.weekly)) == 1
    assert len(stage.faults.requests(*HISTORY, applied=True)) == 1


async def test_a_crash_in_the_middle_of_a_request_makes_no_second_message(stage: Stage) -> None:
    gate = stage.faults.hold(*CREATE_MESSAGE, after=True)
    await stage.post("a")
    assert gate.waiting == 1
    await stage.world.crash()
    await stage.pass_time(minutes=10)
    await stage.world.start_again()
    await stage.pass_time(minutes=1)
    assert len(stage.world.posted(stage.world.weekly)) == 1
    assert await stage.outcome("a") == ("sent", None)


async def test_a_history_of_several_pages_is_searched_from_its_beginning_to_its_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage.faults.outage():
        await stage.post("a")
        for _ in range(150):
            await someone_says(stage)
        await stage.pass_time(minutes=5)
    read = stage.world.bot.http.logs_from

    async def oldest_first(channel: int, limit: int, **options: Any) -> Any:
        # Discord gives what comes next after the id; SimCord gives the newest there is.
        return (await read(channel, 10_000, **options))[-limit:]

    monkeypatch.setattr(stage.world.bot.http, "logs_from", oldest_first)
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.pass_time(minutes=1)
    with stage.faults.outage():
        await stage.pass_time(minutes=5)
    await stage.pass_time(minutes=1)
    assert len(stage.world.posted(stage.world.weekly)) == 1
    assert await stage.outcome("a") == ("sent", None)


async def test_a_history_that_may_not_be_read_is_not_taken_for_an_empty_one(stage: Stage) -> None:
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.post("a")
    # Without the permission Discord answers with an empty list.
    await deny(stage, read_message_history=False)
    with stage.faults.outage():
        await stage.pass_time(minutes=10)
    await stage.pass_time(minutes=1)
    assert len(stage.world.posted(stage.world.weekly)) == 1
    assert await stage.outcome("a") == ("failed", "no_history")
    await deny(stage, read_message_history=None)
    await stage.again("a", keep_first_try=True)
    assert await stage.outcome("a") == ("sent", None)
    assert len(stage.world.posted(stage.world.weekly)) == 1


async def test_a_message_that_was_deleted_before_the_retry_counts_as_delivered(stage: Stage) -> None:
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.post("a")
    [message] = stage.world.posted(stage.world.weekly)
    await stage.world.delete(stage.world.moderator, message)
    await stage.pass_time(seconds=10)
    assert stage.world.posted(stage.world.weekly) == []
    row = await stage.row("a")
    assert (row.outcome, row.result_id) == ("sent", None)


async def test_a_reply_to_a_message_that_was_deleted_meanwhile_is_a_plain_message(stage: Stage) -> None:
    message = await stage.world.say(stage.world.member, stage.world.weekly, "hello")
    await stage.post("a", message_id=message.id)
    await stage.world.delete(stage.world.member, message)
    await stage.post("b", message_id=message.id)
    first, _ = stage.faults.requests(*CREATE_MESSAGE)
    assert first.body["message_reference"]["message_id"] == message.id
    # Whether Discord then posts it is for Discord to decide by this flag.
    assert all(
        each.body["message_reference"]["fail_if_not_exists"] is False
        for each in stage.faults.requests(*CREATE_MESSAGE)
    )
    assert await stage.outcome("b") == ("sent", None)


async def test_only_who_the_card_names_is_notified_whatever_its_text_says(stage: Stage) -> None:
    ben, cleo = stage.world.people["Ben"], stage.world.people["Cleo"]
    role = stage.world.roles["Member"].id
    text = f"@everyone @here <@&{role}> <@{ben.id}> <@{cleo.id}>"
    for pings in ({ben.id}, set[int]()):
        stage.drawn = Card((Text(text),), pings=frozenset(pings))
        await stage.post(f"pings {len(pings)}", message_id=(await someone_says(stage)).id)
    one, nobody = stage.world.posted(stage.world.weekly)
    assert (one.pinged, one.pinged_roles, one.pings_everyone) == ((ben.id,), (), False)
    assert (nobody.pinged, nobody.pinged_roles, nobody.pings_everyone) == ((), (), False)
    await stage.plan(EffectKind.EDIT, "edit", channel_id=stage.world.weekly.id, message_id=nobody.id)
    for request in (*stage.faults.requests(*CREATE_MESSAGE), *stage.faults.requests(*EDIT_MESSAGE)):
        mentions = request.body["allowed_mentions"]
        assert (mentions["parse"], mentions.get("roles", []), mentions.get("replied_user", False)) == (
            [],
            [],
            False,
        )


async def test_a_silent_card_makes_no_sound(stage: Stage) -> None:
    stage.drawn = Card((Text("Hello"),), silent=True)
    await stage.post("a")
    [request] = stage.faults.requests(*CREATE_MESSAGE)
    assert request.body["flags"] & 1 << 12


async def test_a_direct_message_whose_answer_was_lost_comes_once(stage: Stage) -> None:
    ben = stage.world.member
    stage.faults.lost(*CREATE_MESSAGE, times=1)
    stage.faults.lost(*OPEN_DM, times=1)
    await stage.plan(EffectKind.DIRECT_MESSAGE, "dm", member_id=ben.id)
    await stage.pass_time(minutes=5)
    assert len(stage.world.dms(ben)) == 1
    assert await stage.outcome("dm") == ("sent", None)


async def test_a_direct_message_is_found_in_its_history_after_a_long_outage(stage: Stage) -> None:
    ben = stage.world.member
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.plan(EffectKind.DIRECT_MESSAGE, "dm", member_id=ben.id)
    with stage.faults.outage():
        await stage.pass_time(minutes=10)
    stage.world.close_dms(ben)
    await stage.pass_time(minutes=1)
    assert (len(stage.world.dms(ben)), await stage.outcome("dm")) == (1, ("sent", None))


async def test_closed_dms_after_a_lost_answer_do_not_say_it_twice(stage: Stage) -> None:
    ben = stage.world.member
    stage.faults.lost(*CREATE_MESSAGE)
    await stage.plan(EffectKind.DIRECT_MESSAGE, "dm", member_id=ben.id, channel_id=stage.world.weekly.id)
    stage.world.close_dms(ben)
    await stage.pass_time(minutes=1)
    assert (len(stage.world.dms(ben)), stage.world.posted(stage.world.weekly)) == (1, [])


async def test_closed_dms_fall_back_to_the_channel(stage: Stage) -> None:
    ben = stage.world.member
    stage.world.close_dms(ben)
    await stage.plan(EffectKind.DIRECT_MESSAGE, "dm", member_id=ben.id, channel_id=stage.world.weekly.id)
    assert await stage.outcome("dm") == ("failed", "dms_closed")
    assert len(stage.world.posted(stage.world.weekly)) == 1
