"""An auction for rounds that are too large for the flow in plain Python: good, not exact.

Works bid for places with reviewers. A bid is as high as the second best choice makes it worth, and the lowest bid
with a reviewer who has no room left loses its place. When the bids run out, the works that are still short are
given what is free, by moving others where they must.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

from bot.matching import feasible
from bot.matching.problem import AVOIDED, Assignment, Problem

RAISE = 12  # What a bid adds to what it is worth: a higher one is faster and less exact.
BIDS = 14  # For each review to give, before the rest is given away.
LOOKED_AT = 300  # People with room, for each work that is short.


def solve(problem: Problem, edges: Sequence[dict[int, int]]) -> Assignment:
    """A good allocation. One that keeps all loads must exist."""
    chosen = _bid(problem, edges)
    _take_free(problem, chosen)
    return feasible.complete(problem, chosen)


def _bid(problem: Problem, edges: Sequence[dict[int, int]]) -> list[set[int]]:
    """Bidding until nobody is short, or the bids run out."""
    count = len(problem.reviewers)
    floors = [
        -RAISE * 12 if low else 0 for low in problem.low
    ]  # Those who must take some are cheap at first.
    prices = list(floors)
    holders: list[list[tuple[int, int]]] = [
        [] for _ in range(count)
    ]  # A heap of (bid, work) for each reviewer.
    chosen: list[set[int]] = [set() for _ in problem.need]
    seniors = [int(problem.keeps_senior(s)) for s in range(len(problem.need))]
    offers = [
        [
            (v - AVOIDED if r in problem.avoid[s] else v, r, problem.is_senior(s, r))
            for r, v in offered.items()
        ]
        for s, offered in enumerate(edges)
    ]
    queue = deque(s for s, need in enumerate(problem.need) for _ in range(need))
    for _ in range(BIDS * len(queue)):
        if not queue:
            break
        s = queue.popleft()
        held, bonus = chosen[s], 0 if seniors[s] else problem.bonus
        best = second = -AVOIDED * 9
        winner, is_senior = -1, False
        for value, r, senior in offers[s]:
            net = value - prices[r] + (bonus if senior else 0)
            if net > second and r not in held:
                if net > best:
                    best, second, winner, is_senior = net, best, r, senior
                else:
                    second = net
        if winner < 0:
            continue
        heap = holders[winner]
        heappush(heap, (prices[winner] + min(best - second, 10 * RAISE) + RAISE, s))
        held.add(winner)
        seniors[s] += is_senior
        if len(heap) > problem.high[winner]:
            _, loser = heappop(heap)
            chosen[loser].discard(winner)
            seniors[loser] -= problem.is_senior(loser, winner)
            queue.append(loser)
        if len(heap) == problem.high[winner]:
            prices[winner] = heap[0][0]
        elif len(heap) == problem.low[winner]:
            prices[winner] = max(0, floors[winner])
    return chosen


def _take_free(problem: Problem, chosen: list[set[int]]) -> None:
    """Give works that are still short the best of those who have room."""
    loads = [0] * len(problem.reviewers)
    for people in chosen:
        for r in people:
            loads[r] += 1
    room = [r for r, load in enumerate(loads) if load < problem.high[r]]
    for s, need in enumerate(problem.need):
        while len(chosen[s]) < need:
            able = [r for r in room if r not in problem.forbidden[s] and r not in chosen[s]][:LOOKED_AT]
            able = [r for r in able if r not in problem.avoid[s]]
            if not able:
                break
            values = problem.values(s, able)
            r = able[values.index(max(values))]
            chosen[s].add(r)
            loads[r] += 1
            if loads[r] == problem.high[r]:
                room.remove(r)
