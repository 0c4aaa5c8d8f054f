"""What people type as a time is understood in their zone, or answered with examples."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput
from bot.time_input import parse_moment

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("typed", "zone", "local"),
    [
        ("Fri 6pm", "Europe/Paris", "2026-03-06T18:00"),
        ("in 3 days", "UTC", "2026-03-07T00:00"),
        ("2026-03-29 02:30", "Europe/Paris", "2026-03-29T02:30"),
        ("2026-12-31", "Asia/Kathmandu", "2026-12-31T00:00"),
        ("tomorrow", "Pacific/Auckland", "2026-03-06T00:00"),
        ("in 2 hours", "UTC", "2026-03-04T14:00"),
        ("12/11/2026", "UTC", "2026-11-12T00:00"),
    ],
)
def test_a_typed_time_is_read_on_the_clock_of_the_person(typed: str, zone: str, local: str) -> None:
    assert parse_moment(typed, now=NOW, zone=zone).local.isoformat(timespec="minutes") == local


def test_a_date_that_something_lasts_until_includes_the_day() -> None:
    moment = parse_moment("Friday", now=NOW, zone="Europe/Paris", end_of_day=True)
    assert moment.at == datetime(2026, 3, 6, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed", ["", "x", "5", "soon-ish", "🎉", "yesterday", "2025-01-01", "2150-01-01", "9" * 5000]
)
def test_what_is_no_time_to_come_is_answered_with_what_to_do(typed: str) -> None:
    with pytest.raises(InvalidInput):
        parse_moment(typed, now=NOW, zone="UTC")
