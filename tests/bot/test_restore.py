"""After a restore Discord hears nothing twice: the whole bot in the sandbox, judged by what people see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import Lyceum
from bot.settings import Settings
from sandbox.faults import CREATE_MESSAGE
from sandbox.furnish import add_monday_goals, set_up
from sandbox.world import World
from storage.backup import back_up, restore
from storage.database import Database

# The world begins on a Wednesday; a prompt that was missed is caught up for some hours.
UNTIL_MONDAY = timedelta(days=5, hours=2)

LyceumWorld = World[Lyceum, Database]


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with World.open(
        lambda opened: Lyceum(Settings(), opened, ring=False), database=sqlite_database
    ) as opened_world:
        await set_up(opened_world)
        await add_monday_goals(opened_world)
        yield opened_world


async def take(world: LyceumWorld) -> Path:
    file = Path(str(world.database.url.database))
    made = await asyncio.to_thread(back_up, file, file.parent / "backups", now=world.now, keep=3)
    return made.file


async def go_back_to(world: LyceumWorld, backup: Path) -> None:
    await world.crash()
    await restore(backup, Path(str(world.database.url.database)), now=world.now)
    await world.start_again()
    await world.advance(timedelta(hours=2))


async def test_what_was_posted_after_the_backup_is_not_posted_again(world: LyceumWorld) -> None:
    backup = await take(world)
    await world.advance(UNTIL_MONDAY)
    ann = await world.join("Ann")
    assert len(world.posted(world.weekly)) == 1, "a Monday came"
    assert len(world.posted(world.welcome)) == 1
    await go_back_to(world, backup)
    assert len(world.posted(world.weekly)) == 1
    assert [card.pinged for card in world.posted(world.welcome)] == [(ann.id,)]


async def test_what_waited_in_the_backup_and_was_posted_since_is_not_posted_again(
    world: LyceumWorld,
) -> None:
    with world.faults.outage():
        ann = await world.join("Ann")
        await world.advance(timedelta(minutes=5))
        tried = await take(world)
    await world.advance(timedelta(minutes=10))
    assert len(world.posted(world.welcome)) == 1
    await go_back_to(world, tried)
    assert [card.pinged for card in world.posted(world.welcome)] == [(ann.id,)]


async def test_what_waited_untried_in_the_backup_is_not_posted_again(world: LyceumWorld) -> None:
    world.ring_by_itself = False
    await world.in_bot(world.bot.dispatcher.stop)
    ann = await world.join("Ann")
    untried = await take(world)
    assert world.posted(world.welcome) == []
    world.ring_by_itself = True
    await world.restart()
    await world.advance(timedelta(minutes=10))
    assert len(world.posted(world.welcome)) == 1
    await go_back_to(world, untried)
    assert [card.pinged for card in world.posted(world.welcome)] == [(ann.id,)]


async def test_what_waited_in_the_backup_and_was_never_posted_is_posted(world: LyceumWorld) -> None:
    with world.faults.outage():
        ann = await world.join("Ann")
        backup = await take(world)
        await world.crash()
        await restore(backup, Path(str(world.database.url.database)), now=world.now)
    await world.start_again()
    await world.advance(timedelta(minutes=10))
    assert [card.pinged for card in world.posted(world.welcome)] == [(ann.id,)]


async def test_a_monday_that_nobody_served_is_caught_up_after_the_restore(world: LyceumWorld) -> None:
    backup = await take(world)
    await world.crash()
    await restore(backup, Path(str(world.database.url.database)), now=world.now)
    await world.advance_to(world.now + UNTIL_MONDAY)
    await world.start_again()
    await world.advance(timedelta(minutes=10))
    assert len(world.posted(world.weekly)) == 1


async def test_the_commands_are_sent_again_because_nobody_knows_which_discord_has(world: LyceumWorld) -> None:
    backup = await take(world)
    sent = len(world.faults.requests("PUT", "/applications/*/commands"))
    await world.restart()
    assert len(world.faults.requests("PUT", "/applications/*/commands")) == sent
    await go_back_to(world, backup)
    assert len(world.faults.requests("PUT", "/applications/*/commands")) == sent + 1


async def test_life_goes_on_after_the_restore(world: LyceumWorld) -> None:
    backup = await take(world)
    await world.advance(UNTIL_MONDAY)
    await go_back_to(world, backup)
    ben = await world.join("Bea")
    assert [card.pinged for card in world.posted(world.welcome)] == [(ben.id,)]
    await world.advance(timedelta(days=14))
    assert len(world.posted(world.weekly)) == 3
    assert world.faults.requests(*CREATE_MESSAGE, applied=True)


async def test_without_the_marks_of_the_restore_everything_is_posted_twice(
    world: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await take(world)
    await world.advance(UNTIL_MONDAY)
    await world.join("Ann")
    monkeypatch.setattr("storage.backup._forget_what_came_later", lambda _copy, fallback: None)  # noqa: ARG005
    await go_back_to(world, backup)
    assert len(world.posted(world.weekly)) == 2
