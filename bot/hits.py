"""Hits of filters and of Discord's AutoMod, as cases: few enough to be read, whatever happens.

What hits one member within ten minutes is one case with a count. Of new cases a community gets at most five a minute;
what comes after them in that minute is one case more, about all of them: 23 hits by 9 people. Only the first few messages
of a case are kept as evidence. Tested in `tests/bot/test_hits.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot.case_model import Case, CaseDraft, CaseKind, Snippet, Source, State
from bot.cases import CASE, Cases
from bot.clock import Clock
from storage import cases as storage
from storage import evidence as evidence_storage
from storage.personal import NOBODY

WINDOW = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
CASES_A_MINUTE = 5
MOST_KEPT = 5  # messages of one case
MOST_NAMED = 100  # people of a flood

FloodWords = Callable[[int, int], str]
"""From the numbers of hits and of people to the reason of the case about all of them."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One message that was acted on. `reason` says why in the community's language, without any words of the message."""

    guild_id: int
    member_id: int
    source: Source
    reason: str
    rule: str | None = None
    channel_id: int | None = None
    snippet: Snippet | None = None
    details: dict[str, Any] = field(default_factory=dict[str, Any])


class OfGuild(Protocol):
    """What belongs to one server."""

    @property
    def guild_id(self) -> int: ...


ItemT = TypeVar("ItemT", bound=OfGuild)


@dataclass(eq=False)
class _Waiting(Generic[ItemT]):
    """An item, and what became of its writing once it `is_over`. The failure stands if the writing task is cancelled."""

    item: ItemT
    is_over: bool = False
    failure: Exception | None = field(default_factory=lambda: RuntimeError("the writing was cut off"))


class Together(Generic[ItemT]):
    """Writes down in one go what comes from a server while something is being written: many at once take few transactions."""

    def __init__(self, write: Callable[[int, list[ItemT]], Awaitable[None]], most: int = 2000) -> None:
        self._write = write
        self._most = most
        self._waiting: list[_Waiting[ItemT]] = []
        self._turn = asyncio.Lock()

    async def put(self, item: ItemT) -> bool:
        """Returns when it is written down; False when so much waits already that it is left.

        What the writing raises is raised to all whose items were in it, which are of one server: nobody tries them again.
        """
        if len(self._waiting) >= self._most:
            return False
        mine = _Waiting(item)
        self._waiting.append(mine)
        async with self._turn:
            if not mine.is_over:
                await self._write_waiting()
        if mine.failure is not None:
            raise mine.failure
        return True

    async def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        by_guild: dict[int, list[_Waiting[ItemT]]] = {}
        for each in batch:
            by_guild.setdefault(each.item.guild_id, []).append(each)
        try:
            for guild_id, theirs in by_guild.items():
                failure = await self._write_of(guild_id, theirs)
                for each in theirs:
                    each.failure = failure
        finally:
            for each in batch:
                each.is_over = True

    async def _write_of(self, guild_id: int, waiting: list[_Waiting[ItemT]]) -> Exception | None:
        try:
            await self._write(guild_id, [each.item for each in waiting])
        except Exception as error:  # noqa: BLE001 - raised again to everybody of this server who waits for it
            return error
        return None


class Hits:
    """Puts hits into cases."""

    def __init__(self, cases: Cases, clock: Clock) -> None:
        self._cases = cases
        self._clock = clock

    async def record(self, session: AsyncSession, hits: Sequence[Hit], flood: FloodWords) -> list[Case]:
        """Write down hits of one community, in order. Returns the case of each."""
        if not hits:
            return []
        guild_id = hits[0].guild_id
        # One after the other, in several processes too: otherwise two cases would be opened where one is to be counted.
        await storage.lock_numbers(session, guild_id)
        together: dict[tuple[int, Source], list[Hit]] = {}
        for hit in hits:
            together.setdefault((hit.member_id, hit.source), []).append(hit)
        cases = {who: await self._of_member(session, theirs, flood) for who, theirs in together.items()}
        return [cases[hit.member_id, hit.source] for hit in hits]

    async def _of_member(self, session: AsyncSession, hits: list[Hit], flood: FloodWords) -> Case:
        first, now = hits[0], self._clock.now()
        known = await storage.list_since(
            session, first.guild_id, first.member_id, [CaseKind.AUTOMOD.value], now - WINDOW
        )
        row = next((each for each in known if each.source == first.source and each.ended_at is None), None)
        if row is not None:
            case = await self._cases.find_by_id(session, first.guild_id, row.id)
            assert case is not None
            case = await self._cases.change(session, case, count=case.count + len(hits))
        elif await self._is_quiet(session, first.guild_id, now):
            case = await self._cases.open(session, _draft(first, len(hits)))
        else:
            case = await self._in_flood(session, hits, now, flood)
        await self._keep(session, case, hits)
        return case

    async def _is_quiet(self, session: AsyncSession, guild_id: int, now: datetime) -> bool:
        opened = await storage.count_since(session, guild_id, CaseKind.AUTOMOD.value, now - MINUTE)
        return opened < CASES_A_MINUTE

    async def _in_flood(
        self, session: AsyncSession, hits: list[Hit], now: datetime, flood: FloodWords
    ) -> Case:
        first = hits[0]
        draft = CaseDraft(
            guild_id=first.guild_id,
            kind=CaseKind.AUTOMOD,
            source=first.source,
            reason=flood(len(hits), 1),
            source_key=f"flood:{first.source}:{int(now.timestamp()) // 60}",
            count=len(hits),
            state=State.DONE,
            details={"people": [first.member_id]},
        )
        case = await self._cases.open(session, draft)
        if case.is_new:
            return case
        people: list[int] = list(case.details.get("people", ()))
        if first.member_id not in people and len(people) < MOST_NAMED:
            people.append(first.member_id)
        count = case.count + len(hits)
        reason = flood(count, len(people))
        return await self._cases.change(
            session, case, count=count, reason=reason, details={**case.details, "people": people}
        )

    async def _keep(self, session: AsyncSession, case: Case, hits: list[Hit]) -> None:
        snippets = [hit.snippet for hit in hits if hit.snippet is not None]
        if not snippets:
            return
        room = MOST_KEPT - len(await evidence_storage.list_of(session, CASE, case.id))
        await self._cases.evidence.keep(session, case.guild_id, CASE, case.id, snippets[: max(0, room)])


def is_flood(case: Case) -> bool:
    """Whether the case is about many people at once."""
    return case.member_id == NOBODY


def _draft(hit: Hit, count: int) -> CaseDraft:
    return CaseDraft(
        guild_id=hit.guild_id,
        kind=CaseKind.AUTOMOD,
        source=hit.source,
        reason=hit.reason,
        rule=hit.rule,
        member_id=hit.member_id,
        channel_id=hit.channel_id,
        count=count,
        state=State.DONE,
        details=hit.details,
    )
