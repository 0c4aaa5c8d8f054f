"""Whether an allocation exists at all. If so, one is built; if not, the number that does not fit is named.

Values play no part here. Simple counts come first, because they give the clearest sentences; what they miss is
found by the cut of a maximum flow: a group that asks for more than the people it can reach may give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from bot.errors import LimitReached
from bot.matching.problem import Assignment, Problem

NAMED = 5  # A longer list of names is cut: the first few show where to look.


def find_any(problem: Problem) -> Assignment:
    """Any allocation that keeps the hard rules and the loads. Raises `LimitReached` with the reason if none exists."""
    check_counts(problem)
    search = _Search(problem)
    search.fill()
    search.lift_loads()
    return [sorted(chosen) for chosen in search.chosen]


def find_most(problem: Problem) -> Assignment:
    """As much of an allocation as can be had, within the hard rules and maximum loads: first a reviewer for each
    submission that has none, then a second one."""
    search = _Search(problem)
    wanting = {s for s, need in enumerate(problem.need) if need > 0}
    while wanting:
        s = min(wanting, key=lambda each: (len(problem.kept[each]) + len(search.chosen[each]), each))
        if not search.give_to_idlest(s):
            try:
                search.find_for(s)
            except LimitReached:
                wanting.discard(s)
                continue
        if len(search.chosen[s]) >= problem.need[s]:
            wanting.discard(s)
    return [sorted(chosen) for chosen in search.chosen]


def complete(problem: Problem, partial: Sequence[Iterable[int]]) -> Assignment:
    """A partial allocation, within the hard rules and maximum loads, made whole by moving as little as possible."""
    search = _Search(problem)
    for s, people in enumerate(partial):
        for r in people:
            search.give(s, r)
    for s, need in enumerate(problem.need):
        while len(search.chosen[s]) < need:
            search.find_for(s)
    search.lift_loads()
    return [sorted(chosen) for chosen in search.chosen]


def check_counts(problem: Problem) -> None:
    """The refusals that plain counting finds."""
    for r, name in enumerate(problem.reviewers):
        if problem.low[r] > problem.high[r]:
            raise LimitReached(
                "{member} must take at least {low} and may take at most {high} more reviews. "
                "Raise that maximum or lower that minimum.",
                member=name,
                low=problem.low[r],
                high=problem.high[r],
            )
    reach = [0] * len(problem.reviewers)
    able = frozenset(r for r, high in enumerate(problem.high) if high > 0)
    usual = sum(need > 0 for need in problem.need)
    for s, name in enumerate(problem.submissions):
        if problem.need[s] == 0:
            continue
        out = problem.forbidden[s] & able
        for r in out:
            reach[r] -= 1
        if len(able) - len(out) < problem.need[s]:
            raise LimitReached(
                "{submission} needs {need} more reviews, and only {found} people may review it. "
                "Ask for fewer reviews each, list more reviewers, or lift a block.",
                submission=name,
                need=problem.need[s],
                found=len(able) - len(out),
            )
    for r, name in enumerate(problem.reviewers):
        if problem.low[r] > usual + reach[r]:
            raise LimitReached(
                "{member} must take at least {low} more reviews, and only {found} works are theirs to review. "
                "Lower that minimum.",
                member=name,
                low=problem.low[r],
                found=usual + reach[r],
            )
    _check_sums(problem)


def _check_sums(problem: Problem) -> None:
    wanted, most, least = sum(problem.need), sum(problem.high), sum(problem.low)
    if wanted > most:
        raise LimitReached(
            "{wanted} reviews are needed, and all reviewers together may take {most}. "
            "Raise the maximum load, list more reviewers, or ask for fewer reviews each.",
            wanted=wanted,
            most=most,
        )
    if wanted < least:
        raise LimitReached(
            "{wanted} reviews are needed, and the reviewers must take at least {least} together. "
            "Lower the minimum load, or ask for more reviews each.",
            wanted=wanted,
            least=least,
        )


class _Search:
    """Builds an allocation step by step. Each step moves along a path on which one review changes hands."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.chosen: list[set[int]] = [set() for _ in problem.submissions]
        self.works: list[set[int]] = [set() for _ in problem.reviewers]
        self.able = {r for r, high in enumerate(problem.high) if high > 0}

    def fill(self) -> None:
        """Give every submission its reviewers, those with the lowest load first."""
        problem = self.problem
        order = sorted(range(len(problem.submissions)), key=lambda s: -len(problem.forbidden[s]))
        queue = deque(sorted(self.able, key=lambda r: -problem.low[r]))
        for s in order:
            passed: list[int] = []
            given: list[int] = []
            while queue and len(given) < problem.need[s]:
                r = queue.popleft()
                if r in problem.forbidden[s]:
                    passed.append(r)
                else:
                    self.give(s, r)
                    given.append(r)
            queue.extendleft(reversed(passed))
            queue.extend(r for r in given if len(self.works[r]) < problem.high[r])
            while len(self.chosen[s]) < problem.need[s]:
                self.find_for(s)
                queue = deque(r for r in queue if len(self.works[r]) < problem.high[r])

    def give(self, s: int, r: int) -> None:
        self.chosen[s].add(r)
        self.works[r].add(s)

    def give_to_idlest(self, s: int) -> bool:
        """One more reviewer without moving anybody: whoever was given least. False when nobody has room."""
        free = self.able - self.problem.forbidden[s] - self.chosen[s]
        free = {r for r in free if len(self.works[r]) < self.problem.high[r]}
        if free:
            self.give(s, min(free, key=lambda r: (len(self.works[r]), r)))
        return bool(free)

    def find_for(self, start: int) -> None:
        """One more reviewer for the submission, if need be by moving others."""
        came: dict[int, tuple[int, int]] = {}  # reviewer -> the submission that takes them, from whom it came
        left = set(self.able)
        todo: deque[tuple[int, int]] = deque([(start, -1)])
        seen = {start}
        while todo:
            s, loser = todo.popleft()
            for r in sorted(left - self.problem.forbidden[s] - self.chosen[s]):
                left.discard(r)
                came[r] = (s, loser)
                if len(self.works[r]) < self.problem.high[r]:
                    self._shift(r, came)
                    return
                for other in sorted(self.works[r] - seen):
                    seen.add(other)
                    todo.append((other, r))
        self._refuse_demand(seen, left)

    def _shift(self, r: int, came: dict[int, tuple[int, int]]) -> None:
        while True:
            s, loser = came[r]
            self.give(s, r)
            if loser < 0:
                return
            self.chosen[s].discard(loser)
            self.works[loser].discard(s)
            r = loser

    def _refuse_demand(self, group: set[int], left: set[int]) -> None:
        problem = self.problem
        reached = self.able - left
        wanted = sum(problem.need[s] - len(self.chosen[s] & left) for s in group)
        raise LimitReached(
            "{submissions} need {wanted} reviews from {reviewers}, who together may take {most}. "
            "Raise the maximum load of one of them, list more reviewers, or lift a block.",
            submissions=_names(problem.submissions, group),
            wanted=wanted,
            reviewers=_names(problem.reviewers, reached),
            most=sum(problem.high[r] for r in reached),
        )

    def lift_loads(self) -> None:
        """Move reviews to those below their minimum, from those above theirs."""
        for r, low in enumerate(self.problem.low):
            while len(self.works[r]) < low:
                self._lift(r)

    def _lift(self, start: int) -> None:
        came: dict[int, tuple[int, int]] = {}  # reviewer -> the submission they give up, to whom
        seen = {start}
        todo = deque([start])
        open_works = {s for s, need in enumerate(self.problem.need) if need > 0}
        while todo:
            taker = todo.popleft()
            for s in sorted(open_works - self.works[taker]):
                if taker in self.problem.forbidden[s]:
                    continue
                open_works.discard(s)
                for giver in sorted(self.chosen[s] - seen):
                    seen.add(giver)
                    came[giver] = (s, taker)
                    if len(self.works[giver]) > self.problem.low[giver]:
                        self._hand_over(giver, came)
                        return
                    todo.append(giver)
        self._refuse_minimum(seen, open_works)

    def _hand_over(self, giver: int, came: dict[int, tuple[int, int]]) -> None:
        while giver in came:
            s, taker = came[giver]
            self.chosen[s].discard(giver)
            self.works[giver].discard(s)
            self.give(s, taker)
            giver = taker

    def _refuse_minimum(self, group: set[int], left: set[int]) -> None:
        problem = self.problem
        raise LimitReached(
            "{reviewers} must take at least {least} reviews together, and the works that they may review have room "
            "for {most} from them. Lower the minimum load of one of them, or lift a block.",
            reviewers=_names(problem.reviewers, group),
            least=sum(problem.low[r] for r in group),
            most=sum(len(self.works[r]) for r in group),
        )


def _names(names: Sequence[str], chosen: Iterable[int]) -> str:
    found = sorted(names[each] for each in chosen)
    more = len(found) - NAMED
    return ", ".join(found[:NAMED]) + (f" (+{more})" if more > 0 else "")
