"""The week's wins: who likes to be shown, and the posts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.badges import HELD, BadgeAwardRow, BadgeRow
from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOTHING_PERSONAL, Personal

DIGESTS_KEPT = timedelta(days=90)


class BadgeMemberRow(Base):
    """Whether somebody likes their new badges to be told to all once a week."""

    __tablename__ = "badge_members"
    personal: ClassVar = (Personal(what=N_("Whether your new badges may be shown to all")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    shares: Mapped[bool] = mapped_column(default=False)


class BadgeDigestRow(Base):
    """A post of the week's wins: what was given from `since` until just before `until`, by who agreed to be shown."""

    __tablename__ = "badge_digests"
    personal: ClassVar = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    since: Mapped[datetime] = mapped_column()
    until: Mapped[datetime] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)

    @property
    def effect_key(self) -> str:
        return f"badges.wins:{self.id}"


async def set_shares(session: AsyncSession, guild_id: int, member_id: int, *, shares: bool) -> None:
    key = {"guild_id": guild_id, "member_id": member_id}
    if not await insert_if_absent(session, BadgeMemberRow, [key | {"shares": shares}], list(key)):
        row = await session.get_one(BadgeMemberRow, (guild_id, member_id), with_for_update=True)
        row.shares = shares


async def keep_quiet(session: AsyncSession, guild_id: int, member_id: int, *, until: datetime) -> None:
    """What somebody was given before then is in no week's wins: they had not agreed when those were posted."""
    await session.execute(
        update(BadgeAwardRow)
        .where(BadgeAwardRow.guild_id == guild_id, BadgeAwardRow.member_id == member_id)
        .where(BadgeAwardRow.at < until)
        .values(quiet=True)
        .execution_options(synchronize_session=False)
    )


async def shares(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    row = await session.get(BadgeMemberRow, (guild_id, member_id))
    return row is not None and row.shares


async def list_wins(
    session: AsyncSession, guild_id: int, *, since: datetime, until: datetime
) -> list[tuple[BadgeAwardRow, BadgeRow]]:
    """What was given in this time to people who agreed to be shown, without what is hidden or of an earlier time."""
    query = (
        select(BadgeAwardRow, BadgeRow)
        .join(BadgeRow, BadgeRow.id == BadgeAwardRow.badge_id)
        .join(
            BadgeMemberRow,
            (BadgeMemberRow.guild_id == BadgeAwardRow.guild_id)
            & (BadgeMemberRow.member_id == BadgeAwardRow.member_id),
        )
        .where(
            BadgeAwardRow.guild_id == guild_id,
            BadgeAwardRow.state == HELD,
            BadgeAwardRow.quiet.is_(False),
            BadgeAwardRow.at >= since,
            BadgeAwardRow.at < until,
            BadgeMemberRow.shares.is_(True),
            BadgeRow.hidden.is_(False),
        )
        .order_by(BadgeAwardRow.at, BadgeAwardRow.id)
    )
    return [(award, badge) for award, badge in await session.execute(query)]


async def last_digest(session: AsyncSession, guild_id: int) -> BadgeDigestRow | None:
    query = select(BadgeDigestRow).filter_by(guild_id=guild_id).order_by(BadgeDigestRow.id.desc())
    return (await session.scalars(query.limit(1))).one_or_none()


async def find_digest(session: AsyncSession, digest_id: int) -> BadgeDigestRow | None:
    return await session.get(BadgeDigestRow, digest_id)


async def list_digests(
    session: AsyncSession, guild_id: int, *, since: datetime, shows: datetime | None = None
) -> list[BadgeDigestRow]:
    """The digests since then, locked; with `shows` only those that tell of what was given at that moment."""
    query = select(BadgeDigestRow).where(BadgeDigestRow.guild_id == guild_id, BadgeDigestRow.until >= since)
    if shows is not None:
        query = query.where(BadgeDigestRow.since <= shows, BadgeDigestRow.until > shows)
    return list(await session.scalars(query.with_for_update().order_by(BadgeDigestRow.id)))
