"""Reads a time zone as people type it: by name, by city; an offset or a clock time gives examples to choose from.

An offset is not taken for a zone, because it does not say when the clocks change.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import NoReturn
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import InvalidInput

LONGEST_ZONE = 64
NO_ZONES = {"Factory", "localtime", "posixrules"}  # in some zone databases; they name no place
EXAMPLES = 3
_OFFSET = re.compile(r"(?:utc|gmt)?\s*(?P<sign>[+\u2212-])\s*(?P<hours>\d{1,2})(?:[:.]?(?P<minutes>\d{2}))?")
_CLOCK = re.compile(r"(?P<hours>\d{1,2})(?:[:.h](?P<minutes>\d{2}))?\s*(?P<half>am|pm)?")
_BY_HALVES = timedelta(
    minutes=30
)  # zones lie half an hour apart or more, so that much of a wrong clock is forgiven
_CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
# The places that examples are taken from first, so that they are known to most.
_BIG = (
    "Europe/London",
    "Europe/Paris",
    "Europe/Athens",
    "Europe/Istanbul",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Tehran",
    "Asia/Karachi",
    "Asia/Tashkent",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Australia/Perth",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Adelaide",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/Mexico_City",
    "America/New_York",
    "America/Bogota",
    "America/Lima",
    "America/Halifax",
    "America/Caracas",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
)


def find_zone(typed: str, now: datetime) -> str:
    """The IANA zone that was meant. Raises `InvalidInput` with what else to type. `now` is UTC."""
    zones, cities = _zones()
    typed = typed.strip()[:LONGEST_ZONE]
    wanted = typed.replace(" ", "_").casefold()
    if wanted in zones:
        return zones[wanted]
    if wanted in cities:
        return cities[wanted]
    if (offset := _OFFSET.fullmatch(typed.casefold())) is not None:
        _refuse_offset(offset, now)
    if (clock := _CLOCK.fullmatch(typed.casefold())) is not None:
        _refuse_clock(clock, now)
    near = difflib.get_close_matches(wanted, [*zones, *cities], n=EXAMPLES, cutoff=0.6)
    if near and not any(each.isdigit() for each in wanted):
        names = ", ".join(dict.fromkeys(zones.get(each) or cities[each] for each in near))
        raise InvalidInput("I do not know that time zone. Did you mean one of these: {names}?", names=names)
    return _give_up()


def _refuse_offset(found: re.Match[str], now: datetime) -> NoReturn:
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    sign = 1 if found["sign"] == "+" else -1
    # As people mean it: the zones named Etc/GMT+5 are five hours *behind* UTC.
    span = sign * timedelta(hours=hours, minutes=minutes)
    names = ", ".join(_where(lambda offset: offset == span, now))
    if not names:
        _give_up()
    raise InvalidInput(
        "An offset does not tell me when the clocks change. The clocks of {names} show that now: "
        "type the one that is yours, or another big city near you.",
        names=names,
    )


def _refuse_clock(found: re.Match[str], now: datetime) -> NoReturn:
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if found["half"] and 1 <= hours <= 12:
        hours = hours % 12 + (12 if found["half"] == "pm" else 0)
    elif found["half"]:
        hours = 24  # 13 pm is no time
    if hours > 23 or minutes > 59:
        _give_up()
    shown = timedelta(hours=hours, minutes=minutes)
    here = timedelta(hours=now.hour, minutes=now.minute)
    day = timedelta(days=1)

    def is_near(offset: timedelta) -> bool:
        apart = (here + offset - shown) % day
        return min(apart, day - apart) < _BY_HALVES / 2

    names = ", ".join(_where(is_near, now))
    if not names:
        _give_up()
    raise InvalidInput(
        "It is that time now in {names}. Type the one whose clock is yours, or another big city near you.",
        names=names,
    )


def _where(fits: Callable[[timedelta], bool], now: datetime) -> list[str]:
    found: list[str] = []
    for name in _examples():
        offset = now.astimezone(ZoneInfo(name)).utcoffset()
        if offset is not None and fits(offset):
            found.append(name)
            if len(found) == EXAMPLES:
                break
    return found


def _examples() -> Iterator[str]:
    yield from _BIG
    for name in sorted(available_timezones()):
        if name.partition("/")[0] in _CONTINENTS and name not in _BIG:
            yield name


def _give_up() -> NoReturn:
    raise InvalidInput("I do not know that time zone. Type the nearest big city, for example Europe/Lisbon.")


@cache
def _zones() -> tuple[dict[str, str], dict[str, str]]:
    """Zones by their name and by their city, in small letters. Read once: it means walking through files."""
    names = sorted(available_timezones() - NO_ZONES)
    cities = {each.rsplit("/", 1)[-1]: each for each in names if "/" in each and not each.startswith("Etc/")}
    return {each.casefold(): each for each in names}, {key.casefold(): each for key, each in cities.items()}
