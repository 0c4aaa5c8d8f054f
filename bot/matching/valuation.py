"""What a review or a meeting is worth by default, in whole numbers, and which ones to avoid.

Only comparisons matter: 100 is one level of skill in the topic, 75 an hour that both have free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.matching.instance import Member, Met, Submission, Together

SKILL, HOUR, HOURS = 100, 75, 4
LEVEL_STEPS = {0: 160, 1: 200, 2: 160, 3: 100, 4: 100, -1: 80}  # reviewer's level minus author's
SENIOR_BONUS = 150
SENIOR_LEVEL = 3
RECENT_WEEKS, EARLIER_WEEKS = 4, 8
RECENT, EARLIER = -1000, -300
AGAIN = 1_000_000  # more than all that a round of exchanges can earn elsewhere
MOST_TIMES, YEAR = 30, 52
TOPIC, TOPICS = 100, 3
LEVEL_DISTANCES = (120, 150, 100, 40, 0)

SHARED_HOURS = tuple(HOUR * min(HOURS, count) for count in range(25))


def senior_from(author: Member) -> int:
    """The lowest level that counts as senior for this author's work."""
    return min(SENIOR_LEVEL, author.level + 1)


def last_met(history: Iterable[Met]) -> dict[str, dict[str, int]]:
    """author -> reviewer -> how many weeks ago they last met, the nearest round counting."""
    found: dict[str, dict[str, int]] = {}
    for met in history:
        for reviewer, author in met.pairs:
            weeks = found.setdefault(author, {})
            weeks[reviewer] = min(met.weeks_ago, weeks.get(reviewer, met.weeks_ago))
    return found


def repeat_penalty(weeks_ago: int) -> int:
    if 1 <= weeks_ago <= RECENT_WEEKS:
        return RECENT
    return EARLIER if RECENT_WEEKS < weeks_ago <= EARLIER_WEEKS else 0


def again_cost(met: Together) -> int:
    """What it costs to put two together who were before, where the whole past counts.

    The square keeps everybody's number of repeats even; a repeat is dearer than any affinity, and a year makes up for
    half of one.
    """
    times = min(met.times, MOST_TIMES)
    recency = max(0, YEAR - met.weeks_ago)
    return AGAIN * times * times + AGAIN * recency // (2 * YEAR)


class ReviewValues:
    """The default valuation of reviews: skill in the topics, hours in common, level, and not again so soon.

    `best[topics][r]` is what a reviewer's best skill in these topics is worth; `fast_candidates.py` reads all of it.
    """

    def __init__(
        self,
        reviewers: Sequence[Member],
        submissions: Sequence[Submission],
        members: Mapping[str, Member],
        history: Iterable[Met],
    ) -> None:
        self.levels = [each.level for each in reviewers]
        self.hours = [each.hours for each in reviewers]
        self.best: dict[tuple[str, ...], list[int]] = {}
        self._skilled: dict[tuple[str, ...], list[int]] = {}
        self.topics = [each.topics for each in submissions]
        self.firsts = [members[each.authors[0]] for each in submissions]
        self._steps = {level: [LEVEL_STEPS.get(other - level, 0) for other in range(5)] for level in range(5)}
        numbers = {each.id: r for r, each in enumerate(reviewers)}
        met = last_met(history)
        self.penalties: list[dict[int, int]] = []
        for submission in submissions:
            weeks: dict[int, int] = {}
            for author in submission.authors:
                for reviewer, ago in met.get(author, {}).items():
                    r = numbers.get(reviewer)
                    if r is not None:
                        weeks[r] = min(repeat_penalty(ago), weeks.get(r, 0))
            self.penalties.append(weeks)
        for topics in set(self.topics):
            rows = [[each.skills.get(topic, 0) for each in reviewers] for topic in topics]
            self.best[topics] = [SKILL * max(skills) for skills in zip(*rows, strict=True)] or [0] * len(
                reviewers
            )
            self._skilled[topics] = [r for r, best in enumerate(self.best[topics]) if best >= 2 * SKILL]

    def __call__(self, s: int, reviewers: Sequence[int]) -> list[int]:
        best, first = self.best[self.topics[s]], self.firsts[s]
        free, steps, levels, hours = first.hours, self._steps[first.level], self.levels, self.hours
        shared = SHARED_HOURS
        found = [best[r] + shared[(hours[r] & free).bit_count()] + steps[levels[r]] for r in reviewers]
        weeks = self.penalties[s]
        if weeks:
            found = [value + weeks.get(r, 0) for value, r in zip(found, reviewers, strict=True)]
        return found

    def skilled(self, s: int) -> Sequence[int]:
        return self._skilled[self.topics[s]]

    def avoid(self, s: int) -> frozenset[int]:
        return frozenset(r for r, penalty in self.penalties[s].items() if penalty == RECENT)


def pair_values(members: Sequence[Member], met: Mapping[int, Mapping[int, int]]) -> Callable[[int, int], int]:
    """The default valuation of a meeting: hours and topics in common, a step apart in level, and not again so soon.

    `met[a][b]` is how many weeks ago they last met, for both orders.
    """
    topics = [frozenset(each.skills) for each in members]

    def value(a: int, b: int) -> int:
        first, second = members[a], members[b]
        found = SHARED_HOURS[(first.hours & second.hours).bit_count()]
        found += TOPIC * min(TOPICS, len(topics[a] & topics[b]))
        found += LEVEL_DISTANCES[abs(first.level - second.level)]
        weeks = met.get(a, {}).get(b)
        return found if weeks is None else found + repeat_penalty(weeks)

    return value
