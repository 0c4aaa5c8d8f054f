"""Reads what decides about weeks, for many members of one server at once: seven queries, however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from cogs.streaks.rules import EVER, Done, Facts, Hold, Span, State, effective_zones
from storage import streaks as storage
from storage.guilds import find_config
from storage.members import MemberRow
from storage.personal import NOBODY
from storage.rituals import RitualSettingsRow
from storage.streaks import EVERYWHERE, StreakRow

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def state_of(row: StreakRow) -> State:
    return State(
        until=row.until,
        monday=date.fromisoformat(row.monday) if row.monday else None,
        length=row.length,
        longest=row.longest,
        freezes=row.freezes,
        carried=row.carried_act,
    )


class FactsReader:
    """Reads them in the caller's transaction."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def read(
        self, session: AsyncSession, guild_id: int, rows: Sequence[StreakRow], now: datetime
    ) -> Mapping[int, Facts]:
        """By member, as far back as their streaks are not settled."""
        members = [row.member_id for row in rows]
        since = min(row.until for row in rows)
        reached = {row.member_id: row for row in await storage.list_members(session, guild_id, members)}
        zones = await self._zones(session, guild_id, members, reached, now)
        holds = await self._holds(session, guild_id, since)
        pauses = await self._pauses(session, guild_id, rows, reached, since, now)
        rests: defaultdict[int, set[date]] = defaultdict(set)
        for rest in await storage.list_rests(session, guild_id, members):
            rests[rest.member_id].add(date.fromisoformat(rest.monday))
        acts: defaultdict[int, list[Done]] = defaultdict(list)
        for member_id, id_, at in await self._core.ledger.list_contributions(
            session, guild_id, members, since=since, until=NEVER
        ):
            acts[member_id].append(Done(id_, at))
        dates, days = await self._holidays(session, guild_id)
        return {
            row.member_id: Facts(
                zones=zones[row.member_id],
                acts=tuple(act for act in acts[row.member_id] if act.at >= row.until),
                spans=(*pauses[row.member_id], *holds),
                rests=frozenset(rests[row.member_id]),
                holidays=dates,
                yearly_holidays=days,
                is_zone_own=row.member_id in reached and reached[row.member_id].zone is not None,
            )
            for row in rows
        }

    async def _zones(
        self,
        session: AsyncSession,
        guild_id: int,
        members: Iterable[int],
        reached: Mapping[int, MemberRow],
        now: datetime,
    ) -> Mapping[int, tuple[tuple[datetime, str], ...]]:
        members = tuple(members)
        known: defaultdict[int, list[tuple[datetime, str | None]]] = defaultdict(list)
        for row in await storage.list_zones(session, guild_id, members):
            known[row.member_id].append((row.since, row.zone))
        present = (await self._core.configs.guild(guild_id)).zone
        everyones = [(since, zone or present) for since, zone in known[NOBODY]] or [(EVER, present)]
        if everyones[-1][1] != present:
            everyones.append((now, present))  # changed since it was last written down
        return {
            each: effective_zones(
                known[each] or [(EVER, reached[each].zone if each in reached else None)], everyones
            )
            for each in members
        }

    async def _holds(self, session: AsyncSession, guild_id: int, since: datetime) -> tuple[Span, ...]:
        return tuple(
            Span(row.starts_at, row.ends_at or NEVER, Hold.AWAY if row.guild_id == EVERYWHERE else Hold.OFF)
            for row in await storage.list_holds(session, [guild_id], since=since)
        )

    async def _pauses(
        self,
        session: AsyncSession,
        guild_id: int,
        rows: Sequence[StreakRow],
        reached: Mapping[int, MemberRow],
        since: datetime,
        now: datetime,
    ) -> Mapping[int, list[Span]]:
        found: defaultdict[int, list[Span]] = defaultdict(list)
        members = [row.member_id for row in rows]
        for pause in await storage.list_pauses(session, guild_id, members, since=since):
            found[pause.member_id].append(Span(pause.starts_at, pause.ends_at, Hold.PAUSE))
        for row in rows:
            member = reached.get(row.member_id)
            until = member.paused_until if member is not None else None
            # One that was begun before pauses were written down.
            if until is not None and until > now and not any(s.end == until for s in found[row.member_id]):
                found[row.member_id].append(Span(row.until, until, Hold.PAUSE))
        return found

    async def _holidays(
        self, session: AsyncSession, guild_id: int
    ) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
        """The community's holidays, as they are listed for its rituals: dates, and days of every year."""
        row = await find_config(session, RitualSettingsRow, guild_id)
        listed: Mapping[str, Any] = row.holidays if row is not None else {}
        days = {(int(each[:2]), int(each[3:])) for each in listed if len(each) == len("12-25")}
        dates = {date.fromisoformat(each) for each in listed if len(each) > len("12-25")}
        return frozenset(dates), frozenset(days)
