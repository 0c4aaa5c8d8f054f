"""What a wrong clock left behind is healed as soon as the clock is right, and looking for it costs next to nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.core import Core
from bot.outbox import Effect, EffectKind
from bot.wrong_clock import WrongClock
from storage import outbox as outbox_storage
from storage.database import Database
from tests.clocks import FixedClock

YEAR, MINUTE = timedelta(days=365), timedelta(minutes=1)


async def put_off_for(database: Database, clock: FixedClock, wait: timedelta) -> None:
    """An effect whose first try failed and whose next is so far away."""
    core = Core.build(database, clock)
    async with database.begin() as session:
        await core.outbox.plan(
            session, Effect(kind=EffectKind.POST, key="post", guild_id=1, channel_id=2, renderer="any")
        )
        claimed = await outbox_storage.claim_due(session, now=clock.now(), lease_until=clock.now(), limit=1)
        [row] = claimed.values()
        row.attempts, row.lease_until, row.not_before = 1, None, clock.now() + wait


async def next_try(database: Database) -> object:
    async with database.read() as session:
        return await outbox_storage.next_due_at(session)


@pytest.mark.parametrize(
    "seen_before", [True, False], ids=["put right while running", "put right while down"]
)
async def test_what_was_put_off_by_a_year_is_tried_when_the_clock_is_right_again(
    database: Database, clock: FixedClock, seen_before: bool
) -> None:
    wrong_clock = WrongClock(database, clock, Core.build(database, clock).schedules)
    if seen_before:
        clock.advance(YEAR)
        await wrong_clock.look()
        await put_off_for(database, clock, MINUTE)
        clock.advance(-YEAR)
    else:
        await put_off_for(database, clock, YEAR)
    await wrong_clock.look()
    assert await next_try(database) == clock.now()


async def test_another_computers_clock_is_noticed_within_the_hour(
    database: Database, clock: FixedClock
) -> None:
    wrong_clock = WrongClock(database, clock, Core.build(database, clock).schedules)
    await wrong_clock.look()
    await put_off_for(database, clock, YEAR)
    clock.advance(59 * MINUTE)
    await wrong_clock.look()
    assert await next_try(database) != clock.now()
    clock.advance(MINUTE)
    await wrong_clock.look()
    assert await next_try(database) == clock.now()


async def test_a_clock_that_goes_on_costs_no_query(sqlite_database: Database, clock: FixedClock) -> None:
    wrong_clock = WrongClock(sqlite_database, clock, Core.build(sqlite_database, clock).schedules)
    await wrong_clock.look()
    seen: list[str] = []
    event.listen(
        sqlite_database.engine.sync_engine, "before_cursor_execute", lambda *call: seen.append(call[2])
    )
    for _ in range(50):
        clock.advance(MINUTE)
        await wrong_clock.look()
    assert seen == []
