"""The turns of rotas, and who is in them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.outbox import OutboxRow
from storage.personal import N_, NOBODY, OnDeletion, Personal, SeenBy
from storage.rota import RotaRow

PLANNED_TURN, NOW, OVER, MISSED = "planned", "now", "over", "missed"
PLANNED, ACCEPTED, HOLDING, SERVED, LEFT = "planned", "accepted", "holding", "served", "left"
ACTIVE = (PLANNED, ACCEPTED, HOLDING)
_SWAP = "rota.swap:"


def swap_key(seat_id: int, version: int) -> str:
    """Under which somebody's wish for cover is posted."""
    return f"{_SWAP}{seat_id}:{version}"


class RotaTurnRow(Base):
    """A turn. `nominal` is its local beginning, by which the schedule knows it. `note` is what was handed on at its end."""

    __tablename__ = "rota_turns"
    personal: ClassVar = (
        Personal(
            "note_by",
            OnDeletion.DETACH,
            clear=("note",),
            what=N_("Hand-over notes that you wrote at the end of a turn"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (
        UniqueConstraint("rota_id", "nominal"),
        Index("ix_rota_turns_guild_id", "guild_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    nominal: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    state: Mapped[str] = mapped_column(String(16), default=PLANNED_TURN)
    note: Mapped[str | None] = mapped_column(Text)
    note_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    version: Mapped[int] = mapped_column(default=0)


class RotaSeatRow(Base):
    """Somebody in a turn: planned, accepted, holding, served, or out of it (passed, silent, given, relieved, left).

    `how` is by what they came: drawn, taken, staff. `for_id` is whose place they took. `wanted` counts their wishes for
    cover; it is open while `wants_cover`. `asked_at` is when they were asked whether they are in.
    """

    __tablename__ = "rota_seats"
    personal: ClassVar = (
        Personal(what=N_("Your turns in rotating roles"), seen_by=SeenBy.COMMUNITY),
        Personal(
            "for_id",
            OnDeletion.DETACH,
            what=N_("Who took over a turn of yours"),
            seen_by=SeenBy.COMMUNITY,
            mention=True,
        ),
    )
    __table_args__ = (
        UniqueConstraint("turn_id", "member_id"),
        Index("ix_rota_seats_guild_id", "guild_id", "member_id"),
        Index("ix_rota_seats_rota_id", "rota_id", "state"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    turn_id: Mapped[int] = mapped_column(ForeignKey("rota_turns.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    state: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    for_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    asked_at: Mapped[datetime | None] = mapped_column()
    wants_cover: Mapped[bool] = mapped_column(default=False)
    wanted: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None] = mapped_column()
    until: Mapped[datetime | None] = mapped_column()
    note: Mapped[str | None] = mapped_column(Text)
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


# ---------------------------------------------------------------------------------------------- reading and writing


async def find_turn(session: AsyncSession, turn_id: int) -> RotaTurnRow | None:
    return await session.get(RotaTurnRow, turn_id, populate_existing=True)


async def find_turn_of(session: AsyncSession, rota_id: int, nominal: str) -> RotaTurnRow | None:
    """The turn with this local beginning."""
    query = select(RotaTurnRow).filter_by(rota_id=rota_id, nominal=nominal)
    return await session.scalar(query.execution_options(populate_existing=True))


async def list_turns(session: AsyncSession, rota_id: int, *states: str) -> list[RotaTurnRow]:
    query = select(RotaTurnRow).where(RotaTurnRow.rota_id == rota_id, RotaTurnRow.state.in_(states))
    ordered = query.order_by(RotaTurnRow.starts_at, RotaTurnRow.id).execution_options(populate_existing=True)
    return list(await session.scalars(ordered))


async def list_last_turns(session: AsyncSession, rota_id: int, limit: int) -> list[RotaTurnRow]:
    """The latest turns that are over, the newest first."""
    query = select(RotaTurnRow).where(RotaTurnRow.rota_id == rota_id, RotaTurnRow.state.in_((OVER, MISSED)))
    return list(await session.scalars(query.order_by(RotaTurnRow.starts_at.desc()).limit(limit)))


async def list_seats(session: AsyncSession, turns: Collection[int]) -> list[RotaSeatRow]:
    query = select(RotaSeatRow).where(RotaSeatRow.turn_id.in_(turns)).order_by(RotaSeatRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def find_seat(session: AsyncSession, seat_id: int) -> RotaSeatRow | None:
    return await session.get(RotaSeatRow, seat_id, populate_existing=True)


async def count_served(session: AsyncSession, rota_id: int) -> dict[int, int]:
    """How many turns each has served, or holds at present."""
    query = (
        select(RotaSeatRow.member_id, func.count())
        .where(RotaSeatRow.rota_id == rota_id, RotaSeatRow.state.in_((SERVED, HOLDING)))
        .group_by(RotaSeatRow.member_id)
    )
    return {member_id: int(count) for member_id, count in await session.execute(query)}


async def list_served_of(session: AsyncSession, guild_id: int, member_id: int) -> list[tuple[str, int]]:
    """The names of the rotas in which somebody has served, and how often."""
    query = (
        select(RotaRow.name, func.count())
        .join(RotaSeatRow, RotaSeatRow.rota_id == RotaRow.id)
        .where(
            RotaSeatRow.guild_id == guild_id, RotaSeatRow.member_id == member_id, RotaSeatRow.state == SERVED
        )
        .group_by(RotaRow.id, RotaRow.name)
        .order_by(RotaRow.id)
    )
    return [(name, count) for name, count in await session.execute(query)]


async def find_swaps_by_message(
    session: AsyncSession, guild_id: int, channel_id: int, messages: Collection[int]
) -> list[int]:
    """The seats whose latest wish for cover stands in these messages."""
    query = select(OutboxRow.key, OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.channel_id == channel_id,
        OutboxRow.result_id.in_(messages),
        OutboxRow.key.startswith(_SWAP, autoescape=True),
    )
    found = [(key, int(arguments["seat_id"])) for key, arguments in await session.execute(query)]
    seats = await session.scalars(
        select(RotaSeatRow).where(RotaSeatRow.id.in_([seat_id for _, seat_id in found]))
    )
    wanted = {each.id: swap_key(each.id, each.wanted) for each in seats}
    return [seat_id for key, seat_id in found if wanted.get(seat_id) == key]
