"""An outbox, a dispatcher and a fake Discord on a test's own database, and words for what tests plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Self

from sqlalchemy import select

from bot.cards import Card
from bot.dispatcher import Dispatcher, PlannedEffect
from bot.outbox import Effect, EffectKind, Outbox
from storage import outbox as storage
from storage.database import Database
from storage.outbox import OutboxRow
from tests.bot.fake_discord import FakeDiscord
from tests.clocks import FixedClock

GUILD, CHANNEL, MEMBER, ROLE = 1, 10, 500, 900


def post(key: str, *, channel: int = CHANNEL, **options: Any) -> Effect:
    return Effect(
        kind=EffectKind.POST, key=key, guild_id=GUILD, channel_id=channel, renderer="any", **options
    )


def edit(key: str, message_id: int | None = 77, **options: Any) -> Effect:
    return Effect(
        kind=EffectKind.EDIT,
        key=key,
        guild_id=GUILD,
        channel_id=CHANNEL,
        message_id=message_id,
        renderer="any",
        **options,
    )


def role(kind: EffectKind, key: str, **options: Any) -> Effect:
    return Effect(kind=kind, key=key, guild_id=GUILD, member_id=MEMBER, role_id=ROLE, **options)


def timeout(key: str, until: str | None) -> Effect:
    arguments: Mapping[str, Any] = {"until": until}
    return Effect(kind=EffectKind.TIMEOUT, key=key, guild_id=GUILD, member_id=MEMBER, arguments=arguments)


async def until(condition: Callable[[], bool]) -> None:
    """Let everything run until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of an event
            await asyncio.sleep(0.001)


class Stand:
    """One process. `render` and `discord` may be changed by a test."""

    def __init__(self, db: Database, clock: FixedClock, discord: FakeDiscord | None = None) -> None:
        self.db = db
        self.clock = clock
        self.discord = discord or FakeDiscord(clock)
        self.outbox = Outbox(clock)
        self.render_error: Exception | None = None
        self.dispatcher = Dispatcher(db, clock, self.discord, self._render)

    @classmethod
    async def open(cls, db: Database, clock: FixedClock, discord: FakeDiscord | None = None) -> Self:
        """A process that has started and done what was due."""
        stand = cls(db, clock, discord)
        stand.dispatcher.start()
        await stand.dispatcher.drain()
        return stand

    async def _render(self, effect: PlannedEffect) -> Card:
        if self.render_error is not None:
            raise self.render_error
        return Card(())

    async def plan(self, *effects: Effect) -> int:
        async with self.db.begin() as session:
            return await self.outbox.plan(session, *effects)

    async def deliver(self, *effects: Effect) -> None:
        await self.plan(*effects)
        await self.dispatcher.drain()

    async def later(self, seconds: float) -> None:
        """Time passes, and the alarm clock rings."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.dispatcher.drain()

    async def row(self, key: str) -> OutboxRow:
        async with self.db.read() as session:
            return (await session.scalars(select(OutboxRow).where(OutboxRow.key == key))).one()

    async def outcome(self, key: str) -> tuple[str | None, str | None]:
        row = await self.row(key)
        return row.outcome, row.reason

    async def next_due(self) -> float | None:
        """In how many seconds there is something to do."""
        async with self.db.read() as session:
            due = await storage.next_due_at(session)
        return None if due is None else (due - self.clock.now()).total_seconds()

    async def ring_until_done(self, *, at_most: float = 600) -> float:
        """The alarm clock rings whenever something is due. Returns how many seconds that took."""
        began = self.clock.now()
        await self.dispatcher.drain()
        while (wait := await self.next_due()) is not None:
            await self.later(max(wait, 0.1))
            assert (self.clock.now() - began).total_seconds() <= at_most, "still waiting"
        return (self.clock.now() - began).total_seconds()

    @property
    def asked(self) -> list[str]:
        """The keys of the requests, in order."""
        return [each.key for each in self.discord.requests]
