"""What facilitators do with challenges that are ready: order, open, close, extend, remove. Each step can be looked at first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotConfigured, NotFound
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.time_input import FURTHEST, parse_moment
from cogs.challenges import rules
from cogs.challenges.lifecycle import Lifecycle
from cogs.challenges.model import (
    AREA,
    Challenge,
    ChallengeSettings,
    Overview,
    Plan,
    Schedule,
    Suggestion,
    challenge_of,
)
from cogs.challenges.rules import State
from storage import challenges as storage


class ChallengesStaff:
    """The use cases of facilitators. Each raises `NotAllowed` for others."""

    def __init__(self, core: Core, lifecycle: Lifecycle) -> None:
        self._core = core
        self._lifecycle = lifecycle

    async def check(self, actor: Actor) -> GuildConfig:
        """The community's configuration, if the actor may run its challenges. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def overview(self, actor: Actor) -> Overview:
        """Everything there is: what runs, what waits, what was suggested, and when the next one opens."""
        await self.check(actor)
        guild_id = actor.guild_id
        async with self._core.db.read() as session:
            under_way = await storage.list_challenges(session, guild_id, rules.UNDER_WAY)
        if any(self._lifecycle.is_left_behind(row) for row in under_way):
            async with self._core.db.begin() as session:
                await storage.lock_settings(session, guild_id)
                await self._lifecycle.catch_up(session, guild_id)
        async with self._core.db.read() as session:
            running = await storage.list_challenges(session, guild_id, rules.RUNNING)
            joined = submitted = 0
            if running:
                joined = await storage.count_entries(session, guild_id, running[0].id)
                submitted = await storage.count_submitters(session, guild_id, running[0].id)
            reviewing = await storage.list_challenges(session, guild_id, [State.REVIEW])
            queue = await storage.list_challenges(session, guild_id, [State.QUEUED])
            drafts = await storage.list_challenges(session, guild_id, [State.DRAFT])
            suggested = await storage.list_suggestions(session, guild_id)
            schedule = await self.schedule_in(session, guild_id)
        return Overview(
            running=challenge_of(running[0]) if running else None,
            joined=joined,
            submitted=submitted,
            reviewing=tuple(map(challenge_of, reviewing)),
            queue=tuple(map(challenge_of, queue)),
            drafts=tuple(map(challenge_of, drafts)),
            suggestions=tuple(map(suggestion_of, suggested)),
            schedule=schedule,
        )

    async def schedule_in(self, session: AsyncSession, guild_id: int) -> Schedule:
        """When challenges open by themselves."""
        config = await self._core.configs.guild(guild_id)
        settings = await self._core.configs.get(guild_id, ChallengeSettings)
        found = await self._core.schedules.list_of_guild(session, guild_id)
        mine = next((each for each in found if each.id == settings.schedule_id), None)
        rule, next_at = (mine.rule, mine.next_run_at) if mine is not None else (None, None)
        return Schedule(rule, next_at, config.zone, settings)

    async def find(self, actor: Actor, challenge_id: int) -> Challenge:
        """One challenge. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            return challenge_of(_there(await storage.find_challenge(session, actor.guild_id, challenge_id)))

    # ------------------------------------------------------------------------------------------ the queue

    async def queue(self, actor: Actor, challenge_id: int) -> Challenge:
        """Put a draft at the end of the queue. Raises `NotFound`, `AlreadyDone`, `InvalidInput` while something lacks."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._prepared(session, actor, challenge_id)
            if row.state == State.QUEUED:
                raise AlreadyDone("It waits in the queue already.")
            _complete(row)
            queue = await storage.list_challenges(session, actor.guild_id, [State.QUEUED])
            row.state, row.position = State.QUEUED.value, (queue[-1].position + 1 if queue else 1)
            await self._note(session, actor, N_("queued the challenge {title}"), row)
            return challenge_of(row)

    async def unqueue(self, actor: Actor, challenge_id: int) -> Challenge:
        """Take it out of the queue; it stays as a draft. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._prepared(session, actor, challenge_id)
            row.state, row.position = State.DRAFT.value, 0
            await self._note(session, actor, N_("took the challenge {title} out of the queue"), row)
            return challenge_of(row)

    async def move(self, actor: Actor, challenge_id: int, by: int) -> Challenge:
        """Move it towards the front of the queue (negative) or the end. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._prepared(session, actor, challenge_id)
            queue = {
                each.id: each
                for each in await storage.list_challenges(session, actor.guild_id, [State.QUEUED])
            }
            if row.id in queue:
                for position, id_ in enumerate(rules.moved(list(queue), row.id, by), start=1):
                    queue[id_].position = position
                await self._note(session, actor, N_("moved the challenge {title} in the queue"), row)
            return challenge_of(row)

    async def remove(self, actor: Actor, challenge_id: int) -> Challenge:
        """Remove a challenge that has not opened, for good. Raises `NotFound`, `AlreadyDone` for one that has."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self._prepared(session, actor, challenge_id)
            removed = challenge_of(row)
            await self._note(session, actor, N_("removed the challenge {title}"), row)
            await storage.delete_challenge(session, actor.guild_id, row.id)
            return removed

    # ------------------------------------------------------------------------------------------ by hand

    async def plan_opening(self, actor: Actor, challenge_id: int) -> Plan:
        """What opening it now would do. Raises as `open_now` does."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = _there(await storage.find_challenge(session, actor.guild_id, challenge_id))
            settings = await self._core.configs.get(actor.guild_id, ChallengeSettings)
            await self._may_open(session, row, settings.channel_id)
            ends = await self._lifecycle.ends(actor.guild_id, self._core.clock.now())
            return await self._plan(session, row, ends, settings.channel_id)

    async def open_now(self, actor: Actor, challenge_id: int) -> Challenge:
        """Open it. Raises `NotFound`, `AlreadyDone` while another is open, `NotConfigured` without a channel,
        `InvalidInput` while something lacks."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            settings = await storage.lock_settings(session, actor.guild_id)
            row = _there(await storage.lock_challenge(session, actor.guild_id, challenge_id))
            channel_id = await self._may_open(session, row, settings.channel_id)
            await self._lifecycle.open(session, row, channel_id)
            await self._note(session, actor, N_("opened the challenge {title}"), row)
            return challenge_of(row)

    async def plan_closing(self, actor: Actor, challenge_id: int) -> Plan:
        """What closing it now would do. Raises `NotFound`, `AlreadyDone` when it is not open."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = _open(await storage.find_challenge(session, actor.guild_id, challenge_id))
            ends = await self._lifecycle.ends_if_closed(actor.guild_id, self._core.clock.now())
            return await self._plan(session, row, ends, row.channel_id)

    async def close_now(self, actor: Actor, challenge_id: int) -> Challenge:
        """Close it, with the time of grace beginning now. Raises `NotFound`, `AlreadyDone` when it is not open."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await storage.lock_settings(session, actor.guild_id)
            row = _open(await storage.lock_challenge(session, actor.guild_id, challenge_id))
            ends = await self._lifecycle.ends_if_closed(actor.guild_id, self._core.clock.now())
            row.closes_at, row.grace_until, row.results_at = ends
            row.closings += 1
            await self._lifecycle.close(session, row)
            await self._note(session, actor, N_("closed the challenge {title}"), row)
            return challenge_of(row)

    async def plan_extension(self, actor: Actor, challenge_id: int, typed: str) -> Plan:
        """What extending it for everybody would do. Raises `NotFound`, `InvalidInput` for a time that cannot be read
        or is not later than the deadline."""
        config = await self.check(actor)
        now = self._core.clock.now()
        moment = parse_moment(typed, now=now, zone=config.zone, locale=actor.locale or "en", end_of_day=True)
        async with self._core.db.read() as session:
            row = _there(await storage.find_challenge(session, actor.guild_id, challenge_id))
            _later(row, moment.at)
            ends = await self._lifecycle.ends_if_closed(actor.guild_id, moment.at)
            return await self._plan(session, row, ends, row.channel_id)

    async def extend(self, actor: Actor, until: int) -> Challenge:
        """Extend the challenge that runs until this moment (seconds since 1970, UTC), for everybody.

        Raises `NotFound` when none runs, `InvalidInput` for a moment that is not later than the deadline.
        """
        await self.check(actor)
        if not 0 <= until < 1 << 36:
            raise InvalidInput("Please choose the new deadline once more.")
        moment = datetime.fromtimestamp(until, UTC)
        async with self._core.db.begin() as session:
            await storage.lock_settings(session, actor.guild_id)
            running = await storage.list_challenges(session, actor.guild_id, rules.RUNNING)
            row = _there(
                await storage.lock_challenge(session, actor.guild_id, running[0].id) if running else None
            )
            _later(row, moment)
            if not self._core.clock.now() < moment <= self._core.clock.now() + FURTHEST:
                raise InvalidInput(
                    "That moment has passed meanwhile. Please choose the new deadline once more."
                )
            before = row.closes_at
            ends = await self._lifecycle.ends_if_closed(actor.guild_id, moment)
            await self._lifecycle.extend(session, row, ends)
            await self._core.audit.record(
                session,
                actor,
                AREA,
                N_("extended the challenge {title} for everybody"),
                before={"closes_at": before.isoformat() if before is not None else None},
                after={"closes_at": moment.isoformat()},
                title=challenge_of(row).text.title,
            )
            return challenge_of(row)

    # What is below runs inside the transactions above.

    async def _prepared(self, session: AsyncSession, actor: Actor, challenge_id: int) -> storage.ChallengeRow:
        await storage.lock_settings(session, actor.guild_id)
        row = _there(await storage.lock_challenge(session, actor.guild_id, challenge_id))
        if row.state not in rules.PREPARED:
            raise AlreadyDone(
                "It has been opened meanwhile. See {command}.", command="`/manage challenges list`"
            )
        return row

    async def _may_open(
        self, session: AsyncSession, row: storage.ChallengeRow, channel_id: int | None
    ) -> int:
        if row.state not in rules.PREPARED:
            raise AlreadyDone(
                "It has been opened already. See {command}.", command="`/manage challenges list`"
            )
        if await storage.list_challenges(session, row.guild_id, rules.RUNNING):
            raise AlreadyDone("Another challenge is open. Close that one first, or let it come to its end.")
        _complete(row)
        if channel_id is None:
            raise NotConfigured(
                "First choose the channel in which challenges are posted: {command}, Challenges.",
                command="`/setup start`",
            )
        return channel_id

    async def _plan(
        self,
        session: AsyncSession,
        row: storage.ChallengeRow,
        ends: tuple[datetime, datetime, datetime],
        channel_id: int | None,
    ) -> Plan:
        schedule = await self.schedule_in(session, row.guild_id)
        joined = await storage.count_entries(session, row.guild_id, row.id)
        return Plan(challenge_of(row), *ends, channel_id, joined, schedule.next_at)

    async def _note(self, session: AsyncSession, actor: Actor, what: str, row: storage.ChallengeRow) -> None:
        await session.flush()
        await self._core.audit.record(session, actor, AREA, what, title=challenge_of(row).text.title)


def suggestion_of(row: storage.SuggestionRow) -> Suggestion:
    return Suggestion(row.id, row.member_id, row.title, row.idea, row.credit, row.created_at)


def _there(row: storage.ChallengeRow | None) -> storage.ChallengeRow:
    if row is None:
        raise NotFound(
            "That challenge does not exist any more. See {command}.", command="`/manage challenges list`"
        )
    return row


def _open(row: storage.ChallengeRow | None) -> storage.ChallengeRow:
    row = _there(row)
    if row.state != State.OPEN:
        raise AlreadyDone("It is not open any more. See {command}.", command="`/manage challenges list`")
    return row


def _complete(row: storage.ChallengeRow) -> None:
    if challenge_of(row).text.missing:
        raise InvalidInput(
            "It still needs a title, a purpose, what “done” looks like, and what to do in the core track."
        )


def _later(row: storage.ChallengeRow, moment: datetime) -> None:
    if row.state not in rules.RUNNING:
        raise InvalidInput("Only a challenge that is open, or has just closed, can be extended.")
    if row.closes_at is None or moment < row.closes_at + timedelta(minutes=1):
        raise InvalidInput("That is not later than the deadline it has. Please choose a later time.")
