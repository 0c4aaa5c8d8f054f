"""Notes what streaks depend on, in the transaction in which it happens: contributions, zones, pauses, switches."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import RecordedAct
from bot.core import Core
from bot.features import Switched
from bot.notify import MemberChange
from cogs.streaks.rules import EVER
from cogs.streaks.settling import Settling
from storage import members as member_storage
from storage import streaks as storage
from storage.streaks import StreakPauseRow

FEATURE = "streaks"


class Watching:
    """Listens."""

    def __init__(self, core: Core, settling: Settling) -> None:
        self._core = core
        self._settling = settling

    async def contributed(self, session: AsyncSession, act: RecordedAct) -> None:
        """A week may count. Costs one query while a streak runs."""
        known = await storage.find_streak(session, act.guild_id, act.member_id)
        if known is not None and known.settle_at is not None:
            return
        if known is None:
            await self._settling.note_guild(session, act.guild_id)
        await member_storage.change_member(session, act.guild_id, act.member_id)  # locked first, everywhere
        row = await storage.lock_streak(session, act.guild_id, act.member_id, begins=act.at)
        if row.settle_at is None:
            if not row.length:
                row.until = max(row.until, act.at)
            await self._settling.settle(session, [row])

    async def changed(self, session: AsyncSession, change: MemberChange) -> None:
        """Somebody's zone or pause is another now. The member's row is locked."""
        guild_id, member_id, at = change.guild_id, change.member_id, change.at
        if change.zone != change.zone_before:
            if not [
                row
                for row in await storage.list_zones(session, guild_id, [member_id])
                if row.member_id == member_id
            ]:
                await storage.add_zone(session, guild_id, member_id, since=EVER, zone=change.zone_before)
            await storage.add_zone(session, guild_id, member_id, since=at, zone=change.zone)
        if change.paused_until != change.paused_before:
            await storage.end_pause(session, guild_id, member_id, at)
            if change.paused_until is not None and change.paused_until > at:
                session.add(
                    StreakPauseRow(
                        guild_id=guild_id, member_id=member_id, starts_at=at, ends_at=change.paused_until
                    )
                )
                await session.flush()

    async def switched(self, session: AsyncSession, switched: Switched) -> None:
        """The weeks in which streaks are off are held."""
        if switched.feature != FEATURE:
            return
        note = storage.end_hold if switched.is_on else storage.begin_hold
        await note(session, switched.guild_id, self._core.clock.now())
        if switched.is_on:
            await self._settling.sweep_soon(session)
