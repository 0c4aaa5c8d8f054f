"""Show-and-tell as values, and the names by which the rest of the bot knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.acts import Contribution
from bot.errors import NotAllowed, NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.showcase.rules import State
from storage import showcase as storage

AREA = "showcase"
MENU = "Add to show-and-tell"
DIGEST_JOB = "showcase.digest"
DIGEST_RENDERER = "showcase.digest"
ASK_RENDERER = "showcase.ask"
ADDED = "showcase.added"
ACTS = {ADDED: N_("Messages put into show-and-tell")}
CONTRIBUTION = Contribution(
    ADDED,
    feature="showcase",
    done=N_("Put something into show-and-tell"),
    first=N_("Your first message is in show-and-tell. Thank you for showing it!"),
)
ASK_KIND = Kind(
    "showcase.ask",
    title=N_("Somebody would like to see a message of yours in show-and-tell"),
    why=N_("somebody liked a message of yours, and nothing of yours is shown without your yes."),
    digest_line=N_(
        "Somebody would like to see a message of yours in show-and-tell. If you like, add it from the message's own "
        "menu, under Apps."
    ),
)


@dataclass(frozen=True)
class ShowcaseSettings:
    """When the digest is due by the community's clock, and where. `weekday` 0 is Monday."""

    guild_id: int
    channel_id: int | None = None
    weekday: int = 4
    minute: int = 17 * 60
    schedule_id: int | None = None


@dataclass(frozen=True)
class Found:
    """A message as somebody pointed at it."""

    message_id: int
    channel_id: int
    author_id: int
    by_bot: bool


@dataclass(frozen=True)
class Entry:
    """A message that was put forward, or asked about. `people` is how many had reacted at its digest."""

    id: int
    guild_id: int
    member_id: int
    channel_id: int
    message_id: int
    title: str | None
    state: State
    asked_by: int
    people: int | None = None


@dataclass(frozen=True)
class Part:
    """One card of a digest. `left` had to wait for the next digest."""

    digest_id: int
    number: int
    parts: int
    guild_id: int
    channel_id: int
    left: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Desk:
    """What /manage showcase shows. `next_at` is UTC; None while nothing was put forward yet."""

    settings: ShowcaseSettings
    waiting: int
    next_at: datetime | None


def entry_of(row: storage.ShowcaseEntryRow) -> Entry:
    return Entry(
        row.id,
        row.guild_id,
        row.member_id,
        row.channel_id,
        row.message_id,
        row.title,
        State(row.state),
        row.asked_by,
        row.people,
    )


def gone() -> NotFound:
    return NotFound("That is not in show-and-tell any more.")


def somebody_elses() -> NotAllowed:
    return NotAllowed("This is about somebody else's message, and only they decide.")


def message_gone() -> NotFound:
    return NotFound("That message is not there any more, so nothing of it is shown.")
