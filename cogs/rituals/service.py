"""What facilitators do with rituals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, has
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.i18n import N_
from bot.nominal_times import WEEKDAYS
from bot.outbox import Effect, EffectKind, Lane
from bot.schedules import CatchUp, NewSchedule
from bot.text import clean
from bot.time_input import parse_moment, read_time
from cogs.rituals import rules, when
from cogs.rituals.answers import Answers
from cogs.rituals.drafts import Drafts
from cogs.rituals.holidays import Holidays
from cogs.rituals.model import (
    AUDIT_AREA,
    UNTIL_RESUMED,
    Part,
    Ritual,
    RunHealth,
    gone,
    title_of,
)
from cogs.rituals.posting import POST_JOB, Posting
from cogs.rituals.prompts import Prompts
from cogs.rituals.rules import Repeat, When
from cogs.rituals.shipped import MONDAY_GOALS, Template, templates
from storage import rituals as storage

LOST_RENDERER = "rituals.lost"
_SHOWN_RUNS = 6


@dataclass(frozen=True)
class Overview:
    """A ritual with how many answered its last runs, the oldest first, and how many prompts wait in its queue."""

    ritual: Ritual
    runs: tuple[RunHealth, ...]
    waiting: int
    suggested: int


class RitualsService(Part):
    """The use cases."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.posting = Posting(core)
        self.drafts = Drafts(core)
        self.answers = Answers(core, self.posting)
        self.prompts = Prompts(core)
        self.holidays = Holidays(core)

    async def add(
        self,
        actor: Actor,
        template_name: str,
        *,
        channel_id: int,
        weekday: int | None,
        typed_time: str | None,
        repeat: str | None = None,
        purpose: str | None = None,
        owner: Actor | None = None,
    ) -> Ritual:
        """Begin a ritual, at this time of the community's clock; what is left out is as the template says.

        Raises `NotAllowed`, `NotFound` for an unknown template, `InvalidInput` for an unreadable time or an owner
        who is no facilitator, `AlreadyDone` when the same ritual is posted in this channel already.
        """
        config = await self.check(actor)
        template = templates().get(template_name)
        if template is None:
            raise NotFound("There is no such ritual. Pick one from the list.")
        if owner is not None and not has(owner, Capability.FACILITATE, config.capability_roles):
            raise not_staff()
        chosen = When(
            Repeat(repeat) if repeat else template.when.repeat,
            template.when.weekday if weekday is None else weekday,
            read_time(typed_time) if typed_time else template.when.time,
        )
        owner_id = (owner or actor).member_id
        words = clean(purpose or "")[: rules.LONGEST_PURPOSE] or None
        try:
            async with self._core.db.begin() as session:
                return await self._add(
                    session,
                    actor,
                    template,
                    channel_id,
                    config.zone,
                    chosen,
                    owner_id=owner_id,
                    purpose=words,
                )
        except IntegrityError as error:  # two facilitators at once
            raise posted_already() from error

    async def list_all(self, actor: Actor) -> tuple[Ritual, ...]:
        """The community's rituals, in the order in which they were added."""
        await self.check(actor)
        async with self._core.db.read() as session:
            return await self.list_in(session, actor.guild_id)

    async def list_in(self, session: AsyncSession, guild_id: int) -> tuple[Ritual, ...]:
        """The same within a transaction."""
        rows = await storage.list_rituals(session, guild_id)
        schedules = {each.id: each for each in await self._core.schedules.list_of_guild(session, guild_id)}
        return tuple(
            self._ritual_of(row, schedules[row.schedule_id]) for row in rows if row.schedule_id in schedules
        )

    async def overview(self, actor: Actor, ritual_id: int) -> Overview:
        """One ritual and how it is going. Raises `NotFound`."""
        await self.check(actor)
        async with self._core.db.read() as session:
            row = await storage.find_ritual(session, ritual_id)
            if row is None or row.guild_id != actor.guild_id:
                raise gone()
            ritual = await self.snapshot(session, row)
            runs = await self.posting.posted_runs(session, ritual_id, limit=_SHOWN_RUNS)
            waiting = await storage.list_prompts(session, ritual_id, ["queued"])
            suggested = await storage.list_prompts(session, ritual_id, ["suggested"])
        health = tuple(RunHealth(run.at, count) for run, count in reversed(runs))
        return Overview(ritual, health, len(waiting), len(suggested))

    async def weekly(self, guild_id: int) -> Ritual | None:
        """The community's Monday goals, as the set-up shows them: the first, where there are several."""
        async with self._core.db.read() as session:
            return await self.find_weekly(session, guild_id)

    async def find_weekly(self, session: AsyncSession, guild_id: int) -> Ritual | None:
        """The same within a transaction."""
        row = await _first(session, guild_id)
        schedule = await self._schedule(session, row) if row is not None else None
        return self._ritual_of(row, schedule) if row is not None and schedule is not None else None

    async def set_weekly(self, actor: Actor, channel_id: int | None) -> None:
        """Have the Monday goals asked for in this channel, at the same day and time if they were before; None ends
        them. Raises `NotAllowed`."""
        config = await self.check(actor)
        template = templates()[MONDAY_GOALS]
        try:
            async with self._core.db.begin() as session:
                row = await _first(session, actor.guild_id)
                if row is None:
                    if channel_id is not None:
                        await self._add(session, actor, template, channel_id, config.zone, template.when)
                elif channel_id is None:
                    await self.end_in(session, actor, row.id)
                elif row.channel_id != channel_id:
                    draft = await self.drafts.begin_in(session, actor, row, channel_id=channel_id)
                    await self.drafts.save_in(session, actor, draft)
        except IntegrityError as error:  # two facilitators at once
            raise posted_already() from error

    async def reschedule(self, actor: Actor, weekday: int, typed_time: str) -> None:
        """Move the Monday goals to another day and time. Raises `NotAllowed`, `InvalidInput` for an unreadable time,
        `NotFound` when there are none."""
        await self.check(actor)
        at = read_time(typed_time)
        if not 0 <= weekday < len(WEEKDAYS):
            raise InvalidInput("Please choose a day of the week.")
        async with self._core.db.begin() as session:
            row = await _first(session, actor.guild_id)
            if row is None or await self._schedule(session, row) is None:
                raise NotFound("First choose the channel in which the goals are asked for.")
            draft = await self.drafts.begin_in(session, actor, row, weekday=weekday, time=f"{at:%H:%M}")
            await self.drafts.save_in(session, actor, draft)

    async def remove(self, actor: Actor, ritual_id: int) -> None:
        """End a ritual. Raises `NotFound` when it is none of this community's."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.end_in(session, actor, ritual_id)

    async def pause(self, actor: Actor, ritual_id: int, typed_until: str | None = None) -> Ritual:
        """Post nothing until then, or until somebody resumes it; what falls into the pause is not caught up.

        Raises `NotFound`, and `InvalidInput` for a date that cannot be read.
        """
        config = await self.check(actor)
        now = self._core.clock.now()
        until = UNTIL_RESUMED
        if typed_until and typed_until.strip():
            until = parse_moment(typed_until, now=now, zone=config.zone, locale=actor.locale or "en").at
        async with self._core.db.begin() as session:
            row = await self.stop(session, actor, ritual_id)
            if row.paused_until != until:
                row.paused_until, row.version = until, row.version + 1
                after = {"until": None if until == UNTIL_RESUMED else until.isoformat()}
                await self._note(session, actor, row, N_("paused the ritual {ritual}"), after=after)
            if until != UNTIL_RESUMED and row.lost_at is None:
                await self._core.schedules.resume(session, row.schedule_id)
            await session.flush()
            return await self.snapshot(session, row)

    async def resume(self, actor: Actor, ritual_id: int) -> Ritual:
        """Go on from now. Raises `NotFound`, also while its channel is deleted, `AlreadyDone` when it is not paused."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            row = await self.lock(session, actor, ritual_id)
            if row.lost_at is not None:
                raise NotFound(
                    "Its channel was deleted. Choose another with {command}, and it goes on.",
                    command="`/manage rituals edit`",
                )
            if row.paused_until is None or row.paused_until <= self._core.clock.now():
                raise AlreadyDone("It is not paused.")
            row.paused_until, row.version = None, row.version + 1
            await self._core.schedules.resume(session, row.schedule_id)
            await self._note(session, actor, row, N_("resumed the ritual {ritual}"))
            return await self.snapshot(session, row)

    async def channels(self, guild_id: int) -> set[int]:
        """Where rituals are posted, those that are known to be gone left out."""
        async with self._core.db.read() as session:
            rows = await storage.list_rituals(session, guild_id)
        return {row.channel_id for row in rows if row.lost_at is None}

    async def lose_channel(self, guild_id: int, channel_id: int) -> None:
        """A channel was deleted: pause what is posted there, and tell staff once."""
        if channel_id not in await self.channels(guild_id):
            return
        now = self._core.clock.now()
        config = await self._core.configs.guild(guild_id)
        async with self._core.db.begin() as session:
            for each in await storage.list_rituals(session, guild_id):
                if each.channel_id != channel_id:
                    continue
                await self._core.schedules.pause(session, each.schedule_id)
                row = await storage.lock_ritual(session, each.id)
                if row is None or row.lost_at is not None:
                    continue
                row.lost_at, row.version = now, row.version + 1
                if config.staff_channel_id is not None and config.staff_channel_id != channel_id:
                    notice = Effect(
                        kind=EffectKind.POST,
                        key=f"rituals:lost:{row.id}:{channel_id}",
                        guild_id=guild_id,
                        channel_id=config.staff_channel_id,
                        renderer=LOST_RENDERER,
                        arguments={"ritual_id": row.id},
                        lane=Lane.SCHEDULED,
                    )
                    await self._core.outbox.plan(session, notice)

    async def find(self, ritual_id: int) -> Ritual | None:
        """The ritual, for drawing what tells of it."""
        async with self._core.db.read() as session:
            row = await storage.find_ritual(session, ritual_id)
            schedule = await self._schedule(session, row) if row is not None else None
            return self._ritual_of(row, schedule) if row is not None and schedule is not None else None

    async def begin_in(
        self,
        session: AsyncSession,
        actor: Actor,
        template_name: str,
        channel_id: int,
        *,
        zone: str,
        chosen: When,
    ) -> Ritual:
        """Begin a ritual within a transaction, for who was let through before. Raises `AlreadyDone`."""
        return await self._add(session, actor, templates()[template_name], channel_id, zone, chosen)

    async def move_in(self, session: AsyncSession, actor: Actor, ritual_id: int, *, chosen: When) -> None:
        """Let a ritual be due at other times, in the same way."""
        row = await self.lock(session, actor, ritual_id)
        draft = await self.drafts.begin_in(
            session,
            actor,
            row,
            repeat=chosen.repeat.value,
            weekday=chosen.weekday,
            time=f"{chosen.time:%H:%M}",
        )
        await self.drafts.save_in(session, actor, draft)

    async def end_in(self, session: AsyncSession, actor: Actor, ritual_id: int) -> None:
        """End a ritual, in the same way."""
        row = await self.stop(session, actor, ritual_id, for_good=True)
        await self._note(
            session, actor, row, N_("ended the ritual {ritual}"), before={"channel_id": row.channel_id}
        )
        await storage.end_ritual(session, row, self._core.clock.now())
        await self.posting.end(session, row)

    async def _note(
        self,
        session: AsyncSession,
        actor: Actor,
        row: storage.RitualRow,
        what: str,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        await self._core.audit.record(
            session, actor, AUDIT_AREA, what, before=before, after=after, ritual=title_of(row)
        )

    async def _add(
        self,
        session: AsyncSession,
        actor: Actor,
        template: Template,
        channel_id: int,
        zone: str,
        chosen: When,
        *,
        owner_id: int | None = None,
        purpose: str | None = None,
    ) -> Ritual:
        now = self._core.clock.now()
        present = await storage.list_rituals(session, actor.guild_id)
        if any((each.template, each.channel_id) == (template.key, channel_id) for each in present):
            raise posted_already()
        row = storage.RitualRow(
            guild_id=actor.guild_id,
            template=template.key,
            channel_id=channel_id,
            owner_id=owner_id or actor.member_id,
            schedule_id=0,
            created_at=now,
            purpose=purpose,
        )
        session.add(row)
        await session.flush()
        rule = when.without(when.rule_for(chosen, now, zone), (), await self._holidays(actor.guild_id))
        schedule = await self._core.schedules.add(
            session,
            NewSchedule(
                guild_id=actor.guild_id,
                job_name=POST_JOB,
                subject=f"ritual:{row.id}",
                rule=rule,
                zone=zone,
                catch_up=CatchUp.LATE_WITHIN if template.late_hours else CatchUp.SKIP,
                late_within=timedelta(hours=template.late_hours),
                payload={"ritual_id": row.id, "title": template.title},
            ),
        )
        row.schedule_id = schedule.id
        after: dict[str, object] = {
            "channel_id": channel_id,
            "when": _when_words(chosen, zone),
        }
        await self._note(session, actor, row, N_("added the ritual {ritual}"), after=after)
        await session.flush()
        return self._ritual_of(row, schedule)


async def _first(session: AsyncSession, guild_id: int) -> storage.RitualRow | None:
    rows = await storage.list_rituals(session, guild_id)
    return next((row for row in rows if row.template == MONDAY_GOALS), None)


def _when_words(chosen: When, zone: str) -> str:
    words = f"{WEEKDAYS[chosen.weekday].capitalize()} {chosen.time:%H:%M} {zone}"
    return words if chosen.repeat is Repeat.EVERY_WEEK else f"{words} ({chosen.repeat})"


def not_staff() -> InvalidInput:
    return InvalidInput("The owner has to be a facilitator, who can change the ritual. Choose somebody else.")


def posted_already() -> AlreadyDone:
    return AlreadyDone(
        "That ritual is posted in this channel already. End it first with {command}.",
        command="`/manage rituals list`",
    )
