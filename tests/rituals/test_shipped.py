"""What comes with Lyceum: templates and a library of prompts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nominal_times import occurrences
from cogs.rituals import when, words
from cogs.rituals.rules import NO_REPEAT, AnswerBy, Repeat, When, comparable
from cogs.rituals.shipped import library, templates

KINDS = (
    "monday-goals",
    "help-hour",
    "friday-wins",
    "retrospective",
    "demo-night",
    "newcomer-tea",
    "weekly-question",
    "weekly-poll",
)


def test_every_template_has_a_purpose_and_something_to_ask() -> None:
    assert tuple(templates()) == KINDS
    for each in templates().values():
        assert each.purpose and (each.text or library(each.answer))


@pytest.mark.parametrize(("answer", "fewest"), [(AnswerBy.CARD, 30), (AnswerBy.POLL, 8)])
def test_the_library_holds_enough_different_prompts(answer: AnswerBy, fewest: int) -> None:
    texts = {comparable(each.text) for each in library(answer)}
    assert len(texts) == len(library(answer)) >= fewest


def test_a_weekly_question_can_be_asked_for_half_a_year_without_a_repetition() -> None:
    assert len(library(AnswerBy.CARD)) > NO_REPEAT.days / 7


@given(
    st.sampled_from(list(Repeat)),
    st.integers(0, 6),
    st.times(),
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001 - the strategy wants naive bounds
    st.sampled_from(["UTC", "Europe/Lisbon", "Pacific/Auckland", "America/New_York"]),
)
def test_what_is_chosen_is_read_back_from_the_rule_and_comes_when_it_says(
    repeat: Repeat, weekday: int, at: object, now: datetime, zone: str
) -> None:
    chosen = When(repeat, 0 if repeat is Repeat.LAST_DAY else weekday, at.replace(second=0, microsecond=0))  # type: ignore[attr-defined]
    instant = now.replace(tzinfo=UTC)
    rule = when.rule_for(chosen, instant, zone)
    assert when.when_of(rule) == chosen and chosen.repeat in words.REPEATS
    dates = when.next_dates(rule, zone, instant)
    assert len(dates) == 3 and instant < dates[0] < dates[1] < dates[2]
    longest = 7 if repeat.weeks else 62
    assert (dates[0] - instant).days <= longest, "the first is the next one that people expect"
    first = next(occurrences(rule, now))
    assert repeat is Repeat.LAST_DAY or first.weekday() == weekday


def test_changing_only_the_hour_keeps_the_phase_of_the_weeks() -> None:
    now = datetime(2026, 1, 7, 8, tzinfo=UTC)
    rule = when.rule_for(templates()["newcomer-tea"].when, now, "UTC")
    later = datetime(2026, 1, 14, 8, tzinfo=UTC)  # a week in between, in which there is none
    chosen = when.when_of(rule)
    moved = when.changed(
        rule, When(chosen.repeat, chosen.weekday, chosen.time.replace(hour=20)), later, "UTC"
    )
    assert [each.date() for each in when.next_dates(moved, "UTC", later)] == [
        each.date() for each in when.next_dates(rule, "UTC", later)
    ]
