"""Who takes part in pairing rounds, who was put together with whom, and how it went."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, PrimaryKey, Snowflake, insert_if_absent
from storage.outbox import OutboxRow
from storage.personal import N_, NOTHING_PERSONAL, Personal, SeenBy
from storage.shared_ground import share

EVERY_DAY = 0b111_1111
HELD, DRAFT, UNDONE = "held", "draft", "undone"
_ROOM = "pairs.room:"


def room_key(group_id: int) -> str:
    """Under which the thread of a group is opened."""
    return f"{_ROOM}{group_id}"


class PairSettingsRow(Base):
    """`hours_weight` and `topics_weight` are 0 (not looked at) to 3 (counts a lot); `least_hours` is how many hours of a day
    a pair should share; `close_days` is how long a pair has."""

    __tablename__ = "pair_settings"
    personal: ClassVar = NOTHING_PERSONAL

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(Snowflake)
    schedule_id: Mapped[int | None] = mapped_column()
    hours_weight: Mapped[int] = mapped_column(default=2)
    topics_weight: Mapped[int] = mapped_column(default=2)
    least_hours: Mapped[int] = mapped_column(default=0)
    close_days: Mapped[int] = mapped_column(default=10)


class PairRoundRow(Base):
    """A round: held, a draft that somebody looks at, or taken back. `seed` is drawn once; `inputs` is a hash of what a
    draft was made of."""

    __tablename__ = "pair_rounds"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("guild_id", "key"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    seed: Mapped[int] = mapped_column()
    inputs: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column()


class PairMemberRow(Base):
    """Somebody who takes part. `weekdays` is a mask, bit 0 is Monday. Topics are lines.

    `skip_next`: not in the next round; `skipped_in` is the last one that was skipped. Who was left out comes first until a
    later round in which they were paired (`paired_in`); `left_out_in` is the round since which they wait or last waited,
    `left_out_before` the time before that, in case the round is taken back.
    """

    __tablename__ = "pair_members"
    personal: ClassVar = (
        Personal(
            what=N_(
                "That you take part in pairings, on which days, and what you would like to teach and learn"
            ),
            seen_by=SeenBy.COMMUNITY,
        ),
    )

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    joined_at: Mapped[datetime] = mapped_column()
    weekdays: Mapped[int] = mapped_column(default=EVERY_DAY)
    teach: Mapped[str] = mapped_column(Text, default="")
    learn: Mapped[str] = mapped_column(Text, default="")
    skip_next: Mapped[bool] = mapped_column(default=False)
    skipped_in: Mapped[int | None] = mapped_column(ForeignKey("pair_rounds.id", ondelete="SET NULL"))
    left_out_in: Mapped[int | None] = mapped_column(ForeignKey("pair_rounds.id", ondelete="SET NULL"))
    left_out_before: Mapped[int | None] = mapped_column(ForeignKey("pair_rounds.id", ondelete="SET NULL"))
    paired_in: Mapped[int | None] = mapped_column(ForeignKey("pair_rounds.id", ondelete="SET NULL"))


class PairGroupRow(Base):
    """Two or three people. `hours` is what they share of the day, in UTC. `outcome` is open, met, partly or not.

    `size` is how many they were; `version` counts the changes of their card; `rematch` is a second pair of a round.
    """

    __tablename__ = "pair_groups"
    personal: ClassVar = NOTHING_PERSONAL
    __table_args__ = (Index("ix_pair_groups_guild_id", "guild_id", "round_id"),)

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    round_id: Mapped[int] = mapped_column(ForeignKey("pair_rounds.id", ondelete="CASCADE"), index=True)
    channel_id: Mapped[int] = mapped_column(Snowflake)
    size: Mapped[int] = mapped_column()
    starter: Mapped[str] = mapped_column(String(64))
    hours: Mapped[int] = mapped_column()
    outcome: Mapped[str] = mapped_column(String(16), default="open")
    rematch: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column()
    closes_at: Mapped[datetime] = mapped_column()
    closed_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)


class PairPersonRow(Base):
    """Somebody in a group, and what they said of it: met, not, or nothing yet."""

    __tablename__ = "pair_people"
    personal: ClassVar = (
        Personal(what=N_("Whom you were paired with, and whether you met"), seen_by=SeenBy.COMMUNITY),
    )
    __table_args__ = (
        UniqueConstraint("group_id", "member_id"),
        Index("ix_pair_people_guild_id", "guild_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(PrimaryKey, primary_key=True)
    guild_id: Mapped[int] = mapped_column(Snowflake)
    group_id: Mapped[int] = mapped_column(ForeignKey("pair_groups.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(Snowflake)
    said: Mapped[str | None] = mapped_column(String(16))
    act_id: Mapped[int | None] = mapped_column(ForeignKey("acts.id", ondelete="SET NULL"))


class PairPoolRow(Base):
    """Somebody who would like to meet somebody else in this round, and waits for another one."""

    __tablename__ = "pair_pool"
    personal: ClassVar = (Personal(what=N_("That you wait for a second pair in this round")),)

    guild_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    member_id: Mapped[int] = mapped_column(Snowflake, primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("pair_groups.id", ondelete="CASCADE"))
    since: Mapped[datetime] = mapped_column()


# ---------------------------------------------------------------------------------------------- rounds


async def add_round(
    session: AsyncSession, guild_id: int, key: str, *, state: str, seed: int, at: datetime
) -> tuple[PairRoundRow, bool]:
    """The round of this key, and whether it is new: its seed is that of the first."""
    values = {"guild_id": guild_id, "key": key, "state": state, "seed": seed, "at": at}
    added = await insert_if_absent(session, PairRoundRow, [values], ["guild_id", "key"])
    query = select(PairRoundRow).filter_by(guild_id=guild_id, key=key).with_for_update()
    return (await session.scalars(query)).one(), bool(added)


async def find_round(session: AsyncSession, round_id: int) -> PairRoundRow | None:
    return await session.get(PairRoundRow, round_id)


async def lock_round(session: AsyncSession, round_id: int) -> PairRoundRow | None:
    # On PostgreSQL a second change of a group asks for its round, to see that it is there: that must not wait.
    lock = {"key_share": True}
    return await session.get(PairRoundRow, round_id, with_for_update=lock, populate_existing=True)


async def list_rounds(session: AsyncSession, guild_id: int, *, limit: int) -> list[PairRoundRow]:
    """The rounds that were held, the newest first."""
    query = select(PairRoundRow).filter_by(guild_id=guild_id, state=HELD)
    return list(await session.scalars(query.order_by(PairRoundRow.id.desc()).limit(limit)))


async def count_outcomes(
    session: AsyncSession, rounds: Collection[int], now: datetime
) -> dict[int, dict[tuple[str, bool], int]]:
    """By round: how many groups have which outcome, and whether their time is over."""
    is_closed = or_(PairGroupRow.closed_at.is_not(None), PairGroupRow.closes_at <= now)
    query = (
        select(PairGroupRow.round_id, PairGroupRow.outcome, is_closed, func.count())
        .where(PairGroupRow.round_id.in_(rounds))
        .group_by(PairGroupRow.round_id, PairGroupRow.outcome, is_closed)
    )
    found: dict[int, dict[tuple[str, bool], int]] = {}
    for round_id, outcome, closed, count in await session.execute(query):
        found.setdefault(round_id, {})[outcome, bool(closed)] = count
    return found


async def forget_drafts(session: AsyncSession, guild_id: int, *, but: int | None = None) -> None:
    """Drafts that nobody has confirmed are of no more use."""
    old = delete(PairRoundRow).where(PairRoundRow.guild_id == guild_id, PairRoundRow.state == DRAFT)
    await session.execute(old if but is None else old.where(PairRoundRow.id != but))


# ---------------------------------------------------------------------------------------------- groups


async def list_history(session: AsyncSession, guild_id: int) -> list[tuple[int, datetime, str, int]]:
    """Everybody who was put into a group that was not taken back: group, when, ice-breaker, member; the oldest first."""
    query = (
        select(PairGroupRow.id, PairGroupRow.at, PairGroupRow.starter, PairPersonRow.member_id)
        .join(PairRoundRow, PairRoundRow.id == PairGroupRow.round_id)
        .join(PairPersonRow, PairPersonRow.group_id == PairGroupRow.id)
        .where(PairGroupRow.guild_id == guild_id, PairRoundRow.state == HELD)
        .order_by(PairGroupRow.id, PairPersonRow.member_id)
    )
    return [(group, at, starter, member) for group, at, starter, member in await session.execute(query)]


async def add_groups(session: AsyncSession, groups: Sequence[tuple[PairGroupRow, Collection[int]]]) -> None:
    """New groups with their members."""
    session.add_all([row for row, _ in groups])
    await session.flush()
    people = [
        {"guild_id": row.guild_id, "group_id": row.id, "member_id": member_id}
        for row, members in groups
        for member_id in sorted(members)
    ]
    await insert_if_absent(session, PairPersonRow, people)


async def find_group(session: AsyncSession, group_id: int) -> PairGroupRow | None:
    return await session.get(PairGroupRow, group_id)


async def lock_group(session: AsyncSession, group_id: int) -> PairGroupRow | None:
    return await session.get(PairGroupRow, group_id, with_for_update=True, populate_existing=True)


async def lock_groups(session: AsyncSession, round_id: int) -> list[PairGroupRow]:
    """All groups of a round, as they stand once nobody else is changing them."""
    query = select(PairGroupRow).filter_by(round_id=round_id).order_by(PairGroupRow.id).with_for_update()
    return list(await session.scalars(query, execution_options={"populate_existing": True}))


async def list_people(session: AsyncSession, group_id: int) -> list[PairPersonRow]:
    query = select(PairPersonRow).filter_by(group_id=group_id)
    return list(await session.scalars(query.order_by(PairPersonRow.member_id)))


async def list_incomplete(session: AsyncSession, guild_id: int, *, since: datetime) -> list[int]:
    """The groups since then of which somebody has been deleted."""
    people = select(func.count()).where(PairPersonRow.group_id == PairGroupRow.id).scalar_subquery()
    query = select(PairGroupRow.id).where(
        PairGroupRow.guild_id == guild_id, PairGroupRow.at >= since, people < PairGroupRow.size
    )
    return list(await session.scalars(query.order_by(PairGroupRow.id)))


async def list_met(
    session: AsyncSession, guild_id: int, member_id: int, *, limit: int
) -> list[tuple[PairGroupRow, list[int]]]:
    """The member's groups, the newest first, with the others in them."""
    mine = (
        select(PairGroupRow)
        .join(PairRoundRow, PairRoundRow.id == PairGroupRow.round_id)
        .join(PairPersonRow, PairPersonRow.group_id == PairGroupRow.id)
        .where(
            PairPersonRow.guild_id == guild_id,
            PairPersonRow.member_id == member_id,
            PairRoundRow.state == HELD,
        )
        .order_by(PairGroupRow.id.desc())
        .limit(limit)
    )
    rows = list(await session.scalars(mine))
    query = select(PairPersonRow.group_id, PairPersonRow.member_id).where(
        PairPersonRow.group_id.in_([row.id for row in rows]), PairPersonRow.member_id != member_id
    )
    others: dict[int, list[int]] = {}
    for group_id, other in await session.execute(query.order_by(PairPersonRow.member_id)):
        others.setdefault(group_id, []).append(other)
    return [(row, others.get(row.id, [])) for row in rows]


async def find_by_room(session: AsyncSession, guild_id: int, thread_id: int) -> int | None:
    """The group whose thread this is."""
    key = await session.scalar(
        select(OutboxRow.key).where(
            OutboxRow.guild_id == guild_id,
            OutboxRow.kind == "open_room",
            OutboxRow.result_id == thread_id,
            OutboxRow.key.startswith(_ROOM, autoescape=True),
        )
    )
    return int(key.removeprefix(_ROOM)) if key is not None else None


async def were_together(session: AsyncSession, guild_id: int, one: int, other: int) -> bool:
    """Whether these two were put together once."""
    return await share(session, PairPersonRow, "group_id", guild_id, one, other)
