"""Whom members would rather not be put together with: both ways, and nobody else's business."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.avoidances import MOST
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from storage import footprint
from storage.database import Database
from tests.clocks import FixedClock

GUILD, OTHER_GUILD = 1, 2
BEN, CLEO, DANA = 12, 13, 14


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


async def avoid(core: Core, member_id: int, avoided_id: int, guild_id: int = GUILD) -> None:
    async with core.db.begin() as session:
        await core.avoidances.add(session, guild_id, member_id, avoided_id)


async def blocked(core: Core, guild_id: int = GUILD) -> frozenset[tuple[int, int]]:
    async with core.db.read() as session:
        return await core.avoidances.list_blocked(session, guild_id)


async def test_ones_word_holds_both_ways_and_in_one_server_only(core: Core) -> None:
    await avoid(core, CLEO, BEN)
    await avoid(core, BEN, DANA)
    assert await blocked(core) == {(BEN, CLEO), (BEN, DANA)}
    assert await blocked(core, OTHER_GUILD) == frozenset()
    async with core.db.read() as session:
        assert await core.avoidances.are_apart(session, GUILD, BEN, CLEO)
        assert await core.avoidances.are_apart(session, GUILD, CLEO, BEN)
        assert not await core.avoidances.are_apart(session, GUILD, CLEO, DANA)
        assert not await core.avoidances.are_apart(session, OTHER_GUILD, BEN, CLEO)


async def test_it_holds_until_both_have_taken_it_back(core: Core) -> None:
    await avoid(core, BEN, CLEO)
    await avoid(core, BEN, CLEO)
    await avoid(core, CLEO, BEN)
    async with core.db.begin() as session:
        [mine] = await core.avoidances.list_own(session, GUILD, BEN)
        await core.avoidances.remove(session, GUILD, DANA, mine.id)  # not hers
        assert len(await core.avoidances.list_own(session, GUILD, BEN)) == 1
        await core.avoidances.remove(session, GUILD, BEN, mine.id)
    assert await blocked(core) == {(BEN, CLEO)}
    async with core.db.begin() as session:
        assert await core.avoidances.list_own(session, GUILD, BEN) == ()
        [theirs] = await core.avoidances.list_own(session, GUILD, CLEO)
        await core.avoidances.remove(session, GUILD, CLEO, theirs.id)
    assert await blocked(core) == frozenset()


async def test_nobody_avoids_themselves_and_nobody_avoids_everybody(core: Core) -> None:
    with pytest.raises(InvalidInput, match="That is you"):
        await avoid(core, BEN, BEN)
    tried = await asyncio.gather(
        *(avoid(core, BEN, 1000 + n) for n in range(MOST + 3)), return_exceptions=True
    )
    assert sum(isinstance(each, LimitReached) for each in tried) == 3
    assert len(await blocked(core)) == MOST


@pytest.mark.parametrize("gone", [BEN, CLEO])
async def test_it_goes_with_either_of_the_two(core: Core, clock: FixedClock, gone: int) -> None:
    await avoid(core, BEN, CLEO)
    await avoid(core, BEN, DANA)
    async with core.db.begin() as session:
        await footprint.erase(session, GUILD, gone, limit=100, now=clock.now() + timedelta(days=1))
    assert await blocked(core) == (frozenset() if gone == BEN else {(BEN, DANA)})
