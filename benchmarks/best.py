"""How good an allocation can be at all: a bound that no allocation passes, and that the best one reaches but for little.

Give each reviewer a price. Then no allocation is worth more than what the works would get if each took its favourites
after the prices, whoever else wants them, and all prices were paid back. That holds for any prices. Those of a
solved flow make it tight on the edges that it saw; edges that would have earned more are added, and it is solved
again, until nothing is left to earn or the rounds are used up (column generation).
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

from bot.matching import engine, fast_flow, feasible, flow
from bot.matching.problem import AVOIDED, Assignment, Problem

Edges = list[dict[int, int]]
ROUNDS = 4
ADDED = 8  # Edges added to a work in a round.
AT_ONCE = 500  # Works whose edges are a table at the same time.


def most(problem: Problem, edges: Edges | None = None, *, close: float = 0.0003) -> float:
    """The bound, once it is within the share `close` of an allocation, or after some rounds.

    Every reviewer's load must be fixed (`low` = `high`).
    """
    assert problem.low == problem.high
    extra = engine.has_extra()
    if edges is None:
        chosen = engine.settings(problem)
        base = feasible.find_any(problem)
        edges = chosen.choose(problem, base, random.Random(1), sample=chosen.sample, keep=chosen.keep)
    edges = [dict(offered) for offered in edges]
    found = float("inf")
    for _ in range(ROUNDS):
        if extra:
            chosen = fast_flow.solve(problem, edges)
            prices = _potentials(problem, edges, chosen)
        else:
            chosen, prices = _solve(problem, edges)
        bound = (_scan_fast if extra else _scan)(problem, edges, prices)
        found = min(found, bound)
        if found - problem.total(chosen) <= close * abs(found):
            break
    return found


def _solve(problem: Problem, edges: Edges) -> tuple[Assignment, list[int]]:
    network = flow.Network(problem, edges)
    for s, need in enumerate(problem.need):
        for _ in range(need):
            network.send(s)
    return network.assignment(), [-each for each in network.prices[network.people : network.end]]


def _potentials(problem: Problem, edges: Edges, chosen: Assignment) -> list[int]:
    """Prices that explain the allocation: shortest ways in what is left of its flow, all at once (Bellman, Ford)."""
    np: Any = importlib.import_module("numpy")
    works = len(edges)
    arcs: list[tuple[int, int, int]] = []
    for s, offered in enumerate(edges):
        taken, through = set(chosen[s]), 0
        for r, value in offered.items():
            senior = problem.is_senior(s, r)
            cost = AVOIDED - value if r in problem.avoid[s] else -value
            start, person = s + works * senior, 2 * works + r
            arcs.append((person, start, -cost) if r in taken else (start, person, cost))
            through += senior and r in taken
        bonus = 0 if problem.keeps_senior(s) else problem.bonus
        arcs.append((s, works + s, 0 if through else -bonus))
        if through:
            arcs.append((works + s, s, bonus if through == 1 else 0))
    tails, heads, costs = np.array(arcs, dtype=np.int64).T
    prices = np.zeros(2 * works + len(problem.reviewers), dtype=np.int64)
    while True:
        before = prices.copy()
        np.minimum.at(prices, heads, prices[tails] + costs)
        if (before == prices).all():
            return (-prices[2 * works :]).tolist()


def _favourites(
    problem: Problem,
    s: int,
    net: Sequence[int] | Mapping[int, int],
    order: Sequence[int],
    seniors: Sequence[int],
) -> int:
    """What a work gets at most after the prices: its favourites, or all but one of them and the best senior."""
    need = problem.need[s]
    top = order[:need]
    total = sum(net[r] for r in top)
    if problem.keeps_senior(s) or any(problem.is_senior(s, r) for r in top):
        return total + problem.bonus
    return max(total, total - net[top[-1]] + net[seniors[0]] + problem.bonus) if seniors and top else total


def _scan(problem: Problem, edges: Edges, prices: Sequence[int]) -> int:
    found = sum(price * load for price, load in zip(prices, problem.high, strict=True))
    everyone = range(len(prices))
    for s in range(len(edges)):
        values = problem.values(s, everyone)
        net = [value - price for value, price in zip(values, prices, strict=True)]
        for r in problem.avoid[s]:
            net[r] -= AVOIDED
        order = sorted(problem.allowed(s), key=lambda r, net=net: (-net[r], r))
        seniors = [r for r in order if problem.is_senior(s, r)]
        found += _favourites(problem, s, net, order, seniors)
        for r in (*order[:ADDED], *seniors[:2]):
            edges[s].setdefault(r, values[r])
    return found


def _scan_fast(problem: Problem, edges: Edges, prices: Sequence[int]) -> int:
    np: Any = importlib.import_module("numpy")
    from bot.matching import fast_candidates

    price = np.array(prices, dtype=np.int64)
    grade = np.array(problem.grade)
    found = int((price * np.array(problem.high)).sum())
    everyone = np.arange(len(prices))
    many = min(ADDED, len(prices) - 1)
    for first in range(0, len(edges), AT_ONCE):
        works = np.arange(first, min(first + AT_ONCE, len(edges)))
        people = np.broadcast_to(everyone, (len(works), len(prices)))
        table = fast_candidates.value_table(problem, works, people, np.random.default_rng(1))
        net = table // fast_candidates.TIES - price
        tops = np.argpartition(-net, many, axis=1)[:, :many]
        known = np.where(
            grade >= np.array(problem.senior_from)[works][:, None], net, fast_candidates.NEVER * 4
        )
        best = known.argmax(axis=1)
        for row, s in enumerate(works.tolist()):
            order = sorted(tops[row].tolist(), key=lambda r, row=row: (-net[row, r], r))
            senior = [int(best[row])] if known[row, best[row]] > fast_candidates.NEVER * 2 else []
            mine = {r: int(net[row, r]) for r in (*order, *senior)}
            found += _favourites(problem, s, mine, order, senior)
            for r in mine:
                if r not in problem.forbidden[s] and r not in edges[s]:
                    edges[s][r] = problem.edge(s, r)
    return found
