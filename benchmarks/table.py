"""The figures as one table: what was measured, the floor and Red beside it, the goal, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

Variants = dict[str, dict[str, float]]
Figures = dict[str, Variants]  # by part


@dataclass(frozen=True)
class Row:
    """A figure with its floor and what Red needs for the same. The goal is one for the figure, in its unit, or one for
    its ratio to the floor; `stretch` is a harder one for the ratio."""

    what: str
    ours: float
    floor: float | None
    unit: str
    goal: float | None = None
    ratio: float | None = None
    stretch: float | None = None
    red: float | None = None

    @property
    def times(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        if self.ratio is not None and self.times is not None:
            return self.times <= self.ratio
        return self.ours <= self.goal if self.goal is not None else None

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        goal = ""
        if self.ratio is not None:
            goal = f"<= {self.ratio:.1f}x" + (f", better {self.stretch:.1f}x" if self.stretch else "")
        elif self.goal is not None:
            goal = _figure(self.goal, self.unit) if self.goal == 0 else f"<= {_figure(self.goal, self.unit)}"
        red = "" if self.red is None else _figure(self.red, self.unit)
        if self.red is not None and self.floor:
            red += f" ({self.red / self.floor:.1f}x)"
        return (
            self.what,
            _figure(self.ours, self.unit),
            "" if self.floor is None else _figure(self.floor, self.unit),
            "" if self.times is None else f"{self.times:.2f}x",
            red,
            goal,
            {None: "", True: "yes", False: "no"}[self.is_met],
        )

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "times": self.times, "met": self.is_met}


def table(figures: Figures) -> Table:
    """One row a figure, of the parts that were measured."""
    result = Table("what", "Lyceum", "floor", "ratio", "Red", "goal", "met")
    for part in rows(figures):
        for row in part:
            result.add_row(*row.cells())
        result.add_section()
    return result


def rows(figures: Figures) -> Iterator[list[Row]]:
    """The rows of each part that was measured."""
    for part, draw in _PARTS.items():
        if part in figures:
            yield list(draw(figures[part]))


def _messages(found: Variants) -> Iterator[Row]:
    floor, ours, mixed = found["bare"], found["lyceum"], found["mixed"]
    red = found.get("red", {})
    what = "CPU an ordinary message, every feature set up"
    yield Row(what, ours["us_each"], floor["us_each"], "us", ratio=2.0, stretch=1.6, red=red.get("us_each"))
    yield Row(
        "such a message alone in the loop, p50", ours["p50_us"], floor["p50_us"], "us", red=red.get("p50_us")
    )
    yield Row(
        "such a message alone in the loop, p99",
        ours["p99_us"],
        floor["p99_us"],
        "us",
        ratio=3.0,
        red=red.get("p99_us"),
    )
    longest = ours["longest_ms"]
    yield Row(
        "longest turn of the loop", longest, floor["longest_ms"], "ms", goal=50, red=red.get("longest_ms")
    )
    yield Row("SQL statements, all ordinary messages", ours["statements"], None, "", goal=0)
    plain, plain_floor = found["lyceum-plain"], found["bare-plain"]
    yield Row(
        "CPU a message without orjson and uvloop", plain["us_each"], plain_floor["us_each"], "us", ratio=2.0
    )
    what = f"CPU a message, {mixed['hellos']:.0f} of them a hello that ticks"
    yield Row(what, mixed["us_each"], floor["us_each"], "us")
    yield Row("SQL statements for such a hello", mixed["statements"] / max(1.0, mixed["hellos"]), None, "")


def _commands(found: Variants) -> Iterator[Row]:
    floor, ours, red = found["bare"]["nothing"], found["lyceum"], found.get("red", {})
    what = "CPU of a command that does nothing"
    yield Row(what, ours["nothing"], floor, "us", ratio=1.6, red=red.get("nothing"))
    if red:
        yield Row(
            "the same, Red's hybrid command beside ours", ours["nothing"], floor, "us", red=red["hybrid"]
        )
    yield Row("CPU of /help", ours["help"], floor, "us", ratio=1.6)
    yield Row("CPU of /quest status, with the database", ours["quest status"], floor, "us")


def _schedules(found: Variants) -> Iterator[Row]:
    floor, ours = found["sqlite3"]["us_each"], found["lyceum"]
    yield Row(
        "loop CPU of 10,000 due schedules, each until its job is there", ours["us_each"], floor, "us", goal=60
    )
    yield Row("longest stall of the loop meanwhile", ours["longest_ms"], None, "ms", goal=50)
    yield Row("loop CPU to run such a job, itself empty", ours["run_us"], None, "us")


def _startup(found: Variants) -> Iterator[Row]:
    floor, ours, red = found["bare"], found["lyceum"], found.get("red", {})
    what = "CPU of a start, until READY is dealt with"
    yield Row(what, ours["cpu_s"], floor["cpu_s"], "s", goal=1.5, red=red.get("cpu_s"))
    held = ours["rss_mib"]
    yield Row("memory by then (RSS)", held, floor["rss_mib"], "MiB", goal=95, red=red.get("rss_mib"))
    yield Row("CPU of the first start, which makes the database", ours["first_cpu_s"], floor["cpu_s"], "s")


def _rituals(found: Variants) -> Iterator[Row]:
    ours = found["spread"]
    yield Row("1,000 rituals over a minute: lateness, p50", ours["late_p50_s"], None, "s", goal=2)
    yield Row("the same, p99", ours["late_p99_s"], None, "s", goal=30)
    yield Row("requests in the busiest second of it", ours["requests_a_second_max"], None, "", goal=25)


def _submissions(found: Variants) -> Iterator[Row]:
    ours = found["minute"]
    yield Row("500 submissions in a minute: lost", ours["lost"], None, "", goal=0)
    yield Row("until the receipt is there, p50", ours["waited_p50_s"], None, "s")
    yield Row("the same, p99 (Discord waits 3 s)", ours["waited_p99_s"], None, "s", goal=3)


def _badges(found: Variants) -> Iterator[Row]:
    floor, ours, all_at_once = found["floor"], found["act"], found["backfill"]
    reaction = max(0.0, ours["us_each"] - floor["us_each"]) / 1000
    yield Row("CPU that 50 rules of badges add to an act they count", reaction, None, "ms", goal=2)
    yield Row("CPU of such an act in all", ours["us_each"] / 1000, floor["us_each"] / 1000, "ms")
    yield Row("SQL statements of it", ours["statements"], floor["statements"], "")
    yield Row("a badge given to 10,000 people for earlier acts", all_at_once["took_s"], None, "s", goal=10)
    yield Row("longest stall of the loop meanwhile", all_at_once["longest_ms"], None, "ms", goal=50)
    yield Row("its test on history", all_at_once["tested_s"], None, "s")
    yield Row("longest stall of the loop meanwhile", all_at_once["test_longest_ms"], None, "ms", goal=50)


def _memory(found: Variants) -> Iterator[Row]:
    for shape, mode, what, goal in (
        ("1x100000", "", "100,000 members in one server, all in memory", 190),
        ("1x100000", "-low", "the same with low_memory", 105),
        ("2000x50", "", "50 members in each of 2,000 servers, all in memory", 260),
        ("2000x50", "-low", "the same with low_memory", 170),
    ):
        floor, ours = found[f"{shape}:bare{mode}"], found[f"{shape}:lyceum{mode}"]
        yield Row(f"RSS at {what}" if not mode else what, ours["rss_mib"], floor["rss_mib"], "MiB", goal=goal)


def _acts(found: Variants) -> Iterator[Row]:
    ours = found["sqlite"]
    for name, what in (
        ("history", "CPU of a page of one's own history, of 1,000,000 acts"),
        ("badges", "of one's badges"),
        ("gallery", "of the works of one challenge"),
        ("catalog", "of all badges, with how far one is"),
        ("kudos", "of one's kudos"),
        ("card", "of one's card, every feature on"),
    ):
        goal = 5 if name in ("history", "badges", "gallery") else None
        yield Row(what, ours[f"{name}_cpu_p50_ms"], ours.get(f"{name}_floor_cpu_p50_ms"), "ms", goal=goal)
        if goal is not None:
            yield Row("the same, p99", ours[f"{name}_cpu_p99_ms"], ours.get(f"{name}_floor_cpu_p99_ms"), "ms")


_PARTS = {
    "messages": _messages,
    "commands": _commands,
    "schedules": _schedules,
    "startup": _startup,
    "rituals": _rituals,
    "submissions": _submissions,
    "badges": _badges,
    "memory": _memory,
    "acts": _acts,
}


def _figure(value: float, unit: str) -> str:
    digits = 2 if unit == "s" else 1 if value < 1000 and value != int(value) else 0
    return f"{value:.{digits}f} {unit}".strip()
