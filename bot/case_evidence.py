"""Messages that are kept as evidence of a case or report, their words for a time only: then they are emptied, the facts stay.

One job an hour empties them, of the shell's own, so it does also while a feature is switched off. What a feature keeps
itself for such a time is emptied along: `redact_with`. Tested in `tests/bot/test_cases.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.case_model import Snippet
from bot.clock import Clock
from bot.i18n import N_
from bot.jobs import Job, Jobs, NewJob, Skipped
from storage import evidence as evidence_storage

REDACT_JOB = "cases.redact"
SLICE = 500
KEPT = timedelta(days=30)
CASE, REPORT = "case", "report"  # whose evidence it is

Redact = Callable[[AsyncSession, datetime, int], Awaitable[int]]
"""Empties words whose time is over by then, at most so many; returns how many."""
QuotingChanged = Callable[[AsyncSession, int], Awaitable[None]]


class Evidence:
    """Keeps it. `quoting_changed` is called with each case whose card quotes what was emptied."""

    def __init__(self, clock: Clock, jobs: Jobs, quoting_changed: QuotingChanged) -> None:
        self._clock = clock
        self._jobs = jobs
        self._tell = quoting_changed
        self._redacts: list[Redact] = []
        jobs.register(REDACT_JOB, self._redact)

    async def keep(
        self,
        session: AsyncSession,
        guild_id: int,
        owner: str,
        owner_id: int,
        snippets: Sequence[Snippet],
        *,
        keep_for: timedelta = KEPT,
    ) -> None:
        """Keep messages as evidence of a case or report, their words for `keep_for`."""
        now = self._clock.now()
        purge_at = now + keep_for
        for each in snippets:
            session.add(
                evidence_storage.EvidenceRow(
                    guild_id=guild_id,
                    owner=owner,
                    owner_id=owner_id,
                    author_id=each.author_id,
                    channel_id=each.channel_id,
                    message_id=each.message_id,
                    text=each.text,
                    attachments={"names": list(each.attachments)} if each.attachments else {},
                    link=each.link,
                    taken_at=now,
                    purge_at=purge_at,
                )
            )
        await session.flush()
        if snippets:
            await self._enqueue_redaction(session, purge_at)

    async def keep_until(
        self, session: AsyncSession, guild_id: int, owner: str, owner_id: int, until: datetime
    ) -> None:
        """Empty the words of this owner's evidence at another time than was planned, and what `redact_with` knows of."""
        await evidence_storage.keep_until(session, guild_id, owner, owner_id, until)
        await self._enqueue_redaction(session, until)

    def redact_with(self, redact: Redact) -> None:
        """Have a feature empty words of its own when evidence is, also while it is switched off."""
        self._redacts.append(redact)

    def redact_no_more(self, redact: Redact) -> None:
        self._redacts = [each for each in self._redacts if each != redact]

    async def _enqueue_redaction(self, session: AsyncSession, purge_at: datetime) -> None:
        """One job for what is over within the same hour; it runs when the hour is over."""
        at = purge_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        await self._jobs.enqueue(
            session, NewJob(name=REDACT_JOB, key=f"{REDACT_JOB}:{at:%Y-%m-%dT%H}", run_at=at)
        )

    async def _redact(self, session: AsyncSession, job: Job) -> Skipped | None:
        now = self._clock.now()
        purged = await evidence_storage.purge_due(session, now, SLICE)
        for case_id in sorted({owner_id for owner, owner_id in purged if owner == CASE}):
            await self._tell(session, case_id)
        found = [len(purged)]
        found += [await redact(session, now, SLICE) for redact in tuple(self._redacts)]
        done = sum(found)
        if max(found) >= SLICE:
            again = NewJob(name=REDACT_JOB, key=f"{job.key}+", run_at=self._clock.now())
            await self._jobs.enqueue(session, again)
        return None if done else Skipped(N_("nothing is kept as evidence any more whose time is over"))
