"""Rituals and their runs as values, and what the parts of the feature look up of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import NotFound
from bot.guild_config import GuildConfig
from bot.nominal_times import LocalRule
from bot.schedules import Schedule
from cogs.rituals.rules import AnswerBy, When
from cogs.rituals.shipped import Template, templates
from cogs.rituals.when import dates_of, rule_for, when_of
from storage import rituals as storage
from storage import schedules as schedule_storage

AUDIT_AREA = "rituals"
UNTIL_RESUMED = datetime(9000, 1, 1, tzinfo=UTC)
"""A pause without an end, so that one comparison is right for both kinds. Its schedule is paused; with a date the
schedule goes on and its runs are left out until then, so that nothing has to happen at that moment."""


@dataclass(frozen=True)
class RitualSettings:
    """`holidays` maps a date or a day of every year to its name."""

    guild_id: int
    holidays: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Ritual:
    """A ritual as shown to facilitators. `next_run_at` is UTC; None when there is no next run.

    A `title`, `purpose` or `text` of None is the template's, and so is an `answer` of None. `paused_until` is
    `UNTIL_RESUMED` for a pause without an end; `is_lost`: its channel was deleted.
    """

    id: int
    guild_id: int
    template: str
    channel_id: int
    zone: str
    next_run_at: datetime | None
    rule: LocalRule
    owner_id: int = 0
    title: str | None = None
    purpose: str | None = None
    text: str | None = None
    own_answer: AnswerBy | None = None
    own_late_hours: int | None = None
    left_out: frozenset[date] = frozenset()
    paused_until: datetime | None = None
    is_lost: bool = False
    is_held: bool = False
    is_ended: bool = False
    version: int = 1

    @property
    def shipped(self) -> Template:
        return templates()[self.template]

    @property
    def answer(self) -> AnswerBy:
        return self.own_answer or self.shipped.answer

    @property
    def late_hours(self) -> int:
        return self.shipped.late_hours if self.own_late_hours is None else self.own_late_hours

    @property
    def when(self) -> When:
        return when_of(self.rule)


@dataclass(frozen=True)
class RunHealth:
    """How many people answered one run."""

    at: datetime
    answers: int


class Part:
    """What the parts of the service have in common."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def check(self, actor: Actor) -> GuildConfig:
        """The community's configuration, if the actor may change its rituals. Raises `NotAllowed`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        return config

    async def lock(self, session: AsyncSession, actor: Actor, ritual_id: int) -> storage.RitualRow:
        """The ritual, locked with its schedule. Raises `NotFound` when it is none of this community's."""
        row = await self.lock_all(session, ritual_id)
        if row is None or row.guild_id != actor.guild_id:
            raise gone()
        return row

    async def lock_all(self, session: AsyncSession, ritual_id: int) -> storage.RitualRow | None:
        """The ritual, locked with its schedule; the schedule first, then its jobs, then the ritual, everywhere."""
        known = await storage.find_ritual(session, ritual_id)
        if known is None:
            return None
        await schedule_storage.get_schedule(session, known.schedule_id)
        return await storage.lock_ritual(session, ritual_id)

    async def stop(
        self, session: AsyncSession, actor: Actor, ritual_id: int, *, for_good: bool = False
    ) -> storage.RitualRow:
        """Pause or remove the schedule, then lock the ritual. Raises `NotFound` when it is none of this community's."""
        known = await storage.find_ritual(session, ritual_id)
        if known is None or known.guild_id != actor.guild_id:
            raise gone()
        schedules = self._core.schedules
        await (schedules.remove if for_good else schedules.pause)(session, known.schedule_id)
        row = await storage.lock_ritual(session, ritual_id)
        if row is None:
            raise gone()
        return row

    async def snapshot(self, session: AsyncSession, row: storage.RitualRow) -> Ritual:
        """The ritual as a value. Raises `NotFound` when its schedule has gone; an ended one needs none."""
        schedule = await self._schedule(session, row)
        if schedule is None and row.ended_at is None:
            raise gone()
        return self._ritual_of(row, schedule)

    def _ritual_of(self, row: storage.RitualRow, schedule: Schedule | None) -> Ritual:
        return ritual_of(row, schedule, self._core.clock.now())

    async def _schedule(self, session: AsyncSession, row: storage.RitualRow) -> Schedule | None:
        return await self._core.schedules.find(session, row.schedule_id)

    async def _holidays(self, guild_id: int) -> Mapping[str, Any]:
        return (await self._core.configs.get(guild_id, RitualSettings)).holidays


def title_of(row: storage.RitualRow) -> str:
    """What it is called, a gettext id unless somebody wrote it."""
    return row.title or templates()[row.template].title


def ritual_of(row: storage.RitualRow, schedule: Schedule | None, now: datetime) -> Ritual:
    """The ritual as it stands now. A pause that has ended is none. One that was ended has no schedule any more."""
    return Ritual(
        row.id,
        row.guild_id,
        row.template,
        row.channel_id,
        schedule.zone if schedule is not None else "UTC",
        schedule.next_run_at if schedule is not None else None,
        schedule.rule if schedule is not None else rule_for(templates()[row.template].when, now, "UTC"),
        owner_id=row.owner_id,
        title=row.title,
        purpose=row.purpose,
        text=row.text,
        own_answer=AnswerBy(row.answer) if row.answer else None,
        own_late_hours=row.late_hours,
        left_out=dates_of(row.left_out),
        paused_until=row.paused_until if row.paused_until is not None and row.paused_until > now else None,
        is_lost=row.lost_at is not None,
        is_held=schedule is not None and schedule.held,
        is_ended=row.ended_at is not None,
        version=row.version,
    )


def gone() -> NotFound:
    return NotFound("That ritual does not exist any more. See {command}.", command="`/manage rituals list`")
