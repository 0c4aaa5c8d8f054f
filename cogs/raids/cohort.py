"""Who came while a lockdown lasted, who of them looks like a part of the raid, and who is held in quarantine for it.

Everybody in here came after the lockdown's `since`: whoever was there before is in no row, and is looked for once more when
something is done about many (`cogs/raids/actions.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.core import Core
from bot.outbox import Effect
from cogs.raids import effects, rules
from cogs.raids.model import (
    A_SECOND,
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

TIMEOUT = "timeout"


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
            await self.find(session, actor.guild_id, raid_id)
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
        # Whom Discord refused to hold is tried again by hand alone, and not with each newcomer.
        members = await storage.list_members(session, row.id)
        new = {each.member_id for each in members if each.state == MemberState.HERE}
        chosen, _ = await self.sift(session, row, ActionKind.QUARANTINE, 0, new)
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
        await self.plan_each(session, ids, lambda each: effects.hold(row, each, role_id, held=held))

    async def extend(self, session: AsyncSession, row: storage.RaidRow) -> None:
        """The lockdown lasts longer, and so do its timeouts."""
        members = await storage.list_members(session, row.id)
        held = [each.member_id for each in members if each.quarantined == TIMEOUT]
        await self._hold(session, row, held, TIMEOUT, held=True)

    async def release_all(self, session: AsyncSession, row: storage.RaidRow) -> None:
        """At the end of a lockdown nobody stays in quarantine for it."""
        members = await storage.list_members(session, row.id)
        await self.release(session, row, [each.member_id for each in members if each.quarantined is not None])

    async def find(self, session: AsyncSession, guild_id: int, raid_id: int) -> storage.RaidRow:
        row = await storage.find(session, raid_id)
        if row is None or row.guild_id != guild_id:
            raise no_raid()
        return row

    async def plan_each(
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
