"""Who takes part in pairing rounds, what a round means for them, and who waits to be put together again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.base import insert_if_absent
from storage.members import MemberRow
from storage.pairs import HELD, PairGroupRow, PairMemberRow, PairPersonRow, PairPoolRow, PairRoundRow


async def add_member(session: AsyncSession, guild_id: int, member_id: int, at: datetime) -> bool:
    """Whether they are new."""
    key = {"guild_id": guild_id, "member_id": member_id}
    return bool(await insert_if_absent(session, PairMemberRow, [key | {"joined_at": at}], list(key)))


async def find_member(session: AsyncSession, guild_id: int, member_id: int) -> PairMemberRow | None:
    return await session.get(PairMemberRow, (guild_id, member_id))


async def lock_member(session: AsyncSession, guild_id: int, member_id: int) -> PairMemberRow | None:
    key = (guild_id, member_id)
    return await session.get(PairMemberRow, key, with_for_update=True, populate_existing=True)


async def list_members(
    session: AsyncSession, guild_id: int
) -> list[tuple[PairMemberRow, str | None, datetime | None]]:
    """Who takes part, with their zone and until when they pause."""
    query = (
        select(PairMemberRow, MemberRow.zone, MemberRow.paused_until)
        .outerjoin(
            MemberRow,
            (MemberRow.guild_id == PairMemberRow.guild_id) & (MemberRow.member_id == PairMemberRow.member_id),
        )
        .where(PairMemberRow.guild_id == guild_id)
        .order_by(PairMemberRow.member_id)
    )
    return [(row, zone, paused) for row, zone, paused in await session.execute(query)]


async def list_zones(session: AsyncSession, guild_id: int, members: Collection[int]) -> dict[int, str]:
    """The zones of those who have told one."""
    query = select(MemberRow.member_id, MemberRow.zone).where(
        MemberRow.guild_id == guild_id, MemberRow.member_id.in_(members), MemberRow.zone.is_not(None)
    )
    return {member_id: zone or "" for member_id, zone in await session.execute(query)}


async def mark_members(
    session: AsyncSession,
    guild_id: int,
    round_id: int,
    *,
    paired: Collection[int],
    left_out: Collection[int],
    skipped: Collection[int],
) -> None:
    """What a round means for those who take part in it, or would have."""
    waits = and_(
        PairMemberRow.left_out_in.is_not(None),
        func.coalesce(PairMemberRow.paired_in, 0) < PairMemberRow.left_out_in,
    )
    changes: tuple[tuple[Collection[int], ColumnElement[bool], dict[str, Any]], ...] = (
        (paired, true(), {"paired_in": round_id}),
        (left_out, ~waits, {"left_out_in": round_id, "left_out_before": PairMemberRow.left_out_in}),
        (skipped, true(), {"skip_next": False, "skipped_in": round_id}),
    )
    for members, condition, values in changes:
        here = (PairMemberRow.guild_id == guild_id, PairMemberRow.member_id.in_(members))
        await session.execute(update(PairMemberRow).where(*here, condition).values(values))


async def take_back_marks(session: AsyncSession, guild_id: int, round_id: int) -> None:
    """As if the round had not been: who skipped it skips the next, nobody was left out in it, and who was paired in it was
    last paired in the one before that stands."""
    here = PairMemberRow.guild_id == guild_id
    before = (
        select(func.max(PairGroupRow.round_id))
        .join(PairRoundRow, PairRoundRow.id == PairGroupRow.round_id)
        .join(PairPersonRow, PairPersonRow.group_id == PairGroupRow.id)
        .where(
            PairPersonRow.guild_id == guild_id,
            PairPersonRow.member_id == PairMemberRow.member_id,
            PairRoundRow.state == HELD,
            PairRoundRow.id != round_id,
        )
        .correlate(PairMemberRow)
        .scalar_subquery()
    )
    for condition, values in (
        (PairMemberRow.skipped_in == round_id, {"skip_next": True, "skipped_in": None}),
        (
            PairMemberRow.left_out_in == round_id,
            {"left_out_in": PairMemberRow.left_out_before, "left_out_before": None},
        ),
        (PairMemberRow.paired_in == round_id, {"paired_in": before}),
    ):
        await session.execute(update(PairMemberRow).where(here, condition).values(values))


async def add_to_pool(
    session: AsyncSession, guild_id: int, member_id: int, group_id: int, since: datetime
) -> bool:
    """Whether they did not wait before."""
    key = {"guild_id": guild_id, "member_id": member_id}
    row = key | {"group_id": group_id, "since": since}
    return bool(await insert_if_absent(session, PairPoolRow, [row], list(key)))


async def list_pool(session: AsyncSession, guild_id: int) -> list[PairPoolRow]:
    query = select(PairPoolRow).filter_by(guild_id=guild_id)
    return list(await session.scalars(query.order_by(PairPoolRow.since, PairPoolRow.member_id)))


async def remove_from_pool(session: AsyncSession, guild_id: int, *members: int) -> None:
    """These wait no more; nobody does when none is named."""
    query = delete(PairPoolRow).where(PairPoolRow.guild_id == guild_id)
    await session.execute(query.where(PairPoolRow.member_id.in_(members)) if members else query)
