"""Drawing a round: everybody who can be paired is, nobody twice, and eight weeks bring eight new people."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching.instance import Together
from cogs.pairs.drawing import Draw, Inputs, Pair, best_of_pool, draw, times_together
from cogs.pairs.rules import Person, Weights, Why, worth
from tests.pairs.weeks import eight_weeks

ALL = (1 << 24) - 1


def some(count: int, *, waiting: frozenset[int] = frozenset()) -> tuple[Person, ...]:
    return tuple(Person(n, ALL, waits=n in waiting) for n in range(1, count + 1))


@st.composite
def cohorts(draw_: st.DrawFn) -> Inputs:
    count = draw_(st.integers(0, 9))
    pairs = list(combinations(range(1, count + 1), 2))
    blocked = draw_(st.sets(st.sampled_from(pairs))) if pairs else set[Pair]()
    waiting = draw_(st.sets(st.integers(1, 9)))
    met = (
        draw_(
            st.dictionaries(
                st.sampled_from(pairs), st.builds(Together, st.integers(1, 5), st.integers(0, 60))
            )
        )
        if pairs
        else {}
    )
    return Inputs(some(count, waiting=frozenset(waiting)), frozenset(blocked), met)


def most_in_groups(inputs: Inputs) -> int:
    """By trying everything: how many people can be in pairs, with one trio for an odd count of them."""
    ids = tuple(each.id for each in inputs.people)

    def able(group: tuple[int, ...]) -> bool:
        return not any(pair in inputs.blocked for pair in combinations(sorted(group), 2))

    def pairs_all(left: tuple[int, ...]) -> bool:
        if not left:
            return True
        first, rest = left[0], left[1:]
        return any(able((first, b)) and pairs_all(tuple(n for n in rest if n != b)) for b in rest)

    def all_in(chosen: tuple[int, ...]) -> bool:
        if len(chosen) % 2 == 0:
            return pairs_all(chosen)
        return any(
            able(trio) and pairs_all(tuple(n for n in chosen if n not in trio))
            for trio in combinations(chosen, 3)
        )

    return max(
        (size for size in range(len(ids) + 1) for chosen in combinations(ids, size) if all_in(chosen)),
        default=0,
    )


@settings(deadline=None, derandomize=True, max_examples=80)
@given(cohorts(), st.integers(0, 3))
def test_everybody_is_in_one_group_or_told_why(inputs: Inputs, seed: int) -> None:
    drawn = draw(inputs, seed)
    paired = [member for group in drawn.groups for member in group]
    left = [member for member, _ in drawn.left_out]
    assert sorted(paired + left) == [each.id for each in inputs.people]
    assert sorted(map(len, drawn.groups))[:-1] == [2] * (len(drawn.groups) - 1)
    for group in drawn.groups:
        assert not any(pair in inputs.blocked for pair in combinations(sorted(group), 2))
    # A trio takes in an odd one, so at most one more could be had by undoing it.
    assert len(paired) >= most_in_groups(inputs) - 1
    assert draw(inputs, seed) == drawn


def test_alone_one_is_told_so_and_nobody_is_no_round() -> None:
    assert draw(Inputs(some(1)), 0) == Draw(0, (), ((1, Why.ALONE),))
    assert draw(Inputs(()), 0) == Draw(0, ())
    assert draw(Inputs(some(2)), 0).groups == ((1, 2),)
    assert draw(Inputs(some(2), frozenset({(1, 2)})), 0).left_out == (
        (1, Why.NOBODY_FITS),
        (2, Why.NOBODY_FITS),
    )


def test_who_waited_before_is_not_left_out_again_if_that_can_be() -> None:
    """Three who avoid each other, and one whom all may meet: one of the three is paired, and it is who waited."""
    apart = frozenset(combinations((1, 2, 3), 2))
    for waiting in (1, 2, 3):
        inputs = Inputs(some(4, waiting=frozenset({waiting})), apart)
        for seed in range(5):
            drawn = draw(inputs, seed)
            assert drawn.groups == ((waiting, 4),)
            assert {member for member, _ in drawn.left_out} == {1, 2, 3} - {waiting}


def test_the_hash_follows_what_matters_and_not_the_calendar() -> None:
    inputs = Inputs(some(3), together={(1, 2): Together(1, 3)})
    later = Inputs(some(3), together={(1, 2): Together(1, 4)})
    assert inputs.hash == later.hash
    others = [
        Inputs(some(4), together=inputs.together),
        Inputs(some(3), frozenset({(1, 2)}), inputs.together),
        Inputs(some(3), together={(1, 2): Together(2, 3)}),
        Inputs(some(3), together=inputs.together, weights=Weights(0, 2)),
        Inputs(some(3, waiting=frozenset({1})), together=inputs.together),
    ]
    assert len({inputs.hash, *(each.hash for each in others)}) == 6


def test_of_the_pool_the_newest_is_taken_and_then_the_best_fit() -> None:
    me = Person(1, ALL, learn=("knots",))
    met, teacher, other = Person(2, ALL, teach=("knots",)), Person(3, ALL, teach=("knots",)), Person(4, ALL)
    inputs = Inputs((), together={(1, 2): Together(1, 1)})
    assert best_of_pool(me, [met, teacher, other], inputs, lambda _a, _b: True) == teacher
    assert best_of_pool(me, [met, teacher, other], inputs, lambda _a, b: b != 3) == other
    assert best_of_pool(me, [met], inputs, lambda _a, _b: True) == met
    assert best_of_pool(me, [me], inputs, lambda _a, _b: True) is None
    assert times_together(inputs, (1, 2, 3)) == 1


def test_among_new_people_the_better_fit_is_chosen() -> None:
    """Halves of the day that nobody shares with the other half: each half is paired within itself."""
    day, night = 0b1111_1111, 0b1111_1111 << 12
    crowd = tuple(Person(n, day if n % 2 else night) for n in range(1, 9))
    drawn = draw(Inputs(crowd), 1)
    by_id = {each.id: each for each in crowd}
    assert all(worth(by_id[a], by_id[b], Weights()) == 300 for a, b in drawn.groups)


def test_hours_that_should_be_shared_come_before_topics_and_after_new_people() -> None:
    """Two by day, two by night; the topics speak for mixing them."""
    day, night = 0b1111, 0b1111 << 12
    crowd = (
        Person(1, day, teach=("knots", "bread")),
        Person(2, day, learn=("tea", "ink")),
        Person(3, night, learn=("knots", "bread")),
        Person(4, night, teach=("tea", "ink")),
    )
    mixed = ((1, 3), (2, 4))
    assert set(draw(Inputs(crowd, weights=Weights(1, 3)), 1).groups) == set(mixed)
    wishing = Weights(1, 3, least_hours=3)
    assert draw(Inputs(crowd, weights=wishing), 1).groups == ((1, 2), (3, 4))
    met = {(1, 2): Together(1, 60), (3, 4): Together(1, 60)}
    again = draw(Inputs(crowd, together=met, weights=wishing), 1).groups
    assert not set(again) & set(met), "somebody new is worth more than hours"


def test_in_eight_weeks_thirty_members_meet_nobody_twice() -> None:
    """About 85 % take part in each week, so odd counts come too."""
    done = eight_weeks(30, random.Random(5))
    assert done.repeats == 0 and done.left_out == 0
    assert done.odd_weeks > 0 and done.trios == done.odd_weeks
    assert done.share_of_bound >= 0.97
