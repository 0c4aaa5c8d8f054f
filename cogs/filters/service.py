"""What happens with a message that filters act on: its case, what Discord is asked to do, and what its author is told.

Looking at messages costs no SQL: a community's filters are compiled once and again after each change. What is found at the
same time is written down together, so that a flood takes few transactions and few requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cases import Case, Snippet, Source
from bot.core import Core
from bot.hits import Hit, Hits, Together, is_flood
from bot.notify import Notification
from bot.outbox import MOST_PURGED, Effect, EffectKind, Ended, Lane
from bot.text import jump_link
from cogs.filters.compiled import Compiled
from cogs.filters.model import (
    AREA,
    PURGE_KEY,
    TIMEOUT_KEY,
    TOLD,
    TOLD_KEY,
    TOLD_KIND,
    TOLD_RENDERER,
    FilterSettings,
    Ready,
    Told,
    Written,
)
from cogs.filters.repeats import Repeats, Seen
from cogs.filters.rules import Deed, Filter, Lists, What, gravest
from storage import filters as storage

log = logging.getLogger(__name__)

LISTS_MARK = "filters:"
_CONFIG_MARK = "config:"
MOST_WAITING = (
    2000  # messages found and not yet written down; more come only in a flood that has been told by then
)


class FilterService:
    """Compiles, and acts."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._hits = Hits(core.cases, core.clock)
        self.repeats = Repeats()
        self._ready: dict[int, Ready | None] = {}
        self._generation: Counter[int] = Counter()
        self._together = Together(self._record)
        core.db.after_commit(self._after_commit)

    # ------------------------------------------------------------------------------------------ looking

    def at_hand(self, guild_id: int) -> Ready | None:
        """The community's filters; None when none is on. Raises KeyError when they have to be read first."""
        return self._ready[guild_id]

    async def prepare(self, guild_id: int) -> Ready | None:
        """Read and compile the community's filters."""
        generation = self._generation[guild_id]
        settings = await self._core.configs.get(guild_id, FilterSettings)
        found: Ready | None = None
        if settings.on:
            async with self._core.db.read() as session:
                lists = await storage.get_lists(session, guild_id)
            known = {Lists(name): entries for name, entries in lists.items() if name in set(Lists)}
            # Off the loop: thousands of domains and words take some milliseconds.
            compiled = await asyncio.to_thread(Compiled, known, settings.on)
            found = Ready(settings, settings.on, compiled, settings.channels, settings.roles)
        if self._generation[guild_id] == generation:
            self._ready[guild_id] = found
        return found

    def repeated(
        self, ready: Ready, guild_id: int, member_id: int, channel_id: int, message_id: int, folded: str
    ) -> tuple[Seen, ...]:
        """Remember a message; what of its author's is a repeat now."""
        settings = ready.settings
        seen = Seen(message_id, channel_id, message_id >> 22, hash(folded))
        return self.repeats.note(
            (guild_id, member_id),
            seen,
            channels=settings.most_channels,
            in_a_row=settings.most_in_a_row,
        )

    # ------------------------------------------------------------------------------------------ acting

    async def act(self, written: Written) -> None:
        """Write down what was found, with whatever else was found while somebody wrote. Never twice."""
        if not await self._together.put(written):
            log.warning("a flood: a message that a filter found is left guild=%s", written.guild_id)

    async def _record(self, guild_id: int, found: list[Written]) -> None:
        settings = await self._core.configs.get(guild_id, FilterSettings)
        now = self._core.clock.now()
        judged = [(each, _judge(settings, each)) for each in found]
        judged = [(each, deed, acting) for each, (deed, acting) in judged if deed.is_on]
        if not judged:
            return
        async with self._core.db.begin() as session:
            hits = [_hit(each) for each, _, _ in judged]
            cases = await self._hits.record(session, hits, found[0].flood)
            counts = Counter(acting.value for _, _, acting in judged)
            await storage.add_hits(session, guild_id, now.date(), counts)
            taken: dict[tuple[int, int], list[int]] = {}
            for (each, deed, acting), case in zip(judged, cases, strict=True):
                if deed.what in (What.DELETE, What.TIMEOUT):
                    for channel_id, message_id in (
                        (each.channel_id, each.message_id),
                        *_others(settings, each),
                    ):
                        taken.setdefault((channel_id, case.id), []).append(message_id)
                    await self._tell(session, each, acting, case)
                if deed.what is What.TIMEOUT:
                    await self._time_out(session, each, case, now + timedelta(minutes=deed.minutes))
            for (channel_id, case_id), ids in taken.items():
                await self._purge(session, guild_id, channel_id, case_id, ids)

    async def _purge(
        self, session: AsyncSession, guild_id: int, channel_id: int, case_id: int, ids: list[int]
    ) -> None:
        ids = sorted(set(ids))
        for start in range(0, len(ids), MOST_PURGED):
            part = ids[start : start + MOST_PURGED]
            effect = Effect(
                kind=EffectKind.PURGE,
                key=f"{PURGE_KEY}{case_id}:{part[0]}:{part[-1]}",
                guild_id=guild_id,
                channel_id=channel_id,
                arguments={"message_ids": part, "reason": "filter", "case_id": case_id},
                lane=Lane.SAFETY,
            )
            await self._core.outbox.plan(session, effect)

    async def _time_out(self, session: AsyncSession, written: Written, case: Case, until: datetime) -> None:
        """Until then they cannot write. A later hit makes it longer, never shorter."""
        stamp = until.isoformat()
        await self._core.outbox.plan(
            session,
            Effect(
                kind=EffectKind.TIMEOUT,
                key=f"{TIMEOUT_KEY}{written.message_id}",
                guild_id=written.guild_id,
                member_id=written.member_id,
                arguments={"until": stamp, "unless_beyond": stamp, "reason": "filter", "case_id": case.id},
                lane=Lane.SAFETY,
                expires_at=until,
            ),
        )
        if not is_flood(case):
            await self._core.cases.change(session, case, details={**case.details, "timeout_until": stamp})

    async def _tell(self, session: AsyncSession, written: Written, acting: Filter, case: Case) -> None:
        """Once a case: whoever repeats something is not told again and again."""
        await self._core.notifier.notify(
            session,
            Notification(
                kind=TOLD_KIND.name,
                key=f"{TOLD_KEY}{acting}:{case.id}:{written.member_id}",
                guild_id=written.guild_id,
                member_id=written.member_id,
                renderer=TOLD_RENDERER,
                channel_id=None,
                arguments={"case_id": case.id, "filter": acting.value},
            ),
        )

    async def told(self, guild_id: int, case_id: int, which: str) -> Told | None:
        """What a member is told of; None when the case was overturned or hidden meanwhile."""
        async with self._core.db.read() as session:
            case = await self._core.cases.find_by_id(session, guild_id, case_id)
        if case is None or case.is_hidden or case.ended_at is not None:
            return None
        until = case.details.get("timeout_until")
        return Told(
            guild_id,
            Filter(which) if which in set(Filter) else None,
            case.number,
            datetime.fromisoformat(until) if until else None,
        )

    async def ended(self, session: AsyncSession, ended: Ended) -> None:
        """Discord refused to take something out or to time somebody out: the case says so."""
        case_id = ended.arguments.get("case_id")
        if ended.outcome != "failed" or case_id is None:
            return
        case = await self._core.cases.find_by_id(session, ended.guild_id, int(case_id))
        if case is not None:
            await self._core.cases.change(session, case, state_reason=ended.reason)

    def _after_commit(self, marks: frozenset[str]) -> None:
        for mark in marks:
            for beginning in (_CONFIG_MARK, LISTS_MARK):
                if mark.startswith(beginning):
                    guild_id = int(mark.removeprefix(beginning))
                    self._generation[guild_id] += 1
                    self._ready.pop(guild_id, None)


def line_of(key: str) -> str | None:
    """The line (a gettext id) that tells somebody what was taken out, from the key of the notification."""
    which = key.removeprefix(TOLD_KEY).partition(":")[0]
    return TOLD[Filter(which)] if which in set(Filter) else None


def _judge(settings: FilterSettings, written: Written) -> tuple[Deed, Filter]:
    """What is done with it, and the filter that says so."""
    deeds = [(settings.deed(match.filter), match.filter) for match in written.matches]
    most = gravest([deed for deed, _ in deeds])
    return most, next((which for deed, which in deeds if deed == most), written.matches[0].filter)


def _others(settings: FilterSettings, written: Written) -> tuple[tuple[int, int], ...]:
    """Earlier messages of the same text, if repeats are taken out: another filter means this message alone."""
    is_taken = settings.deed(Filter.REPEATS).what in (What.DELETE, What.TIMEOUT)
    return written.others if is_taken else ()


def _hit(written: Written) -> Hit:
    link = jump_link(written.guild_id, written.channel_id, written.message_id)
    return Hit(
        guild_id=written.guild_id,
        member_id=written.member_id,
        source=Source.FILTER,
        reason=written.reason,
        channel_id=written.channel_id,
        snippet=Snippet(
            author_id=written.member_id,
            text=written.text,
            channel_id=written.channel_id,
            message_id=written.message_id,
            attachments=written.attachments,
            link=link,
        ),
        details={"area": AREA},
    )
