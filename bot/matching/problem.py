"""What an allocation of reviews is asked to do, in small numbers: hard rules, loads, and a value for each edge.

Reviewers and submissions are numbered from 0. Where the values come from is not known here: the default is in
`valuation.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Assignment = list[list[int]]
"""The new reviewers of each submission, without those that were kept."""

# More than all affinity of any allocation can earn by taking one pair that met lately.
AVOIDED = 1_000_000


@dataclass(frozen=True)
class Problem:
    """Choose `need[s]` reviewers for each submission so that each reviewer's load is in `low..high`.

    The loads and needs are those that are left after what is kept. `forbidden[s]` may never review `s`;
    `avoid[s]` met its author lately, and is taken only when there is no other way. `values(s, reviewers)` are
    whole numbers, in the order asked. `bonus` is earned once by a submission that has a reviewer whose `grade` is
    at least `senior_from[s]`. `authors[s]` are those authors that are reviewers themselves.
    """

    reviewers: tuple[str, ...]
    submissions: tuple[str, ...]
    need: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    forbidden: tuple[frozenset[int], ...]
    kept: tuple[tuple[int, ...], ...]
    avoid: tuple[frozenset[int], ...]
    authors: tuple[tuple[int, ...], ...]
    grade: tuple[int, ...]
    senior_from: tuple[int, ...]
    bonus: int
    values: Callable[[int, Sequence[int]], list[int]]
    skilled: Callable[[int], Sequence[int]]
    """Reviewers who know the topics of the submission: the better half of a sample comes from these."""
    _cache: dict[int, int] = field(default_factory=dict[int, int], compare=False, repr=False)

    def is_senior(self, s: int, r: int) -> bool:
        return self.grade[r] >= self.senior_from[s]

    def keeps_senior(self, s: int) -> bool:
        return any(self.is_senior(s, r) for r in self.kept[s])

    def allowed(self, s: int) -> set[int]:
        """Who may still be given to the submission, whatever their load."""
        return {r for r in range(len(self.reviewers)) if self.high[r] > 0} - self.forbidden[s]

    def edge(self, s: int, r: int) -> int:
        """The value of one edge, remembered."""
        key = s * len(self.reviewers) + r
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self.values(s, (r,))[0]
        return found

    def worth(self, s: int, chosen: Sequence[int]) -> int:
        """What a submission gets from its kept and chosen reviewers together."""
        everyone = (*self.kept[s], *chosen)
        senior = any(self.is_senior(s, r) for r in everyone)
        return sum(self.edge(s, r) for r in everyone) + (self.bonus if senior else 0)

    def total(self, assignment: Assignment) -> int:
        return sum(self.worth(s, chosen) for s, chosen in enumerate(assignment))

    def count_avoided(self, assignment: Assignment) -> int:
        return sum(r in self.avoid[s] for s, chosen in enumerate(assignment) for r in chosen)
