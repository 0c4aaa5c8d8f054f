"""What was kept of members' messages for moderators to judge by: the words for a time, the facts as long as their case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Index, String, Text, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.personal import N_, Personal, SeenBy

KEPT = timedelta(days=730)


class EvidenceRow(Base):
    """One message. `owner` is "case" or "report" with the row's id; `attachments` has the names of its files.

    At `purge_at` its words and names of files are emptied (`purged_at`); author, place and time stay."""

    __tablename__ = "evidence"
    personal: ClassVar = (
        Personal(
            "author_id",
            keep_for=KEPT,
            since="taken_at",
            what=N_("Messages of yours that moderators keep as evidence for some weeks"),
            seen_by=SeenBy.STAFF,
            # A message that was reported would tell that somebody reported it, and when.
            withheld=("owner", "report"),
        ),
    )
    impersonal: ClassVar = ("attachments",)
    __table_args__ = (
        Index("ix_evidence_owner", "owner", "owner_id"),
        Index("ix_evidence_purge_at", "purge_at"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    owner: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[int] = mapped_column()
    author_id: Mapped[int] = mapped_column(Snowflake)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    text: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"names": [...]}
    link: Mapped[str | None] = mapped_column(String(200))
    taken_at: Mapped[datetime] = mapped_column()
    purge_at: Mapped[datetime] = mapped_column()
    purged_at: Mapped[datetime | None] = mapped_column()


async def list_of(session: AsyncSession, owner: str, owner_id: int) -> list[EvidenceRow]:
    query = select(EvidenceRow).filter_by(owner=owner, owner_id=owner_id).order_by(EvidenceRow.id)
    return list(await session.scalars(query))


async def list_owned_of(session: AsyncSession, owner: str, guild_id: int, author_id: int) -> list[int]:
    """The cases, or reports, for which messages of this person are kept."""
    query = select(EvidenceRow.owner_id).filter_by(owner=owner, guild_id=guild_id, author_id=author_id)
    return sorted(set(await session.scalars(query)))


async def purge_due(session: AsyncSession, now: datetime, limit: int) -> list[tuple[str, int]]:
    """Empty the words whose time is over, at most `limit`. Returns whose evidence each was."""
    due = (
        select(EvidenceRow.id, EvidenceRow.owner, EvidenceRow.owner_id)
        .where(EvidenceRow.purge_at <= now, EvidenceRow.purged_at.is_(None))
        .order_by(EvidenceRow.id)
        .limit(limit)
    )
    found = list(await session.execute(due))
    ids = [id_ for id_, _, _ in found]
    if ids:
        emptied = update(EvidenceRow).where(EvidenceRow.id.in_(ids))
        await session.execute(
            emptied.values(text=None, attachments={}, purged_at=now),
            execution_options={"synchronize_session": False},
        )
    return [(owner, owner_id) for _, owner, owner_id in found]


async def keep_until(
    session: AsyncSession, guild_id: int, owner: str, owner_id: int, until: datetime
) -> None:
    """Empty the words at another time, where they are still there."""
    statement = update(EvidenceRow).where(
        EvidenceRow.guild_id == guild_id, EvidenceRow.owner == owner, EvidenceRow.owner_id == owner_id
    )
    await session.execute(
        statement.where(EvidenceRow.purged_at.is_(None)).values(purge_at=until),
        execution_options={"synchronize_session": False},
    )
