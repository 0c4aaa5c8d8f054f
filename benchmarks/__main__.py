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
from rich.status import Status

from benchmarks.machine import Machine
from benchmarks.red_env import NoRed, red_python
from benchmarks.table import Figures, Variants, rows, table

ROUNDS = 3
VARIANTS = {
    "messages": ("bare", "lyceum", "red", "mixed", "bare-plain", "lyceum-plain"),
    "commands": ("bare", "lyceum", "red"),
    "schedules": ("sqlite3", "lyceum"),
    "startup": ("bare", "lyceum", "red"),
    "rituals": ("spread",),
    "submissions": ("minute",),
    "badges": ("floor", "act", "backfill"),
    "memory": (
        *("1x100000:bare", "1x100000:lyceum", "1x100000:bare-low", "1x100000:lyceum-low"),
        *("2000x50:bare", "2000x50:lyceum", "2000x50:bare-low", "2000x50:lyceum-low"),
    ),
    "acts": ("sqlite",),
}
# Each a minute and more of which little is CPU time, or beside others only to see that nothing is odd; memory does not depend
# on who else is at work.
ONCE = frozenset({"rituals", "submissions", "mixed", "bare-plain", "lyceum-plain", "memory", "acts"})
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
    console, machine = Console(), Machine()
    chosen = asked.part or list(VARIANTS)
    remarks = _without_red(console) if any("red" in VARIANTS[part] for part in chosen) else []
    absent = {"red"} if remarks else set[str]()
    figures: Figures = {}
    with console.status("") as status:
        for part in chosen:
            figures[part] = _measure(part, set(absent), status, remarks)
            machine.look()
    foot = machine.describe()
    console.print(table(figures), *remarks, foot, HOW, sep="\n")
    if asked.json:
        write_json(asked.json, figures, foot)


def _measure(part: str, left_out: set[str], status: Status, remarks: list[str]) -> Variants:
    """All variants of a part, in turn. Red that fails is left out, with a remark."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS[part]}
    for number in range(1 if part in ONCE else ROUNDS):
        for name in VARIANTS[part]:
            if name in left_out or (number > 0 and name in ONCE):
                continue
            status.update(
                f"measuring {part}, {name}, round {number + 1}; all parts take about a quarter of an hour"
            )
            try:
                runs[name].append(_run(part, name))
            except subprocess.CalledProcessError as error:
                if name != "red":
                    sys.exit(f"{part} {name} could not be measured:\n{error.stderr}")
                left_out.add(name)
                remarks.append(
                    f"Without Red in {part}: {(error.stderr.strip() or 'it failed').splitlines()[-1]}"
                )
    return {name: _medians(found) for name, found in runs.items() if found}


def _without_red(console: Console) -> list[str]:
    """Why Red is left out, in one line; nothing when it is there."""
    try:
        with console.status("installing Red beside us, once"):
            red_python()
    except NoRed as reason:
        return [f"Without Red: {reason}."]
    return []


def _run(part: str, variant: str) -> dict[str, float]:
    """The figures of one process. Raises CalledProcessError, with what it said."""
    command = [sys.executable, "-m", f"benchmarks.{part}", *variant.split(":")]
    if variant == "red" and part != "startup":
        command = [str(red_python()), "-m", "benchmarks.red", part]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
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
