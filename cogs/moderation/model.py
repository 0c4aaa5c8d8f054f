"""What moderation's services are told and hand back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.authority import Capability
from bot.cases import Case, CaseEvent, CaseKind
from bot.guards import Proposal
from bot.i18n import N_
from bot.notify_rules import Delivery, Kind
from bot.setup_permissions import BAN_MEMBERS, KICK_MEMBERS, MANAGE_ROLES, MODERATE_MEMBERS
from cogs.moderation.rules import Rule, Suggestion

AREA = "moderation"
CARD_RENDERER = "moderation.case"
NOTICE_RENDERER = "moderation.notice"
PROPOSAL = "moderation.act"
# How the keys of effects begin.
ACT, NOTICE, PURGE, UNDO, CARD, SPARE, SPARED = (
    "moderation.act:",
    "moderation.notice:",
    "moderation.purge:",
    "moderation.undo:",
    "moderation.card:",
    "moderation.spare:",
    "moderation.spared:",
)
PAGE_SIZE = 8

NOTICE_KIND = Kind(
    "moderation.notice",
    N_("A moderator did something that concerns you"),
    N_("a moderator did something that concerns your own place in the community."),
    N_("A moderator did something that concerns you. You can read and appeal it with `/standing`."),
    default=Delivery.NOW,
    private=True,
    choosable=False,
)

NEEDS: Mapping[CaseKind, Capability] = {
    CaseKind.NOTE: Capability.MODERATE,
    CaseKind.WARN: Capability.MODERATE,
    CaseKind.TIMEOUT: Capability.MODERATE,
    CaseKind.RESTRICT: Capability.MODERATE,
    CaseKind.KICK: Capability.KICK,
    CaseKind.BAN: Capability.BAN,
    CaseKind.UNBAN: Capability.BAN,
    CaseKind.PURGE: Capability.MODERATE,
    CaseKind.LOCK: Capability.MODERATE,
    CaseKind.SLOWMODE: Capability.MODERATE,
    CaseKind.AUTOMOD: Capability.MODERATE,
    CaseKind.RAID: Capability.MODERATE,
}
BAN_NEEDED = N_(
    "I lack the permission Ban Members. Give it to my role in Server Settings > Roles, then try again."
)
BOT_NEEDS: Mapping[CaseKind, tuple[int, str]] = {
    CaseKind.TIMEOUT: (
        MODERATE_MEMBERS,
        N_(
            "I lack the permission Time Out Members. Give it to my role in Server Settings > Roles, then try again."
        ),
    ),
    CaseKind.RESTRICT: (
        MANAGE_ROLES,
        N_(
            "I lack the permission Manage Roles. Give it to my role in Server Settings > Roles, then try again."
        ),
    ),
    CaseKind.KICK: (
        KICK_MEMBERS,
        N_(
            "I lack the permission Kick Members. Give it to my role in Server Settings > Roles, then try again."
        ),
    ),
    CaseKind.BAN: (BAN_MEMBERS, BAN_NEEDED),
    CaseKind.UNBAN: (BAN_MEMBERS, BAN_NEEDED),
}
ABSENT_ALSO = frozenset({CaseKind.NOTE, CaseKind.BAN, CaseKind.UNBAN})
TOLD = frozenset({CaseKind.WARN, CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.KICK, CaseKind.BAN})
LEAVING = frozenset({CaseKind.KICK, CaseKind.BAN})


@dataclass(frozen=True)
class ModerationSettings:
    """What a community chose; see `storage/moderation.py`."""

    guild_id: int
    rules: Mapping[str, Any] = field(default_factory=dict[str, Any])
    points_days: int = 90
    appeal: str = ""

    @property
    def rule_list(self) -> tuple[Rule, ...]:
        return tuple(Rule(str(name), int(points)) for name, points in self.rules.get("list", ()))


@dataclass(frozen=True)
class Order:
    """What a moderator wants done to somebody. `length` None is for good, where that is possible."""

    kind: CaseKind
    member_id: int
    reason: str
    length: timedelta | None = None
    rule: str | None = None
    delete_seconds: int = 0
    source_key: str | None = None


@dataclass(frozen=True)
class Acted:
    """What came of it: a case, or a proposal for a second moderator."""

    case: Case | None
    proposal: Proposal | None = None
    points: int = 0
    suggestion: Suggestion | None = None


@dataclass(frozen=True)
class Note:
    """Words of staff among themselves."""

    by_id: int
    at: datetime
    text: str


@dataclass(frozen=True)
class Evidence:
    """A message that was kept; `text` None once its words were emptied."""

    author_id: int
    text: str | None
    link: str | None
    attachments: tuple[str, ...]
    purge_at: datetime


@dataclass(frozen=True)
class CaseView:
    """A case with all that belongs to it."""

    case: Case
    events: tuple[CaseEvent, ...] = ()
    notes: tuple[Note, ...] = ()
    linked: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    hidden_by: int | None = None
    hidden_why: str | None = None
    panel_id: int | None = None


@dataclass(frozen=True)
class PanelView:
    """What a moderator sees before acting on somebody."""

    panel_id: int
    member_id: int
    points: int
    suggestion: Suggestion | None
    recent: tuple[Case, ...]
    holding: tuple[Case, ...]
    total: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class HistoryView:
    """One page of the cases about somebody, counted from 0."""

    member_id: int
    cases: tuple[Case, ...]
    page: int
    pages: int
    total: int
    points: int
    panel_id: int


@dataclass(frozen=True)
class Writer:
    """A role that goes on writing in a locked channel: `bits` are what its overwrite has to allow for that, which before the
    lock came from @everyone or from the role itself. `existed` is whether it has an overwrite there."""

    role_id: int
    bits: int
    existed: bool


@dataclass(frozen=True)
class ChannelState:
    """A channel as Discord shows it: what @everyone's overwrite allows and denies there, its slowmode in seconds, and the
    roles that a lock spares."""

    channel_id: int
    allow: int = 0
    deny: int = 0
    existed: bool = False
    slowmode: int = 0
    can_lock: bool = True
    can_change: bool = True
    is_thread: bool = False
    writers: tuple[Writer, ...] = ()
