"""Roles that rotate: the rotas, who volunteers for which, and who is away. Their turns: `storage/rota_turns.py`; who has
the role besides, and what staff did: `storage/rota_holding.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.members import MemberRow
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy
from storage.privacy import DepartureRow

KEPT = timedelta(days=400)


class RotaSettingsRow(Base):
    """`channel_id` is where turns are told of, for rotas that have no channel of their own."""

    __tablename__ = "rota_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)


class RotaRow(Base):
    """A rota. `kind` names the guide; `unit` is day, week or month, and a shift is `every` of them. It is handed over on
    `weekday` (0 is Monday; of a month the first such day) at `at` in `zone`. Who may: the qualification `needs_kind` and
    `needs_key`. `seed` is drawn once and decides ties; `version` counts what its cards show."""

    __tablename__ = "rotas"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (Index("ix_rotas_guild_id", "guild_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    every: Mapped[int] = mapped_column()
    unit: Mapped[str] = mapped_column(String(8))
    weekday: Mapped[int] = mapped_column()
    at: Mapped[str] = mapped_column(String(5))
    zone: Mapped[str] = mapped_column(String(64))
    holders: Mapped[int] = mapped_column()
    needs_kind: Mapped[str | None] = mapped_column(String(20))
    needs_key: Mapped[str | None] = mapped_column(String(64))
    role_id: Mapped[int | None] = mapped_column(Snowflake)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    schedule_id: Mapped[int | None] = mapped_column()
    seed: Mapped[int] = mapped_column()
    version: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()


class RotaVolunteerRow(Base):
    """Somebody who takes turns. `base` is what they count as having served when they joined, so that a newcomer is not
    given every turn; who is `owed` skipped a turn and comes first in the next; `skips` counts those in a row."""

    __tablename__ = "rota_volunteers"
    personal: ClassVar = (Personal(what=N_("The roles that you take turns in"), seen_by=SeenBy.COMMUNITY),)
    __table_args__ = (Index("ix_rota_volunteers_guild_id", "guild_id", "member_id"),)

    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    joined_at: Mapped[datetime] = mapped_column()
    base: Mapped[int] = mapped_column(default=0)
    owed: Mapped[bool] = mapped_column(default=False)
    skips: Mapped[int] = mapped_column(default=0)


class RotaAwayRow(Base):
    """From when until when somebody takes no turn in any rota. Instants (UTC)."""

    __tablename__ = "rota_away"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="ends_at",
            what=N_("When you take no turns in rotating roles"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (Index("ix_rota_away_guild_id", "guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()


# ---------------------------------------------------------------------------------------------- reading and writing


async def find_rota(session: AsyncSession, rota_id: int) -> RotaRow | None:
    return await session.get(RotaRow, rota_id)


async def lock_rota(session: AsyncSession, rota_id: int) -> RotaRow | None:
    """The rota, kept from others until the end of this writing transaction: everything about it is changed under this."""
    return await session.get(RotaRow, rota_id, with_for_update=True, populate_existing=True)


async def list_rotas(session: AsyncSession, guild_id: int) -> list[RotaRow]:
    """Those that go on, in order."""
    query = select(RotaRow).filter_by(guild_id=guild_id, ended_at=None)
    return list(await session.scalars(query.order_by(RotaRow.id)))


async def list_all_channels(session: AsyncSession) -> set[int]:
    """The channels of every community in which cover may have been asked for: read once at start."""
    own = await session.scalars(select(RotaRow.channel_id).filter_by(ended_at=None))
    shared = await session.scalars(select(RotaSettingsRow.channel_id))
    return {each for each in (*own, *shared) if each is not None}


async def list_channels(session: AsyncSession, guild_id: int) -> set[int]:
    query = select(RotaRow.channel_id).filter_by(guild_id=guild_id, ended_at=None)
    return {each for each in await session.scalars(query) if each is not None}


async def add_volunteer(
    session: AsyncSession, rota: RotaRow, member_id: int, base: int, at: datetime
) -> bool:
    """Whether they are new."""
    values = {
        "rota_id": rota.id,
        "member_id": member_id,
        "guild_id": rota.guild_id,
        "joined_at": at,
        "base": base,
    }
    return bool(await insert_if_absent(session, RotaVolunteerRow, [values], ["rota_id", "member_id"]))


async def find_volunteer(session: AsyncSession, rota_id: int, member_id: int) -> RotaVolunteerRow | None:
    return await session.get(RotaVolunteerRow, (rota_id, member_id), populate_existing=True)


async def list_volunteers(
    session: AsyncSession, rota_id: int
) -> list[tuple[RotaVolunteerRow, datetime | None, bool]]:
    """Who takes turns, with until when they pause and whether they have left the server."""
    same = (MemberRow.guild_id == RotaVolunteerRow.guild_id) & (
        MemberRow.member_id == RotaVolunteerRow.member_id
    )
    gone = (DepartureRow.guild_id == RotaVolunteerRow.guild_id) & (
        DepartureRow.member_id == RotaVolunteerRow.member_id
    )
    query = (
        select(RotaVolunteerRow, MemberRow.paused_until, DepartureRow.member_id.is_not(None))
        .outerjoin(MemberRow, same)
        .outerjoin(DepartureRow, gone)
        .where(RotaVolunteerRow.rota_id == rota_id)
        .order_by(RotaVolunteerRow.member_id)
        .execution_options(populate_existing=True)
    )
    return [(row, paused, left) for row, paused, left in await session.execute(query)]


async def list_away(session: AsyncSession, guild_id: int, since: datetime) -> list[RotaAwayRow]:
    """Who is away, or will be."""
    query = select(RotaAwayRow).where(RotaAwayRow.guild_id == guild_id, RotaAwayRow.ends_at > since)
    return list(await session.scalars(query.order_by(RotaAwayRow.id)))


async def clear_away(session: AsyncSession, guild_id: int, member_id: int, now: datetime) -> int:
    """Somebody is back: what lies ahead is forgotten. How many spans that were."""
    rows = [each for each in await list_away(session, guild_id, now) if each.member_id == member_id]
    for each in rows:
        if each.starts_at < now:
            each.ends_at = now
        else:
            await session.delete(each)
    await session.flush()
    return len(rows)
