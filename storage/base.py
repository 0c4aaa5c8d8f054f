"""What every table is made of: the metadata, the column types, and the insert that tolerates a duplicate.

The types behave the same on SQLite and PostgreSQL, so that a service test on one says something about the other:

* ``PrimaryKey`` numbers rows by itself and never gives a number out twice, because buttons on old cards carry row ids.
* ``Snowflake`` holds a Discord id (64 bits, decided by Discord, so never numbered by the database).
* ``UtcDateTime`` takes aware datetimes only and always returns aware UTC, to the microsecond.
* ``JsonDict`` holds a JSON object; assign a new dict to change it, a change inside the dict is not noticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CursorResult,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Table,
    event,
    false,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.personal import Personal

ModelT = TypeVar("ModelT", bound=DeclarativeBase)

# Both drivers number the parameters of one statement with 15 bits (SQLite: 32,766; PostgreSQL: 32,767).
MAX_PARAMETERS = 30_000

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class _WholeNumber(TypeDecorator[int]):
    """64 bits on both; on SQLite declared INTEGER, because only that may be the row's own number."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        number: TypeEngine[int] = Integer() if dialect.name == "sqlite" else BigInteger()
        return dialect.type_descriptor(number)


class Snowflake(_WholeNumber):
    """A Discord id. As a primary key it is never numbered by the database."""

    cache_ok = True


class PrimaryKey(_WholeNumber):
    """The number of a row, given by the database in ascending order and never given twice."""

    cache_ok = True


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive datetimes (ValueError inside SQLAlchemy's StatementError); returns aware UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError(f"a naive datetime cannot be stored, it names no instant: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps the digits only; what was written was UTC, so that is what they mean.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonDict(TypeDecorator[dict[str, Any]]):
    """A JSON object: JSONB on PostgreSQL, JSON text on SQLite; None is SQL NULL, not JSON null."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))


class Base(DeclarativeBase):
    """The parent of every table. ``Mapped[datetime]`` and ``Mapped[dict[str, Any]]`` find their types by themselves.

    ``personal`` is what the table knows about people; every table says it. ``impersonal`` are its JSON columns in
    which no person ever stands.
    """

    personal: ClassVar[tuple[Personal, ...]]
    impersonal: ClassVar[tuple[str, ...]] = ()
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime, dict[str, Any]: JsonDict}

    @classmethod
    def may_go(cls) -> ColumnElement[bool]:
        """Which rows the retention may erase once their time is over: all, unless a table knows better."""
        return true()

    @classmethod
    def is_under_way(cls, now: datetime) -> ColumnElement[bool]:
        """Which rows somebody outside the database works on at this moment, so that they must be left until then."""
        del now
        return false()


@event.listens_for(Table, "after_parent_attach")
def settle_numbering(table: Table, _parent: object) -> None:
    """Says for every primary key who numbers it, so that no table has to remember to.

    Without AUTOINCREMENT, SQLite gives the number of a deleted last row to the next one; without
    ``autoincrement=False``, PostgreSQL would attach a sequence to a column that holds Discord's ids.
    """
    for column in table.primary_key.columns:
        if isinstance(column.type, Snowflake):
            column.autoincrement = False
        elif isinstance(column.type, PrimaryKey) and len(table.primary_key.columns) == 1:
            table.kwargs["sqlite_autoincrement"] = True


async def insert_if_absent(
    session: AsyncSession,
    model: type[DeclarativeBase],
    rows: Sequence[Mapping[str, Any]],
    index_elements: Sequence[str] | None = None,
) -> int:
    """Inserts the rows whose key is not taken yet and returns how many that were.

    ``index_elements`` names the columns of the unique key that may already be taken; None means any key. Another
    broken constraint still raises IntegrityError. All rows name the same columns; column defaults apply.
    """
    if not rows:
        return 0
    table = cast(Table, model.__table__)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows_at_once = max(1, MAX_PARAMETERS // len(table.columns))
    inserted = 0
    for start in range(0, len(rows), rows_at_once):
        part = [dict(row) for row in rows[start : start + rows_at_once]]
        # A single row as a plain dict lets SQLAlchemy reuse the compiled statement.
        statement = insert(table).values(part[0] if len(part) == 1 else part)
        statement = statement.on_conflict_do_nothing(index_elements=index_elements)
        result = await session.execute(statement, execution_options={"preserve_rowcount": True})
        inserted += cast(CursorResult[Any], result).rowcount
    return inserted


async def insert_new(
    session: AsyncSession,
    model: type[ModelT],
    rows: Sequence[Mapping[str, Any]],
    index_elements: Sequence[str],
) -> list[ModelT]:
    """The same for at most a few hundred rows, and returns those that were inserted, in no order."""
    if not rows:
        return []
    table = cast(Table, model.__table__)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # The rows as parameters rather than in the statement: so it is compiled once and not for every slice.
    statement = insert(table).on_conflict_do_nothing(index_elements=index_elements).returning(table.c.id)
    ids = list(await session.scalars(statement, [dict(row) for row in rows]))
    return list(await session.scalars(select(model).where(table.c.id.in_(ids)))) if ids else []
