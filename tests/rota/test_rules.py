"""Decisions about rotas, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput
from cogs.rota import guides, rules
from cogs.rota.rules import NOBODY, Cover, Past, Span, State, Why

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def past(*turns: tuple[int, ...], present: set[int], seats: int = 1) -> list[Past]:
    return [Past(each, frozenset(present), seats) for each in turns]


def test_who_is_covered_has_it_not_and_who_covers_has_it_for_the_span_alone() -> None:
    covers = [Cover(11, 12, NOW, NOW + DAY), Cover(NOBODY, 13, NOW, NOW + DAY), Cover(99, 14, NOW, NOW + DAY)]
    assert rules.holders_at([11], covers, NOW) == {12, 13}
    assert rules.holders_at([11], covers, NOW + DAY) == {11}
    assert rules.holders_at([11, 12], [Cover(11, NOBODY, NOW, NOW + DAY)], NOW + HOUR) == {12}


@given(minutes=st.integers(1, 60 * 24 * 10))
def test_whoever_is_asked_has_time_and_never_more_than_there_is(minutes: int) -> None:
    starts = NOW + timedelta(minutes=minutes)
    by = rules.answer_by(NOW, starts)
    assert NOW < by <= starts and by - NOW <= rules.FIRST_ANSWER
    assert by - NOW >= min(timedelta(minutes=minutes), HOUR)


@given(
    old=st.lists(st.integers(0, 100), unique=True, max_size=8).map(sorted),
    new=st.lists(st.integers(0, 100), unique=True, max_size=8).map(sorted),
)
def test_turns_that_move_keep_their_order_and_none_is_used_twice(old: list[int], new: list[int]) -> None:
    found = rules.matched([NOW + DAY * each for each in old], [NOW + DAY * each for each in new])
    used = [each for each in found if each is not None]
    assert len(found) == len(old) and used == sorted(set(used))
    if old == new:
        assert used == list(range(len(new)))


def test_even_turns_are_a_hundred_and_every_reason_is_named() -> None:
    people = {1, 2, 3}
    assert rules.fairness([]).score is None
    assert rules.fairness(past((1,), present=people)).score == 100
    even = rules.fairness(past((1,), (2,), (3,), (1,), present=people))
    assert (even.score, even.reasons) == (100, ())
    found = rules.fairness(past((1,), (1,), (1,), (), (1,), (1,), present=people))
    assert found.score is not None and found.score < 20
    assert {each.why for each in found.reasons} == {Why.OVER, Why.UNDER, Why.GAPS, Why.RUNNING}
    alone = rules.fairness(past((1,), (1,), (1,), present={1}))
    assert alone.score == 100  # there was nobody else


def test_who_has_too_many_weekends_is_named() -> None:
    turns = [Past((who,), frozenset({1, 2}), 1, is_weekend=True) for who in (1, 1, 1, 2, 1)]
    assert Why.WEEKENDS in {each.why for each in rules.fairness(turns).reasons}


@given(
    turns=st.lists(st.tuples(st.integers(1, 5), st.frozensets(st.integers(1, 5))), min_size=1, max_size=20)
)
def test_a_score_is_never_beyond_its_ends(turns: list[tuple[int, frozenset[int]]]) -> None:
    found = rules.fairness([Past((who,), there, 2) for who, there in turns])
    assert found.score is not None and 0 <= found.score <= 100


def test_who_is_owed_comes_first_then_the_least_loaded_and_the_seed_decides_the_rest() -> None:
    loads = {1: 3, 2: 0, 3: 0, 4: 1, 5: 0}
    orders = {tuple(rules.planning_order(loads, {1}, seed)) for seed in range(30)}
    assert all(each[0] == 1 and set(each[1:4]) == {2, 3, 5} and each[4] == 4 for each in orders)
    assert len(orders) == 6  # every order of the three occurs
    assert rules.most_candidates(10) >= 10 * (rules.HORIZON + 2)


def test_half_a_turn_is_served_and_less_is_not() -> None:
    assert rules.counts_as_served(NOW, NOW + 4 * DAY, NOW, NOW + 7 * DAY)
    assert not rules.counts_as_served(NOW, NOW + 3 * DAY, NOW, NOW + 7 * DAY)


def test_skipping_once_comes_first_and_twice_does_not() -> None:
    assert [rules.is_owed(each) for each in range(4)] == [False, True, False, False]


def test_spans_meet_by_their_insides() -> None:
    span = Span(1, NOW, NOW + DAY)
    assert span.meets(NOW + HOUR, NOW + 9 * DAY) and not span.meets(NOW + DAY, NOW + 2 * DAY)
    with pytest.raises(InvalidInput):
        rules.check_away(NOW, NOW)
    with pytest.raises(InvalidInput):
        rules.check_away(NOW, NOW + 400 * DAY)
    with pytest.raises(AlreadyDone):
        rules.check_still_open(State.GIVEN, wants_cover=True)


def test_the_shipped_guides_are_fit_and_a_broken_one_says_where() -> None:
    assert list(guides.shipped()) == ["mentor", "reviewer", "curator", "host", "greeter", "moderator"]
    with pytest.raises(guides.GuidesError, match="steps"):
        guides.read('[[guides]]\nkey = "a"\ntitle = "A"\nwhat = "B"\nsteps = []')
    with pytest.raises(guides.GuidesError, match="guide a needs exactly"):
        guides.read('[[guides]]\nkey = "a"')
