"""Who comes: honest classes and audiences, and raids. Drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from cogs.raids.names import keys_of, number_of
from cogs.raids.rules import Arrival

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_FIRST = """
anna ben carla david elena farid greta hasan irina jonas katja lukas maria nadia oscar paula quentin
rosa samir tanja umberto vera wanda xaver yara zoltan amelie boris celine dario emil fatou gustav
hannah idris jana kofi leila matteo noor olga pedro ruth stefan theo ursula viktor wei yusuf zoe
"""
FIRST = tuple(_FIRST.split())
_LAST = """
miller sato okafor silva novak haas lopez kim petrov dubois rossi jensen kaya moreau singh weber
costa lindgren ortega fischer
"""
LAST = tuple(_LAST.split())
_numbers = count(700_000_000_000_000_000)


def honest(
    at: datetime, draw: random.Random, *, fresh: float = 0.1, bare: float = 0.3, age_days: int = 1500
) -> Arrival:
    """Somebody as they come: a share of accounts was made for it, some have no picture."""
    age = (
        timedelta(minutes=draw.randint(5, 1200))
        if draw.random() < fresh
        else timedelta(days=draw.uniform(31, age_days))
    )
    name = (
        draw.choice(FIRST)
        + draw.choice(("", "_", "."))
        + draw.choice(LAST)
        + draw.choice(("", str(draw.randint(1, 99))))
    )
    face = None if draw.random() < bare else draw.getrandbits(60)
    return Arrival(next(_numbers), at, at - age, keys_of(name, name.split("_")[0].title()), face)


def raider(at: datetime, draw: random.Random, *, fresh: float = 0.6, pattern: str | None = None) -> Arrival:
    """One account of many: most made today, some bought; a name by a pattern, or random letters."""
    age = (
        timedelta(minutes=draw.randint(5, 1200))
        if draw.random() < fresh
        else timedelta(days=draw.uniform(2, 900))
    )
    letters = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=9))
    name = f"{pattern}{draw.randint(0, 9999):04}" if pattern else letters
    face = None if draw.random() < 0.7 else number_of(f"face {draw.randint(0, 3)}")
    return Arrival(next(_numbers), at, at - age, keys_of(name), face)


def spread(number: int, over: timedelta, draw: random.Random, start: datetime = NOON) -> Iterator[datetime]:
    """So many instants at random within the time, in order."""
    yield from sorted(start + over * draw.random() for _ in range(number))
