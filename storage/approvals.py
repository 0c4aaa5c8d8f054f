"""What one moderator proposed and a second one decides on, and what a community set for the safety of both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Index, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import ANYWHERE, N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=730)


class SafetySettingsRow(Base):
    """`log_channel_id` is where cases and proposals are shown to staff; who is restricted has
    `restrict_role_id`; the caps are how many people one moderator may kick or ban in ten minutes and in an
    hour before a second one is asked."""

    __tablename__ = "safety_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    log_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    restrict_role_id: Mapped[int | None] = mapped_column(Snowflake)
    cap_short: Mapped[int] = mapped_column(default=10)
    cap_hour: Mapped[int] = mapped_column(default=30)


class ProposalRow(Base):
    """`kind` says who performs it, `payload` what; it is `decision` "confirmed" or "declined" once `decided_by` somebody."""

    __tablename__ = "proposals"
    personal: ClassVar = (
        *(
            Personal(
                column,
                OnDeletion.DETACH,
                keep_for=KEPT,
                since="made_at",
                what=N_("What you proposed or confirmed as a moderator"),
                seen_by=SeenBy.STAFF,
                mention=True,
            )
            for column in ("proposed_by", "decided_by")
        ),
        Personal(
            f"payload.{ANYWHERE}",
            OnDeletion.DETACH,
            what=N_("Proposals of moderators about you"),
            seen_by=SeenBy.OTHERS,
            mention=True,
        ),
    )
    __table_args__ = (Index("ix_proposals_guild_id", "guild_id", "made_at"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    proposed_by: Mapped[int] = mapped_column(Snowflake)
    made_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    decided_by: Mapped[int | None] = mapped_column(Snowflake)
    decided_at: Mapped[datetime | None] = mapped_column()
    decision: Mapped[str | None] = mapped_column(String(16))


async def find(session: AsyncSession, proposal_id: int) -> ProposalRow | None:
    return await session.get(ProposalRow, proposal_id, populate_existing=True)


async def lock(session: AsyncSession, proposal_id: int) -> ProposalRow | None:
    """The proposal, kept from others until the end of this writing transaction."""
    return await session.get(ProposalRow, proposal_id, with_for_update=True, populate_existing=True)


async def count_open(session: AsyncSession, guild_id: int, now: datetime) -> int:
    query = select(func.count()).select_from(ProposalRow)
    query = query.where(ProposalRow.guild_id == guild_id, ProposalRow.decided_at.is_(None))
    return await session.scalar(query.where(ProposalRow.expires_at > now)) or 0
