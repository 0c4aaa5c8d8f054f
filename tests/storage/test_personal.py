"""No table without a word about the people in it, and no column of ids that is not covered by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest
from sqlalchemy import ForeignKey, MetaData, String, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.base import Base, JsonDict, PrimaryKey, Snowflake
from storage.footprint import models
from storage.personal import OnDeletion, Personal

# What else on Discord has an id. Any other column of ids must be somebody, or be named here.
NOBODY_BEHIND = (
    "guild_id",
    "channel_id",
    "role_id",
    "message_id",
    "thread_id",
    "event_id",
    "result_id",
    "target_id",
    "entry_id",
)


def faults(model: Any) -> Iterator[str]:
    """What is wrong with the statement of a table, in words."""
    table = cast(Table, model.__table__)
    if "personal" not in vars(model):
        yield f"{table.name} does not say what it knows about people"
        return
    said: tuple[Personal, ...] = model.personal
    covered = {each.column for each in said if each.through is None}
    for column in table.columns:
        if (
            isinstance(column.type, Snowflake)
            and not column.name.endswith(NOBODY_BEHIND)
            and column.name not in covered
        ):
            yield f"{table.name}.{column.name} may name a person, and no statement covers it"
        if isinstance(column.type, JsonDict) and column.name not in {*covered, *model.impersonal}:
            yield f"{table.name}.{column.name} may hold ids of people: cover it, or list it as impersonal"
    for each in said:
        yield from _faults_of(table, each)


def _faults_of(table: Table, said: Personal) -> Iterator[str]:
    name = f"{table.name}.{said.through or said.of}"
    columns = table.columns
    for column in (said.through or said.column, *said.clear, *([said.since] if said.since else [])):
        if column not in columns:
            yield f"{name}: there is no column {column}"
            return
    if not said.what:
        yield f"{name} does not say in words what it is"
    if said.on_deletion is OnDeletion.KEEP and not said.why:
        yield f"{name} is kept without a reason"
    if (said.keep_for is None) != (said.since is None):
        yield f"{name} needs both keep_for and since, or neither"
    if said.through is not None:
        [foreign_key] = columns[said.through].foreign_keys
        if foreign_key.ondelete != "CASCADE":
            yield f"{name}: the row must go with the row that it belongs to (ondelete CASCADE)"
    elif "guild_id" not in columns:
        yield f"{name}: without guild_id nobody knows in which server it was"
    if said.on_deletion is OnDeletion.DETACH and said.through is None:
        unique = {
            column.name
            for each in table.constraints
            if isinstance(each, UniqueConstraint)
            for column in each.columns
        }
        if said.column in {*unique, *(column.name for column in table.primary_key)}:
            yield f"{name} is part of a key, so two rows could not both be detached"


def test_every_table_says_what_it_knows_about_people() -> None:
    tables = models()
    assert {model.__tablename__ for model in tables} == Base.metadata.tables.keys()
    assert [fault for model in tables for fault in faults(model)] == []


class Planted(DeclarativeBase):
    metadata = MetaData()
    impersonal: ClassVar[tuple[str, ...]] = ()


class Mute(Planted):
    __tablename__ = "mute"
    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)


class Careless(Planted):
    __tablename__ = "careless"
    personal: ClassVar = (
        Personal("owner_id", OnDeletion.KEEP, what="x"),
        Personal("host_id", OnDeletion.DETACH, what="x", keep_for=None, since="label"),
        Personal("gone_id", what="x"),
        Personal(through="mute_id"),
    )
    guild_id: Mapped[int] = mapped_column(Snowflake)
    owner_id: Mapped[int] = mapped_column(Snowflake)
    host_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    mentor: Mapped[int] = mapped_column(Snowflake)
    welcome_channel_id: Mapped[int] = mapped_column(Snowflake)
    extra: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    label: Mapped[str] = mapped_column(String(9))
    mute_id: Mapped[int] = mapped_column(ForeignKey("mute.id"))


def test_the_look_at_the_statements_sees_every_kind_of_carelessness() -> None:
    assert list(faults(Mute)) == ["mute does not say what it knows about people"]
    assert list(faults(Careless)) == [
        "careless.mentor may name a person, and no statement covers it",
        "careless.extra may hold ids of people: cover it, or list it as impersonal",
        "careless.owner_id is kept without a reason",
        "careless.host_id needs both keep_for and since, or neither",
        "careless.host_id is part of a key, so two rows could not both be detached",
        "careless.gone_id: there is no column gone_id",
        "careless.mute_id does not say in words what it is",
        "careless.mute_id: the row must go with the row that it belongs to (ondelete CASCADE)",
    ]


@pytest.mark.parametrize("of", ["member_id", "payload.member_id", "payload.*"])
def test_a_statement_names_a_column_and_a_place_in_it(of: str) -> None:
    said = Personal(of)
    assert ".".join(filter(None, (said.column, said.path))) == of
