"""A Discord in memory, as far as the dispatcher sees it: channels, nonces, history, and bad days."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, NoReturn

from bot.clock import Clock
from bot.dispatcher import PlannedEffect, Refused, Unreachable
from bot.outbox import EffectKind

NONCE_WINDOW = timedelta(seconds=120)
LATEST = timedelta(seconds=59)  # how late Discord carries out what it was asked, within the trusted time

Step = Callable[[PlannedEffect], Awaitable[None]]


class Fault(StrEnum):
    """What can happen to one request."""

    OK = "ok"
    ERROR_BEFORE = "error before"  # nothing was done, and the bot is told of an error
    LOST_ANSWER = "lost answer"  # it was done, and the bot is told of an error
    LATE = "late"  # the bot is told of an error, and it is done up to a minute later
    CRASH_BEFORE = "crash before"  # the process dies before the request leaves
    CRASH_AFTER = "crash after"  # the process dies when it was done


class Died(asyncio.CancelledError):
    """The process was killed here: no handler and nothing behind it runs, as far as Python allows."""


@dataclass(frozen=True)
class Message:
    """A message as Discord keeps it."""

    id: int
    place: int
    key: str
    nonce: str
    marker: int
    at: datetime
    text: Any


@dataclass(frozen=True)
class Request:
    """What Discord was asked, whatever came of it."""

    key: str
    kind: EffectKind
    at: datetime


class FakeDiscord:
    """Implements `bot.dispatcher.Calls`. Messages have nonces and markers; the rest is only written down."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = count(1000)
        self._late: list[tuple[datetime, Message]] = []
        self.messages: list[Message] = []
        self.requests: list[Request] = []
        self.looks: list[Request] = []
        self.done: list[PlannedEffect] = []
        self.faults: deque[Fault] = deque()
        self.refused: dict[str, str] = {}  # by key: the code
        self.hits: Counter[str] = Counter()
        self.down = False
        self.blind = False  # the history cannot be read
        self.dead = False  # the process that asks was killed
        self.on_request: Step | None = None

    async def perform(self, effect: PlannedEffect, rendered: Any, *, nonce: str, marker: int) -> int | None:
        """Carry it out, or what the next fault says."""
        self.breathe()
        fault = self.faults.popleft() if self.faults else Fault.OK
        self.hits[fault] += 1
        if fault is Fault.CRASH_BEFORE:
            self.die()
        self.requests.append(Request(effect.key, effect.kind, self._clock.now()))
        if self.on_request is not None:
            await self.on_request(effect)
        if self.down or fault is Fault.ERROR_BEFORE:
            raise Unreachable("503")
        if effect.key in self.refused:
            raise Refused(self.refused[effect.key])
        if effect.kind not in (EffectKind.POST, EffectKind.DIRECT_MESSAGE):
            self.done.append(effect)
            result = effect.message_id
        else:
            place = effect.channel_id or effect.member_id or 0
            now = self._clock.now()
            message = Message(next(self._ids), place, effect.key, nonce, marker, now, rendered)
            if fault is Fault.LATE:
                self._late.append((now + LATEST, message))
                raise Unreachable("timeout")
            self.done.append(effect)
            result = self._create(message)
        if fault is Fault.LOST_ANSWER:
            raise Unreachable("timeout")
        if fault is Fault.CRASH_AFTER:
            self.die()
        return result

    async def find(self, effect: PlannedEffect, *, marker: int, since: datetime) -> int | None:
        """Search the history."""
        self.breathe()
        self.looks.append(Request(effect.key, effect.kind, self._clock.now()))
        if self.down:
            raise Unreachable("503")
        if self.blind:
            raise Refused("no_access")
        self.let_late_ones_land()
        place = effect.channel_id or effect.member_id or 0
        found = [each for each in self.messages if each.place == place and each.at >= since]
        message = next((each for each in found if each.marker == marker), None)
        if message is None:
            return None
        self.hits["by history"] += self._clock.now() - message.at >= NONCE_WINDOW
        return message.id

    def die(self) -> NoReturn:
        """Kill the process that asks: whatever it does next, it does not get to do."""
        self.dead = True
        raise Died

    def breathe(self) -> None:
        """Nothing a dead process does has any effect."""
        if self.dead:
            raise Died

    def let_late_ones_land(self) -> None:
        """Carry out what was put off and is due by now."""
        due = sorted((each for each in self._late if each[0] <= self._clock.now()), key=lambda each: each[0])
        self._late = [each for each in self._late if each[0] > self._clock.now()]
        for at, message in due:
            self._create(Message(**{**message.__dict__, "at": at}))

    def _create(self, message: Message) -> int:
        """Discord's rule: the same nonce within the window gives the first message back."""
        self.let_late_ones_land()
        for known in self.messages:
            if message.nonce and known.nonce == message.nonce and message.at - known.at < NONCE_WINDOW:
                self.hits["by nonce"] += 1
                return known.id
        self.messages.append(message)
        return message.id

    def counts(self) -> Counter[str]:
        """How often each effect's message is there."""
        return Counter(each.key for each in self.messages)

    def requests_of(self, key: str) -> int:
        """How often Discord was bothered with an effect, searches included."""
        return sum(each.key == key for each in (*self.requests, *self.looks))

    def order(self) -> dict[int, list[str]]:
        """The keys of the messages of each place, in the order in which they appeared."""
        order: defaultdict[int, list[str]] = defaultdict(list)
        for each in self.messages:
            order[each.place].append(each.key)
        return order
