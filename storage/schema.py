"""Brings a database to the schema of this code, and refuses to work on any other.

* ``upgrade`` runs the missing migrations, each in one real transaction of its own: a migration that fails leaves the
  schema as it was before it. On SQLite, foreign keys are off before BEGIN (recreating a parent table would otherwise
  delete its children), no row may point at nothing before COMMIT, and the file is copied first to
  ``<file>.before-<revision>``. On PostgreSQL an advisory lock makes a second process wait, then find nothing to do.
* ``check`` raises one clear sentence when the schema is newer, older, or half there.
* ``python -m storage.schema new "name"`` writes the next migration from the difference between tables and migrations.

Alembic is configured here and in ``migrations/env.py``; there is no ini file. It is imported only where
something is to be migrated: a bot whose schema is up to date starts without its 12 MiB. The line of
migrations is therefore read from the files' names, each of which is its revision, in their order
(``tests/storage/test_schema.py`` compares). Other migrations and tables can be given as a ``SchemaSource``,
which is how the tests make migrations that fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pkgutil
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

import storage
from storage.base import Base
from storage.database import BUSY_TIMEOUT_MS, Database
from storage.faults import explain
from storage.sqlite_files import DamagedFile, copy_database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
# Alembic keeps the revision in a column of 32 characters.
LONGEST_REVISION = 32
MIGRATION_PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=OFF",
)
# Any number that nothing else in the same PostgreSQL database uses: "lyceum" in ASCII.
ADVISORY_LOCK = 0x6C796365756D


class SchemaError(RuntimeError):
    """The database cannot be used by this code as it is; the message is one sentence with the way out."""


class SchemaTooNew(SchemaError):
    """A later version of this code has migrated the database."""


class SchemaTooOld(SchemaError):
    """Migrations are missing, or the database is empty."""


class HalfMigrated(SchemaError):
    """The tables and the revision do not belong together."""


@dataclass(frozen=True)
class SchemaSource:
    """Where migrations lie, and the tables that they lead to."""

    folder: Path
    metadata: MetaData


def lyceum_schema() -> SchemaSource:
    """The real one, with every module of the storage package imported so that no table is missing from it."""
    for module in pkgutil.iter_modules(storage.__path__, "storage."):
        if not module.ispkg:
            importlib.import_module(module.name)
    return SchemaSource(MIGRATIONS_FOLDER, Base.metadata)


async def upgrade(database: Database, source: SchemaSource | None = None) -> None:
    """Runs what is missing. Raises SchemaTooNew or HalfMigrated, and SchemaError for rows that point at nothing."""
    await migrate(database, "head", source)


async def migrate(database: Database, target: str, source: SchemaSource | None = None) -> None:
    """Goes up or down to a revision: its name, ``head`` or ``base``."""
    source = source or lyceum_schema()
    async with _migrating(database) as connection:
        state = await connection.run_sync(_read_state, source)
        await connection.commit()
        state.refuse_unless_migratable()
        if target in {"head", state.head} and state.current == state.head:
            return
        if database.dialect == "sqlite" and state.current is not None:
            await asyncio.to_thread(_back_up, Path(str(database.url.database)), state.head or target)
        await connection.run_sync(_run, source, target, state.current)


async def check(database: Database, source: SchemaSource | None = None) -> None:
    """Passes when the database has exactly the schema of this code; otherwise raises a SchemaError that says why."""
    async with database.engine.connect() as connection:
        state = await connection.run_sync(_read_state, source or lyceum_schema())
    state.refuse_unless_migratable()
    if state.current != state.head:
        found = f"at {state.current}" if state.current else "empty"
        raise SchemaTooOld(
            f"The database is {found}, this version needs {state.head}: run `lyceum db upgrade`."
        )


async def differences(database: Database, source: SchemaSource | None = None) -> list[Any]:
    """What the tables in the code have and the database has not, or the other way round, in Alembic's words."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    metadata = (source or lyceum_schema()).metadata

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)


async def write_migration(name: str, source: SchemaSource | None = None) -> Path | None:
    """Writes the migration from the last one to the tables in the code; None when there is nothing to change.

    It compares with a throw-away SQLite file brought to the last migration. Read what it wrote before committing it.
    """
    source = source or lyceum_schema()
    revision = next_revision(name, revisions(source))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/head.db")
        try:
            await upgrade(database, source)
            if not await differences(database, source):
                return None
            async with _migrating(database) as connection:
                await connection.run_sync(_autogenerate, source, name, revision)
        finally:
            await database.close()
    written = source.folder / "versions" / f"{revision}.py"
    await asyncio.to_thread(_tidy, written)
    return written


def _tidy(file: Path) -> None:
    # ruff may be missing outside a development environment; the file is then correct, only less tidy.
    for arguments in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(file)], check=False)


def next_revision(name: str, existing: list[str]) -> str:
    """``0002_quiet_hours`` after ``0001_foundation``; raises ValueError when it would not fit Alembic's column."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    number = 1 + max((int(revision[:4]) for revision in existing), default=0)
    revision = f"{number:04d}_{slug}"
    if not slug or len(revision) > LONGEST_REVISION:
        raise ValueError(
            f"Give the migration a name of 1 to {LONGEST_REVISION - 5} letters and digits, not {name!r}."
        )
    return revision


@dataclass(frozen=True)
class _State:
    """What was found in the database, beside what this code wants."""

    current: str | None
    head: str | None
    problem: SchemaError | None

    def refuse_unless_migratable(self) -> None:
        if self.problem is not None:
            raise self.problem


def _read_state(connection: Connection, source: SchemaSource) -> _State:
    known = revisions(source)
    head = known[-1] if known else None
    tables = set(inspect(connection).get_table_names())
    wanted = set(source.metadata.tables)
    rows: list[str] = []
    if "alembic_version" in tables:
        rows = list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
    current = rows[0] if rows else None
    problem: SchemaError | None = None
    restore = "restore a backup, or start with an empty database"
    if len(rows) > 1:
        problem = HalfMigrated(f"The database names {len(rows)} revisions at once: {restore}.")
    elif current is None and tables & wanted:
        problem = HalfMigrated(
            f"The database has tables but no revision, a migration was cut short: {restore}."
        )
    elif current is not None and current not in known:
        problem = SchemaTooNew(
            f"The database was migrated to {current}, which this version does not know:"
            " install the newer version again, or restore the backup from before it."
        )
    elif current is not None and current == head and wanted - tables:
        missing = ", ".join(sorted(wanted - tables))
        problem = HalfMigrated(f"The database is at {current} but lacks {missing}: {restore}.")
    return _State(current, head, problem)


def revisions(source: SchemaSource) -> list[str]:
    """The names of the migrations, the first one first."""
    return sorted(file.stem for file in (source.folder / "versions").glob("[0-9]*.py"))


def _config(source: SchemaSource, connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(source.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = source.metadata
    return config


def _run(connection: Connection, source: SchemaSource, target: str, current: str | None) -> None:
    from alembic import command

    config, known = _config(source, connection), revisions(source)
    goes_down = target == "base" or (
        target in known and current in known and known.index(target) < known.index(current)
    )
    (command.downgrade if goes_down else command.upgrade)(config, target)


def _autogenerate(connection: Connection, source: SchemaSource, name: str, revision: str) -> None:
    from alembic import command

    command.revision(_config(source, connection), message=name, rev_id=revision, autogenerate=True)


@contextlib.asynccontextmanager
async def _migrating(database: Database) -> AsyncGenerator[AsyncConnection]:
    """A connection of its own, because what it sets must not be seen by anybody else."""
    engine = create_async_engine(
        database.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"isolation_level": None} if database.dialect == "sqlite" else {},
    )
    if database.dialect == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite_migration)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    try:
        async with engine.connect() as connection:
            if database.dialect == "postgresql":
                # Held by the connection, not the transaction: it ends when the connection is closed below.
                await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
                await connection.commit()
            yield connection
    finally:
        await engine.dispose()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite_migration(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Inside a transaction this pragma does nothing, so it is set before there can be one.
    for pragma in MIGRATION_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
        cursor.fetchall()
    cursor.close()


def _back_up(file: Path, revision: str) -> None:
    """Copies the database, whole and verified or not at all, to ``<file>.before-<revision>``."""
    try:
        copy_database(file, file.with_name(f"{file.name}.before-{revision}"))
    except DamagedFile as error:
        raise SchemaError(
            f"The backup before the migration is damaged ({error}), so nothing was migrated: restore a backup."
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise SchemaError(
            f"No backup could be made before the migration ({explain(error)}), so nothing was migrated: make room "
            f"beside {file}."
        ) from error


def main(arguments: list[str]) -> int:
    """``new "name"`` writes the next migration."""
    if len(arguments) != 2 or arguments[0] != "new":
        sys.stderr.write('usage: python -m storage.schema new "name"\n')
        return 2
    try:
        written = asyncio.run(write_migration(arguments[1]))
    except (ValueError, SchemaError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Wrote {written}\n" if written else "Nothing to write: migrations and tables agree.\n")
    return 0


if __name__ == "__main__":
    # The module under its own name, so that migrations which import it see the same classes.
    from storage.schema import main as canonical_main

    sys.exit(canonical_main(sys.argv[1:]))
