"""Definitions: what is read, what is refused and how that is said, and the quests that ship."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.profiles import Level
from cogs.onboarding.definition import (
    LEVELS,
    DefinitionError,
    Detector,
    faults,
    from_json,
    to_json,
    with_step_changed,
    with_texts,
)
from cogs.onboarding.shipped import STARTER, shipped_quests

GOOD: dict[str, Any] = {
    "key": "nets",
    "title": "Nets",
    "intro": "",
    "steps": [{"key": "tie", "number": 1, "title": "Tie one", "detector": "confirmed"}],
}


def changed(**step: object) -> dict[str, Any]:
    return {**GOOD, "steps": [{**GOOD["steps"][0], **step}]}


def test_the_levels_are_those_of_profiles() -> None:
    assert tuple(level.value for level in Level) == LEVELS


@pytest.mark.parametrize("key", shipped_quests())
def test_a_shipped_quest_comes_back_from_json_as_it_was(key: str) -> None:
    quest = shipped_quests()[key]
    assert from_json(json.loads(json.dumps(to_json(quest)))) == quest
    assert quest.ours and all(step.ours for step in quest.steps)
    assert faults(quest, shipped_quests().keys()) == []


def test_the_first_quest_takes_less_than_five_minutes() -> None:
    quest = shipped_quests()[STARTER]
    assert next(iter(shipped_quests())) == STARTER
    assert sum(step.minutes for step in quest.steps if step.audience.is_everybody) < 5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({**GOOD, "colour": "red"}, "quest: unknown colour"),
        ({**GOOD, "title": 5}, "quest: title cannot be 5"),
        ({**GOOD, "steps": "tie"}, "quest: steps must be a list"),
        ({**GOOD, "key": "Nets!"}, "key or number"),
        ({key: value for key, value in GOOD.items() if key != "title"}, "title"),
        (changed(detector="magic"), "step tie: unknown detector 'magic'"),
        (changed(number=0), "step tie: key or number"),
        (changed(number="1"), "step tie: number cannot be '1'"),
        (changed(number=True), "step tie: number cannot be True"),
        (changed(needs=[1]), "step tie: needs cannot be"),
        (changed(audience={"levels": ["new"], "age": 5}), "step tie: audience: unknown age"),
        ({**GOOD, "steps": ["tie"]}, "step: not a table"),
    ],
)
def test_what_is_no_quest_is_refused_with_the_place_of_the_mistake(data: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        from_json(data)
    assert words in str(refused.value)


def test_two_steps_of_one_name_or_number_are_a_fault() -> None:
    twice = from_json({**GOOD, "steps": [GOOD["steps"][0], {**GOOD["steps"][0], "number": 2}]})
    assert any("same name" in str(each) for each in faults(twice))


def test_texts_stop_being_ours_when_they_differ_and_only_then() -> None:
    quest = shipped_quests()[STARTER]
    assert with_texts(quest, title=quest.title).ours and not with_texts(quest, title="Hi").ours
    moved = with_step_changed(quest, "hello", target="5")
    reworded = with_step_changed(quest, "hello", title="Hi")
    assert [step.ours for step in moved.steps] == [True] * 4
    assert [step.ours for step in reworded.steps] == [True, False, True, True]


def test_every_detector_can_be_written_down() -> None:
    for detector in Detector:
        assert from_json(changed(detector=detector.value)).steps[0].detector is detector
