"""How a member is told something, decided from plain values: their wishes, their clock, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.nominal_times import local_now, to_instant

DIGEST_TIME = time(18)
MINUTES_A_DAY = 24 * 60
MOST_QUIET_SPANS = 5
UNTIL_I_RETURN = datetime(9000, 1, 1, tzinfo=UTC)
"""Stands in `paused_until` for a pause without an end."""


class Delivery(StrEnum):
    """How a member wants to hear of a kind of thing."""

    NOW = "now"
    DIGEST = "digest"
    OFF = "off"


@dataclass(frozen=True)
class Kind:
    """A kind of notification. The texts are gettext ids: `title` names it in lists, `why` completes
    "You see this because ...", `digest_line` tells it in one line of the daily digest. What is `private` is never told
    in a channel. What is not `choosable` comes as its `default` says: nobody may miss what was done about themselves."""

    name: str
    title: str
    why: str
    digest_line: str
    default: Delivery = Delivery.NOW
    private: bool = False
    choosable: bool = True


@dataclass(frozen=True)
class Wishes:
    """How a member wishes to be reached, at the moment of deciding. Times of day are in `zone`."""

    zone: str
    delivery: Delivery
    dm_allowed: bool = False
    quiet_from: int | None = None  # minutes after local midnight
    quiet_until: int | None = None
    paused_until: datetime | None = None


@dataclass(frozen=True)
class MemberChange:
    """What a member changed of how they are reached, as far as time goes."""

    guild_id: int
    member_id: int
    at: datetime
    zone_before: str | None
    zone: str | None
    paused_before: datetime | None
    paused_until: datetime | None


@dataclass(frozen=True)
class Decision:
    """What becomes of a notification. `at` is UTC: when to say it, or when the digest is due."""

    delivery: Delivery
    at: datetime


def decide(wishes: Wishes, *, now: datetime, has_place: bool) -> Decision:
    """Whether to tell now, in the digest or not at all. The budget is counted by the caller, on `at`'s date."""
    if wishes.delivery is Delivery.OFF:
        return Decision(Delivery.OFF, now)
    paused = wishes.paused_until is not None and wishes.paused_until > now
    if paused or wishes.delivery is Delivery.DIGEST or not has_place:
        return Decision(Delivery.DIGEST, next_digest(wishes, now))
    return Decision(Delivery.NOW, end_of_quiet(wishes, now))


def end_of_quiet(wishes: Wishes, now: datetime) -> datetime:
    """The first instant from now on that lies outside the member's quiet hours, by their wall clock."""
    moment = now
    # Once is enough, but where a clock goes forward over the end of long quiet hours, or back into them.
    for _ in range(MOST_QUIET_SPANS):
        local = local_now(moment, wishes.zone).replace(second=0, microsecond=0)
        left = _quiet_minutes_left(wishes, local)
        if not left:
            break
        end = to_instant(local + left, wishes.zone)
        # In an hour that comes twice the wall clock's end may be over already: then it is the second one.
        moment = end if end > moment else moment.replace(second=0, microsecond=0) + left
    return moment


def _quiet_minutes_left(wishes: Wishes, local: datetime) -> timedelta:
    """How long the quiet hours go on by the wall clock; nothing outside them, or when they are empty."""
    if wishes.quiet_from is None or wishes.quiet_until is None:
        return timedelta()
    since = (local.hour * 60 + local.minute - wishes.quiet_from) % MINUTES_A_DAY
    span = (wishes.quiet_until - wishes.quiet_from) % MINUTES_A_DAY
    return timedelta(minutes=max(0, span - since))


def next_digest(wishes: Wishes, now: datetime) -> datetime:
    """18:00 of the member's day, today or tomorrow, after any pause and outside quiet hours."""
    earliest = max(now, wishes.paused_until or now)
    local = local_now(earliest, wishes.zone)
    nominal = datetime.combine(local.date(), DIGEST_TIME)
    # Where clocks go back over 18:00, the first of the two may be past although the wall clock is before it.
    while nominal <= local or to_instant(nominal, wishes.zone) <= earliest:
        nominal += timedelta(days=1)
    return end_of_quiet(wishes, to_instant(nominal, wishes.zone))
