"""What facilitators do with kudos: look at patterns, take one away, choose what is quoted, and set the limits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.i18n import N_
from bot.text import GROUP_OPTIONS, clean
from cogs.kudos import rules
from cogs.kudos.model import AREA, Desk, Kudos, KudosSettings, Quotables, gone, kudos_list, kudos_of
from cogs.kudos.rules import State
from cogs.kudos.service import KudosService
from storage import kudos as storage

LISTED = 25
LONGEST_REASON = 300


class KudosStaff:
    """The use cases of facilitators. All raise `NotAllowed` for others."""

    def __init__(self, core: Core, service: KudosService) -> None:
        self._core = core
        self._service = service

    async def desk(self, actor: Actor) -> Desk:
        """The limits, and what stands out among the kudos of the last weeks."""
        await self._check(actor)
        since = self._core.clock.now() - timedelta(days=rules.PATTERN_DAYS)
        async with self._core.db.read() as session:
            edges = await storage.list_edges(session, actor.guild_id, since=since, but=rules.FORGIVEN)
        settings = await self._core.configs.get(actor.guild_id, KudosSettings)
        return Desk(settings, rules.list_patterns(edges))

    async def newest(self, actor: Actor) -> tuple[Kudos, ...]:
        await self._check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_page(session, actor.guild_id, offset=0, limit=LISTED)
        return kudos_list(rows)

    async def look(self, actor: Actor, kudos_id: int) -> Kudos:
        """One that stands. Raises `NotFound`."""
        await self._check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_kudos(session, kudos_id)
        if row is None or row.guild_id != actor.guild_id or row.state != State.STANDING:
            raise gone()
        return kudos_of(row)

    async def remove(self, actor: Actor, kudos_id: int, why: str) -> None:
        """Take one away for everybody. Raises `NotFound`."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await storage.lock_kudos(session, kudos_id)
            if row is None or row.guild_id != actor.guild_id or row.state != State.STANDING:
                raise gone()
            await self._service.end(session, row, State.REMOVED)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("took kudos away that {giver} gave {member}"),
                why=clean(why)[:LONGEST_REASON] or None,
                giver=f"<@{row.giver_id}>",
                member=f"<@{row.member_id}>",
            )

    async def testimonials(self, actor: Actor, page: int = 0) -> Quotables:
        """A page of what both allow to be quoted, the newest first."""
        await self._check(actor)
        async with self._core.db.read() as session:
            return await self._page(session, actor, page)

    async def pick(
        self, actor: Actor, kudos_ids: Collection[int], *, oldest: int, newest: int, page: int = 0
    ) -> Quotables:
        """Quote these of what was offered, from the `oldest` to the `newest`, and no others of it; the rest stays."""
        await self._check(actor)
        now = self._core.clock.now()
        quoted = 0
        async with self._core.db.begin() as session:
            for each in await storage.list_consented_between(session, actor.guild_id, oldest, newest):
                row = await storage.lock_kudos(session, each)
                # Read again under the lock: one of the two may have taken it back this very moment.
                if row is not None and row.quote_giver and row.quote_receiver:
                    row.picked_at = (row.picked_at or now) if row.id in kudos_ids else None
                    quoted += row.picked_at is not None
            await session.flush()
            await self._core.audit.record(session, actor, AREA, N_("chose {n} kudos to quote"), n=quoted)
            return await self._page(session, actor, page)

    async def _page(self, session: AsyncSession, actor: Actor, page: int) -> Quotables:
        consented, picked = await storage.count_consented(session, actor.guild_id)
        page = max(0, min(page, (consented - 1) // GROUP_OPTIONS))
        rows = await storage.list_consented(
            session, actor.guild_id, limit=GROUP_OPTIONS, offset=page * GROUP_OPTIONS
        )
        return Quotables(kudos_list(rows), page, consented, picked)

    async def set_limits(self, actor: Actor, a_day: str, rest_hours: str, tags: str) -> Desk:
        """How many a day, how long two people rest, and the community's tags. Raises `InvalidInput`."""
        await self._check(actor)
        day = rules.read_number(a_day, 1, rules.MOST_A_DAY)
        hours = rules.read_number(rest_hours, 0, rules.MOST_REST_HOURS)
        own = rules.read_own_tags(clean(tags))
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session,
                actor.guild_id,
                KudosSettings,
                by=actor,
                a_day=day,
                rest_hours=hours,
                tags="\n".join(own) or None,
            )
        return await self.desk(actor)

    async def choose_channel(self, actor: Actor, channel_id: int | None) -> Desk:
        """Post kudos there from now on; None: on the wall alone."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            await self._core.configs.change(
                session, actor.guild_id, KudosSettings, by=actor, channel_id=channel_id
            )
        return await self.desk(actor)

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
