"""The hours of a day in which people in different zones are awake, as sets of hours in UTC.

A set is a mask of 24 bits: bit 0 is 00:00-01:00 UTC. Pure; two clocks are compared on one day, because they need not
change on the same one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bot.nominal_times import local_now

HOURS = 24
FIRST, LAST = time(9), time(22)
"""When somebody can be asked to meet, by their own clock."""
_HOUR = timedelta(hours=1)


def free_hours(zone: str, day: date) -> int:
    """The hours of this day of UTC that lie wholly between 09:00 and 22:00 in the zone. Raises `UnknownZone`."""
    midnight = datetime.combine(day, time(), UTC)
    mask = 0
    for hour in range(HOURS):
        start, end = (local_now(midnight + each * _HOUR, zone) for each in (hour, hour + 1))
        if start.date() == end.date() and start.time() >= FIRST and end.time() <= LAST:
            mask |= 1 << hour
    return mask


def shared_hours(a: int, b: int) -> int:
    """How many hours two sets have in common."""
    return (a & b).bit_count()


def spans(hours: int) -> tuple[tuple[int, int], ...]:
    """The set as (first hour, hour at whose beginning it ends), both 0-23 in UTC; one over midnight is one.

    All day is (0, 0).
    """
    free = [bool(hours >> hour & 1) for hour in range(HOURS)]
    if all(free):
        return ((0, 0),)
    found: list[tuple[int, int]] = []
    for start in range(HOURS):
        if free[start] and not free[start - 1]:
            end = start + 1
            while free[end % HOURS]:
                end += 1
            found.append((start, end % HOURS))
    return tuple(found)
