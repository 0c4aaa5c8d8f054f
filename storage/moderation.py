"""What moderation keeps beside its cases: a community's rules and words, cards in use, and how far Discord's log was read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import String, Text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=30)


class ModerationSettingsRow(Base):
    """`rules` is {"list": [[name, points], ...]}; a warning's points stand for `points_days`. `appeal` is the community's
    own word on how somebody who was banned can appeal: a link or an address."""

    __tablename__ = "moderation_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("rules",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    points_days: Mapped[int] = mapped_column(default=90)
    appeal: Mapped[str] = mapped_column(Text, default="")


class ModerationPanelRow(Base):
    """The card on which a moderator acts on somebody. What comes of it bears `source_key`."""

    __tablename__ = "moderation_panels"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="at",
            what=N_("Cards on which a moderator looked at what to do"),
            seen_by=SeenBy.OTHERS,
        ),
        Personal(
            "opened_by",
            OnDeletion.DETACH,
            what=N_("Cards that you opened as a moderator"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake, index=True)
    opened_by: Mapped[int] = mapped_column(Snowflake)
    source_key: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column()


class PurgePlanRow(Base):
    """Messages that a moderator looked at to delete: their ids, never their words. `case_id` once it was done."""

    __tablename__ = "purge_plans"
    personal: ClassVar = (
        Personal(
            "opened_by",
            keep_for=KEPT,
            since="at",
            what=N_("Messages that you looked at to delete, by number"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("messages",)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    opened_by: Mapped[int] = mapped_column(Snowflake)
    messages: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"ids": [...]}
    at: Mapped[datetime] = mapped_column()
    case_id: Mapped[int | None] = mapped_column()


class AuditCursorRow(Base):
    """The last entry of Discord's audit log that was looked at."""

    __tablename__ = "audit_cursors"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    entry_id: Mapped[int] = mapped_column(Snowflake)


async def find_panel(session: AsyncSession, panel_id: int) -> ModerationPanelRow | None:
    return await session.get(ModerationPanelRow, panel_id)


async def lock_purge(session: AsyncSession, plan_id: int) -> PurgePlanRow | None:
    return await session.get(PurgePlanRow, plan_id, with_for_update=True, populate_existing=True)


async def find_purge(session: AsyncSession, plan_id: int) -> PurgePlanRow | None:
    return await session.get(PurgePlanRow, plan_id)


async def find_cursor(session: AsyncSession, guild_id: int) -> int | None:
    row = await session.get(AuditCursorRow, guild_id, populate_existing=True)
    return row.entry_id if row is not None else None


async def move_cursor(session: AsyncSession, guild_id: int, entry_id: int) -> None:
    """Forward only."""
    new = {"guild_id": guild_id, "entry_id": entry_id}
    await insert_if_absent(session, AuditCursorRow, [new], ["guild_id"])
    row = await session.get_one(AuditCursorRow, guild_id, with_for_update=True, populate_existing=True)
    row.entry_id = max(row.entry_id, entry_id)
