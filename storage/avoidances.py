"""Whom members would rather not be put together with. Each row is known to who wrote it, and to nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, Personal, SeenBy


class AvoidanceRow(Base):
    """`member_id` would rather not be put together with `avoided_id`."""

    __tablename__ = "avoidances"
    personal: ClassVar = (
        Personal(what=N_("Whom you would rather not be put together with"), seen_by=SeenBy.MEMBER),
        Personal(
            "avoided_id",
            what=N_("What somebody keeps to themselves about being put together with you"),
            seen_by=SeenBy.WRITER,
            mention=True,
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id", "avoided_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    avoided_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()


async def add_avoidance(
    session: AsyncSession, guild_id: int, member_id: int, avoided_id: int, at: datetime
) -> bool:
    """Whether it is new."""
    key = {"guild_id": guild_id, "member_id": member_id, "avoided_id": avoided_id}
    return bool(await insert_if_absent(session, AvoidanceRow, [key | {"at": at}], list(key)))


async def remove_avoidance(session: AsyncSession, guild_id: int, member_id: int, row_id: int) -> None:
    """Remove one of the member's own."""
    mine = delete(AvoidanceRow).where(
        AvoidanceRow.id == row_id, AvoidanceRow.guild_id == guild_id, AvoidanceRow.member_id == member_id
    )
    await session.execute(mine)


async def list_avoidances(session: AsyncSession, guild_id: int, member_id: int) -> list[AvoidanceRow]:
    """The member's own, in the order in which they were made."""
    query = select(AvoidanceRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(AvoidanceRow.id)))


async def list_of_guild(session: AsyncSession, guild_id: int) -> list[tuple[int, int]]:
    """Who avoids whom."""
    query = select(AvoidanceRow.member_id, AvoidanceRow.avoided_id).filter_by(guild_id=guild_id)
    return [(one, other) for one, other in await session.execute(query)]


async def is_between(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether either avoids the other."""
    query = (
        select(AvoidanceRow.id)
        .where(
            AvoidanceRow.guild_id == guild_id,
            or_(
                (AvoidanceRow.member_id == one) & (AvoidanceRow.avoided_id == other),
                (AvoidanceRow.member_id == other) & (AvoidanceRow.avoided_id == one),
            ),
        )
        .limit(1)
    )
    return await session.scalar(query) is not None
