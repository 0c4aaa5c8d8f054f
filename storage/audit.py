"""What staff changed: one row a change, never altered. Who, what, before, after, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Index, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import ANYWHERE, N_, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=730)
_ANSWERABLE = N_("what staff did stays answerable to the community")


class AuditRow(Base):
    """`what` is a gettext id and `fields` what stands in its braces; `area` is the word after /manage."""

    __tablename__ = "audit"
    personal: ClassVar = (
        Personal(
            "actor_id",
            OnDeletion.KEEP,
            why=_ANSWERABLE,
            keep_for=KEPT,
            since="at",
            what=N_("Changes that you made as staff, in the record of changes"),
            seen_by=SeenBy.STAFF,
        ),
        *(
            Personal(
                f"{column}.{ANYWHERE}",
                OnDeletion.DETACH,
                what=N_("Changes by staff that concern you, in the record of changes"),
                seen_by=SeenBy.STAFF,
                mention=True,
            )
            for column in ("fields", "before", "after")
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    actor_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    area: Mapped[str] = mapped_column(String(32))
    what: Mapped[str] = mapped_column(String(200))
    fields: Mapped[dict[str, Any]] = mapped_column()
    before: Mapped[dict[str, Any]] = mapped_column()
    after: Mapped[dict[str, Any]] = mapped_column()
    why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_audit_guild_id_id", "guild_id", "id"),)


async def add_audit(session: AsyncSession, row: AuditRow) -> AuditRow:
    session.add(row)
    await session.flush()
    return row


async def list_audit(
    session: AsyncSession,
    guild_id: int,
    *,
    actor_id: int | None = None,
    area: str | None = None,
    before_id: int | None = None,
    limit: int = 10,
) -> Sequence[AuditRow]:
    """The newest changes first, of one person or area if given, older than `before_id`."""
    wanted: Mapping[str, Any] = {
        name: value for name, value in (("actor_id", actor_id), ("area", area)) if value is not None
    }
    query = select(AuditRow).filter_by(guild_id=guild_id, **wanted)
    if before_id is not None:
        query = query.where(AuditRow.id < before_id)
    return list(await session.scalars(query.order_by(AuditRow.id.desc()).limit(limit)))


async def find_audit(session: AsyncSession, guild_id: int, audit_id: int) -> AuditRow | None:
    query = select(AuditRow).filter_by(guild_id=guild_id, id=audit_id)
    return (await session.scalars(query)).one_or_none()


async def list_areas(session: AsyncSession, guild_id: int) -> list[str]:
    """The areas in which something was changed, in order."""
    query = select(AuditRow.area).filter_by(guild_id=guild_id).distinct().order_by(AuditRow.area)
    return list(await session.scalars(query))
