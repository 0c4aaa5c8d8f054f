"""The same choice of edges as `candidates.py`, in numpy (which the `scale` extra brings along): the same market.

All works go through a step of the market at once, as rows of a table. Values stand in it eight times as large, plus
a chance number below eight: that is how ties fall differently for each work, as the shuffled lists of the plain one
make them. In a large round a sample sets the prices, and then everybody is looked at once (`fast_scan.py`): what is
attractive at these prices is added. Import this only where numpy is there.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Sequence
from typing import Any

from bot.matching.candidates import ALL_BELOW, SAMPLE_ABOVE, SKILLED_SHARE, STEPS
from bot.matching.fast_scan import TIES, Array, count_bits, favourites
from bot.matching.instance import Member
from bot.matching.problem import AVOIDED, Assignment, Problem
from bot.matching.valuation import LEVEL_STEPS, SHARED_HOURS, ReviewValues

np: Any = importlib.import_module("numpy")
SCAN_ABOVE = 400  # Reviewers above which a sample misses some that the prices leave attractive.
NEVER = -16 * AVOIDED
# After that many steps of the market, a work goes on with so many of its candidates.
NARROW = {4: 100, 9: 40}


def choose(
    problem: Problem, base: Assignment, rng: random.Random, *, sample: int = 600, keep: int = 16
) -> list[dict[int, int]]:
    """For each submission, reviewer -> value of its best `keep` edges by adjusted price, and of those of `base`."""
    works = np.flatnonzero(np.array(problem.need) > 0)
    able = np.flatnonzero(np.array(problem.high) > 0)
    edges: list[dict[int, int]] = [{} for _ in problem.need]
    if len(works) and len(able):
        chance = np.random.default_rng(rng.getrandbits(64))
        people = _people(problem, works, able, chance, sample)
        table = value_table(problem, works, people, chance)
        need = np.array(problem.need)[works]
        most = int(need.max())
        if len(able) > ALL_BELOW:
            people, table, prices = _settle(problem, people, table, need)
            people, table = _narrow(people, table, prices, keep + most)
            if len(able) > SCAN_ABOVE and isinstance(problem.values, ReviewValues):
                more = favourites(problem, problem.values, works, prices // TIES, rng, keep + 1)
                more.sort(axis=1)
                people = np.concatenate([people, more], axis=1)
                table = np.concatenate([table, value_table(problem, works, more, chance)], axis=1)
        for s, row, values in zip(works.tolist(), people.tolist(), (table // TIES).tolist(), strict=True):
            edges[s] = {
                r: v if v > -AVOIDED // 2 else v + AVOIDED
                for r, v in zip(row, values, strict=True)
                if v > NEVER // 2
            }
    for s, given in enumerate(base):
        for r in given:
            if r not in edges[s]:
                edges[s][r] = problem.edge(s, r)
    return edges


def _people(problem: Problem, works: Array, able: Array, chance: Any, sample: int) -> Array:
    """Who is looked at for each work, in ascending order: all, or a sample in which the skilled have more."""
    if len(able) <= max(SAMPLE_ABOVE, sample):
        return np.broadcast_to(able, (len(works), len(able)))
    found = able[chance.integers(0, len(able), (len(works), sample))]
    first = int(sample * SKILLED_SHARE)
    alike: dict[int, list[int]] = {}
    lists: dict[int, Sequence[int]] = {}
    for row, s in enumerate(works.tolist()):
        skilled = problem.skilled(s)
        alike.setdefault(id(skilled), []).append(row)
        lists[id(skilled)] = skilled
    high = np.array(problem.high)
    for key, rows in alike.items():
        skilled = np.array(lists[key], dtype=np.int64)
        skilled = skilled[high[skilled] > 0]
        if len(skilled):
            found[rows, :first] = skilled[chance.integers(0, len(skilled), (len(rows), first))]
    found.sort(axis=1)
    return found


def value_table(problem: Problem, works: Array, people: Array, chance: Any) -> Array:
    """What each of `people` is worth to each work, those who met the author lately far down; twice is once."""
    values = problem.values
    if isinstance(values, ReviewValues):
        found = _worth(values, works, people)
    else:
        found = np.array([values(s, row) for s, row in zip(works.tolist(), people.tolist(), strict=True)])
    found = found.astype(np.int32)
    keys = (works[:, None] * len(problem.reviewers) + people).ravel()  # Ascending, as rows and people are.
    flat = found.ravel()
    if isinstance(values, ReviewValues):
        _add(flat, keys, problem, works, values.penalties)
    _add(flat, keys, problem, works, [dict.fromkeys(each, -AVOIDED) for each in problem.avoid])
    _add(flat, keys, problem, works, [dict.fromkeys(each, NEVER) for each in problem.forbidden])
    flat[1:][keys[1:] == keys[:-1]] = NEVER
    return found * TIES + chance.integers(0, TIES, found.shape, dtype=np.int32)


def _worth(values: ReviewValues, works: Array, people: Array) -> Array:
    """The default valuation without who met whom."""
    topics = {each: number for number, each in enumerate(values.best)}
    best = np.array(list(values.best.values()), dtype=np.int32)
    row = np.array([topics[values.topics[s]] for s in works.tolist()])
    first: list[Member] = [values.firsts[s] for s in works.tolist()]
    free = np.array([each.hours for each in first], dtype=np.int32)
    level = np.array([each.level for each in first])
    steps = np.array([[LEVEL_STEPS.get(b - a, 0) for b in range(5)] for a in range(5)], dtype=np.int32)
    hours = np.array(values.hours, dtype=np.int32)[people] & free[:, None]
    found = np.array(SHARED_HOURS, dtype=np.int32)[count_bits(hours)]
    found += best[row[:, None], people]
    found += steps[level[:, None], np.array(values.levels)[people]]
    return found


def _add(flat: Array, keys: Array, problem: Problem, works: Array, some: Sequence[dict[int, int]]) -> None:
    """Add to a few edges, each given as work -> reviewer -> what to add."""
    count = len(problem.reviewers)
    numbers: list[int] = works.tolist()
    wanted = [s * count + r for s in numbers for r in some[s]]
    if not wanted:
        return
    amounts = np.array([each for s in numbers for each in some[s].values()], dtype=np.int32)
    places = np.searchsorted(keys, wanted)
    inside = places < len(keys)
    inside[inside] = keys[places[inside]] == np.array(wanted)[inside]
    flat[places[inside]] += amounts[inside]


def _settle(problem: Problem, people: Array, table: Array, need: Array) -> tuple[Array, Array, Array]:
    """The steps of the market. Gives the edges still of interest, and the prices."""
    low, high = np.array(problem.low), np.array(problem.high)
    prices = np.zeros(len(high), dtype=np.int32)
    for number, step in enumerate(STEPS):
        if number in NARROW:
            people, table = _narrow(people, table, prices, NARROW[number] + int(need.max()))
        prices = _adjust(
            prices, _count_wanted(people, table - prices[people], need, prices), low, high, step * TIES
        )
    return people, table, prices


def _count_wanted(people: Array, after: Array, need: Array, prices: Array) -> Array:
    """How many works want each reviewer."""
    wanted = np.zeros(len(prices), dtype=np.int64)
    for taken in range(min(int(need.max()), after.shape[1])):
        rows = np.flatnonzero(need > taken)
        places = after[rows].argmax(axis=1) if len(rows) < len(need) else after.argmax(axis=1)
        wanted += np.bincount(people[rows, places], minlength=len(wanted))
        after[rows, places] = 2 * NEVER * TIES
    return wanted


def _adjust(prices: Array, wanted: Array, low: Array, high: Array, step: int) -> Array:
    """Up for whoever is over-wanted, down for the idle, and back to nothing for whoever has room."""
    found = np.select(
        [wanted > high, wanted < low, (wanted < high) & (prices > 0), (wanted > low) & (prices < 0)],
        [
            prices + step * np.minimum(3, wanted - high),
            prices - step,
            np.maximum(0, prices - step),
            np.minimum(0, prices + step),
        ],
        prices,
    )
    return found.astype(np.int32)


def _narrow(people: Array, table: Array, prices: Array, keep: int) -> tuple[Array, Array]:
    """The best by adjusted price."""
    if people.shape[1] <= keep:
        return people, table
    places = np.argpartition(prices[people] - table, keep - 1, axis=1)[:, :keep]
    return np.take_along_axis(people, places, axis=1), np.take_along_axis(table, places, axis=1)
