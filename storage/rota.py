"""Roles that rotate: the rotas, who volunteers, whose turn it is, who is away or covered, and who has which Discord role."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.members import MemberRow
from storage.outbox import OutboxRow
from storage.personal import N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy
from storage.privacy import DepartureRow

PLANNED_TURN, NOW, OVER, MISSED = "planned", "now", "over", "missed"
PLANNED, ACCEPTED, HOLDING, SERVED = "planned", "accepted", "holding", "served"
ACTIVE = (PLANNED, ACCEPTED, HOLDING)
KEPT = timedelta(days=400)
_SWAP = "rota.swap:"


def swap_key(seat_id: int, version: int) -> str:
    """Under which somebody's wish for cover is posted."""
    return f"{_SWAP}{seat_id}:{version}"


class RotaSettingsRow(Base):
    """`channel_id` is where turns are told of, for rotas that have no channel of their own."""

    __tablename__ = "rota_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)


class RotaRow(Base):
    """A rota. `kind` names the guide; `unit` is day, week or month, and a shift is `every` of them. It is handed over on
    `weekday` (0 is Monday; of a month the first such day) at `at` in `zone`. Who may: the qualification `needs_kind` and
    `needs_key`. `seed` is drawn once and decides ties; `version` counts what its cards show."""

    __tablename__ = "rotas"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (Index("ix_rotas_guild_id", "guild_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    every: Mapped[int] = mapped_column()
    unit: Mapped[str] = mapped_column(String(8))
    weekday: Mapped[int] = mapped_column()
    at: Mapped[str] = mapped_column(String(5))
    zone: Mapped[str] = mapped_column(String(64))
    holders: Mapped[int] = mapped_column()
    needs_kind: Mapped[str | None] = mapped_column(String(20))
    needs_key: Mapped[str | None] = mapped_column(String(64))
    role_id: Mapped[int | None] = mapped_column(Snowflake)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    schedule_id: Mapped[int | None] = mapped_column()
    seed: Mapped[int] = mapped_column()
    version: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()


class RotaVolunteerRow(Base):
    """Somebody who takes turns. `base` is what they count as having served when they joined, so that a newcomer is not
    given every turn; who is `owed` skipped a turn and comes first in the next; `skips` counts those in a row."""

    __tablename__ = "rota_volunteers"
    personal: ClassVar = (Personal(what=N_("The roles that you take turns in"), seen_by=SeenBy.COMMUNITY),)
    __table_args__ = (Index("ix_rota_volunteers_guild_id", "guild_id", "member_id"),)

    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    joined_at: Mapped[datetime] = mapped_column()
    base: Mapped[int] = mapped_column(default=0)
    owed: Mapped[bool] = mapped_column(default=False)
    skips: Mapped[int] = mapped_column(default=0)


class RotaAwayRow(Base):
    """From when until when somebody takes no turn in any rota. Instants (UTC)."""

    __tablename__ = "rota_away"
    personal: ClassVar = (
        Personal(
            keep_for=KEPT,
            since="ends_at",
            what=N_("When you take no turns in rotating roles"),
            seen_by=SeenBy.STAFF,
        ),
    )
    __table_args__ = (Index("ix_rota_away_guild_id", "guild_id", "member_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    member_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()


class RotaTurnRow(Base):
    """A turn. `nominal` is its local beginning, by which the schedule knows it. `note` is what was handed on at its end."""

    __tablename__ = "rota_turns"
    personal: ClassVar = (
        Personal(
            "note_by",
            OnDeletion.DETACH,
            clear=("note",),
            what=N_("Hand-over notes that you wrote at the end of a turn"),
            seen_by=SeenBy.COMMUNITY,
        ),
    )
    __table_args__ = (
        UniqueConstraint("rota_id", "nominal"),
        Index("ix_rota_turns_guild_id", "guild_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    nominal: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()
    state: Mapped[str] = mapped_column(String(16), default=PLANNED_TURN)
    note: Mapped[str | None] = mapped_column(Text)
    note_by: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    version: Mapped[int] = mapped_column(default=0)


class RotaSeatRow(Base):
    """Somebody in a turn: planned, accepted, holding, served, or out of it (passed, silent, given, relieved, left).

    `how` is by what they came: drawn, taken, staff. `for_id` is whose place they took. `wanted` counts their wishes for
    cover; it is open while `wants_cover`. `asked_at` is when they were asked whether they are in.
    """

    __tablename__ = "rota_seats"
    personal: ClassVar = (
        Personal(what=N_("Your turns in rotating roles"), seen_by=SeenBy.COMMUNITY),
        Personal(
            "for_id",
            OnDeletion.DETACH,
            what=N_("Who took over a turn of yours"),
            seen_by=SeenBy.COMMUNITY,
            mention=True,
        ),
    )
    __table_args__ = (
        UniqueConstraint("turn_id", "member_id"),
        Index("ix_rota_seats_guild_id", "guild_id", "member_id"),
        Index("ix_rota_seats_rota_id", "rota_id", "state"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    turn_id: Mapped[int] = mapped_column(ForeignKey("rota_turns.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    state: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    for_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    asked_at: Mapped[datetime | None] = mapped_column()
    wants_cover: Mapped[bool] = mapped_column(default=False)
    wanted: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None] = mapped_column()
    until: Mapped[datetime | None] = mapped_column()
    note: Mapped[str | None] = mapped_column(Text)
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


class RotaCoverRow(Base):
    """For a span `in_id` stands in for `out_id`, whatever the turns say. With nobody in the one place nobody is added or
    taken out."""

    __tablename__ = "rota_covers"
    personal: ClassVar = (
        Personal(
            "out_id", what=N_("When somebody covered for you in a rotating role"), seen_by=SeenBy.COMMUNITY
        ),
        Personal(
            "in_id", what=N_("When you covered for somebody in a rotating role"), seen_by=SeenBy.COMMUNITY
        ),
        Personal("by_id", OnDeletion.DETACH, what=N_("Cover that you arranged"), seen_by=SeenBy.STAFF),
    )
    __table_args__ = (Index("ix_rota_covers_guild_id", "guild_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    out_id: Mapped[int] = mapped_column(Snowflake)
    in_id: Mapped[int] = mapped_column(Snowflake)
    by_id: Mapped[int] = mapped_column(Snowflake)
    starts_at: Mapped[datetime] = mapped_column()
    ends_at: Mapped[datetime] = mapped_column()


class RotaGrantRow(Base):
    """That I gave somebody the Discord role of a rota, or took it back. `step` counts the two, each done once."""

    __tablename__ = "rota_grants"
    personal: ClassVar = (
        Personal(what=N_("The roles that I gave you for a turn"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (
        UniqueConstraint("rota_id", "member_id", "role_id"),
        Index("ix_rota_grants_guild_id", "guild_id", "role_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    role_id: Mapped[int] = mapped_column(Snowflake)
    given: Mapped[bool] = mapped_column()
    step: Mapped[int] = mapped_column(default=0)


class RotaChangeRow(Base):
    """Something that staff did to a rota and can take back: an edit with what was there `before`, a cover, or one seat for
    another."""

    __tablename__ = "rota_changes"
    personal: ClassVar = (
        Personal("by_id", OnDeletion.DETACH, what=N_("What you changed in a rota"), seen_by=SeenBy.STAFF),
    )
    impersonal: ClassVar = ("before",)
    __table_args__ = (Index("ix_rota_changes_guild_id", "guild_id", "rota_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    what: Mapped[str] = mapped_column(String(16))
    by_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cover_id: Mapped[int | None] = mapped_column()
    out_seat: Mapped[int | None] = mapped_column()
    in_seat: Mapped[int | None] = mapped_column()


# ---------------------------------------------------------------------------------------------- rotas


async def find_rota(session: AsyncSession, rota_id: int) -> RotaRow | None:
    return await session.get(RotaRow, rota_id)


async def lock_rota(session: AsyncSession, rota_id: int) -> RotaRow | None:
    """The rota, kept from others until the end of this writing transaction: everything about it is changed under this."""
    return await session.get(RotaRow, rota_id, with_for_update=True, populate_existing=True)


async def list_rotas(session: AsyncSession, guild_id: int) -> list[RotaRow]:
    """Those that go on, in order."""
    query = select(RotaRow).filter_by(guild_id=guild_id, ended_at=None)
    return list(await session.scalars(query.order_by(RotaRow.id)))


async def list_all_channels(session: AsyncSession) -> set[int]:
    """The channels of every community in which cover may have been asked for: read once at start."""
    own = await session.scalars(select(RotaRow.channel_id).filter_by(ended_at=None))
    shared = await session.scalars(select(RotaSettingsRow.channel_id))
    return {each for each in (*own, *shared) if each is not None}


async def list_channels(session: AsyncSession, guild_id: int) -> set[int]:
    query = select(RotaRow.channel_id).filter_by(guild_id=guild_id, ended_at=None)
    return {each for each in await session.scalars(query) if each is not None}


# ---------------------------------------------------------------------------------------------- volunteers


async def add_volunteer(
    session: AsyncSession, rota: RotaRow, member_id: int, base: int, at: datetime
) -> bool:
    """Whether they are new."""
    values = {
        "rota_id": rota.id,
        "member_id": member_id,
        "guild_id": rota.guild_id,
        "joined_at": at,
        "base": base,
    }
    return bool(await insert_if_absent(session, RotaVolunteerRow, [values], ["rota_id", "member_id"]))


async def find_volunteer(session: AsyncSession, rota_id: int, member_id: int) -> RotaVolunteerRow | None:
    return await session.get(RotaVolunteerRow, (rota_id, member_id), populate_existing=True)


async def list_volunteers(
    session: AsyncSession, rota_id: int
) -> list[tuple[RotaVolunteerRow, datetime | None, bool]]:
    """Who takes turns, with until when they pause and whether they have left the server."""
    same = (MemberRow.guild_id == RotaVolunteerRow.guild_id) & (
        MemberRow.member_id == RotaVolunteerRow.member_id
    )
    gone = (DepartureRow.guild_id == RotaVolunteerRow.guild_id) & (
        DepartureRow.member_id == RotaVolunteerRow.member_id
    )
    query = (
        select(RotaVolunteerRow, MemberRow.paused_until, DepartureRow.member_id.is_not(None))
        .outerjoin(MemberRow, same)
        .outerjoin(DepartureRow, gone)
        .where(RotaVolunteerRow.rota_id == rota_id)
        .order_by(RotaVolunteerRow.member_id)
        .execution_options(populate_existing=True)
    )
    return [(row, paused, left) for row, paused, left in await session.execute(query)]


async def list_rotas_of(session: AsyncSession, guild_id: int, member_id: int) -> list[int]:
    """The rotas that somebody has to do with: as a volunteer, in a turn, or covering."""
    found: set[int] = set()
    for query in (
        select(RotaVolunteerRow.rota_id).filter_by(guild_id=guild_id, member_id=member_id),
        select(RotaSeatRow.rota_id)
        .filter_by(guild_id=guild_id, member_id=member_id)
        .where(RotaSeatRow.state.in_(ACTIVE)),
        select(RotaCoverRow.rota_id).where(
            RotaCoverRow.guild_id == guild_id,
            or_(RotaCoverRow.in_id == member_id, RotaCoverRow.out_id == member_id),
        ),
        select(RotaGrantRow.rota_id).filter_by(guild_id=guild_id, member_id=member_id, given=True),
    ):
        found |= set(await session.scalars(query))
    return sorted(found)


async def count_volunteers(session: AsyncSession, guild_id: int) -> dict[int, int]:
    """By rota."""
    query = select(RotaVolunteerRow.rota_id, func.count()).filter_by(guild_id=guild_id)
    found = await session.execute(query.group_by(RotaVolunteerRow.rota_id))
    return {rota_id: int(count) for rota_id, count in found}


async def list_away(session: AsyncSession, guild_id: int, since: datetime) -> list[RotaAwayRow]:
    """Who is away, or will be."""
    query = select(RotaAwayRow).where(RotaAwayRow.guild_id == guild_id, RotaAwayRow.ends_at > since)
    return list(await session.scalars(query.order_by(RotaAwayRow.id)))


async def clear_away(session: AsyncSession, guild_id: int, member_id: int, now: datetime) -> int:
    """Somebody is back: what lies ahead is forgotten. How many spans that were."""
    rows = [each for each in await list_away(session, guild_id, now) if each.member_id == member_id]
    for each in rows:
        if each.starts_at < now:
            each.ends_at = now
        else:
            await session.delete(each)
    await session.flush()
    return len(rows)


# ---------------------------------------------------------------------------------------------- turns and seats


async def find_turn(session: AsyncSession, turn_id: int) -> RotaTurnRow | None:
    return await session.get(RotaTurnRow, turn_id, populate_existing=True)


async def list_turns(session: AsyncSession, rota_id: int, *states: str) -> list[RotaTurnRow]:
    query = select(RotaTurnRow).where(RotaTurnRow.rota_id == rota_id, RotaTurnRow.state.in_(states))
    ordered = query.order_by(RotaTurnRow.starts_at, RotaTurnRow.id).execution_options(populate_existing=True)
    return list(await session.scalars(ordered))


async def list_last_turns(session: AsyncSession, rota_id: int, limit: int) -> list[RotaTurnRow]:
    """The latest turns that are over, the newest first."""
    query = select(RotaTurnRow).where(RotaTurnRow.rota_id == rota_id, RotaTurnRow.state.in_((OVER, MISSED)))
    return list(await session.scalars(query.order_by(RotaTurnRow.starts_at.desc()).limit(limit)))


async def list_seats(session: AsyncSession, turns: Collection[int]) -> list[RotaSeatRow]:
    query = select(RotaSeatRow).where(RotaSeatRow.turn_id.in_(turns)).order_by(RotaSeatRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def find_seat(session: AsyncSession, seat_id: int) -> RotaSeatRow | None:
    return await session.get(RotaSeatRow, seat_id, populate_existing=True)


async def count_served(session: AsyncSession, rota_id: int) -> dict[int, int]:
    """How many turns each has served, or holds at present."""
    query = (
        select(RotaSeatRow.member_id, func.count())
        .where(RotaSeatRow.rota_id == rota_id, RotaSeatRow.state.in_((SERVED, HOLDING)))
        .group_by(RotaSeatRow.member_id)
    )
    return {member_id: int(count) for member_id, count in await session.execute(query)}


async def list_served_of(session: AsyncSession, guild_id: int, member_id: int) -> list[tuple[str, int]]:
    """The names of the rotas in which somebody has served, and how often."""
    query = (
        select(RotaRow.name, func.count())
        .join(RotaSeatRow, RotaSeatRow.rota_id == RotaRow.id)
        .where(
            RotaSeatRow.guild_id == guild_id, RotaSeatRow.member_id == member_id, RotaSeatRow.state == SERVED
        )
        .group_by(RotaRow.id, RotaRow.name)
        .order_by(RotaRow.id)
    )
    return [(name, count) for name, count in await session.execute(query)]


# ---------------------------------------------------------------------------------------------- covers, roles, changes


async def list_covers(session: AsyncSession, rota_id: int, since: datetime) -> list[RotaCoverRow]:
    """Spans that are not over by then."""
    query = select(RotaCoverRow).where(RotaCoverRow.rota_id == rota_id, RotaCoverRow.ends_at > since)
    return list(await session.scalars(query.order_by(RotaCoverRow.id)))


async def list_grants(session: AsyncSession, guild_id: int) -> list[RotaGrantRow]:
    """The roles that I have given in this server, by which rota."""
    query = select(RotaGrantRow).filter_by(guild_id=guild_id, given=True).order_by(RotaGrantRow.id)
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def lock_grant(session: AsyncSession, rota: RotaRow, member_id: int, role_id: int) -> RotaGrantRow:
    """The row of this role and person, made if there is none."""
    key = {"rota_id": rota.id, "member_id": member_id, "role_id": role_id}
    values = {**key, "guild_id": rota.guild_id, "given": False, "step": 0}
    await insert_if_absent(session, RotaGrantRow, [values], list(key))
    return (await session.scalars(select(RotaGrantRow).filter_by(**key).with_for_update())).one()


async def last_change(session: AsyncSession, rota_id: int) -> RotaChangeRow | None:
    query = select(RotaChangeRow).filter_by(rota_id=rota_id).order_by(RotaChangeRow.id.desc()).limit(1)
    return await session.scalar(query)


async def find_swaps_by_message(
    session: AsyncSession, guild_id: int, channel_id: int, messages: Collection[int]
) -> list[int]:
    """The seats whose wish for cover these messages are."""
    query = select(OutboxRow.arguments).where(
        OutboxRow.guild_id == guild_id,
        OutboxRow.channel_id == channel_id,
        OutboxRow.result_id.in_(messages),
        OutboxRow.key.startswith(_SWAP, autoescape=True),
    )
    return [int(arguments["seat_id"]) for arguments in await session.scalars(query)]
