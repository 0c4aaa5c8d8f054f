"""Thanks with a reason: who thanked whom for what, and whether it may be quoted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake
from storage.outbox import OutboxRow
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy

ENDED_KEPT = timedelta(days=90)
STANDING = "standing"
_POST = "kudos.post:"


def post_key(kudos_id: int) -> str:
    return f"{_POST}{kudos_id}"


class KudosSettingsRow(Base):
    """`channel_id` is where kudos are posted, None nowhere. `tags` are the community's own, a line each; None ours."""

    __tablename__ = "kudos_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    a_day: Mapped[int] = mapped_column(default=5)
    rest_hours: Mapped[int] = mapped_column(default=24)
    tags: Mapped[str | None] = mapped_column(Text)


class KudosRow(Base):
    """One thank-you. `member_id` is who received it; `tags` has a line for each.

    `channel_id` and `message_id` are the message that it is about. `state` is one of `cogs.kudos.rules.State`; what is not
    standing any more has no text, and is kept for a while only so that quotas hold. `quote_giver` and `quote_receiver` say
    who of the two allows quoting it, `picked_at` that staff chose it.
    """

    __tablename__ = "kudos"
    personal: ClassVar = (
        Personal(
            "giver_id",
            keep_for=ENDED_KEPT,
            since="ended_at",
            what=N_("Whom you gave kudos, and what for"),
            seen_by=SeenBy.COMMUNITY,
        ),
        Personal(
            keep_for=ENDED_KEPT,
            since="ended_at",
            what=N_("Kudos that you were given, and what for"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (
        Index("ix_kudos_guild_id_at", "guild_id", "at"),
        Index("ix_kudos_guild_id_giver_id_at", "guild_id", "giver_id", "at"),
        Index("ix_kudos_guild_id_member_id_at", "guild_id", "member_id", "at"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    giver_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    text: Mapped[str] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text, default="")
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    state: Mapped[str] = mapped_column(String(16), default=STANDING)
    at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    quote_giver: Mapped[bool] = mapped_column(default=False)
    quote_receiver: Mapped[bool] = mapped_column(default=False)
    picked_at: Mapped[datetime | None] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


async def find_kudos(session: AsyncSession, kudos_id: int) -> KudosRow | None:
    return await session.get(KudosRow, kudos_id)


async def lock_kudos(session: AsyncSession, kudos_id: int) -> KudosRow | None:
    """The kudos as it stands now, kept from others until the end of this writing transaction."""
    return await session.get(KudosRow, kudos_id, with_for_update=True, populate_existing=True)


async def count_given(session: AsyncSession, guild_id: int, giver_id: int, *, since: datetime) -> int:
    """How many somebody gave after that, whatever became of them."""
    query = select(func.count()).select_from(KudosRow)
    return (
        await session.scalar(query.filter_by(guild_id=guild_id, giver_id=giver_id).where(KudosRow.at > since))
        or 0
    )


async def find_last_between(
    session: AsyncSession, guild_id: int, one: int, other: int, *, but: Collection[str]
) -> KudosRow | None:
    """The newest between these two, whoever gave it, that is in none of the states `but`."""
    query = select(KudosRow).where(
        KudosRow.guild_id == guild_id,
        or_(
            (KudosRow.giver_id == one) & (KudosRow.member_id == other),
            (KudosRow.giver_id == other) & (KudosRow.member_id == one),
        ),
        KudosRow.state.not_in(but),
    )
    return (await session.scalars(query.order_by(KudosRow.id.desc()).limit(1))).one_or_none()


async def list_page(
    session: AsyncSession,
    guild_id: int,
    *,
    offset: int,
    limit: int,
    giver_id: int | None = None,
    member_id: int | None = None,
    picked: bool = False,
) -> Sequence[KudosRow]:
    """Standing kudos, the newest first: those of a giver or a receiver, or those that staff picked to quote."""
    query = select(KudosRow).filter_by(guild_id=guild_id, state=STANDING)
    if giver_id is not None:
        query = query.filter_by(giver_id=giver_id)
    if member_id is not None:
        query = query.filter_by(member_id=member_id)
    if picked:
        query = query.where(KudosRow.picked_at.is_not(None), *_CONSENTED)
    return list(
        await session.scalars(
            query.order_by(KudosRow.at.desc(), KudosRow.id.desc()).offset(offset).limit(limit)
        )
    )


_CONSENTED = (KudosRow.quote_giver.is_(True), KudosRow.quote_receiver.is_(True))


async def list_consented(
    session: AsyncSession, guild_id: int, *, limit: int, offset: int = 0
) -> Sequence[KudosRow]:
    """Those that both allow to be quoted, the newest first."""
    query = select(KudosRow).filter_by(guild_id=guild_id, state=STANDING).where(*_CONSENTED)
    return list(
        await session.scalars(
            query.order_by(KudosRow.at.desc(), KudosRow.id.desc()).offset(offset).limit(limit)
        )
    )


async def list_consented_between(
    session: AsyncSession, guild_id: int, oldest: int, newest: int
) -> Sequence[int]:
    """The ids of those that both allow to be quoted, from one id to another."""
    query = select(KudosRow.id).filter_by(guild_id=guild_id, state=STANDING).where(*_CONSENTED)
    query = query.where(KudosRow.id >= oldest, KudosRow.id <= newest)
    return list(await session.scalars(query.order_by(KudosRow.id)))


async def count_consented(session: AsyncSession, guild_id: int) -> tuple[int, int]:
    """How many both allow to be quoted, and how many of those are."""
    query = select(func.count(), func.count(KudosRow.picked_at))
    found = await session.execute(
        query.where(KudosRow.guild_id == guild_id, KudosRow.state == STANDING, *_CONSENTED)
    )
    [(consented, picked)] = found.all()
    return consented, picked


async def list_edges(
    session: AsyncSession, guild_id: int, *, since: datetime, but: Collection[str]
) -> list[tuple[int, int, datetime]]:
    """Giver, receiver and instant of the kudos after that in none of the states `but`, for looking at patterns."""
    query = select(KudosRow.giver_id, KudosRow.member_id, KudosRow.at)
    query = query.where(KudosRow.guild_id == guild_id, KudosRow.at > since, KudosRow.state.not_in(but))
    return [(giver, receiver, at) for giver, receiver, at in await session.execute(query)]


async def count_received(session: AsyncSession, guild_id: int, member_id: int) -> tuple[int, int]:
    """How many standing kudos somebody was given, and by how many people."""
    query = select(func.count(), func.count(KudosRow.giver_id.distinct())).where(
        KudosRow.guild_id == guild_id, KudosRow.member_id == member_id, KudosRow.state == STANDING
    )
    found = await session.execute(query)
    [(kudos, people)] = found.all()
    return kudos, people


async def list_linked(session: AsyncSession, *, since: datetime) -> list[tuple[int, int]]:
    """Message and kudos of all that stand and are about a message: read once at start."""
    query = select(KudosRow.message_id, KudosRow.id).where(
        KudosRow.state == STANDING, KudosRow.message_id.is_not(None), KudosRow.at > since
    )
    return [(message_id or 0, kudos_id) for message_id, kudos_id in await session.execute(query)]


async def list_to_look_after(
    session: AsyncSession, guild_id: int, *, since: datetime, limit: int
) -> list[tuple[int, int]]:
    """Channel and message of the newest that stand: what they are about, and their own posts."""
    fresh = (KudosRow.guild_id == guild_id, KudosRow.state == STANDING, KudosRow.at > since)
    query = select(KudosRow.channel_id, KudosRow.message_id).where(*fresh, KudosRow.message_id.is_not(None))
    about = await session.execute(query.order_by(KudosRow.id.desc()).limit(limit))
    newest = await session.scalars(
        select(KudosRow.id).where(*fresh).order_by(KudosRow.id.desc()).limit(limit)
    )
    posts = select(OutboxRow.channel_id, OutboxRow.result_id).where(
        OutboxRow.key.in_([post_key(each) for each in newest]), OutboxRow.result_id.is_not(None)
    )
    found = [*about, *await session.execute(posts)]
    return [(channel_id or 0, message_id or 0) for channel_id, message_id in found]


async def list_post_channels(session: AsyncSession) -> set[int]:
    """Where kudos were posted, in every community: read once at start."""
    query = select(OutboxRow.channel_id).where(OutboxRow.key.startswith(_POST, autoescape=True)).distinct()
    return {each for each in await session.scalars(query) if each is not None}


async def find_by_post(
    session: AsyncSession, guild_id: int, channel_id: int, message_ids: Collection[int]
) -> set[int]:
    """The ids of the kudos whose posts these messages are."""
    query = select(OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.channel_id == channel_id,
        OutboxRow.result_id.in_(message_ids),
        OutboxRow.key.startswith(_POST, autoescape=True),
        OutboxRow.kind == "post",
    )
    return {int(arguments["kudos_id"]) for arguments in await session.scalars(query)}


async def list_posts_without_kudos(session: AsyncSession, guild_id: int) -> list[str]:
    """The keys of posts whose kudos are gone from the database."""
    query = select(OutboxRow.key, OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.key.startswith(_POST, autoescape=True),
        OutboxRow.kind == "post",
    )
    posts = {int(arguments["kudos_id"]): key for key, arguments in await session.execute(query)}
    there = set(await session.scalars(select(KudosRow.id).filter_by(guild_id=guild_id)))
    return [key for kudos_id, key in posts.items() if kudos_id not in there]
