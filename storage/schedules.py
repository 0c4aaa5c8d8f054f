"""Recurring things: a local-time rule in a zone, a catch-up policy and a watermark. See `bot/schedules.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Index, Integer, String, UniqueConstraint, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import NOTHING_PERSONAL


class ScheduleRow(Base):
    __tablename__ = "schedules"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("payload",)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    job_name: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(100))  # what recurs, e.g. the ritual's row id
    payload: Mapped[dict[str, Any]] = mapped_column()
    rrule: Mapped[str] = mapped_column(String(200))
    time: Mapped[str] = mapped_column(String(5))  # HH:MM on the wall clock of `zone`
    start: Mapped[str] = mapped_column(String(10))  # local date that anchors the rule
    except_dates: Mapped[str] = mapped_column(
        String(2000), default=""
    )  # local dates and days of every year, comma-separated
    zone: Mapped[str] = mapped_column(String(64))
    follows_guild_zone: Mapped[bool] = mapped_column(default=True)
    catch_up: Mapped[str] = mapped_column(String(16))
    late_within: Mapped[int] = mapped_column(Integer, default=0)  # seconds
    watermark: Mapped[str] = mapped_column(String(32))  # the last nominal time that was dealt with
    next_run_at: Mapped[datetime | None] = mapped_column()  # NULL: never again, or paused
    paused_at: Mapped[datetime | None] = mapped_column()
    held_since: Mapped[datetime | None] = mapped_column()  # a mass catch-up was refused

    __table_args__ = (
        UniqueConstraint("guild_id", "job_name", "subject"),
        Index("ix_schedules_next_run_at", "next_run_at"),
    )


class DueSchedule(NamedTuple):
    """What the passage of time needs of a row; ten thousand mapped objects would cost the loop a second."""

    id: int
    guild_id: int
    job_name: str
    payload: dict[str, Any]
    rrule: str
    time: str
    start: str
    except_dates: str
    zone: str
    catch_up: str
    late_within: int
    watermark: str


_DUE_COLUMNS = tuple(ScheduleRow.__table__.c[name] for name in DueSchedule._fields)


async def list_due(session: AsyncSession, *, now: datetime, limit: int) -> list[DueSchedule]:
    """The schedules with a nominal time that has come, locked; held ones wait for a person."""
    query = (
        select(*_DUE_COLUMNS)
        .where(ScheduleRow.next_run_at <= now, ScheduleRow.held_since.is_(None))
        .order_by(ScheduleRow.next_run_at, ScheduleRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DueSchedule(*row) for row in await session.execute(query)]


async def release_held(session: AsyncSession, *, missed_since: datetime) -> None:
    """End the holds of schedules whose earliest missed run is not older than this after all."""
    await session.execute(
        update(ScheduleRow)
        .where(ScheduleRow.held_since.is_not(None), ScheduleRow.next_run_at >= missed_since)
        .values(held_since=None)
    )


async def move_watermarks(session: AsyncSession, moves: Sequence[dict[str, Any]]) -> None:
    """Write {row_id, watermark, next_run_at} of many schedules in one statement."""
    if not moves:
        return
    connection = await session.connection()
    await connection.execute(
        update(ScheduleRow.__table__)  # pyright: ignore[reportArgumentType] - a mapped class's FromClause is its Table
        .where(ScheduleRow.id == bindparam("row_id"))
        .values(watermark=bindparam("watermark"), next_run_at=bindparam("next_run_at")),
        list(moves),
    )


async def next_run_at(session: AsyncSession) -> datetime | None:
    """When the earliest schedule has something to do."""
    return await session.scalar(
        select(func.min(ScheduleRow.next_run_at)).where(ScheduleRow.held_since.is_(None))
    )


async def get_schedule(session: AsyncSession, schedule_id: int) -> ScheduleRow | None:
    """The schedule, locked."""
    # Without populate_existing a row that this transaction has read before would keep its old state.
    return await session.get(ScheduleRow, schedule_id, with_for_update=True, populate_existing=True)


async def list_of_guild(session: AsyncSession, guild_id: int) -> list[ScheduleRow]:
    query = select(ScheduleRow).where(ScheduleRow.guild_id == guild_id).order_by(ScheduleRow.id)
    return list(await session.scalars(query))
