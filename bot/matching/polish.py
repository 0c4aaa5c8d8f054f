"""What a flow cannot see: pairs who review each other, and the work that gets least. Two reviews change hands.

Parting a pair may leave the worst work a tenth worse; lifting the worst work leaves no pair more. Neither takes two
people who met lately, and what was kept is not moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, nlargest

from bot.matching.problem import Assignment, Problem

RECIPROCAL = 100  # What a pair who review each other is priced at.
BUDGET = 0.0095  # The share of the value that all of this may cost at most; see `Engine.budget`.
PARTNERS = (800, 250)  # Reviews that are tried as a partner of a swap: in a round with fewer, and with more.
LOOKED_AT = 30  # Partners that a work gains most from, in a round that is thinned out.
TRIED = 20  # Cheapest swaps of a review that are asked how many reciprocal pairs they leave.
PARTINGS = 3
LIFTS = 150
# Lifts after which the partners of a large round are looked up again; a stale one is passed over.
REFRESH = 50


@dataclass(frozen=True, order=True)
class Swap:
    """`s` gives `r` away for `other`, whom `to` gives in return; nobody does when `to` is None."""

    cost: int
    s: int
    r: int
    other: int
    to: int | None = field(compare=False)


@dataclass(frozen=True)
class Partners:
    """Reviews that may change hands, and people with room, whose work is None."""

    works: list[int | None]
    people: list[int]
    thinned: bool


def count_reciprocal(problem: Problem, chosen: Assignment) -> int:
    """Pairs of people who review each other."""
    board = Board(problem, chosen)
    return len({frozenset(pair) for s, r in board.places() for pair in board.pairs(s, r)})


def least_worth(problem: Problem, chosen: Assignment) -> int:
    """How little a work may be worth after reciprocal pairs were parted: a tenth below the worst one before."""
    worst = min((problem.worth(s, people) for s, people in enumerate(chosen)), default=0)
    return worst - abs(worst) // 10


def polish(problem: Problem, chosen: Assignment, budget: int) -> Assignment:
    """The allocation with fewer reciprocal pairs and a better worst work, for `budget` of its value at most."""
    board = Board(problem, chosen)
    budget -= board.part(budget * 4 // 5)
    board.lift(budget)
    return [sorted(people) for people in board.chosen]


class Board:
    """An allocation in which reviews change hands."""

    def __init__(self, problem: Problem, chosen: Assignment) -> None:
        self.problem = problem
        self.chosen = [list(people) for people in chosen]
        self.loads = [0] * len(problem.reviewers)
        self.own: dict[int, list[int]] = {}
        for s, authors in enumerate(problem.authors):
            for a in authors:
                self.own.setdefault(a, []).append(s)
            for r in chosen[s]:
                self.loads[r] += 1
        self.worths = [problem.worth(s, people) for s, people in enumerate(self.chosen)]
        self.seniors = [
            sum(problem.is_senior(s, r) for r in (*problem.kept[s], *people))
            for s, people in enumerate(self.chosen)
        ]

    def places(self) -> list[tuple[int, int]]:
        return [(s, r) for s, people in enumerate(self.chosen) for r in people]

    def pairs(self, s: int, r: int) -> list[tuple[int, int]]:
        """(reviewer, author) for the authors of `s` who review a work of `r`."""
        found: list[tuple[int, int]] = []
        for a in self.problem.authors[s]:
            for mine in self.own.get(r, ()):
                if a in self.chosen[mine] or a in self.problem.kept[mine]:
                    found.append((r, a))
                    break
        return found

    def part(self, budget: int) -> int:
        """Swap reciprocal pairs away where it costs less than their price, the cheapest first. Gives what was spent."""
        floor = least_worth(self.problem, self.chosen)
        spent = 0
        for _ in range(PARTINGS):
            heap = list(self._partings(floor, budget - spent))
            heapify(heap)
            applied = 0
            while heap:
                rate, old = heappop(heap)
                swap = self._again(old, floor)
                if swap is None or spent + swap.cost > budget:
                    continue
                now = self._rate(swap)
                if now is not None and now > rate:
                    heappush(heap, (now, swap))
                elif now is not None:
                    self._apply(swap)
                    spent += swap.cost
                    applied += 1
            if not applied:
                break
        return spent

    def _partings(self, floor: int, most: int) -> Iterator[tuple[int, Swap]]:
        partners = self._partners()
        for s, r in self.places():
            if self.pairs(s, r):
                for swap in self._swaps(s, r, partners, floor, min(2 * RECIPROCAL, most))[:TRIED]:
                    rate = self._rate(swap)
                    if rate is not None:
                        yield rate, swap

    def _rate(self, swap: Swap) -> int | None:
        """What a swap costs for each pair that it parts; None if that is none, or dearer than a pair's price."""
        fewer = -self._reciprocal(swap)
        return swap.cost // fewer if fewer > 0 and swap.cost <= RECIPROCAL * fewer else None

    def lift(self, budget: int) -> None:
        """Give the worst work a better reviewer, again and again, while that makes no other work the worst."""
        partners = self._partners()
        for number in range(LIFTS if self.worths else 0):
            worst = self.worths.index(min(self.worths))
            if number and (number % REFRESH == 0 or not partners.thinned):
                partners = self._partners()
            least = self.worths[worst] + 1
            swaps = sorted(
                swap for r in self.chosen[worst] for swap in self._swaps(worst, r, partners, least, budget)
            )
            best = next((swap for swap in swaps if self._reciprocal(swap) <= 0), None)
            if best is None:
                return
            self._apply(best)
            budget -= best.cost

    def _partners(self) -> Partners:
        """Of a large round some, evenly."""
        high = self.problem.high
        found: list[tuple[int | None, int]] = list(self.places())
        found += [(None, r) for r, load in enumerate(self.loads) if load < high[r]]
        few, many = PARTNERS
        thinned = len(found) > few
        if thinned:
            found = found[:: -(-len(found) // many)]
        return Partners([to for to, _ in found], [other for _, other in found], thinned)

    def _swaps(self, s: int, r: int, partners: Partners, floor: int, most: int) -> list[Swap]:
        """The swaps of one review after which both works are worth at least `floor`, for a cost of `most`."""
        problem = self.problem
        row = problem.values(s, partners.people)
        least = floor - self._rest(s, r) - problem.bonus
        numbers = [number for number, value in enumerate(row) if value >= least]
        if partners.thinned:
            numbers = nlargest(LOOKED_AT, numbers, key=row.__getitem__)
        found: list[Swap] = []
        works, people, forbidden, held = partners.works, partners.people, problem.forbidden[s], self.chosen[s]
        for number in numbers:
            other = people[number]
            if other in held or other in forbidden:
                continue
            cost = self._cost(s, r, works[number], other, row[number], floor)
            if cost is not None and cost <= most:
                found.append(Swap(cost, s, r, other, works[number]))
        found.sort()
        return found

    def _again(self, swap: Swap, floor: int) -> Swap | None:
        """The swap at what it costs now, or None if it cannot be any more."""
        s, r, other = swap.s, swap.r, swap.other
        if r not in self.chosen[s] or other in self.chosen[s]:
            return None
        cost = self._cost(s, r, swap.to, other, self.problem.edge(s, other), floor)
        return None if cost is None else Swap(cost, s, r, other, swap.to)

    def _rest(self, s: int, r: int) -> int:
        """What the work gets without this reviewer and without the bonus."""
        return self.worths[s] - self.problem.edge(s, r) - (self.problem.bonus if self.seniors[s] else 0)

    def _cost(self, s: int, r: int, to: int | None, other: int, value: int, floor: int) -> int | None:
        """What a swap costs; None if it may not be, or leaves a work below the floor. `other` may review `s`."""
        problem = self.problem
        if to is None:
            if self.loads[r] <= problem.low[r] or self.loads[other] >= problem.high[other]:
                return None
        elif to == s or r in problem.forbidden[to] or other not in self.chosen[to] or r in self.chosen[to]:
            return None
        mine = self._rest(s, r) + value
        if self.seniors[s] - problem.is_senior(s, r) + problem.is_senior(s, other):
            mine += problem.bonus
        cost = self.worths[s] - mine
        if mine < floor or self._lately(s, r, to, other) > 0:
            return None
        if to is not None:
            theirs = self._rest(to, other) + problem.edge(to, r)
            if self.seniors[to] - problem.is_senior(to, other) + problem.is_senior(to, r):
                theirs += problem.bonus
            if theirs < floor:
                return None
            cost += self.worths[to] - theirs
        return cost

    def _lately(self, s: int, r: int, to: int | None, other: int) -> int:
        """How many more pairs that met lately there would be."""
        avoid = self.problem.avoid
        more = (other in avoid[s]) - (r in avoid[s])
        return more if to is None else more + (r in avoid[to]) - (other in avoid[to])

    def _reciprocal(self, swap: Swap) -> int:
        """How many more reciprocal pairs there would be."""
        s, r, to, other = swap.s, swap.r, swap.to, swap.other
        touched = [s] if to is None else [s, to]
        before = self._count(touched)
        self._put(s, r, to, other)
        after = self._count(touched)
        self._put(s, other, to, r)
        return after - before

    def _count(self, works: list[int]) -> int:
        return len({frozenset(pair) for s in works for r in self.chosen[s] for pair in self.pairs(s, r)})

    def _put(self, s: int, r: int, to: int | None, other: int) -> None:
        self.chosen[s][self.chosen[s].index(r)] = other
        if to is not None:
            self.chosen[to][self.chosen[to].index(other)] = r

    def _apply(self, swap: Swap) -> None:
        self._put(swap.s, swap.r, swap.to, swap.other)
        for s in (swap.s, swap.to):
            if s is not None:
                people = (*self.problem.kept[s], *self.chosen[s])
                self.worths[s] = self.problem.worth(s, self.chosen[s])
                self.seniors[s] = sum(self.problem.is_senior(s, r) for r in people)
        if swap.to is None:
            self.loads[swap.r] -= 1
            self.loads[swap.other] += 1
