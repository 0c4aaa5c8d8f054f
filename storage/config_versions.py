"""Configuration files: what was given and waits for a press, and what was applied, with what stood before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import N_, OnDeletion, Personal, SeenBy


class ConfigVersionRow(Base):
    """A file. It waits until `applied_at` is set; then `before` holds, as a file too, what it replaced.

    `base` is a hash of the configuration with which it was compared last. `undoes` is the version whose `before` this
    is, for a roll back. `changes` is how many there were. `file` is what the person called it.
    """

    __tablename__ = "config_versions"
    personal: ClassVar = (
        Personal(
            "member_id",
            OnDeletion.DETACH,
            what=N_("Configuration files that you brought as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (Index("ix_config_versions_guild_id_id", "guild_id", "id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    file: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    base: Mapped[str] = mapped_column(String(64))
    undoes: Mapped[int | None] = mapped_column()
    before: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column()
    applied_at: Mapped[datetime | None] = mapped_column()


async def find_version(session: AsyncSession, guild_id: int, version_id: int) -> ConfigVersionRow | None:
    """The version of this community, as it stands now."""
    query = select(ConfigVersionRow).filter_by(guild_id=guild_id, id=version_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_applied(session: AsyncSession, guild_id: int) -> Sequence[ConfigVersionRow]:
    """Those that were applied, the latest first."""
    query = select(ConfigVersionRow).filter_by(guild_id=guild_id)
    query = query.where(ConfigVersionRow.applied_at.is_not(None))
    return list(
        await session.scalars(query.order_by(ConfigVersionRow.applied_at.desc(), ConfigVersionRow.id.desc()))
    )


async def remove_old(session: AsyncSession, guild_id: int, *, keep: int, waiting_since: datetime) -> None:
    """Remove what was applied before the latest `keep`, and what has waited in vain since before an instant."""
    old = [row.id for row in (await list_applied(session, guild_id))[keep:]]
    waited = (
        (ConfigVersionRow.guild_id == guild_id)
        & ConfigVersionRow.applied_at.is_(None)
        & (ConfigVersionRow.made_at < waiting_since)
    )
    await session.execute(delete(ConfigVersionRow).where(waited | ConfigVersionRow.id.in_(old)))
