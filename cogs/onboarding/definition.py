"""What a quest is: steps in an order, who they are for, how each is noticed. Pure data, with what makes it valid.

A definition is written by us (TOML in this folder) or by facilitators (drafts), kept as JSON in a version, and never
changed afterwards. Two kinds of mistakes are told apart: a file or row that is no definition at all raises
`DefinitionError`; what a facilitator can put right is a list of `InvalidInput`, from `faults`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeVar, cast

from bot.errors import InvalidInput

LONGEST_KEY = 32
LONGEST_TITLE = 100
LONGEST_TEXT = 500
MOST_STEPS = 15
MOST_MINUTES = 120
MOST_NUMBERS = 999
"""A step's number is part of the ids of its buttons, next to the quest's."""
LEVELS = ("new", "basics", "mentor")  # those of bot.profiles.Level

FINISHED_ROLE = "finished"
_KEY = re.compile(rf"[a-z][a-z0-9_-]{{0,{LONGEST_KEY - 1}}}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_COMMAND = re.compile(r"[a-z0-9_-]{1,32}( [a-z0-9_-]{1,32}){0,2}")


class Detector(StrEnum):
    """How a step is noticed, and what its target names."""

    READ = "read"  # a press of "I have read it"; no target, the text is `body`
    PROFILE = "profile"  # the form that asks for goal, level and consent; no target
    FORM = "form"  # a form with one question, which is `body`; no target
    POST = "post"  # a message in the target channel
    REPLY = "reply"  # a message in the target channel that replies to somebody else's
    REACTION = "reaction"  # a reaction to somebody else's message in the target channel
    THREAD = "thread"  # joined, or wrote in, a thread of the target channel
    COMMAND = "command"  # ran the command that is the target, without its slash
    ROLE = "role"  # got the role that is the target
    QUEST = "quest"  # finished the quest whose key is the target
    CONFIRMED = "confirmed"  # a facilitator says so; no target


class Place(StrEnum):
    """A target channel by what /setup start calls it, so that a quest outlives the channel."""

    WELCOME = "welcome"
    INTRODUCTIONS = "introductions"
    WINS = "wins"


IN_CHANNEL = frozenset({Detector.POST, Detector.REPLY, Detector.REACTION, Detector.THREAD})
WITHOUT_TARGET = frozenset({Detector.READ, Detector.PROFILE, Detector.FORM, Detector.CONFIRMED})
WITH_BODY = frozenset({Detector.READ, Detector.FORM})


class DefinitionError(ValueError):
    """What was read is no quest; the message says where and why."""


@dataclass(frozen=True)
class Audience:
    """Who a step is for. Each list that is not empty must hold something that fits; empty means everybody."""

    levels: tuple[str, ...] = ()
    role_ids: tuple[int, ...] = ()
    words: tuple[str, ...] = ()  # one of them stands in the goal

    @property
    def is_everybody(self) -> bool:
        return not (self.levels or self.role_ids or self.words)


@dataclass(frozen=True)
class StepDefinition:
    """One step. `number` is unique in all versions of its quest and never used for another step: old buttons bear it.

    `ours`: the texts came with Lyceum, so they are translated; what facilitators write is shown as it is.
    In `title` and `hint`, "{channel}" stands for the target channel.
    """

    key: str
    number: int
    title: str
    detector: Detector
    hint: str = ""
    target: str = ""
    body: str = ""
    minutes: int = 1
    needs: tuple[str, ...] = ()
    audience: Audience = field(default_factory=Audience)
    ours: bool = False


@dataclass(frozen=True)
class QuestDefinition:
    """A quest. `reward` is a role: `FINISHED_ROLE`, an id as text, or empty. `announce`: wins are told, of those who agree."""

    key: str
    title: str
    intro: str
    steps: tuple[StepDefinition, ...]
    unlocked_by: str | None = None
    reward: str = ""
    announce: bool = False
    ours: bool = False

    def step(self, key: str) -> StepDefinition | None:
        return next((step for step in self.steps if step.key == key), None)

    def numbered(self, number: int) -> StepDefinition | None:
        return next((step for step in self.steps if step.number == number), None)


def faults(quest: QuestDefinition, other_keys: Collection[str] = ()) -> list[InvalidInput]:
    """What has to be put right before the quest can be published; empty when nothing has."""
    return [*_faults_of_quest(quest, other_keys), *_faults_of_steps(quest, other_keys)]


def lost_faults(quest: QuestDefinition, lost: Collection[int]) -> Iterator[InvalidInput]:
    """What the quest names that was deleted in Discord."""
    gone = {str(each) for each in lost}
    for position, step in enumerate(quest.steps, start=1):
        if step.target in gone and step.detector is Detector.ROLE:
            yield InvalidInput("The role of step {n} was deleted. Choose another.", n=position)
        elif step.target in gone:
            yield InvalidInput("The channel of step {n} was deleted. Choose another.", n=position)
        if not gone.isdisjoint(map(str, step.audience.role_ids)):
            yield InvalidInput("A role that step {n} is for was deleted. Choose who it is for.", n=position)
    if quest.reward in gone:
        yield InvalidInput("The role that finishing gives was deleted. Choose another reward.")


def targets_of(quest: QuestDefinition) -> frozenset[int]:
    """Every channel and role that the quest names by its id."""
    named = [quest.reward, *(step.target for step in quest.steps)]
    roles = [role_id for step in quest.steps for role_id in step.audience.role_ids]
    return frozenset([*(int(each) for each in named if _ID.fullmatch(each)), *roles])


def is_key(text: str) -> bool:
    """Whether the text can name a quest or a step."""
    return _KEY.fullmatch(text) is not None


def with_texts(quest: QuestDefinition, **texts: str) -> QuestDefinition:
    """The quest with other texts, which are not ours any more if they differ."""
    changed = replace(quest, **cast("dict[str, Any]", texts))
    return changed if changed == quest else replace(changed, ours=False)


def with_step_changed(quest: QuestDefinition, key: str, **changes: Any) -> QuestDefinition:
    """The quest with one step changed. Its texts are not ours any more if one of them differs."""
    steps: list[StepDefinition] = []
    for step in quest.steps:
        changed = replace(step, **changes) if step.key == key else step
        if (changed.title, changed.hint, changed.body) != (step.title, step.hint, step.body):
            changed = replace(changed, ours=False)
        steps.append(changed)
    return replace(quest, steps=tuple(steps))


def _faults_of_quest(quest: QuestDefinition, other_keys: Collection[str]) -> Iterator[InvalidInput]:
    if not quest.title.strip():
        yield InvalidInput("The quest needs a title.")
    if len(quest.title) > LONGEST_TITLE:
        yield InvalidInput("The quest's title is too long: at most {most} characters.", most=LONGEST_TITLE)
    if len(quest.intro) > LONGEST_TEXT:
        yield InvalidInput("The introduction is too long: at most {most} characters.", most=LONGEST_TEXT)
    if not quest.steps:
        yield InvalidInput("The quest has no step yet. Add at least one.")
    elif len(quest.steps) > MOST_STEPS:
        yield InvalidInput(
            "A quest has at most {most} steps. Begin a second quest for the rest.", most=MOST_STEPS
        )
    elif not any(step.audience.is_everybody for step in quest.steps):
        yield InvalidInput("Every step is for some people only. Let at least one be for everybody.")
    if quest.unlocked_by is not None and (
        quest.unlocked_by == quest.key or quest.unlocked_by not in other_keys
    ):
        yield InvalidInput("The quest that unlocks this one does not exist. Choose another.")
    if quest.reward and quest.reward != FINISHED_ROLE and not _ID.fullmatch(quest.reward):
        yield InvalidInput("The reward is no role. Choose it from the list.")


def _faults_of_steps(quest: QuestDefinition, other_keys: Collection[str]) -> Iterator[InvalidInput]:
    seen: set[str] = set()
    numbers = {step.number for step in quest.steps}
    if len({step.key for step in quest.steps}) < len(quest.steps) or len(numbers) < len(quest.steps):
        yield InvalidInput("Two steps have the same name. Remove one and add it anew.")
    if sum(step.detector is Detector.PROFILE for step in quest.steps) > 1:
        yield InvalidInput("Only one step can ask for the goal.")
    for position, step in enumerate(quest.steps, start=1):
        yield from _faults_of_step(quest, step, position, seen, other_keys)
        seen.add(step.key)


def _faults_of_step(
    quest: QuestDefinition,
    step: StepDefinition,
    position: int,
    earlier: set[str],
    other_keys: Collection[str],
) -> Iterator[InvalidInput]:
    if not step.title.strip() or len(step.title) > LONGEST_TITLE:
        yield InvalidInput(
            "Step {n} needs a title of at most {most} characters.", n=position, most=LONGEST_TITLE
        )
    if max(len(step.hint), len(step.body)) > LONGEST_TEXT:
        yield InvalidInput(
            "A text of step {n} is too long: at most {most} characters.", n=position, most=LONGEST_TEXT
        )
    if not 1 <= step.minutes <= MOST_MINUTES:
        yield InvalidInput("Step {n} takes 1 to {most} minutes.", n=position, most=MOST_MINUTES)
    if step.detector in WITH_BODY and not step.body.strip():
        yield InvalidInput("Step {n} has nothing to read or to answer yet: write it.", n=position)
    if not _is_target(quest, step, other_keys):
        yield _missing_target(step, position)
    if not set(step.needs) <= earlier:
        yield InvalidInput("Step {n} waits for a step that does not come before it.", n=position)
    if not set(step.audience.levels) <= set(LEVELS):
        yield InvalidInput("Step {n} is for a level that does not exist.", n=position)


def _missing_target(step: StepDefinition, position: int) -> InvalidInput:
    match step.detector:
        case Detector.COMMAND:
            return InvalidInput("Step {n} does not say which command. Write it like `me card`.", n=position)
        case Detector.ROLE:
            return InvalidInput("Step {n} does not say which role. Choose one.", n=position)
        case Detector.QUEST:
            return InvalidInput("Step {n} does not say which other quest. Choose one.", n=position)
        case _:
            return InvalidInput("Step {n} does not say in which channel. Choose one.", n=position)


def _is_target(quest: QuestDefinition, step: StepDefinition, other_keys: Collection[str]) -> bool:
    target = step.target
    if step.detector in WITHOUT_TARGET:
        return not target
    if step.detector in IN_CHANNEL:
        return target in set(Place) or _ID.fullmatch(target) is not None
    if step.detector is Detector.COMMAND:
        return _COMMAND.fullmatch(target) is not None
    if step.detector is Detector.ROLE:
        return target == FINISHED_ROLE or _ID.fullmatch(target) is not None
    return target != quest.key and target in other_keys


def to_json(quest: QuestDefinition) -> dict[str, Any]:
    """The definition as plain JSON values."""
    return asdict(quest)


_T = TypeVar("_T")


def from_json(data: Mapping[str, Any]) -> QuestDefinition:
    """What `to_json` made, or a TOML file. Raises `DefinitionError` for what is missing, unknown or of a wrong type."""
    steps = data.get("steps")
    if not isinstance(steps, (list, tuple)):
        raise DefinitionError("quest: steps must be a list")
    ours = bool(data.get("ours", False))
    read = tuple(_step(each, ours=ours) for each in cast("list[Any]", steps))
    return _read(QuestDefinition, {**data, "steps": read}, "quest")


def _step(data: object, *, ours: bool) -> StepDefinition:
    if not isinstance(data, Mapping):
        raise DefinitionError("step: not a table")
    table = cast("Mapping[str, Any]", data)
    where = f"step {table.get('key', '?')}"
    audience = _read(Audience, cast("Mapping[str, Any]", table.get("audience") or {}), f"{where}: audience")
    try:
        detector = Detector(str(table.get("detector")))
    except ValueError as error:
        raise DefinitionError(f"{where}: unknown detector {table.get('detector')!r}") from error
    return _read(StepDefinition, {"ours": ours, **table, "audience": audience, "detector": detector}, where)


def _read(made: type[_T], data: Mapping[str, Any], where: str) -> _T:
    """The dataclass from a table, each value of the type that its field is declared with."""
    known = {each.name: str(each.type) for each in fields(cast("Any", made))}
    unknown = data.keys() - known.keys()
    if unknown:
        raise DefinitionError(f"{where}: unknown {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for name, value in data.items():
        wanted = known[name]
        is_list = wanted.startswith("tuple[") and isinstance(value, list)
        values[name] = tuple(cast("list[Any]", value)) if is_list else value
        if not _fits(values[name], wanted):
            raise DefinitionError(f"{where}: {name} cannot be {value!r}")
    try:
        result = made(**values)
    except TypeError as error:
        raise DefinitionError(f"{where}: {error}") from error
    if not is_key(str(getattr(result, "key", "x"))) or not 1 <= getattr(result, "number", 1) <= MOST_NUMBERS:
        raise DefinitionError(f"{where}: key or number cannot be used")
    return result


def _fits(value: object, wanted: str) -> bool:
    if wanted.startswith("tuple["):
        of = {"tuple[str, ...]": str, "tuple[int, ...]": int, "tuple[StepDefinition, ...]": StepDefinition}[
            wanted
        ]
        return isinstance(value, tuple) and all(type(each) is of for each in cast("tuple[Any, ...]", value))
    if wanted == "str | None":
        return value is None or type(value) is str
    kinds: dict[str, type] = {
        "str": str,
        "int": int,
        "bool": bool,
        "Detector": Detector,
        "Audience": Audience,
    }
    return type(value) is kinds[wanted]
