"""Rules over acts: what they ask, how far somebody is, when they were met, and what is wrong with one as written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.criteria import (
    ANY_CONTRIBUTION,
    CountedAct,
    Criterion,
    Rule,
    earned,
    expand,
    is_met,
    parse_rule,
    progress,
    rule_data,
    sentence,
)
from bot.errors import InvalidInput
from bot.i18n import Translations

START = datetime(2026, 1, 1, tzinfo=UTC)
T = Translations().for_locale("en")


def act(
    day: int, *, kind: str = "review.given", other: int | None = None, number: int | None = None
) -> CountedAct:
    number = number if number is not None else day
    return CountedAct(number, kind, str(number), other, START + timedelta(days=day))


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def rule(**asked: Any) -> Rule:
    return Rule((Criterion(("review.given",), **asked),))


def test_so_many_acts_are_needed_and_the_last_of_them_earns_it() -> None:
    three = [act(1), act(2), act(3), act(4)]
    [found] = earned(rule(at_least=3), three)
    assert (found.at, found.act_id, found.evidence) == (at(3), 3, (1, 2, 3))
    assert earned(rule(at_least=5), three) == []
    [step] = progress(rule(at_least=5), three, at(9))
    assert (step.done, step.needed, step.is_met) == (4, 5, False)


def test_a_rule_without_criteria_holds_for_nobody() -> None:
    assert earned(Rule(), [act(1)]) == []
    assert not is_met(Rule(), [act(1)], at(2))


def test_a_window_forgets_what_is_older() -> None:
    spread = [act(0), act(10), act(20)]
    assert earned(rule(at_least=3, window_days=20), spread) == []
    assert len(earned(rule(at_least=3, window_days=21), spread)) == 1
    [step] = progress(rule(at_least=3, window_days=21), spread, at(25))
    assert step.done == 2


def test_the_same_person_ten_times_is_one_person() -> None:
    same = [act(day, other=7) for day in range(10)]
    asked = rule(at_least=3, people=3)
    assert earned(asked, same) == []
    assert [step.done for step in progress(asked, same, at(20))] == [1]
    [found] = earned(asked, [*same, act(11, other=8), act(12, other=9)])
    assert found.act_id == 12
    assert len(found.evidence) == 3


def test_acts_with_nobody_count_for_no_person() -> None:
    assert earned(rule(at_least=2, people=1), [act(1), act(2)]) == []


def test_different_things_and_one_thing_alone() -> None:
    firsts = [CountedAct(n, "contribution.first", name, None, at(n)) for n, name in enumerate("abc")]
    several = Rule((Criterion(("contribution.first",), at_least=3, subjects=3),))
    assert len(earned(several, firsts)) == 1
    assert earned(Rule((Criterion(("contribution.first",), subject="z"),)), firsts) == []
    assert earned(Rule((Criterion(("contribution.first",), subject="b"),)), firsts)[0].act_id == 1


def test_all_criteria_must_hold_at_the_same_time() -> None:
    both = Rule((Criterion(("a",), 2, window_days=5), Criterion(("b",), 1, window_days=5)))
    apart = [act(0, kind="a"), act(1, kind="a"), act(9, kind="b")]
    assert earned(both, apart) == []
    [found] = earned(both, [*apart, act(10, kind="a"), act(11, kind="a")])
    assert found.evidence == (9, 10, 11)


def test_again_takes_acts_that_were_not_used_before() -> None:
    assert [each.evidence for each in earned(rule(at_least=2), [act(n) for n in range(5)], times=9)] == [
        (0, 1),
        (2, 3),
    ]


def test_any_contribution_stands_for_all_of_them() -> None:
    asked = expand(Rule((Criterion((ANY_CONTRIBUTION,), 2),)), ["a", "b"])
    assert len(earned(asked, [act(1, kind="a"), act(2, kind="b")])) == 1


ACTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.sampled_from([None, 1, 2, 3])), max_size=25
).map(
    lambda found: [CountedAct(n, kind, str(n), other, at(day)) for n, (day, kind, other) in enumerate(found)]
)
CRITERIA = st.builds(
    lambda kinds, at_least, days, people: Criterion(tuple(kinds), at_least, days, min(people, at_least)),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True),
    st.integers(1, 5),
    st.sampled_from([None, 1, 7, 30]),
    st.integers(0, 3),
)
RULES = st.lists(CRITERIA, min_size=1, max_size=2).map(lambda found: Rule(tuple(found)))


@given(RULES, ACTS)
def test_judging_each_act_as_it_comes_finds_the_same_as_looking_back(
    asked: Rule, acts: list[CountedAct]
) -> None:
    ordered = sorted(acts, key=lambda each: (each.at, each.id))
    live = next(
        (
            each.id
            for n, each in enumerate(ordered)
            if each.kind in asked.kinds and is_met(asked, ordered[: n + 1], each.at)
        ),
        None,
    )
    found = earned(asked, acts)
    assert (found[0].act_id if found else None) == live


@given(RULES, ACTS)
def test_the_evidence_alone_earns_it_too(asked: Rule, acts: list[CountedAct]) -> None:
    for found in earned(asked, acts):
        chosen = [each for each in acts if each.id in found.evidence]
        assert earned(asked, chosen)
        assert found.act_id in found.evidence


@given(RULES)
def test_a_rule_survives_being_written_down(asked: Rule) -> None:
    assert parse_rule(rule_data(asked)) == asked


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("reviews", "list of criteria"),
        ([{}], "`acts`"),
        ([{"acts": []}], "`acts`"),
        ([{"acts": ["messages.sent"]}], "messages.sent"),
        ([{"acts": ["review.given"], "atleast": 2}], "atleast"),
        ([{"acts": ["review.given"], "at_least": 0}], "at_least"),
        ([{"acts": ["review.given"], "at_least": True}], "at_least"),
        ([{"acts": ["review.given"], "at_least": 2, "people": 3}], "people"),
        ([{"acts": ["review.given"], "within_days": 9999}], "within_days"),
        ([{"acts": ["review.given"], "subject": 3}], "subject"),
        ([{"acts": ["review.given"]}] * 6, "at most 5"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(data: object, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_rule(data, known=["review.given"])
    assert words in str(refused.value)


def test_a_rule_reads_like_a_sentence() -> None:
    asked = Criterion(("review.given",), 10, window_days=60, people=5)
    assert (
        sentence(asked, {"review.given": "Reviews given"}, T)
        == "Reviews given: 10, with at least 5 different people, within 60 days"
    )
