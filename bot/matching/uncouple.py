"""Solves again and again with a price on each pair who review each other, until few are left.

Both halves of such a pair become dearer; when the pair is gone, they become cheaper again, little by little. So do
the reviews of a work that has fallen below the floor. This parts more than swaps can, for less.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.matching.engine import Engine
from bot.matching.polish import Board, least_worth
from bot.matching.problem import Assignment, Problem

Half = tuple[int, int]
"""A review that is one half of a pair: (submission, reviewer)."""
Prices = dict[frozenset[int], tuple[int, set[Half]]]
"""What a pair costs by now, and the reviews that cost it."""

DEARER = 20
BACK = 0.3  # The share of a step that an edge whose pair is gone becomes cheaper by.


def uncouple(
    problem: Problem, chosen: Assignment, edges: Sequence[dict[int, int]], engine: Engine, least: int
) -> Assignment:
    """The allocation with the fewest pairs that was found, worth `least` in all, and with no repeat more."""
    priced = [dict(offered) for offered in edges]
    floor, repeats = least_worth(problem, chosen), problem.count_avoided(chosen)
    prices: Prices = {}
    board = Board(problem, chosen)
    pairs = coupled(board)
    best, fewest = chosen, (len(pairs), 0)
    for _ in range(engine.tries):
        if not pairs and min(board.worths, default=floor) >= floor:
            break
        _relax(priced, prices, pairs.keys())
        for pair, halves in pairs.items():
            paid, earlier = prices.get(pair, (0, halves))
            prices[pair] = (paid + DEARER, earlier)
            _add(priced, earlier, -DEARER)
        for s, worth in enumerate(board.worths):
            if worth < floor and board.chosen[s]:
                worst = min(board.chosen[s], key=lambda r: problem.edge(s, r))
                _add(priced, {(s, worst)}, -DEARER)
        board = Board(problem, engine.solve(problem, priced))
        pairs = coupled(board)
        value = sum(board.worths)
        good = value >= least and min(board.worths, default=floor) >= floor
        if good and (len(pairs), -value) < fewest and problem.count_avoided(board.chosen) <= repeats:
            best, fewest = board.chosen, (len(pairs), -value)
    return best


def coupled(board: Board) -> dict[frozenset[int], set[Half]]:
    """The pairs of people who review each other, with the reviews that make them."""
    found: dict[frozenset[int], set[Half]] = {}
    for s, r in board.places():
        for pair in board.pairs(s, r):
            found.setdefault(frozenset(pair), set()).add((s, r))
    return found


def _relax(priced: Sequence[dict[int, int]], prices: Prices, still: Collection[frozenset[int]]) -> None:
    """Take a little of the price back from the pairs that are gone."""
    for pair, (paid, halves) in prices.items():
        back = min(paid, int(DEARER * BACK))
        if back and pair not in still:
            prices[pair] = (paid - back, halves)
            _add(priced, halves, back)


def _add(priced: Sequence[dict[int, int]], halves: set[Half], amount: int) -> None:
    for s, r in halves:
        if r in priced[s]:
            priced[s][r] += amount
