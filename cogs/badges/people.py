"""What facilitators do about one person's badge: give it by hand, take it back, or look at what rests on nothing.

Each has a reason, which the person can read, and stands in the record of changes.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.i18n import N_
from bot.text import clean
from cogs.badges import rules
from cogs.badges.awarding import Awarding
from cogs.badges.model import AREA, Award, award_of, badge_of, gone
from storage import badges as storage
from storage import privacy as privacy_storage

SHOWN = 10


class BadgePeople:
    """The use cases of facilitators that concern one person."""

    def __init__(self, core: Core, awarding: Awarding) -> None:
        self._core = core
        self._awarding = awarding

    async def give(
        self, actor: Actor, badge_id: int, member_id: int, reason: str, *, is_bot: bool = False
    ) -> Award:
        """Give it by hand. Raises `NotAllowed`, `InvalidInput`, `AlreadyDone`, `NotFound` when they left."""
        await self._check(actor)
        reason = rules.check_reason(clean(reason))
        if is_bot:
            raise InvalidInput("Bots get no badges.")
        if member_id == actor.member_id:
            raise NotAllowed("Nobody gives a badge to themselves. Another facilitator can give it to you.")
        async with self._core.db.begin() as session:
            badge_row = await storage.lock_badge(session, actor.guild_id, badge_id)
            if badge_row is None:
                raise gone()
            if await privacy_storage.has_left(session, actor.guild_id, member_id):
                raise NotFound("They are not in this server any more.")
            badge = badge_of(badge_row)
            row = await self._awarding.give_by_hand(
                session, badge, member_id, by=actor.member_id, reason=reason
            )
            if row is None:
                raise AlreadyDone("They have this badge already.")
            await self._note(session, actor, N_("gave {member} the badge {badge}"), row, badge.title, reason)
            return award_of(row, badge)

    async def revoke(self, actor: Actor, badge_id: int, member_id: int, reason: str) -> Award:
        """Take the newest one back, with what came with it. The same acts do not earn it again."""
        await self._check(actor)
        reason = rules.check_reason(clean(reason))
        async with self._core.db.begin() as session:
            await storage.wait_turn(session, actor.guild_id, member_id)
            rows = [
                each
                for each in await storage.list_of_people(session, badge_id, [member_id])
                if each.state == storage.HELD and each.guild_id == actor.guild_id
            ]
            if not rows:
                raise NotFound("They do not have this badge.")
            return await self._take_back(session, actor, rows[-1], reason)

    async def list_doubtful(self, actor: Actor) -> tuple[Award, ...]:
        """What rests on nothing any more, the oldest first."""
        await self._check(actor)
        async with self._core.db.read() as session:
            rows = await storage.list_doubtful(session, actor.guild_id, limit=SHOWN)
            badges = {each.id: badge_of(each) for each in await storage.list_badges(session, actor.guild_id)}
        return tuple(award_of(row, badges[row.badge_id]) for row in rows)

    async def keep(self, actor: Actor, award_id: int) -> None:
        """It stays, on the word of who says so."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._doubtful(session, actor, award_id)
            row.doubtful, row.given_by = False, actor.member_id
            badge = await storage.find_badge(session, row.guild_id, row.badge_id)
            title = badge_of(badge).title if badge is not None else ""
            await self._note(session, actor, N_("let {member} keep the badge {badge}"), row, title, None)

    async def let_go(self, actor: Actor, award_id: int) -> None:
        """It is taken back because nothing earns it any more."""
        await self._check(actor)
        async with self._core.db.begin() as session:
            row = await self._doubtful(session, actor, award_id)
            row.doubtful = False
            reason = "What earned it does not stand any more."
            await self._take_back(session, actor, row, reason)

    async def _take_back(
        self, session: AsyncSession, actor: Actor, row: storage.BadgeAwardRow, reason: str
    ) -> Award:
        found = await storage.find_badge(session, row.guild_id, row.badge_id)
        assert found is not None
        badge = badge_of(found)
        row.state, row.turn = storage.REVOKED, row.turn + 1
        row.revoked_by, row.revoked_because = actor.member_id, reason
        row.revoked_at = self._core.clock.now()
        await session.flush()
        if row.act_id is not None:
            await self._core.ledger.retract(session, row.act_id, reason="the badge was taken back")
        await self._awarding.take_effects(session, row, badge)
        await self._awarding.tell_of_loss(session, row)
        what = N_("took the badge {badge} back from {member}")
        await self._note(session, actor, what, row, badge.title, reason)
        return award_of(row, badge)

    async def _doubtful(self, session: AsyncSession, actor: Actor, award_id: int) -> storage.BadgeAwardRow:
        row = await storage.lock_award(session, award_id)
        if row is None or row.guild_id != actor.guild_id or row.state != storage.HELD or not row.doubtful:
            raise AlreadyDone("Somebody has looked at that one already.")
        return row

    async def _check(self, actor: Actor) -> None:
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)

    async def _note(
        self,
        session: AsyncSession,
        actor: Actor,
        what: str,
        row: storage.BadgeAwardRow,
        title: str,
        reason: str | None,
    ) -> None:
        member = f"<@{row.member_id}>"
        await self._core.audit.record(session, actor, AREA, what, why=reason, member=member, badge=title)
