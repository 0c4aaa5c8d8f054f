"""Says on this machine how the bot is: ``/healthz`` for whoever restarts it, ``/metrics`` for Prometheus.

Off unless ``port`` in ``[health]`` is set, and reachable from this machine alone. It is served by a thread of
its own, so that it answers, and says so, when the event loop stands still. ``/healthz`` is 200 with ``ok``,
or 503 with what is wrong in words, at the latest 90 s after it went wrong: no tick has ended well for 60 s,
the gateway is closed for as long, the breaker is open, or the disk is full or read-only. A failed backup is
told there too, but restarting would not mend it: it stays 200.
Tests: ``tests/bot/test_health.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections.abc import Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.backups import Backups
from bot.counters import counters
from storage import figures
from storage.faults import lack_of_room

if TYPE_CHECKING:
    from bot.app import Lyceum

log = logging.getLogger(__name__)

SILENT_TOO_LONG = 60.0  # seconds
ANSWER_WITHIN = 3.0  # seconds the database has for its figures
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class PortTaken(RuntimeError):
    """The endpoint cannot be opened; the message is one sentence with the fix."""


class Health(Collector):
    """What is wrong with a bot, and its figures. Everything but ``figures`` is called from other threads."""

    def __init__(self, bot: Lyceum, backups: Backups | None = None) -> None:
        self._bot = bot
        self._backups = backups
        self._loop = asyncio.get_running_loop()
        self._offline_since: float | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def problems(self) -> list[str]:
        """What is wrong, in words; empty when the bot is well."""
        clock, found = self._bot.alarm_clock, list[str]()
        if clock is not None and clock.running and clock.silent_for > SILENT_TOO_LONG:
            found.append(
                f"no tick has ended well for {clock.silent_for:.0f} s: nothing that is timed happens"
            )
        if not self._bot.is_ready():
            found.append("not connected to Discord yet")
        elif self._offline_for() > SILENT_TOO_LONG:
            found.append(f"the connection to Discord has been closed for {self._offline_for():.0f} s")
        if self._bot.breaker.why_open is not None:
            found.append(self._bot.breaker.why_open)
        database = self._bot.core.db
        if database.dialect == "sqlite":
            trouble = lack_of_room(Path(str(database.url.database)).absolute())
            if trouble is not None:
                found.append(trouble)
        return found

    def report(self) -> tuple[int, str]:
        """Status and text of ``/healthz``."""
        problems = self.problems()
        lines = problems or ["ok"]
        if self._backups is not None and self._backups.failure is not None:
            lines = [*lines, f"warning: {self._backups.failure}"]
        return (503 if problems else 200), "\n".join(lines) + "\n"

    def metrics(self) -> bytes:
        """The text of ``/metrics``."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        # Told to the registry, so that registering does not already collect.
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment; those of the database are left out when it does not answer."""
        yield _gauge("lyceum_healthy", "1 when /healthz is 200.", 0 if self.problems() else 1)
        latency = self._bot.latency
        if math.isfinite(latency):
            yield _gauge(
                "lyceum_gateway_latency_seconds", "The last heartbeat's way there and back.", latency
            )
        if self._bot.alarm_clock is not None and self._bot.alarm_clock.running:
            silent = self._bot.alarm_clock.silent_for
            yield _gauge("lyceum_tick_age_seconds", "Since a tick has ended well.", silent)
        yield _gauge("lyceum_guilds", "Servers that the bot is in.", len(self._bot.guilds))
        yield from self._work()
        errors = CounterMetricFamily("lyceum_errors", "Errors told or logged, by kind.", labels=["kind"])
        for kind, number in list(counters.errors.items()):
            errors.add_metric([kind], number)
        yield errors
        yield CounterMetricFamily(
            "lyceum_interactions_answered", "First answers in time.", value=counters.answered
        )
        yield CounterMetricFamily("lyceum_interactions_late", "First answers after 3 s.", value=counters.late)

    def _work(self) -> Iterator[Metric]:
        asked = asyncio.run_coroutine_threadsafe(self.figures(), self._loop)
        try:
            work = asked.result(ANSWER_WITHIN)
        except Exception:  # noqa: BLE001 - whatever it is, the other figures are wanted all the more.
            asked.cancel()
            return
        now = self._bot.core.clock.now()
        oldest = (now - work.outbox_oldest).total_seconds() if work.outbox_oldest is not None else 0.0
        yield _gauge("lyceum_jobs_due", "Jobs whose time has come.", work.jobs_due)
        yield _gauge("lyceum_jobs_late", "Jobs that are more than a minute late.", work.jobs_late)
        yield _gauge("lyceum_outbox_depth", "Effects that wait.", work.outbox_waiting)
        yield _gauge(
            "lyceum_outbox_oldest_seconds", "Age of the oldest effect that is due.", max(oldest, 0.0)
        )

    async def figures(self) -> figures.Figures:
        """How much work waits. Runs in the event loop."""
        async with self._bot.core.db.read() as session:
            return await figures.take(session, self._bot.core.clock.now())

    def _offline_for(self) -> float:
        socket = getattr(self._bot, "ws", None)  # None until the first connection
        if socket is not None and socket.open:
            self._offline_since = None
            return 0.0
        self._offline_since = self._offline_since or time.monotonic()
        return time.monotonic() - self._offline_since


@contextlib.contextmanager
def serving(health: Health, port: int) -> Generator[int]:
    """Answers on the loopback inside the block; yields the port. Raises PortTaken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                status, text = health.report()
                self._answer(status, text.encode(), "text/plain; charset=utf-8")
            elif self.path == "/metrics":
                self._answer(200, health.metrics(), CONTENT_TYPE)
            else:
                self._answer(404, b"There are /healthz and /metrics.\n", "text/plain; charset=utf-8")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there.
            log.debug(format, *args)

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise PortTaken(
            f"Port {port} for the health endpoint cannot be opened ({error.strerror}): choose another in port in "
            "[health]."
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    log.info("health on http://127.0.0.1:%s/healthz", server.server_address[1])
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)
