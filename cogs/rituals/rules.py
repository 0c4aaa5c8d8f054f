"""Decisions of rituals: how a typed time or list of dates is read, when one has gone quiet, what is asked next."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.errors import InvalidInput

QUIET_RUNS = 3  # that nobody answered in a row, before the owner is asked
LOW_STOCK = 3  # fewer prompts than this in a queue are told to staff
NO_REPEAT = timedelta(weeks=26)
RUN_AGAIN_AFTER = timedelta(minutes=2)  # two presses of "post it now" within this are one
MOST_DATES = 60
LATE_HOURS = (0, 1, 2, 3, 12, 24, 48)  # to choose from; 0 lets a missed run go

LONGEST_TITLE = 80
LONGEST_PURPOSE = 300
LONGEST_TEXT = 1000
LONGEST_PROMPT = 400
LONGEST_ANSWER = 600
LONGEST_ON_CARD = 300  # where the answers of many share one card
POLL_ANSWERS = (2, 10)
LONGEST_POLL_QUESTION = 300  # resources/poll
LONGEST_POLL_ANSWER = 55  # the same

_DATE = re.compile(r"(?P<first>\d{4}-\d\d-\d\d)(?:\s*(?:to|until|-)\s*(?P<last>\d{4}-\d\d-\d\d))?", re.ASCII)
_DAY = re.compile(r"(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)

_T = TypeVar("_T")


class AnswerBy(StrEnum):
    """How a prompt is answered."""

    CARD = "card"  # with a button and a form; what people want to show stands on the card
    THREAD = "thread"  # the same, shown in the prompt's thread, where one can also just write
    TALK = "talk"  # in the thread alone
    POLL = "poll"  # by Discord's own poll
    NONE = "none"  # it is only read


WITH_BUTTON = frozenset({AnswerBy.CARD, AnswerBy.THREAD})
WITH_THREAD = frozenset({AnswerBy.THREAD, AnswerBy.TALK})
COUNTED = WITH_BUTTON | WITH_THREAD | {AnswerBy.POLL}
"""Where the bot sees who answers."""


class Repeat(StrEnum):
    """How often. Those with a number of weeks count from the week in which they begin."""

    EVERY_WEEK = "every-1"
    EVERY_2_WEEKS = "every-2"
    EVERY_3_WEEKS = "every-3"
    EVERY_4_WEEKS = "every-4"
    FIRST = "month-1"
    SECOND = "month-2"
    THIRD = "month-3"
    FOURTH = "month-4"
    LAST = "month-last"
    LAST_DAY = "last-day"

    @property
    def weeks(self) -> int | None:
        """Every how many weeks; None for what goes by the month."""
        return int(self.value[-1]) if self.value.startswith("every-") else None

    @property
    def nth(self) -> int | None:
        """Which of the weekdays of a month, -1 being the last; None for the others."""
        kind, _, which = self.value.partition("-")
        return (-1 if which == "last" else int(which)) if kind == "month" else None


@dataclass(frozen=True)
class When:
    """When a ritual is due: on `weekday` (Monday is 0, without meaning for the last day of a month) at this local time."""

    repeat: Repeat
    weekday: int
    time: time


def first_date(when: When, today: date, *, is_past: bool) -> date:
    """The first date on which a rule that begins today may fire; `is_past`: its time of day has passed.

    From there the weeks of "every two weeks" are counted, so that the first run is the next one that people expect.
    """
    if when.repeat.weeks is None:
        return today
    ahead = (when.weekday - today.weekday()) % 7
    return today + timedelta(days=7 if ahead == 0 and is_past else ahead)


def read_dates(typed: str) -> frozenset[date]:
    """Dates without a run: 2026-12-24, or 2026-12-24 to 2027-01-02, set apart by commas or lines. Raises `InvalidInput`."""
    found: set[date] = set()
    for part in re.split(r"[,;\n]+", typed):
        if part.strip():
            found |= _dates(part.strip())
    return _at_most(found)


def read_holidays(typed: str) -> dict[str, str]:
    """Holidays, one a line with a name if wanted: "12-25 Christmas" is every year, "2026-04-03" once. Raises `InvalidInput`."""
    found: dict[str, str] = {}
    for line in filter(None, (each.strip() for each in typed.splitlines())):
        once, yearly = _DATE.match(line), _DAY.match(line)
        if once is not None:
            name = line[once.end() :].strip()[:LONGEST_TITLE]
            found |= dict.fromkeys((each.isoformat() for each in _dates(once[0])), name)
        elif yearly is not None and _is_day(yearly):
            found[yearly[0]] = line[yearly.end() :].strip()[:LONGEST_TITLE]
        else:
            raise _unreadable(line)
    _at_most(found)
    return found


def write_holidays(holidays: dict[str, str]) -> str:
    """What `read_holidays` reads."""
    return "\n".join(f"{day} {name}".strip() for day, name in sorted(holidays.items()))


def _dates(part: str) -> set[date]:
    match = _DATE.fullmatch(part)
    if match is None:
        raise _unreadable(part)
    try:
        first = date.fromisoformat(match["first"])
        last = date.fromisoformat(match["last"]) if match["last"] else first
    except ValueError:
        raise _unreadable(part) from None
    if not 0 <= (last - first).days < MOST_DATES:
        raise _unreadable(part)
    return {first + timedelta(days=each) for each in range((last - first).days + 1)}


def _is_day(match: re.Match[str]) -> bool:
    try:
        date(2000, int(match["month"]), int(match["day"]))  # a leap year
    except ValueError:
        return False
    return True


def _at_most(found: Collection[_T]) -> frozenset[_T]:
    if len(found) > MOST_DATES:
        raise InvalidInput("These are more than {most} days. Leave out what has passed.", most=MOST_DATES)
    return frozenset(found)


def _unreadable(part: str) -> InvalidInput:
    return InvalidInput(
        "I cannot read “{typed}” as a date. Write it like 2026-12-24, or 2026-12-24 to 2027-01-02.",
        typed=part[:60],
    )


def has_gone_quiet(answers: Sequence[int], *, asked_ago: int | None) -> bool:
    """Whether the owner is to be asked, given how many answered each run that is over, the newest first.

    `asked_ago` is how many of them came after the owner was asked last; None if that was never or is long ago.
    """
    newest = answers[:QUIET_RUNS]
    is_time = asked_ago is None or asked_ago >= QUIET_RUNS
    return is_time and len(newest) == QUIET_RUNS and not any(newest)


def comparable(text: str) -> str:
    """The text as two of them are compared: how they are spaced, capitalised and ended makes no difference."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def next_prompt(
    waiting: Iterable[_T],
    asked: Collection[str],
    text_of: Callable[[_T], str],
    may_repeat: Callable[[_T], bool],
) -> _T | None:
    """The first that was not asked lately, or may be asked again; `asked` holds comparable texts."""
    return next(
        (each for each in waiting if may_repeat(each) or comparable(text_of(each)) not in asked), None
    )


def split_poll(text: str) -> tuple[str, tuple[str, ...]]:
    """A poll's question and its answers, written one a line. Raises `InvalidInput` for what Discord would refuse."""
    question, *answers = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    fewest, most = POLL_ANSWERS
    if not fewest <= len(answers) <= most or len(set(answers)) < len(answers):
        raise InvalidInput(
            "A poll needs its question on the first line and {fewest} to {most} different answers below, one a line.",
            fewest=fewest,
            most=most,
        )
    if len(question) > LONGEST_POLL_QUESTION or any(len(each) > LONGEST_POLL_ANSWER for each in answers):
        raise InvalidInput(
            "That is too long for a poll: {question} characters for the question, {answer} for an answer.",
            question=LONGEST_POLL_QUESTION,
            answer=LONGEST_POLL_ANSWER,
        )
    return question, tuple(answers)
