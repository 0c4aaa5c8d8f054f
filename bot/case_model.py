"""What a case is, as everybody sees it who works with one. `bot/cases.py` opens, changes and ends them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage import cases as storage
from storage.personal import NOBODY

# In the details of one of many people's case: the source key of the one about all of them.
PART_OF = "part_of"


class CaseKind(StrEnum):
    """What was done."""

    NOTE = "note"
    WARN = "warn"
    TIMEOUT = "timeout"
    RESTRICT = "restrict"
    KICK = "kick"
    BAN = "ban"
    UNBAN = "unban"
    PURGE = "purge"
    LOCK = "lock"
    SLOWMODE = "slowmode"
    AUTOMOD = "automod"
    RAID = "raid"


LASTING = frozenset(
    {
        CaseKind.TIMEOUT,
        CaseKind.RESTRICT,
        CaseKind.BAN,
        CaseKind.LOCK,
        CaseKind.SLOWMODE,
        CaseKind.RAID,
    }
)


class Source(StrEnum):
    """Where a case came from."""

    COMMAND = "command"
    DISCORD = "discord"  # done by hand in Discord
    AUTOMOD = "automod"
    FILTER = "filter"
    RAID = "raid"
    REPORT = "report"


class State(StrEnum):
    """How far Discord has followed."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"


class EndedWhy(StrEnum):
    """Why a case does not hold any more."""

    EXPIRED = "expired"
    LIFTED = "lifted"
    OVERTURNED = "overturned"


class EventKind(StrEnum):
    """What happened with a case."""

    EDITED = "edited"  # the reason: before and after
    NOTED = "noted"
    LINKED = "linked"
    HIDDEN = "hidden"
    SHOWN = "shown"  # not hidden any more
    EXTENDED = "extended"
    EXPIRED = "expired"
    LIFTED = "lifted"
    NOTICE_SENT = "notice_sent"
    NOTICE_FAILED = "notice_failed"  # they could not be told; after: the code
    REAPPLIED = "reapplied"  # they came back and it held still
    APPEALED = "appealed"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    DONE = "done"
    FAILED = "failed"
    CONFIRMED = "confirmed"  # by a second moderator


@dataclass(frozen=True, kw_only=True)
class CaseDraft:
    """A case to open. `member_id` is `NOBODY` for one about a channel or several people, `moderator_id` for one of
    Lyceum's own. `state` is done for what needs nothing of Discord. Instants are aware, UTC."""

    guild_id: int
    kind: CaseKind
    source: Source
    reason: str
    member_id: int = NOBODY
    moderator_id: int = NOBODY
    channel_id: int | None = None
    rule: str | None = None
    source_key: str | None = None
    count: int = 1
    points: int = 0
    points_until: datetime | None = None
    ends_at: datetime | None = None
    state: State = State.PLANNED
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Case:
    """A case as it stands. `is_new` only where it was just opened and not found by its key."""

    id: int
    guild_id: int
    number: int
    kind: CaseKind
    source: Source
    source_key: str | None
    member_id: int
    moderator_id: int
    channel_id: int | None
    reason: str
    rule: str | None
    count: int
    points: int
    points_until: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: int | None
    ended_why: EndedWhy | None
    state: State
    state_reason: str | None
    hidden_at: datetime | None
    details: Mapping[str, Any]
    created_at: datetime
    version: int = 0
    is_new: bool = False

    @property
    def holds(self) -> bool:
        """Whether it lasts and has not ended."""
        return self.kind in LASTING and self.ended_at is None and self.state is not State.FAILED

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None


@dataclass(frozen=True)
class CaseEvent:
    """Something that happened with a case."""

    what: EventKind
    by_id: int
    at: datetime
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """A message to keep as evidence."""

    author_id: int
    text: str
    channel_id: int | None = None
    message_id: int | None = None
    attachments: tuple[str, ...] = ()
    link: str | None = None


def snapshot(row: storage.CaseRow, *, is_new: bool = False) -> Case:
    return Case(
        id=row.id,
        guild_id=row.guild_id,
        number=row.number,
        kind=CaseKind(row.kind),
        source=Source(row.source),
        source_key=row.source_key,
        member_id=row.member_id,
        moderator_id=row.moderator_id,
        channel_id=row.channel_id,
        reason=row.reason,
        rule=row.rule,
        count=row.count,
        points=row.points,
        points_until=row.points_until,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        ended_why=EndedWhy(row.ended_why) if row.ended_why is not None else None,
        state=State(row.state),
        state_reason=row.state_reason,
        hidden_at=row.hidden_at,
        details=row.details,
        created_at=row.created_at,
        version=row.version,
        is_new=is_new,
    )
