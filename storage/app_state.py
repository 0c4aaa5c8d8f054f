"""Small facts that the process remembers about itself, such as which commands Discord has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, insert_if_absent
from storage.personal import NOTHING_PERSONAL

RESTORED = "restored"
"""Written by a restore: the moment of the backup (ISO), then when the first hour of work after it ends."""
FIRST_HOUR = timedelta(hours=1)


class AppStateRow(Base):
    __tablename__ = "app_state"
    personal: ClassVar = NOTHING_PERSONAL

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(500))


async def find(session: AsyncSession, key: str) -> str | None:
    row = await session.get(AppStateRow, key)
    return row.value if row is not None else None


async def put(session: AsyncSession, key: str, value: str) -> None:
    await insert_if_absent(session, AppStateRow, [{"key": key, "value": value}], ["key"])
    row = await session.get_one(AppStateRow, key)
    row.value = value


async def lost_since(session: AsyncSession, now: datetime) -> tuple[datetime, datetime] | None:
    """After a restore: since when things happened that the database has lost, and until when that is to be minded.

    The hour begins with the first call, not with the restore, after which the bot may stay off for long.
    """
    value = await find(session, RESTORED)
    if value is None:
        return None
    taken_at, _, until = value.partition("|")
    if not until:
        until = (now + FIRST_HOUR).isoformat()
        await put(session, RESTORED, f"{taken_at}|{until}")
    return datetime.fromisoformat(taken_at), datetime.fromisoformat(until)
