"""The ledger of acts: append-only, one row for each thing a member knowingly did that matters to learning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent, insert_new
from storage.personal import N_, OnDeletion, Personal, SeenBy


class ActRow(Base):
    """`other_id` is whom it was done for or with, where that is somebody."""

    __tablename__ = "acts"
    personal: ClassVar = (
        Personal(
            what=N_("What you did that counts here, such as a finished step, and when"),
            seen_by=SeenBy.COMMUNITY,
        ),
        Personal(
            "other_id",
            OnDeletion.DETACH,
            what=N_("What somebody did for or with you that counts for them"),
            seen_by=SeenBy.WRITER,
            mention=True,
        ),
    )
    # Details are facts about the act by its own member; somebody else stands in `other_id` or the feature's own table.
    impersonal: ClassVar = ("details",)
    __table_args__ = (
        UniqueConstraint("guild_id", "kind", "member_id", "subject"),
        Index("ix_acts_guild_id_kind_at", "guild_id", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    kind: Mapped[str] = mapped_column(String(64))
    member_id: Mapped[int] = mapped_column(Snowflake, index=True)
    subject: Mapped[str] = mapped_column(String(100))
    other_id: Mapped[int | None] = mapped_column(Snowflake, index=True)
    details: Mapped[dict[str, Any]] = mapped_column()
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"), index=True)
    at: Mapped[datetime] = mapped_column()
    retracted_at: Mapped[datetime | None] = mapped_column()
    retracted_because: Mapped[str | None] = mapped_column(String(200))


async def add_act(
    session: AsyncSession,
    *,
    guild_id: int,
    kind: str,
    member_id: int,
    subject: str,
    other_id: int | None,
    details: dict[str, Any],
    cause_id: int | None,
    at: datetime,
) -> ActRow | None:
    """Insert the act, or revive it if it was retracted. None when it stands already."""
    key = {"guild_id": guild_id, "kind": kind, "member_id": member_id, "subject": subject}
    values = {"other_id": other_id, "details": details, "cause_id": cause_id, "at": at}
    added = await insert_if_absent(session, ActRow, [key | values], list(key))
    # Read anew even if this transaction has seen the row: another transaction may have changed it since.
    query = select(ActRow).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    row = (await session.scalars(query)).one()
    if added:
        return row
    if row.retracted_at is None:
        return None
    row.other_id, row.details, row.cause_id, row.at = other_id, details, cause_id, at
    row.retracted_at = row.retracted_because = None
    await session.flush()
    return row


async def add_many(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> list[ActRow]:
    """Insert acts at once; returns those that are new, in no order. Revives none that was taken back."""
    return await insert_new(session, ActRow, rows, ["guild_id", "kind", "member_id", "subject"])


async def retract_act(session: AsyncSession, act_id: int, *, at: datetime, reason: str) -> ActRow | None:
    """Mark the act as taken back. None when there is no such act or it was taken back before."""
    # Without populate_existing a row that this transaction has read before would be judged by its old state.
    row = await session.get(ActRow, act_id, with_for_update=True, populate_existing=True)
    if row is None or row.retracted_at is not None:
        return None
    row.retracted_at, row.retracted_because = at, reason
    await session.flush()
    return row


async def list_caused_by(session: AsyncSession, act_id: int) -> list[ActRow]:
    """The acts that stand because of this one, the newest first; one that was revived is as new as its revival."""
    query = select(ActRow).where(ActRow.cause_id == act_id, ActRow.retracted_at.is_(None))
    return list(await session.scalars(query.order_by(ActRow.at.desc(), ActRow.id.desc())))


async def count_acts(
    session: AsyncSession, guild_id: int, kind: str, *, since: datetime, until: datetime, people: bool
) -> int:
    """How many acts of a kind stand, done from `since` until just before `until`; with `people`, by how many."""
    what = func.count(ActRow.member_id.distinct()) if people else func.count()
    query = select(what).where(
        ActRow.guild_id == guild_id,
        ActRow.kind == kind,
        ActRow.at >= since,
        ActRow.at < until,
        ActRow.retracted_at.is_(None),
    )
    return await session.scalar(query) or 0


async def list_of_members(
    session: AsyncSession,
    guild_id: int,
    kinds: Collection[str],
    members: Collection[int],
    *,
    since: datetime,
    until: datetime,
) -> list[tuple[int, int, datetime]]:
    """Member, id and instant of the acts of these kinds and members that stand, in order."""
    query = select(ActRow.member_id, ActRow.id, ActRow.at).where(
        ActRow.guild_id == guild_id,
        ActRow.kind.in_(kinds),
        ActRow.member_id.in_(members),
        ActRow.at >= since,
        ActRow.at < until,
        ActRow.retracted_at.is_(None),
    )
    rows = await session.execute(query.order_by(ActRow.at, ActRow.id))
    return [(member_id, id_, at) for member_id, id_, at in rows]


def counted(guild_id: int, kinds: Collection[str]) -> Select[int, int, str, str, int | None, datetime]:
    """Member, id, kind, subject, other and instant of the acts of these kinds that stand."""
    return select(ActRow.member_id, ActRow.id, ActRow.kind, ActRow.subject, ActRow.other_id, ActRow.at).where(
        ActRow.guild_id == guild_id, ActRow.kind.in_(kinds), ActRow.retracted_at.is_(None)
    )


async def list_counted(
    session: AsyncSession,
    guild_id: int,
    kinds: Collection[str],
    *,
    member_id: int | None = None,
    members: Collection[int] | None = None,
    people: tuple[int, int] | None = None,
) -> list[tuple[int, int, str, str, int | None, datetime]]:
    """Member, id, kind, subject, other and instant of acts that stand, in order: one member's, some members', or
    those of everybody between two ids."""
    query = counted(guild_id, kinds)
    if member_id is not None:
        query = query.where(ActRow.member_id == member_id)
    if members is not None:
        query = query.where(ActRow.member_id.in_(members))
    if people is not None:
        query = query.where(ActRow.member_id.between(*people))
    # Put in order here: asked for it, SQLite reads everybody's acts of the kind by the index that has them in order.
    rows = [
        (who, id_, kind, subject, other, at)
        for who, id_, kind, subject, other, at in await session.execute(query)
    ]
    return sorted(rows, key=lambda each: (each[5], each[1]))


async def list_doers(
    session: AsyncSession, guild_id: int, kinds: Collection[str], *, after: int, limit: int
) -> list[int]:
    """The next members by id with an act of these kinds that stands."""
    query = select(ActRow.member_id).where(
        ActRow.guild_id == guild_id,
        ActRow.kind.in_(kinds),
        ActRow.member_id > after,
        ActRow.retracted_at.is_(None),
    )
    return list(await session.scalars(query.distinct().order_by(ActRow.member_id).limit(limit)))


async def find_first(session: AsyncSession, guild_id: int, kind: str, member_id: int) -> ActRow | None:
    """The member's earliest act of the kind that stands."""
    query = select(ActRow).filter_by(guild_id=guild_id, kind=kind, member_id=member_id, retracted_at=None)
    return (await session.scalars(query.order_by(ActRow.at, ActRow.id).limit(1))).one_or_none()


async def list_acts(session: AsyncSession, ids: Collection[int]) -> list[ActRow]:
    query = select(ActRow).where(ActRow.id.in_(ids)).order_by(ActRow.at, ActRow.id)
    return list(await session.scalars(query))


async def is_known(session: AsyncSession, guild_id: int, kind: str, member_id: int, subject: str) -> bool:
    query = select(ActRow.id).filter_by(guild_id=guild_id, kind=kind, member_id=member_id, subject=subject)
    return await session.scalar(query) is not None


async def list_people(session: AsyncSession, guild_id: int) -> set[int]:
    """Who has an act that stands."""
    query = select(ActRow.member_id).where(ActRow.guild_id == guild_id, ActRow.retracted_at.is_(None))
    return set(await session.scalars(query.distinct()))
