"""The ladder as values, and the names by which the rest of the bot knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.acts import Ledger
from bot.criteria import Progress, Rule
from bot.errors import NotFound
from bot.i18n import N_
from bot.notify import Delivery, Kind
from cogs.ladder.rules import Decision
from storage import ladder as storage

AREA = "ladder"
REACHED = "ladder.step.reached"
ACTS = {REACHED: N_("Steps of the ladder reached")}
ROLES_JOB = "ladder.roles"
CARD_RENDERER = "ladder.proposal"
NEWS_RENDERER = "ladder.news"
NEWS_KIND = Kind(
    "ladder.news",
    title=N_("Something changed about your step of the ladder"),
    why=N_("your step of the ladder changed, or staff looked at it."),
    digest_line=N_("There is news about your step of the ladder: `/ladder show`"),
    default=Delivery.DIGEST,
    private=True,
)
PROMOTE, DOUBT = "promote", "doubt"


@dataclass(frozen=True)
class Step:
    """One step of a community. With `ours`, `title` and `text` are gettext ids. `rule` may hold "any contribution"."""

    key: str
    title: str
    text: str
    rule: Rule
    powers: bool = False
    role_id: int | None = None
    ours: bool = True
    is_off: bool = False


@dataclass(frozen=True)
class Evidence:
    """An act that counts for a criterion. `message`, where it is one: server, channel, message."""

    kind: str
    at: datetime
    name: str | None = None
    message: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Proposal:
    """What waits for staff, or was decided. `progress` is where the evidence stands now."""

    id: int
    guild_id: int
    member_id: int
    step: Step | None
    kind: str
    state: Decision
    reason: str | None
    decided_by: int | None
    progress: tuple[Progress, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where somebody stands. `since` is when they reached the step, None on the first."""

    guild_id: int
    member_id: int
    steps: tuple[Step, ...]
    current: Step
    following: Step | None
    progress: tuple[Progress, ...] = ()
    since: datetime | None = None
    emeritus: tuple[Step, ...] = ()
    proposal: Proposal | None = None
    held: frozenset[str] = field(default_factory=frozenset[str])

    @property
    def done(self) -> int:
        """How many criteria of the next step are met."""
        return sum(each.is_met for each in self.progress)


@dataclass(frozen=True)
class Desk:
    """What staff see: the steps with how many people hold each, and what waits."""

    steps: tuple[Step, ...]
    holders: dict[str, int]
    waiting: tuple[Proposal, ...]


def proposal_of(row: storage.LadderProposalRow, steps: Sequence[Step]) -> Proposal:
    return Proposal(
        row.id,
        row.guild_id,
        row.member_id,
        next((each for each in steps if each.key == row.step), None),
        row.kind,
        Decision(row.state),
        row.reason,
        row.decided_by,
    )


def countable(ledger: Ledger) -> dict[str, str]:
    """The kinds of acts that a step can count, with their titles; steps themselves do not make a step."""
    named = dict(ledger.countable)
    for kind, contribution in ledger.contributions.items():
        named.setdefault(kind, contribution.done)
    named.pop(REACHED, None)
    return named


def gone() -> NotFound:
    return NotFound("That is not there any more. See {command}.", command="`/manage ladder`")
