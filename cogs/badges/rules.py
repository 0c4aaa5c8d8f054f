"""Decisions about badges: what one is made of, whether a test on history says too much, and what becomes of numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import InvalidInput

LONGEST_TITLE = 60
LONGEST_HOW = 300
LONGEST_REASON = 300
MOST_OWN = 100
MOST_AGAIN = 50
"""How often one badge is given to somebody for what was done before it was there."""
TEST_HOLDS = timedelta(days=1)
EVERYBODY = 0.9
FEWEST_TO_MEAN_EVERYBODY = 3
SHOWN_IN_WINS = 25
LEAST_DAYS_BETWEEN_WINS = 6


class Tier(StrEnum):
    """How much stands behind a badge."""

    FIRST = "first"
    STEADY = "steady"
    DEEP = "deep"
    RARE = "rare"


class State(StrEnum):
    """Whether a badge is given."""

    DRAFT = "draft"
    ON = "on"
    OFF = "off"


def check_words(title: str, how: str) -> None:
    """Raise `InvalidInput` for what nobody could read in a list."""
    if not 0 < len(title) <= LONGEST_TITLE:
        raise InvalidInput("A badge's name has 1 to {most} characters.", most=LONGEST_TITLE)
    if not 0 < len(how) <= LONGEST_HOW:
        raise InvalidInput("Say in 1 to {most} characters how it is earned.", most=LONGEST_HOW)


def check_reason(reason: str) -> str:
    """Raise `InvalidInput` when there is none, or it is too long to be read."""
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidInput(
            "Please give a reason of 1 to {most} characters. The person can read it.", most=LONGEST_REASON
        )
    return reason


def means_everybody(would: int, people: int) -> bool:
    """Whether so many of all who ever did something here are (nearly) everybody: such a badge tells little."""
    return people >= FEWEST_TO_MEAN_EVERYBODY and would >= people * EVERYBODY


def is_fresh(tested_at: datetime | None, now: datetime) -> bool:
    """Whether a test on history still tells what would happen: people go on doing things."""
    return tested_at is not None and now - tested_at <= TEST_HOLDS


def number_to_use(had: Iterable[tuple[str, int]]) -> tuple[int, bool]:
    """Under which number the next award is written, and whether that is a lost one that comes back.

    `had` are the states and numbers of what somebody was given of one badge before.
    """
    known = list(had)
    lost = sorted(number for state, number in known if state == "lost")
    if lost:
        return lost[0], True
    return max((number for _, number in known), default=0) + 1, False


def read_number(typed: str, least: int, most: int) -> int:
    """A number typed into a form; nothing is the least. Raises `InvalidInput`."""
    text = typed.strip()
    if not text:
        return least
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
        raise InvalidInput(
            "“{typed}” is not a whole number from {least} to {most}.", typed=text[:20], least=least, most=most
        )
    return int(text)


def split(lines: Collection[str], most: int = SHOWN_IN_WINS) -> tuple[list[str], int]:
    """The first so many lines, and how many are left."""
    shown = list(lines)[:most]
    return shown, len(lines) - len(shown)
