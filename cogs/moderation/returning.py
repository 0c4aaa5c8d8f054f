"""Who left while something held about them and comes back finds it holding: leaving is no way around it.

For whom something holds is kept in memory, so that anybody else's joining costs no query.
"""

from __future__ import annotations

from datetime import datetime

from bot.cases import CaseKind, EventKind
from bot.core import Core
from cogs.moderation import model
from cogs.moderation.following import HELD, HELD_MARK, reapply
from storage import cases as storage


class Returning:
    """Applies it again."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._held: set[tuple[int, int]] = set()
        core.db.after_commit(self._note)

    async def load(self) -> None:
        """Find out for whom something holds. Called once at the start."""
        async with self._core.db.read() as session:
            self._held |= await storage.list_people_held(session, [each.value for each in HELD])

    def is_held(self, guild_id: int, member_id: int) -> bool:
        return (guild_id, member_id) in self._held

    async def joined(self, guild_id: int, member_id: int, at: datetime | None) -> int:
        """Somebody came (back). Returns how many cases were applied again."""
        if not self.is_held(guild_id, member_id) or not await self._core.features.is_on(guild_id, model.AREA):
            return 0
        cases, now = self._core.cases, self._core.clock.now()
        stamp = f"{at or now:%Y%m%d%H%M%S}"
        applied = 0
        async with self._core.db.begin() as session:
            for case in await cases.active_restrictions(session, guild_id, member_id):
                if case.kind is CaseKind.TIMEOUT and (case.ends_at is None or case.ends_at <= now):
                    continue
                if case.kind is CaseKind.RESTRICT and not case.details.get("role"):
                    continue
                effect = reapply(case, f"moderation.again:{case.id}:{stamp}")
                if await self._core.outbox.plan(session, effect):
                    await cases.add_event(session, case, EventKind.REAPPLIED)
                    applied += 1
        return applied

    def _note(self, marks: frozenset[str]) -> None:
        for each in marks:
            if each.startswith(f"{HELD_MARK}:"):
                *_, guild_id, member_id, holds = each.split(":")
                who = (int(guild_id), int(member_id))
                # Another case may hold still: who is remembered for nothing costs one query when they join.
                if holds == "1":
                    self._held.add(who)
