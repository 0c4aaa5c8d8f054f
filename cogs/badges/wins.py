"""The week's wins: at most one post a week, of the new badges of people who agreed to be shown."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.nominal_times import LocalRule, local_now, weekly
from bot.outbox import Effect, EffectKind, Lane
from bot.schedules import CatchUp, NewSchedule
from bot.time_input import read_time
from cogs.badges import rules
from cogs.badges.model import WINS_JOB, WINS_RENDERER, Award, BadgeSettings, award_of, badge_of
from storage import badge_wins as storage
from storage import privacy as privacy_storage

WEEK = timedelta(days=7)
LATE_WITHIN = timedelta(days=3)
BETWEEN = timedelta(days=rules.LEAST_DAYS_BETWEEN_WINS)


class Wins:
    """Plans the posts, and draws them again when somebody does not want, or is not, to be shown any more."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def due(self, session: AsyncSession, job: Job) -> Skipped | None:
        """Plan the post. A week without anything to show has none."""
        assert job.guild_id is not None
        settings = await self._core.configs.change(session, job.guild_id, BadgeSettings)  # locks the row
        if settings.channel_id is None:
            return Skipped(N_("no channel is chosen for the week's wins"))
        now = self._core.clock.now()
        last = await storage.last_digest(session, job.guild_id)
        if last is not None and last.until > now - BETWEEN:
            return Skipped(N_("there was a post of wins less than a week ago"))
        since = max(last.until, now - 2 * WEEK) if last is not None else now - WEEK
        if not await self._list(session, job.guild_id, since, now):
            return Skipped(N_("nobody who would like to be shown has a new badge"))
        row = storage.BadgeDigestRow(
            guild_id=job.guild_id, channel_id=settings.channel_id, since=since, until=now
        )
        session.add(row)
        await session.flush()
        await self._core.outbox.plan(session, _effect(row, EffectKind.POST, row.effect_key), job_id=job.id)
        return None

    async def find(self, digest_id: int) -> tuple[int, tuple[Award, ...]] | None:
        """The server of a post and what is to stand in it now; None when the post is not known."""
        async with self._core.db.read() as session:
            row = await storage.find_digest(session, digest_id)
            if row is None:
                return None
            return row.guild_id, tuple(await self._list(session, row.guild_id, row.since, row.until))

    async def redraw(self, session: AsyncSession, guild_id: int, *, shows: datetime | None = None) -> None:
        """Draw the posts of the last months again; with `shows` the one that tells of that moment."""
        since = self._core.clock.now() - storage.DIGESTS_KEPT
        for row in await storage.list_digests(session, guild_id, since=since, shows=shows):
            row.version += 1
            key = f"badges.wins_again:{row.id}:{row.version}"
            effect = _effect(row, EffectKind.EDIT, key, after=row.effect_key)
            await self._core.outbox.plan(session, effect)

    async def share(self, actor: Actor, *, shares: bool) -> None:
        """The member agrees to be shown, or not any more: then they go from what was posted, too."""
        async with self._core.db.begin() as session:
            shared = await storage.shares(session, actor.guild_id, actor.member_id)
            await storage.set_shares(session, actor.guild_id, actor.member_id, shares=shares)
            if shares:
                last = await storage.last_digest(session, actor.guild_id)
                if last is not None and not shared:
                    # Those posts may be drawn again, and must not tell then of what was nobody's business.
                    await storage.keep_quiet(session, actor.guild_id, actor.member_id, until=last.until)
                await self._ensure_schedule(session, actor.guild_id)
            else:
                await self.redraw(session, actor.guild_id)

    async def choose_channel(self, actor: Actor, channel_id: int | None) -> None:
        """Post them there from now on; None ends it. The caller has looked who that is."""
        async with self._core.db.begin() as session:
            await self._ensure_schedule(session, actor.guild_id)
            await self._core.configs.change(
                session, actor.guild_id, BadgeSettings, by=actor, channel_id=channel_id
            )

    async def choose_time(self, actor: Actor, weekday: int, typed: str) -> None:
        """Another day and hour. The caller has looked who that is. Raises `InvalidInput`."""
        at = read_time(typed)
        if not 0 <= weekday <= 6:
            raise InvalidInput("Please choose a day of the week.")
        minute = at.hour * 60 + at.minute
        async with self._core.db.begin() as session:
            await self._ensure_schedule(session, actor.guild_id)
            after = await self._core.configs.change(
                session, actor.guild_id, BadgeSettings, by=actor, weekday=weekday, minute=minute
            )
            config = await self._core.configs.present(session, actor.guild_id, GuildConfig)
            if after.schedule_id is not None:
                rule = self._rule(weekday, minute, config.zone)
                await self._core.schedules.change(session, after.schedule_id, rule=rule)

    async def _ensure_schedule(self, session: AsyncSession, guild_id: int) -> None:
        settings = await self._core.configs.change(session, guild_id, BadgeSettings)  # locks the row
        if settings.schedule_id is not None:
            return
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        schedule = await self._core.schedules.add(
            session,
            NewSchedule(
                guild_id=guild_id,
                job_name=WINS_JOB,
                subject="wins",
                rule=self._rule(settings.weekday, settings.minute, config.zone),
                zone=config.zone,
                catch_up=CatchUp.LATE_WITHIN,
                late_within=LATE_WITHIN,
            ),
        )
        await self._core.configs.change(session, guild_id, BadgeSettings, schedule_id=schedule.id)

    async def _list(
        self, session: AsyncSession, guild_id: int, since: datetime, until: datetime
    ) -> list[Award]:
        departed = await privacy_storage.list_departed(session, guild_id)
        found = await storage.list_wins(session, guild_id, since=since, until=until)
        return [award_of(row, badge_of(badge)) for row, badge in found if row.member_id not in departed]

    def _rule(self, weekday: int, minute: int, zone: str) -> LocalRule:
        today = local_now(self._core.clock.now(), zone).date()
        return weekly([weekday], time(minute // 60, minute % 60), today)


def _effect(row: storage.BadgeDigestRow, kind: EffectKind, key: str, *, after: str | None = None) -> Effect:
    return Effect(
        kind=kind,
        key=key,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        renderer=WINS_RENDERER,
        arguments={"digest_id": row.id},
        lane=Lane.SCHEDULED,
        after=after,
    )
