"""Reports as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.cases import Snippet
from bot.errors import NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.reports.rules import Category, Noted, Queued, Stage, State, Subject
from storage import reports as storage

AREA = "reports"
MESSAGE_MENU = N_("Report message")
MEMBER_MENU = N_("Report member")
ITEM_RENDERER = "reports.item"
CALL_RENDERER = "reports.call"
STATUS_RENDERER = "reports.status"
WAITING_RENDERER = "reports.waiting"
CALL_JOB = "reports.call"
RETURN_JOB = "reports.return"
CATEGORIES: Mapping[Category, str] = {
    Category.HARASSMENT: N_("Harassment"),
    Category.SPAM: N_("Spam or scam"),
    Category.DOXXING: N_("Private data of somebody (doxxing)"),
    Category.IMPERSONATION: N_("Somebody poses as staff"),
    Category.SELF_HARM: N_("I worry about somebody (self-harm)"),
    Category.OTHER: N_("Something else"),
}
STATUS_LINES: Mapping[State, str] = {
    State.TAKEN: N_("Staff are looking at what you reported. See `/me reports`."),
    State.ACTED: N_(
        "Staff have dealt with what you reported. Thank you for telling them. See `/me reports`."
    ),
    State.NO_BREACH: N_("Staff have looked at what you reported and left you a line. See `/me reports`."),
}
STATUS_KIND = Kind(
    "reports.status",
    title=N_("What became of a report of yours"),
    why=N_("you reported something to staff."),
    digest_line=N_("There is news of what you reported: `/me reports`"),
    private=True,
)
WAITING_KIND = Kind(
    "reports.waiting",
    title=N_("A report waits that is not shown in the staff channel"),
    why=N_("you are one of staff, and a report waits that is not for everybody's eyes."),
    digest_line=N_("A report waits that is not shown in the staff channel: `/mod reports`"),
    private=True,
)
KINDS = (STATUS_KIND, WAITING_KIND)
_STATUS, _WAITING = f"{STATUS_RENDERER}:", f"{WAITING_RENDERER}:"


@dataclass(frozen=True)
class ReportSettings:
    """What a community chose; see `storage/reports.py`."""

    guild_id: int
    text_days: int = 90
    an_hour: int = 5
    names_shown: bool = False
    quiet: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def is_quiet(self, category: Category) -> bool:
        return bool(self.quiet.get(category.value))


@dataclass(frozen=True)
class About:
    """Whom a report is about, as Discord knows them. `is_staff`: they may moderate or facilitate."""

    member_id: int
    is_staff: bool = False
    is_owner: bool = False


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What somebody sends. `joined_at` is when they joined, `bot_id` is this bot's own."""

    category: Category
    words: str
    bot_id: int
    about: About | None = None
    message: Snippet | None = None
    joined_at: datetime | None = None


class Reach(StrEnum):
    """Whom a report has reached."""

    CHANNEL = "channel"  # the staff channel
    PEOPLE = "people"  # some of staff, each in private
    NOBODY = "nobody"  # there is nobody who could look at it


@dataclass(frozen=True)
class Receipt:
    """What somebody gets for a report."""

    report_id: int
    number: int
    category: Category
    state: State
    reach: Reach
    about_owner: bool = False


@dataclass(frozen=True)
class Own:
    """A report of one's own and what became of it. `is_batch`: its words say in each line whom that is about."""

    id: int
    guild_id: int
    number: int
    category: Category
    words: str
    at: datetime
    state: State
    subject_id: int
    sentence: str | None
    is_batch: bool = False


@dataclass(frozen=True)
class Words:
    """What one person wrote. `member_id` is `NOBODY` where it is not shown."""

    at: datetime
    category: Category
    words: str
    times: int
    member_id: int


@dataclass(frozen=True)
class Kept:
    """A reported message. `text` is None when its words were let go."""

    author_id: int
    text: str | None
    attachments: tuple[str, ...]
    link: str | None


@dataclass(frozen=True)
class Earlier:
    """A decided report about the same member."""

    number: int
    category: Category
    state: State


@dataclass(frozen=True)
class Item:
    """One thing that staff look at."""

    id: int
    guild_id: int
    number: int
    subject: Subject
    subject_id: int
    about_staff: bool
    about_owner: bool
    category: Category
    state: State
    opened_at: datetime
    last_at: datetime
    taken_by: int
    touched_at: datetime | None
    decided_by: int
    decided_at: datetime | None
    note: str | None
    people: int
    noted: Noted
    words: tuple[Words, ...] = ()
    evidence: tuple[Kept, ...] = ()
    before: tuple[Earlier, ...] = ()


@dataclass(frozen=True)
class Queue:
    """What waits, for one of staff."""

    items: tuple[Item, ...]
    may_set: bool
    has_channel: bool


def source_key(item_id: int, *, after: int | None = None) -> str:
    """By which a case is known that comes of an item; `after` is an earlier one, which Discord refused."""
    return f"report:{item_id}" if after is None else f"report:{item_id}:{after}"


def item_of_key(key: str | None) -> int | None:
    """The item that a case came from."""
    kind, number, *_ = (*(key or "").split(":"), "")
    return int(number) if kind == "report" and number.isdigit() else None


def queued_of(row: storage.ReportItemRow) -> Queued:
    return Queued(State(row.state), row.subject_id, row.taken_by, row.touched_at)


def item_key(item_id: int) -> str:
    """Under which an item is posted in the staff channel."""
    return f"{ITEM_RENDERER}:{item_id}"


def call_key(item_id: int, turn: int, stage: Stage) -> str:
    return f"{CALL_RENDERER}:{item_id}:{turn}:{stage.value}"


def status_key(report_id: int, state: State) -> str:
    return f"{_STATUS}{report_id}:{state.value}"


def waiting_key(item_id: int, turn: int, member_id: int) -> str:
    return f"{_WAITING}{item_id}:{turn}:{member_id}"


def status_line(key: str) -> str | None:
    """The line that tells of a status, by the key of its notification."""
    state = key.rpartition(":")[2]
    return STATUS_LINES.get(State(state)) if state in set(State) else None


def gone() -> NotFound:
    return NotFound("This report does not exist (any more). See {command}.", command="`/mod reports`")
