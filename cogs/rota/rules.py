"""Decisions about rotas: what may be chosen, when somebody is asked, who holds a role at a moment, and how fair it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import pairwise

from bot.errors import AlreadyDone, InvalidInput

NOBODY = 0
HORIZON = 8
"""Turns that are planned ahead and shown."""
MOST_HOLDERS, MOST_ROTAS, MOST_EVERY = 10, 25, 8
LONGEST_NAME, LONGEST_NOTE = 60, 1500
ASK_AHEAD = timedelta(hours=48)
FIRST_ANSWER = timedelta(hours=24)
"""How long who is asked first has, where there is that much time."""
LEAST_ANSWER = timedelta(hours=1)
MOST_SILENT = 2
"""How often a turn moves on because nobody answers; then it stays, or everybody would be asked for one turn."""
STAFF_AHEAD = timedelta(hours=24)
"""How long before a turn staff hear that cover is still wanted."""
LONGEST_AWAY = timedelta(days=366)
SKIPS_OWED = 2
"""Who skips as often as this in a row is not asked first once more: they may like a rest."""
_SPACES = re.compile(r"\s+")


class State(StrEnum):
    """What somebody is in a turn."""

    PLANNED = "planned"
    ACCEPTED = "accepted"
    HOLDING = "holding"
    SERVED = "served"
    PASSED = "passed"
    SILENT = "silent"
    GIVEN = "given"  # somebody took it over before it began
    RELIEVED = "relieved"  # somebody took it over in the middle of it
    LEFT = "left"


ACTIVE = frozenset({State.PLANNED, State.ACCEPTED, State.HOLDING})


class How(StrEnum):
    """By what somebody came into a turn."""

    DRAWN = "drawn"
    TAKEN = "taken"
    STAFF = "staff"


class Unit(StrEnum):
    """What a shift is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Span:
    """Somebody's time, from `starts_at` until just before `ends_at` (UTC)."""

    member_id: int
    starts_at: datetime
    ends_at: datetime

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        return self.starts_at < ends_at and starts_at < self.ends_at


@dataclass(frozen=True)
class Cover:
    """For this span `in_id` stands in for `out_id`; either may be nobody."""

    out_id: int
    in_id: int
    starts_at: datetime
    ends_at: datetime


def check_name(typed: str, others: Collection[str]) -> str:
    """The name of a rota. Raises `InvalidInput`."""
    name = _SPACES.sub(" ", typed).strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput("Please give it a name of 1 to {most} characters.", most=LONGEST_NAME)
    if name.casefold() in {each.casefold() for each in others}:
        raise InvalidInput("There is a rota of that name already. Please choose another.")
    return name


def check_holders(typed: str) -> int:
    """How many hold the role at a time. Raises `InvalidInput`."""
    text = typed.strip()
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:4]) <= MOST_HOLDERS:
        raise InvalidInput("Please write how many hold it at a time: 1 to {most}.", most=MOST_HOLDERS)
    return int(text)


def check_away(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `InvalidInput` for a span that cannot be."""
    if ends_at <= starts_at:
        raise InvalidInput("The end has to come after the beginning. Please look at both once more.")
    if ends_at - starts_at > LONGEST_AWAY:
        raise InvalidInput(
            "That is longer than a year. {command} is the better way then, and you can join again any time.",
            command="`/rota leave`",
        )


def check_still_open(state: State, *, wants_cover: bool) -> None:
    """Raises `AlreadyDone` when nobody is looked for any more."""
    if state not in ACTIVE or not wants_cover:
        raise AlreadyDone("Somebody was first, or it is not needed any more. Thank you for offering!")


# ---------------------------------------------------------------------------------------------- planning


def planning_order(loads: Mapping[int, int], owed: Collection[int], seed: int) -> list[int]:
    """The volunteers in the order in which turns fall to them: who is owed one, the least loaded, and ties by the seed."""

    def rank(who: int) -> tuple[bool, int, bytes]:
        return who not in owed, loads[who], blake2b(f"{seed}:{who}".encode(), digest_size=8).digest()

    return sorted(loads, key=rank)


def most_candidates(holders: int) -> int:
    """How many are looked at for one turn: enough for all turns ahead, so that a plan for thousands takes no longer."""
    return holders * (HORIZON + 2) + 20


# ---------------------------------------------------------------------------------------------- being asked


def ask_at(starts_at: datetime) -> datetime:
    """When somebody is asked whether they are in."""
    return starts_at - ASK_AHEAD


def answer_by(asked_at: datetime, starts_at: datetime) -> datetime:
    """Until when they have time before the next one is asked: half of what is left, a day at most."""
    left = starts_at - asked_at
    return min(asked_at + min(FIRST_ANSWER, max(left / 2, LEAST_ANSWER)), starts_at)


def is_owed(skips: int) -> bool:
    """Whether who has skipped so often in a row comes first in the next turn."""
    return 0 < skips < SKIPS_OWED


# ---------------------------------------------------------------------------------------------- who holds it


def holders_at(seats: Iterable[int], covers: Sequence[Cover], now: datetime) -> frozenset[int]:
    """Who has the role at this moment: who has a seat, but for who is covered, and who covers."""
    holders = set(seats)
    for cover in covers:
        if not cover.starts_at <= now < cover.ends_at:
            continue
        if cover.out_id == NOBODY:
            holders.add(cover.in_id)
        elif cover.out_id in holders:
            holders.discard(cover.out_id)
            holders.add(cover.in_id)
    return frozenset(holders - {NOBODY})


def counts_as_served(since: datetime, until: datetime, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether who is relieved in the middle of a turn has done enough of it: at least half."""
    return (until - since) * 2 >= ends_at - starts_at


def newcomers_base(loads: Collection[int]) -> int:
    """What somebody who joins counts as having served: as much as who has served least."""
    return min(loads, default=0)


def matched(old: Sequence[datetime], new: Sequence[datetime]) -> list[int | None]:
    """For each old turn, in order, the new one that takes its place: the nearest, each once, without overtaking."""
    found: list[int | None] = []
    first = 0
    for at in old:
        if first >= len(new):
            found.append(None)
            continue
        nearest = min(range(first, len(new)), key=lambda number: abs(new[number] - at))
        found.append(nearest)
        first = nearest + 1
    return found


# ---------------------------------------------------------------------------------------------- fairness


class Why(StrEnum):
    """A reason in the fairness report."""

    OVER = "over"
    UNDER = "under"
    GAPS = "gaps"
    RUNNING = "running"
    WEEKENDS = "weekends"


@dataclass(frozen=True)
class Past:
    """A turn that is over: who served, and who could have. `seats` is how many were wanted."""

    holders: tuple[int, ...]
    present: frozenset[int]
    seats: int
    is_weekend: bool = False


@dataclass(frozen=True)
class Reason:
    why: Why
    count: int
    member_id: int = NOBODY
    expected: float = 0.0


@dataclass(frozen=True)
class Fairness:
    """0 to 100, with what speaks against 100. `score` is None while nothing has been served."""

    score: int | None
    turns: int
    reasons: tuple[Reason, ...]


def fairness(past: Sequence[Past]) -> Fairness:
    """How evenly turns fell on those who could take them.

    Each seat is owed in equal parts by all who were there; the score is the share of seats that fell where they were
    owed, less the seats that stayed empty, and five for each turn somebody had to take twice running though others were
    there. Less than a turn either way is nobody's doing, since turns are whole.
    """
    if not any(each.holders for each in past):
        return Fairness(None, len(past), ())
    loads = Counter(who for each in past for who in each.holders)
    owed = _owed(past)
    people = sorted(set(loads) | set(owed))
    filled = sum(loads.values())
    differences = {who: abs(loads[who] - owed.get(who, 0.0)) for who in people}
    off = sum(each for each in differences.values() if each >= 1) / 2
    wanted = sum(each.seats for each in past)
    gaps = max(0, wanted - filled)
    running = _twice_running(past)
    score = 100 * (1 - off / filled) * (1 - gaps / wanted) - 5 * running
    reasons = [
        Reason(
            Why.OVER if loads[who] > owed.get(who, 0.0) else Why.UNDER, loads[who], who, owed.get(who, 0.0)
        )
        for who in people
        if differences[who] >= 1
    ]
    reasons.sort(key=lambda each: (-abs(each.count - each.expected), each.member_id))
    if gaps:
        reasons.append(Reason(Why.GAPS, gaps))
    if running:
        reasons.append(Reason(Why.RUNNING, running))
    reasons += _weekends(past)
    return Fairness(max(0, min(100, round(score))), len(past), tuple(reasons))


def _owed(past: Sequence[Past]) -> Mapping[int, float]:
    owed: dict[int, float] = {}
    for each in past:
        there = each.present | set(each.holders)
        for who in there:
            owed[who] = owed.get(who, 0.0) + len(each.holders) / len(there)
    return owed


def _twice_running(past: Sequence[Past]) -> int:
    """How often somebody served two turns running though enough others were there."""
    found = 0
    for before, now in pairwise(past):
        again = set(before.holders) & set(now.holders)
        fresh = now.present - set(before.holders) - set(now.holders)
        found += min(len(again), len(fresh))
    return found


def _weekends(past: Sequence[Past]) -> list[Reason]:
    """Who has two weekend turns more than somebody else who was as often there."""
    weekends = [each for each in past if each.is_weekend]
    if not weekends:
        return []
    loads = Counter(who for each in weekends for who in each.holders)
    owed = _owed(weekends)
    return [
        Reason(Why.WEEKENDS, loads[who], who, owed[who])
        for who in sorted(owed)
        if loads[who] - owed[who] >= 1.5
    ]
