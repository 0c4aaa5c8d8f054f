"""Eight weeks of a community: who takes part changes, the past grows, and it is counted what becomes of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from time import process_time

from bot.free_hours import free_hours
from bot.matching import flow
from bot.matching.instance import Together
from bot.matching.problem import Problem
from cogs.pairs.drawing import Inputs, Pair, draw
from cogs.pairs.rules import Person, Weights, worth

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
)
TOPICS = ("SQL", "writing", "Rust", "statistics", "design", "testing", "gardening", "music")
DAY = date(2026, 1, 12)
TAKES_PART = 0.85
WEEKS = 8


@dataclass(frozen=True)
class Weeks:
    """`share_of_bound` is the value over an upper bound, see `bound`."""

    repeats: int
    left_out: int
    odd_weeks: int
    trios: int
    share_of_bound: float
    shared_hours: float
    slowest: float
    """Seconds of the processor that the search of a round took."""


def crowd(count: int, rng: random.Random) -> list[Person]:
    """Members in several zones, of whom each can show and would learn a thing or two."""
    people: list[Person] = []
    for number in range(1, count + 1):
        topics = rng.sample(TOPICS, 4)
        hours = free_hours(rng.choices(ZONES, (6, 3, 4, 2, 3, 1))[0], DAY)
        people.append(Person(number, hours, tuple(topics[: rng.randint(0, 2)]), tuple(topics[2:])))
    return people


def eight_weeks(count: int, rng: random.Random) -> Weeks:
    people = crowd(count, rng)
    by_id = {each.id: each for each in people}
    together: dict[Pair, Together] = {}
    repeats = left_out = odd = trios = 0
    shares: list[float] = []
    hours: list[int] = []
    slowest = 0.0
    for week in range(WEEKS):
        present = tuple(each for each in people if rng.random() < TAKES_PART)
        past = {pair: Together(met.times, met.weeks_ago + week) for pair, met in together.items()}
        inputs = Inputs(present, together=past)
        began = process_time()
        drawn = draw(inputs, rng.getrandbits(31))
        slowest = max(slowest, process_time() - began)
        odd += len(present) % 2
        trios += sum(len(group) == 3 for group in drawn.groups)
        left_out += len(drawn.left_out)
        value = 0.0
        for group in drawn.groups:
            for pair in combinations(sorted(group), 2):
                a, b = (by_id[each] for each in pair)
                repeats += pair in together
                together[pair] = Together(together[pair].times + 1 if pair in together else 1, -week)
                value += worth(a, b, Weights()) * 2 / (len(group) - 1)
                hours.append((a.hours & b.hours).bit_count())
        shares.append(value / bound(present, past))
    return Weeks(
        repeats,
        left_out,
        odd,
        trios,
        sum(shares) / WEEKS,
        sum(min(4, each) for each in hours) / len(hours),
        slowest,
    )


def bound(present: tuple[Person, ...], past: dict[Pair, Together]) -> float:
    """The best way to give everybody somebody new, which need not be somebody who is given them: no pairing has more."""
    count = len(present)

    def is_new(a: int, b: int) -> bool:
        one, other = present[a].id, present[b].id
        return a != b and (min(one, other), max(one, other)) not in past

    def values(a: int, others: Sequence[int]) -> list[int]:
        return [worth(present[a], present[b], Weights()) for b in others]

    nobody = (frozenset[int](),) * count
    names = tuple(str(each.id) for each in present)
    problem = Problem(
        reviewers=names,
        submissions=names,
        need=(1,) * count,
        low=(1,) * count,
        high=(1,) * count,
        forbidden=tuple(frozenset(b for b in range(count) if not is_new(a, b)) for a in range(count)),
        kept=((),) * count,
        avoid=nobody,
        authors=((),) * count,
        grade=(0,) * count,
        senior_from=(1,) * count,
        bonus=0,
        values=values,
        skilled=lambda _: (),
    )
    edges = [{b: problem.edge(a, b) for b in range(count) if is_new(a, b)} for a in range(count)]
    return float(problem.total(flow.solve(problem, edges)))
