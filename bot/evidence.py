"""The one place that reads the acts on which rules rest (`bot/criteria.py`), in as few statements as can be.

One statement for one person after one act, whatever number of rules ask; one for each batch of people when a whole
community is looked at. Only acts that stand are read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot.criteria import CountedAct
from storage import acts as storage


async def of_member(
    session: AsyncSession, guild_id: int, member_id: int, kinds: Collection[str]
) -> list[CountedAct]:
    """What one person did of these kinds, in order."""
    found = await storage.list_counted(session, guild_id, kinds, member_id=member_id)
    return [CountedAct(*each[1:]) for each in found]


async def of_next_members(
    session: AsyncSession, guild_id: int, kinds: Collection[str], *, after: int, limit: int
) -> Mapping[int, list[CountedAct]]:
    """The same of the next `limit` people with a higher id than `after` who did any of it, by id; none: that was all."""
    people = await storage.list_doers(session, guild_id, kinds, after=after, limit=limit)
    if not people:
        return {}
    found: dict[int, list[CountedAct]] = {member_id: [] for member_id in people}
    for member_id, *act in await storage.list_counted(
        session, guild_id, kinds, people=(people[0], people[-1])
    ):
        found[member_id].append(CountedAct(*act))
    return found


async def of_members(
    session: AsyncSession, guild_id: int, members: Collection[int], kinds: Collection[str]
) -> Mapping[int, list[CountedAct]]:
    """The same of these people, of whom there are at most a few hundred."""
    found: dict[int, list[CountedAct]] = {member_id: [] for member_id in members}
    for member_id, *act in await storage.list_counted(session, guild_id, kinds, members=members):
        found[member_id].append(CountedAct(*act))
    return found
