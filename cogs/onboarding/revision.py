"""What a draft changes, and the marks by which a card from before a change is recognised. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields

from cogs.onboarding.definition import QuestDefinition, StepDefinition

_MARKS = 1_000_000
_STEPS = 1_000
_MARK_AND_STEP = _MARKS * _STEPS
_OWN_TEXTS = frozenset({"title", "intro", "unlocked_by", "reward", "announce"})
_NOT_TOLD = frozenset({"key", "number", "ours"})


@dataclass(frozen=True)
class Spot:
    """What a control of the editor is about: a version (by its row), a step of it (0: none), and how that looked."""

    version_id: int
    number: int = 0
    mark: int = 0

    @property
    def code(self) -> int:
        """The spot as the row id of a control. Cards live for ever: never change it."""
        return self.version_id * _MARK_AND_STEP + self.number % _STEPS * _MARKS + self.mark % _MARKS


def read_spot(code: int | None) -> Spot:
    version_id, rest = divmod(code or 0, _MARK_AND_STEP)
    return Spot(version_id, *divmod(rest, _MARKS))


def mark_of(what: QuestDefinition | StepDefinition) -> int:
    """A number that is another one, but for one case in a million, once anything of it was changed."""
    return zlib.crc32(repr(what).encode()) % _MARKS


@dataclass(frozen=True)
class Difference:
    """What is other in a draft. `changed` holds the new step and the names of its changed fields, as in `StepDefinition`."""

    added: tuple[StepDefinition, ...] = ()
    removed: tuple[StepDefinition, ...] = ()
    changed: tuple[tuple[StepDefinition, tuple[str, ...]], ...] = ()
    fields: tuple[str, ...] = ()
    is_reordered: bool = False

    @property
    def count(self) -> int:
        steps = len(self.added) + len(self.removed) + len(self.changed)
        return steps + len(self.fields) + self.is_reordered


def difference(before: QuestDefinition | None, after: QuestDefinition) -> Difference:
    """What has to be told of a draft; everything is new where nothing was published yet."""
    if before is None:
        return Difference(added=after.steps)
    old = {step.key: step for step in before.steps}
    new = {step.key: step for step in after.steps}
    pairs = ((step, _differing(old[key], step)) for key, step in new.items() if key in old)
    kept_before = [key for key in old if key in new]
    return Difference(
        added=tuple(step for key, step in new.items() if key not in old),
        removed=tuple(step for key, step in old.items() if key not in new),
        changed=tuple((step, names) for step, names in pairs if names),
        fields=tuple(name for name in sorted(_OWN_TEXTS) if getattr(before, name) != getattr(after, name)),
        is_reordered=kept_before != [key for key in new if key in old],
    )


def _differing(before: StepDefinition, after: StepDefinition) -> tuple[str, ...]:
    names = [each.name for each in fields(StepDefinition) if each.name not in _NOT_TOLD]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))
