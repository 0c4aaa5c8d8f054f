"""What members say about themselves, so that they are met where they are. One row a member and Discord server."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, Personal, SeenBy


class ProfileRow(Base):
    """All of it is given by the member and may be left open. `languages` are ISO 639 codes with commas between."""

    __tablename__ = "profiles"
    personal: ClassVar = (
        Personal(
            what=N_("What you said about yourself: goal, level, hours a week, languages, feedback"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    goal: Mapped[str | None] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(String(16))
    hours_a_week: Mapped[int | None] = mapped_column()
    languages: Mapped[str] = mapped_column(String(100), default="")
    feedback: Mapped[str | None] = mapped_column(String(16))
    updated_at: Mapped[datetime | None] = mapped_column()


async def find_profile(session: AsyncSession, guild_id: int, member_id: int) -> ProfileRow | None:
    return await session.get(ProfileRow, (guild_id, member_id))


async def list_profiles(
    session: AsyncSession, guild_id: int, member_ids: Collection[int]
) -> list[ProfileRow]:
    query = select(ProfileRow).where(ProfileRow.guild_id == guild_id, ProfileRow.member_id.in_(member_ids))
    return list(await session.scalars(query.order_by(ProfileRow.member_id)))


async def change_profile(session: AsyncSession, guild_id: int, member_id: int, **changes: Any) -> ProfileRow:
    """Write the changes to the member's profile, making it first where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, ProfileRow, [key], list(key))
    await session.flush()
    row = await session.get_one(
        ProfileRow, (guild_id, member_id), with_for_update=True, populate_existing=True
    )
    for name, value in changes.items():
        setattr(row, name, value)
    await session.flush()
    return row
