"""Where works are collected: found by their feature and by the act that says one is ready."""

from __future__ import annotations

from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.works import Source, WorkRound, Works

SESSION = cast(AsyncSession, None)


async def _find(session: AsyncSession, guild_id: int, subject: str) -> WorkRound | None:
    del session
    return WorkRound(f"{guild_id}:{subject}", "", ()) if subject == "7" else None


async def test_a_round_is_found_while_its_feature_is_there() -> None:
    works = Works()
    source = Source("challenges", "challenge.closed", _find)
    works.register(source)
    assert works.source_of("challenge.closed") == source and works.source_of("other") is None
    found = await works.find(SESSION, 1, "challenges", "7")
    assert found is not None and found.title == "1:7"
    assert await works.find(SESSION, 1, "challenges", "8") is None
    with pytest.raises(ValueError, match="challenges"):
        works.register(source)
    works.unregister("challenges")
    assert await works.find(SESSION, 1, "challenges", "7") is None
