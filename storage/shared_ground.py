"""The one question behind `bot/shared_ground.py`: do two people stand in one group of a table?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.base import Base


async def share(
    session: AsyncSession, model: type[Base], group: str, guild_id: int, one: int, other: int
) -> bool:
    """Whether rows of both have the same value in the column `group`. The table has `guild_id` and `member_id`."""
    mine: Any = aliased(model)
    theirs: Any = aliased(model)
    query = (
        select(mine.guild_id)
        .join(theirs, getattr(mine, group) == getattr(theirs, group))
        .where(
            mine.guild_id == guild_id,
            mine.member_id == one,
            theirs.guild_id == guild_id,
            theirs.member_id == other,
        )
        .limit(1)
    )
    return await session.scalar(query) is not None
