"""What the services of challenges give back, and the names by which jobs, acts and drawings are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Contribution, RecordedAct
from bot.errors import AlreadyDone, UserError
from bot.i18n import N_
from bot.nominal_times import WEEKDAY_CODES, LocalRule
from cogs.challenges.definition import ChallengeText, from_json
from cogs.challenges.rules import AfterGrace, Kind, Lateness, Remark, State, Track
from storage import challenges as storage

AREA = "challenges"
SCHEDULE = "challenges"
OPEN_JOB = "challenges.open"
CLOSE_JOB = "challenges.close"
REVIEW_JOB = "challenges.review"
RESULTS_JOB = "challenges.results"
ARCHIVE_JOB = "challenges.archive"
REMIND_JOB = "challenges.remind"
POST_RENDERER = "challenges.post"
THREAD_RENDERER = "challenges.thread"
RESULTS_RENDERER = "challenges.results"
REMINDER_RENDERER = "challenges.reminder"
STOCK_RENDERER = "challenges.stock"
REMINDER_KIND = "challenge.reminder"

JOINED = "challenge.joined"
SUBMITTED = "challenge.submitted"
COMPLETED = "challenge.completed"
CLOSED = "challenge.closed"
ACTS: Mapping[str, str] = {
    JOINED: N_("Challenges joined"),
    SUBMITTED: N_("Challenges finished"),
    COMPLETED: N_("Challenges finished with a look back"),
}
"""What outcomes can count. `CLOSED` is said of each submission when it is ready for review, and is nobody's doing."""


async def _titles_of(session: AsyncSession, acts: Sequence[RecordedAct]) -> dict[int, str]:
    ids = {act.id: int(act.subject) for act in acts}
    titles = {
        row.id: from_json(row.texts).title
        for row in await storage.list_by_id(session, acts[0].guild_id, set(ids.values()))
    }
    return {act_id: titles[id_] for act_id, id_ in ids.items() if id_ in titles}


CONTRIBUTION = Contribution(
    SUBMITTED,
    feature="challenges",
    done=N_("Finished a challenge"),
    next_step=N_("the challenge of the week (`/challenge current`)"),
    first=N_("Your first challenge is submitted. Well done!"),
    names_of=_titles_of,
)

TRACK_NAMES: Mapping[Track, str] = {
    Track.WARM_UP: N_("Warm-up"),
    Track.CORE: N_("Core"),
    Track.STRETCH: N_("Stretch"),
}
STATE_NAMES: Mapping[State, str] = {
    State.DRAFT: N_("draft"),
    State.QUEUED: N_("queued"),
    State.OPEN: N_("open"),
    State.CLOSING: N_("closing"),
    State.REVIEW: N_("in review"),
    State.RESULTS: N_("results are out"),
    State.ARCHIVED: N_("archived"),
}


@dataclass(frozen=True)
class ChallengeSettings:
    """What a community chose. Times of day are minutes after local midnight; `closes_weekday` 0 is Monday."""

    guild_id: int
    channel_id: int | None = None
    gallery_channel_id: int | None = None
    schedule_id: int | None = None
    closes_weekday: int = 6
    closes_minute: int = 20 * 60
    results_minute: int = 18 * 60
    grace_hours: int = 12
    after_grace: str = AfterGrace.ACCEPT.value
    ranking: bool = False

    @property
    def closes_time(self) -> time:
        return time(self.closes_minute // 60, self.closes_minute % 60)

    @property
    def results_time(self) -> time:
        return time(self.results_minute // 60, self.results_minute % 60)


@dataclass(frozen=True)
class Challenge:
    """A challenge as it stands. Instants are UTC, None before it opened."""

    id: int
    guild_id: int
    state: State
    text: ChallengeText
    credit_id: int | None
    channel_id: int | None
    gallery_channel_id: int | None
    opened_at: datetime | None
    closes_at: datetime | None
    grace_until: datetime | None
    results_at: datetime | None
    edits: int


@dataclass(frozen=True)
class Submission:
    """One version of what a member handed in. `first_late` is how late their first version was."""

    id: int
    challenge_id: int
    member_id: int
    version: int
    kind: Kind
    content: str
    learned: str
    confidence: int | None
    shown: bool
    late: Lateness
    first_late: Lateness
    received_at: datetime


@dataclass(frozen=True)
class Standing:
    """A challenge as one member sees it. `can_submit` is whether something may be handed in now."""

    challenge: Challenge
    joined: int
    track: Track | None
    remind: bool
    submission: Submission | None
    has_draft: bool
    can_submit: bool


@dataclass(frozen=True)
class Receipt:
    """Something was handed in."""

    challenge: Challenge
    submission: Submission
    track: Track
    late_by: int  # minutes
    remark: Remark | None
    is_completed: bool
    file: Mapping[str, str] | None  # its name and where Discord has it for now, until it is posted


@dataclass(frozen=True)
class Kept:
    """Something was not handed in but kept; `problem` says why, None when its author wanted it so."""

    challenge: Challenge
    problem: UserError | None


@dataclass(frozen=True)
class Mine:
    """What a member has in challenges: handed in (newest first) and begun."""

    submitted: tuple[tuple[Challenge, Submission, bool], ...]  # the flag: whether it can be changed still
    drafts: tuple[Challenge, ...]
    ranking_is_on: bool
    ranked: bool


@dataclass(frozen=True)
class Suggestion:
    """An idea of a member."""

    id: int
    member_id: int
    title: str
    idea: str
    credit: bool
    created_at: datetime


def opening_of(rule: LocalRule) -> tuple[int, time]:
    """Weekday (0 is Monday) and time of a weekly rule."""
    return WEEKDAY_CODES.index(rule.rrule.rpartition("BYDAY=")[2][:2]), rule.time


@dataclass(frozen=True)
class Schedule:
    """When challenges open by themselves. `rule` and `next_at` are None when they do not."""

    rule: LocalRule | None
    next_at: datetime | None
    zone: str
    settings: ChallengeSettings

    @property
    def opens(self) -> tuple[int, time] | None:
        """Weekday (0 is Monday) and time of the openings."""
        return opening_of(self.rule) if self.rule is not None else None


@dataclass(frozen=True)
class Overview:
    """What facilitators see."""

    running: Challenge | None
    joined: int
    submitted: int
    reviewing: tuple[Challenge, ...]
    queue: tuple[Challenge, ...]
    drafts: tuple[Challenge, ...]
    suggestions: tuple[Suggestion, ...]
    schedule: Schedule


@dataclass(frozen=True)
class Plan:
    """What opening, closing or extending would do; nothing has happened yet."""

    challenge: Challenge
    closes_at: datetime
    grace_until: datetime
    results_at: datetime
    channel_id: int | None
    joined: int
    next_opening: datetime | None


class Overtaken(AlreadyDone):
    """Somebody else has changed what a form was filled with. Nothing was saved; `written` is what was typed."""

    def __init__(self, challenge: Challenge, written: ChallengeText) -> None:
        super().__init__("Somebody changed it while you were writing, so nothing was saved.")
        self.challenge, self.written = challenge, written


def challenge_of(row: storage.ChallengeRow) -> Challenge:
    """The row as a value that outlives the session."""
    return Challenge(
        id=row.id,
        guild_id=row.guild_id,
        state=State(row.state),
        text=from_json(row.texts),
        credit_id=row.credit_id or None,
        channel_id=row.channel_id,
        gallery_channel_id=row.gallery_channel_id,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        grace_until=row.grace_until,
        results_at=row.results_at,
        edits=row.edits,
    )


def submission_of(row: storage.SubmissionRow, first: storage.SubmissionRow) -> Submission:
    """The same of a submission; `first` is its first version."""
    return Submission(
        id=row.id,
        challenge_id=row.challenge_id,
        member_id=row.member_id,
        version=row.version,
        kind=Kind(row.kind),
        content=row.content,
        learned=row.learned,
        confidence=row.confidence,
        shown=row.shown,
        late=Lateness(row.late),
        first_late=Lateness(first.late),
        received_at=row.received_at,
    )


def job_payload(row: storage.ChallengeRow) -> dict[str, Any]:
    """What the jobs of a challenge carry; the title is for /manage jobs."""
    return {"challenge_id": row.id, "closing": row.closings}
