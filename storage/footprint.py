"""Everything that the tables hold of one person in one server: read, counted, erased, and let go when its time is over.

It follows the statements of the tables (`storage/personal.py`) and knows no table by name, so a new table is covered
as soon as it states what it holds. Guarantees, tested in `tests/storage/test_footprint.py` on both databases:

* Nothing of another server or of another person is touched. A row of somebody else that names the person is detached.
* Erasing is done in slices, always in the same order: timed work, then effects, then tables before those they point
  at. So what is still planned comes to a stop first, and two erasures never wait for each other in a ring.
* A row that is worked on outside the database at this moment, such as an effect that is being sent, is left and said so.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, Table, and_, delete, func, select, tuple_, union
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

import storage
from storage.base import Base, JsonDict
from storage.personal import ANYWHERE, NOBODY, OnDeletion, Personal

FIRST = ("jobs", "outbox")


@dataclass(frozen=True)
class Statement:
    """One table's word about one of its columns. `rule` is what holds: its own, or that of the row it belongs to."""

    model: type[Base]
    personal: Personal
    rule: Personal

    @property
    def table(self) -> str:
        return self.model.__tablename__


@dataclass(frozen=True)
class Erased:
    """What one slice did: how many rows, and whether something has to be waited for."""

    rows: int
    is_under_way: bool


def models() -> list[type[Base]]:
    """Every table's class, in the order in which they are erased."""
    for module in pkgutil.iter_modules(storage.__path__):
        importlib.import_module(f"storage.{module.name}")
    order = [
        *FIRST,
        *(table.name for table in reversed(Base.metadata.sorted_tables) if table.name not in FIRST),
    ]
    known = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    return [known[name] for name in order if name in known and hasattr(known[name], "personal")]


def statements() -> list[Statement]:
    """What all tables say, in the order in which they are erased."""
    return [
        Statement(model, each, each if each.through is None else _parent(model, each)[1])
        for model in models()
        for each in model.personal
    ]


async def list_rows(session: AsyncSession, statement: Statement, guild_id: int, member_id: int) -> list[Base]:
    """The rows that the statement makes this person's, as far as they are told of them."""
    found = await session.scalars(_told(statement, _rows(statement, guild_id, member_id)))
    return [row for row in found if _is_meant(statement, row, member_id)]


async def count(
    session: AsyncSession, statement: Statement, guild_id: int, member_id: int, *, told: bool = False
) -> int:
    """How many rows there are, or of how many they are told."""
    if statement.personal.path is not None:
        return len(await list_rows(session, statement, guild_id, member_id))
    query = _rows(statement, guild_id, member_id)
    rows = (_told(statement, query) if told else query).subquery()
    return await session.scalar(select(func.count()).select_from(rows)) or 0


async def count_all(session: AsyncSession, model: type[Base], guild_id: int) -> int:
    """How many rows of a table are this server's."""
    query = select(func.count()).select_from(model)
    if "guild_id" in model.__table__.c:
        return await session.scalar(query.where(model.__table__.c.guild_id == guild_id)) or 0
    for personal in model.personal:
        if personal.through is not None:
            parent, _ = _parent(model, personal)
            query = query.join(parent, _link(model, personal, parent))
            return await session.scalar(query.where(parent.__table__.c.guild_id == guild_id)) or 0
    return 0


async def list_people(session: AsyncSession, guild_id: int) -> set[int]:
    """Everybody of whom the server's tables hold something that is theirs. `NOBODY` is not one of them."""
    queries: list[Select[Any]] = []
    for each in statements():
        of = each.personal
        columns = each.model.__table__.c
        is_theirs = of.through is None and of.path is None and of.on_deletion is OnDeletion.ERASE
        if is_theirs and not of.mention and "guild_id" in columns:
            queries.append(select(columns[of.column]).where(columns.guild_id == guild_id))
    # One statement, because every start of the bot asks this of every server.
    found = {int(id_) for id_ in await session.scalars(union(*queries)) if id_ is not None}
    return found - {NOBODY}


async def knows(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    """Whether the tables hold anything that is the person's and would be erased."""
    for each in statements():
        of = each.personal
        is_plain = of.through is None and of.path is None
        if is_plain and of.on_deletion is OnDeletion.ERASE:
            found = await session.scalar(_rows(each, guild_id, member_id).limit(1))
            if found is not None:
                return True
    return False


async def erase(
    session: AsyncSession,
    guild_id: int,
    member_id: int,
    *,
    limit: int,
    now: datetime,
    spare_under_way: bool = True,
) -> Erased:
    """Erase or detach at most `limit` rows of the person. With 0 rows and nothing under way, nothing is left.

    Raises ValueError for `NOBODY`: rows of nobody are the community's, and a detached one would be found for ever.
    """
    if member_id == NOBODY:
        raise ValueError("nobody cannot be erased")
    done = 0
    waits = False
    for statement in statements():
        if statement.personal.through is not None or statement.rule.on_deletion is OnDeletion.KEEP:
            continue  # a row that belongs to another goes with it
        if done >= limit:
            break
        rows = await _take(
            session,
            statement,
            guild_id,
            member_id,
            limit - done,
            statement.model.is_under_way(now) if spare_under_way else None,
        )
        if spare_under_way and not waits:
            waits = await _is_under_way(session, statement, guild_id, member_id, now)
        if rows and statement.rule.on_deletion is OnDeletion.ERASE:
            await _delete(session, statement.model, rows)
        elif rows:
            _detach(statement, rows, member_id)
            await session.flush()
        done += len(rows)
    return Erased(done, waits)


async def purge(session: AsyncSession, *, now: datetime, limit: int) -> Counter[int]:
    """Erase at most `limit` rows whose time is over. Returns how many by server (0: of none)."""
    erased: Counter[int] = Counter()
    for statement in statements():
        rule = statement.personal
        if (
            rule.keep_for is None
            or rule.since is None
            or statement.personal is not _first_with_window(statement.model)
        ):
            continue
        left = limit - erased.total()
        if left <= 0:
            break
        columns = statement.model.__table__.c
        query = (
            select(statement.model)
            .where(columns[rule.since] < now - rule.keep_for, statement.model.may_go())
            .order_by(*_key(statement.model))
            .limit(left)
            .with_for_update(skip_locked=True, of=statement.model)
        )
        rows = list(await session.scalars(query))
        await _delete(session, statement.model, rows)
        erased.update(int(getattr(row, "guild_id", None) or 0) for row in rows)
    return erased


def _first_with_window(model: type[Base]) -> Personal | None:
    return next((each for each in model.personal if each.keep_for is not None), None)


def _rows(statement: Statement, guild_id: int, member_id: int) -> Select[Any]:
    """The rows of the statement; with an id in JSON, candidates that `_is_meant` has yet to judge."""
    model, personal = statement.model, statement.personal
    query = select(model).order_by(*_key(model))
    if personal.through is not None:
        parent, rule = _parent(model, personal)
        theirs = parent.__table__.c
        query = query.join(parent, _link(model, personal, parent))
        return query.where(theirs.guild_id == guild_id, theirs[rule.column] == member_id)
    return query.where(_is_theirs(statement, guild_id, member_id))


def _told(statement: Statement, rows: Select[Any]) -> Select[Any]:
    """Without what others keep in confidence."""
    if not statement.personal.withheld:
        return rows
    name, *values = statement.personal.withheld
    return rows.where(statement.model.__table__.c[name].not_in(values))


def _is_theirs(statement: Statement, guild_id: int, member_id: int) -> ColumnElement[bool]:
    columns = statement.model.__table__.c
    column = columns[statement.personal.column]
    here = columns.guild_id == guild_id
    if statement.personal.path is not None:
        # Neither database's JSON operators see numbers of 64 bits in both; the text narrows it down well enough.
        return and_(here, sql_cast(column, String).like(f"%{member_id}%"))
    return and_(here, column == member_id)


def _is_meant(statement: Statement, row: Base, member_id: int) -> bool:
    path = statement.personal.path
    if path is None:
        return True
    content = cast("dict[str, Any]", getattr(row, statement.personal.column) or {})
    values = _walk(content) if path == ANYWHERE else [content.get(path)]
    return any(_is_id(value, member_id) for value in values)


def _is_id(value: object, member_id: int) -> bool:
    """Whether it is the person's id, as a number, in digits or as a mention."""
    return not isinstance(value, bool) and value in (member_id, str(member_id), f"<@{member_id}>")


def _walk(content: object) -> Iterator[object]:
    if isinstance(content, dict):
        for key, value in cast("dict[object, object]", content).items():
            yield key
            yield from _walk(value)
    elif isinstance(content, list):
        for value in cast("list[object]", content):
            yield from _walk(value)
    else:
        yield content


def _without(content: Any, member_id: int) -> Any:
    """The same JSON with `NOBODY` in the person's place."""
    if isinstance(content, dict):
        items = cast("dict[str, Any]", content).items()
        return {_without(key, member_id): _without(value, member_id) for key, value in items}
    if isinstance(content, list):
        return [_without(value, member_id) for value in cast("list[Any]", content)]
    if _is_id(content, member_id):
        return content.replace(str(member_id), str(NOBODY)) if isinstance(content, str) else NOBODY
    return content


async def _take(
    session: AsyncSession,
    statement: Statement,
    guild_id: int,
    member_id: int,
    limit: int,
    spared: ColumnElement[bool] | None,
) -> list[Base]:
    query = _rows(statement, guild_id, member_id)
    if spared is not None:
        # Not simply NOT: a row without a lease compares as unknown.
        query = query.where(func.coalesce(~spared, True))
    if statement.personal.path is None:
        query = query.limit(limit)
    found = await session.scalars(query.with_for_update(of=statement.model))
    return [row for row in found if _is_meant(statement, row, member_id)][:limit]


async def _is_under_way(
    session: AsyncSession, statement: Statement, guild_id: int, member_id: int, now: datetime
) -> bool:
    query = _rows(statement, guild_id, member_id).where(statement.model.is_under_way(now))
    return any(_is_meant(statement, row, member_id) for row in await session.scalars(query))


async def _delete(session: AsyncSession, model: type[Base], rows: Sequence[Base]) -> None:
    if not rows:
        return
    key = _key(model)
    values = [tuple(getattr(row, column.key) for column in key) for row in rows]
    for row in rows:
        session.expunge(row)
    await session.execute(
        delete(cast(Table, model.__table__)).where(
            key[0].in_([value[0] for value in values]) if len(key) == 1 else tuple_(*key).in_(values)
        )
    )


def _detach(statement: Statement, rows: Sequence[Base], member_id: int) -> None:
    columns = statement.model.__table__.c
    column = statement.personal.column
    for row in rows:
        in_json = isinstance(columns[column].type, JsonDict)
        setattr(row, column, _without(getattr(row, column), member_id) if in_json else NOBODY)
        for name in statement.personal.clear:
            empty: object = (
                None if columns[name].nullable else {} if isinstance(columns[name].type, JsonDict) else ""
            )
            setattr(row, name, empty)


def _key(model: type[Base]) -> list[Any]:
    return list(cast(Table, model.__table__).primary_key.columns)


def _parent(model: type[Base], personal: Personal) -> tuple[type[Base], Personal]:
    """The table that a row belongs to, and what that says of it."""
    [foreign_key] = cast(Table, model.__table__).c[str(personal.through)].foreign_keys
    parent = next(
        mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is foreign_key.column.table
    )
    return parent, next(each for each in parent.personal if not each.mention and each.path is None)


def _link(model: type[Base], personal: Personal, parent: type[Base]) -> ColumnElement[bool]:
    child = cast(Table, model.__table__).c[str(personal.through)]
    [foreign_key] = child.foreign_keys
    return child == parent.__table__.c[foreign_key.column.name]
