"""Decisions about promises: what can be promised, when it is asked about, and when it closes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.errors import AlreadyDone, InvalidInput, LimitReached

LONGEST_WORDS = 300
MOST_OPEN = 5
FURTHEST = timedelta(days=90)
CLOSES_AFTER = timedelta(days=14)
NAMES_SHOWN = 5
ASKED_AT = time(18)
"""When a day without a time of day is asked about, by the member's clock."""
_LAST_MINUTE = time(23, 59)


class State(StrEnum):
    """How a promise stands."""

    OPEN = "open"
    DONE = "done"
    PARTLY = "partly"
    LET_GO = "let_go"
    SILENT = "silent"  # closed by itself


KEPT = frozenset({State.DONE, State.PARTLY})


@dataclass(frozen=True)
class Cheers:
    """Who is named on the card, and how many more there are."""

    named: tuple[int, ...] = ()
    more: int = 0


def check_words(words: str) -> str:
    """What somebody promises. Raises `InvalidInput` when it is empty or too long."""
    if not words:
        raise InvalidInput("What would you like to do? One line is plenty.")
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            "That is long: {length} characters, and {most} fit. A short promise is easier to keep in mind.",
            length=len(words),
            most=LONGEST_WORDS,
        )
    return words


def asked_at(local: datetime, now: datetime, *, has_time: bool) -> datetime:
    """When it is asked about, both by the member's clock: a day alone means its evening, or what is left of it."""
    if has_time:
        return local
    evening = datetime.combine(local.date(), ASKED_AT)
    return evening if evening > now else datetime.combine(local.date(), _LAST_MINUTE)


def check_due(due_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` for what is past or too far away."""
    if due_at <= now:
        raise InvalidInput("That has passed already. Please choose a time to come.")
    if due_at - now > FURTHEST:
        raise InvalidInput(
            "That is more than {days} days away. Promise a first part of it that is nearer.",
            days=FURTHEST.days,
        )


def check_count(open_count: int) -> None:
    """Raises `LimitReached`."""
    if open_count >= MOST_OPEN:
        raise LimitReached(
            "You have {most} open promises, and more are hard to keep in mind. Finish one or let one go with "
            "{command}.",
            most=MOST_OPEN,
            command="`/commit`",
        )


def check_answerable(state: State) -> None:
    """Done and partly can be said late, too. Raises `AlreadyDone`."""
    if state not in (State.OPEN, State.SILENT):
        raise AlreadyDone("You have answered this one already. Nothing more is needed.")


def check_open(state: State) -> None:
    """Raises `AlreadyDone`."""
    if state is not State.OPEN:
        raise AlreadyDone("This one is closed already. Make another whenever you like.")


def check_cheerable(state: State) -> None:
    """Raises `AlreadyDone`."""
    if state is not State.OPEN:
        raise AlreadyDone("This one is over already. A kind word to its maker is still welcome.")


def closes_at(since: datetime, paused_until: datetime | None) -> datetime:
    """When a promise closes by itself that was due, or asked about, at `since`. A pause does not count."""
    start = since if paused_until is None else max(since, paused_until)
    try:
        return start + CLOSES_AFTER
    except OverflowError:
        return start


def cheers_of(member_ids: Sequence[int]) -> Cheers:
    """The first few by name."""
    return Cheers(tuple(member_ids[:NAMES_SHOWN]), max(0, len(member_ids) - NAMES_SHOWN))
