"""The alarm clock, with the real APScheduler: it rings, goes on ringing, and is missed when it does not."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot import alarm_clock as module
from bot.alarm_clock import ALARM_AFTER, LOOK_EVERY, RING_EVERY, TICK_TIMEOUT, AlarmClock
from tests.clocks import FixedClock

HOUR = timedelta(hours=1)


class Ticks:
    """What the alarm clock rings: counts, and does what the test wants."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.rang = asyncio.Event()
        self.upcoming: datetime | None = None
        self.act: Callable[[], object] | None = None

    async def __call__(self) -> datetime | None:
        self.at.append(time.monotonic())
        self.rang.set()
        result = self.act() if self.act is not None else None
        if asyncio.iscoroutine(result):
            await result
        return self.upcoming

    async def reach(self, number: int, within: float = 2.0) -> None:
        async with asyncio.timeout(within):
            while len(self.at) < number:
                self.rang.clear()
                await self.rang.wait()
        await asyncio.sleep(0)  # the tick itself goes on


class Monotonic:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
async def alarm(ticks: Ticks, clock: FixedClock, monotonic: Monotonic) -> AsyncGenerator[AlarmClock]:
    alarm = AlarmClock(ticks, clock, monotonic=monotonic)
    yield alarm
    alarm.stop()
    await asyncio.sleep(0)


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become milliseconds."""
    monkeypatch.setattr(module, "RING_EVERY", timedelta(milliseconds=30))
    monkeypatch.setattr(module, "REST", timedelta(milliseconds=1))


def next_ring(alarm: AlarmClock) -> timedelta:
    """How long until APScheduler will ring."""
    assert alarm._scheduler is not None
    job = alarm._scheduler.get_job("tick")
    assert job is not None and job.next_run_time is not None
    return job.next_run_time - datetime.now(UTC)


# Ringing


async def test_it_rings_at_once_when_started_and_then_within_30_seconds(
    alarm: AlarmClock, ticks: Ticks
) -> None:
    alarm.start()
    await ticks.reach(1)
    assert timedelta(seconds=28) < next_ring(alarm) <= RING_EVERY == timedelta(seconds=30)


@pytest.mark.usefixtures("brisk")
async def test_it_goes_on_ringing_when_nothing_is_due(alarm: AlarmClock, ticks: Ticks) -> None:
    alarm.start()
    await ticks.reach(5)


async def test_it_rings_at_the_instant_it_is_set_for(
    alarm: AlarmClock, ticks: Ticks, clock: FixedClock
) -> None:
    alarm.start()
    await ticks.reach(1)
    set_at = time.monotonic()
    alarm.set_for(clock.now() + timedelta(milliseconds=80))
    await ticks.reach(2)
    assert 0.07 <= ticks.at[1] - set_at < 0.5


async def test_only_an_earlier_instant_replaces_the_one_it_is_set_for(
    alarm: AlarmClock, ticks: Ticks, clock: FixedClock
) -> None:
    alarm.start()
    await ticks.reach(1)
    await asyncio.sleep(0.01)
    for seconds, expected in ((3600, 30), (20, 20), (25, 20), (10, 10)):
        alarm.set_for(clock.now() + timedelta(seconds=seconds))
        assert abs(next_ring(alarm).total_seconds() - expected) < 1
    alarm.set_for(clock.now() - HOUR)
    await ticks.reach(2)


@pytest.mark.usefixtures("brisk")
async def test_it_rings_when_the_tick_says_that_something_is_due(
    alarm: AlarmClock, ticks: Ticks, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RING_EVERY", HOUR)
    ticks.upcoming = clock.now()  # more was due than one tick does
    alarm.start()
    await ticks.reach(5)


async def test_it_leaves_room_between_ticks_that_always_have_something_to_do(
    alarm: AlarmClock, ticks: Ticks, clock: FixedClock
) -> None:
    ticks.upcoming = clock.now() - HOUR
    alarm.start()
    await ticks.reach(1)
    await asyncio.sleep(0.02)
    assert timedelta(seconds=0.5) < next_ring(alarm) <= timedelta(seconds=1)


@pytest.mark.usefixtures("brisk")
async def test_a_ring_set_during_a_tick_is_not_lost(
    alarm: AlarmClock,
    ticks: Ticks,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "RING_EVERY", HOUR)

    async def somebody_enqueues_a_job() -> None:
        if len(ticks.at) == 1:
            alarm.set_for(clock.now())
            await asyncio.sleep(0.02)

    ticks.act = somebody_enqueues_a_job
    alarm.start()
    await ticks.reach(2)
    assert "maximum number of running instances" not in caplog.text


@pytest.mark.usefixtures("brisk")
async def test_ticks_do_not_overlap(alarm: AlarmClock, ticks: Ticks, clock: FixedClock) -> None:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    under_way = 0

    async def slow() -> None:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        alarm.set_for(clock.now())
        await asyncio.sleep(0.05)
        under_way -= 1

    ticks.act = slow
    alarm.start()
    await ticks.reach(4)
    assert alarm.healthy
    logging.getLogger("apscheduler").setLevel(logging.NOTSET)


# Ticks that fail


@pytest.mark.usefixtures("brisk")
async def test_a_tick_that_raises_does_not_stop_the_next_ones(
    alarm: AlarmClock, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        if len(ticks.at) <= 3:
            raise OSError("database is locked")

    ticks.act = fail
    alarm.start()
    await ticks.reach(6)
    assert caplog.text.count("the tick failed") == 3


@pytest.mark.usefixtures("brisk")
async def test_a_tick_that_hangs_is_cut_off_and_the_next_one_comes(
    alarm: AlarmClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TICK_TIMEOUT", timedelta(milliseconds=50))
    ticks.act = lambda: asyncio.Event().wait() if len(ticks.at) == 1 else None
    alarm.start()
    await ticks.reach(3)


# The watchdog


def test_a_silent_stop_is_noticed_within_90_seconds() -> None:
    assert timedelta(seconds=90) >= ALARM_AFTER + LOOK_EVERY
    assert TICK_TIMEOUT < ALARM_AFTER, "a tick that hangs is cut off before the scheduler is"


async def test_the_watchdog_is_content_while_ticks_end_well(
    alarm: AlarmClock, ticks: Ticks, monotonic: Monotonic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    alarm.start()
    await ticks.reach(1)
    monotonic.seconds += 59
    alarm.look()
    assert alarm.healthy and not caplog.records


@pytest.mark.parametrize("fault", ["stopped", "clock went back", "job gone"])
async def test_the_watchdog_starts_a_scheduler_anew_that_has_stopped_silently(
    alarm: AlarmClock, ticks: Ticks, monotonic: Monotonic, fault: str
) -> None:
    alarm.start()
    await ticks.reach(1)
    scheduler = alarm._scheduler
    assert scheduler is not None
    if fault == "stopped":
        scheduler.shutdown(wait=False)
    elif fault == "clock went back":
        # What a system clock set back by a day leaves: a next ring that is a day away.
        job = scheduler.get_job("tick")
        assert job is not None
        job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
    else:
        scheduler.remove_job("tick")  # pyright: ignore[reportAttributeAccessIssue] - not part of what is used
    await asyncio.sleep(0.01)
    for _ in range(6):
        monotonic.seconds += LOOK_EVERY.total_seconds()
        alarm.look()
    assert not alarm.healthy
    await ticks.reach(2)
    await asyncio.sleep(0.01)
    assert alarm.healthy, "a tick has ended well"
    assert next_ring(alarm) <= RING_EVERY


async def test_the_watchdog_cuts_off_a_tick_that_hangs_beyond_its_time(
    alarm: AlarmClock, ticks: Ticks, monotonic: Monotonic
) -> None:
    cut_off: list[int] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.append(len(ticks.at))
            raise

    ticks.act = lambda: hang() if len(ticks.at) == 1 else None
    alarm.start()
    await ticks.reach(1)
    monotonic.seconds += 61
    alarm.look()
    await ticks.reach(2)
    assert cut_off == [1]


async def test_a_long_tick_after_a_new_start_is_not_cut_off_by_the_next_looks(
    alarm: AlarmClock, ticks: Ticks, monotonic: Monotonic
) -> None:
    alarm.start()
    await ticks.reach(1)
    ended = asyncio.Event()

    async def much_to_catch_up() -> None:
        # Three looks pass before it is done.
        for _ in range(3):
            monotonic.seconds += LOOK_EVERY.total_seconds()
            alarm.look()
            await asyncio.sleep(0.005)
        ended.set()

    ticks.act = much_to_catch_up
    monotonic.seconds += 61
    alarm.look()
    async with asyncio.timeout(2):
        await ended.wait()
    await asyncio.sleep(0.01)
    assert alarm.healthy and len(ticks.at) == 2


async def test_the_watchdog_notices_from_its_own_thread_that_the_loop_stands_still(
    alarm: AlarmClock, ticks: Ticks, monotonic: Monotonic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", timedelta(milliseconds=5))
    alarm.start()
    await ticks.reach(1)
    monotonic.seconds += 61
    time.sleep(0.08)  # noqa: ASYNC251 - standing still is what is tested
    assert not alarm.healthy
    await ticks.reach(2)
    await asyncio.sleep(0.05)
    assert alarm.healthy and len(ticks.at) == 2, "one new start, however often it looked"


# Stopping


async def test_stopping_leaves_no_thread_no_timer_and_no_ring(
    alarm: AlarmClock, ticks: Ticks, clock: FixedClock, monotonic: Monotonic
) -> None:
    before = set(threading.enumerate())
    alarm.start()
    await ticks.reach(1)
    alarm.set_for(clock.now() + timedelta(milliseconds=20))
    alarm.stop()
    assert set(threading.enumerate()) == before and not alarm.running
    monotonic.seconds += 1000
    alarm.look()
    alarm.set_for(clock.now())
    alarm.stop()
    await asyncio.sleep(0.06)
    assert len(ticks.at) == 1
    loop = asyncio.get_running_loop()
    timers = [each for each in getattr(loop, "_scheduled", []) if not each.cancelled()]
    assert not [each for each in timers if "apscheduler" in repr(each)]


async def test_it_can_be_started_again_after_it_was_stopped(alarm: AlarmClock, ticks: Ticks) -> None:
    alarm.start()
    await ticks.reach(1)
    alarm.stop()
    alarm.start()
    await ticks.reach(2)
    assert alarm.running


def test_a_look_after_the_loop_was_closed_does_not_raise(
    ticks: Ticks, clock: FixedClock, monotonic: Monotonic
) -> None:
    alarm = AlarmClock(ticks, clock, monotonic=monotonic)

    async def start() -> None:
        alarm.start()

    asyncio.run(start())
    monotonic.seconds += 61
    alarm.look()
    assert not alarm.healthy
    alarm.stop()
