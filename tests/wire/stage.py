"""A bot whose clock can be moved: hours pass for it and for Discord, or its clock alone is wrong.

The hours pass by an offset that the bot's clock and the fake Discord's share, in steps that the bot lives through, ringing
ten times a second; where only the bot's clock is wrong, Discord's stays. All constants are the real ones. What cannot be
seen so is what depends on seconds that truly pass, such as connections that time out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from storage.database import Database
from tests.wire.bot_process import Life
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.nursery import Nursery

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RING = 0.1  # seconds between two looks of the bot at its moved clock
START, TICK = 40.0, 30.0  # seconds


class Stage:
    """The bot, Discord, and what time it is for each; it begins at `at`."""

    def __init__(self, discord: FakeDiscord, nursery: Nursery, folder: Path, at: datetime) -> None:
        self.discord = discord
        self.nursery = nursery
        self.folder = folder
        self.url = f"sqlite:///{folder / 'lyceum.db'}"
        self.room = discord.world.add_channel("room").id
        self.staff = discord.world.add_channel("staff").id
        self._error = timedelta(0)  # by which the bot's clock is wrong
        discord.skip(at - datetime.now(UTC))
        self._tell()

    def now(self) -> datetime:
        """By the bot's clock."""
        return self.discord.world.now() + self._error

    async def pass_time(self, by: timedelta) -> None:
        """Time passes for everybody; the bot notices, and has a moment to act."""
        self.discord.skip(by)
        await self._change()

    async def pass_long(self, by: timedelta) -> None:
        """The same in steps of a day."""
        while by > timedelta(0):
            await self.pass_time(min(by, DAY))
            by -= min(by, DAY)

    async def go_to(self, moment: datetime) -> None:
        """It is this time by Discord's clock; nothing that has passed comes back."""
        await self.pass_time(max(moment - self.discord.world.now(), timedelta(0)))

    async def jump(self, by: timedelta) -> None:
        """Only the bot's clock changes."""
        self._error += by
        await self._change()

    async def _change(self) -> None:
        """What time it is was changed: a bot that lives has done what is due by then, and sends it."""
        fresh, ticked = self._tell(), self.folder / "ticked"
        if self.nursery.pid is not None:
            await until(lambda: ticked.read_bytes() == fresh, seconds=TICK, what="the bot has ticked")
        await asyncio.sleep(RING * 4)

    def _tell(self) -> bytes:
        offset = (self.discord.world.offset + self._error).total_seconds()
        file = self.folder / "offset"
        fresh = f"{offset:<31.3f}".encode()
        with file.open("r+b" if file.exists() else "w+b") as opened:
            opened.write(fresh)
        return fresh

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[None]:
        """The bot lives, and ends well."""
        life = Life(
            self.discord.url, self.url, str(self.folder), movable_clock=True, ring_every=RING, naps=20
        )
        await self.nursery.bear(life)
        await until(lambda: self.discord.gateway.connected, seconds=START, what="connected")
        await asyncio.sleep(RING * 4)
        yield
        self.nursery.ask_to_end()
        assert await self.nursery.end(seconds=12) == 0

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Discord is away; at the end it is back, and a minute passes."""
        await self.discord.go_away()
        yield
        self.discord.come_back()
        for _ in range(6):
            await self.pass_time(timedelta(seconds=10))

    def told_staff(self) -> list[str]:
        return [each.text for each in self.discord.world.posts() if each.channel_id == self.staff]

    async def check_that_every_run_has_ended(self) -> None:
        """Nothing that was due waits any more, and what was left out has a reason."""
        database = Database(self.url)
        try:
            async with database.read() as session:
                for table, due in (("jobs", "run_at"), ("outbox", "not_before")):
                    open_ones = await session.execute(
                        text(f"SELECT * FROM {table} WHERE outcome IS NULL AND {due} <= :now"),
                        {"now": f"{self.now():%Y-%m-%d %H:%M:%S.%f}"},
                    )
                    unreasoned = await session.execute(
                        text(
                            f"SELECT * FROM {table} WHERE outcome IN ('skipped', 'failed') AND reason IS NULL"
                        )
                    )
                    assert (table, open_ones.all(), unreasoned.all()) == (table, [], [])
        finally:
            await database.close()
