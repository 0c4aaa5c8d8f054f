"""What onboarding works with: a community's choices, quests as they stand, and the names of its acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.acts import Contribution
from bot.i18n import N_
from bot.notify import Kind
from bot.profiles import Level
from cogs.onboarding.definition import (
    FINISHED_ROLE,
    IN_CHANNEL,
    Detector,
    Place,
    QuestDefinition,
    StepDefinition,
)
from cogs.onboarding.progress import Progress

AREA = "onboarding"
WELCOME_KIND = Kind(
    name="onboarding.welcome",
    title=N_("Welcome and welcome back"),
    why=N_("you have just joined this community. It is said once each time you join."),
    digest_line=N_("Welcome! Your first quest is ready: `/start`"),
)
NUDGE_KIND = Kind(
    name="onboarding.nudge",
    title=N_("A quest that waits for you"),
    why=N_(
        "you began a quest and have not gone on for a while. It is said once, then never again for that quest."
    ),
    digest_line=N_("A quest waits for you, whenever you like: `/quest status`"),
)

GOAL_SET = "goal.set"
HELLO_WRITTEN = "introduction.written"
HELLO_ANSWERED = "introduction.answered"
STEP_COMPLETED = "quest.step.completed"
QUEST_COMPLETED = "quest.completed"
WIN_SHARED = "quest.win.shared"
COUNTABLE = {
    QUEST_COMPLETED: N_("Quests finished"),
    GOAL_SET: N_("Goals said"),
    HELLO_WRITTEN: N_("Hellos written"),
    HELLO_ANSWERED: N_("Hellos answered"),
}
CONTRIBUTIONS = (
    Contribution(
        STEP_COMPLETED,
        feature=AREA,
        done=N_("Did a step of a quest"),
        next_step=N_("a step of a quest (`/quest status`)"),
    ),
    # The quest says itself that it is done: no line about the first one beside that.
    Contribution(QUEST_COMPLETED, feature=AREA, done=N_("Finished a quest")),
)

ACT_OF = {
    Detector.READ: "quest.read",
    Detector.PROFILE: GOAL_SET,
    Detector.FORM: "quest.answered",
    Detector.POST: "quest.posted",
    Detector.REPLY: "quest.replied",
    Detector.REACTION: "quest.reacted",
    Detector.THREAD: "quest.thread.joined",
    Detector.COMMAND: "quest.command.used",
    Detector.ROLE: "quest.role.taken",
    Detector.QUEST: "quest.step.unlocked",
    Detector.CONFIRMED: "quest.step.confirmed",
}
_IN_INTRODUCTIONS = {Detector.POST: HELLO_WRITTEN, Detector.REACTION: HELLO_ANSWERED}

GREETING_RENDERER = "onboarding.greeting"
PROGRESS_RENDERER = "onboarding.progress"
WIN_RENDERER = "onboarding.win"
LEFT_SINCE = N_("the member has left since")  # why a greeting was left out
HELD_BACK = N_("many joined at once, and it was not known who would stay")
NUDGE_RENDERER = "onboarding.nudge"
NUDGE_JOB = "onboarding.nudge"

LONGEST_GOAL = 300
LONGEST_ANSWER = 500


def act_of(detector: Detector, targets: frozenset[str]) -> str:
    """The kind of act by which a step with this detector is done. A hello has a name of its own."""
    if Place.INTRODUCTIONS in targets and detector in _IN_INTRODUCTIONS:
        return _IN_INTRODUCTIONS[detector]
    return ACT_OF[detector]


@dataclass(frozen=True)
class OnboardingSettings:
    """What a community chose for onboarding. Each choice left open switches off what it is for."""

    guild_id: int
    welcome_channel_id: int | None = None
    introductions_channel_id: int | None = None
    wins_channel_id: int | None = None
    finished_role_id: int | None = None
    nudge_after_hours: int = 48
    kept_1_role_id: int | None = None
    kept_2_role_id: int | None = None
    kept_3_role_id: int | None = None
    kept_4_role_id: int | None = None
    kept_5_role_id: int | None = None

    @property
    def kept_role_ids(self) -> frozenset[int]:
        """The roles that somebody who returns gets back."""
        chosen = (
            self.kept_1_role_id,
            self.kept_2_role_id,
            self.kept_3_role_id,
            self.kept_4_role_id,
            self.kept_5_role_id,
        )
        return frozenset(each for each in chosen if each is not None)


# Plain text: members of an enum are slow keys, and this is asked of messages.
_WELCOME, _INTRODUCTIONS, _WINS = Place.WELCOME.value, Place.INTRODUCTIONS.value, Place.WINS.value


@dataclass(frozen=True)
class Places:
    """Where the targets of steps lead in a community at this moment."""

    settings: OnboardingSettings
    lost: frozenset[int] = frozenset()

    def target_id(self, target: str) -> int | None:
        """The channel or role that a target names; None while it does not exist."""
        named = self._named()
        if target in named:
            return named[target]
        return int(target) if target.isdecimal() and int(target) not in self.lost else None

    def targets_of(self, target_id: int) -> frozenset[str]:
        """Every target that leads to this channel or role."""
        return frozenset(
            [str(target_id), *(name for name, chosen in self._named().items() if chosen == target_id)]
        )

    def _named(self) -> dict[str, int | None]:
        settings = self.settings
        return {
            _WELCOME: settings.welcome_channel_id,
            _INTRODUCTIONS: settings.introductions_channel_id,
            _WINS: settings.wins_channel_id,
            FINISHED_ROLE: settings.finished_role_id,
        }

    def is_resting(self, step: StepDefinition) -> bool:
        """Whether the step cannot be done because staff have to choose a channel or role first."""
        has_place = step.detector in IN_CHANNEL or step.detector is Detector.ROLE
        return has_place and self.target_id(step.target) is None


@dataclass(frozen=True)
class Offer:
    """A quest that a member could begin. `version_id` is the row of the version they would get, `total` its steps."""

    version_id: int
    definition: QuestDefinition
    total: int


@dataclass(frozen=True)
class Quest:
    """A member's quest as it stands. `started_at` (UTC) is when the present run began, see `QuestRow`."""

    id: int
    guild_id: int
    member_id: int
    run: int
    version: int
    definition: QuestDefinition
    progress: Progress
    places: Places
    goal: str | None = None
    level: Level | None = None
    share_win: bool = False
    is_shared: bool = False
    started_at: datetime | None = None
    progress_at: datetime | None = None
    recorded_at: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    marked_by: Mapping[str, int] = field(default_factory=dict[str, int])
    is_finished: bool = False
    is_begun: bool = False
    offers: tuple[Offer, ...] = ()

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def wins_channel_id(self) -> int | None:
        """Where its win could be announced."""
        return self.places.settings.wins_channel_id if self.definition.announce else None

    @property
    def next_step(self) -> StepDefinition | None:
        key = self.progress.next_step
        return self.definition.step(key) if key is not None else None

    @property
    def path(self) -> tuple[StepDefinition, ...]:
        """The steps that are the member's, in order."""
        return tuple(step for step in self.definition.steps if step.key in self.progress.states)

    @property
    def minutes(self) -> int:
        """About how long all of it takes."""
        return sum(step.minutes for step in self.path if self.progress.counts(step.key))


@dataclass(frozen=True)
class Newcomer:
    """What we know of somebody who joined. `joined_at` is UTC."""

    member_id: int
    joined_at: datetime
    pending: bool
    has_left: bool

    def differs_from(self, joined_at: datetime, *, pending: bool) -> bool:
        """Whether a present member with these facts did something that we have not heard of."""
        return self.has_left or joined_at > self.joined_at or (self.pending and not pending)
