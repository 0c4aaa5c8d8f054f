"""What was said to whom, how each member wants each kind, and what waits for the daily digest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, Index, String, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.outbox import OutboxRow
from storage.personal import N_, Personal


class NotificationChoiceRow(Base):
    __tablename__ = "notification_choices"
    personal: ClassVar = (Personal(what=N_("Which news you want at once, once a day or not at all")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery: Mapped[str] = mapped_column(String(16))


class NotificationRow(Base):
    __tablename__ = "notifications"
    personal: ClassVar = (
        Personal(
            keep_for=timedelta(days=90),
            since="created_at",
            what=N_("What I told you, and when, so that I do not tell you twice or too often"),
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    # What was decided: now, digest or off; "asked" for what the member has just asked for, which counts for nothing.
    delivery: Mapped[str] = mapped_column(String(16))
    local_date: Mapped[str] = mapped_column(
        String(10)
    )  # the member's date on which it is told, by their clock then
    created_at: Mapped[datetime] = mapped_column()
    digest_key: Mapped[str | None] = mapped_column(String(200), index=True)  # the digest that told it

    __table_args__ = (Index("ix_notifications_member", "guild_id", "member_id", "local_date"),)

    @classmethod
    def may_go(cls) -> ColumnElement[bool]:
        """What waits for a digest stays until it is told."""
        return or_(cls.delivery != "digest", cls.digest_key.is_not(None))


async def add_notification(session: AsyncSession, row: NotificationRow) -> bool:
    """Insert the row unless its key was used. The row's id is set when it is new."""
    values = {
        "guild_id": row.guild_id,
        "member_id": row.member_id,
        "kind": row.kind,
        "key": row.key,
        "channel_id": row.channel_id,
        "delivery": row.delivery,
        "local_date": row.local_date,
        "created_at": row.created_at,
    }
    if not await insert_if_absent(session, NotificationRow, [values], ["key"]):
        return False
    row.id = await id_of(session, row.key)
    return True


async def id_of(session: AsyncSession, key: str) -> int:
    """The number of the notification with this key."""
    return (await session.scalars(select(NotificationRow.id).filter_by(key=key))).one()


async def is_known(session: AsyncSession, key: str) -> bool:
    return await session.scalar(select(NotificationRow.id).filter_by(key=key)) is not None


async def was_told(session: AsyncSession, guild_id: int, member_id: int, kind: str, since: datetime) -> bool:
    """Whether something of this kind was decided for the member since then, at once or for the digest."""
    query = select(NotificationRow.id).where(
        NotificationRow.guild_id == guild_id,
        NotificationRow.member_id == member_id,
        NotificationRow.kind == kind,
        NotificationRow.created_at > since,
    )
    return await session.scalar(query.limit(1)) is not None


async def get_notification(session: AsyncSession, notification_id: int) -> NotificationRow | None:
    return await session.get(NotificationRow, notification_id)


async def find_choice(session: AsyncSession, guild_id: int, member_id: int, kind: str) -> str | None:
    row = await session.get(NotificationChoiceRow, (guild_id, member_id, kind))
    return row.delivery if row is not None else None


async def set_choice(session: AsyncSession, guild_id: int, member_id: int, kind: str, delivery: str) -> None:
    key = {"guild_id": guild_id, "member_id": member_id, "kind": kind}
    await insert_if_absent(session, NotificationChoiceRow, [key | {"delivery": delivery}], list(key))
    row = await session.get_one(NotificationChoiceRow, (guild_id, member_id, kind))
    row.delivery = delivery


async def list_choices(session: AsyncSession, guild_id: int, member_id: int) -> dict[str, str]:
    """What the member chose, by kind."""
    rows = await session.scalars(
        select(NotificationChoiceRow).filter_by(guild_id=guild_id, member_id=member_id)
    )
    return {row.kind: row.delivery for row in rows}


async def count_pings(
    session: AsyncSession,
    guild_id: int,
    member_id: int,
    *,
    dates: tuple[str, str],
    start: datetime,
    end: datetime,
    but: int | None = None,
) -> int:
    """How many pings the member gets from `start` until before `end`, leaving out the row `but`.

    `dates` are the first and the last `local_date` that these can bear; they only narrow the search. What was said
    counts when it was said, what waits when it is to be said.
    """
    told_at = func.coalesce(OutboxRow.finished_at, OutboxRow.not_before, NotificationRow.created_at)
    query = (
        select(func.count())
        .select_from(NotificationRow)
        .outerjoin(OutboxRow, OutboxRow.key == NotificationRow.key)
        .where(
            NotificationRow.guild_id == guild_id,
            NotificationRow.member_id == member_id,
            NotificationRow.local_date.between(*dates),
            NotificationRow.delivery == "now",
            NotificationRow.id != (but or 0),
            told_at >= start,
            told_at < end,
        )
    )
    return await session.scalar(query) or 0


async def withdraw(session: AsyncSession, key: str) -> None:
    """Take what is told under this key out of the next digest, if it is not told yet."""
    query = update(NotificationRow).where(
        NotificationRow.key == key, NotificationRow.delivery == "digest", NotificationRow.digest_key.is_(None)
    )
    await session.execute(query.values(delivery="off"))


def _in_no_channel(kinds: Collection[str]) -> ColumnElement[bool]:
    return or_(NotificationRow.kind.in_(kinds), NotificationRow.channel_id.is_(None))


async def wait_again(session: AsyncSession, key: str, kinds: Collection[str]) -> bool:
    """What was told under this key, alone or in a digest, and is of these kinds or has no channel is not told yet.

    Whether there is any.
    """
    query = select(NotificationRow).where(
        or_(NotificationRow.key == key, NotificationRow.digest_key == key), _in_no_channel(kinds)
    )
    rows = list(await session.scalars(query.with_for_update()))
    for row in rows:
        row.delivery, row.digest_key = "digest", None
    await session.flush()
    return bool(rows)


async def list_waiting(session: AsyncSession, guild_id: int, member_id: int) -> Sequence[NotificationRow]:
    """What waits for the member's next digest, in order, locked."""
    query = (
        select(NotificationRow)
        .where(
            NotificationRow.guild_id == guild_id,
            NotificationRow.member_id == member_id,
            NotificationRow.delivery == "digest",
            NotificationRow.digest_key.is_(None),
        )
        .order_by(NotificationRow.id)
        .with_for_update()
    )
    return list(await session.scalars(query))


async def list_waiting_people(session: AsyncSession, kinds: Collection[str]) -> set[tuple[int, int]]:
    """Server and member of everybody for whom something waits that is of these kinds or has no channel."""
    query = select(NotificationRow.guild_id, NotificationRow.member_id).where(
        _in_no_channel(kinds),
        NotificationRow.delivery == "digest",
        NotificationRow.digest_key.is_(None),
    )
    return {(guild_id, member_id) for guild_id, member_id in await session.execute(query.distinct())}


async def has_waiting(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    """Whether something waits for the member's next digest."""
    query = select(NotificationRow.id).filter_by(
        guild_id=guild_id, member_id=member_id, delivery="digest", digest_key=None
    )
    return await session.scalar(query.limit(1)) is not None


async def list_unsaid(
    session: AsyncSession, guild_id: int, member_id: int
) -> list[tuple[NotificationRow, OutboxRow]]:
    """What is to be said at once and was not begun yet, each with its effect, locked.

    What the dispatcher is taking up at this moment is left out: it is being said.
    """
    query = (
        select(NotificationRow, OutboxRow)
        .join(OutboxRow, OutboxRow.key == NotificationRow.key)
        .where(
            NotificationRow.guild_id == guild_id,
            NotificationRow.member_id == member_id,
            NotificationRow.delivery == "now",
            OutboxRow.outcome.is_(None),
            OutboxRow.attempts == 0,
            OutboxRow.lease_until.is_(None),
        )
        .order_by(NotificationRow.id)
        .with_for_update(of=OutboxRow, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(row, effect) for row, effect in await session.execute(query)]


async def list_digest(session: AsyncSession, digest_key: str) -> Sequence[NotificationRow]:
    query = select(NotificationRow).filter_by(digest_key=digest_key).order_by(NotificationRow.id)
    return list(await session.scalars(query))
