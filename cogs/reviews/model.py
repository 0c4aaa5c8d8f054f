"""What the services of reviews give back, and the names by which jobs, acts and drawings are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.acts import Contribution
from bot.errors import NotAllowed, NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.reviews.rubrics import Rubric, Words, read, shipped
from cogs.reviews.rules import Mode, Ratings, State, Thin, Wait
from storage import reviews as storage

AREA = "reviews"
READY = "challenge.closed"  # a work of a challenge can be reviewed, see bot/works.py
LOCK_JOB = "reviews.lock"
TELL_JOB = "reviews.tell"
CREDIT_JOB = "reviews.credit"
NUDGE_JOB = "reviews.nudge"
RELEASE_JOB = "reviews.release"
DUTY_JOB = "reviews.duty"
CONFIRM_JOB = "reviews.confirm"
FILL_JOB = "reviews.fill"
WORK_RENDERER = "reviews.work"
RECEIVED_RENDERER = "reviews.received"
ASSIGNED_RENDERER = "reviews.assigned"
NUDGE_RENDERER = "reviews.nudge"
TALK_RENDERER = "reviews.talk"
NEWS_RENDERER = "reviews.news"
DUTY_RENDERER = "reviews.duty"
READY_RENDERER = "reviews.ready"
ROOM_RENDERER = "reviews.room"
ROOM_CARD_RENDERER = "reviews.room_card"
ROOM_TOP_RENDERER = "reviews.room_top"
WAITING, DRAWN, CONFIRMED = "waiting", "drawn", "confirmed"  # the states of a round
GIVEN = "review.given"
RATED = "review.rated"
ACTS: Mapping[str, str] = {GIVEN: N_("Reviews given"), RATED: N_("Reviews rated by their authors")}
CONTRIBUTION = Contribution(
    GIVEN,
    feature=AREA,
    done=N_("Reviewed somebody's work"),
    next_step=N_("a review of somebody's work (`/review inbox`)"),
    first=N_("Your first review is given. Thank you!"),
)
RECEIVED_KIND = Kind(
    "reviews.received",
    title=N_("Your work was reviewed, or something became of its review"),
    why=N_("you asked for a review, or submitted work that is reviewed."),
    digest_line=N_("There is news about the review of your work: `/review inbox`"),
)
ASSIGNED_KIND = Kind(
    "reviews.assigned",
    title=N_("Somebody's work is yours to review"),
    why=N_("you take part in a round of reviews, in which everybody reviews some."),
    digest_line=N_("Somebody's work is yours to review: `/review inbox`"),
)
NUDGE_KIND = Kind(
    "reviews.nudge",
    title=N_("A review that you have in hand is due soon"),
    why=N_("you have a review in hand, and somebody waits for it."),
    digest_line=N_("A review that you have in hand is due soon: `/review inbox`"),
)
TALK_KIND = Kind(
    "reviews.talk",
    title=N_("Somebody answered to a review of yours"),
    why=N_("you wrote a review, and its author answered or changed their work."),
    digest_line=N_("Somebody answered to a review of yours: `/review mine`"),
)
KINDS = (RECEIVED_KIND, ASSIGNED_KIND, NUDGE_KIND, TALK_KIND)


@dataclass(frozen=True)
class ReviewSettings:
    """What a community chose; see `storage.review_wishes.ReviewSettingsRow`."""

    guild_id: int
    channel_id: int | None = None
    duty_role_id: int | None = None
    per_work: int = 2
    mode: str = Mode.OPEN.value
    rubric: str = "any-work"
    first_nudge_hours: int = 24
    second_nudge_hours: int = 48
    release_hours: int = 72
    duty_hours: int = 48
    confirm_hours: int = 0
    only_trained: bool = False


@dataclass(frozen=True)
class Work:
    """A work to be reviewed, as it stands. Instants are UTC."""

    id: int
    guild_id: int
    author_id: int
    round_id: int | None
    mode: Mode
    is_open: bool
    wanted: int
    title: str
    content: str
    focus: str
    tried: str
    minutes: int
    rubric: Rubric
    deadline_at: datetime | None
    overdrawn: bool
    channel_id: int | None
    asked_at: datetime
    is_reviewed: bool
    version: int
    changed: str


@dataclass(frozen=True)
class Reply:
    """What the author or the reviewer said afterwards."""

    member_id: int
    text: str
    at: datetime


@dataclass(frozen=True)
class Review:
    """A review with its work. `answers` has a number for each criterion and a text for each of `Words`."""

    id: int
    work: Work
    reviewer_id: int
    state: State
    version: int
    alias: int
    ends_at: datetime | None
    extensions: int
    draft: Mapping[str, Any]
    answers: Mapping[str, Any]
    given_at: datetime | None
    is_closed: bool
    rating: tuple[int, int, int] | None
    replies: tuple[Reply, ...] = ()
    can_reopen: bool = False

    @property
    def written(self) -> Mapping[str, Any]:
        """What is written so far."""
        return self.draft or self.answers


@dataclass(frozen=True)
class WorkCard:
    """A work as everybody sees it: who has it at the moment and until when, and how many people reviewed it.

    `waits`: nobody has reviewed the newest version.
    """

    work: Work
    holder: int | None
    held_until: datetime | None
    given: int
    waits: bool
    place: int | None
    wait: Wait | None


@dataclass(frozen=True)
class Asked:
    """A review was asked for. `place` is the work's place in the queue, from 1."""

    work: Work
    place: int
    wait: Wait | None


@dataclass(frozen=True)
class Written:
    """What became of a page of the form. `page` is the next one; None when it was the last.

    `thin` says why one line more would help; `review` is given when nothing is left to do. `lost`: it was not theirs
    any more, so what they wrote is kept and nothing else happened.
    """

    review: Review
    page: int | None = None
    thin: Thin | None = None
    lost: bool = False


@dataclass(frozen=True)
class Inbox:
    """What waits for somebody, what they asked for, and what they could take.

    `needs_training`: the pool is for trained reviewers, and they are none yet.
    """

    held: tuple[Review, ...]
    asked: tuple[tuple[Work, int, int | None], ...]  # with reviews so far, and its place in the queue
    unread: tuple[Review, ...]
    pool: tuple[Work, ...]
    wait: Wait | None
    needs_training: bool = False


@dataclass(frozen=True)
class Mine:
    """What somebody gave and received; `reviews` are those of one page, the newest first.

    `ratings`, and the words that authors gave for them in `said`, are there from a number on that hides each of them.
    `is_overdrawn`: what they ask for next comes after others.
    """

    member_id: int
    given: int
    received: int
    is_overdrawn: bool
    ratings: Ratings | None
    said: tuple[str, ...]
    reviews: tuple[Review, ...]
    page: int
    pages: int


@dataclass(frozen=True)
class Availability:
    """How many reviews a week somebody takes (None: they said nothing), and on which days: bit 0 is Monday."""

    per_week: int | None
    weekdays: int
    volunteers: bool


@dataclass(frozen=True)
class Drawn:
    """One work of a drawn round and who reviews it, each with a reason (a gettext id and its fields).

    In a blind round who it is stands nowhere: NOBODY. The one way to see it is `ReviewsStaff.unmask`.
    """

    author_id: int
    reviewers: tuple[tuple[int, str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class Preview:
    """A round as it stands. `loads` maps a number of reviews to how many people write so many; `left_out` is who could
    not be asked, because they are away or said so; `only_trained`: others than trained reviewers are not asked."""

    id: int
    title: str
    state: str
    mode: Mode
    per_work: int
    draws: int
    seed: int
    works: int
    confirms_at: datetime | None = None
    undo_until: datetime | None = None
    drawn: tuple[Drawn, ...] = ()
    loads: Mapping[int, int] = field(default_factory=dict[int, int])
    left_out: tuple[int, ...] = ()
    only_trained: bool = False

    def with_drawn(
        self,
        drawn: tuple[Drawn, ...],
        *,
        loads: Mapping[int, int],
        left_out: tuple[int, ...],
        only_trained: bool,
    ) -> Preview:
        return replace(self, drawn=drawn, loads=loads, left_out=left_out, only_trained=only_trained)


def work_of(row: storage.ReviewWorkRow) -> Work:
    """The row as a value that outlives the session."""
    return Work(
        id=row.id,
        guild_id=row.guild_id,
        author_id=row.author_id,
        round_id=row.round_id,
        mode=Mode(row.mode),
        is_open=row.state == storage.OPEN,
        wanted=row.wanted,
        title=row.title,
        content=row.content,
        focus=row.focus,
        tried=row.tried,
        minutes=row.minutes,
        rubric=read(row.rubric),
        deadline_at=row.deadline_at,
        overdrawn=row.overdrawn,
        channel_id=row.channel_id,
        asked_at=row.asked_at,
        is_reviewed=row.first_review_at is not None,
        version=row.version,
        changed=row.changed,
    )


def review_of(row: storage.ReviewRow, work: storage.ReviewWorkRow, replies: tuple[Reply, ...] = ()) -> Review:
    """The same of a review."""
    rating = None
    if row.helpful is not None and row.specific is not None and row.kind is not None:
        rating = (row.helpful, row.specific, row.kind)
    return Review(
        id=row.id,
        work=work_of(work),
        reviewer_id=row.reviewer_id,
        state=State(row.state),
        version=row.version,
        alias=row.alias,
        ends_at=row.ends_at,
        extensions=row.extensions,
        draft=row.draft or {},
        answers=row.answers or {},
        given_at=row.given_at,
        is_closed=row.closed_at is not None,
        rating=rating,
        replies=replies,
    )


def find_rubric(key: str) -> Rubric:
    """The shipped rubric of this name, or the first one."""
    return next((each for each in shipped() if each.key == key), shipped()[0])


def count_reviewers(rows: Iterable[storage.ReviewRow]) -> int:
    """How many people gave these reviews; who reviewed two versions is one, and who was deleted is one too."""
    return len({each.alias for each in rows if each.state == State.GIVEN})


def words_of(answers: Mapping[str, Any]) -> dict[str, str]:
    """What a review says in words."""
    return {each.value: str(answers.get(each.value) or "") for each in Words}


def gone() -> NotFound:
    return NotFound("That review does not exist any more. {command} shows yours.", command="`/review inbox`")


def somebody_elses() -> NotAllowed:
    return NotAllowed(
        "This is somebody else's. {command} shows what waits for you.", command="`/review inbox`"
    )
