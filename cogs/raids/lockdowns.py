"""Lockdowns: begun, led up the ladder, extended and ended, each in one transaction.

A lockdown is one row; of two that begin one at the same moment, one wins. How each thing was is written down in the
transaction that plans to change it, and the effects that put it back carry what we had set: if that is not what is found,
somebody has changed it meanwhile, and theirs stays. The case of a lockdown is what ends it in time, by a job of the
shell's own, so it ends also when the feature was switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import Case, CaseDraft, CaseKind, EndedWhy, Source, State
from bot.core import Core
from bot.errors import AlreadyDone
from bot.features import Switched
from bot.i18n import N_
from bot.judging import CHANGED_BY_HAND
from bot.outbox import Effect, EffectKind, Ended, Lane
from cogs.raids import rules
from cogs.raids.cohort import Cohort
from cogs.raids.model import (
    AREA,
    BANNER_RENDERER,
    EDIT_EVERY,
    HIGH,
    HIGHEST,
    LOCK_CHANNELS,
    SEND,
    SLOW,
    SLOW_CHANNELS,
    STEP_KEY,
    ChannelFact,
    GuildFacts,
    Look,
    RaidSettings,
    StepKind,
    StepState,
    evidence_to_json,
    no_raid,
)
from cogs.raids.rules import Arrival, Evidence, Level
from storage import cases as case_storage
from storage import raids as storage
from storage.database import mark
from storage.personal import NOBODY

CHANGED_MARK = "raids:"
REASON = N_("Many people joined at once, and it looks like a raid")
BY_HAND = N_("A moderator began a lockdown")
AUDIT_ON, AUDIT_OFF = "Lockdown: a raid is under way", "The lockdown has ended"


class Lockdowns:
    """Begins, leads and ends them."""

    def __init__(self, core: Core, cohort: Cohort, look: Look) -> None:
        self._core = core
        self._cohort = cohort
        self._look = look

    async def begin(
        self,
        guild_id: int,
        evidence: Evidence,
        arrivals: Sequence[Arrival],
        *,
        since: datetime,
        facts: GuildFacts | None,
        ends_at: datetime,
        actor: Actor | None = None,
    ) -> int | None:
        """Begin a lockdown, up to the step that the community lets Lyceum take by itself; by hand it is the first.

        `facts` is how the server was when it was decided. Returns its number, or None when one is on already, or the
        feature is switched off.
        """
        core = self._core
        if actor is not None:
            await core.guards.require(actor, Capability.MODERATE)
        elif not await core.features.is_on(guild_id, AREA):
            return None
        settings = await core.configs.get(guild_id, RaidSettings)
        now = core.clock.now()
        by = actor.member_id if actor is not None else NOBODY
        async with core.db.begin() as session:
            values = {
                "guild_id": guild_id,
                "level": 0,
                "since": min(since, now),
                "started_at": now,
                "ends_at": ends_at,
                "by_id": by,
                "evidence": evidence_to_json(evidence),
                "ended_by": NOBODY,
            }
            if not await storage.begin(session, values):
                return None
            row = await storage.lock_active(session, guild_id)
            assert row is not None
            draft = CaseDraft(
                guild_id=guild_id,
                kind=CaseKind.RAID,
                source=Source.RAID,
                reason=BY_HAND if actor is not None else REASON,
                moderator_id=by,
                source_key=f"raid:{row.id}",
                ends_at=ends_at,
                state=State.DONE,
            )
            row.case_id = (await core.cases.open(session, draft)).id
            await self._cohort.add(session, row, arrivals)
            await self._climb(session, row, Level.PAUSE if actor is not None else settings.automatic, facts)
            await self._post_banner(session, row)
            mark(session, f"{CHANGED_MARK}{guild_id}")
            return row.id

    async def step_up(self, actor: Actor, raid_id: int, level: int) -> None:
        """Take the step after `level`, which is what the person saw. Raises `AlreadyDone` when it was taken."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            row = await self._lock(session, actor, raid_id)
            if row.level != level:
                raise AlreadyDone("Somebody has taken that step already.")
            await self._climb(session, row, rules.next_level(level), self._look.guild(row.guild_id))
            await self._note(session, actor, row, N_("took the lockdown one step up"))

    async def extend(self, actor: Actor, raid_id: int, by: timedelta = rules.DEFAULT_LENGTH) -> datetime:
        """Let it last longer, a day from now at most. Returns until when."""
        core = self._core
        await core.guards.require(actor, Capability.MODERATE)
        async with core.db.begin() as session:
            row = await self._lock(session, actor, raid_id)
            row.ends_at = rules.extended(row.ends_at, core.clock.now(), by)
            case = await core.cases.find_by_id(session, row.guild_id, row.case_id or 0)
            if case is not None:
                await core.cases.extend(session, case, row.ends_at, actor.member_id)
            for step in await storage.list_steps(session, row.id):
                if step.kind == StepKind.INVITES and step.state in (StepState.PLANNED, StepState.ON):
                    step.wanted = _paused(step.before, row.ends_at)
                    step.version += 1
                    await core.outbox.plan(session, _effect(step, step.wanted, "on"))
            await self._cohort.extend(session, row)
            await self._note(session, actor, row, N_("extended the lockdown"))
            return row.ends_at

    async def clear(self, actor: Actor, raid_id: int) -> None:
        """All clear: everything is put back as it was."""
        core = self._core
        await core.guards.require(actor, Capability.MODERATE)
        async with core.db.begin() as session:
            row = await self._lock(session, actor, raid_id)
            await self._note(session, actor, row, N_("ended the lockdown"))
            await self._end_case(session, row, actor.member_id)

    async def switched(self, session: AsyncSession, switched: Switched) -> None:
        """Switched off, nothing of it may stay: its buttons answer no more, and only what ended is known to be whole."""
        if switched.feature == AREA and not switched.is_on:
            row = await storage.find_active(session, switched.guild_id)
            if row is not None:
                await self._end_case(session, row, NOBODY)

    async def case_ended(self, session: AsyncSession, case: Case) -> None:
        """The lockdown's time has come, or it was ended: put back what it changed."""
        if case.kind is not CaseKind.RAID:
            return
        row = await storage.find_by_case(session, case.id)
        if row is None or row.ended_at is not None:
            return
        row.ended_at, row.ended_by = self._core.clock.now(), case.ended_by or NOBODY
        row.ended_why = case.ended_why.value if case.ended_why is not None else None
        await session.flush()
        for step in reversed(await storage.list_steps(session, row.id)):
            # What Discord refused is not there; what still waits is superseded by this.
            if step.state != StepState.FAILED:
                before = _at_present(step.before, self._core.clock.now())
                await self._core.outbox.plan(session, _effect(step, before, "off"))
        await self._cohort.release_all(session, row)
        await self.touch(session, row)
        mark(session, f"{CHANGED_MARK}{row.guild_id}")

    async def effect_ended(self, session: AsyncSession, ended: Ended) -> None:
        """Discord has followed, or refused."""
        number, version, way = ended.key.removeprefix(STEP_KEY).split(":")
        step = await storage.lock_step(session, int(number))
        if step is None or (way == "on" and step.version != int(version)):
            return
        if ended.outcome == "sent":
            step.state = StepState.ON if way == "on" else StepState.RESTORED
        elif ended.outcome == "failed":
            step.state = StepState.FAILED if way == "on" else StepState.STUCK
        elif ended.reason == CHANGED_BY_HAND:
            step.state = StepState.KEPT
        step.reason = ended.reason
        row = await storage.find(session, step.raid_id)
        if row is not None:
            await self.touch(session, row)

    async def touch(self, session: AsyncSession, row: storage.RaidRow) -> None:
        """Have the banner drawn anew: once in so many seconds, however much happens."""
        slot = int(self._core.clock.now().timestamp() // EDIT_EVERY) + 1
        channel_id = (await self._core.configs.guild(row.guild_id)).staff_channel_id
        if channel_id is None:
            return
        edit = Effect(
            kind=EffectKind.EDIT,
            key=f"{banner_key(row.id)}:{slot}",
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=BANNER_RENDERER,
            arguments={"raid": row.id},
            after=banner_key(row.id),
            lane=Lane.AWAITED,
            not_before=datetime.fromtimestamp(slot * EDIT_EVERY, self._core.clock.now().tzinfo),
        )
        await self._core.outbox.plan(session, edit)

    async def _climb(
        self, session: AsyncSession, row: storage.RaidRow, level: int, facts: GuildFacts | None
    ) -> None:
        """Take the steps up to this one. How things are is written down before anything is planned."""
        settings = await self._core.configs.get(row.guild_id, RaidSettings)
        while row.level < min(level, Level.LOCK):
            row.level += 1
            if row.level == Level.QUARANTINE:
                await session.flush()
                await self._cohort.quarantine_suspects(session, row)
            if facts is None:
                continue
            for kind, target, before, wanted in _changes(Level(row.level), facts, settings, row.ends_at):
                step = storage.RaidStepRow(
                    guild_id=row.guild_id,
                    raid_id=row.id,
                    kind=kind.value,
                    target_id=target,
                    before=before,
                    wanted=wanted,
                    state=StepState.PLANNED,
                    version=1,
                )
                session.add(step)
                await session.flush()
                await self._core.outbox.plan(session, _effect(step, wanted, "on"))
        await session.flush()

    async def _post_banner(self, session: AsyncSession, row: storage.RaidRow) -> None:
        channel_id = (await self._core.configs.guild(row.guild_id)).staff_channel_id
        if channel_id is None:
            return
        post = Effect(
            kind=EffectKind.POST,
            key=banner_key(row.id),
            guild_id=row.guild_id,
            channel_id=channel_id,
            renderer=BANNER_RENDERER,
            arguments={"raid": row.id},
            lane=Lane.SAFETY,
        )
        await self._core.outbox.plan(session, post)

    async def _end_case(self, session: AsyncSession, row: storage.RaidRow, by: int) -> None:
        case = await self._core.cases.find_by_id(session, row.guild_id, row.case_id or 0)
        if case is None:
            raise no_raid()
        await self._core.cases.end(session, case, EndedWhy.LIFTED, by)

    async def _lock(self, session: AsyncSession, actor: Actor, raid_id: int) -> storage.RaidRow:
        """The lockdown that is on, if it is this one of this server."""
        row = await storage.find(session, raid_id)
        if row is None or row.guild_id != actor.guild_id:
            raise no_raid()
        # The case first, as the job does that ends it in time: two that wait for each other would both lose.
        await case_storage.lock(session, row.case_id or 0)
        active = await storage.lock_active(session, actor.guild_id)
        if active is None or active.id != raid_id:
            raise AlreadyDone("That lockdown has ended already. Everything is as it was before.")
        return active

    async def _note(self, session: AsyncSession, actor: Actor, row: storage.RaidRow, what: str) -> None:
        await session.flush()
        await self._core.audit.record(session, actor, AREA, what)
        await self.touch(session, row)
        mark(session, f"{CHANGED_MARK}{row.guild_id}")


def banner_key(raid_id: int) -> str:
    return f"raids.banner:{raid_id}"


_Change = tuple[StepKind, int, dict[str, Any], dict[str, Any]]


def _changes(level: Level, facts: GuildFacts, settings: RaidSettings, ends_at: datetime) -> list[_Change]:
    """What a step changes: a kind, a channel or 0, how it is and how it shall be."""
    if level is Level.PAUSE:
        before = {"invites_until": _iso(facts.invites_until), "dms_until": _iso(facts.dms_until)}
        changes: list[_Change] = [(StepKind.INVITES, 0, before, _paused(before, ends_at))]
        for channel_id in facts.busiest[:SLOW_CHANNELS]:
            channel = facts.channel(channel_id)
            if channel is not None and channel.slowmode < SLOW:
                slow = {"slowmode": channel.slowmode}
                changes.append((StepKind.SLOWMODE, channel_id, slow, {"slowmode": SLOW}))
        return changes
    if level is Level.VERIFY and facts.verification < HIGHEST:
        wanted = max(HIGH, facts.verification + 1)
        return [(StepKind.VERIFICATION, 0, {"level": facts.verification}, {"level": wanted})]
    if level is Level.LOCK:
        chosen = [each for each in facts.channels if each.id in settings.locked_ids]
        channels = chosen or [each for each in facts.channels if each.is_public]
        locked = [each for each in channels[:LOCK_CHANNELS] if each.deny & SEND != SEND]
        return [change for each in locked for change in _locking(each)]
    return []


def _locking(channel: ChannelFact) -> list[_Change]:
    """Nobody writes there but Lyceum, whose own role is let first, so that nothing of it is cut off in between."""
    before = {"allow": channel.allow, "deny": channel.deny, "remove": not channel.has_overwrite}
    changes: list[_Change] = [(StepKind.LOCK, channel.id, before, {"allow": 0, "deny": SEND})]
    own = channel.own
    if own is not None and own.may & ~own.allow:
        before = {"role": own.role_id, "allow": own.allow, "deny": own.deny, "remove": not own.has_overwrite}
        wanted = {"role": own.role_id, "allow": own.allow | own.may, "deny": own.deny}
        changes.insert(0, (StepKind.OWN_VOICE, channel.id, before, wanted))
    return changes


def _paused(before: dict[str, Any], ends_at: datetime) -> dict[str, Any]:
    """Paused until then, or as long as somebody wanted it before, if that is longer."""
    return {name: max(ends_at.isoformat(), until or "") for name, until in before.items()}


def _effect(step: storage.RaidStepRow, wanted: dict[str, Any], way: str) -> Effect:
    """Bring about a state; on the way back only while it is as we set it."""
    kind = StepKind(step.kind)
    arguments: dict[str, Any] = {"reason": AUDIT_ON if way == "on" else AUDIT_OFF}
    still: Any = None
    if kind is StepKind.INVITES:
        arguments |= wanted
        still = step.wanted
    elif kind is StepKind.VERIFICATION:
        arguments["verification_level"] = wanted["level"]
        still = step.wanted["level"]
    elif kind is StepKind.SLOWMODE:
        arguments["slowmode"] = wanted["slowmode"]
        still = step.wanted["slowmode"]
    else:
        allow, deny = int(wanted["allow"]), int(wanted["deny"])
        inherit = SEND & ~(allow | deny)
        arguments |= {"allow": allow, "deny": deny, "inherit": inherit, "remove": bool(wanted.get("remove"))}
        still = {"allow": step.wanted["allow"], "deny": step.wanted["deny"]}
    if way == "off":
        arguments["if_still"] = still
    in_channel = kind in (StepKind.SLOWMODE, StepKind.LOCK, StepKind.OWN_VOICE)
    return Effect(
        kind=EffectKind.SET_CHANNEL if in_channel else EffectKind.SET_GUILD,
        key=f"{STEP_KEY}{step.id}:{step.version}:{way}",
        guild_id=step.guild_id,
        channel_id=step.target_id if in_channel else None,
        role_id={StepKind.LOCK: step.guild_id, StepKind.OWN_VOICE: step.wanted.get("role")}.get(kind),
        arguments=arguments,
        lane=Lane.SAFETY,
    )


def _at_present(before: dict[str, Any], now: datetime) -> dict[str, Any]:
    """How it was, without a pause that would have run out by now."""
    return {
        name: None if name.endswith("_until") and value and datetime.fromisoformat(value) <= now else value
        for name, value in before.items()
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant is not None else None
