"""Filters as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.hits import FloodWords
from bot.i18n import N_
from bot.notify import Kind
from cogs.filters.compiled import Compiled
from cogs.filters.rules import CHANNELS, IN_A_ROW, MENTIONS, Deed, Filter, Lists, Match, stored_deed

AREA = "filters"
TOLD_RENDERER = "filters.told"
PURGE_KEY = "filters.purge:"
TIMEOUT_KEY = "filters.timeout:"
TOLD_KEY = "filters.told:"
LONGEST_TITLE = 60

TITLES = {
    Filter.DOMAINS: N_("Listed domains"),
    Filter.LOOK_ALIKES: N_("Scam and look-alike links"),
    Filter.INVITES: N_("Invites to other servers"),
    Filter.MENTIONS: N_("Many mentions at once"),
    Filter.WORDS: N_("Words"),
    Filter.PATTERNS: N_("Patterns"),
    Filter.REPEATS: N_("The same text again and again"),
}
# What its author is told, beside the next private answer. Nobody is blamed: links are shared in good faith.
TOLD = {
    Filter.DOMAINS: N_(
        "A message of yours was taken out, because it has a link to a site that this community keeps out."
    ),
    Filter.LOOK_ALIKES: N_(
        "A message of yours was taken out, because its link looks like a well-known site and leads elsewhere. If somebody sent it to you, do not sign in there."
    ),
    Filter.INVITES: N_(
        "A message of yours was taken out, because it invites to another server. Ask staff before you post invites."
    ),
    Filter.MENTIONS: N_("A message of yours was taken out, because it mentions many people at once."),
    Filter.WORDS: N_(
        "A message of yours was taken out, because it has a word that this community does not want."
    ),
    Filter.PATTERNS: N_(
        "A message of yours was taken out, because it looks like something that this community does not want."
    ),
    Filter.REPEATS: N_(
        "Messages of yours were taken out, because the same text came several times. Once is enough: people will see it."
    ),
}
TOLD_ANYWAY = N_("A message of yours was taken out by a filter of this community.")
TOLD_KIND = Kind(
    "filters.told",
    title=N_("A filter took out a message of yours"),
    why=N_("a filter of this community took out a message of yours."),
    digest_line=TOLD_ANYWAY,
    private=True,
    choosable=False,
)
LIST_TITLES = {
    Lists.WORDS: N_("Words"),
    Lists.DOMAINS: N_("Domains to keep out"),
    Lists.PATTERNS: N_("Patterns"),
    Lists.PROTECTED: N_("Domains to protect"),
    Lists.INVITES: N_("Invites that may be posted"),
}


@dataclass(frozen=True)
class FilterSettings:
    """What each filter does, as `rules.read_deed` reads it. Exempt channels and roles are ids, a line each."""

    guild_id: int
    domains: str = "off"
    look_alikes: str = "off"
    invites: str = "off"
    mentions: str = "off"
    words: str = "off"
    patterns: str = "off"
    repeats: str = "off"
    most_mentions: int = MENTIONS[2]
    most_channels: int = CHANNELS[2]
    most_in_a_row: int = IN_A_ROW[2]
    exempt_channels: str | None = None
    exempt_roles: str | None = None

    def deed(self, which: Filter) -> Deed:
        return stored_deed(getattr(self, which.value))

    @property
    def on(self) -> frozenset[Filter]:
        return frozenset(each for each in Filter if self.deed(each).is_on)

    @property
    def channels(self) -> frozenset[int]:
        return _ids(self.exempt_channels)

    @property
    def roles(self) -> frozenset[int]:
        return _ids(self.exempt_roles)


@dataclass(frozen=True)
class Ready:
    """What is needed of a community to look at a message, in memory."""

    settings: FilterSettings
    on: frozenset[Filter]
    compiled: Compiled
    channels: frozenset[int]
    roles: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A message that filters act on. `others` are earlier ones of the same text, as channel and message; `reason` and
    `flood` are the words of its case, in the community's language."""

    guild_id: int
    member_id: int
    channel_id: int
    message_id: int
    text: str
    attachments: tuple[str, ...] = ()
    matches: tuple[Match, ...]
    reason: str
    flood: FloodWords
    others: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Shown:
    """The desk of facilitators. `hits` are of the last seven days."""

    settings: FilterSettings
    hits: Mapping[Filter, int]
    entries: Mapping[Lists, int]
    can_read: bool


@dataclass(frozen=True)
class Tested:
    """What filters would do with a phrase."""

    phrase: str
    matches: tuple[tuple[Match, Deed], ...]
    deed: Deed
    off: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Told:
    """Why a message of somebody was taken out, with the case about it."""

    guild_id: int
    filter: Filter | None
    case_number: int
    timeout_until: datetime | None = None


def _ids(text: str | None) -> frozenset[int]:
    return frozenset(int(line) for line in (text or "").split() if line.isdecimal())
