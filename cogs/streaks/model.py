"""What the services of streaks give back, and the names by which jobs and drawings are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.i18n import N_
from bot.notify import Delivery, Kind
from cogs.streaks.rules import Hold, Outcome

SWEEP_JOB = "streaks.sweep"
TELL_JOB = "streaks.tell"
FREEZE_RENDERER = "streaks.freeze"
REPAIR_RENDERER = "streaks.repair"
AREA = "streaks"

FREEZE_KIND = Kind(
    "streaks.freeze",
    title=N_("A freeze that was used for your streak"),
    why=N_("a week went by without a contribution, and a freeze of yours kept your streak."),
    digest_line=N_("A freeze kept your streak over a quiet week: `/me streak`."),
    default=Delivery.DIGEST,
    private=True,
)
REPAIR_KIND = Kind(
    "streaks.repair",
    title=N_("A week of your streak that staff repaired"),
    why=N_("staff let a week of your streak count."),
    digest_line=N_(
        "Staff let one more week of your streak count. The reason is behind *Why* in `/me streak`."
    ),
    private=True,
)


@dataclass(frozen=True)
class Counted:
    """Something that was done: `done` is a gettext id, `name` the words of a person or None."""

    done: str
    name: str | None
    at: datetime


@dataclass(frozen=True)
class WeekView:
    """One week as shown. `acts` are the first few of `act_count`."""

    monday: date
    outcome: Outcome
    hold: Hold | None = None
    is_late: bool = False
    acts: tuple[Counted, ...] = ()
    act_count: int = 0
    repair_reason: str | None = None
    is_repaired: bool = False


@dataclass(frozen=True)
class Standing:
    """A member's streak now.

    `week` is the one that runs; `before` the one before while it can still change. Instants are UTC.
    """

    guild_id: int
    member_id: int
    zone: str
    is_zone_own: bool
    now: datetime
    ends_at: datetime
    week: WeekView
    before: WeekView | None = None
    before_until: datetime | None = None
    length: int = 0
    longest: int = 0
    freezes: int = 0
    hidden: bool = False
    next_steps: tuple[str, ...] = ()
    rests: tuple[date, ...] = ()
    offered_rests: tuple[date, ...] = ()


@dataclass(frozen=True)
class Page:
    """Some weeks, the newest first."""

    standing: Standing
    weeks: tuple[WeekView, ...]
    number: int
    has_more: bool


@dataclass(frozen=True)
class StaffView:
    """The same for staff. Mondays of weeks that may be repaired, and of those that were, the newest first."""

    page: Page
    streak_id: int
    repairable: tuple[date, ...]
    repaired: tuple[date, ...]
