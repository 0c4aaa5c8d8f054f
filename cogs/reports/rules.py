"""Decisions about reports: what can be sent, which belong together, who may work on one, and whom to call when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import AlreadyDone, InvalidInput, LimitReached, NotAllowed, TooSoon

NOBODY = 0
LONGEST_WORDS = 1000
MOST_KEPT_WORDS = 3000  # of one person about one thing, however often they write
LONGEST_SENTENCE = 500
TOGETHER_WITHIN = timedelta(hours=24)
SILENT_FOR = timedelta(hours=24)
TAKE_OVER_AFTER = timedelta(hours=1)
HOUR = timedelta(hours=1)
MOST_AN_HOUR = 30  # beyond what is put together: nobody can look at so many
MOST_PIECES = 10  # of evidence on one item
NEW_WITHIN = timedelta(days=7)
LEAST_IN_A_BURST = 3
REPEATED_WITHIN = timedelta(days=90)
LEAST_REPEATED = 3
LEAST_BETWEEN_PINGS = timedelta(minutes=10)
MOST_TEXT_DAYS = 365
_LINK = re.compile(
    r"https://(?:[a-z]+\.)?discord(?:app)?\.com/channels/(?P<guild>\d{1,19})/(?P<channel>\d{1,19})/(?P<message>\d{1,19})"
)
_LARGEST_ID = 2**63 - 1


class Category(StrEnum):
    """What a report is about, as its sender sees it."""

    HARASSMENT = "harassment"
    SPAM = "spam"
    DOXXING = "doxxing"
    IMPERSONATION = "impersonation"
    SELF_HARM = "self_harm"
    OTHER = "other"


class Subject(StrEnum):
    """What kind of thing an item is about."""

    MESSAGE = "message"
    MEMBER = "member"
    SITUATION = "situation"
    BATCH = "batch"  # what one person sent beyond the number that they may send in an hour


class State(StrEnum):
    """Where an item stands."""

    OPEN = "open"
    TAKEN = "taken"
    ACTED = "acted"
    NO_BREACH = "no_breach"


UNDECIDED = frozenset({State.OPEN, State.TAKEN})


class Stage(StrEnum):
    """Whom an item calls, one after the other while nobody takes it."""

    ON_DUTY = "on_duty"
    MODERATORS = "moderators"
    FACILITATORS = "facilitators"


CALLS = {
    Stage.ON_DUTY: timedelta(0),
    Stage.MODERATORS: timedelta(minutes=10),
    Stage.FACILITATORS: timedelta(hours=1),
}
"""How long after it was sent each is called."""


@dataclass(frozen=True)
class Queued:
    """What decides who may do what with an item. `touched_at`: when whoever took it last did something with it."""

    state: State
    subject_id: int = NOBODY
    taken_by: int = NOBODY
    touched_at: datetime | None = None


@dataclass(frozen=True)
class Reporter:
    """What is known of somebody who reported, at that moment. `before`: how often they had reported the same person."""

    member_id: int
    joined_at: datetime | None
    at: datetime
    before: int = 0


@dataclass(frozen=True)
class Noted:
    """What staff should know of those who reported: how many they are, new, and reporting the same one again."""

    people: int
    new: int
    again: int

    @property
    def is_burst(self) -> bool:
        """So many new accounts that it may be arranged."""
        return self.people >= LEAST_IN_A_BURST and 2 * self.new >= self.people


@dataclass(frozen=True)
class Link:
    """Where a message is."""

    guild_id: int
    channel_id: int
    message_id: int


# ---------------------------------------------------------------------------------------------- sending


def read_category(typed: str) -> Category:
    """Raises `InvalidInput`."""
    if typed not in set(Category):
        raise InvalidInput("Please choose what it is about. If nothing fits, choose “Something else”.")
    return Category(typed)


def check_subject(reporter_id: int, subject_id: int, bot_id: int) -> None:
    """Raises `InvalidInput` for oneself and for the bot."""
    if subject_id == reporter_id:
        raise InvalidInput(
            "That is you. If you want to tell staff something about yourself, use {command} without a name.",
            command="`/report`",
        )
    if subject_id == bot_id:
        raise InvalidInput(
            "That is me. If something that I do is wrong, use {command} and choose what is broken.",
            command="`/help`",
        )


def check_words(words: str, *, needed: bool) -> str:
    """What somebody wrote, cleaned by the caller. Raises `InvalidInput` when it is needed and empty, or too long."""
    if needed and not any(each.isalnum() for each in words):
        raise InvalidInput("What happened? One line is enough, so that staff know where to look.")
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(
            "That is long: {length} characters, and {most} fit. What matters most is enough; staff will ask.",
            length=len(words),
            most=LONGEST_WORDS,
        )
    return words


def add_words(before: str, more: str) -> str:
    """What the same person wrote about the same thing, one under the other, the earliest kept."""
    if not more or more in before:
        return before
    return f"{before}\n{more}".strip()[:MOST_KEPT_WORDS]


def read_link(text: str) -> Link | None:
    """The message that a link leads to; None for no text. Raises `InvalidInput` for what is no link to a message."""
    if not text:
        return None
    found = _LINK.fullmatch(text)
    numbers = [int(each) for each in found.groups()] if found is not None else []
    if not numbers or max(numbers) > _LARGEST_ID:
        raise InvalidInput(
            "That is no link to a message. Copy it from the message's menu, or leave the field empty."
        )
    return Link(*numbers)


def check_amount(in_last_hour: int) -> None:
    """Raises `LimitReached` where one person sends more in an hour than anybody can look at."""
    if in_last_hour >= MOST_AN_HOUR:
        raise LimitReached(
            "You have sent {n} reports within an hour, and staff have all of them. Please speak to a moderator directly.",
            n=in_last_hour,
        )


def is_put_together(in_last_hour: int, an_hour: int) -> bool:
    """Whether somebody's next report joins their earlier ones of this hour instead of standing alone."""
    return in_last_hour >= an_hour


def belongs(
    item: Queued,
    last_at: datetime,
    now: datetime,
    *,
    message: int | None,
    item_messages: Iterable[int],
    subject_id: int,
) -> bool:
    """Whether a report about this message or member joins the item: the same within a day, not decided yet."""
    if item.state not in UNDECIDED or now - last_at > TOGETHER_WITHIN:
        return False
    if message is not None and message in item_messages:
        return True
    return subject_id != NOBODY and subject_id == item.subject_id


def note_on(reporters: Sequence[Reporter]) -> Noted:
    """What stands out about those who reported. None of it proves anything, and nothing follows from it by itself."""
    people = {each.member_id: each for each in reporters}
    new = sum(
        each.joined_at is not None and each.at - each.joined_at < NEW_WITHIN for each in people.values()
    )
    again = sum(each.before >= LEAST_REPEATED for each in people.values())
    return Noted(len(people), new, again)


def main_category(categories: Iterable[Category]) -> Category:
    """What an item is called by: what most say, and of those the gravest."""
    found = list(categories)
    gravity = [
        Category.SELF_HARM,
        Category.DOXXING,
        Category.HARASSMENT,
        Category.IMPERSONATION,
        Category.SPAM,
        Category.OTHER,
    ]
    return max(set(found), key=lambda each: (found.count(each), -gravity.index(each)), default=Category.OTHER)


def read_number(typed: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`. Raises `InvalidInput`."""
    text = typed.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 4 or not least <= int(text) <= most:
        raise InvalidInput("Please type a whole number from {least} to {most}.", least=least, most=most)
    return int(text)


# ---------------------------------------------------------------------------------------------- working on one


def check_sees(item: Queued, staff_id: int) -> None:
    """Raises `NotAllowed` for whom the report is about: they neither see it nor work on it."""
    if item.subject_id == staff_id and item.subject_id != NOBODY:
        raise concerns_you()


def concerns_you() -> NotAllowed:
    return NotAllowed("Others of staff look at this one.")


def check_take(item: Queued, staff_id: int, now: datetime) -> None:
    """Whether this moderator may take it now, also from another who has been silent.

    Raises `NotAllowed`, `AlreadyDone`, and `TooSoon` while somebody else has it.
    """
    check_sees(item, staff_id)
    check_undecided(item)
    if item.state is State.OPEN:
        return
    if item.taken_by == staff_id:
        raise AlreadyDone("You have taken it already.")
    silent_since = item.touched_at or now
    if now - silent_since < TAKE_OVER_AFTER:
        raise TooSoon(
            "{who} has taken it. If they stay silent, you can take it over.",
            who=f"<@{item.taken_by}>",
            retry_at=silent_since + TAKE_OVER_AFTER,
        )


def check_work(item: Queued, staff_id: int, now: datetime) -> bool:
    """Whether this moderator may act on it or close it; True when that takes it too. Raises as `check_take`."""
    if item.state is State.TAKEN and item.taken_by == staff_id:
        check_sees(item, staff_id)
        return False
    check_take(item, staff_id, now)
    return True


def check_give_back(item: Queued, staff_id: int) -> None:
    """Raises `AlreadyDone` and `NotAllowed` for who does not have it."""
    check_sees(item, staff_id)
    check_undecided(item)
    if item.state is not State.TAKEN or item.taken_by != staff_id:
        raise NotAllowed("Only whoever has taken it can give it back.")


def check_undecided(item: Queued) -> None:
    """Raises `AlreadyDone`."""
    if item.state is State.ACTED:
        raise AlreadyDone("This report has been acted on already.")
    if item.state is State.NO_BREACH:
        raise AlreadyDone("This report has been closed already.")


def goes_back_at(item: Queued) -> datetime | None:
    """When it goes back to the others if whoever took it stays silent; None when nobody has it."""
    if item.state is not State.TAKEN or item.touched_at is None:
        return None
    return item.touched_at + SILENT_FOR


# ---------------------------------------------------------------------------------------------- calling


def calls_now(item: Queued, *, quiet: bool, last_call: datetime | None, now: datetime) -> bool:
    """Whether a stage pings: nobody has taken it, its category may, and the same people were not just called."""
    if item.state is not State.OPEN or quiet:
        return False
    return last_call is None or now - last_call >= LEAST_BETWEEN_PINGS
