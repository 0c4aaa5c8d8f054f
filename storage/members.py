"""People in a community, and how they wish to be reached. One row a member and Discord server."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, Personal


class MemberRow(Base):
    __tablename__ = "members"
    personal: ClassVar = (
        Personal(what=N_("How I may reach you: language, time zone, private messages, quiet hours, pause")),
    )

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    locale: Mapped[str | None] = mapped_column(String(16))  # what their Discord is set to, when last seen
    language: Mapped[str | None] = mapped_column(String(16))  # what they chose instead
    zone: Mapped[str | None] = mapped_column(String(64))  # an IANA name; the guild's zone when not told
    dm_allowed: Mapped[bool] = mapped_column(default=False)
    quiet_from: Mapped[int | None] = mapped_column()  # minutes after local midnight
    quiet_until: Mapped[int | None] = mapped_column()
    paused_until: Mapped[datetime | None] = mapped_column()  # `bot.notify_rules.UNTIL_I_RETURN` has no end
    daily_limit: Mapped[int | None] = mapped_column()  # pings a day; the guild's budget when not told


async def find_member(session: AsyncSession, guild_id: int, member_id: int) -> MemberRow | None:
    return await session.get(MemberRow, (guild_id, member_id))


async def list_members(
    session: AsyncSession, guild_id: int, member_ids: Collection[int]
) -> dict[int, MemberRow]:
    """Those of them who have a row, by member id."""
    query = select(MemberRow).where(MemberRow.guild_id == guild_id, MemberRow.member_id.in_(member_ids))
    return {row.member_id: row for row in await session.scalars(query)}


async def list_languages(session: AsyncSession) -> list[tuple[int, int, str]]:
    """Guild, member and language of everybody who chose one."""
    query = select(MemberRow.guild_id, MemberRow.member_id, MemberRow.language)
    rows = await session.execute(query.where(MemberRow.language.is_not(None)))
    return [(guild_id, member_id, language or "") for guild_id, member_id, language in rows]


async def change_member(session: AsyncSession, guild_id: int, member_id: int, **changes: Any) -> MemberRow:
    """Write the changes to the member's row, making it first where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, MemberRow, [key], list(key))
    # Read anew: a copy that this transaction had read before the lock may be out of date.
    await session.flush()
    row = await session.get_one(
        MemberRow, (guild_id, member_id), with_for_update=True, populate_existing=True
    )
    for name, value in changes.items():
        setattr(row, name, value)
    await session.flush()
    return row
