"""What members say is wrong with the bot, until staff have seen it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Index, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import N_, Personal


class SupportReportRow(Base):
    __tablename__ = "support_reports"
    personal: ClassVar = (
        Personal(
            what=N_("What you reported to the people who run me"), keep_for=timedelta(days=365), since="at"
        ),
    )
    __table_args__ = (Index("ix_support_reports_member", "guild_id", "member_id", "at"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    text: Mapped[str] = mapped_column(Text)


async def count_since(session: AsyncSession, guild_id: int, member_id: int, since: datetime) -> int:
    query = select(func.count()).where(
        SupportReportRow.guild_id == guild_id,
        SupportReportRow.member_id == member_id,
        SupportReportRow.at > since,
    )
    return await session.scalar(query) or 0


async def find_report(session: AsyncSession, report_id: int) -> SupportReportRow | None:
    return await session.get(SupportReportRow, report_id)
