"""Rituals: what recurs in a community, where and from which template. When is a row of `storage/schedules.py`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import N_, OnDeletion, Personal, SeenBy


class RitualRow(Base):
    __tablename__ = "rituals"
    personal: ClassVar = (
        Personal("owner_id", OnDeletion.DETACH, what=N_("Rituals that you added"), seen_by=SeenBy.STAFF),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    template: Mapped[str] = mapped_column(String(64))
    channel_id: Mapped[int] = mapped_column(Snowflake)
    owner_id: Mapped[int] = mapped_column(Snowflake)  # who added it: personal data, kept without the name
    schedule_id: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()


async def list_rituals(session: AsyncSession, guild_id: int) -> list[RitualRow]:
    query = select(RitualRow).filter_by(guild_id=guild_id).order_by(RitualRow.id)
    return list(await session.scalars(query))


async def find_ritual(session: AsyncSession, ritual_id: int) -> RitualRow | None:
    return await session.get(RitualRow, ritual_id)
