"""What can be a mission, a target or a norm, how an outcome stands, and what changed between two versions."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.charter import rules
from cogs.charter.rules import Change, ChangeKind, State

START = datetime(2026, 1, 5, tzinfo=UTC)
END = START + timedelta(days=10)
LINES = st.lists(st.sampled_from("abcdefgh"), max_size=6, unique=True).map(tuple)


def progress(count: int, *, day: float, target: int = 40) -> rules.Progress:
    return rules.progress(count, target, since=START, ends_at=END, now=START + timedelta(days=day))


@pytest.mark.parametrize(
    ("count", "day", "state", "expected"),
    [
        (0, 0, State.ON_TRACK, 0),
        (0, 1, State.BEHIND, 4),
        (15, 3.7, State.ON_TRACK, 15),
        (14, 3.7, State.BEHIND, 15),
        (40, 1, State.REACHED, 4),
        (39, 10, State.ENDED, 40),
        (40, 10, State.REACHED, 40),
        (41, 99, State.REACHED, 40),
        (0, -3, State.ON_TRACK, 0),
    ],
)
def test_an_outcome_is_measured_against_its_share_of_the_time(
    count: int, day: float, state: State, expected: int
) -> None:
    found = progress(count, day=day)
    assert (found.state, found.expected) == (state, expected)


def test_percent_and_bar_never_round_up_to_a_target_that_is_not_reached() -> None:
    assert progress(999, day=1, target=1000).percent == 99
    assert progress(999, day=1, target=1000).bar == "▰▰▰▰▰▰▰▰▰▱"
    assert progress(1000, day=1, target=1000).bar == "▰▰▰▰▰▰▰▰▰▰"
    assert progress(5000, day=1, target=1000).percent == 500 and len(progress(5000, day=1).bar) == 10


@given(st.integers(0, 10**7), st.integers(1, rules.LARGEST_TARGET), st.floats(-5, 20))
def test_the_bar_has_ten_cells_and_says_the_same_as_the_figures(count: int, target: int, day: float) -> None:
    found = progress(count, day=day, target=target)
    assert len(found.bar) == 10 and ("▱" not in found.bar) == (found.state is State.REACHED)
    assert 0 <= found.expected <= target
    assert (found.percent >= 100) == (found.state is State.REACHED)


@given(LINES, LINES)
def test_every_line_of_both_versions_is_accounted_for(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    found = rules.changes(before, after)
    gone = {each.before for each in found if each.kind in (ChangeKind.GONE, ChangeKind.CHANGED)}
    new = {each.after for each in found if each.kind in (ChangeKind.NEW, ChangeKind.CHANGED)}
    assert gone == set(before) - set(after) and new == set(after) - set(before)
    assert {each.after for each in found if each.kind is ChangeKind.MOVED} <= set(before) & set(after)
    assert (found == ()) == (before == after)


def test_a_line_that_only_moved_is_not_called_new() -> None:
    assert rules.changes(("a", "b"), ("b", "a")) == (Change(ChangeKind.MOVED, "b", "b"),)
    assert rules.changes(("a", "b"), ("a", "c", "d")) == (
        Change(ChangeKind.CHANGED, "b", "c"),
        Change(ChangeKind.NEW, None, "d"),
    )


@pytest.mark.parametrize(
    ("typed", "number"),
    [("40", 40), (" 1,200 ", 1200), ("1.200", 1200), ("1 200 000", None), ("٤٠", 40), ("1000000", 10**6)],
)
def test_targets_are_whole_numbers(typed: str, number: int | None) -> None:
    if number is None:
        with pytest.raises(InvalidInput):
            rules.read_target(typed)
    else:
        assert rules.read_target(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "0", "-1", "+3", "1e3", "forty", "1.5", "1,20", "9" * 5000, "½", "²", "4 0"]
)
def test_other_targets_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="whole number"):
        rules.read_target(typed)


def test_norms_lose_their_numbers_and_bullets_and_empty_lines() -> None:
    assert rules.read_norms("1. Be kind\n\n- Ask  first\n• No rush\n10) Rest\n2026 is ours") == (
        "Be kind",
        "Ask first",
        "No rush",
        "Rest",
        "2026 is ours",
    )


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused_and_what_is_read_has_words(typed: str) -> None:
    for read in (rules.read_mission, rules.read_words, rules.read_norms):
        with suppress(InvalidInput):
            assert any(each.isalpha() for each in "".join(read(typed)))


def test_the_start_is_today_or_lies_within_two_years() -> None:
    today = date(2026, 1, 5)
    assert rules.read_day(" 2026-01-05 ", today=today) == today
    for typed in ("2026-01-06", "2023-12-01", "5 January", ""):
        with pytest.raises(InvalidInput):
            rules.read_day(typed, today=today)
