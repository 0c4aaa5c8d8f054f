"""Solves again and again with a price on one half of each pair who review each other, until few are left.

The half that is worth less becomes dearer and stays so; the other keeps its worth, so that mostly one of the two reviews
is left as it was. The reviews of a work that has fallen below the floor become dearer too. This parts more than swaps
can, for less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.matching.engine import Engine
from bot.matching.polish import Board, least_worth
from bot.matching.problem import Assignment, Problem

Half = tuple[int, int]
"""A review that is one half of a pair: (submission, reviewer)."""


def uncouple(
    problem: Problem, chosen: Assignment, edges: Sequence[dict[int, int]], engine: Engine, least: int
) -> Assignment:
    """The allocation with the fewest pairs that was found, worth `least` in all, and with no repeat more."""
    if not engine.tries:
        return chosen
    priced = [dict(offered) for offered in edges]
    floor, repeats = least_worth(problem, chosen), problem.count_avoided(chosen)
    dearer: dict[frozenset[int], Half] = {}
    board = Board(problem, chosen)
    pairs = coupled(board)
    best, fewest = chosen, (len(pairs), 0)
    for _ in range(engine.tries):
        if not pairs and min(board.worths, default=floor) >= floor:
            break
        for pair, halves in pairs.items():
            if pair not in dearer:
                dearer[pair] = min(halves, key=lambda half: (problem.edge(*half), half))
        low = (s for s, worth in enumerate(board.worths) if worth < floor and board.chosen[s])
        worst = [(s, min(board.chosen[s], key=lambda r, s=s: problem.edge(s, r))) for s in low]
        _price(priced, [*(dearer[pair] for pair in pairs), *worst], engine.dearer)
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


def _price(priced: Sequence[dict[int, int]], halves: Iterable[Half], amount: int) -> None:
    for s, r in halves:
        if r in priced[s]:
            priced[s][r] -= amount
