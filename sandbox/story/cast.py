"""Who lives in Quay Street, and what they make: two files of words, read once.

A person is only what others could know of them: a name, a wall clock, habits, words. Nothing here says what the bot
will answer.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Character:
    """One person. Moments such as ``Wed 19:30`` are on their own wall clock."""

    name: str
    zone: ZoneInfo
    goal: str
    hello: str
    joins: str = ""
    """``Mon 09:25``, or ``2 Tue 17:45`` for the second week; empty for who was here before the bot."""
    quest: str = ""
    """``at once``, ``next day``, or ``begins`` for who does the first step and no more."""
    writes: str = ""
    reviews: str = ""
    by_dm: bool = False
    teaches: str = ""
    learns: str = ""
    pairs: bool = False
    tea: tuple[str, ...] = ()
    """Their goal of each week; empty for a week in which they say none."""


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody writes about a work they were asked to review."""

    strength: str
    next_step: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that somebody hands in."""

    week: int
    author: str
    mark: str
    """By these words a reviewer knows which work is in front of them."""
    text: str
    learned: str
    shown: bool
    reviews: tuple[Words, ...]


def _tables(name: str, key: str) -> list[dict[str, Any]]:
    text = resources.files("sandbox.story").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)[key]


@cache
def everybody() -> dict[str, Character]:
    """All characters by name."""
    found: dict[str, Character] = {}
    for each in _tables("cast.toml", "people"):
        each["zone"] = ZoneInfo(each["zone"])
        each["tea"] = tuple(each.get("tea", ()))
        each["pairs"] = each.get("pairs", "teaches" in each)
        found[each["name"]] = Character(**each)
    return found


@cache
def works() -> tuple[Made, ...]:
    """All works, in the order of the weeks."""
    found: list[Made] = []
    for each in _tables("works.toml", "works"):
        each["reviews"] = tuple(Words(**words) for words in each["reviews"])
        found.append(Made(**each))
    return tuple(found)
