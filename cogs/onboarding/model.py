"""What onboarding works with: a community's choices, a quest as it stands, and the names of its acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.i18n import N_
from bot.notify import Kind
from cogs.onboarding.rules import Progress, Step

WELCOME_KIND = Kind(
    name="onboarding.welcome",
    title=N_("Welcome and welcome back"),
    why=N_("you have just joined this community. It is said once each time you join."),
    digest_line=N_("Welcome! Your first quest is ready: `/start`"),
)

GOAL_SET = "goal.set"
HELLO_WRITTEN = "introduction.written"
HELLO_ANSWERED = "introduction.answered"
STEP_COMPLETED = "quest.step.completed"
QUEST_COMPLETED = "quest.completed"
WIN_SHARED = "quest.win.shared"
STEP_OF_ACT = {GOAL_SET: Step.GOAL, HELLO_WRITTEN: Step.HELLO, HELLO_ANSWERED: Step.ANSWER}
COUNTABLE = {
    QUEST_COMPLETED: N_("First quests finished"),
    GOAL_SET: N_("Goals said"),
    HELLO_WRITTEN: N_("Hellos written"),
    HELLO_ANSWERED: N_("Hellos answered"),
}

GREETING_RENDERER = "onboarding.greeting"
PROGRESS_RENDERER = "onboarding.progress"
WIN_RENDERER = "onboarding.win"
LEFT_SINCE = "the member has left since"  # why a greeting was left out

LONGEST_GOAL = 300


@dataclass(frozen=True)
class OnboardingSettings:
    """What a community chose for onboarding. Each choice left open switches off what it is for."""

    guild_id: int
    welcome_channel_id: int | None = None
    introductions_channel_id: int | None = None
    wins_channel_id: int | None = None
    finished_role_id: int | None = None


@dataclass(frozen=True)
class Quest:
    """A member's first quest as it stands. `started_at` (UTC) is when the present run began, see `QuestRow`."""

    id: int
    guild_id: int
    member_id: int
    run: int
    goal: str | None
    share_win: bool
    progress: Progress
    introductions_channel_id: int | None
    wins_channel_id: int | None
    started_at: datetime | None
    is_finished: bool


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
