"""Reads what a round is drawn from: who takes part and is there, their past, their hours, and who avoids whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import combinations, groupby

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.free_hours import free_hours
from bot.guild_config import GuildConfig
from bot.matching.instance import Together
from cogs.pairs import rules
from cogs.pairs.drawing import Inputs, Pair
from cogs.pairs.model import PairSettings
from cogs.pairs.rules import Person, Why
from storage import pair_members
from storage import pairs as storage
from storage import privacy as privacy_storage

_SECONDS_A_WEEK = 7 * 24 * 3600


class Gathering:
    """Reads within the caller's transaction."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def inputs(self, session: AsyncSession, guild_id: int, weekday: int | None) -> Inputs:
        """What a round now would be drawn from. `weekday` (0 is Monday) is that of the round; None asks everybody."""
        now = self._core.clock.now()
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        settings = await self._core.configs.present(session, guild_id, PairSettings)
        departed = await privacy_storage.list_departed(session, guild_id)
        people: list[Person] = []
        out: list[tuple[int, Why]] = []
        for row, zone, paused_until in await pair_members.list_members(session, guild_id):
            if row.member_id in departed:
                continue
            why = rules.why_not(
                weekdays=row.weekdays,
                weekday=weekday,
                skips=row.skip_next,
                paused_until=paused_until,
                now=now,
            )
            if why is not None:
                out.append((row.member_id, why))
            else:
                people.append(person_of(row, zone or config.zone, now))
        return Inputs(
            tuple(people),
            await self._core.avoidances.list_blocked(session, guild_id),
            await self.together(session, guild_id, now),
            settings.weights,
            tuple(out),
        )

    async def together(self, session: AsyncSession, guild_id: int, now: datetime) -> dict[Pair, Together]:
        """How often any two were together, in all rounds that were not taken back."""
        found: dict[Pair, Together] = {}
        history = await storage.list_history(session, guild_id)
        for _, rows in groupby(history, key=lambda each: each[0]):
            group = list(rows)
            # To the nearest: a round is held some seconds late, now more, now less.
            weeks = max(0, round((now - group[0][1]).total_seconds() / _SECONDS_A_WEEK))
            for pair in combinations(sorted(member for *_, member in group), 2):
                before = found.get(pair)
                times = before.times + 1 if before is not None else 1
                found[pair] = Together(times, min(weeks, before.weeks_ago) if before is not None else weeks)
        return found

    async def used_starters(
        self, session: AsyncSession, guild_id: int, groups: Collection[tuple[int, ...]]
    ) -> dict[tuple[int, ...], list[str]]:
        """The ice-breakers that two people of each group had together, the oldest first."""
        starter_of: dict[int, str] = {}
        groups_of: dict[int, set[int]] = {}
        for group_id, _, starter, member_id in await storage.list_history(session, guild_id):
            starter_of[group_id] = starter
            groups_of.setdefault(member_id, set()).add(group_id)

        def had(group: tuple[int, ...]) -> list[str]:
            both = (
                groups_of.get(a, set[int]()) & groups_of.get(b, set[int]()) for a, b in combinations(group, 2)
            )
            return [starter_of[each] for each in sorted({each for found in both for each in found})]

        return {group: had(group) for group in groups}


def person_of(row: storage.PairMemberRow, zone: str, now: datetime) -> Person:
    """Somebody who takes part, as the rules see them."""
    waits = row.left_out_in is not None and (row.paired_in or 0) < row.left_out_in
    return Person(
        row.member_id,
        free_hours(zone, now.date()),
        tuple(row.teach.split("\n")) if row.teach else (),
        tuple(row.learn.split("\n")) if row.learn else (),
        waits,
        row.paired_in or 0,
    )
