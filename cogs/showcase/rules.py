"""Decisions about show-and-tell: what goes into a digest, who may see it, and how reactions are counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from bot.errors import AlreadyDone, InvalidInput

MOST = 25
"""Messages in one digest; the rest come next week."""
A_PART = 10
"""Messages on one card: what fits into Discord's 4,000 characters with the longest titles."""
LONGEST_TITLE = 100
ASKS_A_DAY = 5

T = TypeVar("T")


class State(StrEnum):
    """How a message stands."""

    ASKED = "asked"  # its author was asked and has not answered
    WAITING = "waiting"
    POSTED = "posted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Reactor:
    """Somebody who reacted."""

    member_id: int
    is_bot: bool


@dataclass(frozen=True)
class Sight:
    """What one role or member sees."""

    digest: bool
    source: bool


def count_people(reactions: Iterable[Iterable[Reactor]], author_id: int) -> int:
    """How many different people reacted, with whatever emoji; the author and bots do not count."""
    return len(
        {
            each.member_id
            for reaction in reactions
            for each in reaction
            if not each.is_bot and each.member_id != author_id
        }
    )


def may_be_shown(sights: Iterable[Sight]) -> bool:
    """Whether nobody is shown there what they could not see where it was said."""
    return all(each.source or not each.digest for each in sights)


def first_line(text: str) -> str | None:
    """The first line with words in it, for a title to begin with."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return next((line[:LONGEST_TITLE] for line in lines if line), None)


def split(entries: Sequence[T]) -> tuple[list[list[T]], int]:
    """What comes into this digest, a list for each card, and how many have to wait."""
    now, later = entries[:MOST], entries[MOST:]
    return [list(now[at : at + A_PART]) for at in range(0, len(now), A_PART)], len(later)


def check_ask(state: State | None) -> None:
    """Whether its author can be asked; None: nobody has asked about it yet. Raises `AlreadyDone`."""
    if state in (State.WAITING, State.POSTED):
        raise AlreadyDone("That message is in show-and-tell already.")
    if state is not None:
        raise AlreadyDone("Its author was asked about it before, and once is enough.")


def check_answer(state: State) -> None:
    """Whether a question is still open. Raises `AlreadyDone`."""
    if state is not State.ASKED:
        raise AlreadyDone("You have answered this one already. Nothing more is needed.")


def check_weekday(weekday: int) -> int:
    """0 is Monday. Raises `InvalidInput`."""
    if not 0 <= weekday < 7:
        raise InvalidInput("Please choose a day of the week.")
    return weekday
