"""Appeals as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.cases import Case, CaseKind, EndedWhy
from bot.cases import State as CaseState
from bot.errors import NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.appeals.rules import Contested, Figures, Limits, Made, State
from storage import appeals as storage

AREA = "appeals"
POST_RENDERER = "appeals.card"
REMIND_RENDERER = "appeals.remind"
OUTCOME_RENDERER = "appeals.outcome"
LATE_RENDERER = "appeals.late"
REMIND_JOB = "appeals.remind"
KINDS = {
    CaseKind.WARN: N_("Warning"),
    CaseKind.TIMEOUT: N_("Timeout"),
    CaseKind.RESTRICT: N_("Restriction"),
    CaseKind.KICK: N_("Removal from the server"),
    CaseKind.BAN: N_("Ban"),
    CaseKind.AUTOMOD: N_("Message stopped by AutoMod"),
}
"""What a member's record shows. Notes are staff's own."""
OPEN_TO = frozenset({CaseKind.WARN, CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.KICK, CaseKind.BAN})
OUTCOME_KIND = Kind(
    "appeals.outcome",
    title=N_("What was decided about your appeal"),
    why=N_("you appealed something."),
    digest_line=N_("There is news of your appeal: `/standing`"),
    private=True,
)


@dataclass(frozen=True)
class AppealSettings:
    """What a community chose, in days; see `storage/appeals.py`."""

    guild_id: int
    within_days: int = 30
    again_days: int = 14
    promise_days: int = 7

    @property
    def limits(self) -> Limits:
        return Limits(self.within_days, self.again_days, self.promise_days)


@dataclass(frozen=True)
class Appeal:
    """An appeal with the case that it is about."""

    id: int
    guild_id: int
    case: Case
    member_id: int
    words: str
    state: State
    at: datetime
    due_at: datetime
    decided_by: int
    decided_at: datetime | None
    answer: str | None
    own_case: bool

    def can_be_shortened(self, now: datetime) -> bool:
        """Whether there is an end that could be sooner."""
        return self.case.holds or points_count(self.case, now)


@dataclass(frozen=True)
class Entry:
    """One case on somebody's record. `appeal` is the latest about it."""

    case: Case
    may_appeal: bool
    appeal: Appeal | None = None


@dataclass(frozen=True)
class Standing:
    """A page of somebody's own record. `points` stand at present, the next of them until `points_until`."""

    entries: tuple[Entry, ...]
    page: int
    has_more: bool
    points: int
    points_until: datetime | None
    holding: tuple[Case, ...]


@dataclass(frozen=True)
class Desk:
    """What staff see."""

    waiting: tuple[Appeal, ...]
    figures: Figures
    may_set: bool


def points_count(case: Case, now: datetime) -> bool:
    """Whether it has points that have not run out."""
    return case.points > 0 and (case.points_until is None or case.points_until > now)


def contested_of(case: Case) -> Contested:
    return Contested(
        case.member_id,
        case.moderator_id,
        case.created_at,
        is_open_to=case.kind in OPEN_TO and not case.is_hidden and case.state is not CaseState.FAILED,
        is_overturned=case.ended_why is EndedWhy.OVERTURNED,
    )


def made_of(row: storage.AppealRow) -> Made:
    return Made(State(row.state), row.at, row.decided_at)


def appeal_of(row: storage.AppealRow, case: Case) -> Appeal:
    return Appeal(
        row.id,
        row.guild_id,
        case,
        row.member_id,
        row.words,
        State(row.state),
        row.at,
        row.due_at,
        row.decided_by,
        row.decided_at,
        row.answer,
        row.own_case,
    )


def post_key(appeal_id: int) -> str:
    """Under which an appeal is posted in the staff channel."""
    return f"{POST_RENDERER}:{appeal_id}"


def outcome_key(appeal_id: int) -> str:
    return f"{OUTCOME_RENDERER}:{appeal_id}"


def late_key(appeal_id: int) -> str:
    return f"{LATE_RENDERER}:{appeal_id}"


def gone() -> NotFound:
    return NotFound("This appeal does not exist (any more). See {command}.", command="`/mod appeals`")
