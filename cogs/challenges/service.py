"""What members do besides handing in: join, leave, look at what others did, suggest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import InvalidInput, LimitReached
from bot.text import clean
from cogs.challenges import rules
from cogs.challenges.model import (
    JOINED,
    Challenge,
    ChallengeSettings,
    Mine,
    Standing,
    challenge_of,
    submission_of,
)
from cogs.challenges.reminders import Reminders
from cogs.challenges.rules import State, Track
from cogs.challenges.submissions import Submissions, act_of, opened_only
from storage import challenge_drafts as draft_storage
from storage import challenges as storage

MOST_SUGGESTIONS = 5
MOST_SHOWN = 20


class ChallengesService:
    """The use cases of everybody."""

    def __init__(self, core: Core, reminders: Reminders, submissions: Submissions) -> None:
        self._core = core
        self._reminders = reminders
        self._submissions = submissions

    # ------------------------------------------------------------------------------------------ being in

    async def current(self, actor: Actor) -> Standing | None:
        """The challenge that runs, as the member stands in it; else the newest that still takes something; else None."""
        async with self._core.db.read() as session:
            row = await self._submissions.current_row(session, actor.guild_id)
            return await self._standing(session, actor, row) if row is not None else None

    async def standing(self, actor: Actor, challenge_id: int) -> Standing:
        """One challenge as the member stands in it. Raises `NotFound` also for one that has not opened yet."""
        async with self._core.db.read() as session:
            row = await storage.find_challenge(session, actor.guild_id, challenge_id)
            return await self._standing(session, actor, opened_only(row))

    async def begin_joining(self, actor: Actor, challenge_id: int) -> Standing:
        """Where the member stands in a challenge that can be joined. Raises as `join` does."""
        async with self._core.db.read() as session:
            row = opened_only(await storage.find_challenge(session, actor.guild_id, challenge_id))
            _running(row)
            return await self._standing(session, actor, row)

    async def join(
        self, actor: Actor, challenge_id: int, track: str, *, remind: bool
    ) -> tuple[Standing, datetime | None]:
        """Join, or change track and reminder, and when the reminder comes. Raises `NotFound`, or `InvalidInput` after
        the deadline and for a track that this challenge has not."""
        async with self._core.db.begin() as session:
            row = opened_only(
                await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True)
            )
            _running(row)
            chosen = next((each for each in challenge_of(row).text.tracks if each == track), None)
            if chosen is None:
                raise InvalidInput("Please choose one of the tracks of this challenge.")
            at = self._core.clock.now()
            entry, _ = await storage.lock_entry(session, row, actor.member_id, track=chosen, at=at)
            entry.track, entry.remind = chosen.value, remind
            await session.flush()
            await self._core.ledger.record(
                session, act_of(JOINED, row, actor.member_id, {"track": chosen.value})
            )
            reminded = await self._reminders.expect(session, row, actor.member_id) if remind else None
            return await self._standing(session, actor, row), reminded

    async def leave(self, actor: Actor, challenge_id: int) -> Challenge:
        """Leave. What was handed in stays until its author is deleted. Raises `InvalidInput` when something was."""
        async with self._core.db.begin() as session:
            row = opened_only(
                await storage.lock_challenge(session, actor.guild_id, challenge_id, shared=True)
            )
            entry = await storage.find_entry(session, row, actor.member_id, lock=True)
            if entry is not None:
                if await storage.list_versions(session, row.guild_id, row.id, actor.member_id):
                    raise InvalidInput(
                        "You have submitted this one, so it is yours for good. Nothing more is asked of you."
                    )
                await session.delete(entry)
                await draft_storage.drop_draft(session, row.guild_id, row.id, actor.member_id)
            return challenge_of(row)

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
            drafts = await draft_storage.list_drafts(session, actor.guild_id, actor.member_id)
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
                await self._submissions.is_taken(everything[id_]),
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

    # ------------------------------------------------------------------------------------------ suggesting

    async def check_suggesting(self, actor: Actor) -> None:
        """Whether the form is worth filling in. Raises `LimitReached`."""
        async with self._core.db.read() as session:
            await self._check_room(session, actor)

    async def suggest(self, actor: Actor, title: str, idea: str, *, credit: bool) -> str:
        """Suggest a challenge, and return its title. Raises `InvalidInput` when it is empty, `LimitReached`."""
        title, idea = " ".join(clean(title).split())[:80], clean(idea)[:1000]
        if not title or not idea:
            raise InvalidInput("A title and a line or two about the idea are enough, but both are needed.")
        async with self._core.db.begin() as session:
            await storage.lock_settings(session, actor.guild_id)  # one counts after the other
            await self._check_room(session, actor)
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

    async def _check_room(self, session: AsyncSession, actor: Actor) -> None:
        if await storage.count_suggestions(session, actor.guild_id, actor.member_id) >= MOST_SUGGESTIONS:
            raise LimitReached(
                "Thank you, {n} of your suggestions are waiting already. Please wait until staff have looked at them.",
                n=MOST_SUGGESTIONS,
            )

    async def find(self, guild_id: int, challenge_id: int) -> tuple[Challenge, bool] | None:
        """A challenge and whether it takes something now, for drawing its post."""
        async with self._core.db.read() as session:
            row = await storage.find_challenge(session, guild_id, challenge_id)
        if row is None:
            return None
        return challenge_of(row), row.opened_at is not None and await self._submissions.is_taken(row)

    async def _standing(self, session: AsyncSession, actor: Actor, row: storage.ChallengeRow) -> Standing:
        entry = await storage.find_entry(session, row, actor.member_id)
        versions = await storage.list_versions(session, row.guild_id, row.id, actor.member_id)
        return Standing(
            challenge=challenge_of(row),
            joined=await storage.count_entries(session, row.guild_id, row.id),
            track=Track(entry.track) if entry is not None else None,
            remind=entry is not None and entry.remind,
            submission=submission_of(versions[-1], versions[0]) if versions else None,
            has_draft=await draft_storage.find_draft(session, row.guild_id, row.id, actor.member_id)
            is not None,
            can_submit=await self._submissions.is_taken(row),
        )


def _running(row: storage.ChallengeRow) -> None:
    if row.state not in rules.RUNNING:
        raise InvalidInput(
            "This challenge has closed. See {command} for the one that is open.",
            command="`/challenge current`",
        )
