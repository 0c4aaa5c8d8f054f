"""The decisions of onboarding, over plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.onboarding.model import Newcomer
from cogs.onboarding.rules import (
    LOOK_BACK,
    Greeting,
    Step,
    StepState,
    greeting_for,
    is_answer,
    is_return,
    missed_since,
    progress,
    steps_for,
)

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

instants = st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda away: NOW + away)
recorded_states = st.dictionaries(
    st.sampled_from([step.value for step in Step]), st.sampled_from(["done", "skipped"])
)


def test_the_steps_are_proposed_in_a_fixed_order() -> None:
    assert steps_for(has_introductions=True) == (Step.GOAL, Step.HELLO, Step.ANSWER)


def test_without_introductions_only_the_goal_is_left() -> None:
    assert steps_for(has_introductions=False) == (Step.GOAL,)


@pytest.mark.parametrize(
    ("recorded", "done", "next_step", "is_finished"),
    [
        ({}, 0, Step.GOAL, False),
        ({"goal": "done"}, 1, Step.HELLO, False),
        ({"hello": "done"}, 1, Step.GOAL, False),
        ({"goal": "skipped", "answer": "done"}, 1, Step.HELLO, False),
        ({"goal": "done", "hello": "done", "answer": "done"}, 3, None, True),
        ({"goal": "done", "hello": "skipped", "answer": "skipped"}, 1, None, True),
        ({"goal": "skipped", "hello": "skipped", "answer": "skipped"}, 0, None, False),
    ],
)
def test_progress(recorded: dict[str, str], done: int, next_step: Step | None, is_finished: bool) -> None:
    found = progress(tuple(Step), recorded)
    assert (found.done, found.total, found.next_step, found.is_finished) == (done, 3, next_step, is_finished)


@given(recorded_states, st.booleans())
def test_a_quest_is_finished_when_nothing_is_open_and_something_was_done(
    recorded: dict[str, str], has_introductions: bool
) -> None:
    steps = steps_for(has_introductions=has_introductions)
    found = progress(steps, recorded)
    states = [recorded.get(step.value, "open") for step in steps]
    assert found.is_finished == ("open" not in states and "done" in states)
    assert found.done == states.count("done") <= found.total == len(steps)
    assert (found.next_step is None) == ("open" not in states)
    assert found.next_step is None or found.is_open(found.next_step)


@given(recorded_states, st.sampled_from(list(Step)))
def test_doing_one_more_step_never_takes_a_quest_back(recorded: dict[str, str], step: Step) -> None:
    before = progress(tuple(Step), recorded)
    after = progress(tuple(Step), {**recorded, step.value: StepState.DONE.value})
    assert after.done >= before.done
    assert after.is_finished or not before.is_finished


@given(recorded_states)
def test_steps_that_a_community_does_not_have_count_for_nothing(recorded: dict[str, str]) -> None:
    lone = progress(steps_for(has_introductions=False), recorded)
    assert lone == progress((Step.GOAL,), {key: value for key, value in recorded.items() if key == "goal"})


@pytest.mark.parametrize(
    ("reactor", "author", "author_is_bot", "counts"),
    [(1, 2, False, True), (1, 1, False, False), (1, 2, True, False), (1, None, False, False)],
    ids=["somebody else's", "one's own", "a bot's", "nobody knows whose"],
)
def test_a_reaction_answers_somebody_elses_hello(
    reactor: int, author: int | None, author_is_bot: bool, counts: bool
) -> None:
    assert is_answer(reactor_id=reactor, author_id=author, author_is_bot=author_is_bot) is counts


@pytest.mark.parametrize(
    ("left_at", "joined_at", "is_one"),
    [
        (None, NOW, False),
        (None, NOW - HOUR, False),
        (None, NOW + HOUR, True),
        (NOW + HOUR, NOW + 2 * HOUR, True),
        (NOW + HOUR, NOW + HOUR, True),
        (NOW + HOUR, NOW, False),
    ],
    ids=[
        "the same join again",
        "an older join",
        "a later join, the leave was missed",
        "left and came back",
        "in the same instant",
        "the join is told again after the leave",
    ],
)
def test_who_really_came_back(left_at: datetime | None, joined_at: datetime, is_one: bool) -> None:
    assert is_return(left_at=left_at, joined_at=joined_at, last_joined_at=NOW) is is_one


@pytest.mark.parametrize(
    ("started_at", "greeting"),
    [
        (None, Greeting.WELCOME),
        (NOW, Greeting.WELCOME),
        (NOW + HOUR, Greeting.WELCOME),
        (NOW - HOUR, Greeting.WELCOME_BACK),
    ],
)
def test_whoever_had_begun_before_joining_is_welcomed_back(
    started_at: datetime | None, greeting: Greeting
) -> None:
    assert greeting_for(started_at=started_at, joined_at=NOW) is greeting


@given(instants, st.none() | instants, st.none() | instants)
def test_a_missed_arrival_is_neither_older_than_lyceum_nor_than_a_day(
    now: datetime, bot_joined_at: datetime | None, latest: datetime | None
) -> None:
    since = missed_since(now=now, bot_joined_at=bot_joined_at, latest_arrival=latest)
    assert since >= (latest or now) - LOOK_BACK
    assert bot_joined_at is None or since >= bot_joined_at


@pytest.mark.parametrize(
    ("joined_at", "pending", "differs"),
    [(NOW, True, False), (NOW, False, True), (NOW + HOUR, True, True), (NOW - HOUR, True, False)],
)
def test_what_we_had_not_heard_of(joined_at: datetime, pending: bool, differs: bool) -> None:
    known = Newcomer(1, NOW, pending=True, has_left=False)
    assert known.differs_from(joined_at, pending=pending) is differs
    assert Newcomer(1, NOW, pending=True, has_left=True).differs_from(joined_at, pending=pending)
