"""What a member does with their streak: look, ask why, hide it, plan a rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import RecordedAct
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import Translator
from bot.nominal_times import local_now
from cogs.streaks.facts import FactsReader, state_of
from cogs.streaks.model import Counted, Page, Standing, WeekView
from cogs.streaks.rules import (
    GRACE,
    WEEK,
    Done,
    Hold,
    Outcome,
    State,
    Week,
    midnight,
    monday_of,
    walk,
    zone_at,
)
from storage import members as member_storage
from storage import streaks as storage
from storage.streaks import StreakRow, StreakWeekRow

PAGE = 6
OFFERED_RESTS = 8
SHOWN_ACTS = 3
MOST_PAGES = 1000  # a page that a button names may be any number


class StreaksService:
    """The use cases. Looking writes nothing."""

    def __init__(self, core: Core, facts: FactsReader) -> None:
        self._core = core
        self._facts = facts

    async def look(self, guild_id: int, member_id: int) -> Standing:
        """The streak as it stands now."""
        async with self._core.db.read() as session:
            return await self._standing_in(session, guild_id, member_id)

    async def why(self, guild_id: int, member_id: int, number: int = 0) -> Page:
        """A page of weeks with the reasons, the newest first."""
        async with self._core.db.read() as session:
            return await self.page_in(session, guild_id, member_id, number)

    async def hide(self, actor: Actor, *, hidden: bool) -> Standing:
        """Show the streak to nobody but the member, or let it be shown again."""
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            row = await storage.lock_streak(session, actor.guild_id, actor.member_id, begins=now)
            row.hidden = hidden
            await session.flush()
            return await self._standing_in(session, actor.guild_id, actor.member_id)

    async def card_line(
        self, session: AsyncSession, guild_id: int, member_id: int, t: Translator
    ) -> str | None:
        """For the member's card; a hidden streak stands on none."""
        standing = await self._standing_in(session, guild_id, member_id)
        if standing.hidden or not standing.longest:
            return None
        weeks = t.tn("{n} week", "{n} weeks", standing.length)
        return t("{weeks}, the longest {longest}", weeks=weeks, longest=standing.longest)

    async def plan_rests(self, actor: Actor, chosen: Collection[str]) -> Standing:
        """Rest in these of the next weeks (Mondays), and in no others of them. Raises `InvalidInput`."""
        now = self._core.clock.now()
        async with self._core.db.begin() as session:
            await member_storage.change_member(session, actor.guild_id, actor.member_id)
            await storage.lock_streak(session, actor.guild_id, actor.member_id, begins=now)
            before = await self._standing_in(session, actor.guild_id, actor.member_id)
            offered = {each.isoformat(): each for each in before.offered_rests}
            # A week that has begun since the form was opened stays as it was.
            mondays = [offered[each] for each in chosen if each in offered]
            if chosen and not mondays:
                raise InvalidInput("Those weeks have begun already. Please open the form again.")
            await storage.set_rests(
                session, actor.guild_id, actor.member_id, of=before.offered_rests, chosen=mondays
            )
            return replace(before, rests=tuple(sorted(mondays)))

    async def page_in(self, session: AsyncSession, guild_id: int, member_id: int, number: int) -> Page:
        """The same within a transaction."""
        row = await storage.find_streak(session, guild_id, member_id)
        standing, weeks = await self._standing_of(session, guild_id, member_id, row)
        shown: list[Week | StreakWeekRow] = list(reversed(weeks))
        if row is not None:
            # As many as this page and the first of the next need: years of weeks stay where they are.
            wanted = (min(max(0, number), MOST_PAGES) + 1) * PAGE + 1 - len(shown)
            shown += await storage.list_weeks(session, row.id, limit=max(0, wanted))
        last = max(0, (len(shown) - 1) // PAGE)
        number = min(max(0, number), last)
        part = shown[number * PAGE : (number + 1) * PAGE]
        views = await self._views(session, part)
        return Page(standing, tuple(views), number, has_more=number < last)

    async def _standing_in(self, session: AsyncSession, guild_id: int, member_id: int) -> Standing:
        found = await storage.find_streak(session, guild_id, member_id)
        standing, _ = await self._standing_of(session, guild_id, member_id, found)
        return standing

    async def _standing_of(
        self, session: AsyncSession, guild_id: int, member_id: int, found: StreakRow | None
    ) -> tuple[Standing, tuple[Week, ...]]:
        """Where the member stands, and the weeks that are not settled yet."""
        now = self._core.clock.now()
        row = found or StreakRow(
            guild_id=guild_id, member_id=member_id, until=now, length=0, longest=0, freezes=0, hidden=False
        )
        facts = (await self._facts.read(session, guild_id, [row], now))[member_id]
        weeks = walk(state_of(row), facts, now)
        state = weeks[-1].after if weeks else state_of(row)
        zone = zone_at(facts.zones, now)
        running = weeks[-1] if weeks and weeks[-1].end > now else _empty_week(state, zone, now)
        before = next((week for week in weeks[-2:-1] if not week.is_final), None)
        views = await self._views(session, [running, *([before] if before is not None else [])])
        offered = tuple(running.monday + WEEK * number for number in range(1, OFFERED_RESTS + 1))
        standing = Standing(
            guild_id,
            member_id,
            zone=zone,
            is_zone_own=facts.is_zone_own,
            now=now,
            ends_at=running.end,
            week=views[0],
            before=views[1] if before is not None else None,
            before_until=before.end + GRACE if before is not None else None,
            length=state.length,
            longest=state.longest,
            freezes=state.freezes,
            hidden=row.hidden,
            next_steps=await self._next_steps(guild_id),
            rests=tuple(sorted(facts.rests & set(offered))),
            offered_rests=offered,
        )
        return standing, weeks

    async def _next_steps(self, guild_id: int) -> tuple[str, ...]:
        off = await self._core.features.list_off(guild_id)
        known = self._core.ledger.contributions.values()
        return tuple(each.next_step for each in known if each.next_step and each.feature not in off)

    async def _views(self, session: AsyncSession, weeks: Sequence[Week | StreakWeekRow]) -> list[WeekView]:
        """The weeks with the names of what was done in them."""
        dones = {week.monday: _dones(week) for week in weeks}
        ids = [done.id for each in dones.values() for done in each[:SHOWN_ACTS]]
        acts = {act.id: act for act in await self._core.ledger.list_by_id(session, ids)} if ids else {}
        names = await self._core.ledger.names_of(session, acts.values())
        return [
            _view(week, [self._counted(done, acts, names) for done in dones[week.monday][:SHOWN_ACTS]])
            for week in weeks
        ]

    def _counted(self, done: Done, acts: Mapping[int, RecordedAct], names: Mapping[int, str]) -> Counted:
        act = acts.get(done.id)
        known = self._core.ledger.contributions.get(act.kind) if act is not None else None
        return Counted(known.done if known is not None else "", names.get(done.id), done.at)


def _empty_week(state: State, zone: str, now: datetime) -> Week:
    """The week that runs where there is no streak."""
    monday = monday_of(local_now(now, zone).date())
    if state.monday is not None:
        monday = max(monday, state.monday + WEEK)
    end = max(midnight(monday + WEEK, zone), now + timedelta(seconds=1))
    return Week(monday, now, end, Outcome.RUNNING)


def _dones(week: Week | StreakWeekRow) -> tuple[Done, ...]:
    if isinstance(week, Week):
        return week.acts
    return tuple(
        sorted(
            (Done(int(id_), datetime.fromisoformat(at)) for id_, at in week.acts.items()),
            key=lambda each: (each.at, each.id),
        )
    )


def _view(week: Week | StreakWeekRow, acts: Iterable[Counted]) -> WeekView:
    if isinstance(week, Week):
        return WeekView(
            week.monday, week.outcome, week.hold, week.is_late, tuple(acts), act_count=len(week.acts)
        )
    return WeekView(
        date.fromisoformat(week.monday),
        Outcome(week.outcome),
        Hold(week.hold) if week.hold else None,
        week.is_late,
        tuple(acts),
        act_count=week.act_count,
        repair_reason=week.repair_reason,
        is_repaired=week.repaired_at is not None,
    )
