"""Planned effects on Discord, one row each. What a row guarantees is written in `bot/dispatcher.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import ANYWHERE, N_, OnDeletion, Personal, SeenBy

# Why an effect is left out whose predecessor was not done.
NOT_POSTED = N_("what it belongs to was not posted")
# A post is drawn again, and effects follow it, as long as its row is here.
KEPT = timedelta(days=90)
IN_CHANNEL = ":channel"  # ends the key of what goes to a channel because DMs are closed


class OutboxRow(Base):
    __tablename__ = "outbox"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="finished_at",
            what=N_("What I posted about you or changed for you in Discord, without the text"),
            seen_by=SeenBy.STAFF,
            hides=("arguments", "details"),  # an audit-log reason names who acted
        ),
        Personal(
            f"arguments.{ANYWHERE}",
            keep_for=KEPT,
            since="finished_at",
            what=N_("Notices to staff about something I could not do for you"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
        Personal(
            f"details.{ANYWHERE}",
            OnDeletion.DETACH,
            keep_for=KEPT,
            since="finished_at",
            what=N_("Who could not be banned with others at one time"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    lane: Mapped[int] = mapped_column()
    guild_id: Mapped[int] = mapped_column(Snowflake)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    message_id: Mapped[int | None] = mapped_column(Snowflake)
    member_id: Mapped[int | None] = mapped_column(Snowflake)
    role_id: Mapped[int | None] = mapped_column(Snowflake)
    renderer: Mapped[str | None] = mapped_column(String(64))
    arguments: Mapped[dict[str, Any]] = mapped_column()
    after_key: Mapped[str | None] = mapped_column(String(200))
    # Set for what also comes after something that failed, and at the latest now: nobody waits longer for it.
    after_until: Mapped[datetime | None] = mapped_column()
    coalesce_key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column()
    not_before: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime | None] = mapped_column()
    attempts: Mapped[int] = mapped_column(default=0)
    first_try_at: Mapped[datetime | None] = mapped_column()
    lease_until: Mapped[datetime | None] = mapped_column()
    last_error: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))  # sent, skipped, failed; NULL while it waits
    reason: Mapped[str | None] = mapped_column(String(300))
    result_id: Mapped[int | None] = mapped_column(Snowflake)  # the message, thread or event that came of it
    details: Mapped[dict[str, Any] | None] = (
        mapped_column()
    )  # what else came of it, such as who could not be banned
    finished_at: Mapped[datetime | None] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)

    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "lane",
            "not_before",
            sqlite_where=outcome.is_(None),
            postgresql_where=outcome.is_(None),
        ),
        Index("ix_outbox_guild_id_member_id", "guild_id", "member_id"),
        Index("ix_outbox_result_id", "result_id"),
        Index(
            "ix_outbox_after_key",
            "after_key",
            sqlite_where=after_key.is_not(None),
            postgresql_where=after_key.is_not(None),
        ),
        Index(
            "ix_outbox_failed",
            "guild_id",
            "finished_at",
            sqlite_where=outcome == "failed",
            postgresql_where=outcome == "failed",
        ),
        Index(
            "ix_outbox_coalesce",
            "coalesce_key",
            sqlite_where=outcome.is_(None),
            postgresql_where=outcome.is_(None),
        ),
    )

    @classmethod
    def is_under_way(cls, now: datetime) -> ColumnElement[bool]:
        return and_(cls.outcome.is_(None), cls.lease_until > now)


# Made once: it takes longer than a query does.
_Other = aliased(OutboxRow)
_PREDECESSOR_WAITS = (
    select(_Other.id).where(_Other.key == OutboxRow.after_key, _Other.outcome.is_(None)).exists()
)
_COMMON_PLACE = func.coalesce(OutboxRow.channel_id, OutboxRow.member_id, OutboxRow.guild_id)
# Where it happens: effects in one place are performed one after the other. What comes also after a failure is
# beside the place: a message that hangs there must not hold it up.
_PLACE = case((OutboxRow.after_until.is_(None), _COMMON_PLACE), else_=-_COMMON_PLACE)


async def add_effects(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is new. Returns how many were."""
    return await insert_if_absent(session, OutboxRow, rows, ["key"])


async def claim_due(
    session: AsyncSession, *, now: datetime, lease_until: datetime, limit: int, busy: Collection[int] = ()
) -> dict[int, OutboxRow]:
    """Lock the effects that can be tried now by place, the first lane first, and give them this lease.

    None is in the `busy` places. An effect whose predecessor still waits is left alone,
    and so is one while another with its coalesce key is under way. Nothing else is written: what is to become
    of each row is the dispatcher's decision, in the same transaction.
    """
    rival_under_way = select(_Other.id).where(
        _Other.coalesce_key == OutboxRow.coalesce_key,
        _Other.outcome.is_(None),
        _Other.lease_until > now,
        _Other.id != OutboxRow.id,
    )
    query = (
        select(OutboxRow, _PLACE)
        .where(
            OutboxRow.outcome.is_(None),
            OutboxRow.not_before <= now,
            or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until <= now),
            _PLACE.not_in(busy),
            or_(~_PREDECESSOR_WAITS, OutboxRow.after_until <= now),
            ~rival_under_way.exists(),
        )
        .order_by(OutboxRow.lane, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxRow)
    )
    first_of_place: dict[int, OutboxRow] = {}
    for row, place in await session.execute(query):
        first_of_place.setdefault(place, row)
    for row in first_of_place.values():
        row.lease_until = lease_until
    return first_of_place


async def find_by_key(session: AsyncSession, key: str) -> OutboxRow | None:
    return (await session.scalars(select(OutboxRow).where(OutboxRow.key == key))).one_or_none()


async def has_key_like(session: AsyncSession, guild_id: int, beginning: str) -> bool:
    """Whether there is an effect of this server whose key begins so."""
    query = select(OutboxRow.id).where(
        OutboxRow.guild_id == guild_id, OutboxRow.key.startswith(beginning, autoescape=True)
    )
    query = query.limit(1)
    return await session.scalar(query) is not None


async def list_changing_roles(session: AsyncSession, guild_id: int) -> set[tuple[int, int]]:
    """The members and roles of which a change is still to be carried out."""
    query = select(OutboxRow.member_id, OutboxRow.role_id).where(
        OutboxRow.guild_id == guild_id, OutboxRow.outcome.is_(None), OutboxRow.role_id.is_not(None)
    )
    return {(member_id or 0, role_id or 0) for member_id, role_id in await session.execute(query)}


async def is_taking_roles(session: AsyncSession, guild_id: int, member_id: int) -> bool:
    """Whether a role is still to be taken from this member."""
    query = select(OutboxRow.id).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.member_id == member_id,
        OutboxRow.outcome.is_(None),
        OutboxRow.kind == "remove_role",
    )
    return await session.scalar(query.limit(1)) is not None


async def newest_wishes(session: AsyncSession, rows: Sequence[OutboxRow], *, now: datetime) -> dict[str, int]:
    """For each coalesce key of these rows the id of the newest effect that was tried or is due.

    One that is planned for later does not count yet. One that has been done or refused does: what was wished
    before it must not come after it.
    """
    keys = {row.coalesce_key for row in rows if row.coalesce_key is not None}
    if not keys:
        return {}
    query = (
        select(OutboxRow.coalesce_key, func.max(OutboxRow.id))
        .where(
            OutboxRow.id >= min(row.id for row in rows if row.coalesce_key is not None),
            OutboxRow.coalesce_key.in_(keys),
            or_(
                OutboxRow.outcome.in_(("sent", "failed")),
                and_(OutboxRow.outcome.is_(None), or_(OutboxRow.not_before <= now, OutboxRow.attempts > 0)),
            ),
        )
        .group_by(OutboxRow.coalesce_key)
    )
    return {key: newest for key, newest in await session.execute(query) if key is not None}


async def find_claimed(session: AsyncSession, row_id: int, *, lease_until: datetime) -> OutboxRow | None:
    """The effect, locked, if it still waits under this very lease."""
    query = select(OutboxRow).where(
        OutboxRow.id == row_id, OutboxRow.outcome.is_(None), OutboxRow.lease_until == lease_until
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


async def release_leases(session: AsyncSession) -> None:
    """Give back every lease: at the start of the only process on a database, whoever held one is dead."""
    await session.execute(
        update(OutboxRow).where(OutboxRow.lease_until.is_not(None)).values(lease_until=None)
    )


async def revive(session: AsyncSession, rows: Sequence[OutboxRow], *, now: datetime) -> None:
    """Let failed effects be tried again, and with them what was left out because they had not been done."""
    while rows:
        for row in rows:
            row.outcome = row.reason = row.finished_at = None
            row.not_before = now
        await session.flush()
        followers = select(OutboxRow).where(
            OutboxRow.after_key.in_([row.key for row in rows]), OutboxRow.reason == NOT_POSTED
        )
        rows = list(await session.scalars(followers.with_for_update()))


async def bring_back(session: AsyncSession, *, now: datetime, beyond: datetime) -> None:
    """Let effects be tried now whose next try, lease or planning lies beyond what can be, see `bot/wrong_clock.py`."""
    put_off = and_(OutboxRow.attempts > 0, OutboxRow.not_before > beyond)
    await session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.outcome.is_(None),
            or_(put_off, OutboxRow.created_at > beyond, OutboxRow.lease_until > beyond),
        )
        .values(not_before=now, created_at=now, lease_until=None),
        execution_options={"synchronize_session": False},
    )


async def next_due_at(session: AsyncSession) -> datetime | None:
    """When the earliest waiting effect may be tried, or, if someone is at it, when their lease ends.

    Effects that wait for another one do not count: they follow it at once. Those that wait no longer than some
    instant count from then on.
    """
    due_at = case(
        (_PREDECESSOR_WAITS, func.coalesce(OutboxRow.lease_until, OutboxRow.after_until)),
        else_=func.coalesce(OutboxRow.lease_until, OutboxRow.not_before),
    )
    return await session.scalar(
        select(func.min(due_at)).where(
            OutboxRow.outcome.is_(None), or_(~_PREDECESSOR_WAITS, OutboxRow.after_until.is_not(None))
        )
    )


async def list_of_jobs(session: AsyncSession, job_ids: Sequence[int]) -> list[OutboxRow]:
    """The effects that these jobs planned, in order."""
    query = select(OutboxRow).where(OutboxRow.job_id.in_(job_ids)).order_by(OutboxRow.id)
    return list(await session.scalars(query))


# What nobody can mend and is no fault: people leave, delete messages and close their DMs.
UNMENDABLE = ("member_gone", "message_gone", "dms_closed", "thread_archived")
MOST_FAILED = 500


async def find_post(session: AsyncSession, key: str) -> OutboxRow | None:
    """What was posted in a channel under this key, or is to be, also if it is there because DMs are closed."""
    query = select(OutboxRow).where(
        OutboxRow.key.in_((key, f"{key}{IN_CHANNEL}")),
        OutboxRow.kind == "post",
        or_(OutboxRow.outcome.is_(None), OutboxRow.outcome == "sent"),
    )
    return (await session.scalars(query.order_by(OutboxRow.id.desc()).limit(1))).first()


async def list_posts_about(session: AsyncSession, guild_id: int, member_id: int) -> list[tuple[int, int]]:
    """Channel and message of what was posted in channels about somebody and not been deleted since."""
    posts = select(OutboxRow.channel_id, OutboxRow.result_id).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.member_id == member_id,
        OutboxRow.kind == "post",
        OutboxRow.channel_id.is_not(None),
        OutboxRow.result_id.is_not(None),
    )
    return [(channel_id or 0, message_id or 0) for channel_id, message_id in await session.execute(posts)]


async def list_failed(session: AsyncSession, guild_id: int, *, since: datetime) -> list[OutboxRow]:
    """The guild's effects that failed since then in a way that can be mended, the newest first."""
    query = (
        select(OutboxRow)
        .where(
            OutboxRow.guild_id == guild_id,
            OutboxRow.outcome == "failed",
            OutboxRow.finished_at >= since,
            OutboxRow.reason.not_in(UNMENDABLE),
        )
        .order_by(OutboxRow.id.desc())
        .limit(MOST_FAILED)
    )
    return list(await session.scalars(query))
