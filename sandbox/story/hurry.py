"""A database in a hurry: only for one that is thrown away afterwards.

Four weeks are tens of thousands of statements, and handing each to the connection's own thread takes longer than the
statement. The world has one event loop and moves its clock by hand, so nobody is kept waiting when a statement runs
right where it was asked for. Nothing is synced to the disk either: what a story survives is the death of the bot's
process, not that of the computer it is told on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from sandbox.world import World
from storage import sqlite_driver
from storage.database import Database

_SEED = 2026


class _Connection(sqlite_driver.Connection):
    """Runs its statements in the thread that asks, once it is open."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        return fn(*args, **kwargs)


def _connect(database: str, **options: Any) -> _Connection:
    return _Connection(partial(sqlite3.connect, database, **{**options, "check_same_thread": False}))


def hurried(database: Database) -> Database:
    """The same database, from its next connection on without threads and without waiting for the disk."""

    def use_ours(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = _connect

    def stop_waiting(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    event.listen(database.engine.sync_engine, "do_connect", use_ours)
    event.listen(database.engine.sync_engine, "connect", stop_waiting)
    return database


@contextmanager
def same_luck() -> Generator[None]:
    """Within it the bot draws the same lots each time, so that the story goes as it went before."""
    lots = Random(_SEED)
    with patch("secrets.randbelow", lots.randrange):
        yield


class HurriedWorld(World[Any, Any]):
    """A world with Lyceum in it that asks what is due next only when something may have changed that."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._known_due: tuple[datetime | None] | None = None
        self._watched: object = None

    async def next_due(self) -> datetime | None:
        """What the bot said the last time, as long as nothing was committed since."""
        if not self.ring_by_itself:
            return await super().next_due()
        self._watch_commits()
        if self._known_due is None or self.bot.setup_watch.is_asked_for:
            self._known_due = None
            due = await super().next_due()
            if due is None or due > self.now:
                self._known_due = (due,)
            return due
        return self._known_due[0]

    def _watch_commits(self) -> None:
        if self._watched is self.database:
            return
        self._watched, self._known_due = self.database, None
        event.listen(self.database.engine.sync_engine, "commit", self._forget)

    def _forget(self, _connection: Any) -> None:
        self._known_due = None

    async def go_on_at_real_pace(self, make_bot: Callable[[Any], Any]) -> None:
        """End the process as SIGTERM does and start one that keeps its own time, on the database as it would be anywhere.

        From here the world's clock is moved by whoever shows it, and nothing hurries any more.
        """
        await self.stop()
        self._make_bot, self._reopen = make_bot, _as_anywhere
        self.ring_by_itself, self._known_due = False, None
        await self.start_again()


def _as_anywhere(database: Database) -> Database:
    return Database(database.url.render_as_string(hide_password=False))
