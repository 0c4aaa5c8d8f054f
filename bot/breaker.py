"""Stops asking Discord when Discord has said often enough that it will not answer.

Discord bans an address for a while after 10,000 requests within ten minutes that end with 401, 403 or 429, and a ban
takes down every bot behind that address. The breaker sees each single request of the client, discord.py's own repeats
included (aiohttp tells it before a request and after it), and opens

* after ``IN_A_ROW`` such answers without a good one between, or ``IN_WINDOW`` within ten minutes: for ten minutes, after
  which one request is let through, and what becomes of it decides;
* at once when Cloudflare itself refuses us (a 429 that did not come from Discord): for as long as it asks, ten minutes
  at the least;
* for good when Discord does not take our token (401): the bot then ends, because only the operator can help.

While it is open a request fails before it is sent (``BreakerOpen``, a ``ClientError``, so everybody treats it as Discord
being out of reach and tries again later). That is under 100 invalid requests in ten minutes, whatever is tried. Not
counted: 429 for a limit that others share, and 401 and 403 for an interaction's or webhook's own token. The gateway
passes. Tests: ``tests/bot/test_breaker.py``.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

from bot.pace import API, OWN_TOKEN_IN_PATH

log = logging.getLogger(__name__)

IN_A_ROW = 50
IN_WINDOW = 1000  # a tenth of what Discord allows
WINDOW = 600.0  # seconds
PROBE = 60.0  # how long the one request may take that finds out
LONGEST_BAN = 24 * 3600.0
INVALID = frozenset({401, 403, 429})


class BreakerOpen(aiohttp.ClientError):
    """The request was not sent: Discord has refused too many."""


class Breaker:
    """Watches one client. ``monotonic`` is a clock in seconds; ``on_revoked`` is called once, on the first 401."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._invalid: deque[float] = deque()
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probe_until: float | None = None
        self.revoked = False
        self.on_revoked: Callable[[], None] | None = None

    @property
    def why_open(self) -> str | None:
        """In words, why nothing is sent; None while everything is."""
        if self.revoked:
            return "Discord does not accept the token any more"
        if self._open_until is None:
            return None
        seconds = max(0, round(self._open_until - self._monotonic()))
        return f"Discord refused too many requests; the next try is in {seconds} s"

    def trace(self) -> aiohttp.TraceConfig:
        """What to give discord.py as ``http_trace``."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._before)
        config.on_request_end.append(self._after)
        config.on_request_exception.append(self._failed)
        return config

    def check(self) -> None:
        """Raises BreakerOpen unless a request may be sent now."""
        if self.revoked:
            raise BreakerOpen("Discord does not accept the token any more")
        if self._open_until is None:
            return
        now = self._monotonic()
        if now < max(self._open_until, self._probe_until or 0.0):
            raise BreakerOpen("Discord refused too many requests; waiting")
        self._probe_until = now + PROBE

    def note(self, status: int, *, shared: bool = False, cloudflare_asks: float | None = None) -> None:
        """A request has ended with this status. ``cloudflare_asks``: the seconds of patience Cloudflare wants."""
        self._probe_until = None
        if status == 401:
            self._revoke()
        if status not in INVALID or shared:
            self._in_a_row = 0
            self._close()
            return
        now = self._monotonic()
        self._invalid.append(now)
        while now - self._invalid[0] >= WINDOW:
            self._invalid.popleft()
        self._in_a_row += 1
        if cloudflare_asks is not None:
            self._open(min(max(cloudflare_asks, WINDOW), LONGEST_BAN), "Cloudflare refuses this address")
        elif self._open_until is not None or self._in_a_row >= IN_A_ROW:
            self._open(WINDOW, f"{self._in_a_row} requests in a row ended with {status} or the like")
        elif len(self._invalid) >= IN_WINDOW:
            self._open(WINDOW, f"{len(self._invalid)} requests were refused within ten minutes")

    def _open(self, seconds: float, why: str) -> None:
        if self._open_until is None:
            log.error("%s: nothing is sent to Discord for %.0f s, so that it does not ban us", why, seconds)
        self._open_until = self._monotonic() + seconds

    def _close(self) -> None:
        if self._open_until is not None and self._monotonic() >= self._open_until:
            log.warning("Discord answers again")
            self._open_until = None
            self._invalid.clear()

    def _revoke(self) -> None:
        if not self.revoked:
            self.revoked = True
            log.error("Discord does not accept the token any more: ending")
            if self.on_revoked is not None:
                self.on_revoked()

    async def _before(
        self, _session: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        context.watched = params.url.path.startswith(API)
        if context.watched:
            self.check()

    async def _after(
        self, _session: object, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        if not context.watched:
            return
        status, headers = params.response.status, params.response.headers
        if status in (401, 403) and any(each in params.url.path for each in OWN_TOKEN_IN_PATH):
            self._probe_until = None
            return
        from_cloudflare = status == 429 and "Via" not in headers
        self.note(
            status,
            shared=headers.get("X-RateLimit-Scope") == "shared",
            cloudflare_asks=_seconds(headers.get("Retry-After")) if from_cloudflare else None,
        )

    async def _failed(
        self, _session: object, context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if context.watched and not isinstance(params.exception, BreakerOpen):
            self._probe_until = None


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
