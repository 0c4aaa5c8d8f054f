"""Which solver works on a round of which size.

Up to some hundred reviews the flow in plain Python is exact on its edges and fast enough. Above that its time grows
with the square, so an auction takes its place, unless `ortools` (the `scale` extra) is installed: that solves the
same flow at any size.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.matching import auction, candidates, fast_flow, flow
from bot.matching.polish import BUDGET
from bot.matching.problem import Assignment, Problem

FLOW_UP_TO = 900  # Reviews to give in a round, up to which plain Python solves the flow.
SMALL = 150  # Reviews in a small round, up to which solving again costs next to nothing.
FAST_BUDGET = 0.0051  # In a large round fewer pairs review each other, and what parts them is cheaper.
FAST_ABOVE = 150  # Below this many, loading the library takes longer than solving.
# With the extra, of up to so many reviews: what is looked at, kept and tried, and how much dearer (see `Engine`). With
# these, 10,000 members with two reviews each take about three seconds; more of any takes longer for little.
_FAST = ((1_000, 600, 15, 12, 18), (10_000, 600, 15, 3, 40), (sys.maxsize, 350, 9, 0, 0))


class Choose(Protocol):
    def __call__(
        self, problem: Problem, base: Assignment, rng: random.Random, *, sample: int, keep: int
    ) -> list[dict[int, int]]: ...


class Solve(Protocol):
    def __call__(self, problem: Problem, edges: Sequence[dict[int, int]], /) -> Assignment: ...


@dataclass(frozen=True)
class Engine:
    """`sample`: reviewers that are looked at for each work of a large round. `keep`: edges that the solver sees.

    `tries`: how often it solves again to have fewer people review each other, with one of their two reviews `dearer` by
    that much each time. `budget`: the share of the value that all of this may cost.
    """

    name: str
    choose: Choose
    solve: Solve
    sample: int
    keep: int
    tries: int
    dearer: int = 20
    budget: float = FAST_BUDGET


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
        sample, keep, tries, dearer = next(each for most, *each in _FAST if units <= most)
        return Engine("ortools", _choose_fast, fast_flow.solve, sample, keep, tries, dearer)
    if units <= SMALL:
        return Engine(
            "flow", candidates.choose, flow.solve, sample=300, keep=16, tries=40, dearer=10, budget=BUDGET
        )
    if units <= FLOW_UP_TO:
        return Engine(
            "flow", candidates.choose, flow.solve, sample=300, keep=16, tries=4, dearer=30, budget=0.006
        )
    return Engine("auction", candidates.choose, auction.solve, sample=600, keep=30, tries=2, dearer=40)
