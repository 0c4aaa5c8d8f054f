"""Pairing rounds as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from bot.acts import Contribution
from bot.errors import NotAllowed, NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.pairs import rules
from cogs.pairs.drawing import Draw, Inputs, times_together
from cogs.pairs.rules import Fit, Outcome, Rate, Weights, Why

AREA = "pairs"
ROUND_JOB = "pairs.round"
ASK_JOB = "pairs.ask"
CLOSE_JOB = "pairs.close"
CARD_RENDERER = "pairs.card"
ROOM_RENDERER = "pairs.room"
ASK_RENDERER = "pairs.ask"
LEFT_RENDERER = "pairs.left_out"
MET = "pair.met"
ACTS = {MET: N_("Meetings of pairs")}
CONTRIBUTION = Contribution(
    MET,
    feature="pairs",
    done=N_("Met somebody in a pairing round"),
    next_step=N_("meeting your pair (`/pair status`)"),
    first=N_("You have met your first pair here. Thank you for taking the time!"),
)
ASK_KIND = Kind(
    "pairs.ask",
    title=N_("How it went with your pair"),
    why=N_("you were paired with somebody, and I ask once how it went."),
    digest_line=N_("Did you and your pair get to meet? One tap is enough: `/pair status`"),
)
LEFT_KIND = Kind(
    "pairs.left_out",
    title=N_("There was nobody to pair you with"),
    why=N_("you take part in pairings, and nobody is left out without a word."),
    digest_line=N_(
        "In the last pairing round there was nobody left to pair you with. You come first next time."
    ),
    private=True,
)


@dataclass(frozen=True)
class PairSettings:
    """Where pairs meet, by which schedule, what counts, and how long a pair has."""

    guild_id: int
    channel_id: int | None = None
    schedule_id: int | None = None
    hours_weight: int = rules.USUAL_WEIGHT
    topics_weight: int = rules.USUAL_WEIGHT
    least_hours: int = 0
    close_days: int = 10

    @property
    def weights(self) -> Weights:
        return Weights(self.hours_weight, self.topics_weight, self.least_hours)


@dataclass(frozen=True)
class Rhythm:
    """When rounds are: days (0 is Monday) and time on the community's clock, every so many weeks."""

    days: tuple[int, ...]
    at: time
    weeks: int


@dataclass(frozen=True)
class Meeting:
    """One of somebody's pairs."""

    group_id: int
    at: datetime
    others: tuple[int, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Status:
    """How somebody stands with pairings. `next_at` is UTC; `is_in` says whether they take part at all."""

    guild_id: int
    is_in: bool
    weekdays: int = rules.EVERY_DAY
    teach: tuple[str, ...] = ()
    learn: tuple[str, ...] = ()
    skips_next: bool = False
    comes_first: bool = False
    next_at: datetime | None = None
    round_days: tuple[int, ...] = ()
    met: tuple[Meeting, ...] = ()
    has_zone: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Somebody:
    """A person on a card. `zone` is an IANA name; the community's where they have told none."""

    member_id: int
    zone: str
    said: str | None


@dataclass(frozen=True)
class Group:
    """A pair or trio as its card shows it. `hours` are shared, in UTC; `waiting` are those who would like another one,
    `shows` who could show whom what."""

    id: int
    guild_id: int
    channel_id: int
    at: datetime
    people: tuple[Somebody, ...]
    size: int
    starter: str
    hours: int
    outcome: Outcome
    closes_at: datetime
    is_closed: bool
    is_undone: bool
    rematch: bool
    waiting: frozenset[int] = frozenset()
    shows: tuple[tuple[int, int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Proposed:
    """A group of a preview, with what speaks for it: `fits` are those of its pairs, in order."""

    members: tuple[int, ...]
    times: int
    fits: tuple[tuple[int, int, Fit], ...]


@dataclass(frozen=True)
class Preview:
    """A round as it would be. `has_changed`: other people than in the preview before."""

    round_id: int
    groups: tuple[Proposed, ...]
    left_out: tuple[tuple[int, Why], ...]
    sitting_out: tuple[tuple[int, Why], ...]
    weights: Weights
    has_changed: bool = False


@dataclass(frozen=True)
class Past:
    """A round that was held."""

    round_id: int
    at: datetime
    rate: Rate


@dataclass(frozen=True)
class Desk:
    """What facilitators see of pairings."""

    settings: PairSettings
    rhythm: Rhythm | None
    zone: str
    next_at: datetime | None
    members: int
    rounds: tuple[Past, ...]
    undo_id: int | None
    """A round that can still be taken back."""
    propose_weeks: int | None


def preview_of(round_id: int, inputs: Inputs, drawn: Draw, *, has_changed: bool = False) -> Preview:
    """What a draw looks like, with why."""
    by_id = {each.id: each for each in inputs.people}

    def proposed(group: tuple[int, ...]) -> Proposed:
        pairs = [(a, b) for n, a in enumerate(group) for b in group[n + 1 :]]
        fits = tuple((a, b, rules.fit(by_id[a], by_id[b])) for a, b in pairs)
        return Proposed(group, times_together(inputs, group), fits)

    return Preview(
        round_id,
        tuple(map(proposed, drawn.groups)),
        drawn.left_out,
        inputs.out,
        inputs.weights,
        has_changed,
    )


def gone() -> NotFound:
    return NotFound("That pair is not known any more. See {command}.", command="`/pair status`")


def somebody_elses() -> NotAllowed:
    return NotAllowed("This pair is somebody else's. Yours are under {command}.", command="`/pair status`")


def not_in() -> NotFound:
    return NotFound(
        "You do not take part in pairings yet. {command} is all it takes.", command="`/pair join`"
    )
