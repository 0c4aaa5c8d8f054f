"""The same flow as `flow.py`, solved by OR-tools (the `scale` extra): the same results up to ties."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from bot.matching.problem import AVOIDED, Assignment, Problem

MINIMUM = 100 * AVOIDED


def solve(problem: Problem, edges: Sequence[dict[int, int]]) -> Assignment:
    """The best allocation that uses these edges alone. At least one that keeps all loads must exist."""
    np: Any = importlib.import_module("numpy")
    network: Any = importlib.import_module("ortools.graph.python.min_cost_flow").SimpleMinCostFlow()
    add = network.add_arcs_with_capacity_and_unit_cost
    works, count = len(problem.submissions), len(problem.reviewers)
    people, end = 2 * works, 2 * works + count
    every, ends = np.arange(works), people + np.arange(count)
    need, low, high = np.array(problem.need), np.array(problem.low), np.array(problem.high)
    start = np.repeat(every, [len(offered) for offered in edges])
    given = np.array([r for offered in edges for r in offered], dtype=np.int64)
    cost = -np.array([value for offered in edges for value in offered.values()], dtype=np.int64)
    lately = [not avoid.isdisjoint(offered) for avoid, offered in zip(problem.avoid, edges, strict=True)]
    for place in np.flatnonzero(np.array(lately, dtype=bool)[start]).tolist():
        if int(given[place]) in problem.avoid[int(start[place])]:
            cost[place] += AVOIDED
    senior = np.array(problem.grade)[given] >= np.array(problem.senior_from)[start]
    arcs = add(start + works * senior, people + given, np.ones_like(given), cost)
    add(every, works + every, need, np.zeros_like(every))
    first = np.array([s for s in range(works) if not problem.keeps_senior(s)], dtype=np.int64)
    add(first, works + first, np.ones_like(first), np.full_like(first, -problem.bonus))
    add(ends, np.full_like(ends, end), low, np.full_like(ends, -MINIMUM))
    add(ends, np.full_like(ends, end), high - low, np.zeros_like(ends))
    network.set_nodes_supplies(every, need)
    network.set_node_supply(end, -int(need.sum()))
    status = network.solve()
    if status != network.OPTIMAL:
        raise AssertionError(f"the solver gave up with status {status}")
    chosen: Assignment = [[] for _ in range(works)]
    used = np.asarray(network.flows(arcs)) > 0
    pairs: list[tuple[int, int]] = list(zip(start[used].tolist(), given[used].tolist(), strict=True))
    for s, r in pairs:
        chosen[s].append(r)
    return chosen
