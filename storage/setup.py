"""How far a community's set-up is, which features it has switched off, and what is known to be broken in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import NOTHING_PERSONAL


class FeatureSettingsRow(Base):
    """`off` has a key for each feature that is switched off, so that a new feature is on."""

    __tablename__ = "setup_features"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("off",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    off: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ProgressRow(Base):
    """Where the steps of /setup start were left. `place` is what the controls of its cards carry."""

    __tablename__ = "setup_progress"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    place: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column()


class BrokenRow(Base):
    """Something that broke and of which staff know. The row goes when it is mended, so that a relapse is news."""

    __tablename__ = "setup_broken"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("guild_id", "finding"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    finding: Mapped[str] = mapped_column(String(120))
    since: Mapped[datetime] = mapped_column()


async def find_progress(session: AsyncSession, guild_id: int) -> ProgressRow | None:
    return await session.get(ProgressRow, guild_id)


async def put_progress(session: AsyncSession, guild_id: int, **changes: Any) -> None:
    await insert_if_absent(session, ProgressRow, [{"guild_id": guild_id}], ["guild_id"])
    row = await session.get_one(ProgressRow, guild_id)
    for name, value in changes.items():
        setattr(row, name, value)


async def list_broken(session: AsyncSession, guild_id: int) -> Sequence[BrokenRow]:
    query = select(BrokenRow).filter_by(guild_id=guild_id).order_by(BrokenRow.id)
    return list(await session.scalars(query))


async def add_broken(session: AsyncSession, guild_id: int, finding: str, *, since: datetime) -> int | None:
    """Write it down; returns the row's number, or None when it was known."""
    row = {"guild_id": guild_id, "finding": finding, "since": since}
    if not await insert_if_absent(session, BrokenRow, [row], ["guild_id", "finding"]):
        return None
    return await session.scalar(select(BrokenRow.id).filter_by(guild_id=guild_id, finding=finding))


async def forget_broken(session: AsyncSession, row_ids: Collection[int]) -> None:
    if row_ids:
        await session.execute(delete(BrokenRow).where(BrokenRow.id.in_(row_ids)))
