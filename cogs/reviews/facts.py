"""What is known of the people of a round before it is decided who reviews whom, and why two were put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.free_hours import free_hours, shared_hours
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.matching.valuation import SENIOR_LEVEL
from bot.nominal_times import local_now
from bot.profiles import Level
from cogs.reviews import rules
from cogs.reviews.model import ReviewSettings
from cogs.reviews.training.licences import Licences
from storage import members as member_storage
from storage import privacy as privacy_storage
from storage import review_rounds, review_wishes
from storage import reviews as storage

HISTORY = timedelta(weeks=8)
SPARE = 2  # reviews more than an equal share that somebody takes who has not said how many they take
NEW = N_("new to this author")
AGAIN = N_("reviewed this author in the last weeks, as nobody else was free")
MENTOR_LEVEL = 2
_LEVELS = (1, 5, 15)  # reviews given, from which on somebody counts as one level more experienced


@dataclass(frozen=True)
class Facts:
    """What is known of the people of a round. `rooms` is how many more reviews each may be given now; `trained` are
    who holds a reviewer's licence, `mentors` who says that they help others. Languages are those of their profiles.
    `only_trained`: the community wants no others, who therefore have no room."""

    now: datetime
    hours: Mapping[int, int]
    given: Mapping[int, int]
    met: Mapping[tuple[int, int], int]  # (reviewer, author) -> how many weeks ago
    blocked: frozenset[tuple[int, int]]
    rooms: Mapping[int, int]
    away: tuple[int, ...]
    trained: frozenset[int] = frozenset()
    languages: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    mentors: frozenset[int] = frozenset()
    only_trained: bool = False


async def gather(
    session: AsyncSession, core: Core, row: review_rounds.ReviewRoundRow, authors: Collection[int]
) -> Facts:
    """Look everything up for a round."""
    guild_id, per_work = row.guild_id, row.per_work
    settings = await core.configs.present(session, guild_id, ReviewSettings)
    hours = settings.release_hours
    now = core.clock.now()
    config = await core.configs.present(session, guild_id, GuildConfig)
    said = await review_wishes.list_availability(session, guild_id)
    people = sorted({*authors, *(member for member, each in said.items() if each.volunteers)})
    departed = await privacy_storage.list_departed(session, guild_id)
    taken = await storage.count_taken(session, guild_id, people, now - rules.WEEK)
    waking: dict[str, int] = {}
    awake: dict[int, int] = {}
    rooms: dict[int, int] = {}
    away: list[int] = []
    trained = await Licences(core).list_reviewers(session, guild_id, of=people)
    members = await member_storage.list_members(session, guild_id, people)
    for each in people:
        member = members.get(each)
        zone = (member.zone if member is not None else None) or config.zone
        awake[each] = waking[zone] = waking.get(zone) or free_hours(zone, now.date())
        wishes = said.get(each)
        is_paused = member is not None and (member.paused_until or now) > now
        is_asked = wishes is None or rules.is_asked_in(wishes.weekdays, local_now(now, zone).weekday(), hours)
        if each in departed or is_paused or not is_asked:
            away.append(each)
            rooms[each] = 0
        elif settings.only_trained and each not in trained:
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
    profiles = await core.profiles.list_of(session, guild_id, people)
    return Facts(
        now,
        awake,
        await storage.count_given(session, guild_id),
        met,
        await core.avoidances.list_blocked(session, guild_id),
        rooms,
        tuple(away),
        trained,
        {each.member_id: each.languages for each in profiles if each.languages},
        frozenset(each.member_id for each in profiles if each.level is Level.MENTOR),
        settings.only_trained,
    )


def level_of(given: int, *, is_trained: bool = False, is_mentor: bool = False) -> int:
    """How experienced somebody is as a reviewer, from 0. Who holds the licence counts as senior from the first day, and
    who says that they help others as if they had given some."""
    level = max(sum(given >= each for each in _LEVELS), MENTOR_LEVEL if is_mentor else 0)
    return max(level, SENIOR_LEVEL) if is_trained else level


def reason(facts: Facts, reviewer: int, author: int) -> tuple[str, dict[str, Any]]:
    """Why these two: a gettext id and its fields."""
    hours = shared_hours(facts.hours.get(reviewer, 0), facts.hours.get(author, 0))
    given = facts.given.get(reviewer, 0)
    weeks = facts.met.get((reviewer, author))
    fields: dict[str, Any] = {"hours": hours, "given": given}
    if weeks is not None:
        return AGAIN, {}
    if given:
        return N_("new to this author, hours in common: {hours}, reviews given: {given}"), fields
    return N_("new to this author, hours in common: {hours}"), {"hours": hours}
