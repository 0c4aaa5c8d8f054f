"""Marks by which old cards are recognised, and what a draft changes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.cards import custom_id
from cogs.onboarding.definition import Audience, from_json, to_json
from cogs.onboarding.preview_cards import Walk, read_walk
from cogs.onboarding.revision import Difference, Spot, difference, mark_of, read_spot
from cogs.onboarding.shipped import shipped_quests

FIRST = shipped_quests()["first"]
GOAL, HELLO, ANSWER, OFFER = FIRST.steps


@given(st.integers(1, 9_000_000_000), st.integers(0, 999), st.integers(0, 999_999))
def test_a_spot_is_read_back_from_its_code(version: int, number: int, mark: int) -> None:
    spot = Spot(version, number, mark)
    assert read_spot(spot.code) == spot
    assert custom_id("onboarding:edit.open", spot.code)


@given(
    st.integers(1, 1_000_000_000),
    st.integers(0, 15),
    st.integers(0, 2**15 - 1),
    st.integers(0, 7),
    st.integers(0, 7),
)
def test_a_walk_is_read_back_from_its_code_whatever_the_button(
    version: int, moves: int, skips: int, who: int, slot: int
) -> None:
    walk = Walk(version, moves, skips, who)
    assert read_walk(walk.code(slot)) == walk


def test_a_walk_ends_after_the_longest_quest() -> None:
    walk = Walk(1)
    for _ in range(40):
        walk = walk.one_more(skip=True)
    assert walk.moves == 15 and read_walk(walk.code(7)) == walk


def test_the_mark_stays_through_storage_and_changes_with_everything() -> None:
    assert mark_of(from_json(to_json(FIRST))) == mark_of(FIRST)
    for other in (
        replace(HELLO, title="x"),
        replace(HELLO, minutes=9),
        replace(HELLO, needs=("goal",)),
        replace(HELLO, audience=Audience(words=("web",))),
    ):
        assert mark_of(other) != mark_of(HELLO)
    assert mark_of(replace(FIRST, steps=FIRST.steps[::-1])) != mark_of(FIRST)


def test_nothing_changed_is_no_change() -> None:
    assert difference(FIRST, FIRST) == Difference() and difference(FIRST, FIRST).count == 0


def test_what_is_new_gone_and_other_is_told_apart() -> None:
    new = replace(GOAL, key="step-9", number=9)
    after = replace(
        FIRST, title="Other", ours=False, steps=(replace(HELLO, hint="Short", ours=False), GOAL, new, ANSWER)
    )
    found = difference(FIRST, after)
    assert found.added == (new,) and found.removed == (OFFER,)
    assert [(step.key, names) for step, names in found.changed] == [("hello", ("hint",))]
    assert found.fields == ("title",) and found.is_reordered and found.count == 5


def test_a_step_taken_out_does_not_reorder_the_others() -> None:
    assert not difference(FIRST, replace(FIRST, steps=(GOAL, ANSWER, OFFER))).is_reordered


def test_of_an_unpublished_quest_everything_is_new() -> None:
    assert difference(None, FIRST).added == FIRST.steps
