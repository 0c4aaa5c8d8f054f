"""How near answers are to the reference, who passes, and which set comes next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.reviews.training.rules import (
    A_SET,
    MOST_TO_LOOK_AT,
    Difference,
    Known,
    agreement,
    difference,
    is_passed,
    make_sets,
    next_set,
    to_look_at,
)

choices = st.integers(2, 10)


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, int, int]:
    """Two answers, and how many there are to choose from."""
    n = draw(choices)
    return draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1)), n


def between(own: int, reference: int, n: int, *, levels: bool) -> float:
    return difference(own / (n - 1), reference / (n - 1), n, levels=levels)


@pytest.mark.parametrize(
    ("own", "reference", "n", "levels", "expected"),
    [
        (2, 2, 4, True, 0),
        (1, 2, 4, True, 0.5),
        (0, 2, 4, True, 2 / 3),
        (0, 3, 4, True, 1),
        (1, 2, 3, True, 0.5),
        (1, 2, 5, True, 0.5),
        (0, 1, 2, True, 1),
        (0, 1, 2, False, 1),
        (3, 4, 5, False, 0.25),
    ],
)
def test_the_level_beside_the_reference_counts_half_and_points_by_their_distance(
    own: int, reference: int, n: int, levels: bool, expected: float
) -> None:
    assert between(own, reference, n, levels=levels) == pytest.approx(expected)


@given(answers(), st.booleans())
def test_a_difference_is_none_only_for_the_same_answer_and_the_same_both_ways(
    pair: tuple[int, int, int], levels: bool
) -> None:
    own, reference, n = pair
    size = between(own, reference, n, levels=levels)
    assert 0 <= size <= 1 and (size == 0) == (own == reference)
    assert size == pytest.approx(between(reference, own, n, levels=levels))


@given(answers(), st.integers(0, 9), st.booleans())
def test_coming_nearer_never_makes_it_worse(pair: tuple[int, int, int], other: int, levels: bool) -> None:
    own, reference, n = pair
    nearer = min(other, n - 1)
    if abs(nearer - reference) <= abs(own - reference):
        assert (
            between(nearer, reference, n, levels=levels) <= between(own, reference, n, levels=levels) + 1e-9
        )


sizes = st.lists(st.floats(0, 1), min_size=1, max_size=18)


@given(sizes)
def test_the_agreement_is_a_whole_percentage_and_all_of_it_only_without_a_difference(
    found: list[float],
) -> None:
    percent = agreement(found)
    assert 0 <= percent <= 100
    if not any(found):
        assert percent == 100
    if sum(found) / len(found) > 0.01:
        assert percent < 100


@given(sizes, st.data())
def test_one_answer_that_comes_nearer_never_lowers_it(found: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(found) - 1))
    nearer = [*found[:at], data.draw(st.floats(0, found[at])), *found[at + 1 :]]
    assert agreement(nearer) >= agreement(found)


@given(st.permutations([0, 0.5, 1, 0.25, 2 / 3]))
def test_their_order_does_not_matter(found: list[float]) -> None:
    assert agreement(found) == agreement(sorted(found))


@pytest.mark.parametrize(("wrong", "of", "percent"), [(3, 10, 70), (6, 20, 70), (301, 1000, 69), (1, 3, 66)])
def test_what_is_reached_exactly_is_enough_and_a_little_less_is_not(
    wrong: int, of: int, percent: int
) -> None:
    found = [1.0] * wrong + [0.0] * (of - wrong)
    assert agreement(found) == percent and is_passed(percent, 70) == (percent >= 70)


def test_without_an_answer_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        agreement([])


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 1)), max_size=18))
def test_what_to_look_at_is_what_lies_furthest_apart(found: list[tuple[int, float]]) -> None:
    differences = [Difference(position, f"c{at}", size) for at, (position, size) in enumerate(found)]
    chosen = to_look_at(differences)
    apart = [each for each in differences if each.size]
    assert len(chosen) == min(MOST_TO_LOOK_AT, len(apart))
    assert [each.position for each in chosen] == sorted(each.position for each in chosen)
    assert all(a.size >= b.size for a in chosen for b in apart if b not in chosen)


def shipped(*left_out: str) -> list[Known]:
    keys = [(f"{group}{n}", group) for group in ("a", "b", "c") for n in (1, 2, 3)]
    return [Known(key, group) for key, group in keys if key not in left_out]


def test_shipped_sets_stay_together_and_own_ones_come_first() -> None:
    assert make_sets(shipped()) == [("a1", "a2", "a3"), ("b1", "b2", "b3"), ("c1", "c2", "c3")]
    own = [Known(f"own:{n}") for n in range(3)]
    assert make_sets([*own, *shipped()])[0] == ("own:0", "own:1", "own:2")
    assert make_sets(shipped("b2")) == [("b1", "b3", "a1"), ("a1", "a2", "a3"), ("c1", "c2", "c3")]
    assert make_sets([Known("own:0"), Known("own:1")]) == []
    assert make_sets([]) == []


@st.composite
def samples(draw: st.DrawFn) -> list[Known]:
    own = [Known(f"own:{n}") for n in range(draw(st.integers(0, 7)))]
    left_out = draw(st.sets(st.sampled_from([each.key for each in shipped()])))
    return [*own, *shipped(*left_out)]


@given(samples())
def test_every_work_in_use_comes_up_and_no_set_has_one_twice(known: list[Known]) -> None:
    sets = make_sets(known)
    assert all(len(set(each)) == A_SET for each in sets)
    used = {key for each in sets for key in each}
    assert used == ({each.key for each in known} if len(known) >= A_SET else set())


@given(samples(), st.integers(0, 2**63), st.integers(1, 12))
def test_the_next_set_is_another_one_and_all_come_before_one_comes_again(
    known: list[Known], turn: int, times: int
) -> None:
    sets = make_sets(known)
    seen: dict[str, int] = {}
    last: tuple[str, ...] = ()
    for _ in range(times):
        chosen = next_set(sets, seen, last, turn)
        if chosen is None:
            assert sets == []
            return
        assert chosen in sets and (len(sets) == 1 or set(chosen) != set(last))
        last = chosen
        for key in chosen:
            seen[key] = seen.get(key, 0) + 1


def test_all_shipped_sets_come_before_one_comes_again() -> None:
    sets, seen, last = make_sets(shipped()), dict[str, int](), ()
    came: list[tuple[str, ...]] = []
    for _ in range(6):
        last = next_set(sets, seen, last, 1) or ()
        came.append(last)
        seen |= {key: seen.get(key, 0) + 1 for key in last}
    assert set(came[:3]) == set(sets) == set(came[3:])


def test_not_everybody_begins_with_the_same_set() -> None:
    sets = make_sets(shipped())
    assert {next_set(sets, {}, (), turn) for turn in range(9)} == set(sets)
