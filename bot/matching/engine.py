"""Which solver works on a round of which size.

Up to some hundred reviews the flow in plain Python is exact on its edges and fast enough. Above that its time grows
with the square, so an auction takes its place, unless `ortools` (the `scale` extra) is installed: that solves the
same flow at any size.
"""

from __future__ import annotations

import importlib.util
import random
from dataclasses import dataclass
from typing import Protocol

from bot.matching import auction, candidates, fast_flow, flow
from bot.matching.problem import Assignment, Problem

FLOW_UP_TO = 900  # Reviews to give in a round, up to which plain Python solves the flow.
SMALL = 150  # Reviews in a small round, up to which solving again costs next to nothing.
FAST_ABOVE = 150  # Below this many, loading the library takes longer than solving.


class Choose(Protocol):
    def __call__(
        self, problem: Problem, base: Assignment, rng: random.Random, *, sample: int, keep: int
    ) -> list[dict[int, int]]: ...


class Solve(Protocol):
    def __call__(self, problem: Problem, edges: list[dict[int, int]], /) -> Assignment: ...


@dataclass(frozen=True)
class Engine:
    """`sample`: reviewers that are looked at for each work of a large round. `keep`: edges that the solver sees.

    `tries`: how often it solves again to have fewer people review each other.
    """

    name: str
    choose: Choose
    solve: Solve
    sample: int
    keep: int
    tries: int


def has_extra() -> bool:
    return importlib.util.find_spec("ortools") is not None


def _choose_fast(
    problem: Problem, base: Assignment, rng: random.Random, *, sample: int, keep: int
) -> list[dict[int, int]]:
    from bot.matching import fast_candidates  # It needs numpy, which is there only with the extra.

    return fast_candidates.choose(problem, base, rng, sample=sample, keep=keep)


def settings(problem: Problem, *, extra: bool | None = None) -> Engine:
    """The engine for a round. `extra` tells whether `ortools` is there; None asks."""
    units = sum(problem.need)
    if units > FAST_ABOVE and (has_extra() if extra is None else extra):
        sample, keep, tries = (300, 12, 0) if units > 10_000 else (600, 15, 1 if units > 1_000 else 8)
        return Engine("ortools", _choose_fast, fast_flow.solve, sample=sample, keep=keep, tries=tries)
    if units <= FLOW_UP_TO:
        tries = 40 if units <= SMALL else 4
        return Engine("flow", candidates.choose, flow.solve, sample=300, keep=16, tries=tries)
    return Engine("auction", candidates.choose, auction.solve, sample=600, keep=30, tries=1)
