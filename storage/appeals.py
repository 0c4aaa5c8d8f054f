"""Appeals of members against cases, and what was decided about each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=730)
OPEN = "open"


class AppealSettingsRow(Base):
    """In days: within what time a case can be appealed, after what time once again, and when staff promise to decide."""

    __tablename__ = "appeal_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    within_days: Mapped[int] = mapped_column(default=30)
    again_days: Mapped[int] = mapped_column(default=14)
    promise_days: Mapped[int] = mapped_column(default=7)


class AppealRow(Base):
    """One appeal. `state` is one of `cogs.appeals.rules.State`; `open_case_id` is the case while it is open, so that there
    is one at a time. `answer` is what the member reads; `own_case`: the case's moderator decided, there being no other."""

    __tablename__ = "appeals"
    personal: ClassVar = (
        Personal(
            what=N_("Your appeals, and what was decided about them"),
            keep_for=KEPT,
            since="decided_at",
            seen_by=SeenBy.STAFF,
            hides=("decided_by", "own_case"),
        ),
        Personal(
            "decided_by",
            OnDeletion.DETACH,
            what=N_("Appeals that you decided as a moderator"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )
    __table_args__ = (
        Index("ix_appeals_guild_id", "guild_id", "state"),
        Index("ix_appeals_member", "guild_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    open_case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    member_id: Mapped[int] = mapped_column(Snowflake)
    words: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default=OPEN)
    at: Mapped[datetime] = mapped_column()
    due_at: Mapped[datetime] = mapped_column()
    decided_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    decided_at: Mapped[datetime | None] = mapped_column()
    answer: Mapped[str | None] = mapped_column(Text)
    own_case: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=0)


async def find_appeal(session: AsyncSession, appeal_id: int) -> AppealRow | None:
    return await session.get(AppealRow, appeal_id, populate_existing=True)


async def lock_appeal(session: AsyncSession, appeal_id: int) -> AppealRow | None:
    """The appeal, kept from others until the end of this writing transaction."""
    return await session.get(AppealRow, appeal_id, with_for_update=True, populate_existing=True)


async def list_of_case(session: AsyncSession, case_id: int) -> Sequence[AppealRow]:
    """All of one case, the earliest first."""
    query = select(AppealRow).filter_by(case_id=case_id).order_by(AppealRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_of_member(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[AppealRow]:
    query = select(AppealRow).filter_by(guild_id=guild_id, member_id=member_id).order_by(AppealRow.id)
    return list(await session.scalars(query))


async def list_open(session: AsyncSession, guild_id: int) -> Sequence[AppealRow]:
    """Those that wait, the longest waiting first."""
    query = select(AppealRow).filter_by(guild_id=guild_id, state=OPEN).order_by(AppealRow.id)
    return list(await session.scalars(query))


async def list_for_figures(
    session: AsyncSession, guild_id: int, since: datetime
) -> list[tuple[str, str, datetime, datetime | None]]:
    """Kind of the case, state, made and decided at, of all since then."""
    query = select(AppealRow.kind, AppealRow.state, AppealRow.at, AppealRow.decided_at)
    found = await session.execute(query.where(AppealRow.guild_id == guild_id, AppealRow.at > since))
    return [(kind, state, at, decided_at) for kind, state, at, decided_at in found]
