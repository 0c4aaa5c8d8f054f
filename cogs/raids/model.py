"""What the feature knows by name, and what its services give back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot.errors import NotFound
from cogs.raids.rules import Arrival, Evidence, Level, Suspicion
from storage import raids as storage

AREA = "raids"
BANNER_RENDERER = "raids.banner"
STEP_KEY, BAN_KEY, ONE_KEY = "raids.step:", "raids.ban:", "raids.one:"
EDIT_EVERY = 5
"""Seconds: the banner is drawn anew once in so many."""
A_SECOND = 8
"""Of requests that are made for each person alone, so that a thousand leave room for others."""
UNDO_WITHIN = timedelta(days=7)
SLOW = 30
"""Seconds of slow mode, in so many of the busiest channels."""
SLOW_CHANNELS, LOCK_CHANNELS = 3, 50
SEND = 1 << 11 | 1 << 38
"""Send Messages, and Send Messages in Threads."""
HIGH, HIGHEST = 3, 4
"""Levels of verification: a member for ten minutes, and a verified phone."""


class StepKind(StrEnum):
    """What a lockdown changes."""

    INVITES = "invites"  # and DMs, paused natively
    SLOWMODE = "slowmode"
    VERIFICATION = "verification"
    LOCK = "lock"
    OWN_VOICE = "own_voice"  # Lyceum's own role may go on writing in a locked channel


class StepState(StrEnum):
    """How far Discord has followed."""

    PLANNED = "planned"
    ON = "on"
    FAILED = "failed"
    RESTORED = "restored"
    KEPT = "kept"  # somebody changed it by hand meanwhile
    STUCK = "stuck"  # Discord refuses to put it back


class ActionKind(StrEnum):
    """What can be done about many at once."""

    BAN = "ban"
    KICK = "kick"
    QUARANTINE = "quarantine"
    RELEASE = "release"


class MemberState(StrEnum):
    """What was last done about somebody, and whether it came off."""

    HERE = "here"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    PLANNED = "planned"
    BANNED = "banned"
    KICKED = "kicked"
    SPARED = "spared"
    FAILED = "failed"
    UNDONE = "undone"


class Spared(StrEnum):
    """Why somebody who came meanwhile is not meant."""

    BY_STAFF = "by_staff"
    NO_SUSPECT = "no_suspect"
    HAS_ROLES = "has_roles"
    TOOK_PART = "took_part"
    OLDER = "older"
    WAS_HERE = "was_here"
    STAFF = "staff"
    BOT = "bot"
    DONE = "done"
    GONE = "gone"


OLDER_THAN: tuple[timedelta | None, ...] = (None, timedelta(days=365), timedelta(days=30), timedelta(days=7))
"""Accounts older than this can be left out; a place in here is part of the controls' ids: never change one."""
ACTIONS = (ActionKind.BAN, ActionKind.KICK, ActionKind.QUARANTINE, ActionKind.RELEASE)
"""The same."""


@dataclass(frozen=True)
class RaidSettings:
    """What a community chose; see `storage/raids.py`."""

    guild_id: int
    automatic: int = 1
    minutes: int = 60
    quarantine_role_id: int | None = None
    locked: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def locked_ids(self) -> list[int]:
        return [int(each) for each in self.locked.get("ids", ())]


@dataclass(frozen=True)
class RoleFact:
    """What a channel says of a role, in the bits that a lock touches. `may` are those that who has it may use there."""

    role_id: int
    allow: int
    deny: int
    has_overwrite: bool
    may: int


@dataclass(frozen=True)
class ChannelFact:
    """A text channel as it is. `allow` and `deny` are the bits of @everyone that a lock touches. `own` is Lyceum's own role
    there; None where a lock does not silence it."""

    id: int
    slowmode: int
    allow: int
    deny: int
    has_overwrite: bool
    is_public: bool
    own: RoleFact | None = None


@dataclass(frozen=True)
class GuildFacts:
    """A server as it is just before something is changed. `busiest` are channels, most first."""

    guild_id: int
    verification: int
    invites_until: datetime | None
    dms_until: datetime | None
    channels: tuple[ChannelFact, ...]
    busiest: tuple[int, ...]
    lacking: tuple[int, ...] = ()  # permissions that the ladder needs and the bot does not have

    def channel(self, channel_id: int) -> ChannelFact | None:
        return next((each for each in self.channels if each.id == channel_id), None)


@dataclass(frozen=True)
class PersonFact:
    """Somebody as Discord knows them at this moment."""

    member_id: int
    joined_at: datetime | None
    is_bot: bool = False
    is_staff: bool = False
    has_roles: bool = False


class Look(Protocol):
    """What the services want to know of Discord; `cogs/raids/facts.py` answers from memory."""

    def guild(self, guild_id: int) -> GuildFacts | None: ...

    def people(
        self, guild_id: int, member_ids: Collection[int], staff: Collection[int], ignored: Collection[int]
    ) -> Mapping[int, PersonFact]:
        """Those of them who are members. Who has one of the roles `staff` is that; the `ignored` count for nothing."""
        ...


@dataclass(frozen=True)
class Step:
    """Something that was changed."""

    id: int
    kind: StepKind
    target_id: int
    before: Mapping[str, Any]
    wanted: Mapping[str, Any]
    state: StepState
    reason: str | None


@dataclass(frozen=True)
class Action:
    """Something that was, or is to be, done about many."""

    id: int
    guild_id: int
    raid_id: int
    what: ActionKind
    by_id: int
    confirmed_by: int
    state: str
    count: int
    made_at: datetime
    done_at: datetime | None
    case_number: int | None = None
    done: int = 0
    failed: int = 0
    waiting: int = 0

    def can_be_undone(self, now: datetime) -> bool:
        return (
            self.what is ActionKind.BAN
            and self.state == "done"
            and self.done_at is not None
            and now <= self.done_at + UNDO_WITHIN
        )


@dataclass(frozen=True)
class Raid:
    """A lockdown as it stands."""

    id: int
    guild_id: int
    level: int
    since: datetime
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_why: str | None
    by_id: int
    ended_by: int
    evidence: Evidence
    steps: tuple[Step, ...] = ()
    came: int = 0
    suspects: int = 0
    quarantined: int = 0
    actions: tuple[Action, ...] = ()
    case_number: int | None = None

    @property
    def is_on(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True)
class Comer:
    """Somebody who came while it lasted."""

    member_id: int
    joined_at: datetime
    account_at: datetime
    suspicion: Suspicion
    left_out: bool
    state: MemberState
    why: str | None
    action_id: int | None
    quarantined: str | None


@dataclass(frozen=True)
class Preview:
    """Whom an action would mean, and how many not, by the reason."""

    raid: Raid
    what: ActionKind
    older: int
    chosen: tuple[int, ...]
    spared: Mapping[Spared, int]


@dataclass(frozen=True)
class AnnouncedSurge:
    """A surge as staff see it."""

    id: int
    guild_id: int
    by_id: int
    expected: int
    begins_at: datetime
    ends_at: datetime
    came: int
    zone: str


@dataclass(frozen=True)
class Status:
    """What /mod raid status shows."""

    settings: RaidSettings
    raid: Raid | None
    last: Raid | None
    surges: tuple[AnnouncedSurge, ...]
    usual: float
    sees_joins: bool
    reads_messages: bool
    lacking: tuple[int, ...]
    staff_channel_id: int | None


def no_raid() -> NotFound:
    return NotFound(
        "There is no such lockdown (any more). {command} shows how things stand.",
        command="`/mod raid status`",
    )


def arrival_of(row: storage.RaidMemberRow) -> Arrival:
    marks = row.marks
    return Arrival(
        row.member_id,
        row.joined_at,
        row.account_at,
        frozenset(marks.get("keys", ())),
        marks.get("face"),
        row.echoed,
    )


def row_of(arrival: Arrival, guild_id: int, raid_id: int) -> dict[str, Any]:
    return {
        "guild_id": guild_id,
        "raid_id": raid_id,
        "member_id": arrival.member_id,
        "joined_at": arrival.at,
        "account_at": arrival.account_at,
        "marks": {"keys": sorted(arrival.keys), "face": arrival.face},
        "echoed": arrival.echoed,
    }


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "span": evidence.span.total_seconds(),
        **{name: getattr(evidence, name) for name in _NUMBERS},
    }


def evidence_from_json(values: Mapping[str, Any]) -> Evidence:
    return Evidence(
        timedelta(seconds=values.get("span", 60)), **{name: values.get(name, 0) for name in _NUMBERS}
    )


_NUMBERS = ("joins", "fresh", "young", "alike", "same_face", "bare", "echoing", "loud", "usual", "expected")


def step_of(row: storage.RaidStepRow) -> Step:
    return Step(
        row.id, StepKind(row.kind), row.target_id, row.before, row.wanted, StepState(row.state), row.reason
    )


def level_of(number: int) -> Level | None:
    return Level(number) if number in set(Level) else None
