"""What moderators do about a channel: lock it, slow it down, clear messages.

A lock keeps in its case exactly what the channel's overwrite said before, and puts that back at its end; what people change
by hand meanwhile is theirs and stays. Lyceum itself and the moderators' role go on writing. A second lock of a locked channel is the same lock with another end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.authority import Actor, Capability
from bot.cases import CASE, Case, CaseDraft, CaseKind, EndedWhy, Snippet, Source, State
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, MissingBotPermission, NotFound
from bot.outbox import MOST_PURGED, Effect, EffectKind, Lane
from bot.text import clean
from cogs.moderation import model, rules
from cogs.moderation.model import ChannelState
from cogs.moderation.rules import Found, Preview
from cogs.moderation.service import audit_reason
from storage import cases as case_storage
from storage import moderation as storage


class ChannelService:
    """Acts on channels."""

    def __init__(self, core: Core) -> None:
        self._core = core

    # ------------------------------------------------------------------------------------------ lock and slowmode

    async def spared(self, guild_id: int) -> frozenset[int]:
        """The roles that moderate, by the community's choice: a lock does not silence them."""
        return (await self._core.configs.guild(guild_id)).capability_roles.of(Capability.MODERATE)

    async def lock(
        self, actor: Actor, channel: ChannelState, reason: str, length: timedelta | None
    ) -> tuple[Case, bool]:
        """Keep everybody from writing there. Returns the case and whether it is a new one; else its end was changed."""
        reason = rules.check_reason(clean(reason))
        length = rules.check_length(length)
        await self._core.guards.require(actor, Capability.MODERATE)
        if channel.is_thread:
            raise InvalidInput(
                "A thread has no permissions of its own. Lock it in Discord, or lock its channel."
            )
        if not channel.can_lock:
            raise MissingBotPermission(
                "I lack a permission there: give my role Manage Roles in that channel, and what I am to take from "
                "others: Send Messages, Add Reactions and all that concerns threads."
            )
        ends_at = self._core.clock.now() + length if length is not None else None
        async with self._core.db.begin() as session:
            await case_storage.lock_numbers(session, actor.guild_id)
            for held in await self._held(session, actor, CaseKind.LOCK, channel.channel_id):
                return await self._core.cases.extend(session, held, ends_at, actor.member_id), False
            if rules.is_locked(channel.allow, channel.deny):
                raise AlreadyDone("Nobody can write there already: somebody has locked it by hand.")
            mask = rules.LOCKED
            details = {
                "role": actor.guild_id,  # @everyone
                "mask": mask,
                "allow": channel.allow & mask,
                "deny": channel.deny & mask,
                "existed": channel.existed,
                "spared": [[each.role_id, each.bits, each.existed] for each in channel.writers],
            }
            case = await self._open(session, actor, CaseKind.LOCK, channel, reason, ends_at, details)
            for each in channel.writers:  # first, so that nothing of ours is cut off in between
                key = f"{model.SPARE}{case.id}:{each.role_id}"
                await self._plan(session, case, {"allow": each.bits}, role_id=each.role_id, key=key)
            await self._plan(session, case, {"deny": mask}, role_id=actor.guild_id)
        return case, True

    async def slow(
        self, actor: Actor, channel: ChannelState, seconds: int, reason: str, length: timedelta | None
    ) -> Case:
        """Let everybody write only every so many seconds. The next one takes the place of the one before."""
        reason = rules.check_reason(clean(reason))
        seconds, length = rules.check_slowmode(timedelta(seconds=seconds)), rules.check_length(length)
        await self._core.guards.require(actor, Capability.MODERATE)
        if not channel.can_change:
            raise MissingBotPermission(
                "I lack a permission there: give my role Manage Channels in that channel."
            )
        ends_at = self._core.clock.now() + length if length is not None and seconds else None
        before = channel.slowmode
        async with self._core.db.begin() as session:
            await case_storage.lock_numbers(session, actor.guild_id)
            for held in await self._held(session, actor, CaseKind.SLOWMODE, channel.channel_id):
                # Its end would bring back what was there before it; that is what the new one does.
                if channel.slowmode == held.details["seconds"] or held.state is State.PLANNED:
                    before = int(held.details["before"])
                changed = await self._core.cases.change(
                    session, held, details={**held.details, "undone": True}
                )
                await self._core.cases.end(session, changed, EndedWhy.LIFTED, actor.member_id)
            details = {"before": before, "seconds": seconds}
            case = await self._open(session, actor, CaseKind.SLOWMODE, channel, reason, ends_at, details)
            await self._plan(session, case, {"slowmode": seconds})
            if seconds == before:
                # Nothing is left that could end.
                case = await self._core.cases.change(session, case, details={**details, "undone": True})
                await self._core.cases.end(session, case, EndedWhy.LIFTED, actor.member_id)
        return case

    async def unlock(self, actor: Actor, channel_id: int, reason: str) -> Case:
        """End the lock of a channel. Raises `NotFound` when Lyceum has not locked it."""
        reason = rules.check_reason(clean(reason))
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            await case_storage.lock_numbers(session, actor.guild_id)
            for held in await self._held(session, actor, CaseKind.LOCK, channel_id):
                case = await self._core.cases.change(session, held, details={**held.details, "why": reason})
                await self._core.cases.end(session, case, EndedWhy.LIFTED, actor.member_id)
                return await self._core.cases.lock(session, case)
        raise NotFound("I have not locked that channel. What was locked by hand is opened by hand.")

    async def opened_by_hand(
        self, guild_id: int, channel_id: int, kind: CaseKind, seconds: int | None = None
    ) -> None:
        """Somebody changed by hand what a lock or slowmode had set: it is over, and nothing is put back. `seconds` is the
        slowmode that they set."""
        async with self._core.db.read() as session:
            if not await self._core.cases.holding(session, guild_id, [kind], channel_id=channel_id):
                return
        async with self._core.db.begin() as session:
            for held in await self._core.cases.holding(session, guild_id, [kind], channel_id=channel_id):
                is_ours = seconds is not None and held.details.get("seconds") == seconds
                if held.state is State.DONE and not is_ours:
                    details = {**held.details, "undone": True}
                    case = await self._core.cases.change(session, held, details=details)
                    await self._core.cases.end(session, case, EndedWhy.LIFTED)

    async def _held(self, session: Any, actor: Actor, kind: CaseKind, channel_id: int) -> list[Case]:
        held = await self._core.cases.holding(session, actor.guild_id, [kind], channel_id=channel_id)
        return [each for each in held if "mask" in each.details or "seconds" in each.details]

    async def _open(
        self,
        session: Any,
        actor: Actor,
        kind: CaseKind,
        channel: ChannelState,
        reason: str,
        ends_at: Any,
        details: dict[str, Any],
    ) -> Case:
        return await self._core.cases.open(
            session,
            CaseDraft(
                guild_id=actor.guild_id,
                kind=kind,
                source=Source.COMMAND,
                reason=reason,
                moderator_id=actor.member_id,
                channel_id=channel.channel_id,
                ends_at=ends_at,
                details=details,
            ),
        )

    async def _plan(
        self,
        session: Any,
        case: Case,
        arguments: dict[str, Any],
        role_id: int | None = None,
        key: str | None = None,
    ) -> None:
        effect = Effect(
            kind=EffectKind.SET_CHANNEL,
            key=key or f"{model.ACT}{case.id}",
            guild_id=case.guild_id,
            channel_id=case.channel_id,
            role_id=role_id,
            arguments={**arguments, "reason": audit_reason(case)},
            lane=Lane.SAFETY,
        )
        await self._core.outbox.plan(session, effect)

    # ------------------------------------------------------------------------------------------ clearing

    async def look(
        self, actor: Actor, channel_id: int, messages: Sequence[Found], most: int, author_id: int | None
    ) -> tuple[int, Preview]:
        """What clearing would delete. Nothing is deleted yet; the ids are written down for the press that follows."""
        await self._core.guards.require(actor, Capability.MODERATE)
        if not 1 <= most <= rules.MOST_PURGED:
            raise InvalidInput(
                "Between 1 and {most} messages can be cleared at one time.", most=rules.MOST_PURGED
            )
        now = self._core.clock.now()
        seen = rules.preview(messages, now=now, most=most, author_id=author_id)
        row = storage.PurgePlanRow(
            guild_id=actor.guild_id,
            channel_id=channel_id,
            opened_by=actor.member_id,
            messages={"ids": list(seen.ids)},
            at=now,
        )
        async with self._core.db.begin() as session:
            session.add(row)
            await session.flush()
            return row.id, seen

    async def wanted(self, actor: Actor, plan_id: int) -> tuple[int, tuple[int, ...]]:
        """The channel and messages of a preview. Raises `NotFound`, also for somebody else's."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            row = await storage.find_purge(session, plan_id)
        if row is None or row.guild_id != actor.guild_id or row.opened_by != actor.member_id:
            raise _old()
        return row.channel_id, tuple(row.messages.get("ids", ()))

    async def clear(self, actor: Actor, plan_id: int, reason: str, kept: Sequence[Snippet] = ()) -> Case:
        """Delete what the preview showed, once. `kept` are the messages to keep as evidence."""
        reason = rules.check_reason(clean(reason))
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            row = await storage.lock_purge(session, plan_id)
            if row is None or row.guild_id != actor.guild_id or row.opened_by != actor.member_id:
                raise _old()
            ids: list[int] = list(row.messages.get("ids", ()))
            if row.case_id is not None:
                raise AlreadyDone("That is done already.")
            if not ids:
                raise NotFound("There is nothing there that could be deleted.")
            case = await self._core.cases.open(
                session,
                CaseDraft(
                    guild_id=actor.guild_id,
                    kind=CaseKind.PURGE,
                    source=Source.COMMAND,
                    reason=reason,
                    moderator_id=actor.member_id,
                    channel_id=row.channel_id,
                    count=len(ids),
                    source_key=f"purge:{row.id}",
                ),
            )
            row.case_id = case.id
            for start in range(0, len(ids), MOST_PURGED):
                effect = Effect(
                    kind=EffectKind.PURGE,
                    key=f"{model.PURGE}{case.id}:{start}",
                    guild_id=case.guild_id,
                    channel_id=row.channel_id,
                    arguments={
                        "message_ids": ids[start : start + MOST_PURGED],
                        "reason": audit_reason(case),
                    },
                    lane=Lane.SAFETY,
                )
                await self._core.outbox.plan(session, effect)
            await self._core.cases.evidence.keep(session, actor.guild_id, CASE, case.id, kept)
        return case


def _old() -> NotFound:
    return NotFound("That preview is gone. Please look again with {command}.", command="`/mod purge`")
