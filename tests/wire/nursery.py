"""The test's end of `tests/wire/bot_process.py`: raises bots, kills them, and tells how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.wire.bot_process import Life

PROJECT = Path(__file__).parents[2]


class Nursery:
    """`with Nursery() as nursery:`. One bot lives at a time. Any event loop may use it, one after the other."""

    def __init__(self) -> None:
        self.pid: int | None = None  # of the bot that lives now
        self._descriptor: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.wire.bot_process", "nursery"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._hear("nursery")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear_away()
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def clear_away(self) -> None:
        """Kill whoever a test that failed left alive."""
        if self.pid is not None:
            self.kill()
            self._hear("ended")
            self._forget()

    async def bear(self, life: Life) -> int:
        """Begin a life; the one before must have ended. Returns its process number."""
        assert self._process.stdin is not None and self.pid is None
        self._process.stdin.write(life.to_line())
        self._process.stdin.flush()
        self.pid = int((await asyncio.to_thread(self._hear, "born"))["born"])
        with contextlib.suppress(ProcessLookupError):
            # By its descriptor: a number may belong to somebody else as soon as its process has ended.
            self._descriptor = os.pidfd_open(self.pid)
        return self.pid

    def kill(self) -> None:
        """SIGKILL, now. Nothing happens to one that has ended already."""
        self._signal(signal.SIGKILL)

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def ask_what_runs(self) -> None:
        """It writes its tasks and threads into its diary."""
        self._signal(signal.SIGUSR1)

    async def end(self, *, seconds: float = 60.0) -> int:
        """Waits for the end of the life, killing it after so many seconds. Returns the exit status."""
        ended = asyncio.ensure_future(asyncio.to_thread(self._hear, "ended"))
        try:
            done, _ = await asyncio.wait({ended}, timeout=seconds)
        except asyncio.CancelledError:
            done = set[asyncio.Future[Any]]()
        if not done:
            self.kill()
        status = int((await ended)["status"])
        self._forget()
        return status

    def _signal(self, number: signal.Signals) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def _forget(self) -> None:
        self.pid = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _hear(self, what: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        said: dict[str, Any] = json.loads(line or b"{}")
        if what not in said:
            raise RuntimeError(f"the nursery should have said {what!r}, not {said}")
        return said
