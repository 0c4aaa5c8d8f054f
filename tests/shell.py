"""What the tests of the shell share: a world with the real bot in it, and a busy database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Lyceum
from bot.card_views import allowed_mentions, to_view
from bot.cards import Card
from bot.settings import Settings
from sandbox.faults import Request
from sandbox.seen import Seen
from sandbox.world import Channel, Role, World
from storage.database import Database

LyceumWorld = World[Lyceum, Database]


@asynccontextmanager
async def lyceum_world(database: Database, **options: Any) -> AsyncGenerator[LyceumWorld]:
    """The sandbox with Lyceum in it; the test plays the alarm clock through the world."""
    options = {"settle_timeout": 30.0} | options  # a busy machine is no fault of the bot's
    async with World.open(
        lambda db: Lyceum(Settings(), db, ring=False), database=database, **options
    ) as world:
        yield world


@asynccontextmanager
async def busy_writer(database: Database) -> AsyncGenerator[asyncio.Event]:
    """Somebody holds the database's one writing transaction until the event is set or the block ends."""
    taken, release = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.begin():
            taken.set()
            await release.wait()

    holder = asyncio.create_task(hold())
    await taken.wait()
    try:
        yield release
    finally:
        release.set()
        await holder


class PollingDatabase(Database):
    """Waits for its turn by looking again and again: the simulation sees a sleep pass, but not a lock."""

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncSession]:
        while self._turn is not None and self._turn[1].locked():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
        async with super().begin() as session:
            yield session


class Statements:
    """The SQL statements that a database was sent while the block ran."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine.sync_engine
        self.seen: list[str] = []

    def _note(self, _c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.seen.append(statement)

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


async def post_card(world: LyceumWorld, channel: Channel, card: Card, *, marker: int | None = None) -> Seen:
    """The bot posts a card; returns it as people see it."""

    async def post() -> int:
        place = world.bot.get_partial_messageable(channel.id)
        return (
            await place.send(view=to_view(card, marker=marker), allowed_mentions=allowed_mentions(card))
        ).id

    return world.message(channel, await world.in_bot(post))


def release_when_acknowledged(world: LyceumWorld, release: asyncio.Event) -> None:
    """Lets a busy writer go as soon as Discord is sent a first answer to an interaction."""

    def law(request: Request) -> None:
        if request.path.endswith("/callback"):
            release.set()

    world.faults.laws.append(law)


async def show_commands_to(world: LyceumWorld, role: Role, *names: str) -> None:
    """What the owner does in Server Settings > Integrations: members of a role see hidden commands."""
    for command in await world.in_bot(world.bot.tree.fetch_commands):
        if command.name in names:
            world.server.guild.set_command_permissions(command.id, {role: True})
