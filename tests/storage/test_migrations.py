"""The real migrations: they lead to the tables in the code, and back, on both kinds of database."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

import storage
from storage.database import Database
from storage.schema import MIGRATIONS_FOLDER, check, differences, lyceum_schema, migrate, upgrade

MIGRATIONS = sorted((MIGRATIONS_FOLDER / "versions").glob("*.py"))


async def tables(database: Database) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    async with database.engine.connect() as connection:
        return await connection.run_sync(names)


async def test_an_empty_database_is_brought_to_the_tables_in_the_code(empty_database: Database) -> None:
    await upgrade(empty_database)
    await check(empty_database)
    assert await tables(empty_database) == {*lyceum_schema().metadata.tables, "alembic_version"}


async def test_migrations_and_tables_agree(database: Database) -> None:
    assert await differences(database) == []


async def test_every_migration_can_be_undone_and_done_again(database: Database) -> None:
    await migrate(database, "base")
    assert await tables(database) == {"alembic_version"}
    await upgrade(database)
    await check(database)
    assert await differences(database) == []


async def test_the_database_that_tests_get_has_the_schema_of_this_code(database: Database) -> None:
    await check(database)


def test_no_module_with_tables_is_forgotten() -> None:
    """Every table that any file of the package defines is in the metadata that migrations are compared with."""
    defined = {
        node.value.value
        for file in Path(storage.__path__[0]).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", None) == "__tablename__"
        and isinstance(node.value, ast.Constant)
    }
    assert defined
    assert defined == set(lyceum_schema().metadata.tables)


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_a_migration_is_named_after_its_revision_and_follows_the_one_before(file: Path) -> None:
    assigned = {
        str(getattr(node.targets[0], "id", "")): node.value.value
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    position = MIGRATIONS.index(file)
    assert assigned["revision"] == file.stem
    assert assigned["down_revision"] == (MIGRATIONS[position - 1].stem if position else None)
    assert file.stem.startswith(f"{position + 1:04d}_")
