"""The search for good pairs: circles from an assignment, cut into pairs, and exchanges between groups."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from bot.matching import candidates, engine, feasible
from bot.matching.problem import AVOIDED, Problem

Groups = list[list[int]]

NEVER = 10**12  # more than all that may be avoided, whatever has happened in the past
MET = 10_000  # For a pair that met 5 to 8 weeks ago: more than a few exchanges can earn elsewhere.
SHAKES = 3_000  # Tries to leave a dead end, in a round of up to `SMALL`; a larger one gets fewer.
SMALL = 60
LARGE, LARGE_SAMPLE = 2_000, 200  # In a round of more people, fewer others are looked at for each.
NEAR = 30  # In a larger round a person looks at this many promising partners.


class Worth:
    """What a group is worth: twice the sum of its pairs over (size - 1), which is a whole number."""

    def __init__(
        self,
        count: int,
        value: Callable[[int, int], int],
        apart: Sequence[set[int]],
        recent: Mapping[int, set[int]],
        costs: Mapping[int, Mapping[int, int]],
    ) -> None:
        """`costs` are those of meeting again, for both orders; `recent` are the ones that are counted."""
        self.size, self.value, self.apart, self.recent, self.costs = count, value, apart, recent, costs
        self._known: dict[int, int] = {}

    def pair(self, a: int, b: int) -> int:
        """The value of a pair with what forbids it or should be avoided taken off."""
        key = a * self.size + b if a < b else b * self.size + a
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.value(a, b) - self.cost(a, b)
        return found

    def cost(self, a: int, b: int) -> int:
        """What forbids a pair, or is to be avoided."""
        return NEVER if b in self.apart[a] else self.costs.get(a, {}).get(b, 0)

    def group(self, group: Sequence[int]) -> int:
        if len(group) == 2:
            return 2 * self.pair(*group)
        a, b, c = group
        # A trio's edges count half, but what must not be is as bad in a trio as in a pair.
        return sum(self.pair(*two) - self.cost(*two) for two in ((a, b), (b, c), (a, c)))

    def plain(self, group: Sequence[int]) -> int:
        """The group's worth without what is taken off."""
        pairs = [(a, b) for n, a in enumerate(group) for b in group[n + 1 :]]
        return sum(self.value(a, b) for a, b in pairs) * 2 // (len(group) - 1)

    def count_apart(self, groups: Groups) -> int:
        """Pairs that may never be."""
        pairs = ((a, b) for group in groups for n, a in enumerate(group) for b in group[n + 1 :])
        return sum(b in self.apart[a] for a, b in pairs)

    def count_recent(self, groups: Groups) -> int:
        pairs = ((a, b) for group in groups for n, a in enumerate(group) for b in group[n + 1 :])
        return sum(b in self.recent.get(a, ()) for a, b in pairs)


def start(worth: Worth, rng: random.Random) -> Groups:
    """Circles of the best assignment of everybody to somebody, cut into pairs; who is left is paired as it comes."""
    count = worth.size
    if count < 4:
        return [list(range(count))]
    groups: Groups = []
    left: list[int] = []
    for circle in _circles(worth, rng):
        rest = circle
        if len(circle) % 2:
            turns = [circle[n:] + circle[:n] for n in range(len(circle))]
            rest = max(
                turns, key=lambda turn: sum(worth.group(turn[n : n + 2]) for n in range(1, len(turn), 2))
            )
            left.append(rest[0])
            rest = rest[1:]
        cuts = [rest, rest[1:] + rest[:1]] if len(circle) % 2 == 0 else [rest]
        best = max(cuts, key=lambda cut: sum(worth.group(cut[n : n + 2]) for n in range(0, len(cut), 2)))
        groups += [best[n : n + 2] for n in range(0, len(best), 2)]
    while len(left) > 1:
        a = left.pop()
        b = max(left, key=lambda other: worth.pair(a, other))
        left.remove(b)
        groups.append([a, b])
    if left:
        n = max(range(len(groups)), key=lambda n: worth.group([*groups[n], left[0]]) - worth.group(groups[n]))
        groups[n] = [*groups[n], left[0]]
    return groups


def _circles(worth: Worth, rng: random.Random) -> list[list[int]]:
    """Everybody is given one person and is given to one person: the flow for reviews with k = 1."""
    count = worth.size
    everyone = range(count)
    names = tuple(str(n) for n in everyone)

    def values(a: int, others: Sequence[int]) -> list[int]:
        if count > LARGE:  # Too many to remember them all.
            return [max(worth.value(a, b) - worth.cost(a, b), -2 * AVOIDED) for b in others]
        return [max(worth.pair(a, b), -2 * AVOIDED) for b in others]

    problem = Problem(
        reviewers=names,
        submissions=names,
        need=(1,) * count,
        low=(1,) * count,
        high=(1,) * count,
        forbidden=tuple(frozenset((n,)) for n in everyone),
        kept=((),) * count,
        avoid=(frozenset[int](),) * count,
        authors=((),) * count,
        grade=(0,) * count,
        senior_from=(1,) * count,
        bonus=0,
        values=values,
        skilled=lambda _: (),
    )
    chosen = engine.settings(problem)
    sample = chosen.sample if count <= LARGE else LARGE_SAMPLE
    edges = candidates.choose(problem, feasible.find_any(problem), rng, sample=sample, keep=chosen.keep)
    given = [people[0] for people in chosen.solve(problem, edges)]
    circles: list[list[int]] = []
    seen: set[int] = set()
    for first in everyone:
        circle: list[int] = []
        n = first
        while n not in seen:
            seen.add(n)
            circle.append(n)
            n = given[n]
        if circle:
            circles.append(circle)
    return circles


def improve(worth: Worth, groups: Groups, rng: random.Random) -> Groups:
    """Exchanges while they help, then shake-ups of which the good ones stay."""
    groups = [list(group) for group in groups]
    place = {n: g for g, group in enumerate(groups) for n in group}
    near = _near(worth, rng)
    _descend(worth, groups, place, near, list(place))
    people = sorted(place)
    tries = SHAKES if worth.size <= SMALL else SHAKES * 2 * SMALL // worth.size
    for _ in range(tries if len(groups) > 2 else 0):
        chosen = rng.sample(range(len(groups)), min(len(groups), rng.choice((3, 4))))
        before = [list(groups[g]) for g in chosen]
        touched = _rebuild(worth, groups, place, chosen, rng)
        gain = sum(worth.group(groups[g]) for g in chosen) - sum(worth.group(group) for group in before)
        if gain < 0:
            for g, group in zip(chosen, before, strict=True):
                groups[g] = group
                place.update(dict.fromkeys(group, g))
        elif gain > 0:
            _descend(worth, groups, place, near, touched)
    assert sorted(place) == people
    return groups


def _near(worth: Worth, rng: random.Random) -> list[list[int]]:
    """Whom each person would like to meet. All in a small round, the best of a sample in a large one."""
    count = worth.size
    looked_at = 8 * NEAR if count <= LARGE else 3 * NEAR
    found: list[list[int]] = []
    for a in range(count):
        if count <= SMALL:
            others = [b for b in range(count) if b != a]
        else:
            drawn = [b for b in rng.sample(range(count), min(count, looked_at)) if b != a]
            values = {b: worth.value(a, b) - worth.cost(a, b) for b in drawn}
            others = sorted(drawn, key=lambda b: -values[b])[:NEAR]
        found.append(others)
    return found


def _descend(
    worth: Worth, groups: Groups, place: dict[int, int], near: Sequence[Sequence[int]], todo: list[int]
) -> None:
    """Bring each of `todo` together with somebody they would like to meet, while that gains."""
    while todo:
        a = todo.pop()
        for b in near[a]:
            g, h = place[a], place[b]
            if g == h:
                continue
            best = _exchange(worth, groups[g], groups[h], a, b)
            if best is None:
                continue
            groups[g], groups[h] = best
            for each in (g, h):
                place.update(dict.fromkeys(groups[each], each))
                todo += groups[each]
            break


def _exchange(
    worth: Worth, mine: list[int], theirs: list[int], a: int, b: int
) -> tuple[list[int], list[int]] | None:
    """The best way for `b` to change places with somebody of `a`'s group, or None if none gains."""
    limit = worth.group(mine) + worth.group(theirs)
    best: tuple[list[int], list[int]] | None = None
    for c in mine:
        if c == a:
            continue
        one = [b if n == c else n for n in mine]
        other = [c if n == b else n for n in theirs]
        total = worth.group(one) + worth.group(other)
        if total > limit:
            limit, best = total, (one, other)
    if len(theirs) == 3:  # The third of a trio may also just come over.
        one, other = [*mine, b], [n for n in theirs if n != b]
        if worth.group(one) + worth.group(other) > limit:
            best = (one, other)
    return best


def _rebuild(
    worth: Worth, groups: Groups, place: dict[int, int], chosen: Sequence[int], rng: random.Random
) -> list[int]:
    """Put the people of some groups together anew, from a chance order: greedily, or by chance alone."""
    people = [n for g in chosen for n in groups[g]]
    rng.shuffle(people)
    greedy = rng.random() < 0.5
    for number, g in enumerate(chosen):
        a = people.pop()
        size = len(people) + 1 if number == len(chosen) - 1 else 2
        group = [a]
        while len(group) < size:
            b = max(people, key=lambda other: worth.pair(a, other)) if greedy else people[-1]
            people.remove(b)
            group.append(b)
        groups[g] = group
        place.update(dict.fromkeys(group, g))
    return [n for g in chosen for n in groups[g]]
