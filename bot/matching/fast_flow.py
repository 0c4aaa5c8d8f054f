"""The same flow as `flow.py`, solved by OR-tools (the `scale` extra): the same results up to ties."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from bot.matching.problem import AVOIDED, Assignment, Problem

MINIMUM = 100 * AVOIDED


def solve(problem: Problem, edges: Sequence[dict[int, int]]) -> Assignment:
    """The best allocation that uses these edges alone. At least one that keeps all loads must exist."""
    network: Any = importlib.import_module("ortools.graph.python.min_cost_flow").SimpleMinCostFlow()
    add = network.add_arc_with_capacity_and_unit_cost
    works, count = len(problem.submissions), len(problem.reviewers)
    people, end = 2 * works, 2 * works + count
    arcs: list[tuple[int, int, int]] = []
    for s, offered in enumerate(edges):
        avoid = problem.avoid[s]
        for r, value in offered.items():
            start = works + s if problem.is_senior(s, r) else s
            arcs.append((add(start, people + r, 1, AVOIDED - value if r in avoid else -value), s, r))
        add(s, works + s, problem.need[s], 0)
        if not problem.keeps_senior(s):
            add(s, works + s, 1, -problem.bonus)
        network.set_node_supply(s, problem.need[s])
    for r, (low, high) in enumerate(zip(problem.low, problem.high, strict=True)):
        add(people + r, end, low, -MINIMUM)
        add(people + r, end, high - low, 0)
    network.set_node_supply(end, -sum(problem.need))
    status = network.solve()
    if status != network.OPTIMAL:
        raise AssertionError(f"the solver gave up with status {status}")
    chosen: Assignment = [[] for _ in range(works)]
    for arc, s, r in arcs:
        if network.flow(arc):
            chosen[s].append(r)
    return chosen
