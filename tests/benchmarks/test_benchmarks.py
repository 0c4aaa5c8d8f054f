"""What `make bench` measures runs from end to end, with counts that take seconds; the figures are for `make bench`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from discord.webhook.async_ import AsyncWebhookAdapter
from rich.console import Console

from benchmarks import (
    acts,
    badges,
    best,
    bots,
    commands,
    filters,
    gateway,
    matching,
    messages,
    payloads,
    red_env,
    rituals,
    schedules,
    startup,
    streaks,
    submissions,
)
from benchmarks.__main__ import write_json
from benchmarks.machine import Machine
from benchmarks.table import Figures, table
from bot.matching import engine, feasible, flow, reviews
from tests.bot.matching.cohorts import make_review_round

FIGURES: Figures = {
    "messages": {
        "bare": {"us_each": 25.0, "p50_us": 30.0, "p99_us": 60.0, "longest_ms": 0.2},
        "lyceum": {"us_each": 50.1, "p50_us": 55.0, "p99_us": 170.0, "statements": 0.0, "longest_ms": 0.7},
        "red": {"us_each": 200.0, "p50_us": 210.0, "p99_us": 400.0, "longest_ms": 9.0},
        "mixed": {"us_each": 90.0, "statements": 220.0, "hellos": 10.0, "longest_ms": 5.0},
        "bare-plain": {"us_each": 30.0},
        "lyceum-plain": {"us_each": 61.0},
    },
    "startup": {
        "bare": {"cpu_s": 0.5, "rss_mib": 44.0},
        "lyceum": {"cpu_s": 1.0, "rss_mib": 90.0, "first_cpu_s": 1.2},
    },
    "rituals": {"spread": {"late_p50_s": 0.5, "late_p99_s": 31.0, "requests_a_second_max": 26.0}},
    "submissions": {"minute": {"lost": 0.0, "waited_p50_s": 0.04, "waited_p99_s": 0.9}},
    "badges": {
        "floor": {"us_each": 2000.0, "statements": 3.0},
        "act": {"us_each": 3500.0, "statements": 4.0},
        "backfill": {"took_s": 11.0, "longest_ms": 20.0, "tested_s": 4.0, "test_longest_ms": 20.0},
    },
}


@pytest.fixture(autouse=True)
def real_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back afterwards how discord.py answers interactions, which the bench takes over."""
    monkeypatch.setattr(AsyncWebhookAdapter, "request", AsyncWebhookAdapter.request)


async def test_an_ordinary_message_costs_no_statement_with_every_filter_on() -> None:
    _, statements = await filters.handler_cost(has_links=True, count=100)
    assert statements == 0


async def test_an_ordinary_message_costs_no_statement_through_the_real_gateway() -> None:
    found = await messages.measure("lyceum", 500)
    assert found["statements"] == 0
    assert found["us_each"] > 0
    assert 0 < found["p50_us"] <= found["p99_us"]


@pytest.mark.parametrize(
    "text",
    [f"oh {payloads.words()[7]} no", f"{payloads.words()[3]}{payloads.words()[3][-1] * 3}"],
    ids=["a word", "a pattern"],
)
async def test_what_no_ordinary_message_has_would_be_found(text: str, tmp_path: Path) -> None:
    """That nothing is asked of the database would mean little if nothing were set up."""
    [message] = payloads.messages(1, payloads.CHATTY, seed=4)
    data = json.loads(message)["d"]
    async with bots.lyceum(tmp_path) as (bot, database):
        socket, _ = await gateway.connect(bot)
        statements = bots.Statements(database)
        for _ in range(2):  # at the first message of a community its filters are compiled
            statements.seen.clear()
            await socket.received_message(message)
            await gateway.settle()
        assert statements.seen == []
        await socket.received_message(payloads.event("MESSAGE_CREATE", {**data, "content": text}))
        await gateway.settle()
        assert any("INSERT INTO cases" in each for each in statements.seen)


async def test_a_hello_among_the_messages_ticks_and_is_counted() -> None:
    found = await messages.measure("mixed", 500)
    assert found["hellos"] > 0
    assert found["statements"] >= 3 * found["hellos"]


async def test_the_floor_of_messages_runs() -> None:
    assert (await messages.measure("bare", 50))["statements"] == 0


async def test_commands_are_answered_by_both() -> None:
    bare, ours = await commands.measure("bare", 20), await commands.measure("lyceum", 20)
    assert set(bare) == {"nothing"} and set(ours) == {"nothing", "help", "quest status"}
    assert min(*bare.values(), *ours.values()) > 0


async def test_due_schedules_and_their_floor_are_written() -> None:
    ours, floor = await schedules.measure("lyceum", 300), await schedules.measure("sqlite3", 300)
    assert min(*ours.values(), *floor.values()) > 0


async def test_streaks_are_settled_in_slices() -> None:
    found = await streaks.measure(250)
    assert found["settled"] == 250 and 0 < found["statements"] < 250


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory where Linux shows it")
async def test_a_start_tells_its_cpu_and_memory() -> None:
    bare, ours = await startup.measure("bare"), await startup.measure("lyceum")
    assert 0 < bare["cpu_s"] < ours["cpu_s"]
    assert 0 < bare["rss_mib"] < ours["rss_mib"]


needs_linux = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="the nursery of the wire tests needs Linux"
)


@needs_linux
async def test_rituals_are_posted_and_their_requests_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rituals, "LEAD", timedelta(seconds=1))
    monkeypatch.setattr(rituals, "MINUTE", 1.0)
    found = await rituals.measure("spread", 3)
    assert found["posted"] == 3
    assert 0 < found["late_p50_s"] <= found["late_p99_s"] <= found["late_max_s"]
    assert 1 <= found["requests_a_second_max"] <= 3


@needs_linux
async def test_who_hands_in_waits_for_a_receipt() -> None:
    found = await submissions.measure("burst", 3)
    assert (found["handed_in"], found["lost"]) == (3, 0)
    assert 0 < found["waited_p50_s"] <= found["waited_max_s"]


async def test_an_act_that_fifty_rules_count_is_read_for_in_one_statement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(badges, "PEOPLE", 25)
    floor, ours = await badges.main("floor", 0), await badges.main("act", 0)
    assert ours["statements"] == floor["statements"] + 1


async def test_pages_are_read_from_a_full_database_beside_their_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(acts, "READS", 2)
    found = await acts.measure("sqlite", 1000)
    assert min(found.values()) >= 0
    for page in ("history", "badges", "gallery"):
        assert 0 < found[f"{page}_cpu_p50_ms"] <= found[f"{page}_cpu_p99_ms"]
        assert found[f"{page}_floor_cpu_p99_ms"] > 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory where Linux shows it")
@pytest.mark.parametrize(("variant", "held"), [("bare", 302), ("lyceum-low", 1)])
def test_members_are_told_and_held_or_not(variant: str, held: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "1x301", variant],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["members_held"] == held and 0 < found["rss_mib"] <= found["peak_mib"] + 1


async def test_a_badge_is_given_to_all_who_have_earned_it() -> None:
    assert (await badges.main("backfill", 150))["given"] == 150


def test_matching_is_measured_in_seconds_where_that_is_asked() -> None:
    """The quick form of `make bench-matching`: every row has its figures, or says what is not installed."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.matching", "--quick"], check=True, capture_output=True, text=True
    )
    head, _, *rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line[0] == "|"]
    assert head[:6] == ["kind", "members", "extra", "CPU s", "MiB", "% of best"]
    assert [row[:3] for row in rows] == [
        [run.kind, str(run.count), "with" if run.extra else "without"] for run in matching.QUICK
    ]
    for row in rows:
        if row[2] == "with" and not engine.has_extra():
            assert row[3] == "the `scale` extra is not installed"
        else:
            assert 98 <= float(row[5]) <= 100
            assert row[6] == "0", "nobody meets again"


def test_no_allocation_passes_the_bound_and_the_best_reaches_it() -> None:
    """The oracle is the flow over all pairs; the bound is found from a few of them."""
    problem = reviews.build(make_review_round(60, k=3), 1)
    everything = [{r: problem.edge(s, r) for r in sorted(problem.allowed(s))} for s in range(60)]
    optimum = problem.total(flow.solve(problem, everything))
    few = [{r: problem.edge(s, r) for r in chosen} for s, chosen in enumerate(feasible.find_any(problem))]
    assert optimum <= best.most(problem, few) <= 1.01 * optimum
    assert optimum <= best.most(problem) <= 1.001 * optimum


def shown(figures: Figures) -> dict[str, list[str]]:
    """The cells of each row of the table."""
    console = Console(width=250, file=StringIO())
    with console.capture() as drawn:
        console.print(table(figures))
    lines = [line.split("│")[1:-1] for line in drawn.get().splitlines() if "│" in line]
    return {cells[0].strip(): [each.strip() for each in cells[1:]] for cells in lines}


def test_the_table_says_whether_a_goal_is_met() -> None:
    rows = shown(FIGURES)
    ordinary = rows["CPU an ordinary message, every feature set up"]
    assert ordinary == ["50.1 us", "25 us", "2.00x", "200 us (8.0x)", "<= 2.0x, better 1.6x", "no"]
    assert rows["CPU a message without orjson and uvloop"][-1] == "no"
    assert rows["such a message alone in the loop, p99"][-1] == "yes"
    assert rows["SQL statements, all ordinary messages"][-1] == "yes"
    assert rows["SQL statements for such a hello"][0] == "22"
    assert rows["memory by then (RSS)"][-1] == "yes"
    assert rows["requests in the busiest second of it"][-1] == "no"
    assert rows["500 submissions in a minute: lost"][-1] == "yes"
    assert rows["CPU that 50 rules of badges add to an act they count"][-1] == "yes"
    assert rows["a badge given to 10,000 people for earlier acts"][-1] == "no"


def test_without_red_its_column_is_empty() -> None:
    without = {
        part: {name: found for name, found in variants.items() if name != "red"}
        for part, variants in FIGURES.items()
    }
    assert shown(without)["CPU an ordinary message, every feature set up"][3] == ""


def test_the_figures_are_written_with_when_and_where(tmp_path: Path) -> None:
    where = Machine().describe()
    assert "UTC" in where and "load" in where and "discord.py 2." in where
    write_json(tmp_path / "bench.json", FIGURES, where)
    found = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert found["run"] == where and found["figures"] == FIGURES
    [row] = [each for each in found["rows"] if each["what"].startswith("CPU an ordinary message")]
    assert (row["ours"], row["floor"], row["red"], row["met"]) == (50.1, 25.0, 200.0, False)


def test_red_is_left_out_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(red_env, "NEWEST", (3, 10))
    with pytest.raises(red_env.NoRed, match=r"needs Python 3\.11 or older"):
        red_env.red_python(tmp_path / "venv")
    monkeypatch.setattr(red_env, "NEWEST", (3, 99))

    def no_index(*_: str) -> None:
        (tmp_path / "venv").mkdir(exist_ok=True)
        raise subprocess.CalledProcessError(1, "pip", "looking\nERROR: No matching distribution")

    monkeypatch.setattr(red_env, "_run", no_index)
    with pytest.raises(red_env.NoRed, match=r"^Red could not be installed: ERROR: No matching distribution$"):
        red_env.red_python(tmp_path / "venv")
    assert not (tmp_path / "venv").exists(), "the next run tries again"


@pytest.mark.skipif(
    not (red_env.FOLDER / ".made").exists(), reason="`make bench` makes the environment of Red"
)
@pytest.mark.parametrize(("part", "names"), [("messages", {"us_each"}), ("commands", {"nothing", "hybrid"})])
def test_red_takes_the_same_payloads(part: str, names: set[str]) -> None:
    done = subprocess.run(
        [str(red_env.red_python()), "-m", "benchmarks.red", part, "30"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert names <= set(found) and min(found.values()) > 0
