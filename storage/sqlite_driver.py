"""SQLite for asyncio with one visit to the connection's thread per statement instead of four.

aiosqlite hands every call to a thread of its own: making a cursor, executing, fetching and closing are four round
trips through the event loop, and each costs more than the statement itself. SQLAlchemy always wants all rows at once,
so the four can be one. Nothing else about aiosqlite changes.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Self, cast

import aiosqlite


class Connection(aiosqlite.Connection):
    """A connection whose statements are one visit each, and whose rollback of nothing is none."""

    _given_up = False
    """Whether somebody stopped waiting for a statement, which its thread then carries out nevertheless."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # A connection that nobody closed does not keep the process alive.
        self._thread.daemon = True

    def cursor(self) -> WholeCursor:  # pyright: ignore[reportIncompatibleMethodOverride] - SQLAlchemy only enters it
        return WholeCursor(self)

    async def run(self, statement: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """What a statement answers, run in the connection's own thread."""
        try:
            return cast("_Answer", await self._execute(statement, self._conn))  # pyright: ignore[reportUnknownMemberType] - the driver's is not typed
        except asyncio.CancelledError:
            self._given_up = True
            raise

    async def rollback(self) -> None:
        """Give up the transaction, if there may be one: the pool asks for it at every return of a connection."""
        if self._given_up or self.in_transaction:
            await super().rollback()
            self._given_up = False


def connect(database: str, **options: Any) -> Connection:
    """What ``aiosqlite.connect`` makes, as a `Connection`."""
    return Connection(partial(sqlite3.connect, database, **options))


class _Answer(NamedTuple):
    """All that a statement brought."""

    rows: Sequence[Any] = ()
    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None


class WholeCursor:
    """A cursor that brings the whole answer of its statement along, and keeps nothing open in SQLite.

    It is what SQLAlchemy asks of a driver's cursor, except for reading row by row (``stream``), which Lyceum does not do.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answer = _Answer()
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._answer = await self._connection.run(partial(_execute, sql=sql, parameters=parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._answer = await self._connection.run(partial(_execute_many, sql=sql, parameters=parameters))

    async def fetchall(self) -> Sequence[Any]:
        return self._answer.rows

    async def close(self) -> None:
        """There is nothing to close: the real cursor lived only while the statement ran."""

    @property
    def description(self) -> Any:
        return self._answer.description

    @property
    def rowcount(self) -> int:
        return self._answer.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._answer.lastrowid


def _execute(connection: sqlite3.Connection, *, sql: str, parameters: Sequence[Any]) -> _Answer:
    cursor = connection.execute(sql, parameters)
    return _taken_from(cursor)


def _execute_many(
    connection: sqlite3.Connection, *, sql: str, parameters: Iterable[Sequence[Any]]
) -> _Answer:
    return _taken_from(connection.executemany(sql, parameters))


def _taken_from(cursor: sqlite3.Cursor) -> _Answer:
    try:
        # Rows first: with RETURNING, SQLite counts the rows it has changed only as they are read.
        rows = cursor.fetchall() if cursor.description else ()
        return _Answer(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()
