"""Climbing and what undoes it, in the transaction of the act from which it follows.

* A step without powers is reached at once when its rule was met, exactly once: the row is locked and read again. The act
  `ladder.step.reached` has the act that earned it as its cause.
* A step with powers is put before staff, once; after a "not yet" again when there is new evidence a month later.
* When acts are taken back, a step that other acts still earn stays without a word. One that nothing earns any more goes,
  with its role, and comes back by itself; one that a person confirmed is put before staff, who decide.
* Whoever steps down keeps the honour: what they did is not taken back, and they return when they like.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act, RecordedAct
from bot.core import Core
from bot.criteria import ANY_CONTRIBUTION, CountedAct, Earned, Rule, earned, progress
from bot.evidence import of_member
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Lane
from cogs.ladder import rules
from cogs.ladder.model import AREA, CARD_RENDERER, DOUBT, NEWS_KIND, NEWS_RENDERER, PROMOTE, REACHED, Step
from cogs.ladder.rules import Decision, State
from cogs.ladder.steps import Steps
from storage import ladder as storage
from storage import members as member_storage
from storage.ladder import LadderHeldRow, LadderProposalRow

LOST_REASON = "what earned it was taken back"


class Climbing:
    """Reacts to acts, and carries out what people decide."""

    def __init__(self, core: Core, steps: Steps) -> None:
        self._core = core
        self._steps = steps

    # ------------------------------------------------------------------------------------------ from acts

    async def acted(self, session: AsyncSession, act: RecordedAct) -> None:
        """Somebody did something that a step counts. A contribution is heard of twice, as its kind and as such."""
        if session.info.get(AREA) == act.id:
            return
        session.info[AREA] = act.id
        await self.advance(session, act.guild_id, act.member_id, kind=act.kind)

    async def advance(
        self, session: AsyncSession, guild_id: int, member_id: int, *, kind: str | None = None
    ) -> None:
        """Climb as far as the evidence goes. With `kind`, only if the next step counts acts of it."""
        steps = {each.key: each for each in self._steps.of(guild_id)}
        while True:
            where = rules.place(list(steps), await self.states(session, guild_id, member_id))
            if where.following is None:
                return
            step = steps[where.following]
            rule = self._steps.rule_of(step)
            if not rule.criteria or (kind is not None and kind not in rule.kinds):
                return
            kind = None
            if not await self._may_be_met(session, guild_id, member_id, step):
                return
            acts = await of_member(session, guild_id, member_id, rule.kinds)
            if step.powers:
                if self._is_met_now(rule, acts):
                    await self._propose(session, guild_id, member_id, step, PROMOTE)
                return
            found = earned(rule, acts)
            if not found:
                return
            await self.reach(session, guild_id, member_id, step, found=found[0])

    async def _may_be_met(self, session: AsyncSession, guild_id: int, member_id: int, step: Step) -> bool:
        """False when a criterion on particular kinds is not met: then the many contributions need not be read."""
        narrow = Rule(tuple(each for each in step.rule.criteria if ANY_CONTRIBUTION not in each.kinds))
        if len(narrow.criteria) in (0, len(step.rule.criteria)):
            return True
        acts = await of_member(session, guild_id, member_id, narrow.kinds)
        return self._is_met_now(narrow, acts) if step.powers else bool(earned(narrow, acts))

    def _is_met_now(self, rule: Rule, acts: Sequence[CountedAct]) -> bool:
        return all(each.is_met for each in progress(rule, acts, self._core.clock.now()))

    async def taken_back(self, session: AsyncSession, act: RecordedAct) -> None:
        """An act that a step counts was taken back."""
        await self.reconsider(session, act.guild_id, act.member_id)

    async def noted(self, session: AsyncSession, act: RecordedAct) -> None:
        """A step was reached; nothing more follows here."""

    async def unreached(self, session: AsyncSession, act: RecordedAct) -> None:
        """The act of a step was taken back with its cause: other acts may still earn it."""
        held = await storage.list_held(session, act.guild_id, act.member_id)
        if any(each.act_id == act.id and each.state == storage.HELD for each in held):
            await self.reconsider(session, act.guild_id, act.member_id, without=act.id)

    async def reconsider(
        self, session: AsyncSession, guild_id: int, member_id: int, *, without: int | None = None
    ) -> None:
        """From the highest step down, until one still stands."""
        await wait_turn(session, guild_id, member_id)
        for step in reversed(self._steps.of(guild_id)[1:]):
            held = await storage.list_held(session, guild_id, member_id)
            if not any(each.step == step.key and each.state == storage.HELD for each in held):
                continue
            row = await storage.lock_held(session, guild_id, member_id, step.key, self._core.clock.now())
            found = await self._earned(session, row, step)
            if row.confirmed_by is not None:
                # Who was placed by hand rests on staff's word, and on no act.
                if row.evidence.get("acts") and not found and not row.doubtful:
                    row.doubtful = True
                    await self._propose(session, guild_id, member_id, step, DOUBT)
                break
            if found:
                if row.act_id == without:
                    await self._rest_on(session, row, found[0])
                break
            await self.fall(session, row, step, State.LOST)
        await self._close_unmet(session, guild_id, member_id)

    async def _earned(self, session: AsyncSession, row: LadderHeldRow, step: Step) -> list[Earned]:
        rule = self._steps.rule_of(step)
        return earned(rule, await of_member(session, row.guild_id, row.member_id, rule.kinds))

    async def _rest_on(self, session: AsyncSession, row: LadderHeldRow, found: Earned) -> None:
        """Other acts earn the step, so nothing is lost and nobody is told."""
        row.evidence = {"acts": list(found.evidence)}
        act = Act(REACHED, row.guild_id, row.member_id, row.step, cause_id=found.act_id)
        recorded = await self._core.ledger.record(session, act)
        row.act_id = recorded.id if recorded is not None else row.act_id
        await session.flush()

    async def _close_unmet(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """What waits for staff falls away when it is not deserved at present."""
        for row in await storage.list_open(session, guild_id, member_id=member_id):
            step = self._steps.find(guild_id, row.step)
            if step is None or row.kind == DOUBT:
                continue
            rule = self._steps.rule_of(step)
            if not self._is_met_now(rule, await of_member(session, guild_id, member_id, rule.kinds)):
                await self.decide(session, row, Decision.OVER)

    # ------------------------------------------------------------------------------------------ steps

    async def states(self, session: AsyncSession, guild_id: int, member_id: int) -> dict[str, State]:
        found = await storage.list_states(session, guild_id, member_id)
        return {step: State(state) for step, state in found.items()}

    async def reach(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        step: Step,
        *,
        found: Earned | None = None,
        evidence: Sequence[int] = (),
        confirmed_by: int | None = None,
        tell: bool = True,
    ) -> bool:
        """Give the step, with its role. False when it is held already."""
        await wait_turn(session, guild_id, member_id)
        now = self._core.clock.now()
        row = await storage.lock_held(session, guild_id, member_id, step.key, now)
        if row.state == storage.HELD:
            return False
        row.state, row.at, row.turn = storage.HELD, now, row.turn + 1
        row.confirmed_by, row.doubtful = confirmed_by, False
        row.evidence = {"acts": list(found.evidence if found is not None else evidence)}
        act = Act(
            REACHED, guild_id, member_id, step.key, cause_id=found.act_id if found is not None else None
        )
        recorded = await self._core.ledger.record(session, act)
        row.act_id = recorded.id if recorded is not None else row.act_id
        await session.flush()
        await self.plan_role(session, row, step)
        if tell:
            await self._tell(session, row, "reached")
        return True

    async def fall(
        self, session: AsyncSession, row: LadderHeldRow, step: Step, state: State, *, tell: bool = True
    ) -> None:
        """The step is held no more. Only who steps down keeps the act."""
        row.state, row.turn, row.doubtful = state.value, row.turn + 1, False
        await session.flush()
        if state is not State.EMERITUS and row.act_id is not None:
            await self._core.ledger.retract(session, row.act_id, reason=LOST_REASON)
        await self.plan_role(session, row, step)
        if tell:
            await self._tell(session, row, state.value)

    async def return_to(self, session: AsyncSession, row: LadderHeldRow, step: Step) -> None:
        """Whoever stepped down comes back. What earned the step may have been taken back meanwhile: see `reconsider`."""
        row.state, row.turn = storage.HELD, row.turn + 1
        recorded = await self._core.ledger.record(
            session, Act(REACHED, row.guild_id, row.member_id, step.key)
        )
        row.act_id = recorded.id if recorded is not None else row.act_id
        await session.flush()
        await self.plan_role(session, row, step)

    async def plan_role(
        self,
        session: AsyncSession,
        row: LadderHeldRow,
        step: Step,
        *,
        gives: bool | None = None,
        occasion: str = "",
    ) -> None:
        """The role follows the step, once a turn and occasion. It is given only while it carries no power over others."""
        if step.role_id is None:
            return
        gives = row.state == storage.HELD if gives is None else gives
        if not gives and await self._has_role_otherwise(session, row, step.role_id):
            return
        if gives and row.confirmed_by is None and step.role_id in await self.staff_roles(row.guild_id):
            return  # it has become a role of staff since it was chosen, and no person said that they are
        effect = Effect(
            kind=EffectKind.ADD_ROLE if gives else EffectKind.REMOVE_ROLE,
            key=f"ladder.role:{row.id}:{step.role_id}:{row.turn}{occasion}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            role_id=step.role_id,
            arguments={"reason": "A step of the ladder", "harmless": True},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, effect, act_id=row.act_id)

    async def take_back(self, session: AsyncSession, guild_id: int, member_id: int) -> bool:
        """Somebody is to be deleted: the roles of their steps go while I still know of them."""
        taken = False
        for row in await storage.list_held(session, guild_id, member_id):
            step = self._steps.find(guild_id, row.step)
            if row.state == storage.HELD and step is not None and step.role_id is not None:
                row.state, row.turn, taken = State.LOST.value, row.turn + 1, True
                await session.flush()
                await self.plan_role(session, row, step)
        return taken

    async def give_back(
        self, session: AsyncSession, guild_id: int, member_ids: Collection[int], occasion: str
    ) -> None:
        """They left and are back, and Discord has forgotten the roles of their steps. Roles of staff stay with people to give."""
        if not await self._core.features.is_on(guild_id, AREA):
            return
        staff = await self.staff_roles(guild_id)
        for member_id in member_ids:
            for row in await storage.list_held(session, guild_id, member_id):
                step = self._steps.find(guild_id, row.step)
                if row.state == storage.HELD and step is not None and step.role_id not in staff:
                    await self.plan_role(session, row, step, occasion=f":{occasion}")

    async def staff_roles(self, guild_id: int) -> frozenset[int]:
        """The roles that make people staff in a community."""
        config = await self._core.configs.guild(guild_id)
        return frozenset[int]().union(*config.capability_roles.roles.values())

    async def _has_role_otherwise(self, session: AsyncSession, row: LadderHeldRow, role_id: int) -> bool:
        held = await storage.list_held(session, row.guild_id, row.member_id)
        others = {each.step for each in held if each.state == storage.HELD and each.id != row.id}
        return any(each.role_id == role_id for each in self._steps.of(row.guild_id) if each.key in others)

    # ------------------------------------------------------------------------------------------ what waits for staff

    async def _propose(
        self, session: AsyncSession, guild_id: int, member_id: int, step: Step, kind: str
    ) -> None:
        """Put it before staff, unless it is there already or was decided a short while ago."""
        now = self._core.clock.now()
        row, is_new = await storage.add_proposal(session, guild_id, member_id, step.key, kind, now)
        if not is_new:
            state = Decision(row.state)
            again = kind == DOUBT or state is Decision.CONFIRMED
            if state is Decision.OPEN or not (again or rules.may_be_asked_again(state, row.decided_at, now)):
                return
            row.state, row.made_at, row.version = Decision.OPEN.value, now, row.version + 1
            row.decided_at = row.decided_by = row.reason = None
        await session.flush()
        config = await self._core.configs.guild(guild_id)
        if config.staff_channel_id is None:
            return
        card = Effect(
            kind=EffectKind.POST,
            key=card_key(row),
            guild_id=guild_id,
            channel_id=config.staff_channel_id,
            member_id=member_id,
            renderer=CARD_RENDERER,
            arguments={"proposal_id": row.id},
            lane=Lane.SCHEDULED,
        )
        await self._core.outbox.plan(session, card)

    async def decide(
        self,
        session: AsyncSession,
        row: LadderProposalRow,
        decision: Decision,
        *,
        by: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Write the decision down, and draw the card of staff anew."""
        row.state, row.decided_at, row.decided_by = decision.value, self._core.clock.now(), by
        row.reason = reason
        await session.flush()
        await self._core.outbox.edit_post(session, card_key(row), f"{card_key(row)}:{decision.value}")

    async def tell_not_yet(self, session: AsyncSession, row: LadderProposalRow) -> None:
        """Staff want to see more first; the member reads why."""
        note = Notification(
            kind=NEWS_KIND.name,
            key=f"{NEWS_RENDERER}:not_yet:{row.id}:{row.version}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=NEWS_RENDERER,
            channel_id=None,
            arguments={"what": "not_yet", "proposal_id": row.id, "version": row.version},
        )
        await self._core.notifier.notify(session, note)

    async def _tell(self, session: AsyncSession, row: LadderHeldRow, what: str) -> None:
        note = Notification(
            kind=NEWS_KIND.name,
            key=f"{NEWS_RENDERER}:{row.id}:{row.turn}",
            guild_id=row.guild_id,
            member_id=row.member_id,
            renderer=NEWS_RENDERER,
            channel_id=None,
            arguments={"what": what, "held_id": row.id, "turn": row.turn},
        )
        await self._core.notifier.withdraw(session, f"{NEWS_RENDERER}:{row.id}:{row.turn - 1}")
        await self._core.notifier.notify(session, note)


async def wait_turn(session: AsyncSession, guild_id: int, member_id: int) -> None:
    """Lock the member before anything of the ladder, as whoever notifies them does: in another order two could wait for
    each other for ever."""
    await member_storage.change_member(session, guild_id, member_id)


def card_key(row: LadderProposalRow) -> str:
    """What the card of staff is posted under."""
    return f"{CARD_RENDERER}:{row.id}:{row.version}"
