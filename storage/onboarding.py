"""Newcomers and their first quest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.acts import ActRow
from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy


class OnboardingSettingsRow(Base):
    __tablename__ = "onboarding_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    welcome_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    introductions_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    wins_channel_id: Mapped[int | None] = mapped_column(Snowflake)
    finished_role_id: Mapped[int | None] = mapped_column(Snowflake)


class NewcomerRow(Base):
    """Somebody who joined while Lyceum was here. `pending`: the server's rules are not accepted yet."""

    __tablename__ = "onboarding_newcomers"
    personal: ClassVar = (Personal(what=N_("When you joined, and left if you did")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    joined_at: Mapped[datetime] = mapped_column()
    pending: Mapped[bool] = mapped_column()
    left_at: Mapped[datetime | None] = mapped_column()


class QuestRow(Base):
    """A member's first quest. `run` counts how often it was begun.

    `started_at` is when the present run began: for a newcomer the moment of joining, since a hello counts from
    then on; for others their first press of Start; after that the moment of beginning anew.
    """

    __tablename__ = "onboarding_quests"
    personal: ClassVar = (
        Personal(what=N_("Your first quest: your goal and how far you are"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (UniqueConstraint("guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    run: Mapped[int] = mapped_column(default=1)
    goal: Mapped[str | None] = mapped_column(Text)
    share_win: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime | None] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()
    steps: Mapped[list[QuestStepRow]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="QuestStepRow.step"
    )


class QuestStepRow(Base):
    """A step that was done or skipped in the present run."""

    __tablename__ = "onboarding_quest_steps"
    personal: ClassVar = (Personal(through="quest_id", what=N_("The steps of your first quest")),)

    quest_id: Mapped[int] = mapped_column(
        ForeignKey("onboarding_quests.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


async def find_newcomer(session: AsyncSession, guild_id: int, member_id: int) -> NewcomerRow | None:
    return await session.get(NewcomerRow, (guild_id, member_id))


async def lock_newcomer(session: AsyncSession, guild_id: int, member_id: int) -> NewcomerRow | None:
    """The newcomer as they stand now, kept from others until the end of this writing transaction."""
    return await session.get(NewcomerRow, (guild_id, member_id), with_for_update=True, populate_existing=True)


async def add_newcomer(
    session: AsyncSession, guild_id: int, member_id: int, *, joined_at: datetime, pending: bool
) -> bool:
    """Insert the newcomer. False when they are known already."""
    row = {
        "guild_id": guild_id,
        "member_id": member_id,
        "joined_at": joined_at,
        "pending": pending,
    }
    return bool(await insert_if_absent(session, NewcomerRow, [row], ["guild_id", "member_id"]))


async def list_newcomers(session: AsyncSession, guild_id: int) -> Sequence[NewcomerRow]:
    return list(await session.scalars(select(NewcomerRow).filter_by(guild_id=guild_id)))


async def get_quest(session: AsyncSession, guild_id: int, member_id: int) -> QuestRow:
    """The member's quest, locked; made first where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, QuestRow, [key], list(key))
    return (await session.scalars(select(QuestRow).filter_by(**key).with_for_update(of=QuestRow))).one()


async def find_quest(session: AsyncSession, guild_id: int, member_id: int) -> QuestRow | None:
    query = select(QuestRow).filter_by(guild_id=guild_id, member_id=member_id)
    return (await session.scalars(query)).one_or_none()


async def find_quest_by_id(session: AsyncSession, quest_id: int) -> QuestRow | None:
    return await session.get(QuestRow, quest_id)


async def list_unfinished(session: AsyncSession) -> Sequence[QuestRow]:
    """Every quest that is not finished, of members who are still here: read once at start."""
    gone = select(NewcomerRow.member_id).where(
        NewcomerRow.guild_id == QuestRow.guild_id,
        NewcomerRow.member_id == QuestRow.member_id,
        NewcomerRow.left_at.is_not(None),
    )
    return list(await session.scalars(select(QuestRow).where(QuestRow.finished_at.is_(None), ~gone.exists())))


async def has_act(session: AsyncSession, guild_id: int, member_id: int, kind: str) -> bool:
    """Whether an act of this kind by the member stands."""
    query = select(ActRow.id).filter_by(guild_id=guild_id, member_id=member_id, kind=kind, retracted_at=None)
    return await session.scalar(query.limit(1)) is not None
