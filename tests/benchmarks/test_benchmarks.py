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
    commands,
    filters,
    matching,
    messages,
    rituals,
    schedules,
    startup,
    streaks,
    submissions,
)
from benchmarks.table import table
from bot.matching import engine, feasible, flow, reviews
from tests.bot.matching.cohorts import make_review_round

FIGURES = {
    "messages": {
        "bare": {"us_each": 25.0, "longest_ms": 0.2},
        "lyceum": {"us_each": 50.1, "statements": 0.0, "longest_ms": 0.7},
        "mixed": {"us_each": 90.0, "statements": 220.0, "hellos": 10.0, "longest_ms": 5.0},
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


def test_the_table_says_whether_a_goal_is_met() -> None:
    console = Console(width=200, file=StringIO())
    with console.capture() as shown:
        console.print(table(FIGURES))
    lines = {line.split("│")[1].strip(): line for line in shown.get().splitlines() if "│" in line}
    assert "2.00x" in lines["CPU an ordinary message"] and "│ no " in lines["CPU an ordinary message"]
    assert "│ yes " in lines["SQL statements, all ordinary messages"]
    assert "22" in lines["SQL statements for such a hello"]
    assert "│ yes " in lines["memory by then (RSS)"]
    assert "│ no " in lines["requests in the busiest second of it"]
    assert "│ yes " in lines["500 submissions in a minute: lost"]
    assert "│ yes " in lines["CPU that 50 rules of badges add to an act they count"]
    assert "│ no " in lines["a badge given to 10,000 people for earlier acts"]
