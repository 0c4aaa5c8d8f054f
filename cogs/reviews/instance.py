"""From the rows of a community to an instance for `bot.matching`, and back to a reason for each pair.

People and works go by their mention, so that a refusal of the allocation names them as people read them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.errors import LimitReached
from bot.free_hours import free_hours, shared_hours
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.matching import instance as matching
from bot.matching.reviews import ReviewAnswer, allocate
from bot.matching.valuation import SENIOR_LEVEL
from bot.nominal_times import local_now
from bot.text import mention_user
from cogs.reviews import rules
from cogs.reviews.training.licences import Licences
from storage import members as member_storage
from storage import privacy as privacy_storage
from storage import review_rounds, review_wishes
from storage import reviews as storage

HISTORY = timedelta(weeks=8)
SPARE = 2  # reviews more than an equal share that somebody takes who has not said how many they take
_LEVELS = (1, 5, 15)  # reviews given, from which on somebody counts as one level more experienced


@dataclass(frozen=True)
class Facts:
    """What is known of the people of a round. `rooms` is how many more reviews each may be given now; `trained` are
    who holds a reviewer's licence."""

    now: datetime
    hours: Mapping[int, int]
    given: Mapping[int, int]
    met: Mapping[tuple[int, int], int]  # (reviewer, author) -> how many weeks ago
    blocked: frozenset[tuple[int, int]]
    rooms: Mapping[int, int]
    away: tuple[int, ...]
    trained: frozenset[int] = frozenset()


async def gather(
    session: AsyncSession, core: Core, row: review_rounds.ReviewRoundRow, authors: Collection[int], hours: int
) -> Facts:
    """Look everything up for a round. `hours` is how long a reviewer has for a review."""
    guild_id, per_work = row.guild_id, row.per_work
    now = core.clock.now()
    config = await core.configs.present(session, guild_id, GuildConfig)
    said = await review_wishes.list_availability(session, guild_id)
    people = sorted({*authors, *(member for member, each in said.items() if each.volunteers)})
    departed = await privacy_storage.list_departed(session, guild_id)
    taken = await storage.count_taken(session, guild_id, people, now - rules.WEEK)
    awake: dict[int, int] = {}
    rooms: dict[int, int] = {}
    away: list[int] = []
    for each in people:
        member = await member_storage.find_member(session, guild_id, each)
        zone = (member.zone if member is not None else None) or config.zone
        awake[each] = free_hours(zone, now.date())
        wishes = said.get(each)
        is_paused = member is not None and (member.paused_until or now) > now
        is_asked = wishes is None or rules.is_asked_in(wishes.weekdays, local_now(now, zone).weekday(), hours)
        if each in departed or is_paused or not is_asked:
            away.append(each)
            rooms[each] = 0
        else:
            most = wishes.per_week if wishes is not None else None
            rooms[each] = rules.room_this_week(most, taken.get(each, 0), per_work + SPARE)
    met: dict[tuple[int, int], int] = {}
    for reviewer, author, at, round_id in await storage.list_meetings(session, guild_id, now - HISTORY):
        if round_id == row.id:
            continue  # what this round has given is no earlier meeting
        weeks = max(1, -(-(now - at) // rules.WEEK))
        met[reviewer, author] = min(weeks, met.get((reviewer, author), weeks))
    return Facts(
        now,
        awake,
        await storage.count_given(session, guild_id),
        met,
        await core.avoidances.list_blocked(session, guild_id),
        rooms,
        tuple(away),
        await Licences(core).list_reviewers(session, guild_id, of=people),
    )


def solve(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]] | None = None,
) -> tuple[dict[int, tuple[int, ...]], ReviewAnswer]:
    """Who reviews the work of each author, kept ones first. Work for a thread. Raises `LimitReached`.

    Everybody gets an equal share. Where blocks make that impossible, it is less equal; the refusal then names nobody,
    because whom somebody avoids is their own business.
    """
    kept = kept or {}
    needed = sum(max(0, per_work - len(kept.get(each, ()))) for each in authors)
    shares = rules.loads(facts.rooms, needed)
    try:
        answer = _allocate(facts, authors, per_work, seed, kept, shares)
    except LimitReached:
        loose = {each: (0, room) for each, room in facts.rooms.items()}
        try:
            answer = _allocate(facts, authors, per_work, seed, kept, loose)
        except LimitReached as refusal:
            if facts.blocked and _would_fit(facts, authors, per_work, seed, kept, loose):
                raise LimitReached(
                    "Not everybody may review everybody, and with so few people the numbers do not fit. Ask for fewer "
                    "reviews each, or find somebody more who likes to review."
                ) from None
            raise refusal from None
    return {_id(work): tuple(map(_id, chosen)) for work, chosen in answer.assignments.items()}, answer


def fill(
    facts: Facts,
    authors: Sequence[int],
    row: review_rounds.ReviewRoundRow,
    kept: Mapping[int, Sequence[int]],
    loads: Mapping[int, int],
    refused: frozenset[tuple[int, int]],
) -> Mapping[int, Sequence[int]]:
    """What is missing, given to who has least so far; when not all of it can be found, each work by itself."""
    blocked = facts.blocked | {(min(pair), max(pair)) for pair in refused}
    for most in range(1, row.per_work + SPARE + 1):
        rooms = {each: max(0, min(room, most - loads.get(each, 0))) for each, room in facts.rooms.items()}
        able = replace(facts, blocked=blocked, rooms=rooms)
        try:
            part = {each: kept[each] for each in authors}
            return solve(able, authors, row.per_work, row.seed, part)[0]
        except LimitReached:
            continue
    if len(authors) == 1:
        return {}
    found: dict[int, Sequence[int]] = {}
    more = Counter(loads)
    for each in authors:
        found.update(fill(facts, [each], row, kept, more, refused))
        more.update(set(found.get(each, ())) - set(kept[each]))
    return found


def _would_fit(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]],
    shares: Mapping[int, tuple[int, int]],
) -> bool:
    free = replace(facts, blocked=frozenset())
    try:
        _allocate(free, authors, per_work, seed, kept, shares)
    except LimitReached:
        return False
    return True


def _allocate(
    facts: Facts,
    authors: Sequence[int],
    per_work: int,
    seed: int,
    kept: Mapping[int, Sequence[int]],
    shares: Mapping[int, tuple[int, int]],
) -> ReviewAnswer:
    people = sorted({*facts.rooms, *authors})
    weeks: dict[int, list[tuple[str, str]]] = {}
    for (reviewer, author), ago in facts.met.items():
        weeks.setdefault(ago, []).append((mention_user(reviewer), mention_user(author)))
    known = set(people)
    loads = {each: sum(each in chosen for chosen in kept.values()) for each in people}
    asked = matching.ReviewRound(
        k=per_work,
        members=tuple(
            matching.Member(
                mention_user(each),
                level_of(facts.given.get(each, 0), is_trained=each in facts.trained),
                facts.hours.get(each, matching.ALL_DAY),
            )
            for each in people
        ),
        submissions=tuple(matching.Submission(mention_user(each), (mention_user(each),)) for each in authors),
        # What is kept counts as load in `bot.matching`, and the shares are what comes on top.
        reviewers=tuple(
            matching.Reviewer(mention_user(each), low + loads[each], high + loads[each])
            for each, (low, high) in sorted(shares.items())
            if high
        ),
        blocked=tuple(
            (mention_user(a), mention_user(b)) for a, b in sorted(facts.blocked) if a in known and b in known
        ),
        history=tuple(matching.Met(ago, tuple(sorted(pairs))) for ago, pairs in sorted(weeks.items())),
        kept={mention_user(each): tuple(map(mention_user, chosen)) for each, chosen in kept.items()},
    )
    return allocate(asked, seed)


def level_of(given: int, *, is_trained: bool = False) -> int:
    """How experienced somebody is as a reviewer, from 0. Who holds the licence counts as senior from the first day."""
    level = sum(given >= each for each in _LEVELS)
    return max(level, SENIOR_LEVEL) if is_trained else level


def reason(facts: Facts, reviewer: int, author: int) -> tuple[str, dict[str, Any]]:
    """Why these two: a gettext id and its fields."""
    hours = shared_hours(facts.hours.get(reviewer, 0), facts.hours.get(author, 0))
    given = facts.given.get(reviewer, 0)
    weeks = facts.met.get((reviewer, author))
    fields: dict[str, Any] = {"hours": hours, "given": given}
    if weeks is not None:
        return N_("reviewed this author in the last weeks, as nobody else was free"), {}
    if given:
        return N_("new to this author, hours in common: {hours}, reviews given: {given}"), fields
    return N_("new to this author, hours in common: {hours}"), {"hours": hours}


def _id(mention: str) -> int:
    return int(mention.strip("<@>"))
