"""Who asked to be deleted, who was, and who has left. Read by `bot/erasure.py` and `bot/retention.py`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import String, UniqueConstraint, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal

GONE_FOR = timedelta(days=365)
"""How long after somebody left their data is deleted."""


class ErasureRow(Base):
    """A deletion that is to come or under way. `begun_at` is when it could no longer be called off."""

    __tablename__ = "privacy_erasures"
    personal: ClassVar = (
        Personal(
            on_deletion=OnDeletion.KEEP,
            why=N_("it goes by itself when the deletion is done"),
            what=N_("Your wish to be deleted"),
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    reason: Mapped[str] = mapped_column(String(16))  # asked, left
    due_at: Mapped[datetime] = mapped_column()
    begun_at: Mapped[datetime | None] = mapped_column()


class DeletedRow(Base):
    """A person who was deleted, and when last."""

    __tablename__ = "privacy_deleted"
    personal: ClassVar = (
        Personal(
            on_deletion=OnDeletion.KEEP,
            why=N_("so that you are not greeted as a stranger, nor brought back by an old backup"),
            what=N_("That you were deleted, and when"),
        ),
    )

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column()


class DepartureRow(Base):
    """Somebody who has left, and of whom something is still stored."""

    __tablename__ = "privacy_departures"
    personal: ClassVar = (Personal(what=N_("When you left the server")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    left_at: Mapped[datetime] = mapped_column()


class PurgeRow(Base):
    """What the last clean-up erased of a server because its time was over."""

    __tablename__ = "privacy_purges"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    at: Mapped[datetime] = mapped_column()
    rows: Mapped[int] = mapped_column()


async def add_erasure(
    session: AsyncSession, guild_id: int, member_id: int, *, reason: str, due_at: datetime
) -> tuple[ErasureRow, bool]:
    """The person's deletion, locked, and whether it is new: there is one at a time."""
    key = {"guild_id": guild_id, "member_id": member_id}
    added = await insert_if_absent(
        session, ErasureRow, [key | {"reason": reason, "due_at": due_at}], list(key)
    )
    row = await find_erasure(session, guild_id, member_id, lock=True)
    assert row is not None
    return row, bool(added)


async def find_erasure(
    session: AsyncSession, guild_id: int, member_id: int, *, lock: bool = False
) -> ErasureRow | None:
    query = select(ErasureRow).filter_by(guild_id=guild_id, member_id=member_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def get_erasure(session: AsyncSession, erasure_id: int) -> ErasureRow | None:
    """The deletion, locked."""
    return await session.get(ErasureRow, erasure_id, with_for_update=True, populate_existing=True)


async def note_deleted(session: AsyncSession, guild_id: int, member_id: int, at: datetime) -> None:
    """Write down that the person is deleted at this moment."""
    values = {"guild_id": guild_id, "member_id": member_id, "deleted_at": at}
    if not await insert_if_absent(session, DeletedRow, [values], ["guild_id", "member_id"]):
        row = await session.get_one(DeletedRow, (guild_id, member_id), with_for_update=True)
        row.deleted_at = max(row.deleted_at, at)


async def list_deleted(session: AsyncSession, guild_id: int) -> dict[int, datetime]:
    """Who was deleted in this server, and when (UTC), by member id."""
    rows = await session.scalars(select(DeletedRow).filter_by(guild_id=guild_id))
    return {row.member_id: row.deleted_at for row in rows}


async def find_deleted(session: AsyncSession, guild_id: int, member_id: int) -> datetime | None:
    row = await session.get(DeletedRow, (guild_id, member_id))
    return row.deleted_at if row is not None else None


async def add_departures(
    session: AsyncSession, guild_id: int, member_ids: Collection[int], at: datetime
) -> None:
    rows = [{"guild_id": guild_id, "member_id": each, "left_at": at} for each in member_ids]
    await insert_if_absent(session, DepartureRow, rows, ["guild_id", "member_id"])


async def has_left(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    """Whether the person, of whom something is stored, is not in the server."""
    return await session.get(DepartureRow, (guild_id, member_id)) is not None


async def list_departed(session: AsyncSession, guild_id: int) -> set[int]:
    query = select(DepartureRow.member_id).filter_by(guild_id=guild_id)
    return set(await session.scalars(query))


async def remove_departures(session: AsyncSession, guild_id: int, member_ids: Collection[int]) -> None:
    if member_ids:
        await session.execute(
            delete(DepartureRow).where(
                DepartureRow.guild_id == guild_id, DepartureRow.member_id.in_(member_ids)
            )
        )


async def list_long_gone(session: AsyncSession, *, now: datetime, limit: int) -> list[tuple[int, int]]:
    """Server and id of people who left too long ago to be kept, and whose deletion is not planned yet."""
    planned = select(ErasureRow.id).where(
        ErasureRow.guild_id == DepartureRow.guild_id, ErasureRow.member_id == DepartureRow.member_id
    )
    query = (
        select(DepartureRow)
        .where(DepartureRow.left_at < now - GONE_FOR, ~planned.exists())
        .order_by(DepartureRow.guild_id, DepartureRow.member_id)
        .limit(limit)
    )
    return [(row.guild_id, row.member_id) for row in await session.scalars(query)]


async def note_purge(session: AsyncSession, guild_id: int, *, at: datetime, rows: int) -> None:
    """Add to what the clean-up that began at this moment has erased."""
    await insert_if_absent(session, PurgeRow, [{"guild_id": guild_id, "at": at, "rows": 0}], ["guild_id"])
    row = await session.get_one(PurgeRow, guild_id, with_for_update=True, populate_existing=True)
    row.rows = row.rows + rows if row.at == at else rows
    row.at = at


async def find_purge(session: AsyncSession, guild_id: int) -> PurgeRow | None:
    return await session.get(PurgeRow, guild_id)


async def count_erasures(session: AsyncSession, guild_id: int) -> int:
    """How many deletions are to come or under way in the server."""
    query = select(func.count()).select_from(ErasureRow).where(ErasureRow.guild_id == guild_id)
    return await session.scalar(query) or 0
