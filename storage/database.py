"""One door to the database: a writing transaction, a reading one, and a word after each commit.

What it guarantees, and ``tests/storage/test_database.py`` shows:

* On SQLite every connection of the pool runs with WAL, synchronous=FULL, foreign keys on and a busy timeout, each read
  back after it was set; a connection on which one did not take is refused with an error that names it.
* On SQLite a writing transaction starts with BEGIN IMMEDIATE, so that what it read is still true when it writes, and
  writers of one process take their turns in the order they came. No update is lost, nobody sees "database is locked".
* On PostgreSQL transactions are READ COMMITTED: two of them may read the same row and both write it. A query that reads
  in order to write must therefore lock what it reads, ``select(...).with_for_update()`` (ignored on SQLite, where the
  whole transaction is the lock), or be one atomic UPDATE.
* A commit, once begun, is seen through even when the task is cancelled, so that the callbacks of ``after_commit`` (which
  keep caches true) hear of every commit, and of nothing that was rolled back.

Never hold a transaction across a call to Discord: on SQLite every other writer waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.pool import ConnectionPoolEntry

from storage import sqlite_driver

logger = logging.getLogger(__name__)

DialectName = Literal["sqlite", "postgresql"]

BUSY_TIMEOUT_MS = 10_000
# Ordered: the busy timeout first, because switching a new file to WAL may itself have to wait.
SQLITE_PRAGMAS: dict[str, tuple[str, str]] = {
    "busy_timeout": (str(BUSY_TIMEOUT_MS), str(BUSY_TIMEOUT_MS)),
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", "2"),
    "foreign_keys": ("ON", "1"),
}
# A writer that waits longer than this waits for something that will not end, such as its own parent task.
WRITER_WAIT_SECONDS = 30.0
# A cancelled task waits this long for the commit that it has begun, and no longer.
CANCELLED_COMMIT_SECONDS = 5.0

_BEGIN_OPTION = "lyceum_begin"
_MARKS = "lyceum_marks"


def mark(session: AsyncSession, name: str) -> None:
    """Notes what this transaction touched ("jobs", "config:1234"), for those who listen after its commit."""
    session.info.setdefault(_MARKS, set()).add(name)


def parse_url(url: str) -> URL:
    """The address with its asynchronous driver. Raises ValueError with one sentence for what is not supported."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(
            "The database URL cannot be read; write for example sqlite:///data/lyceum.db"
        ) from None
    if parsed.drivername in {"sqlite", "sqlite+aiosqlite"}:
        if parsed.database in {None, "", ":memory:"}:
            raise ValueError(
                "SQLite needs a file, for example sqlite:///data/lyceum.db; memory is lost on restart."
            )
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.drivername in {"postgresql", "postgres", "postgresql+asyncpg"}:
        # libpq and most hosts spell it sslmode, asyncpg takes the same values under the name ssl.
        query = {("ssl" if key == "sslmode" else key): value for key, value in parsed.query.items()}
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise ValueError(f"The database {parsed.drivername!r} is not supported; use sqlite:/// or postgresql://")


class _ReadSession(Session):
    """A session that refuses to write, because what it wrote would silently be rolled back."""


def _refuse_flush(*_: object) -> None:
    raise InvalidRequestError("This transaction only reads; open it with begin() to write.")


def _refuse_write(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        _refuse_flush()


event.listen(_ReadSession, "before_flush", _refuse_flush)
event.listen(_ReadSession, "do_orm_execute", _refuse_write)


class Database:
    """A SQLite file or a PostgreSQL database, chosen by the URL alone.

    ``pool_size`` connections stay open and as many again are opened under load; on SQLite one of them writes and the
    others read. Raises ValueError for a URL that is not supported, RuntimeError when asyncpg is not installed.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url: URL = parse_url(url)
        self.dialect: DialectName = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        if self.dialect == "sqlite":
            self.engine = _sqlite_engine(self.url, pool_size)
        else:
            self.engine = _postgresql_engine(self.url, pool_size)
        self._writing_engine = self.engine.execution_options(**{_BEGIN_OPTION: "BEGIN IMMEDIATE"})
        self._reading_engine = self.engine.execution_options(postgresql_readonly=True)
        self._writers: set[asyncio.Task[Any]] = set()
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
        self._callbacks: list[Callable[[frozenset[str]], None]] = []

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncSession]:
        """One writing transaction: committed when the block ends, rolled back when anything is raised in it.

        Raises RuntimeError when the task is already in one: the inner would wait for the outer for ever, or would
        commit half of a use case. A task started inside the block may open its own, which waits for this one's end.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("A transaction must be opened inside an asyncio task.")
        if task in self._writers:
            raise RuntimeError(
                "This task is already in a writing transaction; pass its session on, do not begin again."
            )
        self._writers.add(task)
        committed: frozenset[str] = frozenset()
        try:
            async with (
                self._writer_turn(),
                AsyncSession(self._writing_engine, expire_on_commit=False) as session,
            ):
                yield session
                cancelled = await _commit(session)
                committed = frozenset(session.info.get(_MARKS, ()))
                if cancelled is not None:
                    raise cancelled
        finally:
            self._writers.discard(task)
            if committed:
                self._announce(committed)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """One reading transaction, a consistent view that waits for no writer on SQLite; rolled back at its end."""
        async with AsyncSession(
            self._reading_engine, sync_session_class=_ReadSession, expire_on_commit=False, autoflush=False
        ) as session:
            yield session

    def after_commit(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Calls back, in the committing task, after every commit whose session was marked, with its marks.

        The transaction is over and its lock is free by then. What the callback raises is logged and goes no further.
        """
        self._callbacks.append(callback)

    async def close(self) -> None:
        """Closes every connection that is not in use."""
        await self.engine.dispose()

    @asynccontextmanager
    async def _writer_turn(self) -> AsyncGenerator[None]:
        """Writers of one SQLite file queue here, first come first served, instead of racing for the file's lock."""
        if self.dialect != "sqlite":
            yield
            return
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        lock = self._turn[1]
        try:
            async with asyncio.timeout(WRITER_WAIT_SECONDS):
                await lock.acquire()
        except TimeoutError:
            raise TimeoutError(
                f"Another transaction has kept the database for {WRITER_WAIT_SECONDS:.0f} s."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _announce(self, marks: frozenset[str]) -> None:
        for callback in self._callbacks:
            try:
                callback(marks)
            except Exception:
                logger.exception("a callback failed after the commit of %s", sorted(marks))


async def _commit(session: AsyncSession) -> asyncio.CancelledError | None:
    """Commits, and returns a cancellation that came meanwhile instead of leaving the outcome unknown."""
    commit = asyncio.ensure_future(session.commit())
    cancelled: asyncio.CancelledError | None = None
    deadline: float | None = None
    now = asyncio.get_running_loop().time
    while not commit.done():
        try:
            await asyncio.wait({commit}, timeout=None if deadline is None else deadline - now())
        except asyncio.CancelledError as error:
            cancelled = error
            deadline = deadline or now() + CANCELLED_COMMIT_SECONDS
        if cancelled is not None and deadline is not None and now() >= deadline and not commit.done():
            commit.cancel()
            raise cancelled
    if cancelled is not None and commit.exception() is not None:
        raise cancelled
    commit.result()
    return cancelled


def _sqlite_engine(url: URL, pool_size: int) -> AsyncEngine:
    if url.database and not url.database.startswith("file:"):
        Path(url.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        # Errors would quote the values of the statement, which are members' words, and end up in the log.
        hide_parameters=True,
        # The driver would otherwise start and end transactions at moments of its own choosing.
        connect_args={
            "isolation_level": None,
            "cached_statements": 1000,
            "async_creator_fn": sqlite_driver.connect,
        },
    )
    event.listen(engine.sync_engine, "connect", prepare_sqlite_connection)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "handle_error", _keep_connection_of_cancelled_task)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN")))


def _keep_connection_of_cancelled_task(context: ExceptionContext) -> None:
    """Lets a cancelled task roll back, instead of throwing its connection away.

    SQLAlchemy would close the connection, which SQLite puts off while a cursor is still referred to, for example by the
    traceback of the cancellation: the write lock stayed taken, and the next writers waited out their busy timeout. The
    driver's thread works one thing after another, so a rollback simply follows what the task had begun.
    """
    if isinstance(context.original_exception, asyncio.CancelledError):
        context.is_disconnect = False


def prepare_sqlite_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Sets the pragmas on a new connection and reads each one back; RuntimeError names the one that did not take."""
    try:
        _set_pragmas(connection)
    except BaseException:
        # The pool does not know this connection yet, so nobody else would end its thread.
        connection.close()
        raise


def _set_pragmas(connection: DBAPIConnection) -> None:
    cursor = connection.cursor()
    for name, (value, expected) in SQLITE_PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={value}")
        cursor.fetchall()
        cursor.execute(f"PRAGMA {name}")
        row = cast("tuple[object, ...] | None", cursor.fetchone())
        actual = str(row[0]).lower() if row else "nothing"
        if actual != expected:
            raise RuntimeError(f"SQLite did not accept PRAGMA {name}={value}: it stays at {actual}.")
    cursor.close()


def _postgresql_engine(url: URL, pool_size: int) -> AsyncEngine:
    try:
        return create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            # A connection that the server has closed meanwhile is replaced instead of failing its first user.
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise RuntimeError('PostgreSQL needs one more package: pip install "lyceum[postgres]"') from None
