"""Promises as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.acts import Contribution
from bot.errors import NotAllowed, NotFound
from bot.i18n import N_
from bot.notify import Kind
from cogs.promises.rules import Cheers, State
from storage import promises as storage

AREA = "promises"
CHECK_JOB = "promises.check"
CLOSE_JOB = "promises.close"
CARD_RENDERER = "promises.card"
CHECK_RENDERER = "promises.check"
MADE = "promise.made"
KEPT = "promise.kept"
ACTS = {MADE: N_("Promises made"), KEPT: N_("Promises kept, at least in part")}
CONTRIBUTION = Contribution(
    KEPT,
    feature="promises",
    done=N_("Kept a promise"),
    next_step=N_("a promise that you keep (`/commit`)"),
    first=N_("Your first promise is kept. Well done!"),
)
CHECK_KIND = Kind(
    "promises.check",
    title=N_("A promise of yours is due"),
    why=N_("you made a promise, and I ask once how it went."),
    digest_line=N_("A promise of yours is due. How did it go? `/commit`"),
)


@dataclass(frozen=True)
class PromiseSettings:
    """`channel_id` is where promises are posted; without one, where each was made."""

    guild_id: int
    channel_id: int | None = None


@dataclass(frozen=True)
class Promise:
    """A promise as it stands. `due_at` is UTC. `public` means that it has a card in `channel_id`."""

    id: int
    guild_id: int
    member_id: int
    text: str
    state: State
    public: bool
    channel_id: int | None
    due_at: datetime
    moves: int
    is_asked: bool
    cheers: Cheers = field(default_factory=Cheers)


def promise_of(row: storage.PromiseRow, cheers: Cheers | None = None) -> Promise:
    return Promise(
        row.id,
        row.guild_id,
        row.member_id,
        row.text,
        State(row.state),
        row.public,
        row.channel_id,
        row.due_at,
        row.moves,
        row.asked_at is not None,
        cheers or Cheers(),
    )


def gone() -> NotFound:
    return NotFound("That promise does not exist any more. See {command}.", command="`/commit`")


def somebody_elses() -> NotAllowed:
    return NotAllowed("This promise is somebody else's. Yours are under {command}.", command="`/commit`")
