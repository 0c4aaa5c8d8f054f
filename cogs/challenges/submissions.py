"""How members hand in: drafts, versions, files, and whether something came in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput, NotFound
from bot.files import check_file
from bot.outbox import Posted
from bot.text import clean
from cogs.challenges import rules
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import (
    COMPLETED,
    JOINED,
    SUBMITTED,
    Challenge,
    ChallengeSettings,
    Kept,
    Receipt,
    challenge_of,
    submission_of,
)
from cogs.challenges.rules import AfterGrace, Kind, Lateness, State, Track
from storage import challenge_drafts as draft_storage
from storage import challenges as storage
from storage.challenge_results import list_past

LONGEST_WAY = timedelta(minutes=15)
"""How long an interaction can be on its way: Discord's limit for answering one."""
LONGEST_NAME = 100  # of a file
MOST_VERSIONS = 100


class Submissions:
    """The use cases of handing in."""

    def __init__(self, core: Core, lifecycle: Lifecycle) -> None:
        self._core = core
        self._lifecycle = lifecycle

    async def begin(
        self, actor: Actor, challenge_id: int | None = None
    ) -> tuple[Challenge, Mapping[str, Any]]:
        """What the form starts with: the draft, else what was handed in last. None is the challenge that runs.

        Raises `NotFound`, or `InvalidInput` when nothing more is taken.
        """
        async with self._core.db.read() as session:
            if challenge_id is None:
                row = await self.current_row(session, actor.guild_id)
            else:
                row = await storage.find_challenge(session, actor.guild_id, challenge_id)
            row = opened_only(row)
            await self.take(row, self._core.clock.now())
            draft = await draft_storage.find_draft(session, row.guild_id, row.id, actor.member_id)
            if draft is not None:
                return challenge_of(row), draft.typed
            versions = await storage.list_versions(session, row.guild_id, row.id, actor.member_id)
        if not versions:
            return challenge_of(row), {}
        last = versions[-1]
        typed = {
            "work": last.content,
            "learned": last.learned,
            "confidence": last.confidence,
            "shown": last.shown,
        }
        return challenge_of(row), typed

    async def attach(
        self, actor: Actor, name: str, size: int, url: str
    ) -> tuple[Challenge, Mapping[str, Any]]:
        """Put a file into the draft for the challenge that runs, and return what the form starts with.

        Raises as `begin` does, and `InvalidInput` for a file that cannot be taken.
        """
        name = clean(name)[:LONGEST_NAME]
        check_file(name, size)
        challenge, typed = await self.begin(actor)
        typed = {**typed, "file": {"name": name, "url": url}}
        async with self._core.db.begin() as session:
            at = self._core.clock.now()
            await draft_storage.keep_draft(session, actor.guild_id, challenge.id, actor.member_id, typed, at)
        return challenge, typed

    async def place(self, actor: Actor, submission_id: int, posted: Posted) -> None:
        """The file of a submission was posted."""
        link, key = posted.link, f"challenges.file:{submission_id}"
        async with self._core.db.begin() as session:
            await self._core.outbox.note_posted(
                session, key, posted, guild_id=actor.guild_id, member_id=actor.member_id
            )
            row = await storage.lock_submission(session, actor.guild_id, actor.member_id, submission_id)
            if row is not None and row.kind == Kind.FILE:
                row.content = f"{row.content[: rules.LONGEST_WORK - len(link) - 1]}\n{link}"

    async def submit(
        self, actor: Actor, challenge_id: int, answers: Mapping[str, Any], *, received_at: datetime
    ) -> Receipt | Kept:
        """Hand in. `received_at` is when Discord received it, which decides whether it was in time.

        What cannot be taken is kept as a draft, and so is what the member wants kept. Raises `NotFound`.
        """
        now = self._core.clock.now()
        received = min(now, max(received_at, now - LONGEST_WAY))
        async with self._core.db.begin() as session:
            row = opened_only(
                await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True)
            )
            draft = await draft_storage.find_draft(session, row.guild_id, row.id, actor.member_id)
            typed = _typed(answers, draft.typed if draft is not None else {})
            try:
                if answers.get("later"):
                    return await self._keep(session, actor, row, typed, None)
                late = await self.take(row, received)
                file: Mapping[str, str] | None = typed.get("file")
                work = rules.look_at(typed["work"] or (file["name"] if file else ""), actor.guild_id)
                confidence = rules.read_confidence(typed["confidence"])
            except InvalidInput as problem:
                return await self._keep(session, actor, row, typed, problem)
            return await self._write(session, actor, row, typed, work, confidence, late, received)

    async def _write(
        self,
        session: AsyncSession,
        actor: Actor,
        row: storage.ChallengeRow,
        typed: Mapping[str, Any],
        work: rules.Work,
        confidence: int | None,
        late: Lateness,
        received: datetime,
    ) -> Receipt | Kept:
        """One version more, with what follows from it."""
        now, file = self._core.clock.now(), typed.get("file")
        entry, is_new = await storage.lock_entry(session, row, actor.member_id, track=Track.CORE, at=now)
        before = await storage.list_versions(session, row.guild_id, row.id, actor.member_id)
        if len(before) >= MOST_VERSIONS:
            problem = InvalidInput(
                "You have submitted {n} versions, and the last one stands.", n=MOST_VERSIONS
            )
            return await self._keep(session, actor, row, typed, problem)
        if is_new:
            joined = act_of(JOINED, row, actor.member_id, {"track": entry.track})
            await self._core.ledger.record(session, joined)
        version = storage.SubmissionRow(
            guild_id=row.guild_id,
            challenge_id=row.id,
            member_id=actor.member_id,
            version=len(before) + 1,
            kind=(Kind.FILE if file else work.kind).value,
            content=work.content,
            learned=typed["learned"],
            confidence=confidence,
            shown=typed["shown"],
            late=late.value,
            received_at=received,
        )
        session.add(version)
        await session.flush()
        await draft_storage.drop_draft(session, row.guild_id, row.id, actor.member_id)
        is_completed = bool(typed["learned"]) and confidence is not None
        await self._record(session, row, entry, version.id, late, is_completed=is_completed)
        assert row.closes_at is not None  # it has opened
        return Receipt(
            challenge=challenge_of(row),
            submission=submission_of(version, before[0] if before else version),
            track=Track(entry.track),
            late_by=max(0, int((received - row.closes_at).total_seconds() // 60)),
            remark=work.remark,
            is_completed=is_completed,
            file=file,
        )

    async def _record(
        self,
        session: AsyncSession,
        row: storage.ChallengeRow,
        entry: storage.EntryRow,
        submission_id: int,
        late: Lateness,
        *,
        is_completed: bool,
    ) -> None:
        """What follows from a submission: its acts, the review that it missed, and the results that must show it."""
        details = {"track": entry.track, "late": late.value}
        submitted = await self._core.ledger.record(session, act_of(SUBMITTED, row, entry.member_id, details))
        if is_completed:
            cause = submitted.id if submitted is not None else None
            await self._core.ledger.record(session, act_of(COMPLETED, row, entry.member_id, details, cause))
        if row.state in (State.REVIEW, State.RESULTS, State.ARCHIVED):
            await self._lifecycle.hand_over(session, row, entry.member_id)
        if row.state in rules.PAST:
            await self._lifecycle.redraw_results(session, row, submission_id)

    async def _keep(
        self,
        session: AsyncSession,
        actor: Actor,
        row: storage.ChallengeRow,
        typed: Mapping[str, Any],
        problem: InvalidInput | None,
    ) -> Kept:
        at = self._core.clock.now()
        await draft_storage.keep_draft(session, row.guild_id, row.id, actor.member_id, dict(typed), at)
        return Kept(challenge_of(row), problem)

    async def take(self, row: storage.ChallengeRow, received: datetime) -> Lateness:
        """How late it is. Raises `InvalidInput` when nothing is taken any more."""
        assert row.closes_at is not None and row.grace_until is not None
        late = rules.lateness(received, row.closes_at, row.grace_until)
        settings = await self._core.configs.get(row.guild_id, ChallengeSettings)
        if not rules.is_accepted(State(row.state), late, AfterGrace(settings.after_grace)):
            raise InvalidInput(
                "This challenge does not take anything new any more. There is always a next one: {command}.",
                command="`/challenge current`",
            )
        return late

    async def current_row(self, session: AsyncSession, guild_id: int) -> storage.ChallengeRow | None:
        """The challenge that runs; else the newest that still takes something; else the newest whose results are out."""
        running = await storage.list_challenges(session, guild_id, rules.RUNNING)
        if running:
            return running[0]
        rows = await list_past(session, guild_id, [State.REVIEW, State.RESULTS])
        for row in rows:
            if await self.is_taken(row):
                return row
        return rows[0] if rows else None

    async def is_taken(self, row: storage.ChallengeRow) -> bool:
        """Whether something may be handed in now."""
        try:
            await self.take(row, self._core.clock.now())
        except InvalidInput:
            return False
        return True


def opened_only(row: storage.ChallengeRow | None) -> storage.ChallengeRow:
    """The challenge, if it has opened. Raises `NotFound`."""
    if row is None or row.opened_at is None:
        raise NotFound(
            "There is no such challenge (any more). See {command}.", command="`/challenge current`"
        )
    return row


def act_of(
    kind: str,
    row: storage.ChallengeRow,
    member_id: int,
    details: Mapping[str, Any],
    cause_id: int | None = None,
) -> Act:
    """What a member did in a challenge."""
    details = {"challenge_id": row.id, **details}
    return Act(kind, row.guild_id, member_id, str(row.id), details, cause_id)


def _typed(answers: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, cleaned, as a draft keeps it."""
    learned = clean(str(answers.get("learned") or ""))[: rules.LONGEST_LEARNED]
    typed: dict[str, Any] = {
        "work": clean(str(answers.get("work") or "")),
        "learned": learned,
        "confidence": answers.get("confidence") or None,
        "shown": bool(answers.get("shown")),
    }
    return typed | ({"file": before["file"]} if "file" in before else {})
