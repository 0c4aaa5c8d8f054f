"""Who came while a lockdown lasted, who of them looks like a part of the raid, and what is done about many of them at once.

Everybody in here came after the lockdown's `since`: whoever was there before is in no row, and is looked for once more when
something is done. Bans and kicks wait for a second moderator; what is done then is written down for each person, as a
case of their own too, so that they can see it and appeal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import Case, CaseDraft, CaseKind, EndedWhy, EventKind, Source, State
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.guards import Proposal
from bot.i18n import N_
from bot.outbox import Effect, EffectKind, Ended
from cogs.raids import effects, rules
from cogs.raids.model import (
    A_SECOND,
    BAN_KEY,
    UNDO_WITHIN,
    Action,
    ActionKind,
    Comer,
    Look,
    MemberState,
    RaidSettings,
    Spared,
    arrival_of,
    no_raid,
    row_of,
)
from cogs.raids.rules import Arrival
from storage import raids as storage
from storage.personal import NOBODY

BAN_KIND, KICK_KIND = "raids.ban", "raids.kick"
NEEDED = {
    ActionKind.BAN: Capability.BAN,
    ActionKind.KICK: Capability.KICK,
    ActionKind.QUARANTINE: Capability.MODERATE,
    ActionKind.RELEASE: Capability.MODERATE,
}
TIMEOUT = "timeout"
_DONE = {EffectKind.KICK: MemberState.KICKED, EffectKind.UNBAN: MemberState.UNDONE}


class Cohort:
    """Keeps who came, and acts on them."""

    def __init__(self, core: Core, look: Look) -> None:
        self._core = core
        self._look = look

    # ------------------------------------------------------------------------------------------ who came

    async def add(self, session: AsyncSession, row: storage.RaidRow, arrivals: Sequence[Arrival]) -> int:
        """Write down who came. Those who were here before are left out. Returns how many are new."""
        fresh = [each for each in arrivals if each.at >= row.since]
        await self._take_back(session, row, fresh)
        added = await storage.add_members(session, [row_of(each, row.guild_id, row.id) for each in fresh])
        echoing = [each.member_id for each in arrivals if each.echoed]
        if echoing:
            await storage.note_echoes(session, row.id, echoing)
        if added and row.level >= rules.Level.QUARANTINE:
            await self.quarantine_suspects(session, row)
        return added

    async def _take_back(
        self, session: AsyncSession, row: storage.RaidRow, arrivals: Sequence[Arrival]
    ) -> None:
        """Who had left and comes again is met as they were: leaving is no way out of the quarantine."""
        known = await storage.list_some(session, row.id, [each.member_id for each in arrivals])
        back = [
            each for each in arrivals if each.member_id in known and each.at > known[each.member_id].joined_at
        ]
        held: dict[str, list[int]] = {}
        for each in back:
            before = known[each.member_id]
            before.joined_at = each.at
            if before.quarantined is not None:
                held.setdefault(before.quarantined, []).append(each.member_id)
            elif before.state in (MemberState.KICKED, MemberState.UNDONE):
                before.state = MemberState.HERE
        await session.flush()
        for how, ids in held.items():
            await self._hold(session, row, ids, how, held=True)

    async def judged(self, session: AsyncSession, row: storage.RaidRow) -> list[Comer]:
        """Everybody who came, with how they look: the most suspicious first, then in order of coming."""
        members = await storage.list_members(session, row.id)
        usual = float(row.evidence.get("usual", 0.0))
        found = rules.judge_all([arrival_of(each) for each in members], usual_an_hour=usual)
        comers = [
            Comer(
                each.member_id,
                each.joined_at,
                each.account_at,
                found[each.member_id],
                each.left_out,
                MemberState(each.state),
                each.why,
                each.action_id,
                each.quarantined,
            )
            for each in members
        ]
        return sorted(
            comers, key=lambda each: (not each.suspicion.is_suspect, each.joined_at, each.member_id)
        )

    async def leave_out(self, actor: Actor, raid_id: int, ticked: Mapping[int, bool]) -> None:
        """Staff say of some who came whether they are meant."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.begin() as session:
            await self._find(session, actor.guild_id, raid_id)
            for is_meant in (True, False):
                ids = [each for each, meant in ticked.items() if meant is is_meant]
                await storage.set_members(session, raid_id, ids, left_out=not is_meant)

    async def sift(
        self,
        session: AsyncSession,
        row: storage.RaidRow,
        what: ActionKind,
        older: int,
        only: Collection[int] | None = None,
    ) -> tuple[list[int], Counter[Spared]]:
        """Whom an action means at this moment, and why the others are not meant. `only`: none but these."""
        comers = [each for each in await self.judged(session, row) if only is None or each.member_id in only]
        ids = [each.member_id for each in comers]
        roles = (await self._core.configs.guild(row.guild_id)).capability_roles
        settings = await self._core.configs.get(row.guild_id, RaidSettings)
        staff = {each for some in roles.roles.values() for each in some}
        people = self._look.people(row.guild_id, ids, staff, {settings.quarantine_role_id or 0})
        acted = await storage.list_acted(session, row.guild_id, ids, before=row.since)
        chosen: list[int] = []
        spared: Counter[Spared] = Counter()
        for each in comers:
            why = effects.why_spared(
                each, people.get(each.member_id), row, what, older, took_part=each.member_id in acted
            )
            if why is None:
                chosen.append(each.member_id)
            else:
                spared[why] += 1
        return chosen, spared

    # ------------------------------------------------------------------------------------------ quarantine

    async def quarantine_suspects(self, session: AsyncSession, row: storage.RaidRow) -> int:
        """Everybody who is a suspect and was not looked at yet. Returns how many."""
        chosen, _ = await self.sift(session, row, ActionKind.QUARANTINE, 0)
        await self.quarantine(session, row, chosen)
        return len(chosen)

    async def quarantine(
        self, session: AsyncSession, row: storage.RaidRow, ids: Sequence[int], action_id: int | None = None
    ) -> None:
        """By the role that was chosen for it, else by a timeout until the lockdown ends."""
        role_id = (await self._core.configs.get(row.guild_id, RaidSettings)).quarantine_role_id
        how = str(role_id) if role_id is not None else TIMEOUT
        values = {"state": MemberState.QUARANTINED, "quarantined": how}
        await storage.set_members(session, row.id, ids, **values, **_of_action(action_id))
        await self._hold(session, row, ids, how, held=True)

    async def release(
        self, session: AsyncSession, row: storage.RaidRow, ids: Sequence[int], action_id: int | None = None
    ) -> None:
        """Out of the quarantine again, by the way they came into it."""
        known = await storage.list_some(session, row.id, ids)
        ways: dict[str, list[int]] = {}
        for each in ids:
            if each in known and (how := known[each].quarantined) is not None:
                ways.setdefault(how, []).append(each)
        for how, out in ways.items():
            values = {"state": MemberState.RELEASED, "quarantined": None}
            await storage.set_members(session, row.id, out, **values, **_of_action(action_id))
            await self._hold(session, row, out, how, held=False)

    async def _hold(
        self, session: AsyncSession, row: storage.RaidRow, ids: Sequence[int], how: str, *, held: bool
    ) -> None:
        role_id = None if how == TIMEOUT else int(how)
        await self._plan_each(session, ids, lambda each: effects.hold(row, each, role_id, held=held))

    async def release_all(self, session: AsyncSession, row: storage.RaidRow) -> None:
        """At the end of a lockdown nobody stays in quarantine for it."""
        members = await storage.list_members(session, row.id)
        await self.release(session, row, [each.member_id for each in members if each.quarantined is not None])

    # ------------------------------------------------------------------------------------------ many at once

    async def do(self, actor: Actor, raid_id: int, what: ActionKind, older: int) -> Action:
        """Act on the cohort as it is now: at once where it is mild, else when a second moderator has confirmed."""
        guards = self._core.guards
        await guards.require(actor, NEEDED[what])
        async with self._core.db.begin() as session:
            row = await self._find(session, actor.guild_id, raid_id)
            chosen, _ = await self.sift(session, row, what, older)
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
                hold = self.quarantine if what is ActionKind.QUARANTINE else self.release
                await hold(session, row, chosen, action.id)
            else:
                await storage.set_members(session, row.id, chosen, action_id=action.id)
                kind = BAN_KIND if what is ActionKind.BAN else KICK_KIND
                await guards.propose(session, actor, kind, {"action": action.id, "member_ids": chosen})
            await self._core.audit.record(
                session, actor, "raids", N_("chose what to do about {n} people"), n=len(chosen)
            )
            await session.flush()
            return await self.snapshot(session, action)

    async def perform(self, session: AsyncSession, actor: Actor, proposal: Proposal) -> Action:
        """A second moderator has confirmed. Each is looked at once more. Raises `AlreadyDone`."""
        action = await storage.lock_action(session, int(proposal.payload["action"]))
        if action is None or action.guild_id != actor.guild_id or action.state != "proposed":
            raise AlreadyDone("That has been decided already.")
        what = ActionKind(action.what)
        await self._core.guards.require(actor, NEEDED[what])
        row = await self._find(session, action.guild_id, action.raid_id)
        wanted = [each.member_id for each in await storage.list_of_action(session, action.id)]
        chosen, _ = await self.sift(session, row, what, 0, wanted)
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
            await self._plan_each(session, chosen, lambda each: effects.kick(action, each, case.number))
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
            await self._plan_each(session, banned, lambda each: effects.unban(action, each))
            await self._core.audit.record(
                session, actor, "raids", N_("took back the bans of {n} people"), n=len(banned)
            )
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
            await self._plan_each(
                session, sorted(banned), lambda each: effects.unban(action, each, late=True)
            )
        return await storage.find(session, action.raid_id)

    async def one_ended(self, session: AsyncSession, ended: Ended) -> None:
        """Discord has followed, or refused, for one person."""
        _, raid_id, action_id, *_ = ended.key.split(":")
        state = _DONE.get(ended.kind)
        member_id = ended.member_id or 0
        if ended.outcome == "failed":
            await storage.set_members(
                session, int(raid_id), [member_id], state=MemberState.FAILED, why=ended.reason
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
            state=action.state,
            count=action.count,
            made_at=action.made_at,
            done_at=action.done_at,
            case_number=case.number if case is not None else None,
            done=sum(states[each] for each in (MemberState.BANNED, MemberState.KICKED)),
            failed=states[MemberState.FAILED],
            waiting=states[MemberState.PLANNED],
        )

    async def _settle(
        self, session: AsyncSession, action: storage.RaidActionRow, ids: Iterable[int], state: State
    ) -> None:
        keys = [effects.case_key(action.id, each) for each in ids]
        await self._core.cases.settle_many(session, action.guild_id, keys, state=state)

    async def _find(self, session: AsyncSession, guild_id: int, raid_id: int) -> storage.RaidRow:
        row = await storage.find(session, raid_id)
        if row is None or row.guild_id != guild_id:
            raise no_raid()
        return row

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

    async def _plan_each(
        self, session: AsyncSession, ids: Sequence[int], make: Callable[[int], Effect]
    ) -> None:
        """An effect for each, so many a second, so that they leave room for what somebody waits for."""
        now = self._core.clock.now()
        planned = [
            replace(
                make(member_id),
                key=f"{make(member_id).key}:{int(now.timestamp())}",
                not_before=now + timedelta(seconds=index // A_SECOND),
            )
            for index, member_id in enumerate(ids)
        ]
        await self._core.outbox.plan(session, *planned)


def _of_action(action_id: int | None) -> dict[str, Any]:
    return {} if action_id is None else {"action_id": action_id}
