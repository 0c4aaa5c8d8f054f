"""The driver under SQLAlchemy: one visit to the connection's thread a statement, and nothing left open."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import sqlite_driver
from storage.database import Database


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[sqlite_driver.Connection]:
    connection = sqlite_driver.connect(str(tmp_path / "a.db"), isolation_level=None)
    await connection
    await connection.cursor().execute("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT UNIQUE)")
    yield connection
    await connection.close()


async def test_a_statement_brings_its_rows_and_names_at_once(connection: sqlite_driver.Connection) -> None:
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO t (word) VALUES (?)", [("a",), ("b",)])
    assert cursor.rowcount == 2

    await cursor.execute("SELECT id, word FROM t ORDER BY id")

    assert await cursor.fetchall() == [(1, "a"), (2, "b")]
    assert [name for name, *_ in cursor.description] == ["id", "word"]


async def test_changed_rows_are_counted_also_when_they_are_returned(
    connection: sqlite_driver.Connection,
) -> None:
    cursor = connection.cursor()
    await cursor.execute("INSERT INTO t (word) VALUES ('a'), ('b') RETURNING id")

    assert (await cursor.fetchall(), cursor.rowcount, cursor.lastrowid) == ([(1,), (2,)], 2, 2)


async def test_a_failed_statement_says_why_and_leaves_the_connection_usable(
    connection: sqlite_driver.Connection,
) -> None:
    cursor = connection.cursor()
    await cursor.execute("INSERT INTO t (word) VALUES ('a')")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        await cursor.execute("INSERT INTO t (word) VALUES ('a')")

    await cursor.execute("SELECT count(*) FROM t")
    assert await cursor.fetchall() == [(1,)]


async def test_a_beginning_that_nobody_waited_for_is_rolled_back(
    connection: sqlite_driver.Connection,
) -> None:
    """The thread carries out what was asked of it even when the task that asked is gone."""
    cursor = connection.cursor()
    task = asyncio.create_task(cursor.execute("BEGIN IMMEDIATE"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await connection.rollback()

    assert not connection.in_transaction
    await cursor.execute("BEGIN IMMEDIATE")


async def test_a_read_costs_three_visits_to_the_thread(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BEGIN, the query, the rollback; aiosqlite's own cursors make nine of them."""
    async with sqlite_database.read() as session:
        await session.execute(text("SELECT 1"))
    visits: list[object] = []
    visit = sqlite_driver.Connection._execute

    async def counted(self: sqlite_driver.Connection, *args: object) -> object:
        visits.append(args[0])
        return await visit(self, *args)

    monkeypatch.setattr(sqlite_driver.Connection, "_execute", counted)
    async with sqlite_database.read() as session:
        await session.execute(text("SELECT 1"))

    assert len(visits) == 3
