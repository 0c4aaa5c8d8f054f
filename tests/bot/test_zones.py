"""Time zones by what a clock shows: every clock that people live by can be chosen, all year round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.text import SELECT_OPTIONS
from bot.zone_input import find_zone
from bot.zones import NO_ZONES, PLACES, city, clocks, places_at

YEAR = [datetime(2026, 1, 4, 12, tzinfo=UTC) + timedelta(weeks=2 * number) for number in range(26)]


@pytest.mark.parametrize("now", YEAR, ids=lambda now: f"{now:%m-%d}")
def test_everybodys_clock_is_among_those_offered(now: datetime) -> None:
    lived_by = {
        now.astimezone(ZoneInfo(name)).replace(tzinfo=None)
        for name in available_timezones() - NO_ZONES
        if not name.startswith("Etc/")
    }
    offered = clocks(now)
    assert {each.local for each in offered} == {each.replace(second=0) for each in lived_by}
    assert len(offered) <= 2 * SELECT_OPTIONS, "two menus hold them"
    assert all(len(each.places) <= SELECT_OPTIONS for each in offered)
    assert [each.offset for each in offered] == sorted(each.offset for each in offered)


def test_places_are_real_zones_and_stand_once() -> None:
    assert len(set(PLACES)) == len(PLACES) and set(PLACES) <= available_timezones()
    assert all(find_zone(place, datetime(2026, 1, 1, tzinfo=UTC)) == place for place in PLACES)


def test_the_half_and_quarter_hours_are_there_and_no_others() -> None:
    now = datetime(2026, 1, 7, 9, tzinfo=UTC)
    assert "Asia/Kathmandu" in places_at(345, now) and "Asia/Kolkata" in places_at(330, now)
    assert "Australia/Eucla" in places_at(525, now) and "Pacific/Chatham" in places_at(825, now)
    assert places_at(17, now) == () and places_at(10**6, now) == ()


def test_summer_time_moves_a_place_to_another_clock() -> None:
    winter, summer = datetime(2026, 1, 7, tzinfo=UTC), datetime(2026, 7, 7, tzinfo=UTC)
    assert "Europe/Paris" in places_at(60, winter) and "Europe/Paris" in places_at(120, summer)
    assert "Africa/Lagos" in places_at(60, winter) and "Africa/Lagos" in places_at(60, summer)


@pytest.mark.parametrize(
    ("zone", "locale", "name"),
    [
        ("Europe/Athens", "el", "Αθήνα"),
        ("Europe/Athens", "en-US", "Athens"),
        ("America/Argentina/Buenos_Aires", "en", "Buenos Aires"),
        ("Europe/Athens", "zz-such", "Athens"),
        ("UTC", "en", "UTC"),
    ],
)
def test_a_city_is_named_in_the_readers_language(zone: str, locale: str, name: str) -> None:
    assert city(zone, locale) == name
