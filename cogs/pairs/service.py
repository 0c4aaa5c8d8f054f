"""What members decide about pairings: taking part, their days and topics, and sitting one out."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor
from bot.core import Core
from bot.errors import AlreadyDone
from bot.guild_config import GuildConfig
from bot.nominal_times import WEEKDAY_CODES
from bot.schedules import Schedule
from bot.text import clean
from cogs.pairs import rules
from cogs.pairs.gathering import person_of
from cogs.pairs.model import Meeting, PairSettings, Status, not_in
from cogs.pairs.rules import Outcome
from storage import members as member_storage
from storage import pair_members
from storage import pairs as storage

SHOWN_MEETINGS = 10


class PairsService:
    """The use cases of members."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def join(
        self, actor: Actor, *, days: str | None = None, teach: str | None = None, learn: str | None = None
    ) -> Status:
        """Take part, or change one's days and topics; what is None stays. Raises `InvalidInput`."""
        weekdays = rules.read_days(clean(days)) if days else None
        return await self._join(actor, weekdays, teach, learn)

    async def change(self, actor: Actor, days: Collection[int], teach: str, learn: str) -> Status:
        """The same from the form. Without a day, every day."""
        return await self._join(actor, rules.mask_of(days) or rules.EVERY_DAY, teach, learn)

    async def leave(self, actor: Actor) -> None:
        """Take part no more. What was is kept, so that nobody meets again too soon. Raises `AlreadyDone`."""
        async with self._core.db.begin() as session:
            row = await pair_members.lock_member(session, actor.guild_id, actor.member_id)
            if row is None:
                raise AlreadyDone("You do not take part in pairings, so there is nothing to leave.")
            await pair_members.remove_from_pool(session, actor.guild_id, actor.member_id)
            await session.delete(row)

    async def skip(self, actor: Actor, *, skip: bool | None = None) -> Status:
        """Sit the next round out, or be in it after all; None turns it round. Raises `NotFound` for who is not in."""
        async with self._core.db.begin() as session:
            row = await pair_members.lock_member(session, actor.guild_id, actor.member_id)
            if row is None:
                raise not_in()
            row.skip_next = not row.skip_next if skip is None else skip
            await session.flush()
            return await self._status(session, actor.guild_id, actor.member_id)

    async def status(self, actor: Actor) -> Status:
        """How one stands."""
        async with self._core.db.read() as session:
            return await self._status(session, actor.guild_id, actor.member_id)

    async def _join(self, actor: Actor, weekdays: int | None, teach: str | None, learn: str | None) -> Status:
        topics = {
            name: "\n".join(rules.read_topics(clean(typed)))
            for name, typed in (("teach", teach), ("learn", learn))
            if typed is not None
        }
        async with self._core.db.begin() as session:
            now = self._core.clock.now()
            is_new = await pair_members.add_member(session, actor.guild_id, actor.member_id, now)
            row = await pair_members.lock_member(session, actor.guild_id, actor.member_id)
            assert row is not None  # made just now
            row.weekdays = row.weekdays if weekdays is None else weekdays
            for name, value in topics.items():
                setattr(row, name, value)
            await session.flush()
            return await self._status(session, actor.guild_id, actor.member_id, is_new=is_new)

    async def _status(
        self, session: AsyncSession, guild_id: int, member_id: int, *, is_new: bool = False
    ) -> Status:
        row = await pair_members.find_member(session, guild_id, member_id)
        met = await storage.list_met(session, guild_id, member_id, limit=SHOWN_MEETINGS)
        meetings = tuple(
            Meeting(each.id, each.at, tuple(others), Outcome(each.outcome)) for each, others in met
        )
        schedule = await find_schedule(self._core, session, guild_id)
        if row is None:
            return Status(guild_id, is_in=False, met=meetings)
        member = await member_storage.find_member(session, guild_id, member_id)
        zone = member.zone if member is not None else None
        config = await self._core.configs.present(session, guild_id, GuildConfig)
        person = person_of(row, zone or config.zone, self._core.clock.now())
        return Status(
            guild_id,
            is_in=True,
            weekdays=row.weekdays,
            teach=person.teach,
            learn=person.learn,
            skips_next=row.skip_next,
            comes_first=person.waits,
            next_at=schedule.next_run_at if schedule is not None else None,
            round_days=days_of(schedule) if schedule is not None else (),
            met=meetings,
            has_zone=zone is not None,
            is_new=is_new,
        )


async def find_schedule(core: Core, session: AsyncSession, guild_id: int) -> Schedule | None:
    """By which rounds are held, if they are."""
    settings = await core.configs.present(session, guild_id, PairSettings)
    return await core.schedules.find(session, settings.schedule_id) if settings.schedule_id else None


def days_of(schedule: Schedule) -> tuple[int, ...]:
    """The days of the week of a schedule; 0 is Monday."""
    body = schedule.rule.rrule.partition("BYDAY=")[2].partition(";")[0]
    return tuple(WEEKDAY_CODES.index(each) for each in body.split(",") if each in WEEKDAY_CODES)
