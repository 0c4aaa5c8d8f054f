"""Decisions of onboarding: how an arrival is met, and what counts as an answer. Quests: `progress.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LOOK_BACK = timedelta(days=1)
GREETED_WITHIN = timedelta(days=7)


class Greeting(StrEnum):
    """How somebody who arrives is met."""

    WELCOME = "welcome"
    WELCOME_BACK = "welcome_back"


def is_answer(*, reactor_id: int, author_id: int | None, author_is_bot: bool) -> bool:
    """Whether a reaction answers somebody: not one's own, not a bot's."""
    return author_id is not None and author_id != reactor_id and not author_is_bot


def is_return(*, left_at: datetime | None, joined_at: datetime, last_joined_at: datetime) -> bool:
    """Whether a known member who is reported as joining really came back.

    Discord may repeat a join, or report it after the member has left again. Somebody who comes and goes all
    day is kept in bounds by the daily ping budget.
    """
    return joined_at > last_joined_at or (left_at is not None and joined_at >= left_at)


def greeting_for(*, started_at: datetime | None, joined_at: datetime) -> Greeting:
    """How somebody is met who can read it now: whoever had begun before they joined this time is back."""
    was_here = started_at is not None and started_at < joined_at
    return Greeting.WELCOME_BACK if was_here else Greeting.WELCOME


def nudge_due(*, progress_at: datetime, paused_until: datetime | None, hours: int) -> datetime:
    """When somebody who has done nothing more counts as stuck: so long after they went on, or after their pause."""
    return max(progress_at, paused_until or progress_at) + timedelta(hours=hours)


def is_greeted(*, joined_at: datetime, now: datetime) -> bool:
    """Whether somebody whose arrival we hear of now is still greeted: later it would puzzle them."""
    return now - joined_at <= GREETED_WITHIN


def missed_since(
    *, now: datetime, bot_joined_at: datetime | None, latest_arrival: datetime | None
) -> datetime:
    """From which moment on an unknown member counts as one whose arrival was missed.

    Not before Lyceum itself came: those who were there already are no newcomers. A day before the latest known
    arrival, since arrivals are noted in no strict order and a crash may fall between two. Where nobody is
    known, only the last day: a lost database must not greet a whole community.
    """
    since = (latest_arrival or now) - LOOK_BACK
    return max(since, bot_joined_at) if bot_joined_at is not None else since
