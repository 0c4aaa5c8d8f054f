"""What holds for pairing rounds, as decisions over plain values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import cast

from bot.errors import InvalidInput

MOST_TOPICS, LONGEST_TOPIC = 5, 30
EVERY_DAY = 0b111_1111
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR_VALUE, MOST_HOURS = 75, 4
TEACH_VALUE, MOST_TEACH = 150, 2
LEARN_VALUE, MOST_LEARN = 50, 2
MOST_WEIGHT = 3
LEAST_HOURS = (0, 1, 2, 3, 4, 6, 8)
TOO_FEW_HOURS = 5_000
"""More than any topics and hours of two pairs are worth together, and less than meeting somebody again costs."""
USUAL_WEIGHT = 2
LEAST_CLOSE_DAYS, MOST_CLOSE_DAYS = 2, 28
MOST_WEEKS = 4
UNDO_WITHIN = timedelta(minutes=10)
LOW_RATE, ENOUGH_PAIRS = 40, 3
"""Below how many in a hundred another rhythm is proposed, and of how many pairs at least."""


class Outcome(StrEnum):
    """How it went with a pair. `open`: nobody has said."""

    OPEN = "open"
    MET = "met"
    PARTLY = "partly"
    NOT = "not"


class Why(StrEnum):
    """Why somebody is not paired."""

    PAUSED = "paused"
    SKIPS = "skips"
    OTHER_DAY = "other_day"
    ALONE = "alone"
    NOBODY_FITS = "nobody_fits"


@dataclass(frozen=True)
class Person:
    """Somebody to be paired. `hours` is a mask of hours in UTC; who `waits` was left out last time.
    `paired_in` is the number of the last round in which they were paired, 0 for none."""

    id: int
    hours: int
    teach: tuple[str, ...] = ()
    learn: tuple[str, ...] = ()
    waits: bool = False
    paired_in: int = 0

    @cached_property
    def teaches(self) -> frozenset[str]:
        """Topics without their case: they are compared millions of times."""
        return frozenset(each.casefold() for each in self.teach)

    @cached_property
    def learns(self) -> frozenset[str]:
        return frozenset(each.casefold() for each in self.learn)


@dataclass(frozen=True)
class Weights:
    """How much shared hours and topics count: 0 is not at all, 3 a lot. `least_hours` of a day should be shared: who share
    fewer are put together only where that brings somebody new, or is the only way."""

    hours: int = USUAL_WEIGHT
    topics: int = USUAL_WEIGHT
    least_hours: int = 0


@dataclass(frozen=True)
class Fit:
    """What speaks for two people: hours they share, what the first can teach the second and the other way round, and
    what both would like to learn."""

    hours: int
    teaches: tuple[str, ...]
    taught: tuple[str, ...]
    both_learn: tuple[str, ...]


def fit(a: Person, b: Person) -> Fit:
    return Fit(
        (a.hours & b.hours).bit_count(),
        _common(a.teach, b.learn),
        _common(b.teach, a.learn),
        _common(a.learn, b.learn),
    )


def worth(a: Person, b: Person, weights: Weights) -> int:
    """What a meeting of these two is worth, the same for both orders. Only comparisons matter."""
    shared = (a.hours & b.hours).bit_count()
    hours = HOUR_VALUE * min(MOST_HOURS, shared)
    teach = len(a.teaches & b.learns) + len(b.teaches & a.learns)
    topics = TEACH_VALUE * min(MOST_TEACH, teach)
    topics += LEARN_VALUE * min(MOST_LEARN, len(a.learns & b.learns))
    found = (hours * weights.hours + topics * weights.topics) // USUAL_WEIGHT
    return found if shared >= weights.least_hours else found - TOO_FEW_HOURS


def _common(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    wanted = {each.casefold() for each in other}
    return tuple(each for each in one if each.casefold() in wanted)


def read_topics(typed: str) -> tuple[str, ...]:
    """Topics with commas between them, cleaned before. Raises `InvalidInput`."""
    found = [" ".join(each.split()) for each in re.split(r"[,;\n]", typed)]
    topics = tuple({each.casefold(): each for each in found if each}.values())
    if len(topics) > MOST_TOPICS:
        raise InvalidInput("Please name at most {most} topics, with commas between them.", most=MOST_TOPICS)
    for each in topics:
        if len(each) > LONGEST_TOPIC:
            raise InvalidInput(
                "A topic is a word or two, at most {limit} characters: {example}, for instance.",
                limit=LONGEST_TOPIC,
                example="SQL",
            )
    return topics


def read_days(typed: str) -> int:
    """Days of the week as people type them ("Mon, Wed", "friday"), as a mask. Raises `InvalidInput`."""
    words = re.findall(r"[^\W\d_]+", typed.casefold())
    mask = 0
    for word in words:
        if word in ("all", "any", "every", "day", "days", "and"):
            mask |= 0 if word == "and" else EVERY_DAY
            continue
        found = [number for number, name in enumerate(DAYS) if len(word) >= 2 and name.startswith(word)]
        if len(found) != 1:
            raise InvalidInput(
                "I could not read the days. Write them like this: {example}", example="Mon, Wed"
            )
        mask |= 1 << found[0]
    if not mask:
        raise InvalidInput("I could not read the days. Write them like this: {example}", example="Mon, Wed")
    return mask


def read_choices(answer: object) -> tuple[int, ...]:
    """The days that were ticked in a form; what is none is left out."""
    ticked = {str(each) for each in cast("list[object]", answer)} if isinstance(answer, list) else set[str]()
    return tuple(day for day in range(7) if str(day) in ticked)


def days_of(mask: int) -> tuple[int, ...]:
    """The days of a mask; 0 is Monday."""
    return tuple(day for day in range(7) if mask >> day & 1)


def mask_of(days: Iterable[int]) -> int:
    return sum(1 << day for day in set(days))


def why_not(
    *, weekdays: int, weekday: int | None, skips: bool, paused_until: datetime | None, now: datetime
) -> Why | None:
    """Why somebody who takes part is not in this round by their own choice; None if they are."""
    if paused_until is not None and paused_until > now:
        return Why.PAUSED
    if weekday is not None and not weekdays >> weekday & 1:
        return Why.OTHER_DAY
    return Why.SKIPS if skips else None


def outcome_of(said: Collection[str | None]) -> Outcome:
    """How it went, from what each of them said (`met`, `not` or nothing)."""
    met, missed = Outcome.MET in said, Outcome.NOT in said
    if met:
        return Outcome.PARTLY if missed else Outcome.MET
    return Outcome.NOT if missed else Outcome.OPEN


def took_part(said: Mapping[int, str | None]) -> frozenset[int]:
    """Who met somebody: as soon as one says so, everybody who has not said otherwise."""
    if Outcome.MET not in said.values():
        return frozenset()
    return frozenset(member_id for member_id, word in said.items() if word != Outcome.NOT)


@dataclass(frozen=True)
class Rate:
    """How it went with the pairs of a round. `waiting` may still tell, `silent` are closed without a word."""

    met: int = 0
    partly: int = 0
    missed: int = 0
    silent: int = 0
    waiting: int = 0

    @property
    def known(self) -> int:
        return self.met + self.partly + self.missed + self.silent

    @property
    def percent(self) -> int | None:
        """Of those of which it is known, how many met at least in part. None while nothing is known."""
        return round(100 * (self.met + self.partly) / self.known) if self.known else None


def rate_of(counts: Mapping[tuple[str, bool], int]) -> Rate:
    """From how many pairs have which outcome and are closed."""
    found = {outcome: sum(n for (each, _), n in counts.items() if each == outcome) for outcome in Outcome}
    silent = counts.get((Outcome.OPEN, True), 0)
    return Rate(
        found[Outcome.MET],
        found[Outcome.PARTLY],
        found[Outcome.NOT],
        silent,
        found[Outcome.OPEN] - silent,
    )


def is_rhythm_too_fast(rates: Sequence[Rate], weeks: int) -> bool:
    """Whether to propose fewer rounds: the latest round that is over had few meetings. The newest comes first."""
    over = next((each for each in rates if each.known and not each.waiting), None)
    if over is None or over.known < ENOUGH_PAIRS or weeks >= MOST_WEEKS:
        return False
    return (over.percent or 0) < LOW_RATE


def may_undo(held_at: datetime, now: datetime) -> bool:
    return now - held_at <= UNDO_WITHIN


def asked_at(held_at: datetime, close_days: int) -> datetime:
    """When to ask once how it went: after half of the time, in whole days."""
    return held_at + timedelta(days=-(-close_days // 2))
