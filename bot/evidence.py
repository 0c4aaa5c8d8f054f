"""The one place that reads the acts on which rules rest (`bot/criteria.py`), in as few statements as can be.

One statement for one person after one act, whatever number of rules ask; one for each batch of people when a whole
community is looked at. Only acts that stand are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.criteria import CountedAct
from storage import acts as storage


async def of_member(
    session: AsyncSession, guild_id: int, member_id: int, kinds: Collection[str]
) -> list[CountedAct]:
    """What one person did of these kinds, in order."""
    found = await storage.list_counted(session, guild_id, kinds, member_id=member_id)
    return [CountedAct(id_, kind, subject, other, at) for _, id_, kind, subject, other, at in found]


async def of_next_members(
    session: AsyncSession, guild_id: int, kinds: Collection[str], *, after: int, limit: int
) -> Mapping[int, list[CountedAct]]:
    """The same of the next `limit` people with a higher id than `after` who did any of it, by id; none: that was all."""
    people = await storage.list_doers(session, guild_id, kinds, after=after, limit=limit)
    if not people:
        return {}
    acts = await storage.list_counted(session, guild_id, kinds, people=(people[0], people[-1]))
    return _by_member(people, acts)


async def of_members(
    session: AsyncSession, guild_id: int, members: Collection[int], kinds: Collection[str]
) -> Mapping[int, list[CountedAct]]:
    """The same of these people, of whom there are at most a few hundred."""
    return _by_member(members, await storage.list_counted(session, guild_id, kinds, members=members))


def _by_member(
    members: Collection[int], acts: Iterable[tuple[int, int, str, str, int | None, datetime]]
) -> dict[int, list[CountedAct]]:
    found: dict[int, list[CountedAct]] = {member_id: [] for member_id in members}
    for member_id, id_, kind, subject, other, at in acts:
        # Somebody who did their first one between the two statements comes with the next look.
        if member_id in found:
            found[member_id].append(CountedAct(id_, kind, subject, other, at))
    return found
