"""Badges: what a community gives, to whom and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    case,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage import acts as act_storage
from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent, insert_new
from storage.personal import N_, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

HELD, LOST, REVOKED = "held", "lost", "revoked"
BY_HAND = "by_hand"  # how one that is held is told where staff gave it
DRAFT, ON, OFF = "draft", "on", "off"


class BadgeSettingsRow(Base):
    """`channel_id` is where the week's wins are posted; without one they are not. `weekday` 0 is Monday."""

    __tablename__ = "badge_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    weekday: Mapped[int] = mapped_column(default=4)
    minute: Mapped[int] = mapped_column(default=16 * 60)
    schedule_id: Mapped[int | None] = mapped_column()


class BadgeRow(Base):
    """A badge of a community. With `shipped_key` its words and rule are those that come with Lyceum, while it has them.

    `rule` holds {"criteria": [...]} as in `bot/criteria.py`. `tested` is what the last test on history found, emptied
    when the rule changes. `version` counts the changes of the rule.
    """

    __tablename__ = "badges"
    personal: ClassVar = NOTHING_PERSONAL
    impersonal: ClassVar = ("rule", "tested")
    __table_args__ = (UniqueConstraint("guild_id", "shipped_key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake, index=True)
    shipped_key: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(100))
    how: Mapped[str] = mapped_column(Text)
    tier: Mapped[str] = mapped_column(String(16))
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    repeatable: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default=DRAFT)  # draft, on, off
    retires_at: Mapped[datetime | None] = mapped_column()
    role_id: Mapped[int | None] = mapped_column(Snowflake)
    tested: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    switched_on_at: Mapped[datetime | None] = mapped_column()


class BadgeAwardRow(Base):
    """A badge that somebody was given, the `number`-th of its kind to them; the key keeps two acts from giving one twice.

    `state` is held, lost (what earned it was taken back) or revoked (by staff). `act_id` is the act `badge.earned`,
    `evidence` holds the ids of the acts on which it rests. `given_by` is the facilitator who gave it by hand, or said
    that it stays. `turn` counts the changes of state. `quiet`: in no week's wins, for it was given
    for what was done before the badge was there, or before the person agreed.
    """

    __tablename__ = "badge_awards"
    personal: ClassVar = (
        Personal(
            what=N_("Badges that you were given, and on what they rest"),
            seen_by=SeenBy.COMMUNITY,
        ),
        Personal(
            "given_by",
            OnDeletion.DETACH,
            what=N_("Badges of others that you gave as staff"),
            seen_by=SeenBy.STAFF,
        ),
        Personal(
            "revoked_by",
            OnDeletion.DETACH,
            what=N_("Badges of others that you took back as staff"),
            seen_by=SeenBy.STAFF,
        ),
    )
    impersonal: ClassVar = ("evidence",)
    __table_args__ = (
        UniqueConstraint("badge_id", "member_id", "number"),
        # With `at`: SQLite would else go through the whole server by the index below, to have them in order.
        Index("ix_badge_awards_guild_id_member_id_at", "guild_id", "member_id", "at"),
        Index("ix_badge_awards_guild_id_at", "guild_id", "at"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default=HELD)
    turn: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column()
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"), index=True)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    given_by: Mapped[int | None] = mapped_column(Snowflake)
    reason: Mapped[str | None] = mapped_column(Text)
    revoked_by: Mapped[int | None] = mapped_column(Snowflake)
    revoked_because: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column()
    quiet: Mapped[bool] = mapped_column(default=False)
    doubtful: Mapped[bool] = mapped_column(default=False)


# ---------------------------------------------------------------------------------------------- badges


async def list_badges(session: AsyncSession, guild_id: int) -> list[BadgeRow]:
    """All of a community's, in the order in which they came."""
    query = select(BadgeRow).filter_by(guild_id=guild_id).order_by(BadgeRow.id)
    return list(await session.scalars(query))


async def find_badge(session: AsyncSession, guild_id: int, badge_id: int) -> BadgeRow | None:
    row = await session.get(BadgeRow, badge_id, populate_existing=True)
    return row if row is not None and row.guild_id == guild_id else None


async def lock_badge(session: AsyncSession, guild_id: int, badge_id: int) -> BadgeRow | None:
    row = await session.get(BadgeRow, badge_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.guild_id == guild_id else None


async def list_on(session: AsyncSession) -> list[BadgeRow]:
    """Those of all communities that are given at present."""
    return list(await session.scalars(select(BadgeRow).filter_by(state=ON).order_by(BadgeRow.id)))


async def add_badges(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Shipped badges that a community does not have yet."""
    return await insert_if_absent(session, BadgeRow, rows, ["guild_id", "shipped_key"])


async def forget_role(session: AsyncSession, guild_id: int, role_id: int) -> int:
    """No badge comes with this role any more; returns how many did."""
    changed = update(BadgeRow).where(BadgeRow.guild_id == guild_id, BadgeRow.role_id == role_id)
    result = await session.execute(changed.values(role_id=None).returning(BadgeRow.id))
    return len(result.all())


# ---------------------------------------------------------------------------------------------- awards


async def wait_turn(session: AsyncSession, guild_id: int, member_id: int) -> None:
    """Judge the acts of one member one after the other, or two at once would each miss the other.

    On SQLite all writers come one after the other anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = (guild_id * 31 + member_id) % (2**63 - 1)
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


async def look(
    session: AsyncSession, guild_id: int, member_id: int, kinds: Collection[str]
) -> tuple[list[tuple[int, str, str, int | None, datetime]], list[tuple[int, int, str, int]]]:
    """In one statement what a member did of these kinds, and which badges they have: badge, award, state, number."""
    acts = act_storage.counted(guild_id, kinds).where(act_storage.ActRow.member_id == member_id)
    awards = select(
        literal(0),
        BadgeAwardRow.id,
        BadgeAwardRow.state,
        case((BadgeAwardRow.given_by.is_(None), ""), else_=BY_HAND),
        BadgeAwardRow.badge_id,
        BadgeAwardRow.at,
        BadgeAwardRow.number,
    ).where(BadgeAwardRow.guild_id == guild_id, BadgeAwardRow.member_id == member_id)
    both = union_all(acts.add_columns(literal(0)), awards)
    done: list[tuple[int, str, str, int | None, datetime]] = []
    had: list[tuple[int, int, str, int]] = []
    for who, id_, word, subject, other, at, number in await session.execute(both):
        if who:
            done.append((id_, word, subject, other, at))
        else:
            had.append((other, id_, BY_HAND if subject and word == HELD else word, number))
    return done, had


async def add_awards(session: AsyncSession, rows: list[dict[str, Any]]) -> list[BadgeAwardRow]:
    """Give these; returns what is new, in no order."""
    return await insert_new(session, BadgeAwardRow, rows, ["badge_id", "member_id", "number"])


async def find_award(session: AsyncSession, badge_id: int, member_id: int, number: int) -> BadgeAwardRow:
    """One award, locked."""
    query = select(BadgeAwardRow).filter_by(badge_id=badge_id, member_id=member_id, number=number)
    query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def lock_award(session: AsyncSession, award_id: int) -> BadgeAwardRow | None:
    return await session.get(BadgeAwardRow, award_id, with_for_update=True, populate_existing=True)


async def find_by_act(session: AsyncSession, act_id: int) -> BadgeAwardRow | None:
    """The award of an act `badge.earned`, locked."""
    query = select(BadgeAwardRow).filter_by(act_id=act_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_of_member(session: AsyncSession, guild_id: int, member_id: int) -> list[BadgeAwardRow]:
    """Everything a member was ever given, the newest first."""
    query = select(BadgeAwardRow).filter_by(guild_id=guild_id, member_id=member_id)
    return list(await session.scalars(query.order_by(BadgeAwardRow.at.desc(), BadgeAwardRow.id.desc())))


async def list_of_people(
    session: AsyncSession, badge_id: int, people: Collection[int]
) -> list[BadgeAwardRow]:
    query = select(BadgeAwardRow).where(
        BadgeAwardRow.badge_id == badge_id, BadgeAwardRow.member_id.in_(people)
    )
    return list(await session.scalars(query.order_by(BadgeAwardRow.number)))


async def list_spent(session: AsyncSession, award_ids: Collection[int]) -> set[int]:
    """The acts on which those of these awards rested that staff took back."""
    query = select(BadgeAwardRow.evidence).where(
        BadgeAwardRow.id.in_(award_ids), BadgeAwardRow.state == REVOKED
    )
    return {int(act_id) for found in await session.scalars(query) for act_id in found.get("acts", ())}


async def list_next_held(
    session: AsyncSession, badge_id: int, *, after: int, limit: int
) -> list[BadgeAwardRow]:
    """The awards of a badge that are held and were not given by hand, of the next people by id."""
    people = (
        select(BadgeAwardRow.member_id)
        .where(BadgeAwardRow.badge_id == badge_id, BadgeAwardRow.state == HELD)
        .where(BadgeAwardRow.member_id > after, BadgeAwardRow.given_by.is_(None))
        .distinct()
        .order_by(BadgeAwardRow.member_id)
        .limit(limit)
    )
    found = list(await session.scalars(people))
    rows = await list_of_people(session, badge_id, found) if found else []
    return [each for each in rows if each.state == HELD and each.given_by is None]


async def list_next_holders(
    session: AsyncSession, badge_id: int, *, after: int, limit: int
) -> list[BadgeAwardRow]:
    """One award that is held of each of the next people by id."""
    first = (
        select(func.min(BadgeAwardRow.id))
        .where(BadgeAwardRow.badge_id == badge_id, BadgeAwardRow.state == HELD)
        .where(BadgeAwardRow.member_id > after)
        .group_by(BadgeAwardRow.member_id)
        .order_by(BadgeAwardRow.member_id)
        .limit(limit)
    )
    ids = list(await session.scalars(first))
    query = select(BadgeAwardRow).where(BadgeAwardRow.id.in_(ids))
    return list(await session.scalars(query.order_by(BadgeAwardRow.member_id)))


async def mark_doubtful(
    session: AsyncSession, badge_id: int, people: Collection[int], sure: Collection[int]
) -> int:
    """Of these people's awards those in `sure` (ids) rest on something, and the others are to be looked at by staff.

    Returns of how many that was not known before.
    """
    new = 0
    for condition, doubtful in (
        (BadgeAwardRow.id.in_(sure), False),
        (BadgeAwardRow.id.not_in(sure), True),
    ):
        changed = await session.execute(
            update(BadgeAwardRow)
            .where(BadgeAwardRow.badge_id == badge_id, BadgeAwardRow.member_id.in_(people), condition)
            .where(BadgeAwardRow.state == HELD, BadgeAwardRow.given_by.is_(None))
            .where(BadgeAwardRow.doubtful.is_(not doubtful))
            .values(doubtful=doubtful)
            .returning(BadgeAwardRow.id)
            .execution_options(synchronize_session=False)
        )
        new = len(changed.all())  # the last are those in doubt
    return new


async def list_doubtful(session: AsyncSession, guild_id: int, *, limit: int) -> list[BadgeAwardRow]:
    query = select(BadgeAwardRow).filter_by(guild_id=guild_id, state=HELD, doubtful=True)
    return list(await session.scalars(query.order_by(BadgeAwardRow.id).limit(limit)))


async def list_held(session: AsyncSession, badge_id: int) -> set[int]:
    """Who has it."""
    query = select(BadgeAwardRow.member_id).filter_by(badge_id=badge_id, state=HELD).distinct()
    return set(await session.scalars(query))


async def count_held(session: AsyncSession, guild_id: int) -> dict[int, int]:
    """How many people have each badge."""
    query = (
        select(BadgeAwardRow.badge_id, func.count(BadgeAwardRow.member_id.distinct()))
        .where(BadgeAwardRow.guild_id == guild_id, BadgeAwardRow.state == HELD)
        .group_by(BadgeAwardRow.badge_id)
    )
    return {badge_id: int(count) for badge_id, count in await session.execute(query)}


async def gives_role_otherwise(session: AsyncSession, award: BadgeAwardRow, role_id: int) -> bool:
    """Whether the member holds another badge that comes with this role."""
    query = (
        select(BadgeAwardRow.id)
        .join(BadgeRow, BadgeRow.id == BadgeAwardRow.badge_id)
        .where(
            BadgeAwardRow.guild_id == award.guild_id,
            BadgeAwardRow.member_id == award.member_id,
            BadgeAwardRow.state == HELD,
            BadgeAwardRow.id != award.id,
            BadgeRow.role_id == role_id,
        )
    )
    return await session.scalar(query.limit(1)) is not None
