"""The figures as one table: what was measured, the floor beside it, the goal, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

Variants = dict[str, dict[str, float]]
Figures = dict[str, Variants]  # by module
Row = tuple[str, str, str, str, str, str]


def table(figures: Figures) -> Table:
    """One row a figure, of the modules that were measured."""
    result = Table("what", "Lyceum", "floor", "ratio", "goal", "met")
    for module, rows in (
        ("messages", _messages),
        ("commands", _commands),
        ("schedules", _schedules),
        ("startup", _startup),
        ("rituals", _rituals),
        ("submissions", _submissions),
        ("badges", _badges),
        ("memory", _memory),
        ("acts", _acts),
    ):
        if module in figures:
            for row in rows(figures[module]):
                result.add_row(*row)
            result.add_section()
    return result


def _messages(found: Variants) -> Iterator[Row]:
    floor, ours, mixed = found["bare"], found["lyceum"], found["mixed"]
    yield _row("CPU an ordinary message", ours["us_each"], floor["us_each"], "us", ratio=2.0)
    yield _row("SQL statements, all ordinary messages", ours["statements"], 0, "", goal=0)
    yield _row(
        "longest turn of the loop, those messages", ours["longest_ms"], floor["longest_ms"], "ms", goal=50
    )
    what = f"CPU a message, {mixed['hellos']:.0f} of them a hello that ticks"
    yield _row(what, mixed["us_each"], floor["us_each"], "us")
    yield _row("SQL statements for such a hello", mixed["statements"] / max(1.0, mixed["hellos"]), 0, "")


def _commands(found: Variants) -> Iterator[Row]:
    floor, ours = found["bare"]["nothing"], found["lyceum"]
    yield _row("CPU of /help", ours["help"], floor, "us", ratio=1.6)
    yield _row("CPU of a command that does nothing", ours["nothing"], floor, "us", ratio=1.6)
    yield _row("CPU of /quest status, with the database", ours["quest status"], floor, "us")


def _schedules(found: Variants) -> Iterator[Row]:
    floor, ours = found["sqlite3"]["us_each"], found["lyceum"]
    yield _row(
        "loop CPU of 10,000 due schedules, each until its job is there", ours["us_each"], floor, "us", goal=60
    )
    yield _row("longest stall of the loop meanwhile", ours["longest_ms"], None, "ms", goal=50)
    yield _row("loop CPU to run such a job, itself empty", ours["run_us"], None, "us")


def _startup(found: Variants) -> Iterator[Row]:
    floor, ours = found["bare"], found["lyceum"]
    yield _row("CPU of a start, until READY is dealt with", ours["cpu_s"], floor["cpu_s"], "s", goal=1.5)
    yield _row("memory by then (RSS)", ours["rss_mib"], floor["rss_mib"], "MiB", goal=95)
    yield _row("CPU of the first start, which makes the database", ours["first_cpu_s"], floor["cpu_s"], "s")


def _rituals(found: Variants) -> Iterator[Row]:
    ours = found["spread"]
    yield _row("1,000 rituals over a minute: lateness, p50", ours["late_p50_s"], None, "s", goal=2)
    yield _row("the same, p99", ours["late_p99_s"], None, "s", goal=30)
    yield _row("requests in the busiest second of it", ours["requests_a_second_max"], None, "", goal=25)


def _submissions(found: Variants) -> Iterator[Row]:
    ours = found["minute"]
    yield _row("500 submissions in a minute: lost", ours["lost"], None, "", goal=0)
    yield _row("until the receipt is there, p50", ours["waited_p50_s"], None, "s")
    yield _row("the same, p99 (Discord waits 3 s)", ours["waited_p99_s"], None, "s", goal=3)


def _badges(found: Variants) -> Iterator[Row]:
    floor, ours, all_at_once = found["floor"], found["act"], found["backfill"]
    reaction = max(0.0, ours["us_each"] - floor["us_each"]) / 1000
    yield _row("CPU that 50 rules of badges add to an act they count", reaction, None, "ms", goal=2)
    yield _row("CPU of such an act in all", ours["us_each"] / 1000, floor["us_each"] / 1000, "ms")
    yield _row("SQL statements of it", ours["statements"], floor["statements"], "")
    yield _row("a badge given to 10,000 people for earlier acts", all_at_once["took_s"], None, "s", goal=10)
    yield _row("longest stall of the loop meanwhile", all_at_once["longest_ms"], None, "ms", goal=50)
    yield _row("its test on history", all_at_once["tested_s"], None, "s")
    yield _row("longest stall of the loop meanwhile", all_at_once["test_longest_ms"], None, "ms", goal=50)


def _memory(found: Variants) -> Iterator[Row]:
    for shape, mode, what, goal in (
        ("1x100000", "", "100,000 members in one server, all in memory", 190),
        ("1x100000", "-low", "the same with low_memory", 105),
        ("2000x50", "", "50 members in each of 2,000 servers, all in memory", 260),
        ("2000x50", "-low", "the same with low_memory", 170),
    ):
        floor, ours = found[f"{shape}:bare{mode}"], found[f"{shape}:lyceum{mode}"]
        yield _row(
            f"RSS at {what}" if not mode else what, ours["rss_mib"], floor["rss_mib"], "MiB", goal=goal
        )


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
        yield _row(what, ours[f"{name}_cpu_p50_ms"], ours.get(f"{name}_floor_cpu_p50_ms"), "ms", goal=goal)
        if goal is not None:
            yield _row(
                "the same, p99", ours[f"{name}_cpu_p99_ms"], ours.get(f"{name}_floor_cpu_p99_ms"), "ms"
            )


def _row(
    what: str,
    ours: float,
    floor: float | None,
    unit: str,
    *,
    goal: float | None = None,
    ratio: float | None = None,
) -> Row:
    """A figure with its floor. The goal is one for the figure, in its unit, or one for the ratio."""
    times = ours / floor if floor else None
    if ratio is not None and times is not None:
        goal_text, met = f"<= {ratio:.1f}x", times <= ratio
    elif goal is not None:
        goal_text, met = _figure(goal, unit) if goal == 0 else f"<= {_figure(goal, unit)}", ours <= goal
    else:
        goal_text, met = "", None
    said = "" if met is None else "yes" if met else "no"
    floor_text = "" if floor is None else _figure(floor, unit)
    return what, _figure(ours, unit), floor_text, "" if times is None else f"{times:.2f}x", goal_text, said


def _figure(value: float, unit: str) -> str:
    digits = 2 if unit == "s" else 1 if value < 1000 and value != int(value) else 0
    return f"{value:.{digits}f} {unit}".strip()
