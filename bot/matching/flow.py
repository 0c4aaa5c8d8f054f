"""Min-cost flow by shortest augmenting paths, in plain Python: exact on the edges that it is given.

submission -> senior gate -> senior reviewers -> end
submission ----------------> other reviewers --> end

The first unit through a submission's senior gate earns the bonus. A reviewer's first `low` units to the end earn
more than anything else, so that minimum loads are reached whenever they can be. Each unit of need is sent along
the cheapest path; node prices keep all costs non-negative, so that Dijkstra's search may stop at the end node.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from bot.matching.problem import AVOIDED, Assignment, Problem

Edges = Sequence[dict[int, int]]
"""For each submission: reviewer -> value."""

MINIMUM = 1_000 * AVOIDED


def solve(problem: Problem, edges: Edges) -> Assignment:
    """The best allocation that uses these edges alone. At least one that keeps all loads must exist."""
    network = Network(problem, edges)
    for s, need in enumerate(problem.need):
        for _ in range(need):
            network.send(s)
    return network.assignment()


class Network:
    """Nodes: submissions, then their gates, then reviewers, then the end. `arcs[v]` is what is left to use."""

    def __init__(self, problem: Problem, edges: Edges) -> None:
        count = len(problem.submissions)
        self.problem = problem
        self.gates, self.people, self.end = count, 2 * count, 2 * count + len(problem.reviewers)
        self.arcs: list[dict[int, int]] = [{} for _ in range(self.end + 1)]
        self.loads = [0] * len(problem.reviewers)
        self.seniors = [int(problem.keeps_senior(s)) for s in range(count)]
        for r in range(len(problem.reviewers)):
            self._open_end(r)
        for s, offered in enumerate(edges):
            for r, value in offered.items():
                start = self.gates + s if problem.is_senior(s, r) else s
                self.arcs[start][self.people + r] = -(value - AVOIDED if r in problem.avoid[s] else value)
            self._open_gate(s)
        self.prices = self._first_prices()

    def _open_end(self, r: int) -> None:
        arcs = self.arcs[self.people + r]
        arcs.pop(self.end, None)
        if self.loads[r] < self.problem.high[r]:
            arcs[self.end] = -MINIMUM if self.loads[r] < self.problem.low[r] else 0

    def _open_gate(self, s: int) -> None:
        """The way in earns the bonus for the first senior; the way back costs it for the last."""
        gate, bonus, seniors = self.gates + s, self.problem.bonus, self.seniors[s]
        kept = int(self.problem.keeps_senior(s))
        self.arcs[s][gate] = 0 if seniors else -bonus
        self.arcs[gate].pop(s, None)
        if seniors > kept:
            self.arcs[gate][s] = bonus if seniors == 1 else 0

    def _first_prices(self) -> list[int]:
        """The most that can be earned from each node to the end: with these, no cost is negative."""
        prices = [0] * (self.end + 1)
        stages = (range(self.people, self.end), range(self.gates, self.people), range(self.gates))
        for stage in stages:
            for v in stage:
                prices[v] = max((prices[u] - cost for u, cost in self.arcs[v].items()), default=0)
        return prices

    def send(self, start: int) -> None:
        """One unit from the submission to the end, along the cheapest path."""
        arcs, prices, end = self.arcs, self.prices, self.end
        far = 1 << 62
        best = far
        distance = {start: 0}
        before: dict[int, int] = {}
        done: list[tuple[int, int]] = []
        heap = [(0, start)]
        while heap:
            d, v = heappop(heap)
            if d > distance[v]:
                continue
            if d >= best:
                break
            done.append((d, v))
            base = d + prices[v]
            for u, cost in arcs[v].items():
                new = base + cost - prices[u]
                if new < best and new < distance.get(u, far):
                    distance[u] = new
                    before[u] = v
                    if u == end:
                        best = new
                    else:
                        heappush(heap, (new, u))
        if best == far:
            raise AssertionError("no path: the edges do not hold an allocation")
        for d, v in done:
            prices[v] += d - best
        self._use(start, before)

    def _use(self, start: int, before: dict[int, int]) -> None:
        u = self.end
        while u != start:
            v = before[u]
            if u == self.end:
                self.loads[v - self.people] += 1
                self._open_end(v - self.people)
            elif self.gates <= u < self.people and v == u - self.gates:
                self.seniors[v] += 1
                self._open_gate(v)
            elif self.gates <= v < self.people and u == v - self.gates:
                self.seniors[u] -= 1
                self._open_gate(u)
            else:
                self.arcs[u][v] = -self.arcs[v].pop(u)
            u = v

    def assignment(self) -> Assignment:
        """Whoever has an arc back to a submission or its gate reviews it."""
        chosen: Assignment = [[] for _ in range(self.gates)]
        for r in range(len(self.loads)):
            for u in self.arcs[self.people + r]:
                if u != self.end:
                    chosen[u % self.gates].append(r)
        return chosen
