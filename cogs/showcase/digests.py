"""The weekly digest: when it is due, what comes into it, and drawing it again."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.nominal_times import LocalRule, local_now, weekly
from bot.outbox import Effect, EffectKind, Lane
from bot.schedules import CatchUp, NewSchedule
from bot.time_input import read_time
from cogs.showcase import rules
from cogs.showcase.model import DIGEST_JOB, DIGEST_RENDERER, Desk, Part, ShowcaseSettings, entry_of
from cogs.showcase.rules import State
from storage import showcase as storage
from storage.outbox import KEPT as DRAWN_FOR

LATE_WITHIN = timedelta(days=3)


class Digests:
    """Plans the digests, and lets facilitators say when."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def ensure(self, session: AsyncSession, guild_id: int) -> None:
        """There is something to show: have a schedule. The community's row is locked by this."""
        settings = await self._core.configs.change(session, guild_id, ShowcaseSettings)
        if settings.schedule_id is not None:
            found = await self._core.schedules.find(session, settings.schedule_id)
            if found is not None:
                return
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        schedule = await self._core.schedules.add(
            session,
            NewSchedule(
                guild_id=guild_id,
                job_name=DIGEST_JOB,
                subject="showcase",
                rule=self._rule(settings.weekday, settings.minute, config.zone),
                zone=config.zone,
                catch_up=CatchUp.LATE_WITHIN,
                late_within=LATE_WITHIN,
            ),
        )
        await self._core.configs.change(session, guild_id, ShowcaseSettings, schedule_id=schedule.id)

    async def due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Plan the digest. A week in which nothing was put forward has none."""
        assert job.guild_id is not None and job.nominal is not None
        settings = await self._core.configs.change(session, job.guild_id, ShowcaseSettings)  # locks the row
        if settings.channel_id is None:
            return Skipped(N_("no channel is chosen for show-and-tell"))
        parts, left = rules.split(await storage.list_waiting(session, job.guild_id, lock=True))
        if not parts:
            return Skipped(N_("nothing was put forward"))
        row = storage.ShowcaseDigestRow(
            guild_id=job.guild_id,
            key=job.nominal.isoformat(),
            channel_id=settings.channel_id,
            at=self._core.clock.now(),
            parts=len(parts),
            left=left,
        )
        session.add(row)
        await session.flush()
        for number, entries in enumerate(parts):
            for entry in entries:
                entry.state, entry.digest_id, entry.part = State.POSTED.value, row.id, number
                entry.people = None
            effect = self._effect(row, number, EffectKind.POST, row.effect_key(number))
            await self._core.outbox.plan(session, effect, job_id=job.id)
        return None

    async def redraw(self, session: AsyncSession, entry: storage.ShowcaseEntryRow) -> None:
        """Show the card again on which this stands, or stood."""
        if entry.digest_id is None:
            return
        row = await storage.lock_digest(session, entry.digest_id)
        if row is not None:
            await self._redraw(session, row, entry.part)

    async def redraw_all(self, session: AsyncSession, guild_id: int) -> None:
        """Draw the digests of the last months again, because somebody who stood there was deleted."""
        since = self._core.clock.now() - DRAWN_FOR
        for each in await storage.list_digests(session, guild_id, since=since):
            row = await storage.lock_digest(session, each.id)
            if row is not None:
                for number in range(row.parts):
                    await self._redraw(session, row, number)

    async def find(self, digest_id: int, number: int) -> Part | None:
        """One card, for drawing it."""
        async with self._core.db.read() as session:
            row = await storage.find_digest(session, digest_id)
            if row is None:
                return None
            entries = await storage.list_of_digest(session, digest_id, number)
        return Part(
            row.id,
            number,
            row.parts,
            row.guild_id,
            row.channel_id,
            row.left,
            tuple(map(entry_of, entries)),
        )

    async def next_at(self, guild_id: int) -> datetime | None:
        """When the next digest is due (UTC)."""
        settings = await self._core.configs.get(guild_id, ShowcaseSettings)
        if settings.schedule_id is None:
            return None
        async with self._core.db.read() as session:
            schedule = await self._core.schedules.find(session, settings.schedule_id)
        return schedule.next_run_at if schedule is not None else None

    # ------------------------------------------------------------------------------------------ facilitators

    async def desk(self, actor: Actor) -> Desk:
        """When and where, and how many wait. Raises `NotAllowed`."""
        await self.check(actor)
        settings = await self._core.configs.get(actor.guild_id, ShowcaseSettings)
        async with self._core.db.read() as session:
            waiting = len(await storage.list_waiting(session, actor.guild_id))
        return Desk(settings, waiting, await self.next_at(actor.guild_id))

    async def check(self, actor: Actor) -> None:
        """Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def choose_channel(self, actor: Actor, channel_id: int | None) -> None:
        """Post it there; None ends it, and what waits goes on waiting. Raises `NotAllowed`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session, actor.guild_id, ShowcaseSettings, by=actor, channel_id=channel_id
            )

    async def choose_time(self, actor: Actor, weekday: int, typed: str) -> None:
        """Another day and hour. Raises `NotAllowed`, `InvalidInput`."""
        await self.check(actor)
        at = read_time(typed)
        rules.check_weekday(weekday)
        async with self._core.db.begin() as session:
            await self.choose_time_in(session, actor, weekday, at.hour * 60 + at.minute)

    async def choose_time_in(self, session: AsyncSession, actor: Actor, weekday: int, minute: int) -> None:
        """The same within a transaction, for who was let through before."""
        before = await self._core.configs.change(session, actor.guild_id, ShowcaseSettings)
        if (before.weekday, before.minute) == (weekday, minute):
            return
        await self._core.configs.change(
            session, actor.guild_id, ShowcaseSettings, by=actor, weekday=weekday, minute=minute
        )
        if before.schedule_id is not None:
            config = await self._core.configs.present(session, actor.guild_id, GuildConfig)
            rule = self._rule(weekday, minute, config.zone)
            await self._core.schedules.change(session, before.schedule_id, rule=rule)

    def _rule(self, weekday: int, minute: int, zone: str) -> LocalRule:
        today = local_now(self._core.clock.now(), zone).date()
        return weekly([weekday], time(minute // 60, minute % 60), today)

    async def _redraw(self, session: AsyncSession, row: storage.ShowcaseDigestRow, number: int) -> None:
        row.version += 1
        key = f"showcase.redraw:{row.id}:{number}:{row.version}"
        effect = self._effect(row, number, EffectKind.EDIT, key, after=row.effect_key(number))
        await self._core.outbox.plan(session, effect)

    def _effect(
        self,
        row: storage.ShowcaseDigestRow,
        number: int,
        kind: EffectKind,
        key: str,
        *,
        after: str | None = None,
    ) -> Effect:
        return Effect(
            kind=kind,
            key=key,
            guild_id=row.guild_id,
            channel_id=row.channel_id,
            renderer=DIGEST_RENDERER,
            arguments={"digest_id": row.id, "part": number},
            lane=Lane.SCHEDULED,
            after=after,
        )
