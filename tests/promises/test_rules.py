"""What can be promised, when it is asked about, and when it closes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput, LimitReached
from cogs.promises import rules
from cogs.promises.rules import State

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
LOCAL = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - nominal times


@pytest.mark.parametrize("words", ["", "x" * (rules.LONGEST_WORDS + 1)])
def test_no_words_and_too_many_are_refused(words: str) -> None:
    with pytest.raises(InvalidInput):
        rules.check_words(words)


@given(LOCAL, LOCAL)
def test_a_day_alone_is_asked_about_on_that_day_and_never_before_now(day: datetime, now: datetime) -> None:
    now = now.replace(second=0, microsecond=0)
    local = datetime.combine(max(day, now).date(), time(23, 59))
    asked = rules.asked_at(local, now, has_time=False)
    assert asked.date() == local.date() and asked >= now
    assert rules.asked_at(local, now, has_time=True) == local


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_what_is_due_lies_ahead_and_within_ninety_days(distance: timedelta) -> None:
    if timedelta(0) < distance <= timedelta(days=90):
        rules.check_due(NOW + distance, NOW)
        return
    with pytest.raises(InvalidInput):
        rules.check_due(NOW + distance, NOW)


def test_five_are_enough() -> None:
    rules.check_count(4)
    with pytest.raises(LimitReached):
        rules.check_count(5)


@pytest.mark.parametrize("state", State)
def test_what_is_closed_stays_closed_but_good_news_may_come_late(state: State) -> None:
    late = state in (State.OPEN, State.SILENT)
    for check, allowed in ((rules.check_answerable, late), (rules.check_open, state is State.OPEN)):
        if allowed:
            check(state)
        else:
            with pytest.raises(AlreadyDone):
                check(state)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is beside it
    st.none() | st.datetimes(datetime(2020, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is beside it
)
def test_a_pause_is_not_counted(since: datetime, paused_until: datetime | None) -> None:
    closes = rules.closes_at(since, paused_until)
    assert closes - since >= rules.CLOSES_AFTER
    assert paused_until is None or closes - paused_until >= rules.CLOSES_AFTER


@given(st.lists(st.integers(1), unique=True))
def test_everybody_who_cheers_is_named_or_counted(people: list[int]) -> None:
    cheers = rules.cheers_of(people)
    assert len(cheers.named) <= rules.NAMES_SHOWN and len(cheers.named) + cheers.more == len(people)
