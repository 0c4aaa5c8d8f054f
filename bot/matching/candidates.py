"""Which edges are worth looking at. Listing everybody's favourites would list the same few people for all works.

So reviewers get a price that rises while too many works want them and falls while they are idle, as in a market,
and each work lists those that are best after their price.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from bot.matching.problem import AVOIDED, Assignment, Problem

Offer = tuple[list[int], list[int]]
"""Reviewers that a work looks at, and what each is worth to it."""

ALL_BELOW = 60  # Reviewers up to which every edge is a candidate.
SAMPLE_ABOVE = 1_200  # Reviewers above which a sample of them is valued instead of all.
SKILLED_SHARE = 0.7
STEPS = (160, 120, 90, 70, 55, 45, 40, 35, 30, 26, 22, 19, 16, 14, 12, 10, 8, 7, 6, 5)
# After that many of these steps, a work goes on with so many of its candidates.
LISTED = 50
NARROW = {5: 120, 9: LISTED}
# The first part of a sample sets the prices. Each further part is held against them, and moves them by these steps.
PART = 200
SMALL_STEPS = (40, 25, 15, 8)


def choose(
    problem: Problem, base: Assignment, rng: random.Random, *, sample: int = 600, keep: int = 16
) -> list[dict[int, int]]:
    """For each submission, reviewer -> value of its best `keep` edges by adjusted price, and of those of `base`.

    With `base`, an allocation that is possible, the edges always hold one.
    """
    count = len(problem.reviewers)
    prices = [0] * count
    if count <= ALL_BELOW:
        offers = [_value(problem, s, sorted(problem.allowed(s))) for s in range(len(problem.need))]
    else:
        sample = min(count, sample) if count > SAMPLE_ABOVE else count
        offers = _settle(problem, prices, rng, sample)
    edges: list[dict[int, int]] = []
    for s, offer in enumerate(offers):
        people, values = offer if count <= ALL_BELOW else _narrow(*offer, prices, keep + problem.need[s])
        avoid = problem.avoid[s]
        found = {r: value + (AVOIDED if r in avoid else 0) for r, value in zip(people, values, strict=True)}
        for r in base[s]:
            if r not in found:
                found[r] = problem.edge(s, r)
        edges.append(found)
    return edges


def _value(problem: Problem, s: int, people: list[int]) -> Offer:
    """What each of them is worth to the work: those who met the author lately are far down."""
    values = problem.values(s, people)
    avoid = problem.avoid[s]
    if avoid:
        values = [v - AVOIDED if r in avoid else v for v, r in zip(values, people, strict=True)]
    return people, values


def _draw(problem: Problem, s: int, rng: random.Random, size: int) -> list[int]:
    """A part of the sample for one work, in which the skilled have the larger share."""
    skilled, count, chance = problem.skilled(s), len(problem.reviewers), rng.random
    known = len(skilled)
    first = int(size * SKILLED_SHARE) if known else 0
    drawn = [skilled[int(chance() * known)] for _ in range(first)]
    drawn += [int(chance() * count) for _ in range(size - first)]
    forbidden, high = problem.forbidden[s], problem.high
    return [r for r in dict.fromkeys(drawn) if high[r] > 0 and r not in forbidden]


def _settle(problem: Problem, prices: list[int], rng: random.Random, sample: int) -> list[Offer]:
    """A dozen steps of the market, which leave `prices`, and the offers that are still of interest."""
    everyone = sample == len(prices)
    works = range(len(problem.need))
    offers: list[Offer] = []
    for s in works:
        people = sorted(problem.allowed(s)) if everyone else _draw(problem, s, rng, PART)
        rng.shuffle(people)
        offers.append(_value(problem, s, people if problem.need[s] else []))
    for number, step in enumerate(STEPS):
        if number in NARROW:
            keep = NARROW[number]
            offers = [_narrow(*offers[s], prices, keep + problem.need[s]) for s in works]
        _adjust(problem, prices, _count_wanted(problem, offers, prices), step)
    for _ in range(0 if everyone else sample // PART - 1):
        offers = [_merge(problem, s, offers[s], _draw(problem, s, rng, PART), prices) for s in works]
        for step in SMALL_STEPS:
            _adjust(problem, prices, _count_wanted(problem, offers, prices), step)
    return offers


def _merge(problem: Problem, s: int, offer: Offer, fresh: list[int], prices: Sequence[int]) -> Offer:
    """The best of what the work had and of a further part of the sample."""
    people, values = offer
    if not problem.need[s]:
        return offer
    more, worth = _value(problem, s, sorted(set(fresh).difference(people)))
    return _narrow(people + more, values + worth, prices, LISTED + problem.need[s])


def _count_wanted(problem: Problem, offers: Sequence[Offer], prices: Sequence[int]) -> list[int]:
    """How many works want each reviewer at these prices."""
    wanted = [0] * len(prices)
    for s, (people, values) in enumerate(offers):
        after = [v - prices[r] for v, r in zip(values, people, strict=True)]
        for _ in range(min(problem.need[s], len(after))):
            place = after.index(max(after))
            wanted[people[place]] += 1
            after[place] = -AVOIDED * 9
    return wanted


def _adjust(problem: Problem, prices: list[int], wanted: Sequence[int], step: int) -> None:
    """Up for whoever is over-wanted, down for the idle, and back to nothing for whoever has room."""
    for r, want in enumerate(wanted):
        low, high = problem.low[r], problem.high[r]
        if want > high:
            prices[r] += step * min(3, want - high)
        elif want < low:
            prices[r] -= step
        elif want < high and prices[r] > 0:
            prices[r] = max(0, prices[r] - step)
        elif want > low and prices[r] < 0:
            prices[r] = min(0, prices[r] + step)


def _narrow(people: list[int], values: list[int], prices: Sequence[int], keep: int) -> Offer:
    """The best by adjusted price, those on the line included up to twice as many."""
    if len(people) <= keep:
        return people, values
    after = [prices[r] - v for v, r in zip(values, people, strict=True)]
    limit = sorted(after)[keep - 1]
    better = [place for place, each in enumerate(after) if each < limit]
    places = better + [place for place, each in enumerate(after) if each == limit][: 2 * keep - len(better)]
    return [people[place] for place in places], [values[place] for place in places]
