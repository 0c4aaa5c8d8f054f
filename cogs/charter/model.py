"""What the charter works with: its parts as they stand, and what a facilitator is writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.acts import CountBy
from bot.errors import UserError
from cogs.charter.rules import Change, Progress

ACKNOWLEDGED = "charter.acknowledged"
FREEZE_JOB = "charter.freeze"
NORMS_RENDERER = "charter.norms"


@dataclass(frozen=True)
class CharterSettings:
    """Where new norms are announced; nowhere while it is open."""

    guild_id: int
    channel_id: int | None = None


class Part(StrEnum):
    """What of the charter a draft is for."""

    MISSION = "mission"
    OUTCOME = "outcome"
    NORMS = "norms"


@dataclass(frozen=True)
class Outcome:
    """What should be reached, or (id 0) is about to be set. `metric` is a gettext id, None when nothing counts it now.

    Instants are UTC. `progress` is as of now, or as of `ends_at` once that has come; None when nothing counts it.
    """

    id: int
    words: str
    kind: str
    metric: str | None
    counted_by: CountBy
    target: int
    since: datetime
    ends_at: datetime
    revision: int = 0
    progress: Progress | None = None


@dataclass(frozen=True)
class Norms:
    """A version of the norms."""

    version: int
    lines: tuple[str, ...]
    is_material: bool
    published_at: datetime


@dataclass(frozen=True)
class Charter:
    """All of it, as one person sees it.

    `agreed_at` (UTC) is when they agreed to norms that still hold; `agreed_before` is a version that holds no more.
    `agreed` is how many people agreed, for staff alone. `channel_id` is where new norms are announced.
    """

    mission: str | None
    outcomes: tuple[Outcome, ...]
    norms: Norms | None
    agreed_at: datetime | None
    agreed_before: int | None
    is_staff: bool
    agreed: int
    channel_id: int | None

    @property
    def running(self) -> tuple[Outcome, ...]:
        return tuple(each for each in self.outcomes if each.progress is None or not each.progress.has_ended)

    @property
    def is_empty(self) -> bool:
        return not (self.mission or self.outcomes or self.norms)


@dataclass(frozen=True)
class Agreement:
    """What became of pressing "I have read it and agree"."""

    version: int
    at: datetime
    was_new: bool


@dataclass(frozen=True)
class Draft:
    """What a facilitator is writing, as they typed it."""

    id: int
    part: Part
    outcome_id: int | None
    typed: Mapping[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A draft and what it would do.

    `problem` says why it cannot be saved as it is. `is_stale`: somebody else saved since the form was opened; what
    stands now is in `mission`, `before` or `changes`, which compares with it.
    """

    draft: Draft
    problem: UserError | None = None
    is_stale: bool = False
    new_mission: str | None = None
    mission: str | None = None
    outcome: Outcome | None = None
    before: Outcome | None = None
    metrics: Mapping[str, str] | None = None
    norms: tuple[str, ...] = ()
    version: int = 0
    is_material: bool = False
    changes: tuple[Change, ...] = ()
    channel_id: int | None = None


@dataclass(frozen=True)
class Saved:
    """What was saved. `posted_in` is the channel where new norms are announced."""

    part: Part
    version: int = 0
    posted_in: int | None = None
    is_material: bool = False


@dataclass(frozen=True)
class Announcement:
    """A version of the norms and what is different from the one before, for the post."""

    norms: Norms
    changes: tuple[Change, ...]
