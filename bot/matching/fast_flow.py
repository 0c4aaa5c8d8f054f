"""The same flow as `flow.py`, solved by OR-tools (the `scale` extra): the same results up to ties.

The solver's time grows with the dearest arc. So who met lately is left out at first, and taken in only when there is no
allocation without; and where the minimum loads take all there is to give, they are the only way instead of a dear one.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from bot.matching.problem import AVOIDED, Assignment, Problem

MINIMUM = 100 * AVOIDED
Array = Any


def solve(problem: Problem, edges: Sequence[dict[int, int]]) -> Assignment:
    """The best allocation that uses these edges alone. At least one that keeps all loads must exist."""
    np: Any = importlib.import_module("numpy")
    start = np.repeat(np.arange(len(edges)), [len(offered) for offered in edges])
    given = np.array([r for offered in edges for r in offered], dtype=np.int64)
    worth = np.array([value for offered in edges for value in offered.values()], dtype=np.int64)
    lately = _lately(np, problem, edges, start, given)
    if lately.any():
        new = ~lately
        found = _solve(np, problem, start[new], given[new], -worth[new])
        if found is not None:
            return found
        worth[lately] -= AVOIDED
    found = _solve(np, problem, start, given, -worth)
    if found is None:
        raise AssertionError("the solver gave up: the edges do not hold an allocation")
    return found


def _lately(np: Any, problem: Problem, edges: Sequence[dict[int, int]], start: Array, given: Array) -> Array:
    """Which edges join two who met lately."""
    some = [not avoid.isdisjoint(offered) for avoid, offered in zip(problem.avoid, edges, strict=True)]
    found = np.array(some, dtype=bool)[start]
    for place in np.flatnonzero(found).tolist():
        found[place] = int(given[place]) in problem.avoid[int(start[place])]
    return found


def _solve(np: Any, problem: Problem, start: Array, given: Array, cost: Array) -> Assignment | None:
    """The cheapest allocation on these arcs from a work to a reviewer; None if they hold none."""
    network: Any = importlib.import_module("ortools.graph.python.min_cost_flow").SimpleMinCostFlow()
    add = network.add_arcs_with_capacity_and_unit_cost
    works, count = len(problem.submissions), len(problem.reviewers)
    people, end = 2 * works, 2 * works + count
    every, ends = np.arange(works), people + np.arange(count)
    need, low, high = np.array(problem.need), np.array(problem.low), np.array(problem.high)
    senior = np.array(problem.grade)[given] >= np.array(problem.senior_from)[start]
    arcs = add(start + works * senior, people + given, np.ones_like(given), cost)
    add(every, works + every, need, np.zeros_like(every))
    first = np.array([s for s in range(works) if not problem.keeps_senior(s)], dtype=np.int64)
    add(first, works + first, np.ones_like(first), np.full_like(first, -problem.bonus))
    if low.sum() == need.sum():
        add(ends, np.full_like(ends, end), low, np.zeros_like(ends))
    else:
        add(ends, np.full_like(ends, end), low, np.full_like(ends, -MINIMUM))
        add(ends, np.full_like(ends, end), high - low, np.zeros_like(ends))
    network.set_nodes_supplies(every, need)
    network.set_node_supply(end, -int(need.sum()))
    if network.solve() != network.OPTIMAL:
        return None
    chosen: Assignment = [[] for _ in range(works)]
    used = np.asarray(network.flows(arcs)) > 0
    pairs: list[tuple[int, int]] = list(zip(start[used].tolist(), given[used].tolist(), strict=True))
    for s, r in pairs:
        chosen[s].append(r)
    return chosen
