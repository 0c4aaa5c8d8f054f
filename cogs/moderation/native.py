"""What moderators do by hand in Discord becomes a case too: seen in the audit log as it happens, and afterwards when nobody
was looking. Each entry of the log is a case's key, so it is never written down twice; our own are known by the actor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cases import Case, CaseDraft, CaseKind, Source, State
from bot.core import Core
from bot.guards import SafetySettings
from bot.text import clean, cut
from cogs.moderation import model, rules
from cogs.moderation.rules import Entry
from cogs.moderation.service import end_quietly
from storage import cases as case_storage
from storage import moderation as storage
from storage.personal import NOBODY

MOVED_EVERY = timedelta(hours=1)
CLOCK_GRACE = timedelta(minutes=1)  # our clock and Discord's need not agree
_KINDS = {
    rules.KICK: CaseKind.KICK,
    rules.BAN: CaseKind.BAN,
    rules.UNBAN: CaseKind.UNBAN,
    rules.TIMEOUT: CaseKind.TIMEOUT,
    rules.RESTRICT: CaseKind.RESTRICT,
}
_ENDS = {
    rules.UNBAN: CaseKind.BAN,
    rules.UNTIMEOUT: CaseKind.TIMEOUT,
    rules.TIMEOUT: CaseKind.TIMEOUT,
    rules.UNRESTRICT: CaseKind.RESTRICT,
}


class Native:
    """Writes down what was done by hand."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Servers whose log is read as far as it went, and when their cursor was last moved by an entry of no interest.
        # Until then what happens now must not move it past what happened meanwhile.
        self._read: dict[int, datetime] = {}

    async def seen(self, guild_id: int, entry: Entry, own_id: int) -> Case | None:
        """One entry of the log. Returns the case that came of it."""
        if not await self._core.features.is_on(guild_id, model.AREA):
            return None
        settings = await self._core.configs.get(guild_id, SafetySettings)
        deed = rules.deed_of(entry, own_id=own_id, restrict_role=settings.restrict_role_id)
        if deed is None:
            await self._pass_by(guild_id, entry)
            return None
        async with self._core.db.begin() as session:
            await case_storage.lock_numbers(session, guild_id)
            key = f"audit:{entry.id}"
            is_known = await self._core.cases.find_by_key(session, guild_id, key) is not None
            case = None
            if not is_known:
                await self._end(session, guild_id, deed, entry)
                if deed in _KINDS:
                    case = await self._open(session, guild_id, deed, entry, settings.restrict_role_id)
            if guild_id in self._read:
                await storage.move_cursor(session, guild_id, entry.id)
        return case

    async def _pass_by(self, guild_id: int, entry: Entry) -> None:
        """Most entries are not ours to write down, Lyceum's own among them. Now and then they move the cursor on, else after a
        month of them there would be too many to read."""
        moved = self._read.get(guild_id)
        if moved is not None and entry.at - moved >= MOVED_EVERY:
            self._read[guild_id] = entry.at
            async with self._core.db.begin() as session:
                await storage.move_cursor(session, guild_id, entry.id)

    async def _end(self, session: AsyncSession, guild_id: int, deed: str, entry: Entry) -> None:
        """What it puts an end to, if that began before: an entry that is read late ends nothing newer."""
        kind = _ENDS.get(deed)
        if kind is None:
            return
        for case in await self._core.cases.holding(session, guild_id, [kind], member_id=entry.target_id):
            if _began_before(case, entry):
                await end_quietly(self._core, session, case, entry.actor_id)

    async def _open(
        self, session: AsyncSession, guild_id: int, deed: str, entry: Entry, role_id: int | None
    ) -> Case:
        kind = _KINDS[deed]
        return await self._core.cases.open(
            session,
            CaseDraft(
                guild_id=guild_id,
                kind=kind,
                source=Source.DISCORD,
                reason=cut(clean(entry.reason), rules.LONGEST_REASON),
                member_id=entry.target_id,
                moderator_id=entry.actor_id,
                source_key=f"audit:{entry.id}",
                ends_at=entry.until if kind is CaseKind.TIMEOUT else None,
                state=State.DONE,
                details={"role": role_id} if kind is CaseKind.RESTRICT else {},
            ),
        )

    # ------------------------------------------------------------------------------------------ missed meanwhile

    async def cursor(self, guild_id: int, newest: int) -> int | None:
        """The last entry that was looked at; None, from now on `newest`, when none was yet."""
        async with self._core.db.read() as session:
            known = await storage.find_cursor(session, guild_id)
        if known is None:
            async with self._core.db.begin() as session:
                await storage.move_cursor(session, guild_id, newest)
        return known

    async def caught_up(self, guild_id: int, entries: Sequence[Entry], own_id: int) -> int:
        """What was done while nobody was looking, in order. Returns how many cases came of it."""
        made, newest = 0, 0
        for entry in sorted(entries, key=lambda each: each.id):
            made += await self.seen(guild_id, entry, own_id) is not None
            newest = entry.id
        if newest:
            async with self._core.db.begin() as session:
                await storage.move_cursor(session, guild_id, newest)
        self._read[guild_id] = self._core.clock.now()
        return made

    def connected(self) -> None:
        """Discord may have told of nothing for a while: every log has to be read again."""
        self._read.clear()

    async def holding(self, guild_id: int) -> list[Case]:
        """Bans, timeouts, restrictions and locks that hold, as the cases have it."""
        kinds = (CaseKind.BAN, CaseKind.TIMEOUT, CaseKind.RESTRICT, CaseKind.LOCK, CaseKind.SLOWMODE)
        async with self._core.db.read() as session:
            return await self._core.cases.holding(session, guild_id, kinds)

    async def let_go(self, guild_id: int, case_ids: Collection[int]) -> None:
        """These hold no more in Discord: somebody ended them by hand, who is not known."""
        async with self._core.db.begin() as session:
            for case_id in case_ids:
                case = await self._core.cases.find_by_id(session, guild_id, case_id)
                if case is not None and case.holds and case.state is State.DONE:
                    await end_quietly(self._core, session, case, NOBODY)


def _began_before(case: Case, entry: Entry) -> bool:
    """Of what was done by hand too, the log's own order says it: the case was written down when the log was read."""
    begin, _, number = (case.source_key or "").partition(":")
    if begin == "audit" and number.isdecimal():
        return int(number) < entry.id
    return case.created_at <= entry.at + CLOCK_GRACE
