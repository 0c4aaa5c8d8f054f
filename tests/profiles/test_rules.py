"""Hours, check-ins and their comparison, from plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.profiles import rules
from cogs.profiles.rules import Checkin, Line
from cogs.profiles.service import shipped_statements

THEN = datetime(2026, 1, 5, tzinfo=UTC)
FIVE = ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("hours", "bracket"), [(None, None), (0, 2), (1, 2), (2, 2), (3, 5), (10, 10), (11, 20), (168, 20)]
)
def test_hours_have_an_answer_that_stands_for_them(hours: int | None, bracket: int | None) -> None:
    assert rules.bracket(hours) == bracket


@given(st.one_of(st.none(), st.integers(0, 168)), st.sampled_from([None, *rules.HOURS]))
def test_a_form_sent_unchanged_changes_no_hours(stored: int | None, chosen: int | None) -> None:
    assert rules.hours_after(stored, rules.bracket(stored)) == stored
    assert rules.bracket(rules.hours_after(stored, chosen)) == chosen


def checkin(days: int, *grades: int, statements: tuple[str, ...] = FIVE) -> Checkin:
    return Checkin(THEN + timedelta(days=days), tuple(zip(statements, grades, strict=True)))


def test_it_may_be_answered_at_once_and_then_every_four_weeks() -> None:
    assert rules.is_due((), THEN)
    first = (checkin(0, 1, 2, 3, 4, 5),)
    assert not rules.is_due(first, THEN + timedelta(days=28) - timedelta(seconds=1))
    assert rules.is_due(first, THEN + timedelta(days=28))
    both = (*first, checkin(28, 1, 2, 3, 4, 5))
    assert not rules.is_due(both, THEN + timedelta(days=55)) and rules.is_due(both, THEN + timedelta(days=56))


def test_the_first_answers_stand_beside_the_last() -> None:
    assert rules.side_by_side(()) == ()
    first, second, third = checkin(0, 1, 1, 1, 1, 1), checkin(28, 2, 2, 2, 2, 2), checkin(56, 3, 3, 3, 3, 4)
    assert rules.side_by_side((first,))[0] == Line("a", 1, None)
    assert [line.now for line in rules.side_by_side((first, second, third))] == [3, 3, 3, 3, 4]
    assert {line.then for line in rules.side_by_side((first, second, third))} == {1}


@pytest.mark.parametrize(
    "given_answers",
    [["1"] * 4, ["1"] * 6, ["1", "2", "3", "4", None], ["1", "2", "3", "4", "6"], ["0"] * 5, ["²"] * 5],
)
def test_five_answers_from_one_to_five_or_none_at_all(given_answers: list[str | None]) -> None:
    with pytest.raises(InvalidInput):
        rules.read_answers(FIVE, given_answers)


def test_answers_belong_to_their_statements() -> None:
    assert rules.read_answers(FIVE, ["1", "2", "3", "4", "5"]) == tuple(zip(FIVE, range(1, 6), strict=True))


def test_the_shipped_statements_fit_a_form() -> None:
    assert len(set(shipped_statements())) == rules.STATEMENTS
    assert all(0 < len(each) <= rules.LONGEST_STATEMENT for each in shipped_statements())
