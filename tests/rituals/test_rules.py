"""How a typed time is read."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.rituals.rules import (
    MOST_DATES,
    Repeat,
    When,
    comparable,
    first_date,
    has_gone_quiet,
    next_prompt,
    read_dates,
    read_holidays,
    split_poll,
    write_holidays,
)


@pytest.mark.parametrize(
    ("answers", "asked_ago", "expected"),
    [
        ((0, 0, 0), None, True),
        ((0, 0), None, False),
        ((), None, False),
        ((0, 0, 1), None, False),
        ((0, 0, 0, 5), None, True),
        ((1, 0, 0, 0), None, False),
        ((0, 0, 0, 0), 1, False),
        ((0, 0, 0, 0, 0), 2, False),
        ((0, 0, 0, 0, 0, 0), 3, True),
    ],
)
def test_the_owner_is_asked_after_three_in_silence_and_not_again_before_three_more(
    answers: tuple[int, ...], asked_ago: int | None, expected: bool
) -> None:
    assert has_gone_quiet(answers, asked_ago=asked_ago) is expected


@given(st.lists(st.integers(0, 2), max_size=40))
def test_whatever_people_answer_two_questions_lie_three_runs_apart_or_more(history: list[int]) -> None:
    asked_at: list[int] = []
    for run in range(len(history)):
        newest_first = history[: run + 1][::-1]
        ago = run - asked_at[-1] if asked_at else None
        if has_gone_quiet(newest_first, asked_ago=ago):
            assert history[run - 2 : run + 1] == [0, 0, 0]
            asked_at.append(run)
    assert all(later - earlier >= 3 for earlier, later in pairwise(asked_at))


@given(
    st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    st.integers(0, 6),
    st.booleans(),
    st.sampled_from([each for each in Repeat if each.weeks]),
)
def test_a_rule_by_weeks_begins_on_the_next_such_day(
    today: date, weekday: int, is_past: bool, repeat: Repeat
) -> None:
    first = first_date(When(repeat, weekday, time(9)), today, is_past=is_past)
    assert first.weekday() == weekday and timedelta(0) <= first - today <= timedelta(days=7)
    assert (first == today) is (today.weekday() == weekday and not is_past)


class TestDates:
    def test_single_ones_and_spans_are_read(self) -> None:
        found = read_dates("2026-12-24, 2026-12-30 to 2027-01-01")
        assert sorted(found) == [
            date(2026, 12, 24),
            *(date(2026, 12, 30) + timedelta(days=n) for n in range(3)),
        ]

    @pytest.mark.parametrize(
        "typed",
        ["tomorrow", "2026-13-01", "2026-02-30", "2027-01-02 to 2026-12-24", "2026-01-01 to 2036-01-01"],
    )
    def test_what_is_no_date_is_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput):
            read_dates(typed)
        with pytest.raises(InvalidInput):
            read_holidays(typed)

    def test_holidays_are_of_every_year_or_once_with_a_name_or_without(self) -> None:
        found = read_holidays("12-25 Christmas\n\n02-29\n2026-04-03 to 2026-04-04 Easter")
        assert found == {"12-25": "Christmas", "02-29": "", "2026-04-03": "Easter", "2026-04-04": "Easter"}
        assert read_holidays(write_holidays(found)) == found

    @pytest.mark.parametrize("typed", ["02-30", "13-01", "00-10 Nothing"])
    def test_a_day_that_no_year_has_is_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput):
            read_holidays(typed)

    def test_more_days_than_there_is_room_for_are_refused(self) -> None:
        lines = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
        with pytest.raises(InvalidInput, match=str(MOST_DATES)):
            read_holidays("\n".join(lines))

    @given(st.text(max_size=80))
    def test_whatever_is_typed_is_dates_or_refused(self, typed: str) -> None:
        for read in (read_dates, read_holidays):
            try:
                read(typed)
            except InvalidInput:
                continue


class TestPrompts:
    def test_spacing_case_and_ending_make_no_difference(self) -> None:
        assert comparable("What  NOW?") == comparable("what now") != comparable("what then")

    @given(
        st.lists(st.tuples(st.sampled_from(["A?", "b", "c!"]), st.booleans()), max_size=8),
        st.sets(st.sampled_from("abc")),
    )
    def test_it_is_the_first_that_was_not_asked_or_may_be_asked_again(
        self, waiting: list[tuple[str, bool]], asked: set[str]
    ) -> None:
        found = next_prompt(waiting, asked, lambda each: each[0], lambda each: each[1])
        allowed = [each for each in waiting if each[1] or comparable(each[0]) not in asked]
        assert found == (allowed[0] if allowed else None)

    def test_a_poll_is_a_question_and_its_answers(self) -> None:
        assert split_poll(" Tea? \n Yes\n\nNo ") == ("Tea?", ("Yes", "No"))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Tea?",
            "Tea?\nYes",
            "Tea?\nYes\nYes",
            "Tea?\n" + "\n".join("abcdefghijk"),
            "Tea?\nYes\n" + "N" * 56,
        ],
    )
    def test_what_discord_would_refuse_as_a_poll_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput):
            split_poll(text)
