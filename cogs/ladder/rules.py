"""Decisions about the ladder: where somebody stands, what comes next, and what becomes of a step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import AlreadyDone, InvalidInput, NotAllowed

LONGEST_TITLE = 60
LONGEST_TEXT = 300
LONGEST_REASON = 500
MOST_STEPS = 10  # as many as one question of a form offers
ASKED_AGAIN_AFTER = timedelta(days=30)


class State(StrEnum):
    """How a step of somebody stands."""

    HELD = "held"
    LOST = "lost"  # what earned it was taken back; earned again, it comes back
    REVOKED = "revoked"  # taken back by staff
    EMERITUS = "emeritus"  # stepped down from


class Decision(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    NOT_YET = "not_yet"
    OVER = "over"  # it fell away: the evidence is gone, or the person stepped down


@dataclass(frozen=True)
class Place:
    """Where somebody stands among steps by their keys, the lowest first. `following` is None at the top, and where the
    next step is not to be climbed by itself."""

    current: str
    following: str | None
    emeritus: tuple[str, ...] = ()


def place(keys: Sequence[str], states: Mapping[str, State]) -> Place:
    """The highest step that is held, and the next above it. The first step is everybody's.

    A step that somebody stepped down from, or that staff took back, is not climbed again by acts alone.
    """
    held = [number for number, key in enumerate(keys) if states.get(key) is State.HELD]
    at = max(held, default=0)
    following = keys[at + 1] if at + 1 < len(keys) else None
    if following is not None and states.get(following) in (State.EMERITUS, State.REVOKED):
        following = None
    emeritus = tuple(key for key in keys[at + 1 :] if states.get(key) is State.EMERITUS)
    return Place(keys[at], following, emeritus)


def above(keys: Sequence[str], key: str) -> tuple[str, ...]:
    """The steps higher than this one. Raises `InvalidInput` for one that does not exist."""
    if key not in keys:
        raise InvalidInput("That step does not exist any more. Please open the menu again.")
    return tuple(keys[list(keys).index(key) + 1 :])


def may_be_asked_again(state: Decision, decided_at: datetime | None, now: datetime) -> bool:
    """Whether a step that staff did not confirm then is put before them again, after new evidence came in."""
    if state is Decision.OVER:
        return True
    return state is Decision.NOT_YET and decided_at is not None and now - decided_at >= ASKED_AGAIN_AFTER


def check_open(state: Decision) -> None:
    """Raises `AlreadyDone`."""
    if state is not Decision.OPEN:
        raise AlreadyDone(
            "Somebody has decided on this already, or it has fallen away. Nothing more is needed."
        )


def check_decider(decider_id: int, member_id: int) -> None:
    """Nobody confirms a step of their own. Raises `NotAllowed`."""
    if decider_id == member_id:
        raise NotAllowed("This is about you, so somebody else of staff has to look at it.")


def check_reason(reason: str) -> str:
    """What the member is told. Raises `InvalidInput` when it is empty."""
    if not any(each.isalnum() for each in reason):
        raise InvalidInput("Please say why. They read it, and it should tell them what to do next.")
    return reason[:LONGEST_REASON]


def read_title(typed: str) -> str:
    """Raises `InvalidInput` when it is empty."""
    title = " ".join(typed.split())[:LONGEST_TITLE]
    if not any(each.isalnum() for each in title):
        raise InvalidInput("What is the step called?")
    return title


def new_key(title: str, taken: Sequence[str]) -> str:
    """A key for a community's own step. Raises `InvalidInput` when there are as many steps as can be."""
    if len(taken) >= MOST_STEPS:
        raise InvalidInput("There are {most} steps already, and more are hard to climb.", most=MOST_STEPS)
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:30] or "step"
    key, number = f"own-{base}", 1
    while key in taken:
        number += 1
        key = f"own-{base}-{number}"
    return key


def read_count(typed: str, least: int, most: int) -> int:
    """A whole number of a form. Raises `InvalidInput`."""
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
        raise InvalidInput("Please write a whole number from {least} to {most}.", least=least, most=most)
    return int(text)
