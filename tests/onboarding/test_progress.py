"""Paths and progress, over plain values: branches, what is needed first, what rests, when a quest is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.onboarding.definition import Audience, Detector, QuestDefinition, StepDefinition
from cogs.onboarding.progress import Facts, Path, Progress, StepState, is_meant_for, progress, settle
from cogs.onboarding.shipped import shipped_quests

FIRST = shipped_quests()["first"]


def step(key: str, number: int, **changes: object) -> StepDefinition:
    made = StepDefinition(key, number, key, Detector.POST, target="introductions")
    return replace(made, **changes)  # type: ignore[arg-type]


ABC = QuestDefinition("q", "Q", "", (step("a", 1), step("b", 2), step("c", 3, needs=("a",))))


def awake(_: StepDefinition) -> bool:
    return False


def at(
    recorded: Mapping[str, str], *, resting: str = "", rested: str = "", quest: QuestDefinition = ABC
) -> Progress:
    path = Path(tuple(each.key for each in quest.steps), frozenset(rested))
    return progress(quest, path, recorded, lambda each: each.key in resting)


@pytest.mark.parametrize(
    ("recorded", "next_step", "done", "is_finished"),
    [
        ({}, "a", 0, False),
        ({"b": "done"}, "a", 1, False),
        ({"a": "done"}, "b", 1, False),
        ({"a": "skipped", "b": "done"}, "c", 1, False),
        ({"a": "done", "b": "done", "c": "done"}, None, 3, True),
        ({"a": "skipped", "b": "skipped", "c": "skipped"}, None, 0, False),
        ({"a": "skipped", "b": "skipped", "c": "done"}, None, 1, True),
    ],
)
def test_progress(recorded: dict[str, str], next_step: str | None, done: int, is_finished: bool) -> None:
    found = at(recorded)
    assert (found.next_step, found.done, found.total, found.is_finished) == (next_step, done, 3, is_finished)


def test_a_step_that_needs_another_can_be_left_out_but_not_done_before_it() -> None:
    found = at({"b": "done"})
    assert not found.is_open("c") and found.can_skip("c")
    assert at({"a": "done"}).is_open("c") and at({"a": "skipped"}).is_open("c")


class TestResting:
    def test_what_is_lost_on_the_way_is_waited_for(self) -> None:
        found = at({"a": "done", "c": "done"}, resting="b")
        assert (
            not found.is_finished and found.next_step is None and found.resting == ("b",) and found.total == 3
        )

    def test_what_rested_from_the_beginning_is_done_without(self) -> None:
        found = at({"a": "done", "c": "done"}, resting="b", rested="b")
        assert found.is_finished and found.resting == () and found.total == 2

    def test_what_rested_from_the_beginning_is_wanted_once_it_wakes(self) -> None:
        found = at({"a": "done", "c": "done"}, rested="b")
        assert not found.is_finished and found.next_step == "b" and found.total == 3

    def test_what_is_done_stays_done_when_its_place_goes(self) -> None:
        assert at({"a": "done", "b": "done", "c": "done"}, resting="abc").is_finished

    def test_a_quest_of_nothing_but_resting_steps_is_never_finished(self) -> None:
        assert not at({}, resting="abc", rested="abc").is_finished

    def test_a_step_that_needs_one_which_the_run_does_without_can_be_done(self) -> None:
        assert at({}, resting="a", rested="a").is_open("c")
        assert not at({}, resting="a").is_open("c")


@pytest.mark.parametrize(
    ("audience", "facts", "expected"),
    [
        (Audience(), Facts(), True),
        (Audience(levels=("mentor",)), Facts(), False),
        (Audience(levels=("mentor", "new")), Facts("new"), True),
        (Audience(role_ids=(5,)), Facts(role_ids=frozenset({5, 6})), True),
        (Audience(role_ids=(5,)), Facts(), False),
        (Audience(words=("Python",)), Facts(goal="learn PYTHON well"), True),
        (Audience(words=("Python",)), Facts(goal="knots"), False),
        (Audience(words=("Python",)), Facts(), False),
        (Audience(levels=("new",), words=("knot",)), Facts("new", "knots"), True),
        (Audience(levels=("new",), words=("knot",)), Facts("basics", "knots"), False),
    ],
)
def test_who_a_step_is_for(audience: Audience, facts: Facts, expected: bool) -> None:
    assert is_meant_for(audience, facts) is expected


def test_those_who_are_here_to_help_have_a_step_more() -> None:
    assert settle(FIRST, Facts("new"), awake).steps == ("goal", "hello", "answer")
    assert settle(FIRST, Facts("mentor"), awake).steps == ("goal", "hello", "answer", "offer")


facts = st.builds(
    Facts,
    st.none() | st.sampled_from(["new", "basics", "mentor"]),
    st.none() | st.sampled_from(["knots", "python"]),
    st.frozensets(st.integers(1, 3)),
)
audiences = st.builds(
    Audience,
    st.lists(st.sampled_from(["new", "mentor"]), max_size=1).map(tuple),
    st.lists(st.integers(1, 3), max_size=1).map(tuple),
    st.lists(st.sampled_from(["knot", "py"]), max_size=1).map(tuple),
)


@st.composite
def quests(draw: st.DrawFn) -> QuestDefinition:
    keys = "abcdef"[: draw(st.integers(1, 6))]
    steps = tuple(
        step(
            key,
            number,
            audience=draw(audiences),
            needs=tuple(draw(st.lists(st.sampled_from(keys[: number - 1]), unique=True, max_size=2)))
            if number > 1
            else (),
        )
        for number, key in enumerate(keys, start=1)
    )
    return QuestDefinition("q", "Q", "", steps)


@given(quests(), facts, st.frozensets(st.sampled_from("abcdef")))
def test_a_path_is_settled_the_same_each_time_and_survives_being_written_down(
    quest: QuestDefinition, someone: Facts, resting: frozenset[str]
) -> None:
    path = settle(quest, someone, lambda each: each.key in resting)
    assert path == settle(quest, someone, lambda each: each.key in resting)
    assert Path.from_json(path.to_json()) == path


@given(quests(), facts, facts, st.data())
def test_settling_anew_loses_nothing_that_was_done(
    quest: QuestDefinition, before: Facts, after: Facts, data: st.DataObject
) -> None:
    path = settle(quest, before, awake)
    recorded = {
        key: data.draw(st.sampled_from(["done", "skipped"])) for key in path.steps if data.draw(st.booleans())
    }
    anew = settle(quest, after, awake, before=path, recorded=recorded.keys())
    found = progress(quest, anew, recorded, awake)
    assert {key: str(found.states[key]) for key in recorded} == recorded
    assert list(found.states) == [each.key for each in quest.steps if each.key in found.states]


@given(quests(), facts, st.frozensets(st.sampled_from("abcdef")), st.frozensets(st.sampled_from("abcdef")))
def test_whatever_rests_a_way_on_is_shown_or_staff_are_waited_for(
    quest: QuestDefinition, someone: Facts, first: frozenset[str], later: frozenset[str]
) -> None:
    path = settle(quest, someone, lambda each: each.key in first)
    recorded: dict[str, str] = {}
    for _ in quest.steps:
        found = progress(quest, path, recorded, lambda each: each.key in later)
        if found.next_step is None:
            break
        recorded[found.next_step] = StepState.DONE.value
    found = progress(quest, path, recorded, lambda each: each.key in later)
    assert found.is_finished or found.resting or found.done == 0
    assert found.done <= found.total or found.done == 0
