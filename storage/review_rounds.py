"""Rounds of reviews: the works of one challenge, and how it was drawn who reviews whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, OnDeletion, Personal, SeenBy


class ReviewRoundRow(Base):
    """The works of one challenge (`source` and `subject` name it) and who reviews whom.

    `draws` counts the drawings, so that an old card cannot confirm what it does not show. `seed` belongs to the last.
    `confirms_at` is when it begins by itself, if it does: as was chosen when its first work came.
    """

    __tablename__ = "review_rounds"
    personal: ClassVar = (
        Personal(
            "prepared_by",
            OnDeletion.DETACH,
            what=N_("Rounds of reviews that you prepared as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "source", "subject"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    source: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # waiting, drawn, confirmed
    mode: Mapped[str] = mapped_column(String(16))
    per_work: Mapped[int] = mapped_column()
    seed: Mapped[int] = mapped_column(default=0)
    draws: Mapped[int] = mapped_column(default=0)
    prepared_by: Mapped[int | None] = mapped_column(Snowflake)
    ready_at: Mapped[datetime] = mapped_column()
    confirmed_at: Mapped[datetime | None] = mapped_column()
    confirms_at: Mapped[datetime | None] = mapped_column()


async def lock_round(session: AsyncSession, guild_id: int, round_id: int) -> ReviewRoundRow | None:
    query = select(ReviewRoundRow).filter_by(guild_id=guild_id, id=round_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def find_round(session: AsyncSession, guild_id: int, round_id: int) -> ReviewRoundRow | None:
    query = select(ReviewRoundRow).filter_by(guild_id=guild_id, id=round_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def begin_round(
    session: AsyncSession, guild_id: int, source: str, subject: str, **values: Any
) -> tuple[ReviewRoundRow, bool]:
    """The round of this challenge, held; and whether it was made now."""
    key = {"guild_id": guild_id, "source": source, "subject": subject}
    added = await insert_if_absent(session, ReviewRoundRow, [key | values], list(key))
    query = select(ReviewRoundRow).filter_by(**key).with_for_update()
    row = (await session.scalars(query.execution_options(populate_existing=True))).one()
    return row, bool(added)


async def list_rounds(session: AsyncSession, guild_id: int, limit: int = 10) -> list[ReviewRoundRow]:
    """The newest first."""
    query = select(ReviewRoundRow).filter_by(guild_id=guild_id).order_by(ReviewRoundRow.id.desc())
    return list(await session.scalars(query.limit(limit)))
