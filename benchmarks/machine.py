"""When and where something was measured, with which versions, and how busy the machine was."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path

VERSIONS = ("discord.py", "SQLAlchemy", "APScheduler", "orjson", "uvloop")


class Machine:
    """Watches the load from its making on."""

    def __init__(self) -> None:
        self._began = time.gmtime()
        self._loads: list[float] = []
        self.look()

    def look(self) -> None:
        """Note the load of the last minute."""
        if hasattr(os, "getloadavg"):
            self._loads.append(os.getloadavg()[0])

    def describe(self) -> str:
        """One sentence, in UTC."""
        versions = ", ".join(f"{name} {version}" for name in VERSIONS if (version := _version(name)))
        load = f", load {min(self._loads):.1f} to {max(self._loads):.1f}" if self._loads else ""
        return (
            f"{time.strftime('%Y-%m-%d, %H:%M', self._began)} to {time.strftime('%H:%M', time.gmtime())} UTC; "
            f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors ({_processor()}){load}; "
            f"Python {platform.python_version()}, {versions}."
        )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
