"""What is done about many who came at once: proposed by one moderator, confirmed by another, taken back within a week.

Whom it means is looked at when it is proposed and again when it is confirmed (`Cohort.sift`). What is done is written down
for each person, as a case of their own too, so that they can see it and appeal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import Case, CaseDraft, CaseKind, EndedWhy, EventKind, Source, State
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.guards import EXPIRES_AFTER, Proposal
from bot.i18n import N_
from bot.outbox import EffectKind, Ended
from cogs.raids import effects
from cogs.raids.cohort import Cohort
from cogs.raids.model import BAN_KEY, UNDO_WITHIN, Action, ActionKind, MemberState
from storage import raids as storage
from storage.personal import NOBODY

BAN_KIND, KICK_KIND = "raids.ban", "raids.kick"
NEEDED = {
    ActionKind.BAN: Capability.BAN,
    ActionKind.KICK: Capability.KICK,
    ActionKind.QUARANTINE: Capability.MODERATE,
    ActionKind.RELEASE: Capability.MODERATE,
}
_DONE = {EffectKind.KICK: MemberState.KICKED, EffectKind.UNBAN: MemberState.UNDONE}


class Actions:
    """Proposes, carries out and takes back."""

    def __init__(self, core: Core, cohort: Cohort) -> None:
        self._core = core
        self._cohort = cohort

    async def do(self, actor: Actor, raid_id: int, what: ActionKind, older: int) -> Action:
        """Act on the cohort as it is now: at once where it is mild, else when a second moderator has confirmed."""
        guards = self._core.guards
        await guards.require(actor, NEEDED[what])
        async with self._core.db.begin() as session:
            row = await self._cohort.find(session, actor.guild_id, raid_id)
            chosen, _ = await self._cohort.sift(session, row, what, older)
            if not chosen:
                raise InvalidInput("There is nobody whom that would mean. Have a look at who is left out.")
            now = self._core.clock.now()
            action = storage.RaidActionRow(
                guild_id=row.guild_id,
                raid_id=row.id,
                what=what.value,
                by_id=actor.member_id,
                made_at=now,
                count=len(chosen),
                state="proposed",
            )
            session.add(action)
            await session.flush()
            if what in (ActionKind.QUARANTINE, ActionKind.RELEASE):
                action.state, action.done_at = "done", now
                hold = self._cohort.quarantine if what is ActionKind.QUARANTINE else self._cohort.release
                await hold(session, row, chosen, action.id)
            else:
                await storage.set_members(session, row.id, chosen, action_id=action.id)
                kind = BAN_KIND if what is ActionKind.BAN else KICK_KIND
                await guards.propose(session, actor, kind, {"action": action.id, "member_ids": chosen})
            await self._core.audit.record(
                session, actor, "raids", N_("chose what to do about newcomers: {n}"), n=len(chosen)
            )
            await session.flush()
            return await self.snapshot(session, action)

    async def perform(self, session: AsyncSession, actor: Actor, proposal: Proposal, _said: None) -> Action:
        """A second moderator has confirmed. Each is looked at once more. Raises `AlreadyDone`."""
        action = await storage.lock_action(session, int(proposal.payload["action"]))
        if action is None or action.guild_id != actor.guild_id or action.state != "proposed":
            raise AlreadyDone("That has been decided already.")
        what = ActionKind(action.what)
        await self._core.guards.require(actor, NEEDED[what])
        row = await self._cohort.find(session, action.guild_id, action.raid_id)
        wanted = [each.member_id for each in await storage.list_of_action(session, action.id)]
        chosen, _ = await self._cohort.sift(session, row, what, 0, wanted)
        spared = set(wanted) - set(chosen)
        await storage.set_members(session, row.id, spared, state=MemberState.SPARED)
        now = self._core.clock.now()
        action.state, action.done_at, action.confirmed_by, action.count = (
            "done",
            now,
            actor.member_id,
            len(chosen),
        )
        case = await self._core.cases.open(session, self._case_of(action, len(chosen)))
        action.case_id = case.id
        await self._core.cases.add_event(session, case, EventKind.CONFIRMED, by=actor.member_id)
        await self._core.cases.open_many(session, [effects.case_of_one(action, each) for each in chosen])
        # Who is gone needs no release.
        await storage.set_members(session, row.id, chosen, state=MemberState.PLANNED, quarantined=None)
        if what is ActionKind.BAN:
            await self._core.outbox.plan(session, *effects.bans(action, chosen, case.number))
        else:
            await self._cohort.plan_each(
                session, chosen, lambda each: effects.kick(action, each, case.number)
            )
        await session.flush()
        return await self.snapshot(session, action)

    async def undo(self, actor: Actor, action_id: int) -> Action:
        """Lift the bans of one action: exactly those that came off by it."""
        await self._core.guards.require(actor, Capability.BAN)
        async with self._core.db.begin() as session:
            action = await storage.lock_action(session, action_id)
            if action is None or action.guild_id != actor.guild_id:
                raise NotFound("There is no such action (any more).")
            now = self._core.clock.now()
            if action.what != ActionKind.BAN or action.state != "done" or action.done_at is None:
                raise AlreadyDone("There is nothing to take back any more.")
            if now > action.done_at + UNDO_WITHIN:
                raise AlreadyDone(
                    "After a week only single bans can be lifted, with {command}.", command="`/mod unban`"
                )
            action.state, action.undone_by, action.undone_at = "undone", actor.member_id, now
            case = await self._core.cases.find_by_id(session, action.guild_id, action.case_id or 0)
            if case is not None:
                await self._core.cases.end(session, case, EndedWhy.LIFTED, actor.member_id)
            members = await storage.list_of_action(session, action.id)
            banned = [
                each.member_id for each in members if each.state in (MemberState.BANNED, MemberState.PLANNED)
            ]
            keys = [effects.case_key(action.id, each) for each in banned]
            await self._core.cases.settle_many(
                session, action.guild_id, keys, ended_why=EndedWhy.LIFTED, by=actor.member_id
            )
            await self._cohort.plan_each(session, banned, lambda each: effects.unban(action, each))
            await self._core.audit.record(session, actor, "raids", N_("took back bans: {n}"), n=len(banned))
            return await self.snapshot(session, action)

    async def effect_ended(self, session: AsyncSession, ended: Ended) -> storage.RaidRow | None:
        """Discord has banned many, or has refused. Returns the lockdown, whose banner shows it."""
        action = await storage.find_action(session, int(ended.key.removeprefix(BAN_KEY).split(":")[0]))
        if action is None:
            return None
        asked = {int(each) for each in ended.arguments["user_ids"]}
        failed = asked if ended.outcome != "sent" else {int(each) for each in ended.details.get("failed", ())}
        banned = asked - failed
        await storage.set_members(session, action.raid_id, banned, state=MemberState.BANNED, why=None)
        await storage.set_members(session, action.raid_id, failed, state=MemberState.FAILED, why=ended.reason)
        await self._settle(session, action, banned, State.DONE)
        await self._settle(session, action, failed, State.FAILED)
        if action.state == "undone":  # taken back before this was carried out
            await self._cohort.plan_each(
                session, sorted(banned), lambda each: effects.unban(action, each, late=True)
            )
        return await storage.find(session, action.raid_id)

    async def one_ended(self, session: AsyncSession, ended: Ended) -> None:
        """Discord has followed, or refused, for one person."""
        _, raid_id, action_id, *_ = ended.key.split(":")
        state = _DONE.get(ended.kind)
        member_id = ended.member_id or 0
        if ended.outcome == "failed":
            is_hold = ended.kind is EffectKind.ADD_ROLE or ended.arguments.get("until") is not None
            free = {"quarantined": None} if is_hold else {}
            await storage.set_members(
                session, int(raid_id), [member_id], state=MemberState.FAILED, why=ended.reason, **free
            )
        elif ended.outcome == "sent" and state is not None:
            await storage.set_members(session, int(raid_id), [member_id], state=state, why=None)
        if ended.kind is EffectKind.KICK and ended.outcome in ("sent", "failed"):
            action = await storage.find_action(session, int(action_id))
            if action is not None:
                await self._settle(
                    session, action, [member_id], State.DONE if ended.outcome == "sent" else State.FAILED
                )

    async def action_case_ended(self, session: AsyncSession, case: Case) -> None:
        """The case of one person was overturned, by an appeal say: moderation lifts the ban; here it is only written down."""
        if case.source is not Source.RAID or case.member_id == NOBODY or case.kind is not CaseKind.BAN:
            return
        action_id = int((case.source_key or "::0").split(":")[1] or 0)
        action = await storage.find_action(session, action_id)
        if action is not None:
            await storage.set_members(session, action.raid_id, [case.member_id], state=MemberState.UNDONE)

    async def snapshot(self, session: AsyncSession, action: storage.RaidActionRow) -> Action:
        states = Counter(each.state for each in await storage.list_of_action(session, action.id))
        case = await self._core.cases.find_by_id(session, action.guild_id, action.case_id or 0)
        return Action(
            id=action.id,
            guild_id=action.guild_id,
            raid_id=action.raid_id,
            what=ActionKind(action.what),
            by_id=action.by_id,
            confirmed_by=action.confirmed_by,
            state=self._state_of(action),
            count=action.count,
            made_at=action.made_at,
            done_at=action.done_at,
            case_number=case.number if case is not None else None,
            done=sum(states[each] for each in (MemberState.BANNED, MemberState.KICKED)),
            failed=states[MemberState.FAILED],
            waiting=states[MemberState.PLANNED],
        )

    async def declined(self, session: AsyncSession, proposal: Proposal) -> None:
        """A second moderator has declined it, or who proposed it took it back."""
        action = await storage.lock_action(session, int(proposal.payload["action"]))
        if action is not None and action.state == "proposed":
            action.state = "declined"

    def _state_of(self, action: storage.RaidActionRow) -> str:
        is_open = self._core.clock.now() < action.made_at + EXPIRES_AFTER
        return action.state if action.state != "proposed" or is_open else "lapsed"

    async def _settle(
        self, session: AsyncSession, action: storage.RaidActionRow, ids: Iterable[int], state: State
    ) -> None:
        keys = [effects.case_key(action.id, each) for each in ids]
        await self._core.cases.settle_many(session, action.guild_id, keys, state=state)

    def _case_of(self, action: storage.RaidActionRow, count: int) -> CaseDraft:
        """The one case of an action on many; it ends when it cannot be taken back any more."""
        return CaseDraft(
            guild_id=action.guild_id,
            kind=CaseKind.RAID,
            source=Source.RAID,
            reason=effects.CASE_REASON,
            moderator_id=action.by_id,
            count=count,
            source_key=effects.action_key(action.id),
            ends_at=self._core.clock.now() + UNDO_WITHIN,
            state=State.DONE,
        )
