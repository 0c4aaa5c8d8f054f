"""What can be appealed and when, who decides, and which figures are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, TooSoon
from cogs.appeals import rules
from cogs.appeals.rules import Contested, Judge, Limits, Made, State

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
BEN, MILO, FARAH, OLIVE = 1, 7, 8, 9
CASE = Contested(BEN, MILO, NOW - DAY)
ids = st.integers(min_value=1, max_value=4)


def may(case: Contested = CASE, *made: Made, now: datetime = NOW) -> bool:
    return rules.may_appeal(case, made, BEN, now, Limits())


def test_a_case_of_ones_own_is_appealed_within_thirty_days() -> None:
    assert may() and may(Contested(BEN, MILO, NOW - 30 * DAY))
    with pytest.raises(NotAllowed) as late:
        rules.check_appeal(Contested(BEN, MILO, NOW - 30 * DAY - SECOND), (), BEN, NOW, Limits())
    assert "30-day limit" in str(late.value)


def test_nobody_elses_case_nothing_hidden_and_nothing_taken_back_is_appealed() -> None:
    others = Contested(FARAH, MILO, NOW)
    for case in (others, Contested(BEN, MILO, NOW, is_open_to=False)):
        with pytest.raises(NotFound):
            rules.check_appeal(case, (), BEN, NOW, Limits())
    with pytest.raises(NotFound):
        rules.check_appeal(Contested(0, MILO, NOW), (), 0, NOW, Limits())
    with pytest.raises(AlreadyDone):
        rules.check_appeal(Contested(BEN, MILO, NOW, is_overturned=True), (), BEN, NOW, Limits())


def test_one_at_a_time_and_after_two_weeks_once_again() -> None:
    decided = NOW - 14 * DAY
    upheld = Made(State.UPHELD, decided - DAY, decided)
    with pytest.raises(AlreadyDone):
        rules.check_appeal(CASE, [Made(State.OPEN, NOW)], BEN, NOW, Limits())
    with pytest.raises(TooSoon) as soon:
        rules.check_appeal(CASE, [upheld], BEN, NOW - SECOND, Limits())
    assert soon.value.retry_at == NOW
    old = Contested(BEN, MILO, NOW - 44 * DAY)  # the first one was in time
    assert may(CASE, upheld) and may(old, upheld)
    assert may(old, upheld, now=NOW + 30 * DAY) and not may(old, upheld, now=NOW + 30 * DAY + SECOND)
    with pytest.raises(AlreadyDone):
        rules.check_appeal(CASE, [upheld, Made(State.SHORTENED, decided, decided)], BEN, NOW, Limits())


@pytest.mark.parametrize("words", ["", "...", "🎉", "x" * 1501])
def test_an_appeal_says_why_in_so_many_words(words: str) -> None:
    with pytest.raises(InvalidInput):
        rules.check_words(words)


@given(ids, ids, ids, st.frozensets(ids))
def test_never_the_appellant_and_the_moderator_of_the_case_only_when_there_is_no_other(
    judge: int, member: int, moderator: int, others: frozenset[int]
) -> None:
    case = Contested(member, moderator, NOW)
    try:
        alone = rules.check_judge(Judge(judge, others), case)
    except NotAllowed:
        assert judge in (member, moderator)
        assert judge == member or others - {judge, member}
    else:
        assert judge != member and alone == (judge == moderator)
        assert not alone or not others - {judge, member}


def test_who_confirmed_it_judges_it_only_when_nobody_else_is_there() -> None:
    case = Contested(BEN, MILO, NOW, confirmed_by=frozenset({FARAH}))
    with pytest.raises(NotAllowed):
        rules.check_judge(Judge(FARAH, others=frozenset({MILO, OLIVE})), case)
    assert not rules.check_judge(Judge(OLIVE, others=frozenset({MILO, FARAH})), case)
    assert rules.check_judge(Judge(FARAH, others=frozenset({MILO, BEN})), case)


def test_who_is_alone_decides_their_own_case_and_it_is_noted() -> None:
    assert rules.check_judge(Judge(MILO, others=frozenset({BEN})), CASE)
    assert not rules.check_judge(Judge(OLIVE), CASE)
    with pytest.raises(NotAllowed):
        rules.check_judge(Judge(MILO, others=frozenset({FARAH})), CASE)


def test_shorter_is_sooner_than_the_present_end() -> None:
    assert rules.shortened_end(NOW, NOW + 7 * DAY, 2 * DAY) == NOW + 2 * DAY
    assert rules.shortened_end(NOW, None, 30 * DAY) == NOW + 30 * DAY
    with pytest.raises(InvalidInput):
        rules.shortened_end(NOW, NOW + 2 * DAY, 2 * DAY)


@pytest.mark.parametrize(
    ("typed", "span"), [("12h", DAY / 2), (" 3 D", 3 * DAY), ("2w", 14 * DAY), ("5", 5 * DAY)]
)
def test_a_time_is_typed_in_hours_days_or_weeks(typed: str, span: timedelta) -> None:
    assert rules.read_span(typed) == span


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "٣", "366", "9999999", "1y", "53w"])
def test_no_other_time_is_taken(typed: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_span(typed)
    if typed not in ("0", "366"):
        with pytest.raises(InvalidInput):
            rules.read_days(typed, 0, 365)


def test_staff_are_reminded_before_and_when_the_promise_is_over() -> None:
    found = rules.reminders(NOW, 7 * DAY)
    assert found[-1] == NOW + 7 * DAY and list(found) == sorted(found) and found[0] > NOW + 3 * DAY


def judged(kind: str, *states: State) -> list[tuple[str, State, datetime, datetime | None]]:
    return [(kind, each, NOW, NOW + number * DAY) for number, each in enumerate(states, 1)]


UPHELD, OVERTURNED, OPEN = State.UPHELD, State.OVERTURNED, State.OPEN


def test_figures_tell_no_number_that_would_mean_somebody() -> None:
    few = rules.figures([*judged("warn", *[UPHELD] * 4), *judged("ban", OPEN)], ("warn", "ban"))
    assert few == rules.Figures(1, None, None, None, None, ())
    found = rules.figures(judged("warn", *[UPHELD] * 4, *[OVERTURNED] * 5), ("warn", "ban"))
    # Five of nine were overturned; the number would tell of the other four.
    assert (found.decided, found.overturned, found.shortened) == (9, None, 0)
    assert found.median_wait == 5 * DAY and found.kinds == (rules.Figure("warn", 9, None),)
    more = rules.figures(judged("warn", *[UPHELD] * 5, *[OVERTURNED] * 5), ("warn", "ban"))
    assert (more.decided, more.overturned, more.kinds) == (10, 5, (rules.Figure("warn", 10, 5),))
    # One of ten bans: neither its own number nor what is left of the sum tells of it.
    split = [*judged("warn", *[UPHELD] * 5, *[OVERTURNED] * 5), *judged("ban", *[UPHELD] * 9, OVERTURNED)]
    two = rules.figures(split, ("warn", "ban"))
    assert two.overturned == 6 and [each.overturned for each in two.kinds] == [None, None]
    one = rules.figures(judged("warn", *[UPHELD] * 5, OVERTURNED), ("warn",))
    assert one.overturned is None and one.decided == 6


@given(
    st.lists(
        st.tuples(st.sampled_from(["warn", "ban", "timeout"]), st.sampled_from([UPHELD, OVERTURNED])),
        max_size=40,
    )
)
def test_a_kind_that_is_left_out_cannot_be_worked_out_from_the_sum(pairs: list[tuple[str, State]]) -> None:
    found = rules.figures(
        [(kind, state, NOW, NOW + DAY) for kind, state in pairs], ("ban", "timeout", "warn")
    )
    kinds = {kind for kind, _ in pairs}
    assert all(each.judged >= 5 and each.overturned not in (1, 2, 3, 4) for each in found.kinds)
    assert all(
        each.overturned is None or each.judged - each.overturned not in (1, 2, 3, 4) for each in found.kinds
    )
    if found.overturned is not None and found.decided is not None:
        told = sum(each.overturned or 0 for each in found.kinds)
        assert found.overturned - told not in (1, 2, 3, 4)
        assert found.decided - found.overturned not in (1, 2, 3, 4)
    if found.decided is not None:
        assert len(kinds) - len(found.kinds) != 1
