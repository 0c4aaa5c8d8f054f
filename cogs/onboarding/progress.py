"""How far somebody is: which steps of a quest are theirs, what became of each, and when it is finished. Pure.

A step whose channel or role does not exist (any more) rests: it is never counted as done. If it rested already when
the run began, the run does without it as long as it does; lost in the middle of a run it is waited for, because a
deleted channel must not hand out a win. The member may leave it out, or staff choose another channel.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cogs.onboarding.definition import Audience, QuestDefinition, StepDefinition

IsResting = Callable[[StepDefinition], bool]


class StepState(StrEnum):
    """What became of a step. An open step can be done in any order, once what it needs is done or left out."""

    OPEN = "open"
    RESTING = "resting"  # its channel or role is missing
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Facts:
    """What branches depend on."""

    level: str | None = None
    goal: str | None = None
    role_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Path:
    """The steps that are somebody's in a run, and those among them that rested when they became theirs."""

    steps: tuple[str, ...]
    rested: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        return {"steps": list(self.steps), "rested": sorted(self.rested)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Path:
        return cls(tuple(data["steps"]), frozenset(data["rested"]))


@dataclass(frozen=True)
class Progress:
    """The states by step key, in the order of the path. `needs` and `rested` are of steps in the path."""

    states: Mapping[str, StepState]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    rested: frozenset[str] = frozenset()

    @property
    def next_step(self) -> str | None:
        """What can be done now and is proposed first; None when nothing can."""
        return next((key for key in self.states if self.is_open(key)), None)

    @property
    def done(self) -> int:
        return sum(state is StepState.DONE for state in self.states.values())

    @property
    def total(self) -> int:
        """How many steps the run is about: without those it does without."""
        return sum(map(self.counts, self.states))

    @property
    def resting(self) -> tuple[str, ...]:
        """Steps that wait for staff, and for which the run waits."""
        return tuple(
            key
            for key, state in self.states.items()
            if state is StepState.RESTING and not self._is_dispensable(key)
        )

    @property
    def is_finished(self) -> bool:
        """Nothing is left to do or to wait for, and something was done: leaving out everything is no win."""
        settled = (StepState.DONE, StepState.SKIPPED)
        left = [key for key, state in self.states.items() if state not in settled]
        return self.done > 0 and all(self._is_dispensable(key) for key in left)

    def counts(self, key: str) -> bool:
        """Whether the run is about this step."""
        return not self._is_dispensable(key)

    def is_open(self, key: str) -> bool:
        """Whether the step can be done now."""
        return self.states.get(key) is StepState.OPEN and all(map(self._is_met, self.needs.get(key, ())))

    def can_skip(self, key: str) -> bool:
        return self.states.get(key) in (StepState.OPEN, StepState.RESTING)

    def _is_met(self, key: str) -> bool:
        state = self.states.get(key)
        return state in (None, StepState.DONE, StepState.SKIPPED) or self._is_dispensable(key)

    def _is_dispensable(self, key: str) -> bool:
        return self.states[key] is StepState.RESTING and key in self.rested


def is_meant_for(audience: Audience, facts: Facts) -> bool:
    """Whether a step with this audience is for somebody."""
    if audience.levels and facts.level not in audience.levels:
        return False
    if audience.role_ids and facts.role_ids.isdisjoint(audience.role_ids):
        return False
    goal = (facts.goal or "").casefold()
    return not audience.words or any(word.casefold() in goal for word in audience.words)


def settle(
    quest: QuestDefinition,
    facts: Facts,
    is_resting: IsResting,
    *,
    before: Path | None = None,
    recorded: Collection[str] = (),
) -> Path:
    """The path at the moment of beginning, or settled anew when the member says more of themselves.

    What was done or left out stays in the path, and what rested when it became theirs is remembered as such.
    """
    steps = [step for step in quest.steps if step.key in recorded or is_meant_for(step.audience, facts)]
    known = set(before.steps) if before is not None else set[str]()
    rested = {step.key for step in steps if step.key not in known and is_resting(step)}
    if before is not None:
        rested |= before.rested
    return Path(tuple(step.key for step in steps), frozenset(rested))


def progress(
    quest: QuestDefinition, path: Path, recorded: Mapping[str, str], is_resting: IsResting
) -> Progress:
    """The progress on this path, given the recorded state by step key."""
    states: dict[str, StepState] = {}
    for step in quest.steps:
        if step.key in recorded:
            states[step.key] = StepState(recorded[step.key])
        elif step.key in path.steps:
            states[step.key] = StepState.RESTING if is_resting(step) else StepState.OPEN
    needs = {step.key: step.needs for step in quest.steps if step.key in states}
    return Progress(states, needs, path.rested)
