"""Badges as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.criteria import Progress, Rule, parse_rule
from bot.errors import NotFound
from bot.i18n import N_
from bot.notify import Delivery, Kind
from cogs.badges.rules import State, Tier
from cogs.badges.shipped import shipped
from storage import badges as storage

AREA = "badges"
EARNED = "badge.earned"
ACTS = {EARNED: N_("Badges earned")}
BACKFILL_JOB = "badges.backfill"
CHECK_JOB = "badges.check"
CHECK_ALL_JOB = "badges.check_all"
ROLES_JOB = "badges.roles"
DOUBTS_RENDERER = "badges.doubts"
WINS_JOB = "badges.wins"
WINS_RENDERER = "badges.wins"
TOLD_RENDERER = "badges.told"
QUALIFICATION = "badge"
KIND = Kind(
    "badge.earned",
    title=N_("A badge of yours"),
    why=N_("you were given a badge, or something became of one that you have. It is told to you alone."),
    digest_line=N_("You have a new badge. Have a look: `/badge mine`"),
    default=Delivery.DIGEST,
    private=True,
)
LOST_LINE = N_("A badge of yours rests for now. Why, and how it comes back: `/badge mine`")


@dataclass(frozen=True)
class BadgeSettings:
    """When the week's wins are posted by the community's clock, and where. `weekday` 0 is Monday."""

    guild_id: int
    channel_id: int | None = None
    weekday: int = 4
    minute: int = 16 * 60
    schedule_id: int | None = None


@dataclass(frozen=True)
class Tested:
    """What a test on history found: who would get it, of how many people here who ever did something, and when."""

    would: int
    people: int
    everybody: bool
    names: tuple[int, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True)
class Badge:
    """A badge of a community. `ours`: title and `how` are gettext ids."""

    id: int
    guild_id: int
    title: str
    how: str
    tier: Tier
    rule: Rule
    state: State
    ours: bool
    repeatable: bool = False
    hidden: bool = False
    retires_at: datetime | None = None
    role_id: int | None = None
    version: int = 1
    tested: Tested | None = None

    def is_given(self, at: datetime) -> bool:
        """Whether it can be earned at that moment."""
        return self.state is State.ON and (self.retires_at is None or at < self.retires_at)


@dataclass(frozen=True)
class Award:
    """A badge that somebody was given."""

    id: int
    badge: Badge
    member_id: int
    number: int
    state: str
    at: datetime
    reason: str | None
    by_hand: bool
    revoked_because: str | None = None


@dataclass(frozen=True)
class CatalogEntry:
    """A badge in the catalogue, with how far the reader is. `held` is how often they have it."""

    badge: Badge
    held: int
    progress: tuple[Progress, ...]


@dataclass(frozen=True)
class Mine:
    """What /badge mine shows."""

    awards: tuple[Award, ...]
    shares: bool
    wins_channel_id: int | None


@dataclass(frozen=True)
class Desk:
    """What /manage badges shows. `held` is how many people have each, `doubtful` how many awards rest on nothing."""

    badges: tuple[Badge, ...]
    held: Mapping[int, int]
    starter_left: int
    doubtful: int
    settings: BadgeSettings


@dataclass(frozen=True)
class StarterPlan:
    """What switching the starter set on would do: per badge how many would have it. `left_out` are for everybody."""

    found: tuple[tuple[Badge, Tested], ...]

    @property
    def chosen(self) -> tuple[tuple[Badge, Tested], ...]:
        return tuple(each for each in self.found if not each[1].everybody)

    @property
    def left_out(self) -> tuple[tuple[Badge, Tested], ...]:
        return tuple(each for each in self.found if each[1].everybody)


def badge_of(row: storage.BadgeRow) -> Badge:
    """The row with the words and rule that it has now: those of a shipped badge come with Lyceum."""
    ours = shipped().get(row.shipped_key) if row.shipped_key is not None else None
    tested = None
    if row.tested:
        found = row.tested
        at = datetime.fromisoformat(found["at"]) if found.get("at") else None
        tested = Tested(found["would"], found["people"], found["everybody"], at=at)
    return Badge(
        row.id,
        row.guild_id,
        ours.title if ours is not None else row.title,
        ours.how if ours is not None else row.how,
        ours.tier if ours is not None else Tier(row.tier),
        ours.rule if ours is not None else parse_rule(row.rule.get("criteria", [])),
        State(row.state),
        ours is not None,
        row.repeatable,
        row.hidden,
        row.retires_at,
        row.role_id,
        row.version,
        tested,
    )


def award_of(row: storage.BadgeAwardRow, badge: Badge) -> Award:
    return Award(
        row.id,
        badge,
        row.member_id,
        row.number,
        row.state,
        row.at,
        row.reason,
        row.given_by is not None,
        row.revoked_because,
    )


def gone() -> NotFound:
    return NotFound(
        "That badge is not there any more. Open the list again: {command}", command="`/badge catalog`"
    )
