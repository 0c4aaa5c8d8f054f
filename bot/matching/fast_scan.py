"""Everybody's favourites at given prices, over all pairs, in numpy: for the default valuation alone.

Three rows are added for each work: skill in its topics, hours in common with its author, and the step in level. Each
is made once for all works that are alike in it, so that a hundred million pairs take about two seconds.
"""

from __future__ import annotations

import importlib
import random
from typing import Any

from bot.matching.problem import Problem
from bot.matching.valuation import LEVEL_STEPS, SHARED_HOURS, ReviewValues

np: Any = importlib.import_module("numpy")
Array = Any

TIES = 8  # Values are eight times as large, plus a chance number below eight: ties fall differently for each work.
DEAREST = 2_500  # With that, sums stay within 16 bits.
NOBODY = -30_000
FILLER = NOBODY - 2_000  # Below everybody, to fill the last group.
AT_ONCE = 50  # Works whose table stays in the processor's cache.
HALF_DAY = 12
GROUP = 16  # Reviewers of whom the best is known before any of them is looked at.
POPCOUNT = np.array([each.bit_count() for each in range(1 << HALF_DAY)], dtype=np.uint8)


def count_bits(masks: Array) -> Array:
    """Of masks of 24 bits."""
    return POPCOUNT[masks & ((1 << HALF_DAY) - 1)] + POPCOUNT[masks >> HALF_DAY]


def favourites(
    problem: Problem, values: ReviewValues, works: Array, prices: Array, rng: random.Random, many: int
) -> Array:
    """The `many` best reviewers of each work after their prices; nobody forbidden, and nobody met lately."""
    count = len(problem.reviewers)
    many = min(many, count)
    best = {
        topics: np.minimum(row, DEAREST // 2).astype(np.int16) * TIES for topics, row in values.best.items()
    }
    levels, hours = np.array(values.levels), np.array(values.hours, dtype=np.int32)
    steps = [
        (np.array([LEVEL_STEPS.get(b - a, 0) for b in range(5)], dtype=np.int16) * TIES)[levels]
        for a in range(5)
    ]
    shares = np.array(SHARED_HOURS, dtype=np.int16) * TIES
    prices = np.clip(prices, -DEAREST, DEAREST).astype(np.int16) * TIES
    prices[np.array(problem.high) == 0] = -NOBODY
    chance = np.random.default_rng(rng.getrandbits(64))
    ties = chance.integers(0, TIES, 2 * count, dtype=np.int16)
    places = chance.integers(0, count, len(problem.need)).tolist()
    found = np.empty((len(works), many), dtype=np.int64)
    order = sorted(range(len(works)), key=lambda row: values.firsts[int(works[row])].hours)
    shared, free = shares, -1
    groups = max(many, -(-count // GROUP))
    room = np.full((min(AT_ONCE, len(order)), groups * GROUP), FILLER, dtype=np.int16)
    for first in range(0, len(order), AT_ONCE):
        rows = order[first : first + AT_ONCE]
        table = room[: len(rows)]
        for place, row in enumerate(rows):
            s, net = int(works[row]), table[place, :count]
            author = values.firsts[s]
            if author.hours != free:
                free = author.hours
                shared = shares[count_bits(hours & free)] - prices
            np.add(best[values.topics[s]], shared, out=net)
            net += steps[author.level]
            net += ties[places[s] : places[s] + count]
            for r, penalty in values.penalties[s].items():
                net[r] = max(NOBODY, int(net[r]) + penalty * TIES)
            net[list(problem.forbidden[s] | problem.avoid[s])] = NOBODY
        found[rows] = _largest(table, many)
    return found


def _largest(table: Array, many: int) -> Array:
    """The places of the largest of each row: those lie in the groups with the largest, so most are never looked at."""
    rows = len(table)
    groups = table.shape[1] // GROUP
    tops = table.reshape(rows, GROUP, groups).max(axis=1)
    best = np.argpartition(tops, groups - many, axis=1)[:, groups - many :]
    places = (best[:, None, :] + groups * np.arange(GROUP)[None, :, None]).reshape(rows, -1)
    values = np.take_along_axis(table, places, axis=1)
    inner = np.argpartition(values, values.shape[1] - many, axis=1)[:, -many:]
    return np.take_along_axis(places, inner, axis=1)
