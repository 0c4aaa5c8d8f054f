"""What people promised out loud, until when, how it went, and who cheers them on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.outbox import OutboxRow
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy

KEPT = timedelta(days=365)
OPEN = "open"
_CARD = "promises.post:"


def card_key(promise_id: int) -> str:
    return f"{_CARD}{promise_id}"


class PromiseSettingsRow(Base):
    """`channel_id` is where promises are posted; without one, where each was made."""

    __tablename__ = "promise_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)


class PromiseRow(Base):
    """A promise. `channel_id` is where it was posted, or made when it is private.

    `due_at` is when it is asked about (UTC), `nominal` the same by its maker's clock in `zone`; empty for what was typed
    as a span of time. `moves` counts how often it was moved, `version` the changes of its card. `public` means that it
    has a card in the channel.
    """

    __tablename__ = "promises"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="closed_at",
            what=N_("Promises that you made, and how they went"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (Index("ix_promises_guild_id_member_id_state", "guild_id", "member_id", "state"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default=OPEN)
    public: Mapped[bool] = mapped_column()
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    due_at: Mapped[datetime] = mapped_column()
    nominal: Mapped[str | None] = mapped_column(String(32))
    zone: Mapped[str] = mapped_column(String(64))
    moves: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column()
    asked_at: Mapped[datetime | None] = mapped_column()
    closed_at: Mapped[datetime | None] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))

    @property
    def effect_key(self) -> str:
        """The key of the effect that posts its card."""
        return card_key(self.id)


class PromiseCheerRow(Base):
    """Somebody cheers a promise on."""

    __tablename__ = "promise_cheers"
    personal: ClassVar = (Personal(what=N_("Whose promises you cheer on"), seen_by=SeenBy.COMMUNITY),)
    __table_args__ = (
        UniqueConstraint("promise_id", "member_id"),
        Index("ix_promise_cheers_guild_id_member_id", "guild_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    promise_id: Mapped[int] = mapped_column(ForeignKey("promises.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()


async def find_promise(session: AsyncSession, promise_id: int) -> PromiseRow | None:
    return await session.get(PromiseRow, promise_id)


async def lock_promise(session: AsyncSession, promise_id: int) -> PromiseRow | None:
    """The promise as it stands now, kept from others until the end of this writing transaction."""
    return await session.get(PromiseRow, promise_id, with_for_update=True, populate_existing=True)


async def list_open(session: AsyncSession, guild_id: int, member_id: int) -> list[PromiseRow]:
    """Somebody's open promises, the nearest first."""
    query = select(PromiseRow).filter_by(guild_id=guild_id, member_id=member_id, state=OPEN)
    return list(await session.scalars(query.order_by(PromiseRow.due_at, PromiseRow.id)))


async def list_due(session: AsyncSession, guild_id: int, now: datetime) -> list[PromiseRow]:
    """The open promises of a community whose time has come."""
    query = select(PromiseRow).where(
        PromiseRow.guild_id == guild_id, PromiseRow.state == OPEN, PromiseRow.due_at <= now
    )
    return list(await session.scalars(query.order_by(PromiseRow.id)))


async def list_public(
    session: AsyncSession, guild_id: int, *, limit: int | None = None, since: datetime | None = None
) -> list[PromiseRow]:
    """Promises with a card in a channel, the newest first; made since then."""
    query = select(PromiseRow).filter_by(guild_id=guild_id, public=True)
    if since is not None:
        query = query.where(PromiseRow.made_at >= since)
    return list(await session.scalars(query.order_by(PromiseRow.id.desc()).limit(limit)))


async def list_in_channel(session: AsyncSession, guild_id: int, channel_id: int) -> list[PromiseRow]:
    """Those that name this channel and are open or have a card there."""
    query = select(PromiseRow).where(
        PromiseRow.guild_id == guild_id,
        PromiseRow.channel_id == channel_id,
        (PromiseRow.state == OPEN) | PromiseRow.public,
    )
    return list(await session.scalars(query.order_by(PromiseRow.id).with_for_update()))


async def list_channels(session: AsyncSession, guild_id: int) -> set[int]:
    """The channels that open promises name."""
    query = select(PromiseRow.channel_id).filter_by(guild_id=guild_id, state=OPEN).distinct()
    return {each for each in await session.scalars(query) if each is not None}


async def list_all_channels(session: AsyncSession) -> set[int]:
    """The channels of every community in which a promise has a card: read once at start."""
    query = select(PromiseRow.channel_id).filter_by(public=True).distinct()
    return {each for each in await session.scalars(query) if each is not None}


async def find_by_message(
    session: AsyncSession, guild_id: int, channel_id: int, message_ids: Collection[int]
) -> list[int]:
    """The ids of the promises whose cards these messages are."""
    query = select(OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.channel_id == channel_id,
        OutboxRow.result_id.in_(message_ids),
        OutboxRow.key.startswith(_CARD, autoescape=True),
    )
    return [int(arguments["promise_id"]) for arguments in await session.scalars(query)]


async def find_card(session: AsyncSession, promise_id: int) -> int | None:
    """The id of the message that is a promise's card."""
    return await session.scalar(select(OutboxRow.result_id).where(OutboxRow.key == card_key(promise_id)))


async def add_cheer(session: AsyncSession, row: PromiseRow, member_id: int, at: datetime) -> bool:
    """Whether it is new."""
    values = {"guild_id": row.guild_id, "promise_id": row.id, "member_id": member_id, "at": at}
    return bool(await insert_if_absent(session, PromiseCheerRow, [values], ["promise_id", "member_id"]))


async def list_cheers(session: AsyncSession, promise_id: int) -> list[int]:
    """Who cheers, the first first."""
    query = select(PromiseCheerRow.member_id).filter_by(promise_id=promise_id)
    return list(await session.scalars(query.order_by(PromiseCheerRow.id)))


async def has_cheered(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether one of these two cheered on a promise of the other."""
    query = (
        select(PromiseCheerRow.id)
        .join(PromiseRow, PromiseRow.id == PromiseCheerRow.promise_id)
        .where(
            PromiseCheerRow.guild_id == guild_id,
            or_(
                (PromiseCheerRow.member_id == one) & (PromiseRow.member_id == other),
                (PromiseCheerRow.member_id == other) & (PromiseRow.member_id == one),
            ),
        )
        .limit(1)
    )
    return await session.scalar(query) is not None
