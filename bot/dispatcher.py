"""Performs planned effects on Discord, each exactly once, through crashes, faults and long outages.

How one effect is performed: the intent (attempt counted, time of the first try) is committed before the
request; a message carries a nonce made from the effect's key, so Discord itself refuses a second copy for
"the past few minutes"; when the first try is older than `NONCE_TRUST` the channel's history is searched
for the effect's marker before anything is sent again; then the outcome is committed. All other kinds are
idempotent at Discord, or looked for before they are created (`bot/discord_calls.py`).

The best lane goes first whenever there is room, and one place (a channel, or else a member or server) has one
effect under way at a time: what was planned first is tried first there, and a place that hangs holds up no other.

Every effect ends as sent, skipped with a reason (not wanted any more, superseded, too late) or failed with
a reason (Discord refused for good), of which staff are told once. A fault of the network or of Discord
leaves it waiting; the pause between tries grows to 45 s, so a backlog is gone within a minute of Discord's
return. The state machine in `tests/bot/test_exactly_once.py` holds all this, and catches four broken variants.

Two holes cannot be closed from outside: Discord carrying out a create later than `NONCE_TRUST` after it was
asked, when the bot had looked for it in vain; and a message whose answer was lost and that somebody deleted
before the bot could look for it, which is posted a second time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.judging import (
    Done,
    Obsolete,
    Outcome,
    PlannedEffect,
    Result,
    ended,
    has_no_nonce,
    is_message,
    pause_after,
    reason_to_give_up,
    snapshot,
)
from bot.marks import marker_of, nonce_of
from bot.outbox import Ended
from bot.pace import checked
from storage import outbox as storage
from storage.database import Database
from storage.faults import explain, is_unwritable

log = logging.getLogger(__name__)

AT_ONCE = 10  # effects under way at one time, each in a place of its own
# Discord promises to remember a nonce for "the past few minutes"; plan for two and trust half of that, so a
# create that is carried out late still falls into the window (reliability: nonce semantics).
NONCE_TRUST = timedelta(seconds=60)
# discord.py's own retries take up to 25 s. A try that began within the trust must end within the two minutes.
TRY_TIMEOUT = timedelta(seconds=60)
LEASE = timedelta(seconds=90)  # outlives a try, which begins at once
MAX_BUG_ATTEMPTS = 5
CLOCK_GRACE = timedelta(minutes=1)  # our clock and Discord's, which dates the messages, need not agree
CLOCK_DOUBT = timedelta(days=1)  # how far to look back when our clock was set back since the first try
OUTCOME_UNKNOWN = "outcome_unknown"


class Refused(Exception):
    """Discord refuses this for good. `code` is a stable word, `detail` is for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code


class Unreachable(Exception):
    """Discord did not answer or had a fault of its own: the outcome is unknown, try again later."""


class Calls(Protocol):
    """What the dispatcher needs of Discord. Raises `Refused` or `Unreachable`."""

    async def perform(
        self, effect: PlannedEffect, rendered: Any, *, nonce: str, marker: int
    ) -> int | Done | None:
        """Carry the effect out. Returns the id of the message, thread or event that came of it."""
        ...

    async def find(self, effect: PlannedEffect, *, marker: int, since: datetime) -> int | None:
        """The id of the message of ours, not older than `since`, that bears the marker."""
        ...


Render = Callable[[PlannedEffect], Awaitable[Any]]
FailureReport = Callable[[AsyncSession, PlannedEffect, str], Awaitable[None]]
EndReport = Callable[[AsyncSession, Ended], Awaitable[None]]


@dataclass(frozen=True)
class _Try:
    effect: PlannedEffect
    place: int
    lease_until: datetime
    give_up: str | None = None  # find out what became of earlier tries, but do not try again


class Dispatcher:
    """Takes effects that are due, the best lane first, and performs them. Runs only while there is something to do."""

    def __init__(self, db: Database, clock: Clock, calls: Calls, render: Render) -> None:
        self._db = db
        self._clock = clock
        self._calls = calls
        self._render = render
        self._starter: asyncio.Task[None] | None = None
        self._under_way: dict[int, asyncio.Task[None]] = {}  # by place
        self._bugs: Counter[int] = Counter()  # by row; a restart may well have brought the mended code
        self._called = False
        self._open = False
        self.report_failure: FailureReport | None = None
        self.on_end: EndReport | None = None
        # Told when an effect is to be tried again, so that somebody wakes the dispatcher then.
        self.on_put_off: Callable[[datetime], None] | None = None

    def start(self) -> None:
        """Begin to perform effects: Discord can be reached from now on."""
        self._open = True
        self.wake()

    async def stop(self) -> None:
        """Finish what is under way and begin nothing new."""
        self._open = False
        await self._come_to_rest()

    def wake(self) -> None:
        """There may be something to do. Cheap, and safe to call at any time from the event loop."""
        self._called = True
        if self._open and (self._starter is None or self._starter.done()):
            self._starter = asyncio.create_task(self._begin_due(), name="dispatcher")

    async def drain(self) -> None:
        """Perform everything that is due by now, then return."""
        self.wake()
        await self._come_to_rest()

    async def _come_to_rest(self) -> None:
        while running := {
            each
            for each in (self._starter, *self._under_way.values())
            if each is not None and not each.done()
        }:
            await asyncio.wait(running)

    async def _begin_due(self) -> None:
        """Begin what is due until all hands are full; each effect that ends calls again."""
        try:
            while self._called and self._open and len(self._under_way) < AT_ONCE:
                self._called = False
                for each in await self._intend():
                    self._called = True  # there may be more, for other places
                    self._under_way[each.place] = asyncio.create_task(self._carry_out(each))
        except Exception as error:
            # The next tick wakes the dispatcher again, by which time the database may be back.
            why = explain(error)
            log.error("the dispatcher begins nothing until the next tick: %s", why, exc_info=_trace(error))

    async def _carry_out(self, attempt: _Try) -> None:
        try:
            await self._finish(attempt, await self._perform(attempt))
        except Exception as error:
            why, key = explain(error), attempt.effect.key
            log.error("what became of it will be found out key=%s: %s", key, why, exc_info=_trace(error))
        finally:
            del self._under_way[attempt.place]
        self.wake()  # there is room again, and something may have waited for this one

    async def _intend(self) -> list[_Try]:
        """Commit what is about to be tried, and end what is not to be tried at all."""
        now = self._clock.now()
        async with self._db.begin() as session:
            claimed = await storage.claim_due(
                session,
                now=now,
                lease_until=now + LEASE,
                limit=AT_ONCE - len(self._under_way),
                busy=self._under_way.keys(),
            )
            newest = await storage.newest_wishes(session, list(claimed.values()), now=now)
            # The place is the one under which it was claimed: what comes after something may move elsewhere.
            return [
                await self._intend_one(session, row, place, newest, now) for place, row in claimed.items()
            ]

    async def _intend_one(
        self,
        session: AsyncSession,
        row: storage.OutboxRow,
        place: int,
        newest: Mapping[str, int],
        now: datetime,
    ) -> _Try:
        give_up = await reason_to_give_up(session, row, newest, now)
        effect = snapshot(row)
        if give_up is None:
            row.attempts += 1
            row.first_try_at = row.first_try_at or now
            # Holds for a new process too, should this one die at any moment of the try.
            row.not_before = now + (TRY_TIMEOUT + NONCE_TRUST if has_no_nonce(row) else timedelta(0))
        assert row.lease_until is not None
        return _Try(effect, place, row.lease_until, give_up)

    async def _perform(self, attempt: _Try) -> Result:
        effect = attempt.effect
        try:
            async with asyncio.timeout(TRY_TIMEOUT.total_seconds()):
                return await self._perform_once(attempt)
        except Refused as refusal:
            log.warning("effect refused key=%s kind=%s: %s", effect.key, effect.kind, refusal)
            return Result(Outcome.FAILED, refusal.code)
        except (Unreachable, TimeoutError) as fault:
            log.info("effect put off key=%s kind=%s: %r", effect.key, effect.kind, fault)
            return Result(None, repr(fault))
        except Exception as bug:
            log.exception("effect broke key=%s kind=%s", effect.key, effect.kind)
            self._bugs[effect.id] += 1
            if self._bugs[effect.id] >= MAX_BUG_ATTEMPTS:
                return Result(Outcome.FAILED, f"bug: {type(bug).__name__}")
            return Result(None, repr(bug))

    async def _perform_once(self, attempt: _Try) -> Result:
        def check() -> None:
            # The computer slept, say: by now somebody else may be at it, and Discord has forgotten the nonce.
            if self._clock.now() >= attempt.lease_until:
                raise Unreachable("the lease ran out before the request")

        effect = attempt.effect
        if attempt.give_up is not None:
            return await self._earlier_try(effect) or Result(Outcome.SKIPPED, attempt.give_up)
        if self._is_beyond_nonce(effect):
            found = await self._look(effect)
            if found is not None:
                return Result(Outcome.SENT, result_id=found)
        try:
            rendered = await self._render(effect) if effect.renderer is not None else None
            check()
            with checked(check):
                result = await self._calls.perform(
                    effect, rendered, nonce=self._nonce(effect), marker=marker_of(effect.key)
                )
        except Obsolete as reason:
            return await self._earlier_try(effect) or Result(Outcome.SKIPPED, str(reason))
        except Refused:
            if (done := await self._earlier_try(effect)) is None:
                raise
            return done
        if isinstance(result, Done):
            return Result(Outcome.SENT, result_id=result.result_id, details=result.details)
        return Result(Outcome.SENT, result_id=result)

    async def _earlier_try(self, effect: PlannedEffect) -> Result | None:
        """An effect that is given up may have been carried out by a try whose answer was lost."""
        if effect.first_try_at is None or not is_message(effect):
            return None
        try:
            found = await self._look(effect)
        except Refused:
            return None
        return Result(Outcome.SENT, result_id=found) if found is not None else None

    def _nonce(self, effect: PlannedEffect) -> str:
        return nonce_of(effect.key)

    def _is_beyond_nonce(self, effect: PlannedEffect) -> bool:
        if not is_message(effect) or effect.first_try_at is None:
            return False
        # Less than nothing: our clock was set back, and nobody knows how long ago it was.
        return not timedelta(0) <= self._clock.now() - effect.first_try_at <= NONCE_TRUST

    async def _look(self, effect: PlannedEffect) -> int | None:
        assert effect.first_try_at is not None
        now = self._clock.now()
        since = effect.first_try_at - CLOCK_GRACE if effect.first_try_at <= now else now - CLOCK_DOUBT
        return await self._calls.find(effect, marker=marker_of(effect.key), since=since)

    async def _finish(self, attempt: _Try, result: Result) -> None:
        now = self._clock.now()
        again_at: datetime | None = None
        async with self._db.begin() as session:
            row = await storage.find_claimed(session, attempt.effect.id, lease_until=attempt.lease_until)
            if row is None:
                return
            row.lease_until = None
            if result.outcome is None:
                row.last_error = (result.reason or "")[:1000]
                again_at = row.not_before = now + max(
                    pause_after(row.attempts), NONCE_TRUST if has_no_nonce(row) else timedelta(0)
                )
            else:
                row.outcome = result.outcome
                row.reason = result.reason[:300] if result.reason else None
                row.result_id = result.result_id
                row.details = dict(result.details) if result.details else None
                row.finished_at = now
            if result.outcome is Outcome.FAILED:
                if attempt.effect.first_try_at is None or result.reason == OUTCOME_UNKNOWN:
                    # Nothing is out there, or a person has been asked to look: trying again need not search.
                    row.first_try_at = None
                await self._report(session, snapshot(row), result.reason or "")
            if result.outcome is not None and self.on_end is not None:
                await self._tell(row, session, self.on_end)
        if result.outcome is not None:
            self._bugs.pop(attempt.effect.id, None)
        if again_at is not None and self.on_put_off is not None:
            self.on_put_off(again_at)

    async def _report(self, session: AsyncSession, effect: PlannedEffect, reason: str) -> None:
        """Have the failure reported. A mistake in that must not undo the outcome: it would be tried for ever."""
        if self.report_failure is None:
            return
        try:
            async with session.begin_nested():
                await self.report_failure(session, effect, reason)
        except Exception:
            log.exception("a failure could not be reported key=%s", effect.key)

    async def _tell(self, row: storage.OutboxRow, session: AsyncSession, on_end: EndReport) -> None:
        """Tell who waits for the end of it, with the same care."""
        key = row.key
        try:
            await session.flush()
            async with session.begin_nested():
                await on_end(session, ended(row))
        except Exception:
            log.exception("the end of an effect could not be told key=%s", key)


def _trace(error: Exception) -> Exception | None:
    """What to show of it in the log: nobody needs a trace to see that a disk is full."""
    return None if is_unwritable(error) else error
