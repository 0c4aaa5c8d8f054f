"""What people read of the reviews that they wrote and received, and of what authors thought."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.outbox import OutboxRow
from storage.reviews import GIVEN, ReviewReplyRow, ReviewRow, ReviewWorkRow


def _is_of(guild_id: int, member_id: int) -> ColumnElement[bool]:
    return and_(
        ReviewRow.guild_id == guild_id,
        ReviewRow.state == GIVEN,
        or_(ReviewRow.reviewer_id == member_id, ReviewWorkRow.author_id == member_id),
    )


async def list_of(
    session: AsyncSession, guild_id: int, member_id: int, *, limit: int, offset: int = 0
) -> list[tuple[ReviewRow, ReviewWorkRow]]:
    """Reviews that somebody gave or received, the newest first."""
    query = (
        select(ReviewRow, ReviewWorkRow)
        .join(ReviewWorkRow)
        .where(_is_of(guild_id, member_id))
        .order_by(ReviewRow.given_at.desc(), ReviewRow.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [(row, work) for row, work in await session.execute(query)]


async def count_of(session: AsyncSession, guild_id: int, member_id: int) -> int:
    """How many those are."""
    query = select(func.count()).select_from(ReviewRow).join(ReviewWorkRow)
    return await session.scalar(query.where(_is_of(guild_id, member_id))) or 0


async def list_ratings(
    session: AsyncSession, guild_id: int, reviewer_id: int
) -> list[tuple[int, int, int, str, int]]:
    """How authors found somebody's reviews, why, in their words, and who they are."""
    query = (
        select(
            ReviewRow.helpful,
            ReviewRow.specific,
            ReviewRow.kind,
            ReviewRow.rated_why,
            ReviewWorkRow.author_id,
        )
        .join(ReviewWorkRow)
        .where(
            ReviewRow.guild_id == guild_id,
            ReviewRow.reviewer_id == reviewer_id,
            ReviewRow.helpful.is_not(None),
        )
    )
    return [
        (helpful or 0, specific or 0, kind or 0, why or "", author_id)
        for helpful, specific, kind, why, author_id in await session.execute(query)
    ]


async def list_answered(session: AsyncSession, work: ReviewWorkRow) -> set[int]:
    """The ids of the reviews of a work that its author answered."""
    query = select(ReviewReplyRow.review_id).join(ReviewRow, ReviewRow.id == ReviewReplyRow.review_id)
    query = query.where(ReviewRow.work_id == work.id, ReviewReplyRow.member_id == work.author_id)
    return set(await session.scalars(query))


async def list_effects(session: AsyncSession, keys: Collection[str]) -> list[OutboxRow]:
    """The effects of these keys, the oldest first."""
    query = select(OutboxRow).where(OutboxRow.key.in_(keys)).order_by(OutboxRow.id)
    return list(await session.scalars(query))


async def list_words(
    session: AsyncSession, guild_id: int, reviewer_id: int, *, but: int, limit: int
) -> list[dict[str, Any]]:
    """The answers of somebody's newest reviews of other works than this."""
    query = select(ReviewRow.answers).where(
        ReviewRow.guild_id == guild_id,
        ReviewRow.reviewer_id == reviewer_id,
        ReviewRow.state == GIVEN,
        ReviewRow.work_id != but,
    )
    found = await session.scalars(query.order_by(ReviewRow.id.desc()).limit(limit))
    return [each for each in found if each]
