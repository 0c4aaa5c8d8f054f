"""Whether people can all be paired when some may not meet: Edmonds' maximum matching, without values."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

Able = Sequence[Sequence[int]]
"""For each person, whom they may meet."""


ALL_UP_TO = 300  # People up to whom everybody is looked at for everybody.
LOOKED_AT = 40  # Chance others that a person is looked at with in a larger round; whoever may meet few, with them all.
# That are tried for an odd count, beside those next to a pair: enough for all of a small round.
TRIOS = 1_000


def able_of(apart: Sequence[Collection[int]], rng: random.Random) -> Able:
    """Whom each may meet, in a chance order, from who must stay apart (both ways).

    In a large round a chance part of them. So many chance others leave nobody alone, and who may meet few is known with
    all of these, so that in practice as many can be paired as with everybody.
    """
    count = len(apart)
    if count <= ALL_UP_TO:
        found = [[b for b in range(count) if b != a and b not in apart[a]] for a in range(count)]
    else:
        some: list[set[int]] = [set() for _ in apart]
        for a, out in enumerate(apart):
            for b in _some(a, out, count, rng):
                some[a].add(b)
                some[b].add(a)
        found = [sorted(others) for others in some]
    for others in found:
        rng.shuffle(others)
    return found


def _some(a: int, out: Collection[int], count: int, rng: random.Random) -> Collection[int]:
    if count - len(out) > 2 * LOOKED_AT:
        found: set[int] = set()
        for _ in range(8 * LOOKED_AT):
            b = rng.randrange(count)
            if b != a and b not in out:
                found.add(b)
                if len(found) == LOOKED_AT:
                    return found
    may = [b for b in range(count) if b != a and b not in out]
    return rng.sample(may, min(len(may), 2 * LOOKED_AT))


def maximum(able: Able, without: Collection[int] = (), start: Sequence[int] = ()) -> list[int]:
    """The partner of each, or -1, in a largest matching. `start` is one to begin with."""
    mate = list(start) or [-1] * len(able)
    out = set(without)
    for a in out:
        if mate[a] >= 0:
            mate[mate[a]] = mate[a] = -1
    for a, others in enumerate(able):
        if mate[a] < 0 and a not in out:
            b = next((b for b in others if mate[b] < 0 and b not in out), -1)
            if b >= 0:
                mate[a], mate[b] = b, a
    for a in range(len(able)):
        if mate[a] < 0 and a not in out:
            _Tree(able, mate, out).grow(a)
    return mate


def most_paired(able: Able) -> int:
    """How many people can have a partner at once."""
    return sum(b >= 0 for b in maximum(able))


def spare(able: Able, mate: Sequence[int]) -> list[int]:
    """Without whom as many pairs can be had as with them, from a largest matching (Gallai and Edmonds)."""
    found: set[int] = set()
    for a, b in enumerate(mate):
        if b < 0 and a not in found:
            tree = _Tree(able, list(mate), ())
            tree.grow(a)
            found.update(n for n, even in enumerate(tree.even) if even)
    return sorted(found)


def all_paired(able: Able) -> list[list[int]] | None:
    """Everybody in pairs, with one trio for an odd count, in which all may meet. None if that cannot be.

    Of a round in which nearly nobody may meet nearly anybody, not more than `TRIOS` trios are tried.
    """
    mate = maximum(able)
    alone = [a for a, b in enumerate(mate) if b < 0]
    if len(alone) != len(able) % 2:
        return None
    if not alone:
        return _grouped(mate)
    for trio in islice(_trios(able, mate, alone[0]), TRIOS):
        rest = maximum(able, trio, mate)
        if sum(b < 0 for b in rest) == 3:
            return [list(trio), *_grouped(rest)]
    return None


def _trios(able: Able, mate: Sequence[int], alone: int) -> Iterator[tuple[int, ...]]:
    """Who could be the trio: the one who is left with a pair, or who is left when they take somebody's partner; then all
    who can be spared, since any of a trio could be the one without a partner."""
    for a in (alone, *(mate[b] for b in able[alone])):
        may = set(able[a])
        yield from ((a, b, mate[b]) for b in able[a] if b < mate[b] and mate[b] in may)
    odd = {a: set(able[a]) for a in spare(able, mate)}
    for a, may in odd.items():
        for b in sorted(may):
            if b > a and b in odd:
                yield from ((a, b, c) for c in sorted(may & odd[b]) if c > b and c in odd)


def _grouped(mate: Sequence[int]) -> list[list[int]]:
    return [[a, b] for a, b in enumerate(mate) if a < b]


class _Tree:
    """One search for a path that gives one more person a partner; odd circles are shrunk to their base."""

    def __init__(self, able: Able, mate: list[int], out: Collection[int]) -> None:
        self.able, self.mate, self.out = able, mate, out
        self.base = list(range(len(able)))
        self.parent = [-1] * len(able)
        self.even = [False] * len(able)

    def grow(self, root: int) -> None:
        self.even[root] = True
        todo = deque([root])
        while todo:
            a = todo.popleft()
            for b in self.able[a]:
                if b in self.out or self.base[a] == self.base[b] or self.mate[a] == b:
                    continue
                if b == root or (self.mate[b] >= 0 and self.parent[self.mate[b]] >= 0):
                    self._shrink(a, b, todo)
                elif self.parent[b] < 0:
                    self.parent[b] = a
                    if self.mate[b] < 0:
                        self._flip(b)
                        return
                    self.even[self.mate[b]] = True
                    todo.append(self.mate[b])

    def _flip(self, b: int) -> None:
        while b >= 0:
            a = self.parent[b]
            following = self.mate[a]
            self.mate[a], self.mate[b] = b, a
            b = following

    def _shrink(self, a: int, b: int, todo: deque[int]) -> None:
        base = self._common(a, b)
        inside: set[int] = set()
        self._mark(a, base, b, inside)
        self._mark(b, base, a, inside)
        for v in range(len(self.base)):
            if self.base[v] in inside:
                self.base[v] = base
                if not self.even[v]:
                    self.even[v] = True
                    todo.append(v)

    def _common(self, a: int, b: int) -> int:
        """Where the ways of two people to the root meet."""
        passed: set[int] = set()
        while True:
            a = self.base[a]
            passed.add(a)
            if self.mate[a] < 0:
                break
            a = self.parent[self.mate[a]]
        while self.base[b] not in passed:
            b = self.parent[self.mate[self.base[b]]]
        return self.base[b]

    def _mark(self, v: int, base: int, child: int, inside: set[int]) -> None:
        while self.base[v] != base:
            inside |= {self.base[v], self.base[self.mate[v]]}
            self.parent[v] = child
            child = self.mate[v]
            v = self.parent[child]
