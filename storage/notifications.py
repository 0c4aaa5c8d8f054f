"""What was said to whom, how each member wants each kind, and what waits for the daily digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, Index, String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, Personal

MOST_PLANNED = 50  # more than any budget lets wait at a time


class NotificationChoiceRow(Base):
    __tablename__ = "notification_choices"
    personal: ClassVar = (Personal(what=N_("Which news you want at once, once a day or not at all")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery: Mapped[str] = mapped_column(String(16))


class NotificationRow(Base):
    __tablename__ = "notifications"
    personal: ClassVar = (
        Personal(
            keep_for=timedelta(days=90),
            since="created_at",
            what=N_("What I told you, and when, so that I do not tell you twice or too often"),
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    delivery: Mapped[str] = mapped_column(String(16))  # now, digest, off: what was decided
    local_date: Mapped[str] = mapped_column(String(10))  # the member's date on which a ping counts
    created_at: Mapped[datetime] = mapped_column()
    digest_key: Mapped[str | None] = mapped_column(String(200), index=True)  # the digest that told it

    __table_args__ = (Index("ix_notifications_member", "guild_id", "member_id", "local_date"),)

    @classmethod
    def may_go(cls) -> ColumnElement[bool]:
        """What waits for a digest stays until it is told."""
        return or_(cls.delivery != "digest", cls.digest_key.is_not(None))


async def add_notification(session: AsyncSession, row: NotificationRow) -> bool:
    """Insert the row unless its key was used. The row's id is set when it is new."""
    values = {
        "guild_id": row.guild_id,
        "member_id": row.member_id,
        "kind": row.kind,
        "key": row.key,
        "channel_id": row.channel_id,
        "delivery": row.delivery,
        "local_date": row.local_date,
        "created_at": row.created_at,
    }
    if not await insert_if_absent(session, NotificationRow, [values], ["key"]):
        return False
    row.id = (await session.scalars(select(NotificationRow.id).filter_by(key=row.key))).one()
    return True


async def is_known(session: AsyncSession, key: str) -> bool:
    return await session.scalar(select(NotificationRow.id).filter_by(key=key)) is not None


async def get_notification(session: AsyncSession, notification_id: int) -> NotificationRow | None:
    return await session.get(NotificationRow, notification_id)


async def find_choice(session: AsyncSession, guild_id: int, member_id: int, kind: str) -> str | None:
    row = await session.get(NotificationChoiceRow, (guild_id, member_id, kind))
    return row.delivery if row is not None else None


async def set_choice(session: AsyncSession, guild_id: int, member_id: int, kind: str, delivery: str) -> None:
    key = {"guild_id": guild_id, "member_id": member_id, "kind": kind}
    await insert_if_absent(session, NotificationChoiceRow, [key | {"delivery": delivery}], list(key))
    row = await session.get_one(NotificationChoiceRow, (guild_id, member_id, kind))
    row.delivery = delivery


async def count_pings(session: AsyncSession, guild_id: int, member_id: int, local_date: str) -> int:
    """How many pings the member gets on that date of theirs."""
    query = select(func.count()).where(
        NotificationRow.guild_id == guild_id,
        NotificationRow.member_id == member_id,
        NotificationRow.local_date == local_date,
        NotificationRow.delivery == "now",
    )
    return await session.scalar(query) or 0


async def list_waiting(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[NotificationRow]:
    """What waits for the member's next digest, in order, locked."""
    query = (
        select(NotificationRow)
        .where(
            NotificationRow.guild_id == guild_id,
            NotificationRow.member_id == member_id,
            NotificationRow.delivery == "digest",
            NotificationRow.digest_key.is_(None),
        )
        .order_by(NotificationRow.id)
        .with_for_update()
    )
    return list(await session.scalars(query))


async def list_planned(
    session: AsyncSession, guild_id: int, member_id: int, kind: str
) -> Sequence[NotificationRow]:
    """The newest notifications of a kind that were decided to be told at once; they may have been told."""
    query = (
        select(NotificationRow)
        .filter_by(guild_id=guild_id, member_id=member_id, kind=kind, delivery="now")
        .order_by(NotificationRow.id.desc())
        .limit(MOST_PLANNED)
    )
    return list(await session.scalars(query))


async def list_digest(session: AsyncSession, digest_key: str) -> Sequence[NotificationRow]:
    query = select(NotificationRow).filter_by(digest_key=digest_key).order_by(NotificationRow.id)
    return list(await session.scalars(query))
