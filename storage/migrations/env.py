"""What Alembic runs for every command; ``storage/schema.py`` hands it the connection and the tables."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, Table, event

from storage.schema import SchemaError


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Writes our own column types by their short names, with an import for each."""
    module: str = type(item).__module__
    if kind != "type" or not module.startswith("storage."):
        return False
    name = type(item).__name__
    if module != "storage.base":
        raise SchemaError(f"{module}.{name} cannot be used in a migration: move the type to storage/base.py.")
    autogen.imports.add(f"from storage.base import {name}")
    return f"{name}()"


class SqliteKeeper:
    """Keeps what recreating a table in batch mode would lose on SQLite without a word.

    Rows must still point at something. A table whose numbers are never given twice must stay one: Alembic's copy of a
    table knows neither AUTOINCREMENT nor how far the numbers had come.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.last_numbers = self._read_last_numbers()

    def keep_autoincrement(self, table: Table, _parent: object) -> None:
        """Called for each new Table object, among them the temporary ones that Alembic copies into."""
        found = self.connection.exec_driver_sql(
            "SELECT 1 FROM sqlite_master WHERE substr('_alembic_tmp_' || name, 1, 50) = ?"
            " AND upper(sql) LIKE '%AUTOINCREMENT%'",
            (table.name,),
        ).first()
        if found:
            table.kwargs["sqlite_autoincrement"] = True

    def finish_step(self, step: MigrationInfo) -> None:
        """Runs inside the transaction of the migration, which is rolled back when this raises."""
        dangling = self.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if dangling:
            tables = ", ".join(sorted({str(row[0]) for row in dangling}))
            raise SchemaError(
                f"After {step.up_revision_id}, {len(dangling)} rows of {tables} would point at nothing: it was undone."
            )
        current = self._read_last_numbers()
        for table, number in self.last_numbers.items():
            if table in current and (current[table] or 0) < number:
                self.connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
                self.connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number))
        self.last_numbers = self._read_last_numbers()

    def _read_last_numbers(self) -> dict[str, int]:
        """The last number given, for each table that never gives one twice; 0 when it has given none."""
        numbered = "SELECT name FROM sqlite_master WHERE type = 'table' AND upper(sql) LIKE '%AUTOINCREMENT%'"
        last_numbers = {str(name): 0 for (name,) in self.connection.exec_driver_sql(numbered)}
        if last_numbers:
            for name, number in self.connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence"):
                last_numbers[str(name)] = int(number)
        return last_numbers


def run(connection: Connection) -> None:
    """Each migration is one transaction, including its DDL, also on SQLite, where Alembic would not expect it."""
    keeper = SqliteKeeper(connection) if connection.dialect.name == "sqlite" else None
    # In a transaction that it did not begin, Alembic would neither begin nor commit one for each migration.
    connection.rollback()

    # Alembic passes all four by name.
    def finish_step(ctx: MigrationContext, step: MigrationInfo, heads: object, run_args: object) -> None:  # noqa: ARG001
        if keeper is not None:
            keeper.finish_step(step)

    context.configure(
        connection=connection,
        target_metadata=context.config.attributes["metadata"],
        transaction_per_migration=True,
        transactional_ddl=True,
        render_as_batch=True,
        render_item=render_item,
        on_version_apply=finish_step,
    )
    if keeper is not None:
        event.listen(Table, "after_parent_attach", keeper.keep_autoincrement)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        if keeper is not None:
            event.remove(Table, "after_parent_attach", keeper.keep_autoincrement)


run(context.config.attributes["connection"])
