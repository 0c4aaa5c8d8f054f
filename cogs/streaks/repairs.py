"""What staff do: see why a member's weeks counted, let one count that did not, and take that back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.i18n import N_
from bot.nominal_times import local_now
from bot.notify import Notification
from bot.text import clean, cut, mention_user
from cogs.streaks.model import AREA, REPAIR_KIND, REPAIR_RENDERER, StaffView
from cogs.streaks.rules import GRACE, WEEK, Judged, Outcome, midnight, monday_of, repairable, tally
from cogs.streaks.service import StreaksService
from cogs.streaks.settling import Settling
from storage import members as member_storage
from storage import streaks as storage
from storage.streaks import StreakRow, StreakWeekRow

MOST_OFFERED = 20
LONGEST_REASON = 300


class Repairs:
    """The use cases of staff. All raise `NotAllowed` for who may not."""

    def __init__(self, core: Core, service: StreaksService, settling: Settling) -> None:
        self._core = core
        self._service = service
        self._settling = settling

    async def find(self, actor: Actor, member_id: int) -> StaffView:
        """Somebody's streak. Raises `NotFound` for who never had one."""
        await self._check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_streak(session, actor.guild_id, member_id)
            if row is None:
                raise NotFound("They have no streak yet. It begins with the first thing they do here.")
            return await self._view(session, row, 0)

    async def look(self, actor: Actor, streak_id: int, number: int = 0) -> StaffView:
        """The same by its number, and a page of weeks."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return await self._view(session, await self._row(session, actor, streak_id), number)

    async def repair(self, actor: Actor, streak_id: int, monday: date, reason: str) -> StaffView:
        """Let a week count. The member is told why. Raises `InvalidInput`, `NotFound`, and `AlreadyDone` for the
        second of two."""
        await self._check(actor)
        reason = cut(" ".join(clean(reason).split()), LONGEST_REASON)
        if not reason:
            raise InvalidInput("Please say why, so that they and other staff understand it.")
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, streak_id)
            week = await storage.lock_week(session, row.id, monday)
            if week is not None and week.repaired_at is not None:
                raise AlreadyDone("That week has been repaired already. Nothing was changed.")
            if monday not in await self._repairable(session, row):
                raise InvalidInput("That week cannot be repaired. It counts already, or is not over yet.")
            week = week or await self._add_week(session, row, monday)
            week.repaired_at, week.repaired_by = self._core.clock.now(), actor.member_id
            week.repair_reason, week.repairs = reason, week.repairs + 1
            await self._sum_up(session, row)
            what = N_("let the week of {week} count in the streak of {member}")
            await self._core.audit.record(
                session,
                actor,
                AREA,
                what,
                why=reason,
                week=monday.isoformat(),
                member=mention_user(row.member_id),
            )
            notification = Notification(
                kind=REPAIR_KIND.name,
                key=f"{REPAIR_RENDERER}:{week.id}:{week.repairs}",
                guild_id=row.guild_id,
                member_id=row.member_id,
                renderer=REPAIR_RENDERER,
                channel_id=None,
                arguments={"week_id": week.id, "repairs": week.repairs},
            )
            await self._core.notifier.notify(session, notification)
            return await self._view(session, row, 0)

    async def take_back(self, actor: Actor, streak_id: int, monday: date) -> StaffView:
        """The week is again what it was before. Raises `AlreadyDone`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, streak_id)
            week = await storage.lock_week(session, row.id, monday)
            if week is None or week.repaired_at is None:
                raise AlreadyDone("That repair has been taken back already. Nothing was changed.")
            why, week.repair_reason = week.repair_reason, None
            week.repaired_at = week.repaired_by = None
            await self._sum_up(session, row)
            what = N_("took back that the week of {week} counts in the streak of {member}")
            await self._core.audit.record(
                session,
                actor,
                AREA,
                what,
                before={"reason": why},
                week=monday.isoformat(),
                member=mention_user(row.member_id),
            )
            key = f"{REPAIR_RENDERER}:{week.id}:{week.repairs}"
            await self._core.notifier.withdraw(session, key)
            return await self._view(session, row, 0)

    async def find_repair(self, week_id: int, repairs: int) -> StreakWeekRow | None:
        """The repaired week for the message about it; None when that was taken back."""
        async with self._core.db.read() as session:
            week = await session.get(StreakWeekRow, week_id)
            is_this = week is not None and week.repaired_at is not None and week.repairs == repairs
            return week if is_this else None

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def _row(self, session: AsyncSession, actor: Actor, streak_id: int) -> StreakRow:
        row = await storage.find_streak_by_id(session, actor.guild_id, streak_id)
        if row is None:
            raise NotFound("That streak does not exist any more.")
        return row

    async def _lock(self, session: AsyncSession, actor: Actor, streak_id: int) -> StreakRow:
        """The streak, locked, with everything settled that is over."""
        known = await self._row(session, actor, streak_id)
        await member_storage.change_member(session, known.guild_id, known.member_id)
        now = self._core.clock.now()
        row = await storage.lock_streak(session, known.guild_id, known.member_id, begins=now)
        await self._settling.settle(session, [row])
        return row

    async def _view(self, session: AsyncSession, row: StreakRow, number: int) -> StaffView:
        page = await self._service.page_in(session, row.guild_id, row.member_id, number)
        weeks = await storage.list_weeks(session, row.id)
        repaired = tuple(date.fromisoformat(week.monday) for week in weeks if week.repaired_at is not None)
        return StaffView(page, row.id, await self._repairable(session, row), repaired[:MOST_OFFERED])

    async def _repairable(self, session: AsyncSession, row: StreakRow) -> tuple[date, ...]:
        judged = _judged(await storage.list_weeks(session, row.id))
        now = self._core.clock.now()
        zone = await self._zone(session, row)
        over = monday_of(local_now(now - GRACE, zone).date()) - WEEK
        if row.monday is not None:
            settled = date.fromisoformat(row.monday)
            # What comes after the last settled week of a running streak is not decided yet.
            over = settled if row.length else max(settled, over)
        return repairable(judged, over, MOST_OFFERED)

    async def _add_week(self, session: AsyncSession, row: StreakRow, monday: date) -> StreakWeekRow:
        """A week in which no streak ran, and which is therefore not written down yet."""
        zone = await self._zone(session, row)
        week = StreakWeekRow(
            guild_id=row.guild_id,
            streak_id=row.id,
            monday=monday.isoformat(),
            starts_at=midnight(monday, zone),
            ends_at=midnight(monday + WEEK, zone),
            outcome=Outcome.MISSED.value,
            repairs=0,
        )
        session.add(week)
        await session.flush()
        return week

    async def _sum_up(self, session: AsyncSession, row: StreakRow) -> None:
        """Count anew, and go on from the last week that is settled."""
        await session.flush()
        weeks = await storage.list_weeks(session, row.id)
        row.length, row.longest, row.freezes = tally(_judged(weeks))
        row.monday = weeks[0].monday
        if row.length:
            row.until = weeks[0].ends_at
        await session.flush()
        await self._settling.settle(session, [row])

    async def _zone(self, session: AsyncSession, row: StreakRow) -> str:
        member = await member_storage.find_member(session, row.guild_id, row.member_id)
        return (member.zone if member is not None else None) or (
            await self._core.configs.guild(row.guild_id)
        ).zone


def _judged(weeks: Sequence[StreakWeekRow]) -> list[Judged]:
    return [
        Judged(date.fromisoformat(each.monday), Outcome(each.outcome), each.repaired_at is not None)
        for each in weeks
    ]
