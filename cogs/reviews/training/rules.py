"""Decisions of the training: how near answers are to the reference, who passes, and which set comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

A_SET = 3
USUAL_THRESHOLD = 70  # percent
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = 50, 95
MOST_TO_LOOK_AT = 3
HALF = 0.5


class Theme(StrEnum):
    """What a work is about."""

    GENERAL = "general"
    PROGRAMMING = "programming"
    WRITING = "writing"
    DATA = "data"


class Rule(StrEnum):
    """The four rules of good feedback."""

    STRENGTH = "strength"
    QUESTION = "question"
    PLACE = "place"
    NEXT_STEP = "next_step"


@dataclass(frozen=True)
class Difference:
    """How far an answer lies from the reference, 0 to 1. `position` is the work's place in the set."""

    position: int
    criterion: str
    size: float


@dataclass(frozen=True)
class Known:
    """A sample as the sets are made of it. `group` is its shipped set; None for one of the community's own."""

    key: str
    group: str | None = None


def difference(own: float, reference: float, choices: int, *, levels: bool) -> float:
    """How far apart two answers are, as portions from 0 to 1 of a scale with so many choices.

    Of levels the one beside the reference counts half, however many levels there are: words are further apart than
    points of a score. Two levels have none between them and are as far apart as yes and no.
    """
    apart = abs(own - reference)
    return max(HALF, apart) if levels and apart and choices > 2 else apart


def agreement(differences: Sequence[float]) -> int:
    """How much of the reference was met, in whole percent, rounded down so that 70 is never 69.9.

    Raises ValueError where nothing was answered.
    """
    if not differences:
        raise ValueError("nothing was answered")
    mean = sum(differences) / len(differences)
    return int(100 * (1 - mean) + 1e-6)


def is_passed(percent: int, threshold: int) -> bool:
    """Whether it is enough for a licence."""
    return percent >= threshold


def to_look_at(differences: Sequence[Difference]) -> list[Difference]:
    """Where looking again helps most: what lies furthest apart, in the order of the works."""
    apart = sorted((each for each in differences if each.size), key=lambda each: -each.size)
    return sorted(apart[:MOST_TO_LOOK_AT], key=lambda each: each.position)


def make_sets(samples: Sequence[Known]) -> list[tuple[str, ...]]:
    """The sets that can be made of what is in use.

    A shipped set stays together while it is whole. The community's own, and what is left of sets of which something
    was retired, make further sets, which come first; the last of them is filled up with others.
    """
    groups: dict[str, list[str]] = {}
    for each in samples:
        if each.group is not None:
            groups.setdefault(each.group, []).append(each.key)
    shipped = [tuple(keys) for keys in groups.values() if len(keys) == A_SET]
    in_shipped = {key for keys in shipped for key in keys}
    rest = [each.key for each in samples if each.group is None]
    rest += [each.key for each in samples if each.group is not None and each.key not in in_shipped]
    made: list[tuple[str, ...]] = []
    for at in range(0, len(rest), A_SET):
        part = rest[at : at + A_SET]
        part += [each.key for each in samples if each.key not in part]
        made.append(tuple(part[:A_SET]))
    return [each for each in (*made, *shipped) if len(each) == A_SET]


def next_set(
    sets: Sequence[tuple[str, ...]], seen: Mapping[str, int], last: Sequence[str], turn: int
) -> tuple[str, ...] | None:
    """The set to practise on: never the last one while there is another, then what was seen least.

    Among equals `turn` decides, so that not everybody begins with the same. None where there is no set.
    """
    order = sorted(
        enumerate(sets),
        key=lambda each: (
            set(each[1]) == set(last),
            sum(seen.get(key, 0) for key in each[1]),
            (each[0] + turn) % len(sets),
        ),
    )
    return order[0][1] if order else None
