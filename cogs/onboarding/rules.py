"""Decisions of onboarding: which steps a quest has, how far somebody is, how an arrival is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LOOK_BACK = timedelta(days=1)


class Step(StrEnum):
    """The steps of the first quest, in the order in which they are proposed."""

    GOAL = "goal"  # say what you want to learn, in a form
    HELLO = "hello"  # write a hello in the introductions channel
    ANSWER = "answer"  # react to somebody's hello


class StepState(StrEnum):
    """What became of a step. An open step can be done in any order."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class Greeting(StrEnum):
    """How somebody who arrives is met."""

    WELCOME = "welcome"
    WELCOME_BACK = "welcome_back"


@dataclass(frozen=True)
class Progress:
    """How far somebody is. `next_step` is None when nothing is open."""

    states: Mapping[Step, StepState]

    @property
    def next_step(self) -> Step | None:
        return next((step for step, state in self.states.items() if state is StepState.OPEN), None)

    @property
    def done(self) -> int:
        return sum(state is StepState.DONE for state in self.states.values())

    @property
    def total(self) -> int:
        return len(self.states)

    @property
    def is_finished(self) -> bool:
        """Nothing is open, and something was done: skipping everything is no win."""
        return self.next_step is None and self.done > 0

    def is_open(self, step: Step) -> bool:
        return self.states.get(step) is StepState.OPEN


def steps_for(*, has_introductions: bool) -> tuple[Step, ...]:
    """The steps that can be done here: two of them need an introductions channel."""
    return tuple(Step) if has_introductions else (Step.GOAL,)


def progress(steps: tuple[Step, ...], recorded: Mapping[str, str]) -> Progress:
    """The progress over these steps, given the recorded state by step name."""
    return Progress({step: StepState(recorded.get(step.value, StepState.OPEN.value)) for step in steps})


def is_answer(*, reactor_id: int, author_id: int | None, author_is_bot: bool) -> bool:
    """Whether a reaction in the introductions channel answers somebody's hello: not one's own, not a bot's."""
    return author_id is not None and author_id != reactor_id and not author_is_bot


def is_return(*, left_at: datetime | None, joined_at: datetime, last_joined_at: datetime) -> bool:
    """Whether a known member who is reported as joining really came back.

    Discord may repeat a join, or report it after the member has left again. Somebody who comes and goes all
    day is kept in bounds by the daily ping budget.
    """
    return joined_at > last_joined_at or (left_at is not None and joined_at >= left_at)


def greeting_for(*, started_at: datetime | None, joined_at: datetime) -> Greeting:
    """How somebody is met who can read it now: whoever had begun before they joined this time is back."""
    was_here = started_at is not None and started_at < joined_at
    return Greeting.WELCOME_BACK if was_here else Greeting.WELCOME


def missed_since(
    *, now: datetime, bot_joined_at: datetime | None, latest_arrival: datetime | None
) -> datetime:
    """From which moment on an unknown member counts as one whose arrival was missed.

    Not before Lyceum itself came: those who were there already are no newcomers. A day before the latest known
    arrival, since arrivals are noted in no strict order and a crash may fall between two. Where nobody is
    known, only the last day: a lost database must not greet a whole community.
    """
    since = (latest_arrival or now) - LOOK_BACK
    return max(since, bot_joined_at) if bot_joined_at is not None else since
