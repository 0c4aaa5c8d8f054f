"""What follows from cases and effects: the card in the log, what is undone at the end, and what Discord said.

All of it runs in the transaction that opens, changes or ends the case, or ends the effect, and asks no switch: what holds
ends in time also when moderation was switched off meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cases import Case, CaseKind, EndedWhy, EventKind, State
from bot.core import Core
from bot.notify import Notification
from bot.outbox import Effect, EffectKind, Ended, Lane
from cogs.moderation import model, rules
from cogs.moderation.service import audit_reason
from storage.database import mark
from storage.outbox import find_by_key
from storage.personal import NOBODY

HELD_MARK = "moderation:held"
HELD = frozenset({CaseKind.TIMEOUT, CaseKind.RESTRICT})


class Following:
    """Listens to cases and to the outbox."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def listen(self) -> None:
        cases, outbox = self._core.cases, self._core.outbox
        cases.on_open(self.opened)
        cases.on_change(self.changed)
        cases.on_end(self.ended)
        outbox.on_end(model.ACT, self.done)
        outbox.on_end(model.PURGE, self.done)
        outbox.on_end(model.NOTICE, self.told)

    def stop(self) -> None:
        cases, outbox = self._core.cases, self._core.outbox
        for listener in (self.opened, self.changed, self.ended):
            cases.stop_telling(listener)
        for each in (self.done, self.told):
            outbox.stop_telling(each)

    # ------------------------------------------------------------------------------------------ the log

    async def opened(self, session: AsyncSession, case: Case) -> None:
        """Show it to staff."""
        mark_held(session, case)
        channel_id = await self._core.guards.log_channel(case.guild_id)
        if channel_id is None:
            return
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.POST,
                key=f"{model.CARD}{case.id}",
                guild_id=case.guild_id,
                channel_id=channel_id,
                renderer=model.CARD_RENDERER,
                arguments={"case": case.id},
                lane=Lane.SCHEDULED,
            ),
        )

    async def changed(self, session: AsyncSession, case: Case) -> None:
        """Draw its card in the log again."""
        mark_held(session, case)
        key = f"{model.CARD}{case.id}"
        await self._core.outbox.edit_post(session, key, f"{key}:{case.version}")

    # ------------------------------------------------------------------------------------------ the end

    async def ended(self, session: AsyncSession, case: Case) -> None:
        """Undo in Discord what held, unless it is undone there already."""
        if not case.details.get("undone"):
            undo = await self._undo(session, case)
            if undo is not None:
                await self._plan_after(session, undo, f"{model.ACT}{case.id}")
        await self._spare_no_more(session, case)

    async def _spare_no_more(self, session: AsyncSession, case: Case) -> None:
        """Take back what let some roles write on in a locked channel."""
        for role_id, bits, existed in case.details.get("spared", ()):
            arguments = {"inherit": bits, "remove": not existed, "while_allowed": True}
            effect = _effect(case, EffectKind.SET_CHANNEL, arguments, role_id=role_id)
            effect = replace(effect, key=f"{model.SPARED}{case.id}:{role_id}")
            await self._plan_after(session, effect, f"{model.SPARE}{case.id}:{role_id}")

    async def _plan_after(self, session: AsyncSession, undo: Effect, key: str) -> None:
        """What is still on its way could come after its own end, so that waits. What Discord refuses needs none."""
        act = await find_by_key(session, key)
        if act is not None and act.outcome is None:
            undo = replace(undo, after=key)
        await self._core.outbox.plan(session, undo)

    async def _undo(self, session: AsyncSession, case: Case) -> Effect | None:
        if case.kind is CaseKind.TIMEOUT:
            # One that has run its time ends by itself in Discord.
            if case.ended_why is EndedWhy.EXPIRED or await self._holds_still(session, case):
                return None
            return _effect(case, EffectKind.TIMEOUT, {"until": None})
        if case.kind is CaseKind.BAN:
            return None if await self._holds_still(session, case) else _effect(case, EffectKind.UNBAN, {})
        if case.kind is CaseKind.RESTRICT and case.details.get("role"):
            if await self._holds_still(session, case):
                return None
            return _effect(case, EffectKind.REMOVE_ROLE, {}, role_id=int(case.details["role"]))
        if case.kind is CaseKind.LOCK and "mask" in case.details:
            return _effect(
                case,
                EffectKind.SET_CHANNEL,
                rules.restored(dict(case.details)),
                role_id=int(case.details["role"]),
            )
        if case.kind is CaseKind.SLOWMODE and "before" in case.details:
            arguments = {"slowmode": int(case.details["before"]), "while": int(case.details["seconds"])}
            return _effect(case, EffectKind.SET_CHANNEL, arguments)
        return None

    async def _holds_still(self, session: AsyncSession, case: Case) -> bool:
        """Whether another case of the kind holds about the same person."""
        others = await self._core.cases.holding(session, case.guild_id, [case.kind], member_id=case.member_id)
        return any(each.id != case.id for each in others)

    # ------------------------------------------------------------------------------------------ what Discord said

    async def done(self, session: AsyncSession, ended: Ended) -> None:
        """What a case was to do is done, or was refused."""
        case = await self._case_of(session, ended)
        if case is None:
            return
        cases = self._core.cases
        if ended.outcome == "sent":
            is_part = case.kind is CaseKind.PURGE and case.state is State.FAILED
            if is_part and ended.key != case.details.get("refused"):
                return  # another part of it was refused, which the case says until that one is done
            if case.state is not State.DONE:  # also what was refused, mended by staff and tried again
                await cases.set_state(session, case, State.DONE)
        elif case.state is State.FAILED:
            return
        elif case.ended_at is None or ended.outcome == "failed":
            case = await cases.set_state(session, case, State.FAILED, ended.reason)
            if case.kind is CaseKind.PURGE:
                case = await cases.change(session, case, details={**case.details, "refused": ended.key})
            await self._spare_no_more(session, case)
            await cases.add_event(session, case, EventKind.FAILED, after=ended.reason)

    async def told(self, session: AsyncSession, ended: Ended) -> None:
        """The notice has reached the member, or has not: then it waits beside their next private answer."""
        case = await self._case_of(session, ended)
        if case is None:
            return
        if ended.outcome == "sent":
            await self._core.cases.add_event(session, case, EventKind.NOTICE_SENT)
            return
        if case.state is State.FAILED and case.kind not in model.LEAVING:
            return  # nothing was done, so there is nothing to tell
        await self._core.cases.add_event(session, case, EventKind.NOTICE_FAILED, after=ended.reason)
        if case.kind not in model.LEAVING and ended.reason == "dms_closed":
            await self._core.notifier.notify(
                session,
                Notification(
                    kind=model.NOTICE_KIND.name,
                    key=f"moderation.aside:{case.id}",
                    guild_id=case.guild_id,
                    member_id=case.member_id,
                    renderer=model.NOTICE_RENDERER,
                    channel_id=None,
                    arguments={"case": case.id},
                    lane=Lane.SAFETY,
                ),
            )

    async def _case_of(self, session: AsyncSession, ended: Ended) -> Case | None:
        number = ended.key.split(":")[1]
        return await self._core.cases.find_by_id(session, ended.guild_id, int(number))


def _effect(case: Case, kind: EffectKind, arguments: dict[str, Any], role_id: int | None = None) -> Effect:
    why = case.details.get("why") or (
        "it has run its time" if case.ended_why is EndedWhy.EXPIRED else "it was taken back"
    )
    by = f" by {case.ended_by}" if case.ended_by else ""
    return Effect(
        kind=kind,
        key=f"{model.UNDO}{case.id}",
        guild_id=case.guild_id,
        member_id=case.member_id if case.member_id != NOBODY else None,
        channel_id=case.channel_id if kind is EffectKind.SET_CHANNEL else None,
        role_id=role_id,
        arguments={**arguments, "reason": f"End of case {case.number}{by}: {why}"},
        lane=Lane.SAFETY,
    )


def mark_held(session: AsyncSession, case: Case) -> None:
    """Have it remembered, after the commit, whether somebody is held back."""
    if case.kind in HELD:
        mark(session, f"{HELD_MARK}:{case.guild_id}:{case.member_id}:{int(case.holds)}")


def reapply(case: Case, key: str) -> Effect:
    """What holds about somebody who came back, once more."""
    arguments: dict[str, Any] = {"reason": f"Came back: {audit_reason(case)}"}
    if case.kind is CaseKind.TIMEOUT:
        assert case.ends_at is not None
        arguments["until"] = case.ends_at.isoformat()
        kind, role_id = EffectKind.TIMEOUT, None
    else:
        kind, role_id = EffectKind.ADD_ROLE, int(case.details["role"])
    return Effect(
        kind=kind,
        key=key,
        guild_id=case.guild_id,
        member_id=case.member_id,
        role_id=role_id,
        arguments=arguments,
        lane=Lane.SAFETY,
    )
