"""What a table knows about people, and what becomes of it when one of them asks to be forgotten.

Every table states it in its class attribute `personal`: a `Personal` for each column that names a person, or
`NOTHING_PERSONAL`. /privacy, the retention and docs/privacy.md read these statements and nothing else
(`storage/footprint.py`), so a table without one, and a column of ids that none covers, fail a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class OnDeletion(StrEnum):
    """What happens to a row when the person it names is deleted."""

    ERASE = "erase"  # the row goes
    DETACH = "detach"  # the row stays for others' sake and names `NOBODY`
    KEEP = "keep"  # the row stays as it is; `why` says by what right


class SeenBy(StrEnum):
    """Who gets to see it in Discord. Whoever runs the bot can read the whole database."""

    MEMBER = "member"  # the person alone
    WRITER = "writer"  # who wrote it, and not the person whom it names
    STAFF = "staff"  # facilitators and moderators
    OTHERS = "others"  # the same, and not the person whom it names: in confidence, so no part of what they are told
    COMMUNITY = "community"  # it is, or may be, shown in a channel


NOBODY = 0
"""Stands where a person's id was. No Discord id is 0."""
ANYWHERE = "*"


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """Marks a text for the catalogue where it is written."""
    return text


@dataclass(frozen=True)
class Personal:
    """One column by which a row belongs to a person of a server.

    `of` is the column with the person's Discord id; `column.key` is a value at the top of a JSON column, and
    `column.*` any value in it. With `through`, the foreign key to a row that belongs to them, that row's rule
    holds for this one too. `mention`: the row is somebody else's and only mentions the person, so it is no
    part of their export. `hides` are columns of their row that somebody else wrote in confidence: no part of
    it either; nor are rows in which the column that `withheld` begins with has one of its other values.
    `clear` are columns that are emptied when the row is detached. `keep_for` is how long after `since` (a
    column of instants) the row is kept; None is until deletion. `what` says in a few words what it is, `why`
    by what right it is kept; both are gettext ids.
    """

    of: str = "member_id"
    on_deletion: OnDeletion = OnDeletion.ERASE
    through: str | None = None
    clear: tuple[str, ...] = ()
    why: str | None = None
    keep_for: timedelta | None = None
    since: str | None = None
    what: str = ""
    seen_by: SeenBy = SeenBy.MEMBER
    mention: bool = False
    hides: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        """The column, without the place in its JSON."""
        return self.of.partition(".")[0]

    @property
    def path(self) -> str | None:
        """Where in the JSON of the column the id stands; None when the column is no JSON."""
        return self.of.partition(".")[2] or None


NOTHING_PERSONAL: tuple[Personal, ...] = ()
