"""What the dispatcher does when Discord, the database, a renderer or the clock fails, and with two processes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dispatcher import LEASE, NONCE_TRUST, TRY_TIMEOUT, PlannedEffect
from bot.outbox import Effect, EffectKind
from storage import outbox as storage
from storage.database import Database
from tests.bot.fake_discord import NONCE_WINDOW, Fault
from tests.bot.outbox_stand import GUILD, Stand, post
from tests.clocks import FixedClock


@pytest.fixture
async def stand(database: Database, clock: FixedClock) -> Stand:
    return await Stand.open(database, clock)


@pytest.fixture
async def fast(sqlite_database: Database, clock: FixedClock) -> Stand:
    """For what does not depend on the database."""
    return await Stand.open(sqlite_database, clock)


# ---------------------------------------------------------------------------------- tries, pauses, outages


async def test_the_pause_grows_to_45_seconds_and_no_further(stand: Stand) -> None:
    stand.discord.down = True
    await stand.deliver(post("a"))
    pauses: list[float | None] = []
    for _ in range(8):
        pauses.append(await stand.next_due())
        await stand.later(pauses[-1] or 0)
    assert pauses == [2, 5, 10, 20, 45, 45, 45, 45]


async def test_a_backlog_of_200_is_gone_a_minute_after_discord_is_back(fast: Stand) -> None:
    fast.discord.down = True
    await fast.deliver(*(post(f"{each}", channel=each % 40) for each in range(200)))
    async with fast.db.begin() as session:  # as after many tries, which would take a while
        for row in await session.scalars(select(storage.OutboxRow)):
            row.attempts, row.not_before = 100, fast.clock.now() + timedelta(seconds=45 * row.id / 200)
    fast.discord.down = False
    assert await fast.ring_until_done() <= 60
    assert set(fast.discord.counts().values()) == {1} and len(fast.discord.messages) == 200


@pytest.mark.parametrize("outage", [0, 60, 180, 3600, 86_400, 8 * 86_400])
@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.LOST_ANSWER, Fault.LATE])
async def test_a_post_is_there_once_however_long_the_outage(fast: Stand, outage: int, fault: Fault) -> None:
    fast.discord.faults.append(fault)
    await fast.deliver(post("a"))
    fast.discord.down = True
    await fast.later(outage)
    fast.discord.down = False
    assert await fast.ring_until_done() <= 60
    fast.clock.advance(NONCE_TRUST)
    fast.discord.let_late_ones_land()
    assert fast.discord.counts() == {"a": 1}


async def test_somebody_is_told_when_to_wake_the_dispatcher_again(fast: Stand) -> None:
    told: list[float] = []
    fast.dispatcher.on_put_off = lambda at: told.append((at - fast.clock.now()).total_seconds())
    fast.discord.faults.append(Fault.ERROR_BEFORE)
    await fast.deliver(post("a"))
    await fast.later(2)
    assert told == [2]


async def test_an_event_is_tried_again_only_when_a_late_one_must_be_in_the_list(stand: Stand) -> None:
    event = Effect(kind=EffectKind.CREATE_EVENT, key="event", guild_id=GUILD, renderer="any")
    stand.discord.faults.extend([Fault.CRASH_AFTER, Fault.ERROR_BEFORE])
    await stand.deliver(event)
    again = await _restart(stand)
    assert (len(again.asked), await again.next_due()) == (1, (TRY_TIMEOUT + NONCE_TRUST).total_seconds())
    await again.later((TRY_TIMEOUT + NONCE_TRUST).total_seconds())
    assert (len(again.asked), await again.next_due()) == (2, NONCE_TRUST.total_seconds())


async def _restart(stand: Stand) -> Stand:
    stand.discord.dead = False
    async with stand.db.begin() as session:
        await storage.release_leases(session)
    return await Stand.open(stand.db, stand.clock, stand.discord)


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("code", ["no_access", "channel_gone", "message_gone", "no_permission", "dms_closed"])
async def test_what_discord_refuses_for_good_is_asked_once(stand: Stand, code: str) -> None:
    stand.discord.refused["a"] = code
    await stand.deliver(post("a"))
    await stand.later(86_400)
    assert await stand.outcome("a") == ("failed", code)
    assert stand.discord.requests_of("a") == 1
    assert await stand.next_due() is None


async def test_a_refusal_after_a_lost_answer_finds_the_message_that_arrived(stand: Stand) -> None:
    stand.discord.faults.append(Fault.LOST_ANSWER)
    await stand.deliver(post("a"))
    stand.discord.refused["a"] = "no_permission"
    await stand.later(2)
    assert await stand.outcome("a") == ("sent", None)
    assert stand.discord.requests_of("a") == 3


async def test_a_refusal_that_hides_the_history_too_is_a_refusal(stand: Stand) -> None:
    stand.discord.faults.append(Fault.LOST_ANSWER)
    await stand.deliver(post("a"))
    stand.discord.refused["a"], stand.discord.blind = "no_access", True
    await stand.later(2)
    assert (await stand.outcome("a"), stand.discord.requests_of("a")) == (("failed", "no_access"), 3)


async def test_a_failure_is_reported_once_in_the_transaction_that_ends_the_effect(stand: Stand) -> None:
    reported: list[tuple[str, str]] = []

    async def report(session: AsyncSession, effect: PlannedEffect, reason: str) -> None:
        reported.append((effect.key, reason))
        await stand.outbox.plan(session, post("notice"))

    stand.dispatcher.report_failure = report
    stand.discord.refused["a"] = "no_access"
    await stand.deliver(post("a"))
    assert reported == [("a", "no_access")]
    assert stand.discord.counts() == {"notice": 1}


async def test_a_report_that_breaks_does_not_make_the_effect_go_on_for_ever(stand: Stand) -> None:
    async def report(session: AsyncSession, _effect: PlannedEffect, _reason: str) -> None:
        await stand.outbox.plan(session, post("notice"))
        await session.execute(storage.update(storage.OutboxRow).values(key=None))

    stand.dispatcher.report_failure = report
    stand.discord.refused["a"] = "no_access"
    await stand.deliver(post("a"))
    await stand.later(LEASE.total_seconds())
    assert (await stand.outcome("a"), stand.asked) == (("failed", "no_access"), ["a"])


async def test_a_renderer_that_is_broken_is_given_up_after_five_tries(stand: Stand) -> None:
    stand.render_error = KeyError("ritual_id")
    await stand.deliver(post("a"))
    for _ in range(10):
        await stand.later(60)
    row = await stand.row("a")
    assert (row.outcome, row.reason, row.attempts, stand.asked) == ("failed", "bug: KeyError", 5, [])


async def test_a_long_outage_does_not_use_up_the_five_tries_of_a_broken_renderer(fast: Stand) -> None:
    fast.discord.down = True
    await fast.deliver(post("a"))
    for _ in range(10):
        await fast.later(60)
    fast.discord.down, fast.render_error = False, KeyError("for a moment")
    await fast.later(60)
    fast.render_error = None
    await fast.later(60)
    assert await fast.outcome("a") == ("sent", None)


# ---------------------------------------------------------------------------------- database, processes, clock


async def test_a_database_that_fails_after_the_request_makes_no_second_message(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise OperationalError("UPDATE outbox", {}, Exception("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(storage, "find_claimed", broken)
        await stand.deliver(post("a"), post("elsewhere", channel=11))
    assert stand.discord.counts() == {"a": 1, "elsewhere": 1}
    assert await stand.next_due() == LEASE.total_seconds()
    await stand.later(LEASE.total_seconds() + NONCE_WINDOW.total_seconds())
    assert stand.discord.counts() == {"a": 1, "elsewhere": 1}
    assert await stand.outcome("a") == ("sent", None)


async def test_a_database_that_fails_before_the_request_is_asked_again_by_the_next_tick(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.plan(post("a"))

    async def broken(*_: Any, **__: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("no connection"))

    with monkeypatch.context() as patch:
        patch.setattr(storage, "claim_due", broken)
        await stand.dispatcher.drain()
    assert stand.asked == []
    await stand.dispatcher.drain()
    assert stand.discord.counts() == {"a": 1}


async def test_two_processes_on_one_database_never_double(
    postgres_database: Database, clock: FixedClock
) -> None:
    first = await Stand.open(postgres_database, clock)
    second_db = Database(postgres_database.url.render_as_string(hide_password=False))
    second = await Stand.open(second_db, clock, first.discord)
    try:
        await first.plan(*(post(f"{each}", channel=each % 7) for each in range(60)))
        await asyncio.gather(first.dispatcher.drain(), second.dispatcher.drain())
    finally:
        await second_db.close()
    assert first.discord.counts() == {f"{each}": 1 for each in range(60)}
    assert len(first.discord.requests) == 60, "nobody tried what the other one was at"


async def test_a_process_that_slept_past_its_lease_leaves_the_effect_to_who_took_it(
    stand: Stand, clock: FixedClock
) -> None:
    other = await Stand.open(stand.db, clock, stand.discord)
    render = stand.dispatcher._render

    async def sleep(effect: PlannedEffect) -> Any:
        clock.advance(LEASE + NONCE_WINDOW)  # the computer is suspended just here
        stand.dispatcher._render = render
        await other.dispatcher.drain()
        clock.advance(NONCE_WINDOW)
        return await render(effect)

    stand.dispatcher._render = sleep
    await stand.deliver(post("a"))
    assert (stand.discord.counts(), stand.asked) == ({"a": 1}, ["a"])
    assert await stand.outcome("a") == ("sent", None)


async def test_a_clock_that_is_set_back_after_a_crash_is_no_reason_to_trust_the_nonce(fast: Stand) -> None:
    true_time = fast.clock.now()
    fast.clock.advance(timedelta(hours=3))  # the clock is wrong ...
    fast.discord.faults.append(Fault.CRASH_AFTER)
    await fast.deliver(post("a"))
    [message] = fast.discord.messages
    fast.discord.messages[:] = [type(message)(**{**message.__dict__, "at": true_time})]
    fast.clock.advance(timedelta(minutes=10) - timedelta(hours=3))  # ... and is put right ten minutes later
    async with fast.db.begin() as session:
        row = await session.get(storage.OutboxRow, (await fast.row("a")).id)
        assert row is not None
        row.not_before = true_time
    await _restart(fast)
    assert fast.discord.counts() == {"a": 1}
    assert await fast.outcome("a") == ("sent", None)
