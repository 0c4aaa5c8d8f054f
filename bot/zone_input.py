"""Reads a time zone as people type it: by name, by city; an offset or a clock time gives examples to choose from.

An offset is not taken for a zone, because it does not say when the clocks change.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from bot.errors import InvalidInput
from bot.zones import LONGEST_ZONE, clocks, names_and_cities

EXAMPLES = 3
_OFFSET = re.compile(r"(?:utc|gmt)?\s*(?P<sign>[+\u2212-])\s*(?P<hours>\d{1,2})(?:[:.]?(?P<minutes>\d{2}))?")
_CLOCK = re.compile(r"(?P<hours>\d{1,2})(?:[:.h](?P<minutes>\d{2}))?\s*(?P<half>am|pm)?")
# So much of a wrong clock is forgiven: most zones lie half an hour apart or more.
_FORGIVEN = timedelta(minutes=15)


def find_zone(typed: str, now: datetime) -> str:
    """The IANA zone that was meant. Raises `InvalidInput` with what else to type. `now` is UTC."""
    zones, cities = names_and_cities()
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
        return min(apart, day - apart) < _FORGIVEN

    names = ", ".join(_where(is_near, now))
    if not names:
        _give_up()
    raise InvalidInput(
        "It is that time now in {names}. Type the one whose clock is yours, or another big city near you.",
        names=names,
    )


def _where(fits: Callable[[timedelta], bool], now: datetime) -> list[str]:
    """A few places, well known ones, whose clocks are so far ahead of UTC now."""
    return [each for clock in clocks(now) if fits(timedelta(minutes=clock.offset)) for each in clock.places][
        :EXAMPLES
    ]


def _give_up() -> NoReturn:
    raise InvalidInput("I do not know that time zone. Type the nearest big city, for example Europe/Lisbon.")
