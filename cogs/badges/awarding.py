"""Giving badges and taking them back, in the transaction of the act from which it follows.

* An act that a rule counts is judged once, by one statement for all badges (`storage.badges.look`). The award is a row
  under a unique key and an act `badge.earned` whose cause is the act that earned it.
* An act is taken back by its own member or by staff, knowingly. So what is no longer deserved then goes at once, with
  what followed from it (the role, what others built on `badge.earned`), and comes back by itself when it is deserved
  again. What other acts still earn stays, without a word.
* What staff gave by hand rests on their word and on no act. What they took back is not earned again by the same acts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.core import Core
from bot.criteria import CountedAct, Deeds, Earned, earned, is_met
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Lane
from cogs.badges import rules
from cogs.badges.living import Living
from cogs.badges.model import AREA, EARNED, KIND, TOLD_RENDERER, Badge, badge_of
from cogs.badges.wins import Wins
from storage import badges as storage
from storage.badges import BY_HAND, HELD, LOST, REVOKED, BadgeAwardRow

Had = tuple[int, int, str, int]  # badge, award, state, number
LOST_REASON = "what earned it was taken back"


class Awarding:
    """Reacts to acts."""

    def __init__(self, core: Core, living: Living, wins: Wins) -> None:
        self._core = core
        self._living = living
        self._wins = wins

    # ------------------------------------------------------------------------------------------ from acts

    async def judge(self, session: AsyncSession, act: RecordedAct) -> None:
        """Somebody did something that a badge counts."""
        badges = [each for each in self._living.of_kind(act.guild_id, act.kind) if each.is_given(act.at)]
        if not badges:
            return
        deeds, had = await self._look(session, act, badges)
        for badge in badges:
            mine = [each for each in had if each[0] == badge.id]
            times = sum(each[2] == HELD for each in mine)
            if not badge.repeatable and any(each[2] in (HELD, BY_HAND) for each in mine):
                continue
            if not badge.repeatable and not is_met(badge.rule, deeds, act.at):
                continue
            found = await self._find(session, badge, deeds.acts, mine, times + 1)
            if len(found) > times:
                await self._give(session, badge, act, found[-1], mine)

    async def reconsider(self, session: AsyncSession, act: RecordedAct) -> None:
        """An act that a badge counts was taken back: what rested on it and is deserved no more goes."""
        badges = self._living.of_kind(act.guild_id, act.kind)
        if not badges:
            return
        deeds, had = await self._look(session, act, badges)
        for badge in badges:
            mine = [each for each in had if each[0] == badge.id]
            held = sorted(each for each in mine if each[2] == HELD)
            found = await self._find(session, badge, deeds.acts, mine, len(held)) if held else []
            for _, award_id, _, _ in held[len(found) :]:
                row = await storage.lock_award(session, award_id)
                if row is not None and row.act_id is not None:
                    await self._core.ledger.retract(session, row.act_id, reason=LOST_REASON)

    async def unearned(self, session: AsyncSession, act: RecordedAct) -> None:
        """`badge.earned` was taken back: by what earned it, or by staff, who have said so in the row before."""
        row = await storage.find_by_act(session, act.id)
        if row is None or row.state != HELD:
            return
        if row.given_by is not None:  # staff said that it stays, whatever becomes of the acts
            stays = Act(EARNED, row.guild_id, row.member_id, subject_of(row), {"badge_id": row.badge_id})
            recorded = await self._core.ledger.record(session, stays)
            row.act_id = recorded.id if recorded is not None else row.act_id
            return
        found = await storage.find_badge(session, row.guild_id, row.badge_id)
        assert found is not None
        badge = badge_of(found)
        row.state, row.turn = LOST, row.turn + 1
        await session.flush()
        if await self._still_deserved(session, badge, row):
            return
        await self.take_effects(session, row, badge)
        await self._tell(session, row, _lost_key(row))

    async def _still_deserved(self, session: AsyncSession, badge: Badge, row: BadgeAwardRow) -> bool:
        """Let it rest on other acts, if there are any."""
        rule = self._living.rule_of(badge)
        done, had = await storage.look(session, row.guild_id, row.member_id, rule.kinds)
        mine = [each for each in had if each[0] == badge.id]
        times = sum(each[2] == HELD for each in mine)
        if not badge.repeatable and any(each[2] in (HELD, BY_HAND) for each in mine):
            return False
        acts = [CountedAct(*each) for each in done]
        found = await self._find(session, badge, acts, mine, times + 1)
        if len(found) <= times:
            return False
        await self._revive(session, badge, row, found[-1])
        return True

    # ------------------------------------------------------------------------------------------ giving

    async def give_by_hand(
        self, session: AsyncSession, badge: Badge, member_id: int, *, by: int, reason: str
    ) -> BadgeAwardRow | None:
        """Staff give it. None when the person has it and it can be had once."""
        await storage.wait_turn(session, badge.guild_id, member_id)
        had = await storage.list_of_people(session, badge.id, [member_id])
        if not badge.repeatable and any(each.state == HELD for each in had):
            return None
        number = max((each.number for each in had), default=0) + 1
        row = await self._add(session, badge, member_id, number, ())
        if row is None:
            return None
        row.given_by, row.reason = by, reason
        await self._record(session, badge, row, None)
        return row

    async def give_effects(
        self,
        session: AsyncSession,
        row: BadgeAwardRow,
        badge: Badge,
        *,
        lane: Lane = Lane.AWAITED,
        occasion: str = "",
    ) -> None:
        """The role that comes with it, once an occasion; it is given only while it carries no power over others."""
        if badge.role_id is None:
            return
        config = await self._core.configs.guild(row.guild_id)
        if any(badge.role_id in roles for roles in config.capability_roles.roles.values()):
            return  # it has become a role of staff since it was chosen, and no badge makes anybody staff
        effect = self._role(row, badge.role_id, EffectKind.ADD_ROLE, lane, occasion)
        await self._core.outbox.plan(session, effect, act_id=row.act_id)

    async def take_effects(self, session: AsyncSession, row: BadgeAwardRow, badge: Badge) -> None:
        """What came with it goes: the role, unless another badge gives it, and its line in the wins."""
        if badge.role_id is not None:
            await self.take_role(session, row, badge.role_id)
        await self._core.notifier.withdraw(session, _told_key(row))
        await self._wins.redraw(session, row.guild_id, shows=row.at)

    async def take_role(
        self, session: AsyncSession, row: BadgeAwardRow, role_id: int, *, occasion: str = ""
    ) -> None:
        """Unless another badge gives it too."""
        if not await storage.gives_role_otherwise(session, row, role_id):
            lane = Lane.BULK if occasion else Lane.AWAITED
            effect = self._role(row, role_id, EffectKind.REMOVE_ROLE, lane, occasion)
            await self._core.outbox.plan(session, effect)

    async def take_back(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        """Somebody is to be deleted: the roles that came with their badges go while I still know of them."""
        taken = False
        for row in await storage.list_of_member(session, guild_id, member_id):
            badge = await storage.find_badge(session, guild_id, row.badge_id)
            if row.state == HELD and badge is not None and badge.role_id is not None:
                row.state, row.turn, taken = LOST, row.turn + 1, True
                await session.flush()
                await self.take_role(session, row, badge.role_id)
        return taken

    async def give_back(
        self, session: AsyncSession, guild_id: int, member_ids: Collection[int], occasion: str
    ) -> None:
        """They left and are back, and Discord has forgotten the roles of the badges that they hold."""
        if not await self._core.features.is_on(guild_id, AREA):
            return
        for member_id in member_ids:
            for row in await storage.list_of_member(session, guild_id, member_id):
                badge = (
                    await storage.find_badge(session, guild_id, row.badge_id) if row.state == HELD else None
                )
                if badge is not None:
                    await self.give_effects(
                        session, row, badge_of(badge), lane=Lane.SCHEDULED, occasion=f":{occasion}"
                    )

    async def tell_of_loss(self, session: AsyncSession, row: BadgeAwardRow) -> None:
        """Staff took it back."""
        await self._tell(session, row, _lost_key(row))

    async def _give(
        self, session: AsyncSession, badge: Badge, act: RecordedAct, found: Earned, mine: Sequence[Had]
    ) -> None:
        number, comes_back = rules.number_to_use((state, number) for _, _, state, number in mine)
        if comes_back:
            row = await storage.find_award(session, badge.id, act.member_id, number)
            await self._revive(session, badge, row, found)
            return
        row = await self._add(session, badge, act.member_id, number, found.evidence)
        if row is not None:
            await self._record(session, badge, row, found.act_id)

    async def _add(
        self, session: AsyncSession, badge: Badge, member_id: int, number: int, evidence: Sequence[int]
    ) -> BadgeAwardRow | None:
        values = {
            "guild_id": badge.guild_id,
            "badge_id": badge.id,
            "member_id": member_id,
            "number": number,
            "at": self._core.clock.now(),
            "evidence": {"acts": list(evidence)},
        }
        rows = await storage.add_awards(session, [values])
        return rows[0] if rows else None

    async def _revive(self, session: AsyncSession, badge: Badge, row: BadgeAwardRow, found: Earned) -> None:
        """It is deserved again, or by other acts than before: then nobody is told anything."""
        await self._core.notifier.withdraw(session, _lost_key(row))
        row.state, row.turn, row.doubtful = HELD, row.turn + 1, False
        row.evidence = {"acts": list(found.evidence)}
        await session.flush()
        await self._record(session, badge, row, found.act_id, is_new=False)

    async def _record(
        self,
        session: AsyncSession,
        badge: Badge,
        row: BadgeAwardRow,
        cause_id: int | None,
        *,
        is_new: bool = True,
    ) -> None:
        act = Act(EARNED, row.guild_id, row.member_id, subject_of(row), {"badge_id": badge.id}, cause_id)
        recorded = await self._core.ledger.record(session, act)
        if recorded is not None:
            row.act_id = recorded.id
        await session.flush()
        await self.give_effects(session, row, badge)
        if is_new:
            await self._tell(session, row, _told_key(row))

    # ------------------------------------------------------------------------------------------ shared

    async def _look(
        self, session: AsyncSession, act: RecordedAct, badges: Sequence[Badge]
    ) -> tuple[Deeds, list[Had]]:
        kinds = {kind for badge in badges for kind in badge.rule.kinds}
        await storage.wait_turn(session, act.guild_id, act.member_id)
        done, had = await storage.look(session, act.guild_id, act.member_id, kinds)
        return Deeds(CountedAct(*each) for each in done), had

    async def _find(
        self, session: AsyncSession, badge: Badge, acts: Sequence[CountedAct], mine: Sequence[Had], times: int
    ) -> list[Earned]:
        """When the rule was met, so many times at most, without the acts of what staff took back."""
        if any(state == REVOKED for _, _, state, _ in mine):
            spent = await storage.list_spent(session, [award_id for _, award_id, _, _ in mine])
            acts = [each for each in acts if each.id not in spent]
        return earned(self._living.rule_of(badge), acts, times=times)

    def _role(
        self, row: BadgeAwardRow, role_id: int, kind: EffectKind, lane: Lane, occasion: str = ""
    ) -> Effect:
        gives = kind is EffectKind.ADD_ROLE
        return Effect(
            kind=kind,
            key=f"badges.role:{row.id}:{role_id}:{row.turn}{occasion}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            role_id=role_id,
            arguments={"reason": "A badge was given", "harmless": True}
            if gives
            else {"reason": "A badge is not held any more"},
            lane=lane,
        )

    async def _tell(self, session: AsyncSession, row: BadgeAwardRow, key: str) -> None:
        notification = Notification(
            kind=KIND.name,
            key=key,
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=TOLD_RENDERER,
            channel_id=None,
            arguments={"award_id": row.id},
        )
        await self._core.notifier.notify(session, notification)


def subject_of(row: BadgeAwardRow) -> str:
    return f"{row.badge_id}:{row.number}"


def _lost_key(row: BadgeAwardRow) -> str:
    return f"badges.lost:{row.id}:{row.turn}"


def _told_key(row: BadgeAwardRow) -> str:
    return f"badges.told:{row.id}"
