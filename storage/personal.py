"""What a table knows about people, and what becomes of it when one of them asks to be forgotten.

Every table states it in its class attribute `personal`: a `Personal` for each column that names a person, or
`NOTHING_PERSONAL`. /privacy reads these statements and nothing else, so a table without one fails a test.
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


NOBODY = 0
"""Stands where a person's id was. No Discord id is 0."""


@dataclass(frozen=True)
class Personal:
    """One column by which a row belongs to a person of a server.

    `of` is the column with the person's Discord id; or, with `through`, the foreign key to a row that belongs to
    them, whose rule then holds for this row too. `clear` are columns that are emptied when the row is detached.
    `keep_for` is how long after `since` (a column of instants) the row is kept in any case; None is until deletion.
    """

    of: str = "member_id"
    on_deletion: OnDeletion = OnDeletion.ERASE
    through: str | None = None
    clear: tuple[str, ...] = ()
    why: str | None = None
    keep_for: timedelta | None = None
    since: str | None = None


NOTHING_PERSONAL: tuple[Personal, ...] = ()
