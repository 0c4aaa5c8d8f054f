"""Lockdowns, what each changed in Discord and how it was before, who came meanwhile, and what was done about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.acts import ActRow
from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=90)
HOURS_KEPT = timedelta(days=14)
SLICE = 500


def _staff(column: str, what: str) -> Personal:
    return Personal(column, OnDeletion.DETACH, what=what, seen_by=SeenBy.STAFF, mention=True)


class RaidSettingsRow(Base):
    """`automatic` is the step of the ladder up to which Lyceum goes by itself (0: it only tells staff), `minutes` how long
    a lockdown lasts, `locked` the channels that the last step closes; empty for all in which everybody writes."""

    __tablename__ = "raid_settings"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("locked",)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    automatic: Mapped[int] = mapped_column(default=1)
    minutes: Mapped[int] = mapped_column(default=60)
    quarantine_role_id: Mapped[int | None] = mapped_column(Snowflake)
    locked: Mapped[dict[str, Any]] = mapped_column(default=dict)


class RaidRow(Base):
    """A lockdown. One row is the whole state: while `ended_at` is empty it is on, at this `level`.

    `since` is when the first came who belong to it; whoever was there before is never meant. `evidence` are the numbers
    for which it began. Instants are UTC.
    """

    __tablename__ = "raids"
    personal: ClassVar = (
        _staff("by_id", N_("Lockdowns that you began as a moderator")),
        _staff("ended_by", N_("Lockdowns that you ended as a moderator")),
    )
    impersonal: ClassVar = ("evidence",)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"), index=True)
    level: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column()
    started_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    ended_why: Mapped[str | None] = mapped_column(String(16))
    by_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    ended_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        Index(
            "uq_raids_active",
            "guild_id",
            unique=True,
            sqlite_where=ended_at.is_(None),
            postgresql_where=ended_at.is_(None),
        ),
        Index("ix_raids_guild_id", "guild_id", "id"),
    )


class RaidStepRow(Base):
    """Something that a lockdown changed in Discord: `before` is how it was, written down before it is changed, `wanted`
    how it shall be. `target_id` is a channel, 0 for the server. `state`: planned, on, failed, and in the end restored, or
    kept because somebody changed it by hand meanwhile."""

    __tablename__ = "raid_steps"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("before", "wanted")
    __table_args__ = (UniqueConstraint("raid_id", "kind", "target_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    raid_id: Mapped[int] = mapped_column(ForeignKey("raids.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    target_id: Mapped[int] = mapped_column(Snowflake)
    before: Mapped[dict[str, Any]] = mapped_column()
    wanted: Mapped[dict[str, Any]] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(300))


class RaidMemberRow(Base):
    """Somebody who came while it lasted. `marks` are numbers that stand for names and picture, and do not tell them.

    `left_out` is set by staff who do not want them meant; `state` says what was last done about them and whether it came
    off: here, quarantined, released, planned, banned, kicked, spared, failed, undone.
    """

    __tablename__ = "raid_members"
    personal: ClassVar = (
        Personal(
            on_deletion=OnDeletion.KEEP,
            why=N_("others rely on it that who took part in a raid is recognised while it is dealt with"),
            keep_for=KEPT,
            since="joined_at",
            what=N_("That you joined during a lockdown, and what was done then"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("marks",)
    __table_args__ = (
        UniqueConstraint("raid_id", "member_id"),
        Index("ix_raid_members_guild_id_member_id", "guild_id", "member_id"),
        Index("ix_raid_members_action_id", "action_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    raid_id: Mapped[int] = mapped_column(ForeignKey("raids.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    joined_at: Mapped[datetime] = mapped_column()
    account_at: Mapped[datetime] = mapped_column()
    marks: Mapped[dict[str, Any]] = mapped_column()
    echoed: Mapped[bool] = mapped_column(default=False)
    left_out: Mapped[bool] = mapped_column(default=False)
    # While it holds: the number of the role that was given for it, or "timeout".
    quarantined: Mapped[str | None] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(16), default="here")
    why: Mapped[str | None] = mapped_column(String(300))
    action_id: Mapped[int | None] = mapped_column(ForeignKey("raid_actions.id", ondelete="SET NULL"))


class RaidActionRow(Base):
    """Something that was done about many at once. `state`: proposed, done, undone, declined."""

    __tablename__ = "raid_actions"
    personal: ClassVar = (
        _staff("by_id", N_("What you proposed about a raid as a moderator")),
        _staff("confirmed_by", N_("What you confirmed about a raid as a moderator")),
        _staff("undone_by", N_("What you took back about a raid as a moderator")),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    raid_id: Mapped[int] = mapped_column(ForeignKey("raids.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    by_id: Mapped[int] = mapped_column(Snowflake)
    confirmed_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column()
    done_at: Mapped[datetime | None] = mapped_column()
    state: Mapped[str] = mapped_column(String(16), default="proposed")
    count: Mapped[int] = mapped_column()
    undone_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    undone_at: Mapped[datetime | None] = mapped_column()


class RaidSurgeRow(Base):
    """Many are expected. `nominal` are both times by the clock of the community's `zone`; `came` counts who came."""

    __tablename__ = "raid_surges"
    personal: ClassVar = (_staff("by_id", N_("Surges of newcomers that you announced")),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    by_id: Mapped[int] = mapped_column(Snowflake)
    expected: Mapped[int] = mapped_column()
    begins_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    nominal: Mapped[str] = mapped_column(String(64))
    zone: Mapped[str] = mapped_column(String(64))
    came: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[datetime | None] = mapped_column()


class RaidHourRow(Base):
    """How many joined a server in an hour, of which its usual rate is made."""

    __tablename__ = "raid_hours"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    joins: Mapped[int] = mapped_column(default=0)


# ---------------------------------------------------------------------------------------------- lockdowns


async def lock_active(session: AsyncSession, guild_id: int) -> RaidRow | None:
    """The server's lockdown, kept from others until the end of this writing transaction."""
    query = select(RaidRow).where(RaidRow.guild_id == guild_id, RaidRow.ended_at.is_(None))
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def find_active(session: AsyncSession, guild_id: int) -> RaidRow | None:
    query = select(RaidRow).where(RaidRow.guild_id == guild_id, RaidRow.ended_at.is_(None))
    return (await session.scalars(query)).one_or_none()


async def begin(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Whether it is on now because of this: a server has one lockdown at a time, whoever begins it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(RaidRow).values(values).on_conflict_do_nothing()
    result: Any = await session.execute(statement, execution_options={"preserve_rowcount": True})
    return bool(result.rowcount)


async def find(session: AsyncSession, raid_id: int) -> RaidRow | None:
    return await session.get(RaidRow, raid_id, populate_existing=True)


async def find_by_case(session: AsyncSession, case_id: int) -> RaidRow | None:
    query = select(RaidRow).where(RaidRow.case_id == case_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def find_latest(session: AsyncSession, guild_id: int) -> RaidRow | None:
    query = select(RaidRow).where(RaidRow.guild_id == guild_id).order_by(RaidRow.id.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def list_active(session: AsyncSession) -> list[RaidRow]:
    return list(await session.scalars(select(RaidRow).where(RaidRow.ended_at.is_(None))))


# ---------------------------------------------------------------------------------------------- what was changed


async def list_steps(session: AsyncSession, raid_id: int) -> list[RaidStepRow]:
    query = select(RaidStepRow).where(RaidStepRow.raid_id == raid_id).order_by(RaidStepRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def lock_step(session: AsyncSession, step_id: int) -> RaidStepRow | None:
    return await session.get(RaidStepRow, step_id, with_for_update=True, populate_existing=True)


# ---------------------------------------------------------------------------------------------- who came


async def add_members(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Returns how many were new."""
    return await insert_if_absent(session, RaidMemberRow, rows, ["raid_id", "member_id"])


async def note_echoes(session: AsyncSession, raid_id: int, member_ids: Collection[int]) -> None:
    await session.execute(
        update(RaidMemberRow)
        .where(RaidMemberRow.raid_id == raid_id, RaidMemberRow.member_id.in_(member_ids))
        .values(echoed=True),
        execution_options={"synchronize_session": False},
    )


async def list_members(session: AsyncSession, raid_id: int) -> list[RaidMemberRow]:
    query = select(RaidMemberRow).where(RaidMemberRow.raid_id == raid_id)
    query = query.order_by(RaidMemberRow.joined_at, RaidMemberRow.member_id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_some(
    session: AsyncSession, raid_id: int, member_ids: Collection[int]
) -> dict[int, RaidMemberRow]:
    """The rows of these, by member, kept from others until the end of this writing transaction."""
    found: dict[int, RaidMemberRow] = {}
    ids = list(member_ids)
    for start in range(0, len(ids), SLICE):
        query = select(RaidMemberRow).where(
            RaidMemberRow.raid_id == raid_id, RaidMemberRow.member_id.in_(ids[start : start + SLICE])
        )
        rows = await session.scalars(query.with_for_update().execution_options(populate_existing=True))
        found |= {each.member_id: each for each in rows}
    return found


async def list_of_action(session: AsyncSession, action_id: int) -> list[RaidMemberRow]:
    query = select(RaidMemberRow).where(RaidMemberRow.action_id == action_id).order_by(RaidMemberRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def set_members(
    session: AsyncSession, raid_id: int, member_ids: Collection[int], **values: Any
) -> None:
    """Change columns of these members' rows."""
    ids = list(member_ids)
    for start in range(0, len(ids), SLICE):
        part = ids[start : start + SLICE]
        await session.execute(
            update(RaidMemberRow)
            .where(RaidMemberRow.raid_id == raid_id, RaidMemberRow.member_id.in_(part))
            .values(**values),
            execution_options={"synchronize_session": False},
        )


# ---------------------------------------------------------------------------------------------- actions and surges


async def find_action(session: AsyncSession, action_id: int) -> RaidActionRow | None:
    return await session.get(RaidActionRow, action_id, populate_existing=True)


async def lock_action(session: AsyncSession, action_id: int) -> RaidActionRow | None:
    return await session.get(RaidActionRow, action_id, with_for_update=True, populate_existing=True)


async def list_actions(session: AsyncSession, raid_id: int) -> list[RaidActionRow]:
    query = select(RaidActionRow).where(RaidActionRow.raid_id == raid_id).order_by(RaidActionRow.id)
    return list(await session.scalars(query))


async def list_surges(
    session: AsyncSession, now: datetime, guild_id: int | None = None
) -> list[RaidSurgeRow]:
    """Those that are on or to come, the next first."""
    query = select(RaidSurgeRow).where(RaidSurgeRow.ends_at > now, RaidSurgeRow.cancelled_at.is_(None))
    if guild_id is not None:
        query = query.where(RaidSurgeRow.guild_id == guild_id)
    return list(await session.scalars(query.order_by(RaidSurgeRow.begins_at, RaidSurgeRow.id)))


async def add_joins(session: AsyncSession, guild_id: int, hour: datetime, joins: int) -> None:
    """Count so many more in this hour, and forget hours that are long gone."""
    await insert_if_absent(
        session, RaidHourRow, [{"guild_id": guild_id, "hour": hour, "joins": 0}], ["guild_id", "hour"]
    )
    await session.execute(
        update(RaidHourRow)
        .where(RaidHourRow.guild_id == guild_id, RaidHourRow.hour == hour)
        .values(joins=RaidHourRow.joins + joins),
        execution_options={"synchronize_session": False},
    )
    await session.execute(
        delete(RaidHourRow).where(RaidHourRow.guild_id == guild_id, RaidHourRow.hour < hour - HOURS_KEPT),
        execution_options={"synchronize_session": False},
    )


async def count_surge(session: AsyncSession, guild_id: int, at: datetime, joins: int) -> None:
    await session.execute(
        update(RaidSurgeRow)
        .where(RaidSurgeRow.guild_id == guild_id, RaidSurgeRow.begins_at <= at, RaidSurgeRow.ends_at > at)
        .values(came=RaidSurgeRow.came + joins),
        execution_options={"synchronize_session": False},
    )


async def list_hours(session: AsyncSession, since: datetime) -> list[RaidHourRow]:
    return list(await session.scalars(select(RaidHourRow).where(RaidHourRow.hour >= since)))


async def list_acted(
    session: AsyncSession, guild_id: int, member_ids: Collection[int], *, before: datetime
) -> set[int]:
    """Which of these have an act of before then in the ledger: they took part in something, and came back."""
    found: set[int] = set()
    ids = list(member_ids)
    for start in range(0, len(ids), SLICE):
        query = select(ActRow.member_id).where(
            ActRow.guild_id == guild_id,
            ActRow.member_id.in_(ids[start : start + SLICE]),
            ActRow.at < before,
        )
        found |= set(await session.scalars(query.distinct()))
    return found
