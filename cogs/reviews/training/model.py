"""Training as the parts of the feature pass it on, and the names by which the rest of the bot knows it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.errors import NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.reviews import rubrics
from cogs.reviews.rubrics import Criterion, Rubric
from cogs.reviews.training.rules import USUAL_THRESHOLD, Difference, Rule, Theme
from storage import review_training as storage

AREA = "reviews"
TRAINED = "review.trained"
ACTS = {TRAINED: N_("Reviewers trained")}
LICENCE_RENDERER = "reviews.licence"
LICENCE_KIND = Kind(
    "reviews.licence",
    title=N_("Your reviewer licence, when a facilitator gives it or takes it back"),
    why=N_("a facilitator changed your reviewer licence."),
    digest_line=N_("A facilitator changed your reviewer licence. Where you stand: `/review train`"),
    private=True,
)


@dataclass(frozen=True)
class TrainingSettings:
    """`threshold` is in percent. `retired` has a key for each shipped sample that is not used."""

    guild_id: int
    reviewer_role_id: int | None = None
    threshold: int = USUAL_THRESHOLD
    retired: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class GoodReview:
    """`place` are the words of the next step that say where."""

    strength: str
    question: str
    next_step: str
    place: str
    why: str


@dataclass(frozen=True)
class WeakReview:
    text: str
    lacks: tuple[Rule, ...]
    why: str


@dataclass(frozen=True)
class Example:
    """A work with a good and a weak review. `challenge` is the title of a shipped challenge."""

    key: str
    theme: Theme
    title: str
    text: str
    good: GoodReview
    weak: WeakReview
    challenge: str | None = None


@dataclass(frozen=True)
class Reference:
    """What experienced reviewers answered, and why; "" where the reason stands for the whole work."""

    answer: int
    why: str = ""


@dataclass(frozen=True)
class Sample:
    """A work to practise on. `ours`: its texts are gettext ids. `why` is a reason for all answers together.

    `group` is the shipped set. One of the community's own lacks answers until they were given.
    """

    key: str
    title: str
    text: str
    rubric: Rubric
    reference: Mapping[str, Reference]
    why: str = ""
    group: str | None = None
    ours: bool = False

    @property
    def is_complete(self) -> bool:
        return bool(self.rubric.criteria) and all(each.key in self.reference for each in self.rubric.criteria)


@dataclass(frozen=True)
class Part:
    """One work of somebody's training, as it was when they began, with their answers so far."""

    id: int
    position: int
    sample: Sample
    answers: Mapping[str, int]

    @property
    def open(self) -> tuple[Criterion, ...]:
        """What is still to be answered."""
        return tuple(each for each in self.sample.rubric.criteria if each.key not in self.answers)


@dataclass(frozen=True)
class Run:
    """One training. `percent` and `passed` are None until it is finished; `retry_at` is UTC."""

    id: int
    needed: int
    parts: tuple[Part, ...]
    percent: int | None = None
    passed: bool = False
    retry_at: datetime | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def current(self) -> Part | None:
        """The work where one is."""
        return next((each for each in self.parts if each.open), None)


@dataclass(frozen=True)
class Licence:
    """A reviewer's licence. `by` is who gave or took it by hand; None when it was earned. `reason` is theirs."""

    id: int
    member_id: int
    held: bool
    since: datetime
    by: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Desk:
    """What /review train shows. `needed` is in percent. `is_too_soon`: the next set is there another day."""

    needed: int
    can_begin: bool
    run: Run | None = None
    licence: Licence | None = None
    role_id: int | None = None
    has_samples: bool = True
    is_too_soon: bool = False
    just_finished: bool = False

    @property
    def is_licensed(self) -> bool:
        return self.licence is not None and self.licence.held


@dataclass(frozen=True)
class OwnSample:
    """A sample as facilitators see it. `own_id` is None for a shipped one."""

    sample: Sample
    retired: bool
    own_id: int | None = None


@dataclass(frozen=True)
class StaffDesk:
    """What /manage reviews training shows."""

    settings: TrainingSettings
    held: tuple[Licence, ...]
    samples: tuple[OwnSample, ...]

    @property
    def in_use(self) -> int:
        return sum(not each.retired and each.sample.is_complete for each in self.samples)


def number_of(key: str) -> int:
    """The number that stands for a shipped example or sample in the ids of controls, which hold no text."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=7).digest())


def own_key(sample_id: int) -> str:
    return f"own:{sample_id}"


def to_json(sample: Sample) -> dict[str, Any]:
    """A sample as a training keeps it, whatever becomes of it."""
    return {
        "key": sample.key,
        "title": sample.title,
        "text": sample.text,
        "rubric": rubrics.to_json(sample.rubric),
        "reference": {key: [each.answer, each.why] for key, each in sample.reference.items()},
        "why": sample.why,
        "ours": sample.ours,
    }


def from_json(data: Mapping[str, Any]) -> Sample:
    return Sample(
        key=data["key"],
        title=data["title"],
        text=data["text"],
        rubric=rubrics.read(data["rubric"]),
        reference={key: Reference(answer, why) for key, (answer, why) in data["reference"].items()},
        why=data["why"],
        ours=data["ours"],
    )


def sample_of(row: storage.TrainingSampleRow) -> Sample:
    """One of the community's own."""
    return Sample(
        key=own_key(row.id),
        title=row.title,
        text=row.text,
        rubric=rubrics.read(row.rubric),
        reference={key: Reference(int(answer)) for key, answer in row.reference.items()},
        why=row.why,
    )


def licence_of(row: storage.ReviewLicenceRow) -> Licence:
    return Licence(row.id, row.member_id, row.held, row.since, row.decided_by, row.reason)


def gone() -> NotFound:
    return NotFound(
        "That work is not here any more. See {command} for the others.", command="`/review train`"
    )
