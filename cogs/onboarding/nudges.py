"""One gentle reminder for somebody who got stuck in a quest, then silence for the rest of that run.

A job looks at the run when it may have got stuck. Who went on, or is paused, is looked at again later; who left,
finished or left out everything is not. Who leaves while the reminder waits for the morning is not reminded either. The job survives restarts, and the reminder is planned in the transaction
that ends it, so it is said once.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.jobs import Job, Skipped
from cogs.onboarding import effects, rules
from cogs.onboarding.model import OnboardingSettings
from cogs.onboarding.runs import Runs
from storage import members as member_storage
from storage import onboarding as storage
from storage import privacy as privacy_storage

LONGEST_WAIT = 24 * 30  # hours


class Nudges:
    """Looks after runs in which nothing happens."""

    def __init__(self, core: Core, runs: Runs) -> None:
        self._core = core
        self._runs = runs

    async def look(self, session: AsyncSession, job: Job) -> Skipped | None:
        """It is time to look at a run: remind, look again later, or leave it alone."""
        row = await storage.lock_quest(session, int(job.payload["quest_id"]))
        if row is None or row.run != job.payload["run"] or row.finished_at is not None:
            return Skipped(N_("the quest is finished or was begun anew"))
        settings = await self._core.configs.get(row.guild_id, OnboardingSettings)
        if not settings.nudge_after_hours or row.nudged_run >= row.run or row.progress_at is None:
            return Skipped(N_("no reminder is wanted any more"))
        if not await self._can_read(session, row.guild_id, row.member_id):
            # Whoever comes back, or accepts the rules, is greeted; from then on it is waited anew.
            return Skipped(N_("the member has left or has not accepted the rules"))
        member = await member_storage.find_member(session, row.guild_id, row.member_id)
        due = rules.nudge_due(
            progress_at=row.progress_at,
            paused_until=member.paused_until if member is not None else None,
            hours=settings.nudge_after_hours,
        )
        if due > self._core.clock.now():
            await self._runs.look_later(session, row, due)
            return Skipped(N_("the member went on or is paused; looked at again later"))
        quest = await self._runs.snapshot(session, row)
        if quest.next_step is None:
            if quest.progress.resting:
                # A facilitator may choose another channel, and then there is something to do.
                await self._runs.look_later(
                    session, row, self._core.clock.now() + timedelta(hours=settings.nudge_after_hours)
                )
            return Skipped(N_("there is no step that could be done"))
        row.nudged_run = row.run
        channel_id = settings.introductions_channel_id or settings.welcome_channel_id
        await self._core.notifier.notify(session, effects.nudge_of(quest, channel_id))
        return None

    async def wait_anew(self, guild_id: int) -> None:
        """From now on, look at every run that is under way: what was due while the feature was off was left out."""
        hours = (await self._core.configs.get(guild_id, OnboardingSettings)).nudge_after_hours
        if not hours:
            return
        due = self._core.clock.now() + timedelta(hours=hours)
        async with self._core.db.begin() as session:
            for row in await storage.list_unfinished_of_guild(session, guild_id):
                if row.progress_at is not None and row.nudged_run < row.run:
                    await self._runs.look_later(session, row, due)

    async def can_read(self, guild_id: int, member_id: int) -> bool:
        """Whether the member is in the server and has accepted its rules, as far as we heard."""
        async with self._core.db.read() as session:
            return await self._can_read(session, guild_id, member_id)

    async def _can_read(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        newcomer = await storage.find_newcomer(session, guild_id, member_id)
        if newcomer is not None:
            return newcomer.left_at is None and not newcomer.pending
        # Who was here before Lyceum is no newcomer.
        return not await privacy_storage.has_left(session, guild_id, member_id)

    async def set_wait(self, actor: Actor, hours: int) -> None:
        """After how many hours without progress somebody is reminded; 0 is never. Raises `InvalidInput`.

        It holds for runs that are under way too.
        """
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        if not 0 <= hours <= LONGEST_WAIT:
            raise InvalidInput("Choose 0 for never, or at most {most} hours.", most=LONGEST_WAIT)
        async with self._core.db.begin() as session:
            await self.set_wait_in(session, actor, hours)

    async def set_wait_in(self, session: AsyncSession, actor: Actor, hours: int) -> None:
        """The same within a transaction, checked before."""
        await self._core.configs.change(
            session, actor.guild_id, OnboardingSettings, by=actor, nudge_after_hours=hours
        )
        wait, now = timedelta(hours=hours), self._core.clock.now()
        for row in await storage.list_unfinished_of_guild(session, actor.guild_id):
            if hours and row.progress_at is not None and row.nudged_run < row.run:
                # Who would be late already waits anew: a change of the setting reminds nobody at once.
                due = row.progress_at + wait
                await self._runs.look_later(session, row, due if due > now else now + wait)
