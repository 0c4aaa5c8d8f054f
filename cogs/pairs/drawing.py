"""Draws a round: who meets whom, and who has to sit out. Pure; up to a second of work, so off the event loop.

The same people, past and seed give the same pairs.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bot.matching import matching, pairs
from bot.matching.instance import Member, PairRound, Together
from cogs.pairs import rules
from cogs.pairs.rules import Person, Weights, Why

Pair = tuple[int, int]


@dataclass(frozen=True)
class Inputs:
    """What a round is drawn from. Pairs have the smaller id first. `out` are those who chose not to be in it."""

    people: tuple[Person, ...]
    blocked: frozenset[Pair] = frozenset()
    together: Mapping[Pair, Together] = field(default_factory=dict[Pair, Together])
    weights: Weights = field(default_factory=Weights)
    out: tuple[tuple[int, Why], ...] = ()

    @property
    def hash(self) -> str:
        """Changes when anything does that the pairs depend on, and not merely because a week has passed."""
        past = sorted((pair, met.times) for pair, met in self.together.items())
        said = repr((self.people, sorted(self.blocked), past, self.weights, self.out))
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Draw:
    """`left_out` are those for whom there was nobody."""

    seed: int
    groups: tuple[tuple[int, ...], ...]
    left_out: tuple[tuple[int, Why], ...] = ()


def draw(inputs: Inputs, seed: int) -> Draw:
    """Pairs, with one trio for an odd count, of everybody for whom there is somebody."""
    if not inputs.people:
        return Draw(seed, ())
    if len(inputs.people) == 1:
        return Draw(seed, (), ((inputs.people[0].id, Why.ALONE),))
    paired, unpaired = _who_can(inputs, seed)
    left_out = tuple((each.id, Why.NOBODY_FITS) for each in sorted(unpaired, key=lambda each: each.id))
    if not paired:
        return Draw(seed, (), left_out)
    by_name = {_name(each.id): each for each in paired}
    asked = PairRound(
        tuple(Member(name, hours=each.hours) for name, each in by_name.items()),
        blocked=tuple((_name(a), _name(b)) for a, b in inputs.blocked),
        together={(_name(a), _name(b)): met for (a, b), met in inputs.together.items()},
    )
    done = pairs.allocate(asked, seed, value=lambda a, b: rules.worth(by_name[a], by_name[b], inputs.weights))
    groups = tuple(tuple(by_name[name].id for name in group) for group in done.groups)
    return Draw(seed, groups, left_out)


def times_together(inputs: Inputs, group: Sequence[int]) -> int:
    """How often people of this group were together before, all pairs of them counted."""
    met = (inputs.together.get((min(pair), max(pair))) for pair in combinations(group, 2))
    return sum(each.times for each in met if each is not None)


def best_of_pool(
    me: Person, others: Sequence[Person], inputs: Inputs, may: Callable[[int, int], bool]
) -> Person | None:
    """Who of those that wait for a second pair is the best for `me`: the newest to them, then the best fit."""
    able = [each for each in others if each.id != me.id and may(me.id, each.id)]

    def order(other: Person) -> tuple[int, int, int]:
        return (
            times_together(inputs, (me.id, other.id)),
            -rules.worth(me, other, inputs.weights),
            other.id,
        )

    return min(able, key=order, default=None)


def _who_can(inputs: Inputs, seed: int) -> tuple[list[Person], list[Person]]:
    """Everybody who can be given somebody, and who cannot: whoever has waited longest is the last to sit out."""
    rng = random.Random(f"out {seed}")
    people = sorted(inputs.people, key=lambda each: each.id)
    rng.shuffle(people)
    out: list[Person] = []
    while people:
        able = matching.able_of(_apart(inputs, people), rng)
        if matching.all_paired(able) is not None:
            break
        out.append(people.pop(_to_spare(people, able)))
    return people, out


def _apart(inputs: Inputs, people: Sequence[Person]) -> list[set[int]]:
    """Whom each must not meet, as places in the list."""
    place = {each.id: n for n, each in enumerate(people)}
    found: list[set[int]] = [set() for _ in people]
    for a, b in inputs.blocked:
        if a in place and b in place:
            found[place[a]].add(place[b])
            found[place[b]].add(place[a])
    return found


def _to_spare(people: Sequence[Person], able: Sequence[Sequence[int]]) -> int:
    """Whose sitting out leaves as many pairs as there can be."""
    alone = next((n for n, others in enumerate(able) if not others), None)
    if alone is not None:
        return alone
    # Where all could be in pairs but for a trio that cannot be, or more than one is left, somebody can be spared.
    free = matching.spare(able, matching.maximum(able))
    return min(free, key=lambda n: (people[n].waits, -people[n].paired_in, len(able[n])))


def _name(member_id: int) -> str:
    return f"{member_id:020}"
