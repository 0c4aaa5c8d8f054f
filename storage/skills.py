"""How sure members feel, in their own judgement: a baseline and what they say later. One row a time of asking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, Personal


class SkillCheckinRow(Base):
    """Never overwritten. `answers` holds the statements as they were asked, each with 1 to 5."""

    __tablename__ = "skill_checkins"
    personal: ClassVar = (Personal(what=N_("How sure you said you feel about your skills, and when")),)
    impersonal: ClassVar = ("answers",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # 0 is the baseline
    taken_at: Mapped[datetime] = mapped_column()
    answers: Mapped[dict[str, Any]] = mapped_column()


class SkillSettingsRow(Base):
    """The five statements of a community; NULL is the one that ships with Lyceum."""

    __tablename__ = "skill_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    statement_1: Mapped[str | None] = mapped_column(String(100))
    statement_2: Mapped[str | None] = mapped_column(String(100))
    statement_3: Mapped[str | None] = mapped_column(String(100))
    statement_4: Mapped[str | None] = mapped_column(String(100))
    statement_5: Mapped[str | None] = mapped_column(String(100))


async def list_checkins(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[SkillCheckinRow]:
    """The oldest first."""
    query = select(SkillCheckinRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(SkillCheckinRow.number)))


async def add_checkin(
    session: AsyncSession,
    guild_id: int,
    member_id: int,
    *,
    number: int,
    taken_at: datetime,
    answers: dict[str, Any],
) -> bool:
    """Insert it unless this number is taken."""
    key = {"guild_id": guild_id, "member_id": member_id, "number": number}
    values = key | {"taken_at": taken_at, "answers": answers}
    return bool(await insert_if_absent(session, SkillCheckinRow, [values], list(key)))
