"""What moderators do about a member: each a case, with what Discord is to do planned in the same transaction.

Nobody acts upwards, on themselves, on the owner or on the bot; who may is asked again at the moment of effect. Whoever is
kicked or banned is told first, but a DM that cannot be delivered holds nothing up. Over the caps a second moderator is asked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import Case, CaseDraft, CaseKind, EndedWhy, EventKind, Source, State
from bot.core import Core
from bot.errors import AlreadyDone, NotAllowed, NotConfigured, NotFound
from bot.guards import Proposal, SafetySettings, Standing
from bot.outbox import Effect, EffectKind, Lane
from bot.text import clean
from cogs.moderation import model, rules
from cogs.moderation.model import Acted, ModerationSettings, Order
from storage import cases as storage
from storage.personal import NOBODY

_EFFECTS = {
    CaseKind.TIMEOUT: EffectKind.TIMEOUT,
    CaseKind.RESTRICT: EffectKind.ADD_ROLE,
    CaseKind.KICK: EffectKind.KICK,
    CaseKind.BAN: EffectKind.BAN,
    CaseKind.UNBAN: EffectKind.UNBAN,
}


class ModerationService:
    """Acts on members."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def act(self, actor: Actor, order: Order) -> Acted:
        """Do it, or propose it. Raises what stands against it, in words."""
        order = self._checked(order)
        target = await self._allowed(actor, order)
        async with self._core.db.begin() as session:
            await storage.lock_numbers(session, actor.guild_id)
            await self._check_not_done(session, actor, order)
            if order.kind in model.LEAVING and await self._core.guards.is_over_cap(session, actor):
                proposal = await self._core.guards.propose(session, actor, model.PROPOSAL, _payload(order))
                return Acted(None, proposal)
            case = await self._carry_out(session, actor.guild_id, actor.member_id, order, target)
            points = await self._core.cases.active_points(session, actor.guild_id, order.member_id)
        suggestion = rules.suggest(points) if order.kind is CaseKind.WARN else None
        return Acted(case, None, points, suggestion)

    async def ask(self, actor: Actor, proposal: Proposal) -> Standing:
        """Where the target stands when a second moderator confirms; see `bot.guards.Ask`."""
        return await self._allowed(actor, _order(proposal.payload))

    async def confirmed(
        self, session: AsyncSession, actor: Actor, proposal: Proposal, target: Standing
    ) -> Case:
        """A second moderator confirms what went over the caps; see `bot.guards.Perform`."""
        order = _order(proposal.payload)
        await self._core.guards.require(actor, model.NEEDS[order.kind])
        await storage.lock_numbers(session, actor.guild_id)
        await self._check_not_done(session, actor, order)
        case = await self._carry_out(session, actor.guild_id, proposal.proposed_by, order, target)
        await self._core.cases.add_event(session, case, EventKind.CONFIRMED, by=actor.member_id)
        return case

    async def lift(self, actor: Actor, case_id: int, reason: str) -> Case:
        """End what holds about somebody before its time. Raises `NotAllowed` for one's own."""
        reason = rules.check_reason(clean(reason))
        cases = self._core.cases
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            found = await cases.find_by_id(session, actor.guild_id, case_id)
        if found is None:
            raise gone()
        await self._core.guards.require(actor, model.NEEDS[found.kind])
        if found.member_id == actor.member_id:
            raise NotAllowed("This is about you, so somebody else has to decide.")
        async with self._core.db.begin() as session:
            case = await cases.lock(session, found)
            if not case.holds:
                raise AlreadyDone("This has ended already.")
            case = await cases.change(session, case, details={**case.details, "why": reason})
            await cases.end(session, case, EndedWhy.LIFTED, actor.member_id)
            return await cases.lock(session, case)

    # ------------------------------------------------------------------------------------------ checks

    def _checked(self, order: Order) -> Order:
        rule = clean(order.rule or "")[: rules.LONGEST_RULE] or None
        order = replace(order, reason=rules.check_reason(clean(order.reason)), rule=rule)
        if order.kind is CaseKind.TIMEOUT:
            return replace(order, length=rules.check_timeout(order.length))
        return replace(order, length=rules.check_length(order.length))

    async def _allowed(self, actor: Actor, order: Order) -> Standing:
        guards = self._core.guards
        await guards.require(actor, model.NEEDS[order.kind])
        if order.kind is CaseKind.RESTRICT:
            settings = await self._core.configs.get(actor.guild_id, SafetySettings)
            if settings.restrict_role_id is None:
                raise NotConfigured(
                    "No role is chosen for restrictions yet. A facilitator can choose it with {command}.",
                    command="`/setup start`",
                )
        target = await guards.require_over(actor, order.member_id, absent=order.kind in model.ABSENT_ALSO)
        if (
            order.kind in model.BOT_NEEDS
        ):  # who goes is told first, so it must not fail on what is known before
            guards.require_power(actor.guild_id, *model.BOT_NEEDS[order.kind])
        return target

    async def _check_not_done(self, session: AsyncSession, actor: Actor, order: Order) -> None:
        """Two moderators at once, or one press twice, punish once."""
        if order.source_key is not None:
            known = await self._core.cases.find_by_key(session, actor.guild_id, order.source_key)
            if known is not None:
                raise AlreadyDone(
                    "That is dealt with already: case #{number}. See {command}.",
                    number=known.number,
                    command="`/mod case`",
                )
        if order.kind is CaseKind.NOTE:
            return
        since = self._core.clock.now() - rules.RECENT
        recent = [
            each
            for each in await storage.list_since(
                session, actor.guild_id, order.member_id, [order.kind.value], since
            )
            if each.state != State.FAILED and each.ended_at is None
        ]
        if recent:
            raise AlreadyDone(
                "Somebody did the same less than a minute ago: case #{number}. Have a look before you do it again.",
                number=recent[0].number,
            )

    # ------------------------------------------------------------------------------------------ doing it

    async def _carry_out(
        self, session: AsyncSession, guild_id: int, moderator_id: int, order: Order, target: Standing
    ) -> Case:
        if order.kind is CaseKind.UNBAN:
            await self._end_bans(session, guild_id, moderator_id, order)
        elif order.kind is CaseKind.TIMEOUT:
            await self._replace_timeout(session, guild_id, moderator_id, order)
        case = await self._core.cases.open(
            session, await self._draft(guild_id, moderator_id, order, target.name)
        )
        if order.kind is CaseKind.NOTE:
            now = self._core.clock.now()
            session.add(
                storage.CaseNoteRow(
                    guild_id=guild_id,
                    case_id=case.id,
                    member_id=order.member_id,
                    by_id=moderator_id,
                    at=now,
                    text=order.reason,
                )
            )
            await session.flush()
        is_told = order.kind in model.TOLD and target.is_member and not target.is_bot
        effect = self._effect(case, order, is_told=is_told)
        if effect is not None:
            await self._core.outbox.plan(session, effect)
        if is_told:
            # Who stays is told of what was done; who goes could not be reached any more.
            after = effect.key if effect is not None and order.kind not in model.LEAVING else None
            await self._core.outbox.plan(session, notice_of(case, after=after))
        return case

    async def _draft(self, guild_id: int, moderator_id: int, order: Order, name: str) -> CaseDraft:
        now = self._core.clock.now()
        settings = await self._core.configs.get(guild_id, ModerationSettings)
        safety = await self._core.configs.get(guild_id, SafetySettings)
        is_warning = order.kind is CaseKind.WARN
        details: dict[str, Any] = {}
        if order.kind is CaseKind.RESTRICT:
            details["role"] = safety.restrict_role_id
        if order.kind in model.LEAVING and name:
            details["name"] = name  # Discord shows no names of people who are gone
        if order.delete_seconds:
            details["delete_seconds"] = order.delete_seconds
        return CaseDraft(
            guild_id=guild_id,
            kind=order.kind,
            source=source_of(order.source_key),
            reason="" if order.kind is CaseKind.NOTE else order.reason,
            member_id=order.member_id,
            moderator_id=moderator_id,
            rule=order.rule,
            source_key=order.source_key,
            points=rules.points_for(settings.rule_list, order.rule) if is_warning else 0,
            points_until=now + timedelta(days=settings.points_days) if is_warning else None,
            ends_at=_ends_at(now, order),
            state=State.PLANNED if order.kind in _EFFECTS else State.DONE,
            details=details,
        )

    def _effect(self, case: Case, order: Order, *, is_told: bool) -> Effect | None:
        kind = _EFFECTS.get(case.kind)
        if kind is None:
            return None
        arguments: dict[str, Any] = {"reason": audit_reason(case)}
        if case.kind is CaseKind.TIMEOUT:
            assert case.ends_at is not None
            arguments["until"] = case.ends_at.isoformat()
        elif case.kind is CaseKind.BAN:
            arguments["delete_seconds"] = order.delete_seconds
        return Effect(
            kind=kind,
            key=f"{model.ACT}{case.id}",
            guild_id=case.guild_id,
            member_id=case.member_id,
            role_id=case.details.get("role"),
            arguments=arguments,
            lane=Lane.SAFETY,
            after_tried=f"{model.NOTICE}{case.id}" if is_told and case.kind in model.LEAVING else None,
        )

    async def _end_bans(self, session: AsyncSession, guild_id: int, moderator_id: int, order: Order) -> None:
        """The unban itself is this case's; what the bans were to do at their end is not needed any more."""
        for ban in await self._core.cases.holding(
            session, guild_id, [CaseKind.BAN], member_id=order.member_id
        ):
            await end_quietly(self._core, session, ban, moderator_id)

    async def _replace_timeout(
        self, session: AsyncSession, guild_id: int, moderator_id: int, order: Order
    ) -> None:
        """Discord knows one timeout a member: the new one takes the place of the one before."""
        for timeout in await self._core.cases.holding(
            session, guild_id, [CaseKind.TIMEOUT], member_id=order.member_id
        ):
            await end_quietly(self._core, session, timeout, moderator_id)


async def end_quietly(core: Core, session: AsyncSession, case: Case, by: int) -> None:
    """End a case of which there is nothing left to undo in Discord."""
    case = await core.cases.change(session, case, details={**case.details, "undone": True})
    await core.cases.end(session, case, EndedWhy.LIFTED, by)


def notice_of(case: Case, *, after: str | None = None) -> Effect:
    """What the member is told, by DM and without having asked for DMs: it is about their own place in the community."""
    return Effect(
        kind=EffectKind.DIRECT_MESSAGE,
        key=f"{model.NOTICE}{case.id}",
        guild_id=case.guild_id,
        member_id=case.member_id,
        renderer=model.NOTICE_RENDERER,
        arguments={"case": case.id},
        lane=Lane.SAFETY,
        after=after,
    )


def audit_reason(case: Case) -> str:
    """What stands in Discord's audit log. Not translated: the log is one for all."""
    by = f" by {case.moderator_id}" if case.moderator_id else ""
    return f"Case {case.number}{by}: {case.reason}"


def source_of(source_key: str | None) -> Source:
    """Whose card the case came from, by how its key begins."""
    begin = (source_key or "").partition(":")[0]
    return Source(begin) if begin in {each.value for each in Source} else Source.COMMAND


def gone() -> NotFound:
    return NotFound("That case does not exist (any more).")


def _ends_at(now: datetime, order: Order) -> datetime | None:
    has_end = order.kind in (CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.BAN)
    return now + order.length if has_end and order.length is not None else None


def _payload(order: Order) -> dict[str, Any]:
    return {
        "kind": order.kind.value,
        "member_ids": [order.member_id],
        "reason": order.reason,
        "minutes": int(order.length.total_seconds() // 60) if order.length is not None else None,
        "rule": order.rule,
        "delete_seconds": order.delete_seconds,
        "source_key": order.source_key,
    }


def _order(payload: Any) -> Order:
    minutes = payload.get("minutes")
    [member_id] = payload["member_ids"]
    if int(member_id) == NOBODY:  # they had their data deleted meanwhile
        raise NotFound("Whom this was about is not known any more. It can be proposed again.")
    return Order(
        CaseKind(payload["kind"]),
        int(member_id),
        str(payload["reason"]),
        timedelta(minutes=minutes) if minutes is not None else None,
        payload.get("rule"),
        int(payload.get("delete_seconds") or 0),
        payload.get("source_key"),
    )
