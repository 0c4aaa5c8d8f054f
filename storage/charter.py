"""A community's charter: its mission, its outcomes, its norms by version, and who agreed to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Index, String, Text, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy


class CharterRow(Base):
    """One row a community. `mission_revision` counts the changes of the mission."""

    __tablename__ = "charters"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    mission: Mapped[str | None] = mapped_column(Text)
    mission_revision: Mapped[int] = mapped_column(default=0)


class OutcomeRow(Base):
    """What the community wants to have reached by `ends_at`. `result` is set then, and stays."""

    __tablename__ = "charter_outcomes"
    personal: ClassVar = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    words: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(64))  # of the acts that are counted
    counted_by: Mapped[str] = mapped_column(String(16))
    target: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    revision: Mapped[int] = mapped_column(default=1)
    result: Mapped[int | None] = mapped_column()


class NormsRow(Base):
    """One version of the norms, one norm a line. `is_material`: people were asked to read it again."""

    __tablename__ = "charter_norms"
    personal: ClassVar = (
        Personal(
            "published_by",
            OnDeletion.DETACH,
            what=N_("Norms that you published as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (UniqueConstraint("guild_id", "version"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    version: Mapped[int] = mapped_column()
    text: Mapped[str] = mapped_column(Text)
    is_material: Mapped[bool] = mapped_column()
    published_at: Mapped[datetime] = mapped_column()
    published_by: Mapped[int] = mapped_column(Snowflake)


class AcknowledgementRow(Base):
    """Somebody agreed to a version of the norms."""

    __tablename__ = "charter_acknowledgements"
    personal: ClassVar = (Personal(what=N_("Which norms you agreed to, and when")),)
    __table_args__ = (Index("ix_charter_acknowledgements_guild_id_version", "guild_id", "version"),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column()


class DraftRow(Base):
    """What a facilitator is writing: kept while they look at what it would do, so nothing typed is lost.

    `base` is the version or revision that they saw when they began; `outcome_id` the outcome that they change.
    """

    __tablename__ = "charter_drafts"
    personal: ClassVar = (
        Personal(
            what=N_("What you were writing for the charter and did not publish"),
            keep_for=timedelta(days=7),
            since="created_at",
        ),
    )
    impersonal: ClassVar = ("typed",)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    member_id: Mapped[int] = mapped_column(Snowflake)
    part: Mapped[str] = mapped_column(String(16))
    base: Mapped[int] = mapped_column()
    outcome_id: Mapped[int | None] = mapped_column()
    typed: Mapped[dict[str, Any]] = mapped_column()
    created_at: Mapped[datetime] = mapped_column()


async def find_charter(session: AsyncSession, guild_id: int) -> CharterRow | None:
    return await session.get(CharterRow, guild_id)


async def lock_charter(session: AsyncSession, guild_id: int) -> CharterRow:
    """The community's row, made where there is none. Whoever changes anything of the charter holds it."""
    await insert_if_absent(session, CharterRow, [{"guild_id": guild_id}], ["guild_id"])
    return await session.get_one(CharterRow, guild_id, with_for_update=True, populate_existing=True)


async def list_outcomes(session: AsyncSession, guild_id: int) -> Sequence[OutcomeRow]:
    """In the order of their dates."""
    query = select(OutcomeRow).filter_by(guild_id=guild_id).order_by(OutcomeRow.ends_at, OutcomeRow.id)
    return list(await session.scalars(query))


async def find_outcome(session: AsyncSession, guild_id: int, outcome_id: int) -> OutcomeRow | None:
    query = select(OutcomeRow).filter_by(guild_id=guild_id, id=outcome_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def find_norms(session: AsyncSession, guild_id: int, version: int | None = None) -> NormsRow | None:
    """This version of the norms, or the newest."""
    query = select(NormsRow).filter_by(guild_id=guild_id)
    if version is not None:
        query = query.filter_by(version=version)
    return await session.scalar(query.order_by(NormsRow.version.desc()).limit(1))


async def material_version(session: AsyncSession, guild_id: int) -> int:
    """The newest version that people were asked to read; 0 where there are no norms."""
    query = select(func.max(NormsRow.version)).filter_by(guild_id=guild_id, is_material=True)
    return await session.scalar(query) or 0


async def find_acknowledgement(
    session: AsyncSession, guild_id: int, member_id: int
) -> AcknowledgementRow | None:
    """The newest of this member."""
    query = select(AcknowledgementRow).filter_by(guild_id=guild_id, member_id=member_id)
    return await session.scalar(query.order_by(AcknowledgementRow.version.desc()).limit(1))


async def add_acknowledgement(
    session: AsyncSession, guild_id: int, member_id: int, *, version: int, at: datetime
) -> bool:
    """Write it down. False when it stands already."""
    key = {"guild_id": guild_id, "member_id": member_id, "version": version}
    return bool(await insert_if_absent(session, AcknowledgementRow, [key | {"at": at}], list(key)))


async def count_acknowledgements(session: AsyncSession, guild_id: int, *, from_version: int) -> int:
    """How many people agreed to this version or a later one."""
    query = select(func.count(AcknowledgementRow.member_id.distinct())).where(
        AcknowledgementRow.guild_id == guild_id, AcknowledgementRow.version >= from_version
    )
    return await session.scalar(query) or 0


async def find_draft(session: AsyncSession, guild_id: int, member_id: int, draft_id: int) -> DraftRow | None:
    """The draft, if it is this member's."""
    query = select(DraftRow).filter_by(guild_id=guild_id, member_id=member_id, id=draft_id)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
