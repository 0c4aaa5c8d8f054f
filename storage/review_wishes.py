"""How a community wants its reviews, and how many reviews each of its members takes."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, Personal


class ReviewSettingsRow(Base):
    """What a community chose. Hours count from when somebody was given a review; a `confirm_hours` of 0 is never.

    `only_trained`: nobody without the licence is given a review, or may take one.
    """

    __tablename__ = "review_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    duty_role_id: Mapped[int | None] = mapped_column(Snowflake)
    per_work: Mapped[int] = mapped_column(default=2)
    mode: Mapped[str] = mapped_column(String(16), default="open")
    rubric: Mapped[str] = mapped_column(String(30), default="any-work")
    first_nudge_hours: Mapped[int] = mapped_column(default=24)
    second_nudge_hours: Mapped[int] = mapped_column(default=48)
    release_hours: Mapped[int] = mapped_column(default=72)
    duty_hours: Mapped[int] = mapped_column(default=48)
    confirm_hours: Mapped[int] = mapped_column(default=0)
    only_trained: Mapped[bool] = mapped_column(default=False)


class ReviewAvailabilityRow(Base):
    """How many reviews a week somebody takes at most, and on which days they like to be asked: bit 0 is Monday.

    `volunteers`: they may be given reviews of rounds in which they have no work.
    """

    __tablename__ = "review_availability"
    personal: ClassVar = (Personal(what=N_("How many reviews a week you take, and on which days")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    per_week: Mapped[int] = mapped_column()
    weekdays: Mapped[int] = mapped_column()
    volunteers: Mapped[bool] = mapped_column(default=False)


async def find_availability(
    session: AsyncSession, guild_id: int, member_id: int
) -> ReviewAvailabilityRow | None:
    return await session.get(ReviewAvailabilityRow, (guild_id, member_id), populate_existing=True)


async def list_availability(session: AsyncSession, guild_id: int) -> dict[int, ReviewAvailabilityRow]:
    query = select(ReviewAvailabilityRow).filter_by(guild_id=guild_id)
    return {each.member_id: each for each in await session.scalars(query)}


async def set_availability(
    session: AsyncSession, guild_id: int, member_id: int, *, per_week: int, weekdays: int, volunteers: bool
) -> None:
    key = {"guild_id": guild_id, "member_id": member_id}
    values = {"per_week": per_week, "weekdays": weekdays, "volunteers": volunteers}
    if not await insert_if_absent(session, ReviewAvailabilityRow, [key | values], list(key)):
        row = await find_availability(session, guild_id, member_id)
        assert row is not None
        row.per_week, row.weekdays, row.volunteers = per_week, weekdays, volunteers
        await session.flush()
