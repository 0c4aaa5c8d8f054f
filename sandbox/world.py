"""One simulated community: its server, its clock, the bot in it, and the database under it.

``World.open`` connects a bot to a server that is already there. People act through methods of the world
(``people.py``), time passes through ``advance``, the process dies through ``crash``; what Discord received is
in ``world.faults.log`` and what people see in ``world.messages``. Every action returns when the bot has done
all that follows from it at once, including what its alarm clock would start at this very moment.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

import discord
from simcord import Env
from sqlalchemy import event

from sandbox.faults import Faults, injected
from sandbox.judging import Judge
from sandbox.server import INVITE_PERMISSIONS, Channel, Person, Role, build_server
from sandbox.simcord_patches import correct_everything, likeness, nonces, process, records, transport

BotT = TypeVar("BotT", bound=discord.Client)
DatabaseT = TypeVar("DatabaseT")

__all__ = ["Channel", "Person", "Role", "World", "start_of_the_story"]

_TICKS_AT_ONE_MOMENT = 25
_ALARM_AT_LEAST_EVERY = timedelta(seconds=30)
_PATIENCE = 20  # half-minutes that something may stay due before the world calls the bot stuck


def start_of_the_story() -> datetime:
    """The moment a world starts at when nobody says otherwise: Wednesday 7 January 2026, 09:00 UTC."""
    return datetime(2026, 1, 7, 9, tzinfo=UTC)


class World(Judge, Generic[BotT, DatabaseT]):
    """A running simulation around one bot at a time. Open it with ``World.open``."""

    env: Env
    bot: BotT
    database: DatabaseT

    def __init__(self, make_bot: Callable[[DatabaseT], BotT], database: DatabaseT) -> None:
        super().__init__()
        self._make_bot = make_bot
        self.database = database
        self._reopen: Callable[[DatabaseT], DatabaseT | Awaitable[DatabaseT]] = _open_again
        self.ring_by_itself = True
        """Whether the world plays the alarm clock: after every action and while time passes, it ticks the bot."""
        self.starts = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        make_bot: Callable[[DatabaseT], BotT],
        *,
        database: DatabaseT,
        reopen: Callable[[DatabaseT], DatabaseT | Awaitable[DatabaseT]] | None = None,
        now: datetime | None = None,
        permissions: discord.Permissions = INVITE_PERMISSIONS,
        invited: bool = True,
        check_errors: bool = True,
        nonce_window: float = 120.0,
        settle_timeout: float = 30.0,
        ring_by_itself: bool = True,
    ) -> AsyncGenerator[World[BotT, DatabaseT]]:
        """A world with the bot running in it.

        ``make_bot`` builds a bot on a database, at the start and after every restart or crash. ``reopen``
        opens the same database anew after those (default: the same class with the same URL). ``now`` is the
        simulated moment of the start. ``invited=False`` starts the bot before it is in the server (see
        ``invite_bot``). ``nonce_window`` is how many seconds Discord remembers a nonce. ``ring_by_itself``
        says whether the world plays the bot's alarm clock; False for a bot that has its own. At the end the
        database that is open then is closed, and every error that reached SimCord raises, except those a
        fault was armed to cause and those the bot means people to see; ``check_errors=False`` ignores them.
        """
        correct_everything()
        world = cls(make_bot, database)
        world.ring_by_itself = ring_by_itself
        if reopen is not None:
            world._reopen = reopen
        world._build(now or start_of_the_story(), permissions, settle_timeout)
        nonces.nonce_book(world.env).window = nonce_window
        if not invited:
            world._hidden_guild = records.unregistered_guild(world.env, world.guild_id)
        try:
            await world._start_bot(first=True)
            yield world
        finally:
            await world._shut_down()
        if check_errors:
            world.raise_errors()

    def _build(self, now: datetime, permissions: discord.Permissions, settle_timeout: float) -> None:
        # SimCord wants a bot from the start; the real one takes its place before anything is connected.
        placeholder = discord.Client(intents=discord.Intents(guilds=True))
        self.env = Env(placeholder, check_errors=False, settle_timeout=settle_timeout)
        likeness.set_epoch(self.env, now)
        self.faults = Faults(
            self.env.now, lambda waiting, why: transport.wait_outside(self.env, waiting, why)
        )
        self.faults.laws.append(self._closed_dms_law)
        transport.install_transport(self.env, self.faults)
        self.env.backend.subscribers.append(self._watch)
        self.server = build_server(self.env, permissions=permissions)

    # ------------------------------------------------------------------------------------------ time

    async def settle(self) -> None:
        """Wait until the bot has nothing left to do at this moment of simulated time."""
        await self._settle_only()
        if self.ring_by_itself:
            await self._ring_while_due()

    async def _settle_only(self) -> None:
        with process.operation(self.env, "settle"):
            await process.settle(self.env)

    async def tick(self) -> None:
        """One ring of the alarm clock."""
        await self.in_bot(cast("Any", self.bot).tick)

    async def next_due(self) -> datetime | None:
        """When the bot next has something to do by itself; None when never or when it keeps no time."""
        ask = getattr(self.bot, "next_due", None)
        return None if ask is None else await self.in_bot(ask)

    async def in_bot(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """Run something as the bot itself, on its clock, and return its result."""
        task = process.schedule_in_bot(self.env, make)
        await self._settle_only()
        if not task.done():
            return None  # It waits for something outside, such as a request held by the fault layer.
        return task.result()

    async def advance(self, span: timedelta) -> None:
        """Let time pass, ringing the alarm clock at every moment at which the bot has something to do."""
        target = self.now + span
        await self._settle_only()
        due = await self._ring_while_due() if self.ring_by_itself else None
        stuck_since = 0
        while due is not None and due <= target:
            if due <= self.now:
                stuck_since += 1
                if stuck_since > _PATIENCE:
                    raise AssertionError(f"due since {due} and still not done at {self.now}")
                due = self.now + _ALARM_AT_LEAST_EVERY
                if due > target:
                    break
            else:
                stuck_since = 0
            await self._pass_time_until(due)
            if self.running:
                await self.tick()
            due = await self._ring_while_due()
        await self._pass_time_until(target)
        await self.settle()

    async def jump(self, span: timedelta) -> None:
        """Let a long time pass for a bot whose own alarm clock runs, in one leap from due moment to due moment.

        Timers in between fire late and together, as after a computer's sleep, instead of every half-minute.
        """
        target = self.now + span
        while self.running:
            due = await self.next_due()
            if due is None or due > target:
                break
            process.move_clock(self.env, max((due - self.now).total_seconds(), 0.0))
            await self._settle_only()
            await self._ring_while_due()
            if due <= self.now and await self.next_due() == due:
                break  # It stays due whatever is tried; the alarm clock will come back to it.
        process.move_clock(self.env, max((target - self.now).total_seconds(), 0.0))
        await self._settle_only()

    async def advance_to(self, moment: datetime) -> None:
        """Let time pass until a given moment."""
        await self.advance(moment - self.now)

    async def _pass_time_until(self, moment: datetime) -> None:
        seconds = (moment - self.now).total_seconds()
        if seconds > 0:
            await self.env.advance_time(seconds)

    async def _ring_while_due(self) -> datetime | None:
        """Tick as long as something is due now, as the alarm clock would. Returns what is due next, or still is."""
        due: datetime | None = None
        for _ in range(_TICKS_AT_ONE_MOMENT):
            due = await self.next_due() if self.running else None
            if due is None or due > self.now:
                break
            await self.tick()
        return due

    # ------------------------------------------------------------------------------------------ the process

    async def _start_bot(self, *, first: bool = False) -> None:
        self.bot = self._make_bot(self.database)
        self.starts += 1
        self.faults.generation, self.faults.bot_is_dead = self.starts, False
        self.running = True
        if first:
            self.env.bot = self.bot
            await self.env.start()
        else:
            await process.attach(self.env, self.bot)
        await self.settle()

    async def stop(self) -> None:
        """End the process as SIGTERM does: the bot closes itself, then its database is closed."""
        await self._settle_only()
        await self.in_bot(self.bot.close)
        await process.detach(self.env)
        self._went_down()
        await _close(self.database)

    async def crash(self) -> None:
        """End the process as kill -9 does: nothing is finished, sent, committed or closed in good order.

        What waits in a held request is gone; a transaction that was not committed is rolled back.
        """
        before = self.env.error_cursor
        self.faults.bot_is_dead = True
        _kill_connections(self.database)
        await process.detach(self.env)
        self._excused_errors |= {id(error) for error in self.env.errors_since(before)}
        self._went_down()
        engine = getattr(self.database, "engine", None)
        if engine is not None:  # The system would close a dead process's connections; nothing else is closed.
            with suppress(Exception):
                await engine.dispose()

    async def start_again(self) -> None:
        """Start a new process on the same database after ``stop`` or ``crash``."""
        opened = self._reopen(self.database)
        self.database = cast("DatabaseT", await opened if inspect.isawaitable(opened) else opened)
        await self._start_bot()

    async def restart(self) -> None:
        """Stop in good order and start again."""
        await self.stop()
        await self.start_again()

    @asynccontextmanager
    async def while_down(self, *, crash: bool = False) -> AsyncGenerator[None]:
        """A spell without the bot: what people do inside the block it did not see."""
        await (self.crash() if crash else self.stop())
        yield
        await self.start_again()

    def _went_down(self) -> None:
        self.running = False
        self._excuse_open_interactions()

    async def _shut_down(self) -> None:
        if self.running:
            with suppress(TimeoutError):
                await self._settle_only()
            before = self.env.error_cursor
            await self.in_bot(self.bot.close)
            self._excused_errors |= {id(error) for error in self.env.errors_since(before) if injected(error)}
        await self.env.shutdown()
        if self.running:
            await _close(self.database)


def _open_again(database: Any) -> Any:
    """The same kind of database on the same URL; None stays None, for bots that have no database."""
    if database is None:
        return None
    url = database.url
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    return type(database)(text)


async def _close(database: Any) -> None:
    if database is not None:
        await database.close()


def _kill_connections(database: Any) -> None:
    """From now on nothing more reaches the database through these connections."""
    engine = getattr(database, "engine", None)
    if engine is None:
        return

    def dead(*_: Any) -> None:
        raise asyncio.CancelledError

    for moment in ("begin", "commit", "before_cursor_execute"):
        event.listen(engine.sync_engine, moment, dead)
