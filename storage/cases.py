"""Cases: what moderators, Discord and Lyceum did about people and channels, numbered in each server. What may be asked of
them and what a change means is decided in `bot/cases.py`; what words were kept as evidence lies in `storage/evidence.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.personal import ANYWHERE, N_, NOBODY, NOTHING_PERSONAL, OnDeletion, Personal, SeenBy

KEPT = timedelta(days=730)
KEY_LENGTH = 120
KEYS_AT_ONCE = 500
_SAFETY = N_("others rely on it that who harmed them is recognised when they come back")


class CaseNumberRow(Base):
    """The last number that a server has given. Who opens a case holds it, so cases of one server open one by one."""

    __tablename__ = "case_numbers"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class CaseRow(Base):
    """One case. `member_id` is whom it is about, `NOBODY` when it is about a channel or many; `moderator_id` who acted,
    `NOBODY` for Lyceum itself. `ends_at` is when what holds ends by itself, `ended_at` when it did end and
    `settled_at` since when nothing of it holds any more: from then on it is kept for two years. `details` has what the
    feature that acted needs to undo it; `version` counts what its cards show. Instants are UTC."""

    __tablename__ = "cases"
    personal: ClassVar = (
        Personal(
            "member_id",
            OnDeletion.KEEP,
            why=_SAFETY,
            keep_for=KEPT,
            since="settled_at",
            what=N_("What moderators did about you, with the reason, kept for two years after it ended"),
            seen_by=SeenBy.STAFF,
            hides=("moderator_id", "ended_by", "hidden_by", "hidden_why", "source", "source_key", "details"),
            withheld=("kind", "note"),
        ),
        *(
            Personal(
                column,
                OnDeletion.DETACH,
                what=N_("Cases that you dealt with as a moderator"),
                seen_by=SeenBy.STAFF,
                mention=True,
            )
            for column in ("moderator_id", "ended_by", "hidden_by")
        ),
        Personal(
            f"details.{ANYWHERE}",
            OnDeletion.KEEP,
            why=_SAFETY,
            what=N_("Cases about several people of whom you are one"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )
    __table_args__ = (
        UniqueConstraint("guild_id", "number"),
        UniqueConstraint("guild_id", "source_key"),
        Index("ix_cases_member", "guild_id", "member_id", "kind"),
        Index("ix_cases_moderator", "guild_id", "moderator_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    number: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(16))
    member_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    moderator_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    reason: Mapped[str] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(16))
    source_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    count: Mapped[int] = mapped_column(default=1)
    points: Mapped[int] = mapped_column(default=0)
    points_until: Mapped[datetime | None] = mapped_column()
    ends_at: Mapped[datetime | None] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    ended_by: Mapped[int | None] = mapped_column(Snowflake)
    ended_why: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    state_reason: Mapped[str | None] = mapped_column(String(300))
    hidden_at: Mapped[datetime | None] = mapped_column()
    hidden_by: Mapped[int | None] = mapped_column(Snowflake)
    hidden_why: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column()
    settled_at: Mapped[datetime | None] = mapped_column()


class CaseEventRow(Base):
    """Something that happened with a case after it was opened. `before` and `after` are texts of staff."""

    __tablename__ = "case_events"
    personal: ClassVar = (
        Personal(
            "case_id",
            through="case_id",
            what=N_("What became of the cases about you"),
            seen_by=SeenBy.STAFF,
            hides=("by_id", "before", "after"),
            withheld=("what", "noted", "linked", "hidden", "shown"),
        ),
        Personal(
            "by_id",
            OnDeletion.DETACH,
            what=N_("What you did with cases as a moderator"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(String(32))
    by_id: Mapped[int] = mapped_column(Snowflake, default=NOBODY)
    at: Mapped[datetime] = mapped_column()
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class CaseNoteRow(Base):
    """Words of staff among themselves about somebody. They go with the person whom they are about."""

    __tablename__ = "case_notes"
    personal: ClassVar = (
        Personal(
            what=N_("Notes of moderators about you, among themselves"),
            seen_by=SeenBy.OTHERS,
            keep_for=KEPT,
            since="at",
        ),
        Personal(
            "by_id",
            OnDeletion.DETACH,
            what=N_("Notes that you wrote as a moderator"),
            seen_by=SeenBy.STAFF,
            mention=True,
        ),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(Snowflake, index=True)
    by_id: Mapped[int] = mapped_column(Snowflake)
    at: Mapped[datetime] = mapped_column()
    text: Mapped[str] = mapped_column(Text)


class CaseLinkRow(Base):
    """Two cases that belong together; `case_id` is the lower."""

    __tablename__ = "case_links"
    personal: ClassVar = NOTHING_PERSONAL

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, index=True
    )


# ---------------------------------------------------------------------------------------------- numbers and rows


async def take_numbers(session: AsyncSession, guild_id: int, count: int) -> int:
    """The next so many numbers of the server; returns the first. They are locked until the end of the transaction, so
    none is left out."""
    await lock_numbers(session, guild_id)
    statement = (
        update(CaseNumberRow)
        .where(CaseNumberRow.guild_id == guild_id)
        .values(last=CaseNumberRow.last + count)
        .returning(CaseNumberRow.last)
    )
    return int(await session.scalar(statement) or 0) - count + 1


async def add_many(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Rows that name the same columns; their keys are new."""
    await insert_if_absent(session, CaseRow, rows, ["guild_id", "source_key"])


async def list_known_keys(session: AsyncSession, guild_id: int, keys: Sequence[str]) -> set[str | None]:
    """Which of these source keys a case has already."""
    found: set[str | None] = set()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        query = select(CaseRow.source_key).where(CaseRow.guild_id == guild_id, CaseRow.source_key.in_(part))
        found |= set(await session.scalars(query))
    return found


async def settle_many(
    session: AsyncSession, guild_id: int, source_keys: Collection[str], values: dict[str, Any]
) -> None:
    """Change the cases with these keys that have not ended."""
    keys = sorted(source_keys)
    for start in range(0, len(keys), KEYS_AT_ONCE):
        await session.execute(
            update(CaseRow)
            .where(
                CaseRow.guild_id == guild_id,
                CaseRow.source_key.in_(keys[start : start + KEYS_AT_ONCE]),
                CaseRow.ended_at.is_(None),
            )
            .values(**values),
            execution_options={"synchronize_session": False},
        )


async def lock_numbers(session: AsyncSession, guild_id: int) -> None:
    """Whoever opens a case of this server waits until the end of this transaction."""
    await insert_if_absent(session, CaseNumberRow, [{"guild_id": guild_id, "last": 0}], ["guild_id"])
    query = select(CaseNumberRow.last).where(CaseNumberRow.guild_id == guild_id)
    await session.scalar(query.with_for_update())


async def find_by_key(session: AsyncSession, guild_id: int, source_key: str) -> CaseRow | None:
    query = select(CaseRow).filter_by(guild_id=guild_id, source_key=source_key)
    return (await session.scalars(query)).one_or_none()


async def find(session: AsyncSession, guild_id: int, number: int) -> CaseRow | None:
    return (await session.scalars(select(CaseRow).filter_by(guild_id=guild_id, number=number))).one_or_none()


async def find_by_id(session: AsyncSession, case_id: int) -> CaseRow | None:
    return await session.get(CaseRow, case_id, populate_existing=True)


async def lock(session: AsyncSession, case_id: int) -> CaseRow | None:
    """The case, kept from others until the end of this writing transaction."""
    return await session.get(CaseRow, case_id, with_for_update=True, populate_existing=True)


async def list_of_member(
    session: AsyncSession, guild_id: int, member_id: int, *, limit: int, offset: int, hidden: bool
) -> list[CaseRow]:
    """Cases about somebody, the newest first."""
    query = select(CaseRow).filter_by(guild_id=guild_id, member_id=member_id)
    if not hidden:
        query = query.where(CaseRow.hidden_at.is_(None))
    return list(await session.scalars(query.order_by(CaseRow.number.desc()).limit(limit).offset(offset)))


async def count_of_member(session: AsyncSession, guild_id: int, member_id: int) -> int:
    query = select(func.count()).select_from(CaseRow).filter_by(guild_id=guild_id, member_id=member_id)
    return await session.scalar(query) or 0


async def sum_points(session: AsyncSession, guild_id: int, member_id: int, now: datetime) -> int:
    """Points that stand: of cases that were not overturned or hidden, and not expired."""
    query = select(func.coalesce(func.sum(CaseRow.points), 0)).where(
        CaseRow.guild_id == guild_id,
        CaseRow.member_id == member_id,
        CaseRow.points > 0,
        or_(CaseRow.points_until.is_(None), CaseRow.points_until > now),
        or_(CaseRow.ended_why.is_(None), CaseRow.ended_why != "overturned"),
        CaseRow.hidden_at.is_(None),
        CaseRow.state != "failed",
    )
    return int(await session.scalar(query) or 0)


async def list_holding(
    session: AsyncSession,
    guild_id: int,
    kinds: Collection[str],
    *,
    member_id: int | None = None,
    channel_id: int | None = None,
) -> list[CaseRow]:
    """Cases of these kinds that hold at present, the oldest first."""
    query = select(CaseRow).where(
        CaseRow.guild_id == guild_id,
        CaseRow.kind.in_(kinds),
        CaseRow.ended_at.is_(None),
        CaseRow.state != "failed",
    )
    if member_id is not None:
        query = query.where(CaseRow.member_id == member_id)
    if channel_id is not None:
        query = query.where(CaseRow.channel_id == channel_id)
    return list(await session.scalars(query.order_by(CaseRow.id).execution_options(populate_existing=True)))


async def list_people_held(session: AsyncSession, kinds: Collection[str]) -> set[tuple[int, int]]:
    """Server and member of everybody about whom a case of these kinds holds: read once at start."""
    query = select(CaseRow.guild_id, CaseRow.member_id).where(
        CaseRow.kind.in_(kinds), CaseRow.ended_at.is_(None), CaseRow.state != "failed"
    )
    return {(guild_id, member_id) for guild_id, member_id in await session.execute(query)}


async def count_by_moderator(
    session: AsyncSession, guild_id: int, moderator_id: int, kinds: Collection[str], since: datetime
) -> int:
    """How many people somebody has acted on in these ways since then, also where it did not come off."""
    query = select(func.coalesce(func.sum(CaseRow.count), 0)).where(
        CaseRow.guild_id == guild_id,
        CaseRow.moderator_id == moderator_id,
        CaseRow.kind.in_(kinds),
        CaseRow.created_at > since,
    )
    return int(await session.scalar(query) or 0)


async def list_since(
    session: AsyncSession, guild_id: int, member_id: int, kinds: Collection[str], since: datetime
) -> list[CaseRow]:
    """Cases of these kinds about somebody since then, the newest first."""
    query = select(CaseRow).where(
        and_(
            CaseRow.guild_id == guild_id,
            CaseRow.member_id == member_id,
            CaseRow.kind.in_(kinds),
            CaseRow.created_at >= since,
        )
    )
    return list(await session.scalars(query.order_by(CaseRow.id.desc())))


async def count_since(session: AsyncSession, guild_id: int, kind: str, since: datetime) -> int:
    """How many cases of this kind were opened since then."""
    query = select(func.count()).select_from(CaseRow)
    return (
        await session.scalar(query.filter_by(guild_id=guild_id, kind=kind).where(CaseRow.created_at > since))
        or 0
    )


# ---------------------------------------------------------------------------------------------- what belongs to a case


async def list_events(session: AsyncSession, case_id: int) -> list[CaseEventRow]:
    query = select(CaseEventRow).filter_by(case_id=case_id).order_by(CaseEventRow.id)
    return list(await session.scalars(query))


async def list_notes(session: AsyncSession, case_ids: Sequence[int]) -> list[CaseNoteRow]:
    query = select(CaseNoteRow).where(CaseNoteRow.case_id.in_(case_ids)).order_by(CaseNoteRow.id)
    return list(await session.scalars(query))


async def list_noted(session: AsyncSession, guild_id: int, member_id: int) -> list[int]:
    """The cases with notes about somebody."""
    query = select(CaseNoteRow.case_id).filter_by(guild_id=guild_id, member_id=member_id)
    return sorted(set(await session.scalars(query)))


async def add_link(session: AsyncSession, one: int, other: int) -> bool:
    """Whether it is new."""
    row = {"case_id": min(one, other), "other_id": max(one, other)}
    return bool(await insert_if_absent(session, CaseLinkRow, [row], ["case_id", "other_id"]))


async def list_linked(session: AsyncSession, case_id: int) -> list[int]:
    """The numbers of the cases that belong to this one, in order."""
    later = select(CaseLinkRow.other_id).where(CaseLinkRow.case_id == case_id)
    earlier = select(CaseLinkRow.case_id).where(CaseLinkRow.other_id == case_id)
    query = select(CaseRow.number).where(CaseRow.id.in_(union(later, earlier))).order_by(CaseRow.number)
    return list(await session.scalars(query))
