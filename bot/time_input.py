"""Times as people type them ("Fri 6pm", "in 3 days", "2026-12-12 18:00"), in their zone and language.

What was understood is always said back (`bot.text` has the timestamps) before it is used, because no parser
guesses right every time. A date alone means the end of that day where something lasts until then, and its
start where something begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import dateparser

from bot.errors import InvalidInput
from bot.nominal_times import local_now, to_instant

LONGEST_TYPED = 60
FURTHEST = timedelta(days=366 * 2)
_TIME_OF_DAY = re.compile(r"\d\s*[:h.]\s*\d\d|\d\s*(?:am|pm|h|uhr)\b|\bnoon\b|\bmidnight\b", re.IGNORECASE)
_RELATIVE_HOURS = re.compile(r"\b(?:h|hours?|min|minutes?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Moment:
    """What was meant: the instant (UTC), and the local date and time with its zone."""

    at: datetime
    local: datetime
    zone: str
    has_time: bool


def parse_moment(
    typed: str, *, now: datetime, zone: str, locale: str = "en", end_of_day: bool = False
) -> Moment:
    """The future moment that was typed. `now` is UTC.

    Without a time of day it is the start of the local day, or its last minute with `end_of_day`. Raises
    `InvalidInput`, with examples, for what is not understood, is past, or is more than two years away.
    """
    typed = " ".join(typed.split())[:LONGEST_TYPED]
    local_today = local_now(now, zone)
    language = locale.split("-", maxsplit=1)[0].lower()
    found = _parse(typed, local_today, language)
    if found is None or len(re.sub(r"\W", "", typed)) < 2:
        raise InvalidInput(
            "I could not read “{typed}” as a time. Try “Friday 18:00”, “in 3 days” or “2026-12-31”.",
            typed=typed,
        )
    has_time = bool(_TIME_OF_DAY.search(typed) or _RELATIVE_HOURS.search(typed))
    if not has_time:
        found = found.replace(hour=23, minute=59) if end_of_day else found.replace(hour=0, minute=0)
    local = found.replace(second=0, microsecond=0)
    at = to_instant(local, zone)
    if at <= now:
        raise InvalidInput("“{typed}” has passed already. Please choose a time to come.", typed=typed)
    if at - now > FURTHEST:
        raise InvalidInput("“{typed}” is more than two years away. Please choose a nearer time.", typed=typed)
    return Moment(at, local, zone, has_time)


def prepare() -> None:
    """Do now what the library does at its first parsing: it takes 0.7 s, in which nobody could be answered."""
    _parse("2026-12-31", datetime(2026, 1, 1), "en")  # noqa: DTZ001 - any day will do


def _parse(typed: str, local_now: datetime, language: str) -> datetime | None:
    settings = {
        "RELATIVE_BASE": local_now,
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "DATE_ORDER": "DMY",
    }
    languages = list(dict.fromkeys((language, "en")))
    try:
        return dateparser.parse(typed, languages=languages, settings=settings)  # pyright: ignore[reportArgumentType]
    except ValueError:  # a language that the library does not know
        return dateparser.parse(typed, languages=["en"], settings=settings)  # pyright: ignore[reportArgumentType]
