"""What facilitators do with rituals, and what happens when one is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import nominal_times
from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.i18n import N_
from bot.jobs import Job, Skipped
from bot.outbox import Effect, EffectKind, Lane
from bot.schedules import CatchUp, NewSchedule, Schedule
from cogs.rituals import rules
from storage import rituals as storage

AUDIT_AREA = "rituals"
POST_JOB = "rituals.post"
PROMPT_RENDERER = "rituals.prompt"
THREAD_RENDERER = "rituals.thread"


TITLES = {rules.MONDAY_GOALS.name: N_("Monday goals")}


@dataclass(frozen=True)
class Ritual:
    """A ritual as shown to facilitators. `next_run_at` is UTC; None when there is no next run."""

    id: int
    guild_id: int
    template: str
    channel_id: int
    zone: str
    next_run_at: datetime | None
    rule: nominal_times.LocalRule


class RitualsService:
    """The use cases."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def add(
        self,
        actor: Actor,
        template_name: str,
        *,
        channel_id: int,
        weekday: int | None,
        typed_time: str | None,
    ) -> Ritual:
        """Begin a ritual: every week on this day and time of the community's clock. Raises `NotAllowed`,
        `NotFound` for an unknown template, `InvalidInput` for an unreadable time, `AlreadyDone` when the same
        ritual is posted in this channel already."""
        zone = await self.check(actor)
        template = rules.TEMPLATES.get(template_name)
        if template is None:
            raise NotFound("There is no such ritual. Pick one from the list.")
        at = rules.read_time(typed_time) if typed_time else template.time
        day = template.weekday if weekday is None else weekday
        try:
            async with self._core.db.begin() as session:
                return await self.begin_in(
                    session, actor, template.name, channel_id, zone=zone, weekday=day, at=at
                )
        except IntegrityError as error:  # two facilitators at once: the schedule's key is unique
            raise _posted_already() from error

    async def list_all(self, actor: Actor) -> tuple[Ritual, ...]:
        """The community's rituals, in the order in which they were added."""
        await self.check(actor)
        async with self._core.db.read() as session:
            return await self.list_in(session, actor.guild_id)

    async def list_in(self, session: AsyncSession, guild_id: int) -> tuple[Ritual, ...]:
        """The same within a transaction."""
        rows = await storage.list_rituals(session, guild_id)
        schedules = {each.id: each for each in await self._core.schedules.list_of_guild(session, guild_id)}
        return tuple(_ritual(row, schedules[row.schedule_id]) for row in rows if row.schedule_id in schedules)

    async def weekly(self, guild_id: int) -> Ritual | None:
        """The community's Monday goals, as the set-up shows them: the first, where there are several."""
        async with self._core.db.read() as session:
            return await self.find_weekly(session, guild_id)

    async def find_weekly(self, session: AsyncSession, guild_id: int) -> Ritual | None:
        """The same within a transaction."""
        row = await _first(session, guild_id)
        schedule = await self._schedule(session, row) if row is not None else None
        return _ritual(row, schedule) if row is not None and schedule is not None else None

    async def set_weekly(self, actor: Actor, channel_id: int | None) -> None:
        """Have the Monday goals asked for in this channel, at the same day and time if they were before; None ends
        them. Raises `NotAllowed`."""
        zone = await self.check(actor)
        try:
            async with self._core.db.begin() as session:
                row = await _first(session, actor.guild_id)
                if row is not None and row.channel_id == channel_id:
                    return
                day, at = rules.MONDAY_GOALS.weekday, rules.MONDAY_GOALS.time
                if row is not None:
                    schedule = await self._schedule(session, row)
                    day, at = (weekday_of(schedule.rule), schedule.rule.time) if schedule else (day, at)
                    await self._core.schedules.remove(session, row.schedule_id)
                    await session.delete(row)
                    await session.flush()
                if channel_id is not None:
                    name = rules.MONDAY_GOALS.name
                    await self.begin_in(session, actor, name, channel_id, zone=zone, weekday=day, at=at)
        except IntegrityError as error:  # two facilitators at once
            raise _posted_already() from error

    async def reschedule(self, actor: Actor, weekday: int, typed_time: str) -> None:
        """Move the Monday goals to another day and time. Raises `NotAllowed`, `InvalidInput` for an unreadable time,
        `NotFound` when there are none."""
        await self.check(actor)
        at = rules.read_time(typed_time)
        if not 0 <= weekday < len(rules.WEEKDAYS):
            raise InvalidInput("Please choose a day of the week.")
        async with self._core.db.begin() as session:
            row = await _first(session, actor.guild_id)
            if row is None or await self._schedule(session, row) is None:
                raise NotFound("First choose the channel in which the goals are asked for.")
            await self.move_in(session, actor, row.id, weekday=weekday, at=at)

    async def move_in(
        self, session: AsyncSession, actor: Actor, ritual_id: int, *, weekday: int, at: time
    ) -> None:
        """Move a ritual to another day and time, for who was let through before."""
        row = await storage.find_ritual(session, ritual_id)
        schedule = await self._schedule(session, row) if row is not None else None
        if row is None or schedule is None:
            raise _not_there()
        start = nominal_times.local_now(self._core.clock.now(), schedule.zone).date()
        rule = nominal_times.weekly([weekday], at, start)
        await self._core.schedules.change(session, schedule.id, rule=rule)
        await self._core.audit.record(
            session,
            actor,
            AUDIT_AREA,
            N_("moved the ritual {ritual}"),
            before={"when": _when(weekday_of(schedule.rule), schedule.rule.time, schedule.zone)},
            after={"when": _when(weekday, at, schedule.zone)},
            ritual=TITLES.get(row.template, row.template),
        )

    async def remove(self, actor: Actor, ritual_id: int) -> None:
        """End a ritual. Raises `NotFound` when it is none of this community's."""
        await self.check(actor)
        async with self._core.db.begin() as session:
            await self.end_in(session, actor, ritual_id)

    async def end_in(self, session: AsyncSession, actor: Actor, ritual_id: int) -> None:
        """The same within a transaction, for who was let through before."""
        row = await storage.find_ritual(session, ritual_id)
        if row is None or row.guild_id != actor.guild_id:
            raise _not_there()
        await self._core.schedules.remove(session, row.schedule_id)
        await session.delete(row)
        await session.flush()
        await self._core.audit.record(
            session,
            actor,
            AUDIT_AREA,
            N_("ended the ritual {ritual}"),
            before={"channel_id": row.channel_id},
            ritual=TITLES.get(row.template, row.template),
        )

    async def find(self, ritual_id: int) -> storage.RitualRow | None:
        """The ritual, for drawing its prompt."""
        async with self._core.db.read() as session:
            return await storage.find_ritual(session, ritual_id)

    async def post(self, session: AsyncSession, job: Job) -> Skipped | None:
        """A nominal time has come: plan the prompt and the thread to answer in."""
        ritual = await storage.find_ritual(session, int(job.payload["ritual_id"]))
        if ritual is None or job.nominal is None:
            return Skipped(N_("the ritual was removed"))
        key = f"rituals:{ritual.id}:{job.nominal.isoformat()}"
        arguments = {"ritual_id": ritual.id, "nominal": job.nominal.isoformat()}
        prompt = Effect(
            kind=EffectKind.POST,
            key=key,
            guild_id=ritual.guild_id,
            channel_id=ritual.channel_id,
            renderer=PROMPT_RENDERER,
            arguments=arguments,
            lane=Lane.SCHEDULED,
            coalesce_key=f"rituals:{ritual.id}",
            expires_at=job.expires_at,
        )
        thread = Effect(
            kind=EffectKind.OPEN_THREAD,
            key=f"{key}:thread",
            guild_id=ritual.guild_id,
            channel_id=ritual.channel_id,
            renderer=THREAD_RENDERER,
            arguments=arguments,
            lane=Lane.SCHEDULED,
            after=key,
        )
        await self._core.outbox.plan(session, prompt, thread, job_id=job.id)
        return None

    async def check(self, actor: Actor) -> str:
        """The community's zone, if the actor may change its rituals. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config.zone

    async def _schedule(self, session: AsyncSession, row: storage.RitualRow) -> Schedule | None:
        schedules = await self._core.schedules.list_of_guild(session, row.guild_id)
        return next((each for each in schedules if each.id == row.schedule_id), None)

    async def begin_in(
        self,
        session: AsyncSession,
        actor: Actor,
        template_name: str,
        channel_id: int,
        *,
        zone: str,
        weekday: int,
        at: time,
    ) -> Ritual:
        """Begin a ritual within a transaction, for who was let through before. Raises `AlreadyDone`."""
        template = rules.TEMPLATES[template_name]
        now = self._core.clock.now()
        start = nominal_times.local_now(now, zone).date()
        present = await storage.list_rituals(session, actor.guild_id)
        if any((each.template, each.channel_id) == (template.name, channel_id) for each in present):
            raise _posted_already()
        row = storage.RitualRow(
            guild_id=actor.guild_id,
            template=template.name,
            channel_id=channel_id,
            owner_id=actor.member_id,
            schedule_id=0,
            created_at=now,
        )
        session.add(row)
        await session.flush()
        schedule = await self._core.schedules.add(
            session,
            NewSchedule(
                guild_id=actor.guild_id,
                job_name=POST_JOB,
                subject=f"{template.name}:{channel_id}",
                rule=nominal_times.weekly([weekday], at, start),
                zone=zone,
                catch_up=CatchUp.LATE_WITHIN,
                late_within=rules.LATE_WITHIN,
                payload={"ritual_id": row.id, "title": TITLES[template.name]},
            ),
        )
        row.schedule_id = schedule.id
        await self._core.audit.record(
            session,
            actor,
            AUDIT_AREA,
            N_("added the ritual {ritual}"),
            after={"channel_id": channel_id, "when": _when(weekday, at, zone)},
            ritual=TITLES[template.name],
        )
        await session.flush()
        return _ritual(row, schedule)


async def _first(session: AsyncSession, guild_id: int) -> storage.RitualRow | None:
    rows = await storage.list_rituals(session, guild_id)
    return next((row for row in rows if row.template == rules.MONDAY_GOALS.name), None)


def weekday_of(rule: nominal_times.LocalRule) -> int:
    """The weekday of a weekly rule (0 is Monday)."""
    return ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(rule.rrule.rpartition("BYDAY=")[2][:2])


def _ritual(row: storage.RitualRow, schedule: Schedule) -> Ritual:
    return Ritual(
        row.id, row.guild_id, row.template, row.channel_id, schedule.zone, schedule.next_run_at, schedule.rule
    )


def _when(weekday: int, at: time, zone: str) -> str:
    return f"{rules.WEEKDAYS[weekday].capitalize()} {at:%H:%M} {zone}"


def _not_there() -> NotFound:
    return NotFound("That ritual does not exist any more. See {command}.", command="`/manage rituals list`")


def _posted_already() -> AlreadyDone:
    return AlreadyDone(
        "That ritual is posted in this channel already. End it first with {command}.",
        command="`/manage rituals list`",
    )
