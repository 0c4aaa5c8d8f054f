"""The rules that hold are those of transactions that were committed: on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import RecordedAct
from bot.core import Core
from bot.criteria import Rule
from bot.living_rules import LivingRules
from storage.database import Database
from tests.clocks import FixedClock

GUILD = 1


@pytest.fixture
def core(database: Database, clock: FixedClock) -> Core:
    return Core.build(database, clock)


async def opened(core: Core, present: dict[int, str]) -> LivingRules[str]:
    """What is kept of a community is a word that the test sets."""

    async def read_all(_session: AsyncSession) -> dict[int, str]:
        return dict(present)

    async def read(_session: AsyncSession, guild_id: int) -> str:
        return present[guild_id]

    def no_rules(_kept: str) -> list[Rule]:
        return []

    async def nothing(_session: AsyncSession, _act: RecordedAct) -> None: ...

    living = LivingRules(core, "test", read_all=read_all, read=read, rules_of=no_rules)
    await living.load(nothing, nothing)
    return living


async def test_what_is_rolled_back_never_holds(core: Core) -> None:
    present = {GUILD: "old"}
    living = await opened(core, present)
    with pytest.raises(ZeroDivisionError):
        async with core.db.begin() as session:
            present[GUILD] = "never"
            await living.reload_in(session, GUILD)
            raise ZeroDivisionError
    assert living.of(GUILD) == "old"
    async with core.db.begin() as session:
        present[GUILD] = "new"
        await living.reload_in(session, GUILD)
        assert living.of(GUILD) == "old"
    assert living.of(GUILD) == "new"


async def test_another_transaction_at_the_same_time_does_not_say_what_holds(core: Core) -> None:
    if core.db.dialect == "sqlite":
        pytest.skip("writers take turns on SQLite")
    present = {GUILD: "old"}
    living = await opened(core, present)
    is_read, is_over = asyncio.Event(), asyncio.Event()

    async def refused() -> None:
        async with core.db.begin() as session:
            await is_read.wait()
            present[GUILD] = "never"
            await living.reload_in(session, GUILD)
            is_over.set()
            raise ZeroDivisionError

    other = asyncio.create_task(refused())
    async with core.db.begin() as session:
        present[GUILD] = "new"
        await living.reload_in(session, GUILD)
        is_read.set()
        await is_over.wait()
    with pytest.raises(ZeroDivisionError):
        await other
    assert living.of(GUILD) == "new"
