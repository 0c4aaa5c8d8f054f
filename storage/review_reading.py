"""What people read of the reviews that they wrote and received, and of what authors thought."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.reviews import GIVEN, ReviewRow, ReviewWorkRow


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
) -> list[tuple[int, int, int, str]]:
    """How authors found somebody's reviews, and why, in their words."""
    query = select(ReviewRow.helpful, ReviewRow.specific, ReviewRow.kind, ReviewRow.rated_why).where(
        ReviewRow.guild_id == guild_id,
        ReviewRow.reviewer_id == reviewer_id,
        ReviewRow.helpful.is_not(None),
    )
    return [
        (helpful or 0, specific or 0, kind or 0, why or "")
        for helpful, specific, kind, why in await session.execute(query)
    ]
