"""What challenges decide: endings, lateness, states, places, what was handed in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.challenges import rules
from cogs.challenges.rules import AfterGrace, Kind, Lateness, Remark, State

CLOSES = datetime(2026, 1, 11, 20, tzinfo=UTC)
GRACE = CLOSES + timedelta(hours=12)
GUILD = 123456789012345678


@pytest.mark.parametrize(
    ("opened", "closes"),
    [
        (datetime(2026, 1, 5, 9), datetime(2026, 1, 11, 20)),  # noqa: DTZ001 - nominal times have no zone
        (datetime(2026, 1, 10, 20), datetime(2026, 1, 11, 20)),  # noqa: DTZ001 - nominal
        (datetime(2026, 1, 10, 20, 1), datetime(2026, 1, 18, 20)),  # noqa: DTZ001 - nominal
        (datetime(2026, 1, 11, 20), datetime(2026, 1, 18, 20)),  # noqa: DTZ001 - nominal
    ],
)
def test_it_closes_at_the_first_closing_time_that_leaves_a_day(opened: datetime, closes: datetime) -> None:
    ending = rules.ending(opened, 6, time(20), time(18))
    assert ending.closes == closes
    assert ending.results == closes.replace(hour=18) + timedelta(days=1)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - nominal
    st.integers(0, 6),
    st.times(),
)
def test_every_challenge_has_between_one_day_and_eight(opened: datetime, weekday: int, at: time) -> None:
    closes = rules.ending(opened, weekday, at, at).closes
    assert closes.weekday() == weekday and closes.time() == at
    assert timedelta(days=1) <= closes - opened < timedelta(days=8)


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(seconds=-1), Lateness.ON_TIME),
        (timedelta(), Lateness.ON_TIME),
        (timedelta(milliseconds=999), Lateness.ON_TIME),  # the closing second
        (timedelta(seconds=1), Lateness.IN_GRACE),
        (timedelta(hours=12), Lateness.IN_GRACE),
        (timedelta(hours=12, seconds=1), Lateness.LATER),
    ],
)
def test_the_second_of_the_deadline_is_in_time(after: timedelta, late: Lateness) -> None:
    assert rules.lateness(CLOSES + after, CLOSES, GRACE) is late


@given(st.sampled_from(State), st.sampled_from(AfterGrace))
def test_what_was_received_in_time_is_taken_whatever_happened_since(state: State, policy: AfterGrace) -> None:
    has_opened = state not in rules.PREPARED
    for late in (Lateness.ON_TIME, Lateness.IN_GRACE):
        assert rules.is_accepted(state, late, policy) is has_opened
    later = rules.is_accepted(state, Lateness.LATER, policy)
    assert later is (has_opened and state is not State.ARCHIVED and policy is AfterGrace.ACCEPT)


def test_equal_counts_share_a_place() -> None:
    assert rules.places({1: 3, 2: 5, 3: 3, 4: 1}) == [(1, 2, 5), (2, 1, 3), (2, 3, 3), (4, 4, 1)]


@given(st.dictionaries(st.integers(), st.integers(0, 5)))
def test_a_place_is_one_more_than_the_number_of_better_ones(counts: dict[int, int]) -> None:
    for place, member, count in rules.places(counts):
        assert counts[member] == count
        assert place == 1 + sum(each > count for each in counts.values())


@given(st.lists(st.integers(), unique=True, min_size=1), st.data(), st.integers(-30, 30))
def test_moving_in_the_queue_loses_nobody(order: list[int], data: st.DataObject, by: int) -> None:
    item = data.draw(st.sampled_from(order))
    moved = rules.moved(order, item, by)
    assert sorted(moved) == sorted(order)
    assert moved.index(item) == max(0, min(len(order) - 1, order.index(item) + by))
    assert [each for each in moved if each != item] == [each for each in order if each != item]


@pytest.mark.parametrize(
    ("typed", "kind", "remark"),
    [
        ("https://example.org/knots", Kind.LINK, None),
        ("My knot: https://example.org/knots", Kind.TEXT, None),
        ("I tied a bowline.", Kind.TEXT, None),
        (f"https://discord.com/channels/{GUILD}/234567890123456789", Kind.PLACE, None),
        (
            f"https://discord.com/channels/{GUILD}/234567890123456789/345678901234567890",
            Kind.PLACE,
            None,
        ),
        (
            "https://discord.com/channels/999999999999999999/234567890123456789/345678901234567890",
            Kind.PLACE,
            Remark.ELSEWHERE,
        ),
        ("http://localhost:8000/", Kind.LINK, Remark.MAY_BE_PRIVATE),
        ("http://192.168.0.3/x", Kind.LINK, Remark.MAY_BE_PRIVATE),
        ("http://intranet/page", Kind.LINK, Remark.MAY_BE_PRIVATE),
        ("https://docs.google.com/document/d/1", Kind.LINK, Remark.MAY_BE_PRIVATE),
        ("javascript:alert(1)", Kind.TEXT, None),
    ],
)
def test_what_was_handed_in_is_told_apart_without_being_fetched(
    typed: str, kind: Kind, remark: Remark | None
) -> None:
    work = rules.look_at(typed, GUILD)
    assert (work.kind, work.content, work.remark) == (kind, typed, remark)


def test_nothing_and_too_much_are_said_kindly() -> None:
    with pytest.raises(InvalidInput, match="nothing in it yet"):
        rules.look_at("", GUILD)
    assert rules.look_at("x" * 4000, GUILD).kind is Kind.TEXT
    with pytest.raises(InvalidInput, match="longer"):
        rules.look_at("x" * 4001, GUILD)


@pytest.mark.parametrize(("typed", "value"), [(None, None), ("", None), ("1", 1), (5, 5)])
def test_confidence_is_one_to_five_or_left_open(typed: object, value: int | None) -> None:
    assert rules.read_confidence(typed) == value


@pytest.mark.parametrize("typed", ["0", "6", "sure", "²"])
def test_another_confidence_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_confidence(typed)


@pytest.mark.parametrize(("typed", "hours"), [("0", 0), (" 12 ", 12), ("168", 168)])
def test_grace_is_read_in_hours(typed: str, hours: int) -> None:
    assert rules.read_grace(typed) == hours


@pytest.mark.parametrize("typed", ["", "-1", "169", "²", "99999999999999"])
def test_another_grace_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_grace(typed)
