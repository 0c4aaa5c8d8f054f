"""Who is a trained reviewer: the licence, and the role that shows it.

The licence is a row. The role follows it through the outbox, where the community has chosen one, and is given only while
it carries no power over others. Who was given that role by hand in Discord counts as a reviewer, too.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, CapabilityRoles, has
from bot.core import Core
from bot.outbox import Effect, EffectKind, Lane
from cogs.reviews.training.model import AREA, TrainingSettings
from storage import review_training as storage
from storage.review_training import ReviewLicenceRow


class Licences:
    """Asks, gives and takes."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def is_reviewer(self, session: AsyncSession, actor: Actor) -> bool:
        """Whether somebody has the capability to review: by licence, by the role, or because they may do everything."""
        row = await storage.find_licence(session, actor.guild_id, actor.member_id)
        if row is not None and row.held:
            return True
        settings = await self._core.configs.present(session, actor.guild_id, TrainingSettings)
        role = settings.reviewer_role_id
        roles = {Capability.REVIEW: frozenset({role})} if role is not None else {}
        return has(actor, Capability.REVIEW, CapabilityRoles(roles))

    async def list_reviewers(
        self, session: AsyncSession, guild_id: int, *, of: Collection[int] | None = None
    ) -> frozenset[int]:
        """Who holds a licence, or has the role as far as the process has them in memory; only `of` these, where given."""
        found = {each.member_id for each in await storage.list_held(session, guild_id, of=of)}
        roles = self._core.qualifications.roles
        if roles is not None:
            settings = await self._core.configs.present(session, guild_id, TrainingSettings)
            role = settings.reviewer_role_id
            shown = roles.members_with(guild_id, frozenset({role})) if role is not None else set[int]()
            found |= shown if of is None else shown.intersection(of)
        return frozenset(found)

    async def give_in(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        *,
        by: int | None = None,
        reason: str | None = None,
        act_id: int | None = None,
    ) -> ReviewLicenceRow | None:
        """Give the licence, with the role once. None when it is held already."""
        row = await storage.lock_licence(session, guild_id, member_id, since=self._core.clock.now())
        if row.held:
            return None
        self._decide(row, held=True, by=by, reason=reason)
        await self._plan_role(session, row, f"{row.turn}", act_id=act_id)
        return row

    async def take_in(
        self, session: AsyncSession, guild_id: int, member_id: int, *, by: int, reason: str
    ) -> ReviewLicenceRow | None:
        """Take it back, and the role. None when there is none."""
        row = await storage.find_licence(session, guild_id, member_id)
        if row is None:
            return None
        row = await storage.lock_licence(session, guild_id, member_id, since=row.since)
        if not row.held:
            return None
        self._decide(row, held=False, by=by, reason=reason)
        await self._plan_role(session, row, f"{row.turn}")
        return row

    async def take_back(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        """Somebody is to be deleted: the role of their licence goes while I still know of it."""
        row = await storage.find_licence(session, guild_id, member_id)
        if row is None or not row.held:
            return False
        row = await storage.lock_licence(session, guild_id, member_id, since=row.since)
        self._decide(row, held=False, by=None, reason=None)
        return await self._plan_role(session, row, f"{row.turn}")

    async def give_back(
        self, session: AsyncSession, guild_id: int, member_ids: Collection[int], occasion: str
    ) -> None:
        """They left and are back, and Discord has forgotten the role of their licence."""
        if not await self._core.features.is_on(guild_id, AREA):
            return
        for member_id in member_ids:
            row = await storage.find_licence(session, guild_id, member_id)
            if row is not None and row.held:
                await self._plan_role(session, row, f"{row.turn}:{occasion}", lane=Lane.SCHEDULED)

    async def renew_role(
        self, session: AsyncSession, row: ReviewLicenceRow, *, lane: Lane = Lane.AWAITED
    ) -> bool:
        """Give the role of a licence once more: it was chosen later, lost on leaving, or could not be given then.

        At most once a day; False where there is nothing to give.
        """
        day = f"{self._core.clock.now():%Y%m%d}"
        return await self._plan_role(session, row, f"{row.turn}:{day}", lane=lane)

    def _decide(self, row: ReviewLicenceRow, *, held: bool, by: int | None, reason: str | None) -> None:
        row.held, row.decided_by, row.reason = held, by, reason
        row.turn, row.since = row.turn + 1, self._core.clock.now()

    async def _plan_role(
        self,
        session: AsyncSession,
        row: ReviewLicenceRow,
        occasion: str,
        *,
        act_id: int | None = None,
        lane: Lane = Lane.AWAITED,
    ) -> bool:
        settings = await self._core.configs.present(session, row.guild_id, TrainingSettings)
        if settings.reviewer_role_id is None:
            return False
        effect = Effect(
            kind=EffectKind.ADD_ROLE if row.held else EffectKind.REMOVE_ROLE,
            key=f"reviews.licence:{row.id}:{settings.reviewer_role_id}:{occasion}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            role_id=settings.reviewer_role_id,
            arguments={"reason": "Trained reviewer", "harmless": True}
            if row.held
            else {"reason": "The reviewer licence was taken back"},
            lane=lane,
        )
        return bool(await self._core.outbox.plan(session, effect, act_id=act_id))
