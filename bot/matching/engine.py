"""Which solver works on a round of which size.

Up to some hundred reviews the flow in plain Python is exact on its edges and fast enough. Above that its time grows
with the square, so an auction takes its place, unless `ortools` (the `scale` extra) is installed: that solves the
same flow at any size.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from bot.matching import auction, fast_flow, flow
from bot.matching.problem import Assignment, Problem

FLOW_UP_TO = 900  # Reviews to give in a round, up to which plain Python solves the flow.
FAST_ABOVE = 100  # Below this many, loading the library takes longer than solving.


@dataclass(frozen=True)
class Engine:
    """`sample`: reviewers that are looked at for each work of a large round. `keep`: edges that the solver sees."""

    name: str
    solve: Callable[[Problem, list[dict[int, int]]], Assignment]
    sample: int
    keep: int


def has_extra() -> bool:
    return importlib.util.find_spec("ortools") is not None


def settings(problem: Problem, *, extra: bool | None = None) -> Engine:
    """The engine for a round. `extra` tells whether `ortools` is there; None asks."""
    units = sum(problem.need)
    if units > FAST_ABOVE and (has_extra() if extra is None else extra):
        return Engine("ortools", fast_flow.solve, sample=300 if units > 10_000 else 600, keep=15)
    if units <= FLOW_UP_TO:
        return Engine("flow", flow.solve, sample=300, keep=16)
    return Engine("auction", auction.solve, sample=600, keep=30)
