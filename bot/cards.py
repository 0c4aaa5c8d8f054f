"""What people see, as plain data: cards with text and controls, and forms.

A feature's `render.py` turns a result into a `Card`; `bot/card_views.py` turns the card into Discord's
components and cuts it to Discord's limits. So what is shown can be tested without Discord, and every card
keeps the same habits: text first, the next action on it, at most three buttons a row (a phone shows three),
labels that say in words what they do.

A control's id is `<feature>:<thing>.<verb>[:<row id>]`: ids only, no state. The row is the truth and is
read again when the control is used, so a card works for ever, across restarts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

CUSTOM_ID_LIMIT = 100  # discord.com/developers, components/reference
MODAL_FIELDS = 5  # the same
BUTTONS_ON_A_PHONE = 3  # more are broken into two lines
_CUSTOM_ID = re.compile(r"(?P<name>[a-z_]+:[a-z_]+\.[a-z_]+)(?::(?P<row_id>[0-9]{1,19}))?")
LARGEST_ROW_ID = 2**63 - 1  # what a database can look for


def custom_id(name: str, row_id: int | None = None) -> str:
    """The id of a control: `name` is `<feature>:<thing>.<verb>`. Raises ValueError when it is not."""
    result = name if row_id is None else f"{name}:{row_id}"
    if len(result) > CUSTOM_ID_LIMIT or not _CUSTOM_ID.fullmatch(result):
        raise ValueError(f"not the id of a control: {result!r}")
    return result


def parse_custom_id(text: str) -> tuple[str, int | None] | None:
    """The name and row id of a control's id; None when it is none of ours. The id came from outside."""
    match = _CUSTOM_ID.fullmatch(text)
    if match is None:
        return None
    if match["row_id"] is None:
        return match["name"], None
    row_id = int(match["row_id"])
    return (match["name"], row_id) if row_id <= LARGEST_ROW_ID else None


class Style(StrEnum):
    """How much a button stands out. Never the only carrier of meaning: the label says it too."""

    PRIMARY = "primary"  # the one next step
    SECONDARY = "secondary"
    DANGER = "danger"


@dataclass(frozen=True)
class Text:
    """A block of Markdown. What a member wrote goes through `bot.text.quote` first."""

    content: str


@dataclass(frozen=True)
class Button:
    """A button that acts (`custom_id`) or leads somewhere (`url`)."""

    label: str
    custom_id: str | None = None
    url: str | None = None
    style: Style = Style.SECONDARY
    disabled: bool = False


@dataclass(frozen=True)
class Buttons:
    """A row of buttons."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Option:
    """One entry of a `Pick`."""

    label: str
    value: str
    description: str | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Pick:
    """A menu of our own options, at most 25; with `many` any number of them can be chosen, also none."""

    custom_id: str
    placeholder: str
    options: tuple[Option, ...]
    many: bool = False


@dataclass(frozen=True)
class PickPlace:
    """A menu of the server's text channels or roles, so that nobody ever types an id."""

    custom_id: str
    placeholder: str
    of: Literal["channel", "role"]
    chosen: int | None = None


@dataclass(frozen=True)
class PickMember:
    """A menu of the server's members, one to choose."""

    custom_id: str
    placeholder: str


@dataclass(frozen=True)
class Divider:
    """A line between what belongs together and what does not."""


@dataclass(frozen=True)
class Attachment:
    """A file to keep. Only an answer to an interaction can carry one: what the outbox posts is drawn anew."""

    name: str  # letters, digits, dots and dashes
    content: bytes


Item = Text | Buttons | Pick | PickPlace | PickMember | Divider | Attachment


@dataclass(frozen=True)
class Card:
    """A message. Nobody is notified but the members in `pings` and who has a role in `role_pings`, whatever its text
    mentions."""

    items: tuple[Item, ...]
    pings: frozenset[int] = frozenset()
    role_pings: frozenset[int] = frozenset()
    silent: bool = False  # arrives without a sound or badge

    def with_button(self, button: Button) -> Card:
        """The same card with one button more: in its last row while there is room, else in a new one."""
        *others, last = self.items
        if isinstance(last, Buttons) and len(last.buttons) < BUTTONS_ON_A_PHONE:
            row = Buttons((*last.buttons, button))
            return replace(self, items=(*others, row))
        return replace(self, items=(*self.items, Buttons((button,))))


@dataclass(frozen=True)
class TextField:
    """A question answered in words."""

    name: str
    label: str
    description: str | None = None
    placeholder: str | None = None
    long: bool = False
    required: bool = True
    max_length: int = 1000
    value: str | None = None


@dataclass(frozen=True)
class TickField:
    """A question answered by ticking a box."""

    name: str
    label: str
    description: str | None = None
    value: bool = False


@dataclass(frozen=True)
class ChoiceField:
    """A question answered by one of 2 to 10 options."""

    name: str
    label: str
    options: tuple[Option, ...]
    description: str | None = None
    required: bool = True


@dataclass(frozen=True)
class ManyField:
    """A question answered by any number of 1 to 10 options."""

    name: str
    label: str
    options: tuple[Option, ...]
    description: str | None = None


Field = TextField | TickField | ChoiceField | ManyField


@dataclass(frozen=True)
class Form:
    """A modal: a title and one to five questions. It must be the first answer to an interaction.

    Raises ValueError for more or fewer questions, or two of one name.
    """

    title: str
    custom_id: str
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        names = {field.name for field in self.fields}
        if not 1 <= len(self.fields) <= MODAL_FIELDS or len(names) < len(self.fields):
            raise ValueError(
                f"the form {self.custom_id!r} needs one to {MODAL_FIELDS} questions of different names"
            )


@dataclass(frozen=True)
class ThreadTitle:
    """What a renderer returns for a thread to open. A room is for these `people`, and no other room in its channel may
    have its name: by that it is found again when an answer of Discord was lost. `room` is the thread that was opened
    for the same before: while it is there, these people are shown into it."""

    name: str
    people: tuple[int, ...] = ()
    room: int | None = None


@dataclass(frozen=True)
class PollDraft:
    """What a renderer returns for one of Discord's own polls, with a line of text above it.

    Discord gives such a message no container and thus no marker: it is recognised by `question`, which the effect
    bears in arguments["poll"]. `hours` is how long people can vote, at most 768.
    """

    question: str
    answers: tuple[str, ...]
    hours: int
    text: str = ""


@dataclass(frozen=True)
class AutomodDraft:
    """What a renderer returns for a rule of Discord's AutoMod: its fields as Discord takes them, None to take it away.
    `known_id` is the rule that came of it before."""

    name: str
    payload: Mapping[str, Any] | None
    known_id: int | None = None


@dataclass(frozen=True)
class EventDraft:
    """What a renderer returns for a scheduled event. Instants are aware; `place` is a link or words."""

    name: str
    description: str
    start: datetime
    end: datetime
    place: str
