"""Rotas as values, and the names by which the rest of the bot knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from bot import nominal_times
from bot.acts import Contribution
from bot.errors import AlreadyDone, NotFound
from bot.i18n import N_
from bot.nominal_times import LocalRule
from bot.notify import Kind
from cogs.rota.rules import Cover, Fairness, How, State, Unit
from storage.rota import RotaRow

AREA = "rota"
TURN_JOB = "rota.turn"
ASK_JOB = "rota.ask"
SILENT_JOB = "rota.silent"
COVER_JOB = "rota.cover"
WANTED_JOB = "rota.wanted"
GONE_JOB = "rota.gone"
JOBS = (TURN_JOB, ASK_JOB, SILENT_JOB, COVER_JOB, WANTED_JOB, GONE_JOB)
TURN_RENDERER = "rota.turn"
ASK_RENDERER = "rota.ask"
BEGIN_RENDERER = "rota.begin"
TAKEN_RENDERER = "rota.taken"
SWAP_RENDERER = "rota.swap"
STAFF_RENDERER = "rota.staff"
SERVED = "rota.turn.served"
ACTS = {SERVED: N_("Turns served in rotating roles")}
CONTRIBUTION = Contribution(
    SERVED,
    feature=AREA,
    done=N_("Served a turn in a rotating role"),
    next_step=N_("taking a turn in a role (`/rota join`)"),
    first=N_("Your first turn in a role is done. Thank you for carrying it!"),
)
ASK_KIND = Kind(
    "rota.ask",
    title=N_("Your turn is coming: are you in?"),
    why=N_("you take turns in a role, and I ask two days ahead whether this one suits you."),
    digest_line=N_("A turn of yours is coming. Say whether you are in: `/rota show`"),
)
BEGIN_KIND = Kind(
    "rota.begin",
    title=N_("Your turn has begun"),
    why=N_("you take turns in a role, and this one is yours now."),
    digest_line=N_("Your turn in a role has begun: `/rota show`"),
)
TAKEN_KIND = Kind(
    "rota.taken",
    title=N_("Somebody took a turn of yours"),
    why=N_("a turn that was yours is somebody else's now."),
    digest_line=N_("Somebody took over a turn of yours: `/rota show`"),
)
KINDS = (ASK_KIND, BEGIN_KIND, TAKEN_KIND)


@dataclass(frozen=True)
class RotaSettings:
    """Where turns are told of, for rotas without a channel of their own."""

    guild_id: int
    channel_id: int | None = None


@dataclass(frozen=True)
class Shape:
    """What a facilitator chooses in the form of a rota. `at` is on the clock of `zone`."""

    name: str
    kind: str
    every: int
    unit: Unit
    weekday: int
    at: time
    zone: str
    holders: int

    def rule(self, start: date) -> LocalRule:
        """When it is handed over."""
        if self.unit is Unit.DAY:
            return nominal_times.daily(self.at, start, every=self.every)
        if self.unit is Unit.MONTH:
            return nominal_times.monthly_nth_weekday(1, self.weekday, self.at, start, every=self.every)
        return nominal_times.weekly([self.weekday], self.at, start, every=self.every)


@dataclass(frozen=True)
class Seat:
    """Somebody in a turn. `is_new` says that they never held this role before."""

    id: int
    turn_id: int
    member_id: int
    state: State
    how: How
    for_id: int
    is_asked: bool
    wants_cover: bool
    note: str | None = None
    is_new: bool = False


@dataclass(frozen=True)
class Turn:
    """A turn as cards show it. `covers` are the spans that touch it; `note` is what was handed on at its end."""

    id: int
    starts_at: datetime
    ends_at: datetime
    state: str
    seats: tuple[Seat, ...]
    covers: tuple[Cover, ...] = ()
    note: str | None = None
    note_by: int = 0


@dataclass(frozen=True)
class Rota:
    """A rota with its turns. `needs` is who may, in words (`needs_ours`: a gettext id); `is_held` while the schedule waits
    for a person."""

    id: int
    guild_id: int
    shape: Shape
    role_id: int | None
    channel_id: int | None
    own_channel_id: int | None
    has_needs: bool
    needs: str | None
    needs_ours: bool
    needs_key: str | None
    volunteers: int
    now: Turn | None
    before: Turn | None
    ahead: tuple[Turn, ...]
    others: tuple[Turn, ...] = ()
    """Turns that were asked for besides."""
    is_held: bool = False
    is_ended: bool = False


@dataclass(frozen=True)
class Mine:
    """How somebody stands with a rota: whether they volunteer, their turns (now and ahead), and whether the next one is
    theirs first because they passed one."""

    rota: Rota
    member_id: int
    is_in: bool
    away_until: datetime | None = None
    comes_first: bool = False

    @property
    def seats(self) -> tuple[tuple[Turn, Seat], ...]:
        turns = (*((self.rota.now,) if self.rota.now else ()), *self.rota.ahead)
        active = (State.PLANNED, State.ACCEPTED, State.HOLDING)
        return tuple(
            (turn, seat)
            for turn in turns
            for seat in turn.seats
            if seat.member_id == self.member_id and seat.state in active
        )


@dataclass(frozen=True)
class Report:
    """The fairness report, and who is least loaded: whom the next fill would choose first."""

    rota: Rota
    fairness: Fairness
    next_up: tuple[int, ...]


def shape_of(row: RotaRow) -> Shape:
    return Shape(
        row.name,
        row.kind,
        row.every,
        Unit(row.unit),
        row.weekday,
        time.fromisoformat(row.at),
        row.zone,
        row.holders,
    )


def gone() -> NotFound:
    return NotFound("That rota does not exist any more. {command} lists them.", command="`/rota show`")


def not_yours() -> AlreadyDone:
    return AlreadyDone("That turn is not yours any more. {command} shows who has it.", command="`/rota show`")


def over() -> AlreadyDone:
    return AlreadyDone("That turn is over. {command} shows what comes.", command="`/rota show`")
