"""Small facts that the process remembers about itself, such as which commands Discord has."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, insert_if_absent


class AppStateRow(Base):
    __tablename__ = "app_state"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(500))


async def find(session: AsyncSession, key: str) -> str | None:
    row = await session.get(AppStateRow, key)
    return row.value if row is not None else None


async def put(session: AsyncSession, key: str, value: str) -> None:
    await insert_if_absent(session, AppStateRow, [{"key": key, "value": value}], ["key"])
    row = await session.get_one(AppStateRow, key)
    row.value = value
