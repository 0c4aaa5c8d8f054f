"""The numbered cases of a community: whatever was done to protect people is one, whoever did it and by whatever means.

A feature opens a case in the transaction in which it plans what Discord is to do about it; `source_key` says what it came
from, and the same key again finds the case instead of opening a second. What lasts (`LASTING`) holds until it is ended: at
`ends_at` a job of the shell's own ends it, so it ends in time also when a feature was switched off meanwhile. Features that
must undo something then, or show the case, listen in the same transaction.

Numbers are given without gaps, one case after the other. A hidden case keeps its number. Words that were kept as evidence
are emptied when their time is over, by a job of the shell's own. Tested in `tests/bot/test_cases.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.case_evidence import CASE, REPORT, Evidence
from bot.case_model import (
    LASTING,
    PART_OF,
    Case,
    CaseDraft,
    CaseEvent,
    CaseKind,
    EndedWhy,
    EventKind,
    Snippet,
    Source,
    State,
    snapshot,
)
from bot.clock import Clock
from bot.i18n import N_
from bot.jobs import Job, Jobs, NewJob, Skipped
from storage import cases as storage
from storage import evidence as evidence_storage
from storage.personal import NOBODY

__all__ = [
    "CASE",
    "LASTING",
    "PART_OF",
    "REPORT",
    "Case",
    "CaseDraft",
    "CaseEvent",
    "CaseKind",
    "Cases",
    "EndedWhy",
    "EventKind",
    "Snippet",
    "Source",
    "State",
]

END_JOB = "cases.end"

Listener = Callable[[AsyncSession, Case], Awaitable[None]]
Panel = Callable[[Any, int, str | None], Awaitable[None]]
"""Answers an interaction with the private card on which a moderator acts on a member; the case that comes of it bears
the source key. Called with the interaction, the member's id and the key."""


class Cases:
    """Opens, changes and ends cases."""

    def __init__(self, clock: Clock, jobs: Jobs) -> None:
        self._clock = clock
        self._jobs = jobs
        self._on_open: list[Listener] = []
        self._on_change: list[Listener] = []
        self._on_end: list[Listener] = []
        self.panel: Panel | None = None
        # By which somebody appeals a case, also on a DM, with the case's row id: set by the feature that takes appeals.
        self.appeal_control: str | None = None
        self.evidence = Evidence(clock, jobs, self._quoting_changed)
        jobs.register(END_JOB, self._expire)

    # ------------------------------------------------------------------------------------------ telling

    def on_open(self, listener: Listener) -> None:
        """Call `listener` in the same transaction when a case was opened."""
        self._on_open.append(listener)

    def on_change(self, listener: Listener) -> None:
        """The same when something on a case's card has changed, its end included."""
        self._on_change.append(listener)

    def on_end(self, listener: Listener) -> None:
        """The same when a case that lasted has ended, for whoever has to undo something in Discord."""
        self._on_end.append(listener)

    def stop_telling(self, listener: Listener) -> None:
        for each in (self._on_open, self._on_change, self._on_end):
            if listener in each:
                each.remove(listener)

    # ------------------------------------------------------------------------------------------ opening and reading

    async def open(self, session: AsyncSession, draft: CaseDraft) -> Case:
        """Open a case, or find the one that came from the same: then nothing is told and `is_new` is False."""
        if draft.source_key is not None:
            await storage.lock_numbers(session, draft.guild_id)
            known = await storage.find_by_key(session, draft.guild_id, draft.source_key)
            if known is not None:
                return snapshot(known)
        now = self._clock.now()
        lasts = draft.kind in LASTING
        row = storage.CaseRow(
            guild_id=draft.guild_id,
            number=await storage.take_numbers(session, draft.guild_id, 1),
            kind=draft.kind.value,
            member_id=draft.member_id,
            channel_id=draft.channel_id,
            moderator_id=draft.moderator_id,
            reason=draft.reason,
            rule=draft.rule,
            source=draft.source.value,
            source_key=draft.source_key,
            count=draft.count,
            points=draft.points,
            points_until=draft.points_until,
            ends_at=draft.ends_at,
            state=draft.state.value,
            details=dict(draft.details),
            created_at=now,
            settled_at=None if lasts else draft.points_until or now,
        )
        session.add(row)
        await session.flush()
        case = snapshot(row, is_new=True)
        if lasts and draft.ends_at is not None:
            await self._enqueue_end(session, case, draft.ends_at)
        for listener in tuple(self._on_open):
            await listener(session, case)
        return case

    async def open_many(self, session: AsyncSession, drafts: Sequence[CaseDraft]) -> None:
        """Open cases of one server that belong to one of many people: by hundreds, and nobody is told of each.

        Every draft bears a source key; those whose key is taken are left out. They do not end by themselves.
        """
        if not drafts:
            return
        now, guild_id = self._clock.now(), drafts[0].guild_id
        known = await storage.list_known_keys(session, guild_id, [each.source_key or "" for each in drafts])
        fresh = [each for each in drafts if each.source_key not in known]
        first = await storage.take_numbers(session, guild_id, len(fresh))
        rows = [
            {
                "guild_id": guild_id,
                "number": first + index,
                "kind": each.kind.value,
                "member_id": each.member_id,
                "moderator_id": each.moderator_id,
                "reason": each.reason,
                "source": each.source.value,
                "source_key": each.source_key,
                "state": each.state.value,
                "details": dict(each.details),
                "created_at": now,
                "settled_at": None if each.kind in LASTING else now,
            }
            for index, each in enumerate(fresh)
        ]
        await storage.add_many(session, rows)

    async def settle_many(
        self,
        session: AsyncSession,
        guild_id: int,
        source_keys: Collection[str],
        *,
        state: State | None = None,
        ended_why: EndedWhy | None = None,
        by: int = NOBODY,
    ) -> None:
        """What became of cases that were opened so: Discord has followed or refused, or they were ended."""
        now = self._clock.now()
        values: dict[str, Any] = {}
        if state is not None:
            values["state"] = state.value
        if ended_why is not None:
            values |= {"ended_at": now, "ended_by": by, "ended_why": ended_why.value}
        if ended_why is not None or state is State.FAILED:
            values["settled_at"] = now
        await storage.settle_many(session, guild_id, source_keys, values)

    async def find(self, session: AsyncSession, guild_id: int, number: int) -> Case | None:
        """The case of this number."""
        row = await storage.find(session, guild_id, number)
        return snapshot(row) if row is not None else None

    async def find_by_id(self, session: AsyncSession, guild_id: int, case_id: int) -> Case | None:
        """The case of this row, if it is this server's."""
        row = await storage.find_by_id(session, case_id)
        return snapshot(row) if row is not None and row.guild_id == guild_id else None

    async def find_by_key(self, session: AsyncSession, guild_id: int, source_key: str) -> Case | None:
        row = await storage.find_by_key(session, guild_id, source_key)
        return snapshot(row) if row is not None else None

    async def list_of_member(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        *,
        limit: int = 10,
        offset: int = 0,
        hidden: bool = True,
    ) -> list[Case]:
        """Cases about somebody, the newest first."""
        rows = await storage.list_of_member(
            session, guild_id, member_id, limit=limit, offset=offset, hidden=hidden
        )
        return [snapshot(row) for row in rows]

    async def count_of_member(self, session: AsyncSession, guild_id: int, member_id: int) -> int:
        return await storage.count_of_member(session, guild_id, member_id)

    async def active_points(self, session: AsyncSession, guild_id: int, member_id: int) -> int:
        """Points that have not expired, of cases that stand."""
        return await storage.sum_points(session, guild_id, member_id, self._clock.now())

    async def active_restrictions(
        self,
        session: AsyncSession,
        guild_id: int,
        member_id: int,
        kinds: Collection[CaseKind] = (CaseKind.TIMEOUT, CaseKind.RESTRICT),
    ) -> list[Case]:
        """What holds about somebody at present, the oldest first."""
        return await self.holding(session, guild_id, kinds, member_id=member_id)

    async def holding(
        self,
        session: AsyncSession,
        guild_id: int,
        kinds: Collection[CaseKind],
        *,
        member_id: int | None = None,
        channel_id: int | None = None,
    ) -> list[Case]:
        """Cases of these kinds that hold at present, the oldest first."""
        rows = await storage.list_holding(
            session, guild_id, [each.value for each in kinds], member_id=member_id, channel_id=channel_id
        )
        return [snapshot(row) for row in rows]

    async def list_events(self, session: AsyncSession, case_id: int) -> list[CaseEvent]:
        """What happened with a case, in order."""
        return [
            CaseEvent(EventKind(row.what), row.by_id, row.at, row.before, row.after)
            for row in await storage.list_events(session, case_id)
        ]

    async def list_deciders(self, session: AsyncSession, case: Case) -> frozenset[int]:
        """Who decided on it: the moderator, who confirmed it as a second one, and the same of the case it is part of."""
        found = [case]
        whole = case.details.get(PART_OF)
        if whole is not None:
            of_all = await self.find_by_key(session, case.guild_id, str(whole))
            found += [of_all] if of_all is not None else []
        people = {each.moderator_id for each in found}
        for each in found:
            events = await storage.list_events(session, each.id)
            people |= {event.by_id for event in events if event.what == EventKind.CONFIRMED}
        return frozenset(people - {NOBODY})

    # ------------------------------------------------------------------------------------------ changing

    async def add_event(
        self,
        session: AsyncSession,
        case: Case,
        what: EventKind,
        *,
        by: int = NOBODY,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Write down what happened with a case, and have its cards drawn again."""
        session.add(
            storage.CaseEventRow(
                guild_id=case.guild_id,
                case_id=case.id,
                what=what.value,
                by_id=by,
                at=self._clock.now(),
                before=before,
                after=after,
            )
        )
        await self._tell_change(session, case.id)

    async def change(self, session: AsyncSession, case: Case, **values: Any) -> Case:
        """Change columns of its row (`reason`, `state`, `hidden_at`, ...) and have its cards drawn again."""
        row = await storage.lock(session, case.id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        return await self._tell_change(session, case.id)

    async def lock(self, session: AsyncSession, case: Case) -> Case:
        """The case as it is now, kept from others until the end of this writing transaction."""
        row = await storage.lock(session, case.id)
        assert row is not None
        return snapshot(row)

    async def set_state(
        self, session: AsyncSession, case: Case, state: State, reason: str | None = None
    ) -> Case:
        """Discord has followed, or refused. What was refused holds no longer, until it is tried again and done: then it
        holds for what is left of its time."""
        values: dict[str, Any] = {"state": state.value, "state_reason": reason}
        now = self._clock.now()
        if case.kind in LASTING and case.ended_at is None:
            values["settled_at"] = now if state is State.FAILED else None
        changed = await self.change(session, case, **values)
        if state is State.DONE and changed.holds and changed.ends_at is not None and changed.ends_at <= now:
            await self.end(session, changed, EndedWhy.EXPIRED)
        return changed

    async def end(self, session: AsyncSession, case: Case, why: EndedWhy, by: int = NOBODY) -> bool:
        """End what lasts, or overturn what does not. False when that was done before: then nothing is told."""
        row = await storage.lock(session, case.id)
        if row is None or row.ended_at is not None:
            return False
        now = self._clock.now()
        row.ended_at, row.ended_by, row.ended_why = now, by, why.value
        row.settled_at = now
        await session.flush()
        await self.add_event(session, case, EventKind(why.value), by=by)
        ended = snapshot(row)
        for listener in tuple(self._on_end):
            await listener(session, ended)
        return True

    async def extend(self, session: AsyncSession, case: Case, ends_at: datetime | None, by: int) -> Case:
        """Let it last until another instant; None is until somebody ends it."""
        before = case.ends_at.isoformat() if case.ends_at is not None else None
        after = ends_at.isoformat() if ends_at is not None else None
        await self.add_event(session, case, EventKind.EXTENDED, by=by, before=before, after=after)
        changed = await self.change(session, case, ends_at=ends_at)
        if ends_at is not None:
            await self._enqueue_end(session, changed, ends_at)
        return changed

    # ------------------------------------------------------------------------------------------ inside

    async def _enqueue_end(self, session: AsyncSession, case: Case, ends_at: datetime) -> None:
        job = NewJob(
            name=END_JOB,
            key=f"{END_JOB}:{case.id}:{ends_at:%Y-%m-%dT%H:%M:%S}",
            run_at=ends_at,
            guild_id=case.guild_id,
            payload={"case": case.id},
        )
        await self._jobs.enqueue(session, job)

    async def _expire(self, session: AsyncSession, job: Job) -> Skipped | None:
        row = await storage.lock(session, int(job.payload["case"]))
        if row is None or row.ended_at is not None:
            return Skipped(N_("the case has ended already"))
        if row.state == State.FAILED:
            return Skipped(N_("what the case was to do was never done"))
        if row.ends_at is None or row.ends_at > self._clock.now():
            return Skipped(N_("the case lasts longer now"))
        await self.end(session, snapshot(row), EndedWhy.EXPIRED)
        return None

    async def forget(self, session: AsyncSession, guild_id: int, member_id: int) -> None:
        """Have the cards drawn again that quote somebody's messages or notes about them, which are erased now."""
        quoting = await evidence_storage.list_owned_of(session, CASE, guild_id, member_id)
        for case_id in sorted({*quoting, *await storage.list_noted(session, guild_id, member_id)}):
            await self._quoting_changed(session, case_id)

    async def _quoting_changed(self, session: AsyncSession, case_id: int) -> None:
        """What cards quote is gone, and perhaps the case with it."""
        if await storage.find_by_id(session, case_id) is not None:
            await self._tell_change(session, case_id)

    async def _tell_change(self, session: AsyncSession, case_id: int) -> Case:
        await session.flush()
        row = await storage.find_by_id(session, case_id)
        assert row is not None
        row.version += 1
        await session.flush()
        case = snapshot(row)
        for listener in tuple(self._on_change):
            await listener(session, case)
        return case
