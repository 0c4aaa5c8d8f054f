"""Streaks: who has one, each week that was settled and why, and what holds weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, cast

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.members import MemberRow
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

MOST_ZONES = 50  # of one person that are remembered; only those of weeks that are not settled matter
EVERYWHERE = 0
"""Stands for all servers in `StreakHoldRow`: the bot itself was away."""


class StreakRow(Base):
    """A member's streak after its last settled week (`monday`), which ended at `until`.

    `settle_at` is when there is something to settle; None while no streak runs. `carried_act` has counted for the last
    settled week, though it was done after it.
    """

    __tablename__ = "streaks"
    personal: ClassVar = (Personal(what=N_("Your streak, and whether it is hidden"), seen_by=SeenBy.STAFF),)
    __table_args__ = (UniqueConstraint("guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    until: Mapped[datetime] = mapped_column()
    monday: Mapped[str | None] = mapped_column(String(10))
    length: Mapped[int] = mapped_column(default=0)
    longest: Mapped[int] = mapped_column(default=0)
    freezes: Mapped[int] = mapped_column(default=0)
    carried_act: Mapped[int | None] = mapped_column(PrimaryKey)
    hidden: Mapped[bool] = mapped_column(default=False)
    settle_at: Mapped[datetime | None] = mapped_column(index=True)


class StreakWeekRow(Base):
    """A settled week. `acts` maps the ids of the acts that counted to their instants; `hold` says what held it."""

    __tablename__ = "streaks_weeks"
    personal: ClassVar = (
        Personal(
            "streak_id",
            through="streak_id",
            what=N_("Each week of your streak, and why it counted or did not"),
            seen_by=SeenBy.STAFF,
        ),
        Personal(
            "repaired_by",
            OnDeletion.DETACH,
            what=N_("Weeks of others that you repaired as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("acts",)
    __table_args__ = (
        UniqueConstraint("streak_id", "monday"),
        Index("ix_streaks_weeks_guild_id_repaired_by", "guild_id", "repaired_by"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    streak_id: Mapped[int] = mapped_column(ForeignKey("streaks.id", ondelete="CASCADE"))
    monday: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(16))
    hold: Mapped[str | None] = mapped_column(String(16))
    is_late: Mapped[bool] = mapped_column(default=False)
    acts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    act_count: Mapped[int] = mapped_column(default=0)
    repairs: Mapped[int] = mapped_column(default=0)  # how often it was repaired
    repaired_at: Mapped[datetime | None] = mapped_column()
    repaired_by: Mapped[int | None] = mapped_column(Snowflake)
    repair_reason: Mapped[str | None] = mapped_column(Text)


class StreakZoneRow(Base):
    """A zone and since when it held; the row of `NOBODY` is the community's. None: the community's holds."""

    __tablename__ = "streaks_zones"
    personal: ClassVar = (Personal(what=N_("Which time zones you had, and since when")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    zone: Mapped[str | None] = mapped_column(String(64))


class StreakPauseRow(Base):
    """A time in which a member had paused everything."""

    __tablename__ = "streaks_pauses"
    personal: ClassVar = (
        Personal(what=N_("When you had paused everything"), keep_for=timedelta(days=90), since="ends_at"),
    )
    __table_args__ = (Index("ix_streaks_pauses_member", "guild_id", "member_id", "ends_at"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()


class StreakRestRow(Base):
    """A week that a member plans to rest."""

    __tablename__ = "streaks_rests"
    personal: ClassVar = (Personal(what=N_("Weeks in which you planned to rest")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    monday: Mapped[str] = mapped_column(String(10), primary_key=True)


class StreakHoldRow(Base):
    """A time in which streaks were switched off in a server, or the bot was away (`EVERYWHERE`). No end: still."""

    __tablename__ = "streaks_holds"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (Index("ix_streaks_holds_guild_id", "guild_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()


async def find_streak(session: AsyncSession, guild_id: int, member_id: int) -> StreakRow | None:
    query = select(StreakRow).filter_by(guild_id=guild_id, member_id=member_id)
    return (await session.scalars(query)).one_or_none()


async def find_streak_by_id(session: AsyncSession, guild_id: int, streak_id: int) -> StreakRow | None:
    query = select(StreakRow).filter_by(guild_id=guild_id, id=streak_id)
    return (await session.scalars(query)).one_or_none()


async def lock_streak(session: AsyncSession, guild_id: int, member_id: int, *, begins: datetime) -> StreakRow:
    """The member's streak, locked; made first where there is none."""
    key = {"guild_id": guild_id, "member_id": member_id}
    await insert_if_absent(session, StreakRow, [key | {"until": begins}], list(key))
    await session.flush()
    query = select(StreakRow).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def lock_due(
    session: AsyncSession, *, now: datetime, but: Collection[int], limit: int
) -> Sequence[StreakRow]:
    """Streaks with something to settle, the longest waiting first, locked. Those of the servers `but` are left."""
    query = (
        select(StreakRow)
        .where(StreakRow.settle_at <= now, StreakRow.guild_id.not_in(but))
        .order_by(StreakRow.settle_at, StreakRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


async def write_states(session: AsyncSession, states: Sequence[tuple[StreakRow, Mapping[str, Any]]]) -> None:
    """Write new values into streaks, by one statement for all; each names the same columns."""
    if not states:
        return
    table = cast(Table, StreakRow.__table__)
    columns = list(states[0][1])
    statement = update(table).where(table.c.id == bindparam("row_id"))
    statement = statement.values({name: bindparam(f"new_{name}") for name in columns})
    rows = [
        {"row_id": row.id, **{f"new_{name}": value for name, value in values.items()}}
        for row, values in states
    ]
    await session.execute(statement, rows)
    for row, values in states:
        for name, value in values.items():
            set_committed_value(row, name, value)


async def add_weeks(session: AsyncSession, weeks: Sequence[dict[str, Any]]) -> None:
    """Write settled weeks down. Their streaks are locked, so nobody else does."""
    if weeks:
        # Each in turn by one prepared statement: a single one of many rows takes long to put together.
        await session.execute(insert(cast(Table, StreakWeekRow.__table__)), list(weeks))


async def list_weeks(
    session: AsyncSession, streak_id: int, *, limit: int | None = None
) -> Sequence[StreakWeekRow]:
    """The settled weeks, the newest first."""
    query = select(StreakWeekRow).filter_by(streak_id=streak_id).order_by(StreakWeekRow.monday.desc())
    return list(await session.scalars(query.limit(limit).execution_options(populate_existing=True)))


async def lock_week(session: AsyncSession, streak_id: int, monday: date) -> StreakWeekRow | None:
    query = select(StreakWeekRow).filter_by(streak_id=streak_id, monday=monday.isoformat())
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def list_members(session: AsyncSession, guild_id: int, members: Collection[int]) -> list[MemberRow]:
    """How these members are reached, with their zones and pauses, as it stands."""
    query = select(MemberRow).where(MemberRow.guild_id == guild_id, MemberRow.member_id.in_(members))
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def list_zones(
    session: AsyncSession, guild_id: int, members: Collection[int]
) -> Sequence[StreakZoneRow]:
    """What is known of the zones of these members and of the community, in order."""
    query = select(StreakZoneRow).where(
        StreakZoneRow.guild_id == guild_id, StreakZoneRow.member_id.in_({*members, NOBODY})
    )
    return list(await session.scalars(query.order_by(StreakZoneRow.since)))


async def add_zone(
    session: AsyncSession, guild_id: int, member_id: int, *, since: datetime, zone: str | None
) -> None:
    """From this instant on another zone holds."""
    key = {"guild_id": guild_id, "member_id": member_id, "since": since}
    if not await insert_if_absent(session, StreakZoneRow, [key | {"zone": zone}], list(key)):
        row = await session.get_one(StreakZoneRow, (guild_id, member_id, since))
        row.zone = zone
    mine = select(StreakZoneRow.since).filter_by(guild_id=guild_id, member_id=member_id)
    kept = await session.scalars(mine.order_by(StreakZoneRow.since.desc()).limit(MOST_ZONES))
    oldest = min(kept)
    await session.execute(
        delete(StreakZoneRow).where(
            StreakZoneRow.guild_id == guild_id,
            StreakZoneRow.member_id == member_id,
            StreakZoneRow.since < oldest,
        )
    )


async def latest_guild_zones(session: AsyncSession) -> dict[int, str]:
    """The zone of each community that has streaks, as it was last written down."""
    query = select(StreakZoneRow).filter_by(member_id=NOBODY).order_by(StreakZoneRow.since)
    return {row.guild_id: row.zone or "UTC" for row in await session.scalars(query)}


async def list_pauses(
    session: AsyncSession, guild_id: int, members: Collection[int], *, since: datetime
) -> Sequence[StreakPauseRow]:
    """Pauses that were not over at that instant."""
    query = select(StreakPauseRow).where(
        StreakPauseRow.guild_id == guild_id,
        StreakPauseRow.member_id.in_(members),
        StreakPauseRow.ends_at > since,
    )
    return list(await session.scalars(query.order_by(StreakPauseRow.id)))


async def end_pause(session: AsyncSession, guild_id: int, member_id: int, at: datetime) -> None:
    """The pause that goes on ends at this instant."""
    query = update(StreakPauseRow).where(
        StreakPauseRow.guild_id == guild_id,
        StreakPauseRow.member_id == member_id,
        StreakPauseRow.ends_at > at,
    )
    await session.execute(query.values(ends_at=at))


async def list_rests(
    session: AsyncSession, guild_id: int, members: Collection[int]
) -> Sequence[StreakRestRow]:
    query = select(StreakRestRow).where(
        StreakRestRow.guild_id == guild_id, StreakRestRow.member_id.in_(members)
    )
    return list(await session.scalars(query))


async def list_holds(
    session: AsyncSession, guild_ids: Collection[int], *, since: datetime
) -> Sequence[StreakHoldRow]:
    """What held the weeks of these servers since then, what held all of them among it."""
    query = select(StreakHoldRow).where(
        StreakHoldRow.guild_id.in_({*guild_ids, EVERYWHERE}),
        StreakHoldRow.ends_at.is_(None) | (StreakHoldRow.ends_at > since),
    )
    return list(await session.scalars(query.order_by(StreakHoldRow.id)))


async def begin_hold(session: AsyncSession, guild_id: int, at: datetime) -> None:
    if guild_id not in await list_held(session):
        session.add(StreakHoldRow(guild_id=guild_id, starts_at=at))
        await session.flush()


async def end_hold(session: AsyncSession, guild_id: int, at: datetime) -> None:
    query = update(StreakHoldRow).where(StreakHoldRow.guild_id == guild_id, StreakHoldRow.ends_at.is_(None))
    await session.execute(query.values(ends_at=at))


async def list_held(session: AsyncSession) -> set[int]:
    """Servers in which streaks are switched off."""
    query = select(StreakHoldRow.guild_id).where(StreakHoldRow.ends_at.is_(None))
    return set(await session.scalars(query))


async def add_absence(session: AsyncSession, start: datetime, end: datetime) -> None:
    """The bot was away."""
    session.add(StreakHoldRow(guild_id=EVERYWHERE, starts_at=start, ends_at=end))
    await session.flush()


async def drop_absences(session: AsyncSession, *, beyond: datetime) -> None:
    """Absences that end after this instant: a clock that was ahead made them."""
    query = delete(StreakHoldRow).where(StreakHoldRow.guild_id == EVERYWHERE, StreakHoldRow.ends_at > beyond)
    await session.execute(query)


async def set_rests(
    session: AsyncSession, guild_id: int, member_id: int, *, of: Collection[date], chosen: Collection[date]
) -> None:
    """Of the weeks `of`, the chosen ones are rest weeks and the others are not."""
    query = delete(StreakRestRow).where(
        StreakRestRow.guild_id == guild_id,
        StreakRestRow.member_id == member_id,
        StreakRestRow.monday.in_([each.isoformat() for each in of]),
    )
    await session.execute(query)
    rows = [{"guild_id": guild_id, "member_id": member_id, "monday": each.isoformat()} for each in chosen]
    await insert_if_absent(session, StreakRestRow, rows, ["guild_id", "member_id", "monday"])
