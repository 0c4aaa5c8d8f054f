"""The alarm clock: rings `tick()` when something is due, and at least every 30 seconds.

APScheduler is nothing more than that here. It holds no state of ours: what is due lives in the database,
so a crash loses nothing, and its known faults (a job store error stops it silently, a cron job is lost at
a clock change, a loop blocked for a second drops a job) have nothing to act on.

The watchdog is a thread, because a task could not notice that the event loop itself stands still. When no
tick has ended well for `ALARM_AFTER`, it says so in the log, `healthy` turns False, and the scheduler is
started anew. Checked every `LOOK_EVERY`, so a silent stop is noticed within 75 s. A new start has the same
time to show itself before the next: a tick with much to catch up is not cut off again and again.

Tested in `tests/bot/test_alarm_clock.py`, with the real scheduler.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

# APScheduler 3 ships no types; what is used of it is written down in `_Scheduler`.
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # pyright: ignore[reportMissingTypeStubs]

from bot.clock import Clock
from storage.faults import disk_trouble

log = logging.getLogger(__name__)

RING_EVERY = timedelta(seconds=30)
TICK_TIMEOUT = timedelta(seconds=55)
ALARM_AFTER = timedelta(seconds=60)
LOOK_EVERY = timedelta(seconds=15)
# Between the end of a tick and the next one, when that is due already: there is always room for others.
REST = timedelta(seconds=1)
_JOB = "tick"


class _Job(Protocol):
    next_run_time: datetime | None

    def modify(self, *, next_run_time: datetime) -> None: ...


class _Scheduler(Protocol):
    running: bool

    def add_job(self, func: Callable[[], Awaitable[None]], trigger: str, **options: object) -> _Job: ...
    def get_job(self, job_id: str) -> _Job | None: ...
    def start(self) -> None: ...
    def shutdown(self, *, wait: bool) -> None: ...


class AlarmClock:
    """Calls `tick` at the instants it is set for and at least every 30 s, until stopped.

    `tick` returns the next instant at which it will have something to do (aware, UTC), or None.
    """

    def __init__(
        self,
        tick: Callable[[], Awaitable[datetime | None]],
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick = tick
        self._clock = clock
        self._monotonic = monotonic
        self._scheduler: _Scheduler | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended_well_at = monotonic()
        self._wound_at = monotonic()
        self._under_way: object | None = None
        self._wanted: datetime | None = None
        self._stopping = threading.Event()
        self._watchdog: threading.Thread | None = None
        self.healthy = True

    @property
    def running(self) -> bool:
        return self._scheduler is not None

    @property
    def silent_for(self) -> float:
        """Seconds since a tick has ended well, or since the start."""
        return self._monotonic() - self._ended_well_at

    def start(self) -> None:
        """Start ringing; the first time at once. Must be called from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._ended_well_at = self._wound_at = self._monotonic()
        self._stopping.clear()
        self._wind()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._watchdog.start()

    def stop(self) -> None:
        """Stop ringing. A tick under way is not awaited: it may be cut off anywhere without loss."""
        self._stopping.set()
        # A loop that is closed has taken the scheduler's timer with it.
        with suppress(RuntimeError):
            if self._scheduler is not None and self._scheduler.running:
                self._scheduler.shutdown(wait=False)
        self._scheduler = None
        self._under_way = None
        if self._watchdog is not None:
            self._watchdog.join(timeout=1)
            self._watchdog = None

    def set_for(self, instant: datetime) -> None:
        """Ring at this instant of our clock (aware), unless an earlier ring is set already.

        During a tick this is noted, and done when the tick has ended: APScheduler drops what is due meanwhile.
        """
        if self._under_way is not None:
            self._wanted = min(instant, self._wanted or instant)
            return
        job = self._scheduler.get_job(_JOB) if self._scheduler is not None else None
        if job is None:
            return
        # APScheduler reads the system's clock, ours may be a simulated one: only the distance is the same.
        ring_at = _system_now() + max(instant - self._clock.now(), timedelta(0))
        if job.next_run_time is None or ring_at < job.next_run_time:
            job.modify(next_run_time=ring_at)

    def _wind(self) -> None:
        scheduler = cast(_Scheduler, AsyncIOScheduler(timezone=UTC))
        scheduler.add_job(
            self._ring,
            "interval",
            id=_JOB,
            seconds=RING_EVERY.total_seconds(),
            next_run_time=_system_now(),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        scheduler.start()
        self._scheduler = scheduler

    async def _ring(self) -> None:
        ring = self._under_way = object()
        self._wanted = None
        try:
            async with asyncio.timeout(TICK_TIMEOUT.total_seconds()):
                upcoming = await self._tick()
        except Exception as error:
            trouble = disk_trouble(error)
            if trouble is not None:
                # Nobody needs a trace every 30 s to see that.
                log.error(
                    "the tick failed because %s; the next one is due in %s s", trouble, RING_EVERY.seconds
                )
            else:
                log.exception("the tick failed; the next one is due in %s s", RING_EVERY.seconds)
            return
        finally:
            # After a new start another ring may be under way, while this one, given up on, ends at last.
            if self._under_way is ring:
                self._under_way = None
        self._ended_well_at = self._monotonic()
        if not self.healthy:
            log.warning("the ticks are back")
        self.healthy = True
        wanted = min((each for each in (upcoming, self._wanted) if each is not None), default=None)
        if wanted is not None:
            # Not at once: for APScheduler this ring has not ended yet, and it would drop one that is due now.
            asyncio.get_running_loop().call_soon(self.set_for, max(wanted, self._clock.now() + REST))

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY.total_seconds()):
            self.look()

    def look(self) -> None:
        """One look of the watchdog. Runs in its thread; never raises."""
        now = self._monotonic()
        if now - max(self._ended_well_at, self._wound_at) <= ALARM_AFTER.total_seconds():
            return
        self.healthy = False
        self._wound_at = now
        silent_for = now - self._ended_well_at
        log.error("no tick has ended well for %.0f s: starting the scheduler anew", silent_for)
        # The loop may be closed, also between a question for that and the call.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._rewind)

    def _rewind(self) -> None:
        if self._stopping.is_set():
            return
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._under_way = None
        self._wind()


def _system_now() -> datetime:
    """What APScheduler takes for now."""
    return datetime.now(UTC)  # noqa: TID251 - APScheduler's own clock is the system's, whatever ours says
