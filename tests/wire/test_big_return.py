"""A large community after a night without the bot: who came, who went and whose roles changed is taken up within a minute.

What "taken up" means. Lyceum keeps no copy of anybody's roles: authority is read from the interaction itself, and
discord.py's cache begins anew with each session. So of a change of roles there is nothing to note, and what may
go wrong is the opposite: a role that Lyceum once gave for finishing, and that staff have taken away by hand since,
must stay away; one given by hand must stay too. Arrivals and departures are rows, and must equal the server's list.
Greetings are judged by what the server received. Constants are the real ones, but for discord.py's wait for guilds.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.authority import Actor
from bot.clock import Clock
from bot.core import Core
from cogs.onboarding.model import Newcomer, OnboardingSettings
from cogs.onboarding.service import OnboardingService
from storage.base import insert_if_absent
from storage.database import Database
from storage.onboarding import NewcomerRow, OnboardingSettingsRow
from storage.schema import upgrade
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery
from tests.wire.world import GUILD_ID, OWNER_ID, Member, World

START = 40.0  # seconds
BOUND = 60.0  # seconds after READY
MEMBERS, JOINS, LEAVES, RETURNS, ROLE_EDITS = 5_000, 200, 100, 20, 50
UNDECIDED = 20  # of those who joined, who have yet to accept the rules


class Records:
    """What the bot has written down, read by its own service."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'lyceum.db'}"
        self._database = Database(self.url)
        self._core = Core.build(self._database, Clock(lambda: datetime.now(UTC)))
        self._core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        self._service = OnboardingService(self._core)
        self._service.register()

    async def close(self) -> None:
        await self._database.close()

    async def prepare(self, world: World, *, room: int, role: int, finishers: list[Member]) -> None:
        """Everybody is known, and some have finished their first quest."""
        await upgrade(self._database)
        known = [
            {"guild_id": GUILD_ID, "member_id": each.id, "joined_at": each.joined_at, "pending": False}
            for each in world.members.values()
            if not each.bot and each.id != OWNER_ID
        ]
        async with self._database.begin() as session:
            await self._core.configs.change(
                session, GUILD_ID, OnboardingSettings, welcome_channel_id=room, finished_role_id=role
            )  # without an introductions channel the goal is the only step
            for at in range(0, len(known), 500):
                await insert_if_absent(session, NewcomerRow, known[at : at + 500], ["guild_id", "member_id"])
        for each in finishers:
            await self._service.quests.set_goal(Actor(GUILD_ID, each.id), "Knots", share_win=False)

    async def newcomers(self) -> dict[int, Newcomer]:
        return await self._service.list_newcomers(GUILD_ID)


def _differences(known: dict[int, Newcomer], world: World) -> int:
    """In how many members the records differ from the server. Who never was a newcomer is in no record."""
    there = {each.id: each for each in world.members.values() if not each.bot and each.id != OWNER_ID}
    noted = {
        member_id: (each.joined_at, each.pending) for member_id, each in known.items() if not each.has_left
    }
    return len(set(noted.items()) ^ {(each.id, (each.joined_at, each.pending)) for each in there.values()})


def _while_nobody_looks(
    world: World, role: int, finishers: list[Member]
) -> tuple[list[Member], list[Member]]:
    """200 come, 100 go, 20 of them return, and 50 roles are changed by hand. Returns whom to greet, and the undecided."""
    everybody = [each for each in world.members.values() if not each.bot and each.id != OWNER_ID]
    others = [each for each in everybody if each not in finishers]
    gone = others[:LEAVES]
    for each in gone:
        del world.members[each.id]
    back = gone[:RETURNS]
    for each in back:
        each.joined_at = world.now()
        world.members[each.id] = each
    joined = [world.add_member(f"newcomer-{number}", joined_ago=timedelta(0)) for number in range(JOINS)]
    undecided = joined[:UNDECIDED]
    for each in undecided:
        each.pending = True
    for each in (*finishers, *others[-(ROLE_EDITS - len(finishers)) :]):
        world.change_role(each.id, role, given=each not in finishers)
    return joined[UNDECIDED:] + back, undecided


async def test_joins_leaves_and_changes_of_roles_in_a_large_community_are_taken_up_within_a_minute(
    nursery: Nursery, tmp_path: Path, discord: FakeDiscord
) -> None:
    world = discord.world
    room, role = world.add_channel("welcome").id, world.add_role("finished").id
    for number in range(MEMBERS):
        world.add_member(f"member-{number}")
    finishers = list(world.members.values())[-ROLE_EDITS // 2 :]
    records = Records(tmp_path)
    try:
        await records.prepare(world, room=room, role=role, finishers=finishers)
        await nursery.bear(Life(discord.url, records.url, str(tmp_path), naps=20))
        await until(
            lambda: len(world.role_changes) == len(finishers), seconds=START, what="the roles are given"
        )
        nursery.ask_to_end()  # not killed: a role that was given and not noted as given would be given again
        assert await nursery.end(seconds=12) == 0
        to_greet, undecided = _while_nobody_looks(world, role, finishers)
        roles_before = {each.id: set(each.roles) for each in world.members.values()}
        changes_before = len(world.role_changes)

        sessions = len(discord.gateway.identifies)
        await nursery.bear(Life(discord.url, records.url, str(tmp_path), naps=20))
        await until(lambda: len(discord.gateway.identifies) > sessions, seconds=START, what="READY")
        ready_at = time.monotonic()
        while _differences(await records.newcomers(), world):
            assert time.monotonic() - ready_at <= BOUND, "not taken up within a minute"
            await asyncio.sleep(0.1)
        taken_up = time.monotonic() - ready_at
        await until(
            lambda: len(world.posts()) >= len(to_greet), seconds=BOUND - taken_up, what="everybody is greeted"
        )
        greeted = time.monotonic() - ready_at
        # One more READY compares everything once more.
        lists = len(discord.rest.asked("list_members"))
        await discord.gateway.drop(resumable=False)
        await until(
            lambda: len(discord.rest.asked("list_members")) >= lists + len(world.members) // 1000 + 1,
            seconds=START,
            what="compared again",
        )
        await asyncio.sleep(1.0)  # time for a second greeting
        nursery.ask_to_end()
        assert await nursery.end(seconds=12) == 0
        assert _differences(await records.newcomers(), world) == 0
    finally:
        await records.close()
    sys.stdout.write(
        f"{MEMBERS} members: taken up in {taken_up:.1f} s, {len(to_greet)} greeted at {greeted:.1f} s\n"
    )
    pinged = Counter(int(each) for post in world.posts() for each in re.findall(r"<@(\d+)>", post.text))
    assert pinged == Counter({each.id: 1 for each in to_greet})
    assert not any(pinged[each.id] for each in undecided)
    assert {each.id: set(each.roles) for each in world.members.values()} == roles_before
    assert len(world.role_changes) == changes_before, "nobody's roles are fought over"
