"""Kudos as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from bot.errors import NotAllowed, NotFound
from bot.i18n import N_
from bot.notify import Delivery, Kind
from bot.text import GROUP_OPTIONS
from cogs.kudos.rules import LONGEST_TAG, MOST_TAGS, Found, State, may_be_quoted
from storage import kudos as storage

AREA = "kudos"
MENU = N_("Give kudos")
GIVEN = "kudos.given"
RECEIVED = "kudos.received"
ACTS = {GIVEN: N_("Kudos given"), RECEIVED: N_("Kudos received")}
POST_RENDERER = "kudos.post"
NOTE_RENDERER = "kudos.note"
PAGE_SIZE = 5
NOTE_KIND = Kind(
    "kudos.received",
    title=N_("Somebody gave you kudos"),
    why=N_("somebody gave you kudos."),
    digest_line=N_("Somebody gave you kudos: `/kudos wall`"),
    default=Delivery.DIGEST,
)


@dataclass(frozen=True)
class KudosSettings:
    """`channel_id` is where kudos are posted, None nowhere. `rest_hours` pass between two kudos of the same two people."""

    guild_id: int
    channel_id: int | None = None
    a_day: int = 5
    rest_hours: int = 24
    tags: str | None = None

    @property
    def all_tags(self) -> tuple[str, ...]:
        """What can be chosen; ours are gettext ids."""
        return tuple(self.tags.splitlines()) if self.tags else shipped_tags()


@dataclass(frozen=True)
class Kudos:
    """One as it stands. `tags` are gettext ids or the community's own words, neither quoted yet."""

    id: int
    guild_id: int
    giver_id: int
    receiver_id: int
    text: str
    tags: tuple[str, ...]
    channel_id: int | None
    message_id: int | None
    state: State
    at: datetime
    quote_giver: bool
    quote_receiver: bool
    picked: bool

    @property
    def may_be_quoted(self) -> bool:
        return may_be_quoted(giver=self.quote_giver, receiver=self.quote_receiver)


@dataclass(frozen=True)
class About:
    """The message that kudos are about, written by who receives them. `both_there`: both wrote around it."""

    channel_id: int
    message_id: int
    both_there: bool


@dataclass(frozen=True)
class Wall:
    """One page of kudos. `whose` is the view: all, mine, given, quoted."""

    whose: str
    page: int
    kudos: tuple[Kudos, ...]
    has_more: bool


@dataclass(frozen=True)
class Desk:
    """What staff see."""

    settings: KudosSettings
    patterns: tuple[Found, ...]


@dataclass(frozen=True)
class Quotables:
    """A page of what both allow to be quoted: so many in all, of which so many are."""

    kudos: tuple[Kudos, ...]
    page: int
    consented: int
    picked: int

    @property
    def has_more(self) -> bool:
        return (self.page + 1) * GROUP_OPTIONS < self.consented


@cache
def shipped_tags() -> tuple[str, ...]:
    """The tags of `kudos.toml`. Raises ValueError when they do not fit."""
    parsed = tomllib.loads(Path(__file__).with_name("kudos.toml").read_text(encoding="utf-8"))
    tags = tuple(str(each["title"]) for each in parsed["tag"])
    if not 1 <= len(tags) <= MOST_TAGS or any(len(each) > LONGEST_TAG or "," in each for each in tags):
        raise ValueError("kudos.toml needs one to ten short tags without commas")
    return tags


def kudos_of(row: storage.KudosRow) -> Kudos:
    return Kudos(
        row.id,
        row.guild_id,
        row.giver_id,
        row.member_id,
        row.text,
        tuple(row.tags.splitlines()),
        row.channel_id,
        row.message_id,
        State(row.state),
        row.at,
        row.quote_giver,
        row.quote_receiver,
        row.picked_at is not None,
    )


def kudos_list(rows: Sequence[storage.KudosRow]) -> tuple[Kudos, ...]:
    return tuple(map(kudos_of, rows))


def gone() -> NotFound:
    return NotFound("These kudos are not there any more. See {command}.", command="`/kudos wall`")


def somebody_elses() -> NotAllowed:
    return NotAllowed("Only the two people whom these kudos are between can do that.")
