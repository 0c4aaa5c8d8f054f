"""The simulated Discord's bad days, and its record of every request.

One ``Faults`` stands between every bot of a world and the simulated Discord, for REST calls and for replies
to interactions alike, and stays armed through restarts. What the bot sees is what discord.py 2.7 raises after
its own retries: ``DiscordServerError`` for 5xx, ``Forbidden`` and ``NotFound`` with Discord's code,
``asyncio.TimeoutError`` or ``aiohttp`` errors for a connection that fails. ``log`` is what Discord received
and did, and is what tests should judge the bot by.

A path pattern is Discord's path (``/channels/*/messages``): ``*`` is one segment, a final ``**`` the rest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from time import process_time
from typing import Any, Literal, NoReturn, cast

import aiohttp
import discord

Kind = Literal["status", "lost", "reset", "slow", "rate_limited", "hold"]

CREATE_MESSAGE = ("POST", "/channels/*/messages")
EDIT_MESSAGE = ("PATCH", "/channels/*/messages/*")
HISTORY = ("GET", "/channels/*/messages")
ADD_ROLE = ("PUT", "/guilds/*/members/*/roles/*")
REMOVE_ROLE = ("DELETE", "/guilds/*/members/*/roles/*")
REPLY = ("POST", "/interactions/*/*/callback")
FOLLOW_UP = ("POST", "/webhooks/*/*")
OPEN_DM = ("POST", "/users/@me/channels")
ANYTHING = ("*", "/**")

_PHRASES = {int(status): status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request the simulated Discord received, and what became of it."""

    method: str
    path: str
    body: Any
    at: datetime
    """Simulated time of its arrival."""
    outcome: str = "under way"
    """``ok``, ``403 50013``, ``503 injected``, ``lost``, ``reset``, ``held``, ``bot died``."""
    applied: bool = False
    """Whether Discord did what was asked, whatever the bot was told."""
    answer: Any = None
    generation: int = 0
    """Which start of the bot sent it; the first is 1."""
    cpu_moment: float = field(default_factory=process_time)
    """Seconds of processor time that the process has had, to tell how long an answer took it."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.outcome}"


@dataclass(slots=True)
class Rule:
    """One armed fault."""

    kind: Kind
    method: str
    path: str
    times: int | None
    after: bool = False
    status: int = 500
    code: int = 0
    seconds: float = 0.0
    error: str = "timeout"
    hits: int = 0
    hold: Hold | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether this rule is for such a request and has anything left to do."""
        if self.times is not None and self.hits >= self.times:
            return False
        return self.method in ("*", method) and _pattern(self.path).fullmatch(path) is not None


@dataclass(slots=True)
class Hold:
    """Requests kept waiting until ``release``; the bot may be crashed while they wait."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    """How many requests wait at this moment."""

    def release(self) -> None:
        """Let the waiting requests go on; settle the world afterwards."""
        self.event.set()


class InjectedResponse:
    """What discord.py's exceptions want to know of an HTTP response."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.reason = _PHRASES.get(status, "Unknown")
        self.headers: dict[str, str] = {}


@lru_cache(maxsize=256)
def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
    return re.compile(escaped)


def injected(error: BaseException | None) -> bool:
    """Whether an exception came from a fault on purpose, directly or as the cause of another."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if getattr(error, "injected", False):
            return True
        error = getattr(error, "original", None) or error.__cause__ or error.__context__
    return False


def _fail(error: BaseException) -> NoReturn:
    error.injected = True  # type: ignore[attr-defined]  # the mark that ``injected`` looks for
    raise error


def http_error(status: int, code: int = 0, message: str = "injected fault") -> discord.HTTPException:
    """The exception discord.py raises for this status, with Discord's error code in it."""
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = discord.DiscordServerError if status >= 500 else kinds.get(status, discord.HTTPException)
    response = cast("Any", InjectedResponse(status))
    return kind(response, {"code": code, "message": message})


class Faults:
    """The faults of one world. Every method that arms one returns its ``Rule`` (``hits`` counts its uses)."""

    def __init__(
        self, now: Callable[[], datetime], park: Callable[[asyncio.Event, str], Coroutine[Any, Any, None]]
    ) -> None:
        self._now = now
        self._park = park
        self.rules: list[Rule] = []
        self.laws: list[Callable[[Request], None]] = []
        """Standing checks run before a request is performed; they raise what Discord would answer."""
        self.log: list[Request] = []
        self.generation = 0
        self.bot_is_dead = False

    # ------------------------------------------------------------------------------------------ arming

    def status(
        self,
        status: int,
        method: str,
        path: str,
        *,
        code: int = 0,
        times: int | None = 1,
        after: bool = False,
    ) -> Rule:
        """Answer with an HTTP error; with ``after`` the request takes effect all the same."""
        return self._arm(Rule("status", method, path, times, after=after, status=status, code=code))

    def forbidden(self, method: str, path: str, *, code: int = 50013, times: int | None = 1) -> Rule:
        """Answer 403 (50013 missing permissions, 50001 missing access, 50007 closed DMs)."""
        return self.status(403, method, path, code=code, times=times)

    def not_found(self, method: str, path: str, *, code: int = 10008, times: int | None = 1) -> Rule:
        """Answer 404 (10003 channel, 10007 member, 10008 message, 10011 role, 10062 interaction)."""
        return self.status(404, method, path, code=code, times=times)

    def lost(self, method: str, path: str, *, times: int | None = 1, error: str = "timeout") -> Rule:
        """Do what was asked and lose the answer: ``timeout``, ``reset`` or a status such as ``503``."""
        return self._arm(Rule("lost", method, path, times, after=True, error=error))

    def reset(self, method: str, path: str, *, times: int | None = 1, after: bool = False) -> Rule:
        """Break the connection, before Discord did anything or after it did."""
        return self._arm(Rule("reset", method, path, times, after=after))

    def slow(self, seconds: float, method: str, path: str, *, times: int | None = None) -> Rule:
        """Take ``seconds`` before answering. Under 5 s this passes in real time, above it on the world's clock."""
        return self._arm(Rule("slow", method, path, times, seconds=seconds))

    def rate_limited(self, seconds: float, method: str, path: str, *, times: int | None = 1) -> Rule:
        """Answer 429 and let discord.py wait and ask again, which it does by itself: only time passes."""
        return self._arm(Rule("rate_limited", method, path, times, seconds=seconds))

    def hold(self, method: str, path: str, *, times: int | None = 1, after: bool = False) -> Hold:
        """Keep a request waiting, before or after its effect, until released: the moment to crash the bot."""
        rule = Rule("hold", method, path, times, after=after, hold=Hold())
        self._arm(rule)
        assert rule.hold is not None
        return rule.hold

    @contextmanager
    def outage(self, status: int | None = 503) -> Generator[Rule]:
        """Discord is down: every request fails, with ``status`` or, when None, with broken connections."""
        kind: Kind = "reset" if status is None else "status"
        rule = self._arm(Rule(kind, *ANYTHING, times=None, status=status or 0))
        self.rules.remove(rule)
        self.rules.insert(0, rule)
        try:
            yield rule
        finally:
            self.disarm(rule)

    def disarm(self, rule: Rule) -> None:
        """Take one fault away."""
        if rule in self.rules:
            self.rules.remove(rule)

    def clear(self) -> None:
        """Take every armed fault away. Standing checks (closed DMs) stay."""
        self.rules.clear()

    def _arm(self, rule: Rule) -> Rule:
        self.rules.append(rule)
        return rule

    # ------------------------------------------------------------------------------------------ asking

    def requests(self, method: str, path: str, *, applied: bool | None = None) -> list[Request]:
        """The requests of this kind so far, oldest first; ``applied`` picks those that took effect or not."""
        pattern = _pattern(path)
        return [
            request
            for request in self.log
            if method in ("*", request.method)
            and pattern.fullmatch(request.path)
            and (applied is None or request.applied == applied)
        ]

    # ------------------------------------------------------------------------------------------ performing

    async def perform(
        self, method: str, path: str, body: Any, real: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """Answer one request of the bot (called by the corrected transports)."""
        if self.bot_is_dead:
            raise asyncio.CancelledError  # A killed process sends nothing, not even from a finally block.
        request = Request(method, path, body, self._now(), generation=self.generation)
        self.log.append(request)
        try:
            return await self._answer(request, real)
        except asyncio.CancelledError:
            request.outcome = "bot died" if self.bot_is_dead else "cancelled"
            raise

    async def _answer(self, request: Request, real: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        rules = [rule for rule in self.rules if rule.matches(request.method, request.path)]
        delays = [rule for rule in rules if rule.kind in ("slow", "rate_limited")]
        deciding = next((rule for rule in rules if rule not in delays), None)
        for rule in (*delays, deciding):
            if rule is not None:
                rule.hits += 1
                await self._before(rule, request)
        answer = await self._perform(request, real)
        if deciding is not None and deciding.after:
            await self._fail_or_wait(deciding, request)
        return answer

    async def _before(self, rule: Rule, request: Request) -> None:
        if rule.kind in ("slow", "rate_limited"):
            await asyncio.sleep(rule.seconds)
        elif not rule.after:
            await self._fail_or_wait(rule, request)

    async def _perform(self, request: Request, real: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        try:
            for law in self.laws:
                law(request)
            answer = await real()
        except discord.HTTPException as error:
            request.outcome = f"{error.status} {error.code}"
            raise
        request.applied, request.outcome, request.answer = True, "ok", answer
        return answer

    async def _fail_or_wait(self, rule: Rule, request: Request) -> None:
        if rule.hold is not None:
            request.outcome = "held"
            rule.hold.waiting += 1
            try:
                await self._park(rule.hold.event, "a request held by the fault layer")
            finally:
                rule.hold.waiting -= 1
            request.outcome = "ok" if request.applied else "under way"
        elif rule.kind == "reset" or rule.error == "reset":
            request.outcome = "reset"
            _fail(aiohttp.ClientOSError(104, "Connection reset by peer"))
        elif rule.kind == "lost":
            request.outcome = "lost"
            _fail(TimeoutError() if rule.error == "timeout" else http_error(int(rule.error)))
        else:
            request.outcome = f"{rule.status} injected"
            _fail(http_error(rule.status, rule.code))
