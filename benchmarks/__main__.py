"""Runs the measurements in fresh processes, alternating with their floor, and prints one table."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from rich.console import Console
from rich.table import Table

ROUNDS = 5


def main() -> None:
    """Measure CPU an ordinary message, beside bare discord.py in the same run."""
    figures: dict[str, list[dict[str, float]]] = {"bare": [], "lyceum": []}
    for _ in range(ROUNDS):
        for variant, found in figures.items():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.messages", variant],
                check=True,
                capture_output=True,
                text=True,
            )
            found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    floor = _median(figures["bare"], "us_each")
    table = Table("variant", "CPU a message, us", "ratio", "SQL statements", "longest, ms")
    for variant, found in figures.items():
        each = _median(found, "us_each")
        table.add_row(
            variant,
            f"{each:.1f}",
            f"{each / floor:.2f}",
            f"{_median(found, 'statements'):.0f}",
            f"{_median(found, 'longest_ms'):.2f}",
        )
    Console().print(table, f"Medians of {ROUNDS} alternating rounds of 19,000 messages, in fresh processes.")


def _median(found: list[dict[str, float]], name: str) -> float:
    return statistics.median(each[name] for each in found)


main()
