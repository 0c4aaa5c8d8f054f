"""One reminder, a day before the deadline, for who joined, asked for it and has handed nothing in.

A job looks when it is time. If the deadline or the member's zone was changed since, it looks again at the new time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.core import Core
from bot.i18n import N_
from bot.jobs import Job, NewJob, Skipped
from bot.nominal_times import local_now, to_instant
from bot.notify import Notification
from bot.outbox import Lane
from cogs.challenges.model import REMIND_JOB, REMINDER_KIND, REMINDER_RENDERER
from cogs.challenges.rules import State
from storage import challenges as storage
from storage import members as member_storage
from storage import privacy as privacy_storage

REMIND_BEFORE = timedelta(days=1)


class Reminders:
    """Plans and gives them, within the caller's transaction."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def expect(
        self, session: AsyncSession, row: storage.ChallengeRow, member_id: int
    ) -> datetime | None:
        """Plan to remind somebody a day before the deadline, by the clock of their zone. None when that is over."""
        at = await self._due_at(session, row, member_id)
        if at <= self._core.clock.now():
            return None
        job = NewJob(
            REMIND_JOB,
            f"{REMIND_JOB}:{row.id}:{member_id}:{int(at.timestamp())}",
            run_at=at,
            guild_id=row.guild_id,
            payload={"challenge_id": row.id, "member_id": member_id},
            expires_at=row.closes_at,
        )
        await self._core.jobs.enqueue(session, job)
        return at

    async def remind_due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Remind somebody who joined, asked for it and has handed nothing in; or look again later, or leave it."""
        assert job.guild_id is not None
        member_id = int(job.payload["member_id"])
        row = await storage.find_challenge(session, job.guild_id, int(job.payload["challenge_id"]))
        if row is None or row.state != State.OPEN or row.closes_at is None:
            return Skipped(N_("the challenge is not open any more"))
        entry = await storage.find_entry(session, row, member_id)
        if entry is None or not entry.remind:
            return Skipped(N_("no reminder is wanted any more"))
        if await storage.list_versions(session, row.guild_id, row.id, member_id):
            return Skipped(N_("it was submitted already"))
        if member_id in await privacy_storage.list_departed(session, row.guild_id):
            return Skipped(N_("the member has left"))
        if await self.expect(session, row, member_id) is not None:
            return Skipped(N_("the deadline or the member's zone was changed; it comes later"))
        notification = Notification(
            kind=REMINDER_KIND,
            key=f"{REMIND_JOB}:{row.id}:{member_id}",
            guild_id=row.guild_id,
            member_id=member_id,
            renderer=REMINDER_RENDERER,
            channel_id=row.channel_id,
            arguments={"challenge_id": row.id},
            expires_at=row.closes_at,
            lane=Lane.SCHEDULED,
        )
        await self._core.notifier.notify(session, notification)
        return None

    async def _due_at(self, session: AsyncSession, row: storage.ChallengeRow, member_id: int) -> datetime:
        """The same time of day by the member's clock, a day before: 23 or 25 hours where the clocks change between."""
        assert row.closes_at is not None
        member = await member_storage.find_member(session, row.guild_id, member_id)
        config = await self._core.configs.guild(row.guild_id)
        zone = (member.zone if member is not None else None) or config.zone
        return to_instant(local_now(row.closes_at, zone) - REMIND_BEFORE, zone)
