"""Allocates a round of pairs: everybody meets somebody, with one trio when the count is odd.

First the best way for each to be given somebody, which makes circles of people; circles are cut into pairs; then
members of two groups change places while that helps, with seeded shake-ups to leave dead ends. Never together is
never; people who met in the last eight weeks are put together only when nothing else is left, those of the last four last
of all. Where the whole past is given, nobody meets again while somebody new is left, however long ago it was.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import InvalidInput, LimitReached
from bot.matching import matching
from bot.matching.instance import Member, Met, PairRound
from bot.matching.pair_search import MET, Groups, Worth, improve, start
from bot.matching.problem import AVOIDED
from bot.matching.valuation import EARLIER, RECENT, again_cost, pair_values, repeat_penalty


@dataclass(frozen=True)
class PairAnswer:
    """`value` is twice the worth of the round, so that a trio's half stays a whole number.

    `repeats`: pairs, the three of a trio included, that met in the last four weeks.
    """

    groups: tuple[tuple[str, ...], ...]
    seed: int
    value: int
    repeats: int


def allocate(
    asked: PairRound, seed: int = 0, *, value: Callable[[str, str], int] | None = None
) -> PairAnswer:
    """Who meets whom. The order of the lists has no influence. Raises `LimitReached` when somebody has nobody.

    `value` of two ids, the same for both orders, takes the place of the default valuation; as there, a few thousand at
    most.
    """
    members = sorted(asked.members, key=lambda each: each.id)
    if len({each.id for each in members}) != len(members):
        raise InvalidInput("A member is listed twice.")
    rng = random.Random(f"pairs {seed}")
    rng.shuffle(members)
    numbers = {each.id: n for n, each in enumerate(members)}
    count = len(members)
    if count == 0:
        return PairAnswer((), seed, 0, 0)
    apart = _both_ways(asked.blocked, numbers)
    _check(count, apart, [each.id for each in members])
    met = _weeks(asked.history, numbers)
    recent = {
        a: {b for b, weeks in found.items() if repeat_penalty(weeks) == RECENT} for a, found in met.items()
    }
    costs = _costs_of_together(asked, numbers) if asked.together else _costs_of_weeks(met)
    worth = Worth(count, _values(members, met, value), apart, recent, costs)
    groups = improve(worth, start(worth, rng), rng)
    if worth.count_apart(groups):
        groups = improve(worth, _possible(count, apart, rng), rng)
    named = tuple(sorted(tuple(sorted(members[n].id for n in group)) for group in groups))
    return PairAnswer(named, seed, sum(worth.plain(group) for group in groups), worth.count_recent(groups))


def _values(
    members: Sequence[Member],
    met: Mapping[int, Mapping[int, int]],
    value: Callable[[str, str], int] | None,
) -> Callable[[int, int], int]:
    if value is None:
        return pair_values(members, met)
    return lambda a, b: value(members[a].id, members[b].id)


def _costs_of_weeks(met: Mapping[int, Mapping[int, int]]) -> dict[int, dict[int, int]]:
    of = {RECENT: AVOIDED, EARLIER: MET, 0: 0}
    return {a: {b: of[repeat_penalty(weeks)] for b, weeks in found.items()} for a, found in met.items()}


def _costs_of_together(asked: PairRound, numbers: Mapping[str, int]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    for (one, other), met in asked.together.items():
        if one in numbers and other in numbers and met.times:
            for a, b in ((numbers[one], numbers[other]), (numbers[other], numbers[one])):
                found.setdefault(a, {})[b] = again_cost(met)
    return found


def _both_ways(pairs: Iterable[tuple[str, str]], numbers: Mapping[str, int]) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in numbers]
    for a, b in pairs:
        if a in numbers and b in numbers:
            found[numbers[a]].add(numbers[b])
            found[numbers[b]].add(numbers[a])
    return found


def _weeks(history: Iterable[Met], numbers: Mapping[str, int]) -> dict[int, dict[int, int]]:
    """How many weeks ago two people last met, for both orders."""
    found: dict[int, dict[int, int]] = {}
    for met in history:
        for one, other in met.pairs:
            if one in numbers and other in numbers:
                for a, b in ((numbers[one], numbers[other]), (numbers[other], numbers[one])):
                    weeks = found.setdefault(a, {})
                    weeks[b] = min(met.weeks_ago, weeks.get(b, met.weeks_ago))
    return found


def _check(count: int, apart: list[set[int]], names: list[str]) -> None:
    if count == 1:
        raise LimitReached(
            "Only {member} takes part, and nobody is there to meet. Wait for more people.", member=names[0]
        )
    for n, others in enumerate(apart):
        if len(others - {n}) == count - 1:
            raise LimitReached(
                "{member} is blocked with all {others} others of this round. Lift one of these blocks, or let them sit out.",
                member=names[n],
                others=count - 1,
            )


def _possible(count: int, apart: list[set[int]], rng: random.Random) -> Groups:
    """Groups without a block, found by exact search. Raises `LimitReached` when there are none."""
    able = matching.able_of(apart, rng)
    groups = matching.all_paired(able)
    if groups is None:
        raise LimitReached(
            "With these blocks {count} people cannot all meet somebody: the most that fit are {most}. "
            "Lift a block, or let somebody sit out.",
            count=count,
            most=matching.most_paired(able),
        )
    return groups
