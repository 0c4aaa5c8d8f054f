"""What members do: join, write, hand in, look at what others did, suggest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.acts import Act
from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput, LimitReached, NotFound
from bot.text import clean
from cogs.challenges import rules
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import (
    COMPLETED,
    JOINED,
    SUBMITTED,
    Challenge,
    ChallengeSettings,
    Finisher,
    Kept,
    Mine,
    Receipt,
    Results,
    Standing,
    challenge_of,
    submission_of,
)
from cogs.challenges.rules import AfterGrace, Kind, Lateness, State, Track
from storage import challenges as storage

LONGEST_WAY = timedelta(minutes=15)
"""How long an interaction can be on its way: Discord's limit for answering one."""
MOST_SUGGESTIONS = 5
RANKED_OVER = 12  # challenges
MOST_SHOWN = 20
LONGEST_NAME = 100  # of a file


class ChallengesService:
    """The use cases of everybody."""

    def __init__(self, core: Core, lifecycle: Lifecycle) -> None:
        self._core = core
        self._lifecycle = lifecycle

    # ------------------------------------------------------------------------------------------ being in

    async def current(self, actor: Actor) -> Standing | None:
        """The challenge that runs, as the member stands in it; else the newest that still takes something; else None."""
        async with self._core.db.read() as session:
            row = await self._current_row(session, actor.guild_id)
            return await self._standing(session, actor, row) if row is not None else None

    async def standing(self, actor: Actor, challenge_id: int) -> Standing:
        """One challenge as the member stands in it. Raises `NotFound` also for one that has not opened yet."""
        async with self._core.db.read() as session:
            row = await storage.find_challenge(session, actor.guild_id, challenge_id)
            return await self._standing(session, actor, _opened(row))

    async def join(
        self, actor: Actor, challenge_id: int, track: str, *, remind: bool
    ) -> tuple[Standing, datetime | None]:
        """Join, or change track and reminder, and when the reminder comes. Raises `NotFound`, or `InvalidInput` after
        the deadline and for a track that this challenge has not."""
        async with self._core.db.begin() as session:
            row = _opened(await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True))
            if row.state not in rules.RUNNING:
                raise InvalidInput(
                    "This challenge has closed. See {command} for the one that is open.",
                    command="`/challenge current`",
                )
            chosen = next((each for each in challenge_of(row).text.tracks if each == track), None)
            if chosen is None:
                raise InvalidInput("Please choose one of the tracks of this challenge.")
            at = self._core.clock.now()
            entry, _ = await storage.lock_entry(session, row, actor.member_id, track=chosen, at=at)
            entry.track, entry.remind = chosen.value, remind
            await session.flush()
            await self._core.ledger.record(
                session, _act(JOINED, row, actor.member_id, {"track": chosen.value})
            )
            reminded = (
                await self._lifecycle.expect_reminder(session, row, actor.member_id) if remind else None
            )
            return await self._standing(session, actor, row), reminded

    async def leave(self, actor: Actor, challenge_id: int) -> Challenge:
        """Leave. What was handed in stays until its author is deleted. Raises `InvalidInput` when something was."""
        async with self._core.db.begin() as session:
            row = _opened(await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True))
            entry = await storage.find_entry(session, row, actor.member_id, lock=True)
            if entry is not None:
                if await storage.list_versions(session, row.guild_id, row.id, actor.member_id):
                    raise InvalidInput(
                        "You have handed this one in, so it is yours for good. Nothing more is asked of you."
                    )
                await session.delete(entry)
                await storage.drop_draft(session, row.guild_id, row.id, actor.member_id)
            return challenge_of(row)

    # ------------------------------------------------------------------------------------------ handing in

    async def begin(
        self, actor: Actor, challenge_id: int | None = None
    ) -> tuple[Challenge, Mapping[str, Any]]:
        """What the form starts with: the draft, else what was handed in last. None is the challenge that runs.

        Raises `NotFound`, or `InvalidInput` when nothing more is taken.
        """
        async with self._core.db.read() as session:
            if challenge_id is None:
                row = await self._current_row(session, actor.guild_id)
            else:
                row = await storage.find_challenge(session, actor.guild_id, challenge_id)
            row = _opened(row)
            await self._take(row, self._core.clock.now())
            draft = await storage.find_draft(session, row.guild_id, row.id, actor.member_id)
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
        rules.check_file(name, size)
        challenge, typed = await self.begin(actor)
        typed = {**typed, "file": {"name": name, "url": url}}
        async with self._core.db.begin() as session:
            at = self._core.clock.now()
            await storage.keep_draft(session, actor.guild_id, challenge.id, actor.member_id, typed, at)
        return challenge, typed

    async def place(self, actor: Actor, submission_id: int, link: str) -> None:
        """The file of a submission was posted: this is the link to it."""
        async with self._core.db.begin() as session:
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
            row = _opened(await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True))
            draft = await storage.find_draft(session, row.guild_id, row.id, actor.member_id)
            typed = _typed(answers, draft.typed if draft is not None else {})
            try:
                if answers.get("later"):
                    return await self._keep(session, actor, row, typed, None)
                late = await self._take(row, received)
                file: Mapping[str, str] | None = typed.get("file")
                work = rules.look_at(typed["work"] or (file["name"] if file else ""), actor.guild_id)
                confidence = rules.read_confidence(typed["confidence"])
            except InvalidInput as problem:
                return await self._keep(session, actor, row, typed, problem)
            entry, is_new = await storage.lock_entry(session, row, actor.member_id, track=Track.CORE, at=now)
            if is_new:
                await self._core.ledger.record(
                    session, _act(JOINED, row, actor.member_id, {"track": entry.track})
                )
            before = await storage.list_versions(session, row.guild_id, row.id, actor.member_id)
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
            await storage.drop_draft(session, row.guild_id, row.id, actor.member_id)
            is_completed = bool(typed["learned"]) and confidence is not None
            await self._record(session, row, entry, version.id, late, is_completed=is_completed)
            assert row.closes_at is not None
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
        submitted = await self._core.ledger.record(session, _act(SUBMITTED, row, entry.member_id, details))
        if is_completed:
            cause = submitted.id if submitted is not None else None
            await self._core.ledger.record(session, _act(COMPLETED, row, entry.member_id, details, cause))
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
        await storage.keep_draft(session, row.guild_id, row.id, actor.member_id, dict(typed), at)
        return Kept(challenge_of(row), problem)

    async def _take(self, row: storage.ChallengeRow, received: datetime) -> Lateness:
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

    # ------------------------------------------------------------------------------------------ looking

    async def mine(self, actor: Actor) -> Mine:
        """What the member handed in and began, and whether they are in rankings."""
        settings = await self._core.configs.get(actor.guild_id, ChallengeSettings)
        async with self._core.db.read() as session:
            rows = await storage.list_of_member(session, actor.guild_id, actor.member_id, 200)
            newest: dict[int, storage.SubmissionRow] = {}
            for row in rows:
                newest.setdefault(row.challenge_id, row)
            first = {row.challenge_id: row for row in rows if row.version == 1}
            drafts = await storage.list_drafts(session, actor.guild_id, actor.member_id)
            ranked = actor.member_id in await storage.list_ranked(session, actor.guild_id)
            everything = {
                row.id: row
                for row in await storage.list_challenges(
                    session, actor.guild_id, [*rules.RUNNING, State.REVIEW, *rules.PAST]
                )
            }
        found = [
            (
                challenge_of(everything[id_]),
                submission_of(row, first.get(id_, row)),
                await self._is_taken(everything[id_]),
            )
            for id_, row in newest.items()
            if id_ in everything
        ]
        begun = [
            challenge_of(everything[each.challenge_id]) for each in drafts if each.challenge_id in everything
        ]
        return Mine(tuple(found[:MOST_SHOWN]), tuple(begun), settings.ranking, ranked)

    async def rank_me(self, actor: Actor, *, ranked: bool) -> Mine:
        """Be in rankings from now on, or not."""
        async with self._core.db.begin() as session:
            await storage.set_ranked(session, actor.guild_id, actor.member_id, ranked=ranked)
        return await self.mine(actor)

    async def archive(self, guild_id: int) -> tuple[Challenge, ...]:
        """The challenges whose results are out, the newest first."""
        async with self._core.db.read() as session:
            rows = await storage.list_challenges(session, guild_id, rules.PAST, newest_first=True)
        return tuple(challenge_of(row) for row in rows)

    async def results(self, guild_id: int, challenge_id: int) -> Results | None:
        """Everyone who finished, or None where there are no results (yet)."""
        settings = await self._core.configs.get(guild_id, ChallengeSettings)
        async with self._core.db.read() as session:
            row = await storage.find_challenge(session, guild_id, challenge_id)
            if row is None or row.state not in rules.PAST:
                return None
            entries = await storage.list_entries(session, guild_id, challenge_id)
            versions = await storage.list_submissions(session, guild_id, challenge_id)
            finishers = _finishers(entries, versions)
            ranking: dict[Track, tuple[tuple[int, int, int], ...]] = {}
            considered: list[int] = []
            if settings.ranking:
                past = await storage.list_challenges(session, guild_id, rules.PAST, newest_first=True)
                ids = [each.id for each in past]
                considered = ids[ids.index(row.id) :][:RANKED_OVER]
                willing = await storage.list_ranked(session, guild_id)
                ranking = await _ranking(session, guild_id, considered, finishers, willing)
        is_taken = await self._is_taken(row)
        return Results(challenge_of(row), finishers, ranking, len(considered), is_taken)

    # ------------------------------------------------------------------------------------------ suggesting

    async def suggest(self, actor: Actor, title: str, idea: str, *, credit: bool) -> str:
        """Suggest a challenge, and return its title. Raises `InvalidInput` when it is empty, `LimitReached`."""
        title, idea = " ".join(clean(title).split())[:80], clean(idea)[:1000]
        if not title or not idea:
            raise InvalidInput("A title and a line or two about the idea are enough, but both are needed.")
        async with self._core.db.begin() as session:
            await storage.lock_settings(session, actor.guild_id)  # one counts after the other
            if await storage.count_suggestions(session, actor.guild_id, actor.member_id) >= MOST_SUGGESTIONS:
                raise LimitReached(
                    "Thank you, {n} of your suggestions are waiting already. Please wait until staff have looked at them.",
                    n=MOST_SUGGESTIONS,
                )
            session.add(
                storage.SuggestionRow(
                    guild_id=actor.guild_id,
                    member_id=actor.member_id,
                    title=title,
                    idea=idea,
                    credit=credit,
                    created_at=self._core.clock.now(),
                )
            )
        return title

    # What is below runs inside the transactions above.

    async def find(self, guild_id: int, challenge_id: int) -> tuple[Challenge, bool] | None:
        """A challenge and whether it takes something now, for drawing its post."""
        async with self._core.db.read() as session:
            row = await storage.find_challenge(session, guild_id, challenge_id)
        if row is None:
            return None
        return challenge_of(row), row.opened_at is not None and await self._is_taken(row)

    async def _current_row(self, session: AsyncSession, guild_id: int) -> storage.ChallengeRow | None:
        running = await storage.list_challenges(session, guild_id, rules.RUNNING)
        if running:
            return running[0]
        rows = await storage.list_challenges(
            session, guild_id, [State.REVIEW, State.RESULTS], newest_first=True
        )
        for row in rows:
            if await self._is_taken(row):
                return row
        return rows[0] if rows else None

    async def _is_taken(self, row: storage.ChallengeRow) -> bool:
        try:
            await self._take(row, self._core.clock.now())
        except InvalidInput:
            return False
        return True

    async def _standing(self, session: AsyncSession, actor: Actor, row: storage.ChallengeRow) -> Standing:
        entry = await storage.find_entry(session, row, actor.member_id)
        versions = await storage.list_versions(session, row.guild_id, row.id, actor.member_id)
        return Standing(
            challenge=challenge_of(row),
            joined=await storage.count_entries(session, row.guild_id, row.id),
            track=Track(entry.track) if entry is not None else None,
            remind=entry is not None and entry.remind,
            submission=submission_of(versions[-1], versions[0]) if versions else None,
            has_draft=await storage.find_draft(session, row.guild_id, row.id, actor.member_id) is not None,
            can_submit=await self._is_taken(row),
        )


def _opened(row: storage.ChallengeRow | None) -> storage.ChallengeRow:
    if row is None or row.opened_at is None:
        raise NotFound(
            "There is no such challenge (any more). See {command}.", command="`/challenge current`"
        )
    return row


def _act(
    kind: str,
    row: storage.ChallengeRow,
    member_id: int,
    details: Mapping[str, Any],
    cause_id: int | None = None,
) -> Act:
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


def _finishers(
    entries: Sequence[storage.EntryRow], versions: Sequence[storage.SubmissionRow]
) -> tuple[Finisher, ...]:
    """By the order in which they first handed in."""
    tracks = {entry.member_id: Track(entry.track) for entry in entries}
    by_member: defaultdict[int, list[storage.SubmissionRow]] = defaultdict(list)
    for row in versions:
        by_member[row.member_id].append(row)
    return tuple(
        Finisher(member, tracks.get(member, Track.CORE), submission_of(rows[-1], rows[0]))
        for member, rows in by_member.items()
    )


async def _ranking(
    session: AsyncSession,
    guild_id: int,
    considered: Sequence[int],
    finishers: Sequence[Finisher],
    willing: set[int],
) -> dict[Track, tuple[tuple[int, int, int], ...]]:
    """By track: who finished on time and likes to be ranked, by how many they finished on time of late."""
    in_time = [
        each
        for each in finishers
        if each.member_id in willing and each.submission.first_late is Lateness.ON_TIME
    ]
    counts = await storage.count_on_time(session, guild_id, considered, [each.member_id for each in in_time])
    return {
        track: tuple(
            rules.places({each.member_id: counts[each.member_id] for each in in_time if each.track is track})
        )
        for track in Track
        if any(each.track is track for each in in_time)
    }
