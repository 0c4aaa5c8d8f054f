"""What holds for pairing rounds, over plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.pairs import rules, starters
from cogs.pairs.rules import Outcome, Person, Rate, Weights, Why

ALL = (1 << 24) - 1
NOW = datetime(2026, 1, 5, tzinfo=UTC)

words = st.text("abcXYZ ", min_size=1, max_size=8).filter(lambda each: each.strip() != "")
people = st.builds(
    Person,
    st.integers(1, 9),
    st.integers(0, ALL),
    st.lists(words, max_size=3, unique_by=str.casefold).map(tuple),
    st.lists(words, max_size=3, unique_by=str.casefold).map(tuple),
)


@given(people, people, st.builds(Weights, st.integers(0, 3), st.integers(0, 3)))
def test_a_meeting_is_worth_the_same_from_both_sides(a: Person, b: Person, weights: Weights) -> None:
    assert rules.worth(a, b, weights) == rules.worth(b, a, weights) >= 0


def test_hours_and_topics_count_as_the_community_wishes() -> None:
    teacher, learner = Person(1, ALL, teach=("SQL",)), Person(2, 0, learn=("sql",))
    awake = Person(3, ALL)
    assert rules.worth(teacher, learner, Weights(2, 2)) == 150
    assert rules.worth(teacher, awake, Weights(2, 2)) == 300
    assert rules.worth(teacher, learner, Weights(2, 0)) == 0
    assert rules.worth(teacher, awake, Weights(0, 2)) == 0
    assert rules.worth(teacher, awake, Weights(3, 2)) == 450
    assert rules.fit(learner, teacher).taught == ("SQL",)


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("Mon, Wed", (0, 2)),
        ("friday", (4,)),
        ("tu th", (1, 3)),
        ("Sat and Sun", (5, 6)),
        ("every day", (0, 1, 2, 3, 4, 5, 6)),
        ("MO/TU/mo", (0, 1)),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, days: tuple[int, ...]) -> None:
    assert rules.days_of(rules.read_days(typed)) == days


@pytest.mark.parametrize("typed", ["", "blue", "t", "s", "3", "mon, blue", "x" * 4000])
def test_days_that_cannot_be_read_are_said_with_an_example(typed: str) -> None:
    with pytest.raises(InvalidInput, match="Mon, Wed"):
        rules.read_days(typed)


@given(st.sets(st.integers(0, 6)))
def test_days_and_their_mask_say_the_same(days: set[int]) -> None:
    assert set(rules.days_of(rules.mask_of(days))) == days


def test_of_a_forms_answer_only_days_are_taken() -> None:
    assert rules.read_choices(["3", "0", "0", "7", "x", 5]) == (0, 3, 5)
    assert rules.read_choices(None) == rules.read_choices("012") == ()


def test_topics_are_few_short_and_named_once() -> None:
    assert rules.read_topics(" SQL,  data   viz; sql\nRust,,") == ("sql", "data viz", "Rust")
    assert rules.read_topics(" , ") == ()
    with pytest.raises(InvalidInput, match="at most 5"):
        rules.read_topics("a, b, c, d, e, f")
    with pytest.raises(InvalidInput, match="30 characters"):
        rules.read_topics("x" * 31)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"skips": True}, Why.SKIPS),
        ({"weekdays": 0b10}, Why.OTHER_DAY),
        ({"weekdays": 0b10, "weekday": None}, None),
        ({"paused_until": NOW + timedelta(hours=1)}, Why.PAUSED),
        ({"paused_until": NOW}, None),
    ],
)
def test_why_somebody_is_not_in_a_round(changes: dict[str, object], why: Why | None) -> None:
    given_: dict[str, object] = {
        "weekdays": 127,
        "weekday": 0,
        "skips": False,
        "paused_until": None,
        "now": NOW,
    }
    assert rules.why_not(**(given_ | changes)) is why  # type: ignore[arg-type]  # any argument


@pytest.mark.parametrize(
    ("said", "outcome", "taking_part"),
    [
        ([None, None], Outcome.OPEN, set[int]()),
        (["met", None], Outcome.MET, {0, 1}),
        (["met", "not"], Outcome.PARTLY, {0}),
        (["not", None], Outcome.NOT, set[int]()),
        (["met", "met", "not"], Outcome.PARTLY, {0, 1}),
    ],
)
def test_how_it_went_follows_from_what_each_says(
    said: list[str | None], outcome: Outcome, taking_part: set[int]
) -> None:
    assert rules.outcome_of(said) is outcome
    assert rules.took_part(dict(enumerate(said))) == taking_part


def test_a_rate_counts_those_of_which_it_is_known() -> None:
    rate = rules.rate_of(
        {("met", False): 3, ("partly", True): 1, ("not", False): 2, ("open", True): 2, ("open", False): 4}
    )
    assert rate == Rate(met=3, partly=1, missed=2, silent=2, waiting=4) and rate.percent == 50
    assert Rate(waiting=3).percent is None


@pytest.mark.parametrize(
    ("rates", "weeks", "slower"),
    [
        ([Rate(met=1, silent=4)], 1, True),
        ([Rate(met=2, silent=3)], 1, False),  # 40 % is enough
        ([Rate(met=1, silent=4)], 4, False),
        ([Rate(silent=2)], 1, False),  # too few to say
        ([Rate(waiting=5), Rate(silent=5)], 1, True),
        ([Rate(met=5), Rate(silent=5)], 1, False),
        ([], 1, False),
    ],
)
def test_a_slower_rhythm_is_proposed_after_a_round_in_which_few_met(
    rates: list[Rate], weeks: int, *, slower: bool
) -> None:
    assert rules.is_rhythm_too_fast(rates, weeks) is slower


def test_the_ice_breakers_are_enough_and_none_comes_again_too_soon() -> None:
    keys = starters.shipped()
    assert len(keys) >= 40 and len(set(keys.values())) == len(keys)
    used: list[str] = []
    for number in range(len(keys)):
        used.append(starters.choose(keys, used, f"seed {number}"))
    assert set(used) == set(keys)
    assert starters.choose(keys, used, "any") == used[0]


@pytest.mark.parametrize(
    "content",
    ["", "[starters", "[other]\na = 'b'", "[starters]\nA = 'b'", "[starters]\na = ''", "[starters]\na = 3"],
)
def test_a_library_that_cannot_be_used_says_so(content: str) -> None:
    with pytest.raises(starters.LibraryError):
        starters.read(content)
