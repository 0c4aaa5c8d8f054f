"""Decisions of rituals: which templates there are, and how a typed day and time are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta

from bot.errors import InvalidInput

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# A prompt that missed its hour is still welcome the same day; the next day it would puzzle people.
LATE_WITHIN = timedelta(hours=12)

_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>am|pm)?", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """A kind of ritual. `weekday` counts from Monday = 0."""

    name: str
    weekday: int
    time: time


MONDAY_GOALS = Template("monday-goals", 0, time(9))
TEMPLATES = {template.name: template for template in (MONDAY_GOALS,)}


def read_time(typed: str) -> time:
    """A time of day as people write it: 9, 9:30, 9.30, 9 pm, 21:00. Raises `InvalidInput`."""
    match = _TIME.fullmatch(typed.strip())
    if match is not None:
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif half:
            hour = 24  # 13 pm is no time
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise InvalidInput("I cannot read that time. Write it like 09:00, 9 am or 21:30.")
