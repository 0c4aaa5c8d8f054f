"""What is decided about reviews, from plain values: how long people wait, who may take what, when a review is thin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed

LONGEST_CONTENT = 1000
LONGEST_FOCUS = 400
LONGEST_WORDS = 800  # of each answer in words: all of them are read on one card
LONGEST_REPLY = 1500
MOST_WAITING = 5  # works of one author without a review
MOST_HELD = 3  # reviews that somebody may have claimed at once
EFFORTS = (10, 20, 40)  # minutes
MOST_PER_WEEK = 20
MOST_PER_WORK = 5
EVERY_DAY = 0b1111111
LOCK = timedelta(minutes=30)
MOST_EXTENSIONS = 4
SHORTEST_DEADLINE = timedelta(hours=1)
LONGEST_DEADLINE = timedelta(days=60)
ASKED_WITHIN = timedelta(days=30)  # which waits are counted
FEWEST_WAITS = 5
FEWEST_RATINGS = 5
UNDO_WITHIN = timedelta(minutes=10)
IN_A_ROW = timedelta(hours=1)
REOPEN_WITHIN = timedelta(days=1)
WEEK = timedelta(days=7)
_FEW_WORDS = 12  # of all that a review says in words
_RUN = 8  # letters in a row that two texts hardly share by chance
_FEW_RUNS = 40
_MUCH_ALIKE = 0.6
_ALPHABET = 26
_QUESTION_MARKS = ("?", "\N{FULLWIDTH QUESTION MARK}", "\N{ARABIC QUESTION MARK}", "\N{GREEK QUESTION MARK}")


class Mode(StrEnum):
    """Who sees whom. In `SINGLE` the author does not see who reviews; in `DOUBLE` neither sees the other."""

    OPEN = "open"
    SINGLE = "single"
    DOUBLE = "double"

    @property
    def hides_reviewer(self) -> bool:
        return self is not Mode.OPEN

    @property
    def hides_author(self) -> bool:
        return self is Mode.DOUBLE


class State(StrEnum):
    """What a review is to its writer. `PLANNED` is drawn and not confirmed."""

    PLANNED = "planned"
    ASSIGNED = "assigned"
    CLAIMED = "claimed"
    GIVEN = "given"
    RELEASED = "released"


HELD = (State.ASSIGNED, State.CLAIMED)


class Stage(StrEnum):
    """How far a work has come, for those who talk about it."""

    WAITING = "waiting"
    IN_REVIEW = "in_review"
    REVIEWED = "reviewed"
    ANSWERED = "answered"
    CLOSED = "closed"


def stage(*, is_closed: bool, is_held: bool, is_reviewed: bool, is_answered: bool) -> Stage:
    """`is_reviewed` and `is_answered` are about the newest version."""
    if is_closed and not is_held:
        return Stage.CLOSED
    if is_held:
        return Stage.IN_REVIEW
    if not is_reviewed:
        return Stage.WAITING
    return Stage.ANSWERED if is_answered else Stage.REVIEWED


class Thin(StrEnum):
    """Why one concrete line more would help."""

    SHORT = "short"
    NO_QUESTION = "no_question"
    REPEATED = "repeated"
    LIKE_EARLIER = "like_earlier"  # much as an earlier review of theirs
    LIKE_WORK = "like_work"  # much of it stands in the work


# ---------------------------------------------------------------------------------------------- asking


def check_content(text: str) -> str:
    """What is to be reviewed. Raises `InvalidInput`."""
    if not text:
        raise InvalidInput("Give a link to your work, or paste it, so that somebody can look at it.")
    if len(text) > LONGEST_CONTENT:
        raise InvalidInput(
            "That is longer than {most} characters. Put it somewhere and give the link.", most=LONGEST_CONTENT
        )
    return text


def check_deadline(at: datetime, now: datetime) -> datetime:
    """When the author needs it. Raises `InvalidInput`."""
    if not SHORTEST_DEADLINE <= at - now <= LONGEST_DEADLINE:
        raise InvalidInput(
            "Choose a time between an hour and {days} days from now.", days=LONGEST_DEADLINE.days
        )
    return at


def check_waiting(waiting: int) -> None:
    """Raise `LimitReached` when somebody asks for more than people can bear."""
    if waiting >= MOST_WAITING:
        raise LimitReached(
            "{n} works of yours wait for their first review. Ask again when one of them has it.", n=waiting
        )


def is_overdrawn(given: int, received: int, waiting: int) -> bool:
    """Whether a new request is queued after others. The first one is free, and nothing is ever refused for it."""
    asked = received + waiting
    return asked > 0 and asked >= given + 1


# ---------------------------------------------------------------------------------------------- waiting


@dataclass(frozen=True)
class Wait:
    """How long works wait for their first review, those that still wait counted.

    `median` and `p90` are None when not even half, or nine in ten, have had one yet; then it is longer than `seen`,
    the longest wait that was looked at.
    """

    count: int
    median: timedelta | None
    p90: timedelta | None
    seen: timedelta


def waiting_time(
    waits: Iterable[tuple[datetime, datetime | None, datetime | None]], now: datetime
) -> Wait | None:
    """The Kaplan-Meier estimate from when each was asked for, first reviewed, and closed; None when there are too few.

    What was closed without a review waited until then at least, and what still waits until now.
    """
    lengths = sorted(
        (max((first or closed or now) - asked, timedelta()), first is None) for asked, first, closed in waits
    )
    if len(lengths) < FEWEST_WAITS:
        return None
    left, still = len(lengths), 1.0
    median: timedelta | None = None
    p90: timedelta | None = None
    for length, is_waiting in lengths:  # Of one length, a review comes before the end of looking.
        if not is_waiting:
            still *= 1 - 1 / left
            median = length if median is None and still <= 0.5 + 1e-9 else median
            p90 = length if p90 is None and still <= 0.1 + 1e-9 else p90
        left -= 1
    return Wait(len(lengths), median, p90, lengths[-1][0])


# ---------------------------------------------------------------------------------------------- taking


def check_claim(
    *,
    is_author: bool,
    is_open: bool,
    holders: Sequence[int],
    given_by: Sequence[int],
    wanted: int,
    held: int,
    member_id: int,
    are_apart: bool = False,
    needs_training: bool = False,
) -> None:
    """Raise, with what to do instead, when a member may not take the review of a work now.

    `holders` have it at the moment, `given_by` wrote about this version, `held` is how many the member has claimed.
    That they and its author are kept apart is told in the words of other reasons, so that nobody can know it from them.
    """
    if is_author:
        raise InvalidInput("This is your own work: somebody else looks at it, and you could look at theirs.")
    if not is_open:
        raise AlreadyDone("This one is closed. {command} shows what waits.", command="`/review inbox`")
    if needs_training:
        raise NotAllowed(
            "Here trained reviewers take these, so that every author can count on it. {command} makes you one, with "
            "three short works.",
            command="`/review train`",
        )
    if member_id in holders:
        raise AlreadyDone("It is yours already. {command} shows it.", command="`/review inbox`")
    if member_id in given_by:
        raise AlreadyDone("You have reviewed this already. Thank you!")
    if holders or len(given_by) >= wanted or are_apart:
        raise AlreadyDone(
            "This one is not free at the moment: somebody may be on it, or it has what it needs. {command} shows "
            "what else waits.",
            command="`/review inbox`",
        )
    if held >= MOST_HELD:
        raise LimitReached(
            "You have {n} reviews in hand. Write one or give one back, then take the next.", n=held
        )


def extended(ends_at: datetime, extensions: int, now: datetime) -> datetime:
    """Until when a claim holds that is extended now. Raises `LimitReached`."""
    if extensions >= MOST_EXTENSIONS:
        raise LimitReached(
            "It was extended {n} times, so others may have it after this. What you wrote is kept.",
            n=extensions,
        )
    return max(ends_at, now) + LOCK


def room_this_week(per_week: int | None, taken: int, otherwise: int) -> int:
    """How many reviews may still be given to somebody; who said nothing takes `otherwise`."""
    return max(0, per_week - taken) if per_week is not None else otherwise


def is_asked_in(weekdays: int, today: int, hours: int) -> bool:
    """Whether one of the chosen weekdays (bit 0 is Monday) lies within so many hours from `today`."""
    days = range(today, today + 1 + hours // 24)
    return any(weekdays & (1 << day % 7) for day in days)


def loads(
    rooms: Mapping[int, int], needed: int, standing: Mapping[int, int] | None = None
) -> dict[int, tuple[int, int]]:
    """How many reviews each must and may take of those that are needed: as equally as the rooms allow.

    Everybody takes an equal share, `standing` (what they have already) counted, or all their room where that is less;
    what is then still missing may be one more for whoever has room.
    """
    had = {member: (standing or {}).get(member, 0) for member in rooms}
    highest = max(had.values(), default=0)
    level, left = 0, needed
    while True:
        able = sum(had[each] <= level < had[each] + room for each, room in rooms.items())
        if able > left or (not able and level >= highest):
            break
        left -= able
        level += 1
    found: dict[int, tuple[int, int]] = {}
    for member, room in rooms.items():
        low, high = (max(0, each - had[member]) for each in (level, level + (1 if left else 0)))
        found[member] = (min(room, low), min(room, high))
    return found


def still_fit(
    drawn: Sequence[tuple[int, int]], rooms: Mapping[int, int], blocked: Collection[tuple[int, int]]
) -> list[bool]:
    """Which of these (reviewer, author) may be handed out as people are now: somebody may be away since it was drawn,
    take fewer reviews, or be kept apart from the author. `blocked` has the smaller id first."""
    used: Counter[int] = Counter()
    found: list[bool] = []
    for reviewer, author in drawn:
        pair = (min(reviewer, author), max(reviewer, author))
        fits = reviewer != author and pair not in blocked and used[reviewer] < rooms.get(reviewer, 0)
        used[reviewer] += fits
        found.append(fits)
    return found


# ---------------------------------------------------------------------------------------------- writing


def likeness(text: str, other: str) -> float:
    """How much of a text stands in another, from 0 to 1, by runs of letters, so in any script; 0 for a short one."""
    mine, theirs = _runs(text), _runs(other)
    return len(mine & theirs) / len(mine) if len(mine) >= _FEW_RUNS else 0.0


def _runs(text: str) -> set[str]:
    plain = " ".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())
    return {plain[at : at + _RUN] for at in range(len(plain) - _RUN + 1)}


def thinness(words: Mapping[str, str], work: str = "", earlier: Iterable[str] = ()) -> Thin | None:
    """Why a review is thin, from what it says in words; None when it is not. A soft prompt hangs on it, never a block.

    `work` is what it is about, `earlier` are the words of the writer's reviews of other works.
    """
    said = [" ".join(each.lower().split()) for each in words.values() if each.strip()]
    if len(set(said)) < len(said):
        return Thin.REPEATED
    if sum(len(each.split()) for each in said) < _FEW_WORDS and sum(map(len, said)) < 5 * _FEW_WORDS:
        return Thin.SHORT
    whole = " ".join(said)
    if any(likeness(whole, each) >= _MUCH_ALIKE for each in earlier):
        return Thin.LIKE_EARLIER
    if likeness(whole, work) >= _MUCH_ALIKE:
        return Thin.LIKE_WORK
    if not any(mark in each for each in said for mark in _QUESTION_MARKS):
        return Thin.NO_QUESTION
    return None


def alias_name(number: int) -> str:
    """A, B, ... Z, AA: the name of a reviewer whom a blind round hides."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, _ALPHABET)
        name = chr(ord("A") + rest) + name
    return name


def is_worth_telling(*, was_same: bool, last_at: datetime, at: datetime) -> bool:
    """Whether to tell of an answer, given the one before it: of several in a row by one person the first is told."""
    return not was_same or at - last_at >= IN_A_ROW


def can_reopen(closed_at: datetime | None, now: datetime) -> bool:
    """Whether what was closed can be opened again."""
    return closed_at is not None and now - closed_at <= REOPEN_WITHIN


# ---------------------------------------------------------------------------------------------- rating


@dataclass(frozen=True)
class Ratings:
    """How authors found somebody's reviews: how many said so, and in per cent of the best."""

    count: int
    helpful: int
    specific: int
    kind: int


def ratings(found: Sequence[tuple[int, int, int]], *, people: int) -> Ratings | None:
    """The aggregate of ratings from 0 to 2; None while so few `people` gave them that one could be told apart."""
    if people < FEWEST_RATINGS:
        return None
    shares = [round(100 * sum(each[at] for each in found) / (2 * len(found))) for at in range(3)]
    return Ratings(len(found), shares[0], shares[1], shares[2])
