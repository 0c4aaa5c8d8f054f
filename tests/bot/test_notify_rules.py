"""How a notification is told, decided from plain values: quiet hours, digests, pauses, in every zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.notify_rules import Decision, Delivery, Wishes, decide, end_of_quiet, next_digest

NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
ZONES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})


def wishes(delivery: Delivery = Delivery.NOW, zone: str = "UTC", **more: object) -> Wishes:
    return replace(Wishes(zone, delivery), **more)  # type: ignore[arg-type]


def at(
    hour: int, minute: int = 0, *, day: int = 7, month: int = 1, zone: str = "UTC", fold: int = 0
) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_now_means_now() -> None:
    assert decide(wishes(), now=NOON, has_place=True) == Decision(Delivery.NOW, NOON)


@pytest.mark.parametrize("has_place", [True, False])
@pytest.mark.parametrize("paused_until", [None, NOON + timedelta(days=1)])
def test_off_is_off_whatever_else_holds(paused_until: datetime | None, has_place: bool) -> None:
    wish = wishes(Delivery.OFF, paused_until=paused_until, dm_allowed=True)
    assert decide(wish, now=NOON, has_place=has_place).delivery is Delivery.OFF


@pytest.mark.parametrize(
    ("wish", "has_place", "digest"),
    [
        (wishes(Delivery.DIGEST), True, at(18)),
        (wishes(Delivery.DIGEST, zone="Asia/Tokyo"), True, at(18, day=8, zone="Asia/Tokyo")),
        (wishes(Delivery.DIGEST, zone="America/New_York"), True, at(18, zone="America/New_York")),
        (wishes(), False, at(18)),
        (wishes(paused_until=NOON + timedelta(hours=1)), True, at(18)),
        (wishes(paused_until=at(18)), True, at(18, day=8)),
        (wishes(paused_until=at(9, day=20)), True, at(18, day=20)),
        (wishes(Delivery.DIGEST, quiet_from=17 * 60, quiet_until=19 * 60 + 30), True, at(19, 30)),
        (wishes(Delivery.DIGEST, quiet_from=17 * 60, quiet_until=7 * 60), True, at(7, day=8)),
    ],
)
def test_what_may_not_be_said_now_waits_for_the_digest(
    wish: Wishes, has_place: bool, digest: datetime
) -> None:
    assert decide(wish, now=NOON, has_place=has_place) == Decision(Delivery.DIGEST, digest)


def test_a_pause_that_is_over_holds_nothing_back() -> None:
    assert decide(wishes(paused_until=NOON), now=NOON, has_place=True) == Decision(Delivery.NOW, NOON)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (at(21, 59), at(21, 59)),
        (at(22), at(7, day=8)),
        (at(23, 30), at(7, day=8)),
        (at(0), at(7)),
        (at(6, 59), at(7)),
        (at(7), at(7)),
    ],
)
def test_quiet_hours_over_midnight_end_in_the_morning(now: datetime, told: datetime) -> None:
    assert end_of_quiet(wishes(quiet_from=22 * 60, quiet_until=7 * 60), now) == told


@pytest.mark.parametrize(
    ("now", "told"),
    [(at(12, 59), at(12, 59)), (at(13), at(14, 30)), (at(14, 29), at(14, 30)), (at(15), at(15))],
)
def test_quiet_hours_within_a_day(now: datetime, told: datetime) -> None:
    assert end_of_quiet(wishes(quiet_from=13 * 60, quiet_until=14 * 60 + 30), now) == told


@pytest.mark.parametrize(("start", "end"), [(None, 60), (60, None), (600, 600), (0, 0), (None, None)])
def test_half_chosen_or_empty_quiet_hours_are_none(start: int | None, end: int | None) -> None:
    assert end_of_quiet(wishes(quiet_from=start, quiet_until=end), at(10)) == at(10)


PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("now", "until", "told"),
    [
        # 29 March: 02:00 becomes 03:00. Quiet until 02:30, which does not exist: until 03:30.
        (at(1, 30, day=29, month=3, zone=PARIS), 150, at(3, 30, day=29, month=3, zone=PARIS)),
        (at(1, 30, day=29, month=3, zone=PARIS), 180, at(3, day=29, month=3, zone=PARIS)),
        # 25 October: 03:00 becomes 02:00. Quiet until 02:30 ends at the first 02:30 ...
        (at(1, 30, day=25, month=10, zone=PARIS), 150, at(2, 30, day=25, month=10, zone=PARIS)),
        # ... and until 02:45 at the second for who is asleep at the second 02:10.
        (
            at(2, 10, day=25, month=10, zone=PARIS, fold=1),
            165,
            at(2, 45, day=25, month=10, zone=PARIS, fold=1),
        ),
    ],
)
def test_quiet_hours_on_days_when_clocks_change(now: datetime, until: int, told: datetime) -> None:
    assert end_of_quiet(wishes(zone=PARIS, quiet_from=22 * 60, quiet_until=until), now) == told


@pytest.mark.parametrize(("day", "month", "utc_hour"), [(28, 3, 17), (29, 3, 16), (24, 10, 16), (25, 10, 17)])
def test_the_digest_comes_at_18_by_the_wall_clock_also_when_clocks_change(
    day: int, month: int, utc_hour: int
) -> None:
    now = datetime(2026, month, day, 12, tzinfo=UTC)
    assert next_digest(wishes(zone=PARIS), now) == now.replace(hour=utc_hour)


def test_exactly_at_18_the_digest_of_today_is_over() -> None:
    assert next_digest(wishes(), at(18)) == at(18, day=8)
    assert next_digest(wishes(), at(18) - timedelta(microseconds=1)) == at(18)


FIRST = datetime(2024, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=7 * 365)).map(lambda since: FIRST + since)
# The hours around changes of clocks are where mistakes live, so half of the instants lie in them.
changes = st.sampled_from(
    [
        datetime(y, m, d, tzinfo=UTC)
        for y in (2025, 2026)
        for m, d in [(3, 9), (3, 30), (4, 5), (10, 5), (10, 26), (11, 2)]
    ]
)
near_changes = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), changes, st.integers(-2880, 2880)
)
minutes = st.none() | st.integers(0, 1439)
any_wishes = st.builds(
    Wishes,
    zone=st.sampled_from(ZONES),
    delivery=st.sampled_from(Delivery),
    dm_allowed=st.booleans(),
    quiet_from=minutes,
    quiet_until=minutes,
    paused_until=st.none() | instants,
)


def is_quiet(wish: Wishes, moment: datetime) -> bool:
    """Written the other way round than in the code: walks through the quiet minutes of the day."""
    if wish.quiet_from is None or wish.quiet_until is None:
        return False
    local = moment.astimezone(ZoneInfo(wish.zone))
    span = (wish.quiet_until - wish.quiet_from) % 1440
    return (local.hour * 60 + local.minute - wish.quiet_from) % 1440 < span


@settings(max_examples=600, deadline=None)
@given(wish=any_wishes, now=instants | near_changes, has_place=st.booleans())
def test_nothing_is_said_before_now_in_quiet_hours_or_in_a_pause(
    wish: Wishes, now: datetime, has_place: bool
) -> None:
    decision = decide(wish, now=now, has_place=has_place)
    assert decision.at >= now
    if decision.delivery is Delivery.OFF:
        assert wish.delivery is Delivery.OFF
        return
    assert not is_quiet(wish, decision.at)
    assert wish.paused_until is None or decision.at >= wish.paused_until or wish.paused_until <= now
    if decision.delivery is Delivery.NOW:
        assert wish.delivery is Delivery.NOW and has_place
        assert decision.at - now <= timedelta(hours=26)
    else:
        earliest = max(now, wish.paused_until or now)
        assert decision.at - earliest <= timedelta(hours=24 + 26 + 24)
