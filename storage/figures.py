"""How much work waits, for whoever watches the bot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.jobs import JobRow
from storage.outbox import OutboxRow

LATE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Figures:
    """Counts at one moment; ``outbox_oldest`` is when the oldest effect that could have been tried was planned."""

    jobs_due: int
    jobs_late: int
    outbox_waiting: int
    outbox_oldest: datetime | None


async def take(session: AsyncSession, now: datetime) -> Figures:
    """Counts what waits and is due at ``now`` (aware)."""
    due = select(func.count()).select_from(JobRow).where(JobRow.outcome.is_(None))
    waiting = OutboxRow.outcome.is_(None)
    could_be_tried = or_(OutboxRow.not_before <= now, OutboxRow.attempts > 0)
    return Figures(
        jobs_due=await session.scalar(due.where(JobRow.run_at <= now)) or 0,
        jobs_late=await session.scalar(due.where(JobRow.run_at <= now - LATE_AFTER)) or 0,
        outbox_waiting=await session.scalar(select(func.count()).select_from(OutboxRow).where(waiting)) or 0,
        outbox_oldest=await session.scalar(
            select(func.min(OutboxRow.created_at)).where(waiting, could_be_tried)
        ),
    )
