"""Runs the measurements in fresh processes, alternating with their floor, and prints one table.

python -m benchmarks [--json FILE] [PART ...]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.machine import Machine
from benchmarks.red_env import NoRed, red_python
from benchmarks.table import Figures, rows, table

ROUNDS = 3
VARIANTS = {
    "messages": ("bare", "lyceum", "red", "mixed", "bare-plain", "lyceum-plain"),
    "commands": ("bare", "lyceum", "red"),
    "schedules": ("sqlite3", "lyceum"),
    "startup": ("bare", "lyceum", "red"),
    "rituals": ("spread",),
    "submissions": ("minute",),
    "badges": ("floor", "act", "backfill"),
}
# Each a minute of which nothing is CPU time, or beside others only to see that nothing is odd.
ONCE = frozenset({"rituals", "submissions", "mixed", "bare-plain", "lyceum-plain"})
HOW = (
    f"Medians of {ROUNDS} rounds, in which each variant has a fresh process and its turn after the other. CPU time, not "
    "time on the clock: a shared machine adds to that what its other users do. A ratio is steadier than a figure, and "
    "still moves with the load. Rituals and submissions are one run each, by the clock; so is what has no goal of messages."
)


def main() -> None:
    """Measure every part that was named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(VARIANTS)}")
    asked = parser.parse_args()
    if unknown := set(asked.part) - set(VARIANTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    chosen = asked.part or list(VARIANTS)
    console = Console()
    machine = Machine()
    without_red = _without_red(console) if any("red" in VARIANTS[part] for part in chosen) else ""
    figures: Figures = {}
    with console.status("measuring; about twelve minutes") as status:
        for part in chosen:
            variants = [each for each in VARIANTS[part] if each != "red" or not without_red]
            runs: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
            for number in range(1 if part in ONCE else ROUNDS):
                for name in variants:
                    if number == 0 or name not in ONCE:
                        status.update(
                            f"measuring {part}, {name}, round {number + 1}; about twelve minutes in all"
                        )
                        runs[name].append(_run(part, name))
            figures[part] = {name: _medians(found) for name, found in runs.items()}
            machine.look()
    foot = machine.describe()
    console.print(table(figures), *([without_red] if without_red else []), foot, HOW, sep="\n")
    if asked.json:
        write_json(asked.json, figures, foot)


def _without_red(console: Console) -> str:
    """Why Red is left out, in one line; empty when it is there."""
    try:
        with console.status("installing Red beside us, once"):
            red_python()
    except NoRed as reason:
        return f"Without Red: {reason}."
    return ""


def _run(part: str, variant: str) -> dict[str, float]:
    command = [sys.executable, "-m", f"benchmarks.{part}", variant]
    if variant == "red" and part != "startup":
        command = [str(red_python()), "-m", "benchmarks.red", part]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def write_json(file: Path, figures: Figures, foot: str) -> None:
    """All figures, the rows of the table, and when and where they were taken."""
    shown: list[dict[str, Any]] = [row.as_dict() for part in rows(figures) for row in part]
    file.write_text(
        json.dumps({"run": foot, "rows": shown, "figures": figures}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
