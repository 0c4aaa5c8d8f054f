"""Connections that break: no second task, no second greeting, nobody forgotten and nobody taken for gone."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import Clock
from bot.core import Core
from cogs.onboarding.model import OnboardingSettings
from storage.database import Database
from storage.onboarding import OnboardingSettingsRow
from storage.schema import upgrade
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault, Scripted
from tests.wire.gateway import Gateway
from tests.wire.nursery import Nursery
from tests.wire.world import GUILD_ID, Member

START = 40.0  # seconds
RECONNECTS, FAILED_RESUMES = 20, 5
# What can become of the request for the members.
LOSSES = (Fault.RESET_BEFORE, Fault.HANG_BEFORE, Fault.ERROR_503_BEFORE)


async def _choose_channels(url: str, **channels: Any) -> None:
    database = Database(url)
    try:
        await upgrade(database)
        core = Core.build(database, Clock(lambda: datetime.now(UTC)))
        core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        async with database.begin() as session:
            await core.configs.change(session, GUILD_ID, OnboardingSettings, **channels)
    finally:
        await database.close()


async def _break_off(gateway: Gateway, number: int, *, fails: bool) -> None:
    """Break the connection in one of three ways, and wait until the bot is back, in its old session or a new one."""
    sessions, resumes = len(gateway.identifies), len(gateway.resumes)
    gateway.resumable = not fails
    if number % 3 == 0:
        await gateway.cut()
    elif number % 3 == 1:
        await gateway.ask_to_reconnect()
    else:
        await gateway.drop()
    await until(lambda: len(gateway.resumes) > resumes, seconds=20, what="an attempt to resume")
    if fails:
        await until(lambda: len(gateway.identifies) > sessions, seconds=20, what="a new session")


# Who came is written down by one task a little later, and somebody came.
_MAY_WAIT = Counter({"raids": 1})


def _more(first: dict[str, Any], last: dict[str, Any]) -> Counter[str]:
    """The tasks that there are now and were not at first."""
    return Counter(last["tasks"]) - Counter(first["tasks"]) - _MAY_WAIT


async def test_reconnects_and_failed_resumes_leave_no_second_task_and_no_second_greeting(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord
) -> None:
    world, gateway = discord.world, discord.gateway
    welcome = world.add_channel("welcome")
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await _choose_channels(url, welcome_channel_id=welcome.id)
    newcomers: list[Member] = []
    # Faster for discord.py's sake: it waits five seconds before each new session.
    await nursery.bear(Life(discord.url, url, str(tmp_path), ratio=20))
    await until(lambda: _ready_count(tmp_path) == 1, seconds=START, what="ready")
    await _quiet_look(nursery, tmp_path)
    for number in range(RECONNECTS):
        fails = number % (RECONNECTS // FAILED_RESUMES) == 0
        newcomer = world.add_member(f"newcomer-{number}", joined_ago=timedelta(0))
        newcomers.append(newcomer)
        if number % 2:
            await gateway.join(newcomer)  # told before; else missed, or told when resuming
        await _break_off(gateway, number, fails=fails)
        await until(lambda: gateway.connected, seconds=20, what="connected again")
        await until(lambda: _answered(discord) == len(gateway.identifies), seconds=20, what="compared")
        for _ in range(1 + number % 3):  # Discord may tell once or more often
            await gateway.join(newcomer)
    await until(lambda: len(world.posts()) >= RECONNECTS, seconds=30, what="everybody is greeted")
    await until(lambda: _ready_count(tmp_path) == 1 + FAILED_RESUMES, seconds=20, what="ready again")
    for _ in range(10):  # what is left over stays; a job that is just being done does not
        await _quiet_look(nursery, tmp_path)  # also time for a second greeting
        first, *_, last = (each for each in _diary(tmp_path) if "tasks" in each)
        if not _more(first, last):
            break
    nursery.ask_to_end()
    assert await nursery.end(seconds=12) == 0
    greeted = Counter(each.id for each in newcomers for post in world.posts() if f"<@{each.id}>" in post.text)
    assert greeted == Counter({each.id: 1 for each in newcomers})
    assert len(world.posts()) == RECONNECTS
    assert gateway.resumes.count(False) == FAILED_RESUMES
    assert _lists(discord) == 1 + FAILED_RESUMES, "compared once a session"
    assert _more(first, last) == Counter(), (first["tasks"], last["tasks"])
    assert Counter(_lasting(last)) - Counter(_lasting(first)) == Counter(), (
        first["threads"],
        last["threads"],
    )


async def _until_listed(nursery: Nursery, folder: Path, discord: FakeDiscord) -> None:
    url = f"sqlite:///{folder / 'lyceum.db'}"
    await nursery.bear(Life(discord.url, url, str(folder), ratio=20))
    await until(lambda: _lists(discord) >= 1, seconds=START, what="the members were asked for")


def _lose_next_list(discord: FakeDiscord, fault: Fault) -> None:
    discord.rest.hang_seconds = 1.0
    # aiohttp asks once more by itself when a connection that was used before is reset.
    times = 2 if fault is Fault.RESET_BEFORE else 1
    discord.faults.script.extendleft(Scripted(fault, "list_members") for _ in range(times))


async def _lose_a_list_with_the_session(discord: FakeDiscord, fault: Fault) -> None:
    """The session ends, the list for the next one is lost, and that one ends too. Then all is well."""
    gateway = discord.gateway
    _lose_next_list(discord, fault)
    await gateway.drop(resumable=False)
    await until(lambda: _lists(discord) >= 2, seconds=20, what="the members were asked for again")
    assert discord.faults.hits[fault] >= 1
    await gateway.drop(resumable=False)
    await until(lambda: len(gateway.identifies) == 3, seconds=20, what="the next session")
    # One for the session, one for the list that was lost.
    await until(lambda: _answered(discord) == 3, seconds=20, what="both lists came")
    await asyncio.sleep(0.3)  # and were compared


@pytest.mark.parametrize("fault", LOSSES)
async def test_a_session_that_ends_while_the_members_are_awaited_takes_nobody_for_gone(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord, fault: Fault
) -> None:
    world, gateway = discord.world, discord.gateway
    room = world.add_channel("introductions")
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await _choose_channels(url, welcome_channel_id=room.id, introductions_channel_id=room.id)
    await _until_listed(nursery, tmp_path, discord)
    newcomer = world.add_member("newcomer", joined_ago=timedelta(0))
    await gateway.join(newcomer)
    await until(lambda: len(world.posts()) == 1, seconds=20, what="a greeting")
    await _lose_a_list_with_the_session(discord, fault)
    assert len(world.posts()) == 1, "a second greeting"
    await gateway.say(world.write(room.id, newcomer.id, "hello"))
    await until(lambda: len(world.posts()) == 2, seconds=20, what="the hello is answered")
    assert world.posts()[1].body.get("message_reference"), world.posts()[1].text


@pytest.mark.parametrize("fault", LOSSES)
async def test_a_greeting_that_waits_outlives_a_session_that_ends_while_the_members_are_awaited(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord, fault: Fault
) -> None:
    world, gateway = discord.world, discord.gateway
    room = world.add_channel("welcome")
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await _choose_channels(url, welcome_channel_id=room.id)
    await _until_listed(nursery, tmp_path, discord)
    discord.faults.script.extend(Scripted(Fault.ERROR_503_BEFORE, "create_message") for _ in range(100))
    await gateway.join(world.add_member("newcomer", joined_ago=timedelta(0)))
    await until(lambda: bool(discord.rest.asked("create_message")), seconds=20, what="a greeting in vain")
    await _lose_a_list_with_the_session(discord, fault)
    assert not world.posts()
    discord.faults.script.clear()
    await until(lambda: len(world.posts()) == 1, seconds=10, what="the greeting")


@pytest.mark.parametrize("fault", LOSSES)
async def test_a_list_of_members_that_never_comes_is_asked_for_again(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord, fault: Fault
) -> None:
    """The request was lost with the connection, and the session was resumed: there is no new READY."""
    world, gateway = discord.world, discord.gateway
    room = world.add_channel("welcome")
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await _choose_channels(url, welcome_channel_id=room.id)
    _lose_next_list(discord, fault)
    await _until_listed(nursery, tmp_path, discord)
    world.add_member("missed", joined_ago=timedelta(0))
    await gateway.drop()
    await until(lambda: gateway.resumes == [True], seconds=20, what="resumed")
    await until(lambda: len(world.posts()) == 1, seconds=20, what="who was missed is greeted")
    assert len(gateway.identifies) == 1


async def test_one_who_has_yet_to_accept_the_rules_is_greeted_then_though_asking_for_them_failed_at_first(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord
) -> None:
    """Those are asked for at the gateway, and that request dies with its connection."""
    world, gateway = discord.world, discord.gateway
    room = world.add_channel("welcome")
    url = f"sqlite:///{tmp_path / 'lyceum.db'}"
    await _choose_channels(url, welcome_channel_id=room.id)
    newcomer = world.add_member("undecided", joined_ago=timedelta(0))
    newcomer.pending = True
    gateway.keeps_members_back = True
    await _until_listed(nursery, tmp_path, discord)
    await until(lambda: len(gateway.member_requests) == 1, seconds=20, what="the undecided were asked for")
    await gateway.drop()
    gateway.keeps_members_back = False
    await until(lambda: gateway.resumes == [True], seconds=20, what="resumed")
    await until(lambda: len(gateway.member_requests) == 2, seconds=20, what="and asked for again")
    await asyncio.sleep(0.3)
    assert not world.posts()
    await gateway.accept_rules(newcomer)
    await until(lambda: len(world.posts()) == 1, seconds=20, what="a greeting")


def _lists(discord: FakeDiscord) -> int:
    return len(discord.rest.asked("list_members"))


def _answered(discord: FakeDiscord) -> int:
    return sum(each.status == 200 for each in discord.rest.asked("list_members"))


async def _quiet_look(nursery: Nursery, folder: Path) -> None:
    looks = sum("tasks" in each for each in _diary(folder))
    await asyncio.sleep(1.0)
    nursery.ask_what_runs()
    await until(lambda: sum("tasks" in each for each in _diary(folder)) > looks, seconds=5, what="a look")


def _diary(folder: Path) -> list[dict[str, list[str]]]:
    file = folder / "diary"
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )


def _lasting(look: dict[str, list[str]]) -> list[str]:
    """The threads but those of the database, whose pool is bounded and opens connections as it needs them."""
    return [each for each in look["threads"] if "_connection_worker_thread" not in each]


def _ready_count(folder: Path) -> int:
    return sum("ready" in each for each in _diary(folder))
