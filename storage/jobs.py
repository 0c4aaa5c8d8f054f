"""Timed work, one row a piece. What a row guarantees is written in `bot/jobs.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, ClassVar, cast

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import ANYWHERE, N_, Personal

# Rows bound in one go: a few milliseconds of the event loop.
ROWS_AT_ONCE = 200


class JobRow(Base):
    __tablename__ = "jobs"
    personal: ClassVar = (
        Personal(
            f"payload.{ANYWHERE}",
            keep_for=timedelta(days=30),
            since="finished_at",
            what=N_("Work planned for you, such as your daily digest"),
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    guild_id: Mapped[int | None] = mapped_column(Snowflake)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column()
    run_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedules.id", ondelete="SET NULL"))
    nominal: Mapped[str | None] = mapped_column(String(32))  # local date-time, ISO, without a zone
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column()
    last_error: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))  # done, skipped, failed; NULL while it waits
    reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()

    # Only what waits is looked for by time, and most rows are finished ones.
    __table_args__ = (
        Index(
            "ix_jobs_waiting",
            "run_at",
            sqlite_where=outcome.is_(None),
            postgresql_where=outcome.is_(None),
        ),
        Index("ix_jobs_schedule", "schedule_id", "nominal"),
        Index("ix_jobs_guild", "guild_id", "id"),
    )

    @classmethod
    def may_go(cls) -> ColumnElement[bool]:
        """Runs of a schedule stay as long as it: whether a period has had its run is asked of them, for years."""
        return cls.schedule_id.is_(None)


async def add_jobs(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is new. Returns how many were."""
    return await insert_if_absent(session, JobRow, rows, ["key"])


async def add_many(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is new, many at a time; all name the same columns."""
    table = cast(Table, JobRow.__table__)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).on_conflict_do_nothing(index_elements=["key"])
    connection = await session.connection()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        # A list of rows, even of one, is executed as one compiled statement; VALUES of many are compiled anew.
        await connection.execute(statement, [dict(row) for row in rows[start : start + ROWS_AT_ONCE]])


async def claim_due(
    session: AsyncSession, *, now: datetime, lease_until: datetime, limit: int
) -> list[JobRow]:
    """Lease the jobs that are due and that nobody else holds, the oldest first.

    A job that was begun before is leased alone. So one that kills the process uses up its own tries and not
    those of the jobs that happened to be leased with it.
    """
    query = (
        select(JobRow)
        .where(
            JobRow.outcome.is_(None),
            JobRow.run_at <= now,
            or_(JobRow.lease_until.is_(None), JobRow.lease_until <= now),
        )
        .order_by(JobRow.run_at, JobRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(await session.scalars(query))
    fresh = list(takewhile(lambda row: row.attempts == 0, found))
    rows = fresh or found[:1]
    for row in rows:
        row.lease_until = lease_until
        row.attempts += 1
    await session.flush()
    return rows


async def find_claimed(session: AsyncSession, job_id: int, *, lease_until: datetime) -> JobRow | None:
    """The job, locked, if it still waits under this very lease."""
    query = select(JobRow).where(
        JobRow.id == job_id, JobRow.outcome.is_(None), JobRow.lease_until == lease_until
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


async def give_back(session: AsyncSession, leases: Iterable[tuple[int, datetime]]) -> None:
    """End these leases, each a job's id and until when it was leased, of the jobs that still wait."""
    held = list(leases)
    if held:
        await session.execute(
            update(JobRow)
            .where(JobRow.outcome.is_(None), tuple_(JobRow.id, JobRow.lease_until).in_(held))
            .values(lease_until=None),
            execution_options={"synchronize_session": False},
        )


async def release_leases(session: AsyncSession) -> None:
    """Give back every lease: at the start of the only process on a database, whoever held one is dead."""
    await session.execute(update(JobRow).where(JobRow.lease_until.is_not(None)).values(lease_until=None))


async def bring_back(session: AsyncSession, *, now: datetime, beyond: datetime) -> None:
    """Let jobs be tried now whose next try or lease lies beyond what can be, see `bot/wrong_clock.py`."""
    put_off = and_(JobRow.attempts > 0, JobRow.run_at > beyond)
    await session.execute(
        update(JobRow)
        .where(JobRow.outcome.is_(None), or_(put_off, JobRow.lease_until > beyond))
        .values(run_at=now, lease_until=None),
        execution_options={"synchronize_session": False},
    )


async def next_run_at(session: AsyncSession) -> datetime | None:
    """When the earliest waiting job is due, or, if someone works on it, when their lease ends."""
    return await session.scalar(
        select(func.min(func.coalesce(JobRow.lease_until, JobRow.run_at))).where(JobRow.outcome.is_(None))
    )


async def list_runs(session: AsyncSession, guild_id: int, *, limit: int) -> list[JobRow]:
    """The newest jobs that schedules of the guild brought forth."""
    query = (
        select(JobRow)
        .where(JobRow.guild_id == guild_id, JobRow.nominal.is_not(None))
        .order_by(JobRow.id.desc())
        .limit(limit)
    )
    return list(await session.scalars(query))


async def last_nominal(session: AsyncSession, schedule_id: int, *, left_out: bool = True) -> str | None:
    """The latest nominal time of the schedule that has a job; without `left_out`, one not skipped or failed."""
    query = select(func.max(JobRow.nominal)).where(JobRow.schedule_id == schedule_id)
    if not left_out:
        query = query.where(or_(JobRow.outcome.is_(None), JobRow.outcome == "done"))
    return await session.scalar(query)


async def skip_waiting(session: AsyncSession, schedule_id: int, *, at: datetime, reason: str) -> None:
    """End the jobs of the schedule that wait; one that runs at this moment is awaited and stays as it ends."""
    await session.execute(
        update(JobRow)
        .where(JobRow.schedule_id == schedule_id, JobRow.outcome.is_(None))
        .values(outcome="skipped", reason=reason, finished_at=at, lease_until=None)
    )


async def forget_skipped(session: AsyncSession, schedule_id: int, *, after: datetime, reason: str) -> None:
    """Remove the rows of nominal times still to come that were skipped ahead of time for this reason."""
    await session.execute(
        delete(JobRow).where(
            JobRow.schedule_id == schedule_id,
            JobRow.outcome == "skipped",
            JobRow.reason == reason,
            JobRow.run_at > after,
        )
    )
