"""Times as people type them ("Fri 6pm", "in 3 days", "2026-12-12 18:00"), in their zone and language.

What was understood is always said back (`bot.text` has the timestamps) before it is used, because no parser
guesses right every time. A date alone means the end of that day where something lasts until then, and its
start where something begins.

The time of day is read here, because dateparser drops hours that it does not know ("morgen 9 Uhr"); the date, in
words of many languages, is read by dateparser. It is imported at the first use, so that starting stays quick.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from bot.errors import InvalidInput
from bot.nominal_times import local_now, to_instant

log = logging.getLogger(__name__)

LONGEST_TYPED = 60
FURTHEST = timedelta(days=366 * 2)
_DAY = timedelta(days=1)
_END = timedelta(hours=23, minutes=59)
_MONTH_FIRST = "en-us"  # the one locale of Discord in which 1/2 is the second of January
_CLOCK = re.compile(
    r"""(?<![\d:./-])(?:
        (?P<hour>\d{1,2})\s?(?:
            [:h]\s?(?P<minute>\d\d)(?::\d\d)? (?:\s*(?P<half>[ap]\.?m\b\.?))? (?:\s*(?:uhr|h)\b)?
          | (?:\.(?P<dotted>\d\d))? \s?(?: (?P<half_alone>[ap]\.?m\b\.?) | (?:uhr|o.?clock)\b )
          | h\b (?P<bare>)
        )
      | \b(?P<word>noon|midnight)\b
    )(?![\d:])""",
    re.IGNORECASE | re.VERBOSE,
)
_BETWEEN = re.compile(
    r"^[\s,;@-]*(?:at|um|à|a las|on|the|am)?\b\s*|[\s,;@-]+(?:at|um|à|a las)?\s*$", re.IGNORECASE
)
_DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(?!\d)")  # 12.12., which dateparser takes for a time
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_RELATIVE = re.compile(
    r"\b(?:h|hours?|hrs?|min|minutes?|mins?|stunden?|minuten?|heures?|horas?)\b", re.IGNORECASE
)


_TIME_OF_DAY = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>am|pm)?", re.IGNORECASE)


@dataclass(frozen=True)
class Moment:
    """What was meant: the instant (UTC), and the local date and time with its zone.

    `is_span`: it was typed as so much time from now ("in 3 hours"), so it does not move with anybody's clock.
    """

    at: datetime
    local: datetime
    zone: str
    has_time: bool
    is_span: bool = False


def read_time(typed: str) -> time:
    """A time of day alone, as people write it: 9, 9:30, 9 pm, 21h00. Raises `InvalidInput`."""
    match = _TIME_OF_DAY.fullmatch(typed.strip())
    if match is not None:
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 24
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise InvalidInput("I cannot read that time. Write it like 09:00, 9 am or 21:30.")


def parse_moment(
    typed: str, *, now: datetime, zone: str, locale: str = "en", end_of_day: bool = False
) -> Moment:
    """The future moment that was typed. `now` is UTC.

    Without a time of day it is the start of the local day, or its last minute with `end_of_day`. 1/2 is the first
    of February but for `locale` en-US. Raises `InvalidInput`, with examples, for what is not understood, is past,
    or is more than two years away, and nothing else whatever was typed.
    """
    typed = " ".join(typed.split())[:LONGEST_TYPED]
    here = local_now(now, zone)
    found = _read(typed, here, locale) if len(re.sub(r"\W", "", typed)) > 1 else None
    if found is None:
        raise InvalidInput(
            "I could not read “{typed}” as a time. Try “Friday 18:00”, “in 3 days” or “2026-12-31”.",
            typed=typed,
        )
    day, clock, elapsed = found
    local, at = here, None
    try:
        if elapsed is not None:  # three hours are three hours, also when clocks change in between
            at = (now + elapsed).replace(second=0, microsecond=0)
            local = local_now(at, zone)
        else:
            local = day + (clock if clock is not None else _END if end_of_day else timedelta())
            at = to_instant(local, zone)
    except (OverflowError, ValueError):  # beyond the ends of the calendar
        pass
    if at is None or at - now > FURTHEST:
        raise InvalidInput("“{typed}” is more than two years away. Please choose a nearer time.", typed=typed)
    if at <= now:
        raise InvalidInput("“{typed}” has passed already. Please choose a time to come.", typed=typed)
    return Moment(at, local, zone, clock is not None or elapsed is not None, elapsed is not None)


def _read(
    typed: str, here: datetime, locale: str
) -> tuple[datetime, timedelta | None, timedelta | None] | None:
    """The local midnight that was meant and the time after it, or how much later it is; None if it is neither."""
    midnight = datetime.combine(here.date(), time())
    is_month_first = locale.lower() == _MONTH_FIRST
    typed = _DOTTED.sub(r"\2/\1" if is_month_first else r"\1/\2", typed)
    match = _CLOCK.search(typed)
    rest = _without(typed, match)
    if match is None or (match["bare"] is not None and not re.search(r"[^\W\d_]{3}", rest)):  # "in 3 h", "3h"
        found = _parse(typed, here, locale)
        if found is None:
            return None
        if _RELATIVE.search(typed) or (match is not None and match["bare"] is not None):
            return midnight, None, found - here
        return datetime.combine(found.date(), time()), None, None
    clock = _time_of(match)
    if clock is None:
        return None
    if not rest:
        return (midnight if midnight + clock > here else midnight + _DAY), clock, None
    found = _parse(rest, here, locale)
    if found is None:
        return None
    day = datetime.combine(found.date(), time())
    # "Wednesday 18:00", said on a Wednesday morning, is today.
    if day - midnight == 7 * _DAY and " " not in rest and midnight + clock > here:
        as_of_yesterday = _parse(rest, here - _DAY, locale)
        if as_of_yesterday is not None and as_of_yesterday.date() == here.date():
            day = midnight
    return day, clock, None


def _without(typed: str, match: re.Match[str] | None) -> str:
    """What is left of the text without the time of day, and without the words that led to it."""
    if match is None:
        return typed
    parts = (typed[: match.start()], typed[match.end() :])
    return " ".join(part for part in (_BETWEEN.sub("", each).strip() for each in parts) if part)


def _time_of(match: re.Match[str]) -> timedelta | None:
    """The time after midnight; midnight is the end of a day. None for what no clock shows."""
    if match["word"]:
        return timedelta(hours=12 if match["word"].lower() == "noon" else 24)
    hour, minute = int(match["hour"]), int(match["minute"] or match["dotted"] or 0)
    half = (match["half"] or match["half_alone"] or "")[:1].lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return timedelta(hours=hour, minutes=minute) if hour < 24 and minute < 60 else None


def _parse(text: str, here: datetime, locale: str) -> datetime | None:
    """What dateparser makes of it, in the person's language or English."""
    if _ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    import dateparser  # here, so that the start does not wait for it

    settings: dict[str, Any] = {
        "RELATIVE_BASE": here,
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "DATE_ORDER": "MDY" if locale.lower() == _MONTH_FIRST else "DMY",
    }
    language = locale.split("-", maxsplit=1)[0].lower()
    for languages in (list(dict.fromkeys([language, "en"])), ["en"]):
        try:
            found = dateparser.parse(text, languages=languages, settings=settings)  # pyright: ignore[reportArgumentType] - its own type
        except ValueError:  # a language that the library does not know, or a date that no calendar has
            continue
        except Exception:
            log.warning("dateparser failed on %s characters", len(text), exc_info=True)
            return None
        return found.replace(tzinfo=None) if found is not None else None
    return None
