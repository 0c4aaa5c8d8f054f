"""Performs planned effects on Discord, each exactly once, through crashes, faults and long outages.

How one effect is performed: the intent (attempt counted, time of the first try) is committed before the
request; a message carries a nonce made from the effect's key, so Discord itself refuses a second copy for
"the past few minutes"; when the first try is older than `NONCE_TRUST` the channel's history is searched
for the effect's marker before anything is sent again; then the outcome is committed. All other kinds are
idempotent at Discord, or looked for before they are created (`bot/discord_calls.py`).

Every effect ends as sent, skipped with a reason (not wanted any more, superseded, too late) or failed with
a reason (Discord refused for good), of which staff are told once. A fault of the network or of Discord
leaves it waiting; the pause between tries grows to 45 s, so a backlog is gone within a minute of Discord's
return. The state machine in `tests/bot/test_exactly_once.py` holds all this, and catches four broken variants.

One hole cannot be closed from outside: Discord carrying out a create later than `NONCE_TRUST` after the
bot had looked for it in vain.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.outbox import EffectKind
from storage import outbox as storage
from storage.database import Database

log = logging.getLogger(__name__)

SLICE = 10
# Discord promises to remember a nonce for "the past few minutes"; plan for two and trust half of that, so a
# create that is carried out late still falls into the window (reliability: nonce semantics).
NONCE_TRUST = timedelta(seconds=60)
TRY_TIMEOUT = timedelta(seconds=75)  # discord.py's own retries take at most 25 s, and a request 20 s
LEASE = timedelta(seconds=90)
PAUSES = (2, 5, 10, 20, 45)  # seconds after the first, second, ... try
MAX_BUG_ATTEMPTS = 5
REQUESTS_A_SECOND = 25  # half of Discord's global limit of 50


class Outcome(StrEnum):
    """How an effect ended."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


class Obsolete(Exception):
    """Raised by a renderer when there is nothing to show any more; the text is the reason."""


class Refused(Exception):
    """Discord refuses this for good. `code` is a stable word, `detail` is for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code


class Unreachable(Exception):
    """Discord did not answer or had a fault of its own: the outcome is unknown, try again later."""


@dataclass(frozen=True)
class PlannedEffect:
    """An effect as its renderer and `DiscordCalls` see it. `attempts` counts tries before this one."""

    id: int
    key: str
    kind: EffectKind
    guild_id: int
    channel_id: int | None
    message_id: int | None
    member_id: int | None
    role_id: int | None
    renderer: str | None
    arguments: Mapping[str, Any]
    attempts: int
    first_try_at: datetime | None


class Calls(Protocol):
    """What the dispatcher needs of Discord. Raises `Refused` or `Unreachable`."""

    async def perform(self, effect: PlannedEffect, rendered: Any, *, nonce: str, marker: int) -> int | None:
        """Carry the effect out. Returns the id of the message, thread or event that came of it."""
        ...

    async def find(self, effect: PlannedEffect, *, marker: int, since: datetime) -> int | None:
        """The id of the message of ours, not older than `since`, that bears the marker."""
        ...


Render = Callable[[PlannedEffect], Awaitable[Any]]
FailureReport = Callable[[AsyncSession, PlannedEffect, str], Awaitable[None]]


@dataclass(frozen=True)
class _Try:
    effect: PlannedEffect
    lease_until: datetime
    give_up: str | None = None  # find out what became of earlier tries, but do not try again


@dataclass(frozen=True)
class _Result:
    outcome: Outcome | None  # None: it waits for the next try
    reason: str | None = None
    result_id: int | None = None


def nonce_of(key: str) -> str:
    """The nonce of an effect's message: 24 hexadecimal digits (Discord allows 25 characters)."""
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


def marker_of(key: str) -> int:
    """The component id that marks an effect's message in the channel's history.

    Discord gives unmarked components small ascending ids, so bit 30 is set to stay clear of those; 30 bits
    of the key's hash tell apart the few messages of ours that are searched.
    """
    return 1 << 30 | int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) >> 2


class Dispatcher:
    """Takes effects that are due, in slices, and performs them. Runs only while there is something to do."""

    def __init__(self, db: Database, clock: Clock, calls: Calls, render: Render) -> None:
        self._db = db
        self._clock = clock
        self._calls = calls
        self._render = render
        self._pace = Pace(REQUESTS_A_SECOND)
        self._worker: asyncio.Task[None] | None = None
        self._called = False
        self._open = False
        self.report_failure: FailureReport | None = None

    def start(self) -> None:
        """Begin to perform effects: Discord can be reached from now on."""
        self._open = True
        self.wake()

    async def stop(self) -> None:
        """Finish what is under way and begin nothing new."""
        self._open = False
        if self._worker is not None:
            await asyncio.wait({self._worker})

    def wake(self) -> None:
        """There may be something to do. Cheap, and safe to call at any time from the event loop."""
        self._called = True
        if self._open and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work(), name="dispatcher")

    async def drain(self) -> None:
        """Perform everything that is due by now, then return."""
        self.wake()
        while self._worker is not None and not self._worker.done():
            await asyncio.wait({self._worker})

    async def _work(self) -> None:
        try:
            while self._called and self._open:
                self._called = False
                while self._open and await self._dispatch_slice():
                    pass
        except Exception:
            # The next tick wakes the dispatcher again, by which time the database may be back.
            log.exception("the dispatcher stopped until the next tick")

    async def _dispatch_slice(self) -> int:
        tries = await self._intend()
        by_place: defaultdict[int | None, list[_Try]] = defaultdict(list)
        for each in tries:
            by_place[each.effect.channel_id or each.effect.member_id].append(each)
        await asyncio.gather(*(self._perform_in_order(place) for place in by_place.values()))
        return len(tries)

    async def _perform_in_order(self, tries: list[_Try]) -> None:
        """Effects on one channel or member keep the order in which they were planned."""
        for each in tries:
            await self._finish(each, await self._perform(each))

    async def _intend(self) -> list[_Try]:
        """Commit what is about to be tried, and end what is not to be tried at all."""
        now = self._clock.now()
        lease_until = now + LEASE
        async with self._db.begin() as session:
            rows = await storage.claim_due(session, now=now, lease_until=lease_until, limit=SLICE)
            newest = await storage.newest_waiting(
                session, [row.coalesce_key for row in rows if row.coalesce_key is not None]
            )
            return [await self._intend_one(session, row, newest, now) for row in rows]

    async def _intend_one(
        self, session: AsyncSession, row: storage.OutboxRow, newest: Mapping[str, int], now: datetime
    ) -> _Try:
        give_up = await _reason_to_give_up(session, row, newest, now)
        effect = _snapshot(row)
        if give_up is None:
            row.attempts += 1
            row.first_try_at = row.first_try_at or now
        assert row.lease_until is not None
        return _Try(effect, row.lease_until, give_up)

    async def _perform(self, attempt: _Try) -> _Result:
        effect = attempt.effect
        try:
            async with asyncio.timeout(TRY_TIMEOUT.total_seconds()):
                return await self._perform_once(attempt)
        except Refused as refusal:
            log.warning("effect refused key=%s kind=%s: %s", effect.key, effect.kind, refusal)
            return _Result(Outcome.FAILED, refusal.code)
        except (Unreachable, TimeoutError) as fault:
            log.info("effect put off key=%s kind=%s: %r", effect.key, effect.kind, fault)
            return _Result(None, repr(fault))
        except Exception as bug:
            log.exception("effect broke key=%s kind=%s", effect.key, effect.kind)
            if effect.attempts + 1 >= MAX_BUG_ATTEMPTS:
                return _Result(Outcome.FAILED, f"bug: {type(bug).__name__}")
            return _Result(None, repr(bug))

    async def _perform_once(self, attempt: _Try) -> _Result:
        effect = attempt.effect
        if attempt.give_up is not None:
            return await self._found_or(effect, _Result(Outcome.SKIPPED, attempt.give_up))
        if self._is_beyond_nonce(effect):
            found = await self._look(effect)
            if found is not None:
                return _Result(Outcome.SENT, result_id=found)
        try:
            rendered = await self._render(effect) if effect.renderer is not None else None
        except Obsolete as reason:
            return await self._found_or(effect, _Result(Outcome.SKIPPED, str(reason)))
        await self._pace.turn()
        result = await self._calls.perform(
            effect, rendered, nonce=self._nonce(effect), marker=marker_of(effect.key)
        )
        return _Result(Outcome.SENT, result_id=result)

    async def _found_or(self, effect: PlannedEffect, otherwise: _Result) -> _Result:
        """An effect that is given up may have been carried out by a try whose answer was lost."""
        if effect.attempts and _is_message(effect):
            found = await self._look(effect)
            if found is not None:
                return _Result(Outcome.SENT, result_id=found)
        return otherwise

    def _nonce(self, effect: PlannedEffect) -> str:
        return nonce_of(effect.key)

    def _is_beyond_nonce(self, effect: PlannedEffect) -> bool:
        if not _is_message(effect) or effect.first_try_at is None:
            return False
        return self._clock.now() - effect.first_try_at > NONCE_TRUST

    async def _look(self, effect: PlannedEffect) -> int | None:
        assert effect.first_try_at is not None
        await self._pace.turn()
        # A minute of grace: our clock and Discord's, which dates the messages, need not agree.
        since = effect.first_try_at - timedelta(minutes=1)
        return await self._calls.find(effect, marker=marker_of(effect.key), since=since)

    async def _finish(self, attempt: _Try, result: _Result) -> None:
        now = self._clock.now()
        async with self._db.begin() as session:
            row = await storage.find_claimed(session, attempt.effect.id, lease_until=attempt.lease_until)
            if row is None:
                return
            row.lease_until = None
            if result.outcome is None:
                row.last_error = (result.reason or "")[:1000]
                row.not_before = now + pause_after(row.attempts)
                return
            row.outcome = result.outcome
            row.reason = result.reason[:300] if result.reason else None
            row.result_id = result.result_id
            row.finished_at = now
            if result.outcome is Outcome.FAILED and self.report_failure is not None:
                await self.report_failure(session, _snapshot(row), result.reason or "")
        self._called = True  # something may have waited for this one


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many tries."""
    return timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])


async def _reason_to_give_up(
    session: AsyncSession, row: storage.OutboxRow, newest: Mapping[str, int], now: datetime
) -> str | None:
    if row.after_key is not None:
        earlier = await storage.find_by_key(session, row.after_key)
        if earlier is None or earlier.outcome != Outcome.SENT:
            return "what it belongs to was not posted"
        if row.message_id is None:
            row.message_id = earlier.result_id
    if row.coalesce_key is not None and newest.get(row.coalesce_key, row.id) > row.id:
        return "superseded by a later one"
    if row.expires_at is not None and now > row.expires_at:
        return "too late: Discord could not be reached in time"
    return None


def _is_message(effect: PlannedEffect) -> bool:
    return effect.kind in (EffectKind.POST, EffectKind.DIRECT_MESSAGE)


def _snapshot(row: storage.OutboxRow) -> PlannedEffect:
    return PlannedEffect(
        id=row.id,
        key=row.key,
        kind=EffectKind(row.kind),
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        message_id=row.message_id,
        member_id=row.member_id,
        role_id=row.role_id,
        renderer=row.renderer,
        arguments=row.arguments,
        attempts=row.attempts,
        first_try_at=row.first_try_at,
    )


class Pace:
    """Lets at most so many requests begin in any one second, so our own bursts never meet a 429."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._begun: deque[float] = deque()

    async def turn(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            while self._begun and now - self._begun[0] >= 1.0:
                self._begun.popleft()
            if len(self._begun) < self._per_second:
                self._begun.append(now)
                return
            await asyncio.sleep(1.0 - (now - self._begun[0]))
