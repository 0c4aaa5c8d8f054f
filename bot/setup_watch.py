"""Notices when something in a server newly breaks, and tells the staff channel once.

Whatever Discord says has changed (roles, channels, the bot's own roles) asks for one check a few seconds
later, however many events there are; so does a new session, and each day of one. A check is a job, so it
outlives a restart. What a check finds broken is compared with what staff know: what is new is written down
and told in the same transaction, what was mended is struck off, so that it is news again if it comes back.

A deleted channel or role is not told here but where the choice is forgotten (`bot/lost_places.py`). Without a
staff channel in which the bot can write, nothing counts as told, and it is told when there is one.
Tested in `tests/behaviour/test_setup_doctor.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import discord
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cards import Card
from bot.core import Core
from bot.dispatcher import Obsolete, PlannedEffect
from bot.i18n import N_, Translations
from bot.jobs import Job, NewJob, Skipped
from bot.outbox import Effect, EffectKind, Lane
from bot.renderers import Renderers
from bot.setup_checks import Facts, check, check_place, news
from bot.setup_doctor_render import broken_card
from bot.setup_facts import ServerFacts
from bot.setup_pages import Numbered
from storage import setup as storage

JOB = "setup.check"
RENDERER = "setup.broken"
SETTLE = timedelta(seconds=5)  # a role that is dragged sends one event for each that it passes
A_DAY = timedelta(days=1)


class SetupWatch:
    """Runs the checks."""

    def __init__(
        self,
        core: Core,
        facts: ServerFacts,
        renderers: Renderers,
        translations: Translations,
        client: Callable[[], commands.Bot],
    ) -> None:
        self._core = core
        self._facts = facts
        self._translations = translations
        self._client = client
        self._all_from: datetime | None = None
        self.is_asked_for = False
        self._coming: dict[int, datetime] = {}  # by guild, when the check that was asked for runs
        core.jobs.register(JOB, self._run)
        renderers.register(RENDERER, self._draw, what=N_("telling staff what has broken"))

    async def touched(self, *guild_ids: int) -> None:
        """Something changed there that may have broken something: check soon, and from then on daily."""
        now = self._core.clock.now()
        wanted = [each for each in guild_ids if self._coming.get(each, now) <= now]
        if not wanted:
            return
        at = now + SETTLE
        self._coming.update(dict.fromkeys(wanted, at))
        soon = [NewJob(JOB, f"{JOB}:{each}:{at.isoformat()}", at, guild_id=each) for each in wanted]
        try:
            async with self._core.db.begin() as session:
                await self._core.jobs.enqueue(session, *soon)
        except BaseException:
            for each in wanted:
                self._coming.pop(each, None)
            raise

    def new_session(self) -> None:
        """Discord has told everything anew: check every server at the next ring."""
        self._all_from = self._core.clock.now()
        self.is_asked_for = True

    async def look_around(self) -> None:
        """Check every server in each new session and once a day; the alarm clock calls it at every ring."""
        now = self._core.clock.now()
        if self._all_from is None or now < self._all_from:
            return
        await self.touched(*(guild.id for guild in self._client().guilds))
        self._all_from = now + A_DAY
        self.is_asked_for = False

    async def shown(self, guild: discord.Guild, choices: Iterable[Numbered]) -> None:
        """Who chose these has been told on the card what is wrong with them; it is no news to the staff channel."""
        facts = [await self._facts.place(guild, each) for each in choices]
        permissions = guild.me.guild_permissions.value
        keys = {key for each in facts for key in news(check_place(each, permissions))}
        if not keys or (await self._core.configs.guild(guild.id)).staff_channel_id is None:
            return
        async with self._core.db.begin() as session:
            for key in sorted(keys):
                await storage.add_broken(session, guild.id, key, since=self._core.clock.now())

    async def _run(self, session: AsyncSession, job: Job) -> Skipped | None:
        assert job.guild_id is not None
        now = self._core.clock.now()
        guild = self._client().get_guild(job.guild_id)
        if guild is None or guild.unavailable:
            return Skipped(N_("the server could not be seen"))
        facts = await self._facts.read(guild, session)
        broken = news(check(facts))
        known = await storage.list_broken(session, guild.id)
        await storage.forget_broken(session, [row.id for row in known if row.finding not in broken])
        channel_id = await self._writable_staff_channel(guild, facts)
        if channel_id is None:
            return None
        added = [await storage.add_broken(session, guild.id, key, since=now) for key in sorted(broken)]
        new = [each for each in added if each is not None]
        if new:
            effect = Effect(
                kind=EffectKind.POST,
                key=f"{RENDERER}:{guild.id}:{new[0]}",
                guild_id=guild.id,
                channel_id=channel_id,
                renderer=RENDERER,
                arguments={"rows": new},
                lane=Lane.SCHEDULED,
            )
            await self._core.outbox.plan(session, effect, job_id=job.id)
        return None

    async def _writable_staff_channel(self, guild: discord.Guild, facts: Facts) -> int | None:
        chosen = (await self._core.configs.guild(guild.id)).staff_channel_id
        lacking = [
            each for each in facts.places if each.chosen == chosen and (each.lacking or not each.exists)
        ]
        return None if lacking else chosen

    async def _draw(self, effect: PlannedEffect) -> Card:
        """What of it is still broken at the moment of sending."""
        guild = self._client().get_guild(effect.guild_id)
        if guild is None:
            raise Obsolete(N_("the server is gone"))
        async with self._core.db.read() as session:
            rows = await storage.list_broken(session, effect.guild_id)
        wanted = {row.finding for row in rows if row.id in effect.arguments["rows"]}
        broken = news(check(await self._facts.read(guild)))
        findings = [finding for key, finding in broken.items() if key in wanted]
        if not findings:
            raise Obsolete(N_("it was mended before it was told"))
        locale = (await self._core.configs.guild(effect.guild_id)).locale
        return broken_card(findings, self._translations.for_locale(locale))
