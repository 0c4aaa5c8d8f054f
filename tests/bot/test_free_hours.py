"""The hours in which people in different zones are awake, whatever their clocks do."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.free_hours import free_hours, shared_hours, spans
from bot.nominal_times import UnknownZone
from bot.zones import PLACES

WINTER, SUMMER = date(2026, 1, 7), date(2026, 7, 7)


def mask(*hours: int) -> int:
    return sum(1 << (hour % 24) for hour in hours)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", WINTER, range(9, 22)),
        ("Europe/Berlin", WINTER, range(8, 21)),
        ("Europe/Berlin", SUMMER, range(7, 20)),
        ("Asia/Tokyo", WINTER, range(13)),
        ("America/Los_Angeles", WINTER, range(17, 30)),  # to 06:00 UTC
        ("Asia/Kolkata", WINTER, range(4, 16)),  # 09:30 to 21:30 there: only whole hours count
        ("Asia/Kathmandu", WINTER, range(4, 16)),
    ],
)
def test_free_are_the_whole_hours_of_utc_between_nine_and_ten_in_the_evening(
    zone: str, day: date, hours: range
) -> None:
    assert free_hours(zone, day) == mask(*hours)


def test_the_day_decides_which_clock_holds() -> None:
    """Berlin's clocks go forward on 29 March 2026, those of New York on the 8th."""
    before, between, after = date(2026, 3, 7), date(2026, 3, 10), date(2026, 3, 30)
    shared = [
        shared_hours(free_hours("Europe/Berlin", day), free_hours("America/New_York", day))
        for day in (before, between, after)
    ]
    assert shared == [7, 8, 7]


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownZone):
        free_hours("Mars/Olympus", WINTER)


@settings(deadline=None)
@given(st.sampled_from(PLACES), st.integers(0, 365))
def test_everybody_has_about_thirteen_hours_every_day_of_the_year(zone: str, day: int) -> None:
    """Eleven or fourteen on a day on which the clocks change."""
    assert 11 <= free_hours(zone, date(2026, 1, 1) + timedelta(days=day)).bit_count() <= 14


@given(st.integers(0, (1 << 24) - 1))
def test_spans_say_the_same_as_the_mask(hours: int) -> None:
    found = spans(hours)
    if hours == (1 << 24) - 1:
        assert found == ((0, 0),)
        return
    told = [hour % 24 for start, end in found for hour in range(start, end if end > start else end + 24)]
    assert len(told) == len(set(told)) and mask(*told) == hours
    assert all(end != later for (_, end), (later, _) in pairwise(found))


def test_an_evening_over_midnight_is_one_span() -> None:
    assert spans(mask(22, 23, 0, 1)) == ((22, 2),)
    assert spans(0) == ()
