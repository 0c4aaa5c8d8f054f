"""Runs the measurements in fresh processes, alternating with their floor, and prints one table."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from rich.console import Console

from benchmarks.table import Figures, table

ROUNDS = 3
VARIANTS = {
    "messages": ("bare", "lyceum", "mixed"),
    "commands": ("bare", "lyceum"),
    "schedules": ("sqlite3", "lyceum"),
    "startup": ("bare", "lyceum"),
    "rituals": ("spread",),
    "submissions": ("minute",),
    "badges": ("floor", "act", "backfill"),
    "memory": (
        *("1x100000:bare", "1x100000:lyceum", "1x100000:bare-low", "1x100000:lyceum-low"),
        *("2000x50:bare", "2000x50:lyceum", "2000x50:bare-low", "2000x50:lyceum-low"),
    ),
    "acts": ("sqlite",),
}
ONCE = frozenset(
    {"rituals", "submissions", "memory", "acts"}
)  # a minute and more each; memory does not depend on who else is at work
FOOT = (
    f"Medians of {ROUNDS} rounds, in which each variant has a fresh process and its turn after the other. CPU time, not "
    "time on the clock: a shared machine adds to that what its other users do. A ratio is steadier than a figure, and still moves with the load. "
    "Rituals and submissions are one run each, by the clock."
)


def main() -> None:
    """Measure everything that was named on the command line, or all."""
    chosen = sys.argv[1:] or list(VARIANTS)
    console = Console()
    figures: Figures = {}
    with console.status("measuring; about seven minutes"):
        for module in chosen:
            rounds = [
                {name: _run(module, name) for name in VARIANTS[module]}
                for _ in range(1 if module in ONCE else ROUNDS)
            ]
            figures[module] = {name: _medians([one[name] for one in rounds]) for name in VARIANTS[module]}
    console.print(table(figures), FOOT)


def _run(module: str, variant: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *variant.split(":")],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


if __name__ == "__main__":
    main()
