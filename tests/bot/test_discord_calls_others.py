"""Roles, threads, events and timeouts as they reach Discord, each asked twice, and how answers are sorted.

SimCord proves nothing about nonces, component ids or a thread that exists already by itself: nonces are
honoured by the sandbox, and for the rest the payload that was sent is looked at (`world.faults.log`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cards import Card, EventDraft, Text, ThreadTitle
from bot.outbox import EffectKind
from sandbox.faults import (
    ADD_ROLE,
    ANYTHING,
    CREATE_MESSAGE,
    REMOVE_ROLE,
    Faults,
    Request,
)
from storage.database import Database
from tests.bot.discord_stage import Stage, deny, open_stage, someone_says
from tests.databases import SqliteTemplate

CREATE_EVENT = ("POST", "/guilds/*/scheduled-events")
DELETE_EVENT = ("DELETE", "/guilds/*/scheduled-events/*")
OPEN_THREAD = ("POST", "/channels/*/messages/*/threads")
DELETE_MESSAGE = ("DELETE", "/channels/*/messages/*")
EDIT_MEMBER = ("PATCH", "/guilds/*/members/*")


@pytest.fixture
async def stage(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(Database(sqlite_template.copy_to(tmp_path))) as stage:
        yield stage


# ---------------------------------------------------------------------------------- everything else, twice


async def test_an_edit_draws_the_message_again_and_may_be_repeated(stage: Stage) -> None:
    await stage.post("card")
    message_id = (await stage.row("card")).result_id
    stage.drawn = Card((Text("Changed"),))
    await stage.plan(EffectKind.EDIT, "edit", channel_id=stage.world.weekly.id, message_id=message_id)
    await stage.again("edit")
    [message] = stage.world.posted(stage.world.weekly)
    assert (message.text, await stage.outcome("edit")) == ("Changed", ("sent", None))


async def test_deleting_what_is_gone_is_done(stage: Stage) -> None:
    await stage.post("card")
    message_id = (await stage.row("card")).result_id
    stage.faults.lost(*DELETE_MESSAGE)
    await stage.plan(EffectKind.DELETE, "delete", channel_id=stage.world.weekly.id, message_id=message_id)
    await stage.pass_time(minutes=1)
    assert stage.world.posted(stage.world.weekly) == []
    assert await stage.outcome("delete") == ("sent", None)


async def test_a_role_is_given_and_taken_however_often_it_is_asked(stage: Stage) -> None:
    ann = await stage.world.join("Ann")
    ids = {"member_id": ann.id, "role_id": stage.world.roles["Member"].id}
    stage.faults.lost(*ADD_ROLE)
    await stage.plan(EffectKind.ADD_ROLE, "give", **ids)
    await stage.pass_time(minutes=1)
    assert ("Member" in stage.world.role_names(ann), await stage.outcome("give")) == (True, ("sent", None))
    stage.faults.lost(*REMOVE_ROLE)
    await stage.plan(EffectKind.REMOVE_ROLE, "take", **ids)
    await stage.pass_time(minutes=1)
    assert ("Member" in stage.world.role_names(ann), await stage.outcome("take")) == (False, ("sent", None))
    assert stage.faults.requests(*EDIT_MEMBER) == [], "never the whole list"


async def test_a_thread_whose_answer_was_lost_is_found_where_discord_says_it_exists(stage: Stage) -> None:
    await stage.post("prompt")
    message_id = (await stage.row("prompt")).result_id
    stage.drawn = ThreadTitle("x" * 150)
    # SimCord would open a second one; Discord answers 160004, which is what is shown to the bot here.
    stage.faults.lost(*OPEN_THREAD)
    stage.faults.status(400, *OPEN_THREAD, code=160004)
    await stage.plan(
        EffectKind.OPEN_THREAD, "thread", channel_id=stage.world.weekly.id, message_id=message_id
    )
    await stage.pass_time(minutes=1)
    row = await stage.row("thread")
    assert (row.outcome, row.result_id) == ("sent", message_id)
    assert len(stage.faults.requests(*OPEN_THREAD)[0].body["name"]) == 100


async def test_a_thread_of_a_message_that_was_deleted_is_given_up(stage: Stage) -> None:
    message = await someone_says(stage)
    await stage.world.delete(stage.world.member, message)
    stage.drawn = ThreadTitle("Talk")
    await stage.plan(
        EffectKind.OPEN_THREAD, "thread", channel_id=stage.world.weekly.id, message_id=message.id
    )
    await stage.pass_time(hours=1)
    assert await stage.outcome("thread") == ("failed", "message_gone")
    assert len(stage.faults.requests(*OPEN_THREAD)) == 1


def _draft(stage: Stage, **changes: Any) -> EventDraft:
    start = stage.world.now + timedelta(days=1, microseconds=5)
    known: dict[str, Any] = {
        "name": "Book\n club ",
        "description": "",
        "start": start,
        "end": start + timedelta(hours=1),
    }
    fields: dict[str, Any] = known | {"place": "Library"} | changes
    return EventDraft(**fields)


def _events(stage: Stage) -> list[Any]:
    return list(stage.world.env.backend.get_guild(stage.world.guild_id).scheduled_events.values())


async def test_an_event_whose_answer_was_lost_is_created_once(stage: Stage) -> None:
    stage.drawn = _draft(stage)
    stage.faults.lost(*CREATE_EVENT)
    await stage.plan(EffectKind.CREATE_EVENT, "event")
    assert await stage.outcome("event") == (None, None)
    await stage.pass_time(minutes=2)
    [event] = _events(stage)
    assert (event.name, (await stage.row("event")).result_id) == ("Book club", event.id)
    assert len(stage.faults.requests(*CREATE_EVENT)) == 1
    assert "description" not in stage.faults.requests(*CREATE_EVENT)[0].body, "Discord refuses an empty one"


async def test_of_two_events_that_a_retry_made_the_older_one_stays(stage: Stage) -> None:
    stage.drawn = _draft(stage)
    made: list[Request] = []
    real = stage.world.bot.http.request

    async def twice(route: Any, **options: Any) -> Any:
        # As discord.py does by itself after a 500: it asks again, and both were carried out.
        if (route.method, route.path) == ("POST", "/guilds/{guild_id}/scheduled-events"):
            await real(route, **options)
            made.extend(stage.faults.requests(*CREATE_EVENT))
        return await real(route, **options)

    stage.world.bot.http.request = twice  # type: ignore[method-assign]  # what the library does, seen from outside
    await stage.plan(EffectKind.CREATE_EVENT, "event")
    assert await stage.outcome("event") == (None, None), "a copy may still be on its way"
    await stage.pass_time(minutes=2)
    [event] = _events(stage)
    assert (len(made), len(stage.faults.requests(*DELETE_EVENT))) == (1, 1)
    assert event.id == int(made[0].answer["id"]) == (await stage.row("event")).result_id


async def test_an_event_that_somebody_deletes_at_once_is_not_created_again(stage: Stage) -> None:
    stage.drawn = _draft(stage)
    await stage.plan(EffectKind.CREATE_EVENT, "event")
    [event] = _events(stage)
    stage.world.env.backend.get_guild(stage.world.guild_id).scheduled_events.clear()
    await stage.pass_time(minutes=2)
    assert _events(stage) == []
    assert await stage.outcome("event") == ("sent", None)
    assert (await stage.row("event")).result_id == event.id


async def test_events_of_people_and_at_other_times_are_left_alone(stage: Stage) -> None:
    stage.drawn = _draft(stage)
    await stage.plan(EffectKind.CREATE_EVENT, "one")
    [theirs] = _events(stage)
    theirs.creator_id = stage.world.facilitator.id
    await stage.plan(EffectKind.CREATE_EVENT, "two")
    stage.drawn = _draft(
        stage, start=stage.world.now + timedelta(days=2), end=stage.world.now + timedelta(days=3)
    )
    await stage.plan(EffectKind.CREATE_EVENT, "three")
    assert len(_events(stage)) == 3


async def test_a_timeout_is_set_and_ended(stage: Stage) -> None:
    ben = stage.world.member
    until = (stage.world.now + timedelta(hours=1)).isoformat()
    arguments = {"until": until, "reason": "spam"}
    stage.faults.lost(*EDIT_MEMBER)
    await stage.plan(EffectKind.TIMEOUT, "silence", member_id=ben.id, arguments=arguments)
    await stage.pass_time(minutes=1)
    await stage.plan(EffectKind.TIMEOUT, "speak", member_id=ben.id, arguments={"until": None})
    asked = [each.body for each in stage.faults.requests(*EDIT_MEMBER)]
    assert asked == [{"communication_disabled_until": each} for each in (until, until, None)]


# ---------------------------------------------------------------------------------- refusals


async def test_a_role_above_the_bots_is_not_even_asked_for(stage: Stage) -> None:
    role = stage.world.roles["Member"]
    await stage.world.bot_role_below(role)
    await stage.plan(EffectKind.ADD_ROLE, "give", member_id=stage.world.member.id, role_id=role.id)
    assert await stage.outcome("give") == ("failed", "role_above_bot")
    assert stage.faults.requests(*ADD_ROLE) == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda stage: stage.world.delete_channel(stage.world.weekly), "channel_gone"),
        (lambda stage: stage.world.hide_from_bot(stage.world.weekly), "no_access"),
        (lambda stage: deny(stage, send_messages=False), "no_permission"),
    ],
)
async def test_a_place_that_is_closed_to_the_bot_is_named(
    stage: Stage, spoil: Callable[[Stage], Any], code: str
) -> None:
    channel = stage.world.weekly.id
    await spoil(stage)
    await stage.plan(EffectKind.POST, "a", channel_id=channel)
    await stage.pass_time(days=1)
    assert await stage.outcome("a") == ("failed", code)
    assert len(stage.faults.requests("*", f"/channels/{channel}/**")) == 1


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (404, 10004, "guild_gone"),
        (404, 10007, "member_gone"),
        (404, 10011, "role_gone"),
        (400, 50033, "member_gone"),
        (403, 50278, "dms_closed"),
        (400, 50035, "discord_400_50035"),
        (403, 0, "discord_403_0"),
        (503, 0, None),
        (520, 0, None),
        (429, 0, None),
        (401, 0, None),
        (400, 40003, None),
        (403, 40333, None),
    ],
)
async def test_answers_are_sorted_into_for_good_and_try_again(
    stage: Stage, status: int, code: int, outcome: str | None
) -> None:
    stage.faults.status(status, *CREATE_MESSAGE, code=code, times=None)
    await stage.post("a")
    assert (await stage.outcome("a"))[1] == outcome
    assert ((await stage.row("a")).outcome is None) == (outcome is None)


@pytest.mark.parametrize("break_it", [Faults.reset, Faults.lost])
@pytest.mark.parametrize("kind", [EffectKind.POST, EffectKind.EDIT, EffectKind.ADD_ROLE, EffectKind.TIMEOUT])
async def test_a_broken_connection_is_tried_again(
    stage: Stage, break_it: Callable[..., object], kind: EffectKind
) -> None:
    await stage.post("card")
    break_it(stage.faults, *ANYTHING)
    await stage.plan(
        kind,
        "a",
        channel_id=stage.world.weekly.id,
        message_id=(await stage.row("card")).result_id,
        member_id=stage.world.member.id,
        role_id=stage.world.roles["Member"].id,
        arguments={"until": None},
    )
    assert await stage.outcome("a") == (None, None)
    await stage.pass_time(seconds=10)
    assert await stage.outcome("a") == ("sent", None)


async def test_a_history_too_long_to_search_is_admitted_and_settled_by_a_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.discord_calls.HISTORY_LIMIT", 3)
    with stage.faults.outage():
        await stage.post("a")
        for _ in range(4):
            await someone_says(stage)
        await stage.pass_time(minutes=10)
    await stage.pass_time(minutes=1)
    assert await stage.outcome("a") == ("failed", "outcome_unknown")
    assert (await stage.row("a")).first_try_at is None, "trying again posts without a search"


OPEN_ROOM = ("POST", "/channels/*/threads")


async def _open_room(stage: Stage, *people: int) -> None:
    stage.drawn = ThreadTitle("Pair 1", people)
    await stage.plan(EffectKind.OPEN_ROOM, "room", channel_id=stage.world.weekly.id)


def _rooms(stage: Stage) -> list[Any]:
    threads = stage.world.env.backend.active_threads(stage.world.guild_id)
    return [each for each in threads if each.parent_id == stage.world.weekly.id]


async def test_a_room_is_a_private_thread_with_its_people_and_what_follows_is_posted_inside(
    stage: Stage,
) -> None:
    ben, cleo = stage.world.people["Ben"], stage.world.people["Cleo"]
    await _open_room(stage, ben.id, cleo.id)
    [room] = _rooms(stage)
    assert (await stage.row("room")).result_id == room.id
    assert stage.faults.requests(*OPEN_ROOM)[0].body["type"] == 12
    assert len(stage.faults.requests("PUT", "/channels/*/thread-members/*")) == 2
    stage.drawn = Card((Text("Hello, you two"),))
    await stage.post("card", after="room")
    assert (await stage.row("card")).channel_id == room.id
    assert "Hello, you two" not in [each.text for each in stage.world.posted(stage.world.weekly)]
    await stage.plan(EffectKind.EDIT, "edit", channel_id=stage.world.weekly.id, after="card")
    assert await stage.outcome("edit") == ("sent", None)
    await stage.plan(EffectKind.CLOSE_ROOM, "close", channel_id=stage.world.weekly.id, after="room")
    assert await stage.outcome("close") == ("sent", None) and _rooms(stage) == []


@pytest.mark.parametrize("how", ["lost", "repeated"])
async def test_of_a_room_whose_answer_was_lost_one_is_used(stage: Stage, how: str) -> None:
    if how == "lost":
        stage.faults.lost(*OPEN_ROOM)
    else:  # discord.py sends it again by itself, and the first one was carried out as well
        stage.faults.status(502, *OPEN_ROOM, after=True)
    await _open_room(stage, stage.world.member.id)
    await stage.pass_time(minutes=2)
    assert await stage.outcome("room") == ("sent", None)
    [room] = _rooms(stage)
    assert (await stage.row("room")).result_id == room.id


async def test_a_room_that_was_opened_before_is_used_again_and_opened_anew_once_it_was_deleted(
    stage: Stage,
) -> None:
    ben, cleo = stage.world.people["Ben"], stage.world.people["Cleo"]
    await _open_room(stage, ben.id)
    [first] = _rooms(stage)
    await stage.plan(EffectKind.CLOSE_ROOM, "close", channel_id=stage.world.weekly.id, after="room")
    stage.drawn = ThreadTitle("Pair 1", (cleo.id,), room=first.id)
    await stage.plan(EffectKind.OPEN_ROOM, "again", channel_id=stage.world.weekly.id)
    assert [each.id for each in _rooms(stage)] == [first.id] and cleo.id in first.thread_members
    assert (await stage.row("again")).result_id == first.id
    await stage.world.delete_channel(stage.world.channel_of(first.id))
    await stage.plan(EffectKind.OPEN_ROOM, "anew", channel_id=stage.world.weekly.id)
    [second] = _rooms(stage)
    assert second.id != first.id and (await stage.row("anew")).result_id == second.id


async def test_what_stands_in_a_thread_has_its_room_in_the_channel_above(stage: Stage) -> None:
    await _open_room(stage)
    [outer] = _rooms(stage)
    stage.drawn = ThreadTitle("Pair 2", (stage.world.member.id,))
    await stage.plan(EffectKind.OPEN_ROOM, "inner", channel_id=outer.id)
    inner = (await stage.row("inner")).result_id
    assert [each.id for each in _rooms(stage)] == [outer.id, inner]


async def test_without_the_permission_a_room_is_public_and_without_both_there_is_none(stage: Stage) -> None:
    await deny(stage, create_private_threads=False)
    await _open_room(stage)
    [room] = _rooms(stage)
    assert [each.body["type"] for each in stage.faults.requests(*OPEN_ROOM)] == [12, 11]
    await deny(stage, create_private_threads=False, create_public_threads=False)
    stage.drawn = ThreadTitle("Pair 2")
    await stage.plan(EffectKind.OPEN_ROOM, "second", channel_id=stage.world.weekly.id)
    assert (await stage.row("second")).result_id is None and _rooms(stage) == [room]
    stage.drawn = Card((Text("Hello, you two"),))
    await stage.post("card", after="second")
    assert [each.text for each in stage.world.posted(stage.world.weekly)][-1] == "Hello, you two"
    await stage.plan(EffectKind.CLOSE_ROOM, "close", channel_id=stage.world.weekly.id, after="second")
    assert (await stage.outcome("close"))[0] == "skipped"


async def test_a_card_in_a_thread_that_is_closed_is_drawn_again_and_the_thread_stays_closed(
    stage: Stage,
) -> None:
    await _open_room(stage)
    stage.drawn = Card((Text("Hello, you two"),))
    await stage.post("card", after="room")
    await stage.plan(EffectKind.CLOSE_ROOM, "close", channel_id=stage.world.weekly.id, after="room")
    stage.drawn = Card((Text("Hello, one of you"),))
    # SimCord takes edits in archived threads, where Discord answers 50083.
    stage.faults.status(400, "PATCH", "/channels/*/messages/*", code=50083)
    await stage.plan(EffectKind.EDIT, "edit", channel_id=stage.world.weekly.id, after="card")
    assert await stage.outcome("edit") == ("sent", None) and _rooms(stage) == []
    room = stage.world.channel_of((await stage.row("room")).result_id or 0)
    assert [each.text for each in stage.world.posted(room)] == ["Hello, one of you"]
