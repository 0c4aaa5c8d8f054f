"""Whether people can all be paired when some may not meet: Edmonds' maximum matching, without values."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

Able = Sequence[Sequence[int]]
"""For each person, whom they may meet."""


def maximum(able: Able, without: Collection[int] = ()) -> list[int]:
    """The partner of each, or -1, in a largest matching."""
    mate = [-1] * len(able)
    out = set(without)
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


def all_paired(able: Able) -> list[list[int]] | None:
    """Everybody in pairs, with one trio for an odd count, in which all may meet. None if that cannot be."""
    count = len(able)
    if count % 2 == 0:
        mate = maximum(able)
        return None if -1 in mate else [[a, b] for a, b in enumerate(mate) if a < b]
    may = [set(others) for others in able]
    for a in range(count):
        for b in sorted(may[a]):
            for c in sorted(may[a] & may[b]):
                if a < b < c:
                    trio = (a, b, c)
                    mate = maximum(able, trio)
                    if sum(m < 0 for m in mate) == 3:
                        return [list(trio), *([x, y] for x, y in enumerate(mate) if x < y)]
    return None


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
