"""Migrations keep every row, leave nothing half done, and refuse a database that is not theirs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.base import Base, JsonDict, PrimaryKey, Snowflake, UtcDateTime
from storage.database import Database
from storage.schema import (
    MIGRATIONS_FOLDER,
    HalfMigrated,
    SchemaError,
    SchemaSource,
    SchemaTooNew,
    SchemaTooOld,
    check,
    differences,
    lyceum_schema,
    main,
    migrate,
    next_revision,
    revisions,
    upgrade,
    write_migration,
)
from tests.storage.schemas import (
    LIBRARY,
    LONGER_LABELS,
    NO_LIBRARY,
    SHORTER_LABELS,
    add_migration,
    make_source,
)


@pytest.fixture
def library(tmp_path: Path) -> SchemaSource:
    source = make_source(tmp_path / "library")
    add_migration(source, "0001_library", LIBRARY, NO_LIBRARY)
    return source


async def execute(database: Database, *statements: str) -> None:
    async with database.begin() as session:
        for statement in statements:
            await session.execute(text(statement))


async def scalar(database: Database, query: str) -> object:
    async with database.read() as session:
        return await session.scalar(text(query))


async def tables(database: Database) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    async with database.engine.connect() as connection:
        return await connection.run_sync(names)


def file_of(database: Database) -> Path:
    return Path(str(database.url.database))


FILL = (
    "INSERT INTO shelf (id, label) VALUES (1, 'logic'), (2, 'rhetoric')",
    "INSERT INTO book (shelf_id) VALUES (1), (1), (2)",
)


# Rows survive


async def test_recreating_a_parent_table_keeps_the_children_that_would_be_deleted_with_it(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, *FILL)
    add_migration(library, "0002_longer_labels", LONGER_LABELS, SHORTER_LABELS)
    await upgrade(empty_database, library)
    assert await scalar(empty_database, "SELECT count(*) FROM book") == 3
    await migrate(empty_database, "0001_library", library)
    assert await scalar(empty_database, "SELECT count(*) FROM book") == 3
    await check_is_at(empty_database, "0001_library")


async def test_the_same_with_foreign_keys_on_loses_them_so_the_test_above_can_fail(
    empty_sqlite_database: Database, library: SchemaSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade(empty_sqlite_database, library)
    await execute(empty_sqlite_database, *FILL)
    add_migration(library, "0002_longer_labels", LONGER_LABELS)
    # The pragma that matters, spoiled on its way to the connection.
    monkeypatch.setattr("storage.schema.MIGRATION_PRAGMAS", ("foreign_keys=ON",))
    await upgrade(empty_sqlite_database, library)
    assert await scalar(empty_sqlite_database, "SELECT count(*) FROM book") == 0


async def test_rows_that_would_point_at_nothing_undo_the_migration(
    empty_sqlite_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_sqlite_database, library)
    await execute(empty_sqlite_database, *FILL)
    add_migration(library, "0002_one_shelf", "op.execute('DELETE FROM shelf WHERE id = 1')")
    with pytest.raises(SchemaError, match=r"0002_one_shelf, 2 rows of book would point at nothing"):
        await upgrade(empty_sqlite_database, library)
    assert await scalar(empty_sqlite_database, "SELECT count(*) FROM shelf") == 2
    await check_is_at(empty_sqlite_database, "0001_library")


@pytest.mark.parametrize("remaining", [0, 1])
async def test_a_recreated_table_still_never_gives_a_number_twice(
    empty_database: Database, library: SchemaSource, remaining: int
) -> None:
    await upgrade(empty_database, library)
    await execute(
        empty_database,
        "INSERT INTO shelf (label) VALUES ('a'), ('b'), ('c')",
        f"DELETE FROM shelf WHERE id > {remaining}",
    )
    add_migration(library, "0002_longer_labels", LONGER_LABELS)
    add_migration(library, "0003_longer_labels_again", LONGER_LABELS)
    await upgrade(empty_database, library)
    await execute(empty_database, "INSERT INTO shelf (label) VALUES ('d')")
    assert await scalar(empty_database, "SELECT max(id) FROM shelf") == 4
    await execute(empty_database, "DELETE FROM shelf", "INSERT INTO shelf (label) VALUES ('e')")
    assert await scalar(empty_database, "SELECT max(id) FROM shelf") == 5


# All or nothing


async def test_a_migration_that_fails_half_way_leaves_the_old_schema_and_its_rows(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, *FILL)
    before = await tables(empty_database)
    add_migration(
        library,
        "0002_broken",
        "op.create_table('half', sa.Column('id', sa.Integer(), primary_key=True))\n"
        "op.add_column('shelf', sa.Column('colour', sa.String(9)))\n"
        "op.execute(\"UPDATE shelf SET label = 'lost'\")\n"
        "raise ZeroDivisionError",
    )
    with pytest.raises(ZeroDivisionError):
        await upgrade(empty_database, library)
    assert await tables(empty_database) == before
    assert await scalar(empty_database, "SELECT count(*) FROM shelf WHERE label = 'lost'") == 0
    assert await differences(empty_database, library) == []
    await check_is_at(empty_database, "0001_library")


async def test_migrations_before_the_one_that_fails_are_kept(
    empty_database: Database, library: SchemaSource
) -> None:
    add_migration(library, "0002_broken", "op.drop_table('book')\nraise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        await upgrade(empty_database, library)
    assert {"shelf", "book"} <= await tables(empty_database)
    await check_is_at(empty_database, "0001_library")


async def test_upgrading_twice_or_from_several_processes_at_once_runs_each_migration_once(
    empty_postgres_database: Database, library: SchemaSource
) -> None:
    add_migration(library, "0002_log", "op.execute(\"INSERT INTO shelf (label) VALUES ('once')\")")
    await asyncio.gather(*(upgrade(empty_postgres_database, library) for _ in range(3)))
    await upgrade(empty_postgres_database, library)
    assert await scalar(empty_postgres_database, "SELECT count(*) FROM shelf") == 1


async def check_is_at(database: Database, revision: str) -> None:
    assert await scalar(database, "SELECT version_num FROM alembic_version") == revision


# Backups


async def test_a_file_that_holds_a_schema_is_copied_before_it_is_changed(
    empty_sqlite_database: Database, library: SchemaSource
) -> None:
    file = file_of(empty_sqlite_database)
    await upgrade(empty_sqlite_database, library)
    assert list(file.parent.glob("*.before-*")) == []
    await execute(empty_sqlite_database, *FILL)
    add_migration(library, "0002_no_books", "op.drop_table('book')")
    await upgrade(empty_sqlite_database, SchemaSource(library.folder, MetaData()))
    backup = file.with_name("empty.db.before-0002_no_books")
    assert list(file.parent.glob("empty.db.before-*")) == [backup]
    if os.name == "posix":  # elsewhere there are no modes to look at
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (3,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001_library",)


async def test_nothing_is_copied_when_nothing_changes(
    empty_sqlite_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_sqlite_database, library)
    await upgrade(empty_sqlite_database, library)
    assert list(file_of(empty_sqlite_database).parent.glob("*.before-*")) == []


# Refusals


async def test_the_schema_of_this_code_passes(empty_database: Database, library: SchemaSource) -> None:
    await upgrade(empty_database, library)
    await check(empty_database, library)


async def test_an_empty_database_is_sent_to_the_upgrade(
    empty_database: Database, library: SchemaSource
) -> None:
    with pytest.raises(SchemaTooOld, match=r"is empty.*lyceum db upgrade"):
        await check(empty_database, library)


async def test_an_older_schema_is_sent_to_the_upgrade(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    add_migration(library, "0002_longer_labels", LONGER_LABELS)
    with pytest.raises(SchemaTooOld, match=r"at 0001_library, this version needs 0002_longer_labels"):
        await check(empty_database, library)


async def test_a_newer_schema_is_refused_and_not_touched(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, "UPDATE alembic_version SET version_num = '0009_from_the_future'")
    for refuse in (check, upgrade):
        with pytest.raises(
            SchemaTooNew, match=r"migrated to 0009_from_the_future, which this version does not know"
        ):
            await refuse(empty_database, library)
    await check_is_at(empty_database, "0009_from_the_future")


@pytest.mark.parametrize("damage", ["DROP TABLE alembic_version", "DELETE FROM alembic_version"])
async def test_tables_without_a_revision_are_refused(
    empty_database: Database, library: SchemaSource, damage: str
) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, damage)
    for refuse in (check, upgrade):
        with pytest.raises(HalfMigrated, match=r"has tables but no revision"):
            await refuse(empty_database, library)


async def test_a_revision_without_its_tables_is_refused(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, "DROP TABLE book")
    for refuse in (check, upgrade):
        with pytest.raises(HalfMigrated, match=r"at 0001_library but lacks book"):
            await refuse(empty_database, library)


async def test_two_revisions_at_once_are_refused(empty_database: Database, library: SchemaSource) -> None:
    await upgrade(empty_database, library)
    await execute(empty_database, "INSERT INTO alembic_version VALUES ('0002_other')")
    with pytest.raises(HalfMigrated, match=r"2 revisions at once"):
        await check(empty_database, library)


# Writing migrations


async def test_a_written_migration_brings_both_kinds_of_database_to_the_tables(
    empty_database: Database, tmp_path: Path
) -> None:
    source = make_source(tmp_path / "written")
    assert await write_migration("Foundation!", source) == source.folder / "versions" / "0001_foundation.py"
    Table(
        "event",
        source.metadata,
        Column("id", PrimaryKey, primary_key=True),
        Column("guild_id", Snowflake, nullable=False, index=True),
        Column("at", UtcDateTime, nullable=False),
        Column("details", JsonDict, nullable=False),
        Column("title", String(50), unique=True),
    )
    written = await write_migration("events", source)
    assert written is not None
    assert "from storage.base import JsonDict, PrimaryKey, Snowflake, UtcDateTime" in written.read_text()
    assert await write_migration("nothing new", source) is None
    await upgrade(empty_database, source)
    await check(empty_database, source)
    assert await differences(empty_database, source) == []
    await migrate(empty_database, "base", source)
    assert await tables(empty_database) == {"alembic_version"}
    await upgrade(empty_database, source)
    assert await differences(empty_database, source) == []


async def test_a_json_column_is_binary_json_on_postgresql(
    empty_postgres_database: Database, tmp_path: Path
) -> None:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    Table("event", metadata, Column("id", PrimaryKey, primary_key=True), Column("details", JsonDict))
    source = make_source(tmp_path / "json", metadata)
    await write_migration("events", source)
    await upgrade(empty_postgres_database, source)

    def type_of_details(connection: Connection) -> object:
        return next(
            column["type"]
            for column in inspect(connection).get_columns("event")
            if column["name"] == "details"
        )

    async with empty_postgres_database.engine.connect() as connection:
        assert isinstance(await connection.run_sync(type_of_details), JSONB)


async def test_a_difference_between_tables_and_migrations_is_found(
    empty_database: Database, library: SchemaSource
) -> None:
    await upgrade(empty_database, library)
    Table("forgotten", library.metadata, Column("id", PrimaryKey, primary_key=True))
    assert [difference[0] for difference in await differences(empty_database, library)] == ["add_table"]


def test_revisions_are_numbered_and_named() -> None:
    assert next_revision("Foundation", []) == "0001_foundation"
    assert (
        next_revision("quiet hours, per member", ["0001_foundation", "0002_x"])
        == "0003_quiet_hours_per_member"
    )


@pytest.mark.parametrize("name", ["", "!?", "a name that is longer than what Alembic can keep"])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 27 letters"):
        next_revision(name, [])


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert 'new "name"' in capsys.readouterr().err


def test_the_files_of_the_migrations_are_named_as_alembic_reads_their_line() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS_FOLDER))
    line = [script.revision for script in scripts.walk_revisions()]
    assert revisions(lyceum_schema()) == line[::-1]


def test_a_start_does_without_alembic() -> None:
    code = "import sys, bot.process, bot.app, bot.cli; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
