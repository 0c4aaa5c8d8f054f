"""What a flow cannot see: pairs who review each other, and the work that gets least. Two reviews change hands.

Parting a pair may leave the worst work a tenth worse; lifting the worst work leaves no pair more. Neither takes two
people who met lately, and what was kept is not moved.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.matching.problem import Assignment, Problem

RECIPROCAL = 100  # What a pair who review each other is priced at.
BUDGET = 0.01  # The share of the value that all of this may cost.
PARTNERS = (800, 250)  # Reviews that are tried as a partner of a swap: in a round with fewer, and with more.
CEILINGS = (0, 25, 50, RECIPROCAL)  # The cheap ones first, so that the budget goes far.
LIFTS = 400
REFRESH = (
    50  # Lifts after which the partners of a large round are looked up again; a stale one is passed over.
)


@dataclass(frozen=True)
class Swap:
    """`s` gives `r` away for `other`, whom `to` gives in return; nobody does when `to` is None."""

    s: int
    r: int
    to: int | None
    other: int
    cost: int
    reciprocal: int


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
        """Swap reciprocal pairs away where it costs less than their price. Gives what was spent."""
        floor = least_worth(self.problem, self.chosen)
        spent = 0
        for ceiling in CEILINGS:
            partners = self._partners()
            for s, r in self.places():
                if r not in self.chosen[s] or not self.pairs(s, r):
                    continue
                swaps = [
                    swap
                    for swap in self._swaps(s, r, partners, floor, min(2 * ceiling, budget - spent))
                    if swap.reciprocal < 0 and swap.cost <= -ceiling * swap.reciprocal
                ]
                best = min(swaps, key=lambda each: each.cost + RECIPROCAL * each.reciprocal, default=None)
                if best is not None:
                    self._apply(best)
                    spent += best.cost
        return spent

    def lift(self, budget: int) -> None:
        """Give the worst work a better reviewer, again and again, while that makes no other work the worst."""
        partners = self._partners()
        for number in range(LIFTS):
            worst = min(range(len(self.worths)), key=self.worths.__getitem__, default=None)
            if worst is None:
                return
            if number and (number % REFRESH == 0 or len(partners) <= PARTNERS[0]):
                partners = self._partners()
            swaps = [
                swap
                for r in self.chosen[worst]
                for swap in self._swaps(worst, r, partners, self.worths[worst] + 1, budget)
                if swap.reciprocal <= 0
            ]
            best = min(swaps, key=lambda each: each.cost, default=None)
            if best is None:
                return
            self._apply(best)
            budget -= best.cost

    def _partners(self) -> list[tuple[int | None, int]]:
        """Reviews that may change hands, and people with room. A large round is thinned out evenly."""
        high = self.problem.high
        found: list[tuple[int | None, int]] = list(self.places())
        found += [(None, r) for r, load in enumerate(self.loads) if load < high[r]]
        few, many = PARTNERS
        return found if len(found) <= few else found[:: -(-len(found) // many)]

    def _swaps(
        self, s: int, r: int, partners: list[tuple[int | None, int]], floor: int, most: int
    ) -> list[Swap]:
        """The swaps of one review after which both works are worth at least `floor`, for a cost of `most`."""
        problem, chosen = self.problem, self.chosen
        found: list[Swap] = []
        may_give = self.loads[r] > problem.low[r]
        for to, other in partners:
            if other in problem.forbidden[s] or other in chosen[s] or to == s:
                continue
            if to is None:
                if not may_give or self.loads[other] >= problem.high[other]:
                    continue
            elif other not in chosen[to] or r in problem.forbidden[to] or r in chosen[to]:
                continue
            if self._lately(s, r, to, other) > 0:
                continue
            mine = problem.worth(s, [other if each == r else each for each in chosen[s]])
            theirs = 0
            cost = self.worths[s] - mine
            if to is not None:
                theirs = problem.worth(to, [r if each == other else each for each in chosen[to]])
                cost += self.worths[to] - theirs
            if cost > most or mine < floor or (to is not None and theirs < floor):
                continue
            found.append(Swap(s, r, to, other, cost, self._reciprocal(s, r, to, other)))
        return found

    def _lately(self, s: int, r: int, to: int | None, other: int) -> int:
        """How many more pairs that met lately there would be."""
        avoid = self.problem.avoid
        more = (other in avoid[s]) - (r in avoid[s])
        return more if to is None else more + (r in avoid[to]) - (other in avoid[to])

    def _reciprocal(self, s: int, r: int, to: int | None, other: int) -> int:
        """How many more reciprocal pairs there would be."""
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
                self.worths[s] = self.problem.worth(s, self.chosen[s])
        if swap.to is None:
            self.loads[swap.r] -= 1
            self.loads[swap.other] += 1
