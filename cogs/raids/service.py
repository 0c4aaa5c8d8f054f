"""The parts put together: what is seen, decided in memory, written in batches, and shown."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability
from bot.cases import Case, CaseKind
from bot.core import Core
from bot.outbox import Ended
from cogs.raids import rules
from cogs.raids.actions import BAN_KIND, KICK_KIND, Actions
from cogs.raids.cohort import Cohort
from cogs.raids.lockdowns import CHANGED_MARK, Lockdowns
from cogs.raids.memory import RATE_OVER, Active, Batch, Memory
from cogs.raids.model import (
    AREA,
    BAN_KEY,
    ONE_KEY,
    STEP_KEY,
    Action,
    ActionKind,
    Comer,
    GuildFacts,
    Look,
    Preview,
    Raid,
    RaidSettings,
    Status,
    evidence_from_json,
    no_raid,
    step_of,
)
from cogs.raids.rules import Arrival, Evidence, Level, Surge, Verdict
from cogs.raids.surges import Surges, surge_of
from storage import raids as storage

log = logging.getLogger(__name__)

FirstAid = Callable[[int, datetime], Awaitable[None]]
"""Pauses invites and DMs of a server until then, at once and without a row. What becomes of it does not matter: the
lockdown's own effect does the same, and Discord itself ends it in time."""
FLUSH_SOON, FLUSH_LATER = 1.0, 60.0
"""Seconds after which what came is written: while a lockdown is on, and else."""
PATIENCE = 5


class RaidService:
    """Use cases of raids, but for those on their parts: `lockdowns`, `cohort`, `surges`."""

    def __init__(self, core: Core, memory: Memory, look: Look, first_aid: FirstAid | None = None) -> None:
        self._core = core
        self._look = look
        self.memory = memory
        self.cohort = Cohort(core, look)
        self.actions = Actions(core, self.cohort)
        self.lockdowns = Lockdowns(core, self.cohort, look)
        self.surges = Surges(core)
        self._first_aid = first_aid
        self._deciding: set[int] = set()
        self._learnt: datetime | None = None

    # ------------------------------------------------------------------------------------------ wiring

    def register(self) -> None:
        core = self._core
        core.outbox.on_end(STEP_KEY, self.lockdowns.effect_ended)
        core.outbox.on_end(BAN_KEY, self._bans_ended)
        core.outbox.on_end(ONE_KEY, self.actions.one_ended)
        core.cases.on_end(self._case_ended)
        core.features.on_switch(self.lockdowns.switched)

    def unregister(self) -> None:
        core = self._core
        for listener in (self.lockdowns.effect_ended, self._bans_ended, self.actions.one_ended):
            core.outbox.stop_telling(listener)
        core.cases.stop_telling(self._case_ended)
        core.features.stop_telling(self.lockdowns.switched)

    async def _bans_ended(self, session: AsyncSession, ended: Ended) -> None:
        row = await self.actions.effect_ended(session, ended)
        if row is not None:
            await self.lockdowns.touch(session, row)

    async def _case_ended(self, session: AsyncSession, case: Case) -> None:
        if case.kind is CaseKind.RAID:
            await self.lockdowns.case_ended(session, case)
        else:
            await self.actions.action_case_ended(session, case)

    # ------------------------------------------------------------------------------------------ memory

    async def load(self) -> None:
        """Read what memory needs: lockdowns that are on, surges to come, and how many usually join."""
        now = self._core.clock.now()
        async with self._core.db.read() as session:
            active = await storage.list_active(session)
            surges = await storage.list_surges(session, now)
        for row in active:
            self._set_active(row.guild_id, Active(row.id, row.since))
        for guild_id in {each.guild_id for each in surges}:
            self.memory.set_surges(
                guild_id, [_in_memory(each) for each in surges if each.guild_id == guild_id]
            )
        await self._learn_usual(now)

    async def _learn_usual(self, now: datetime) -> None:
        """How many usually join an hour, once for each hour: a community grows while the process runs."""
        self._learnt = now.replace(minute=0, second=0, microsecond=0)
        async with self._core.db.read() as session:
            hours = await storage.list_hours(session, now - RATE_OVER)
        usual: Counter[int] = Counter()
        for row in hours:
            usual[row.guild_id] += row.joins
        spans = RATE_OVER / timedelta(hours=1)
        self.memory.usual = {guild_id: joins / spans for guild_id, joins in usual.items()}

    async def reload(self, guild_id: int) -> None:
        """A lockdown or surge of this server has changed."""
        async with self._core.db.read() as session:
            row = await storage.find_active(session, guild_id)
            surges = await storage.list_surges(session, self._core.clock.now(), guild_id)
        self.memory.set_surges(guild_id, [_in_memory(each) for each in surges])
        if row is not None:
            self._set_active(guild_id, Active(row.id, row.since))
        elif guild_id not in self._deciding:
            self.memory.end(guild_id)
            await self._core.crowding.end(guild_id)

    def _set_active(self, guild_id: int, active: Active) -> None:
        self.memory.active[guild_id] = active
        self._core.crowding.begin(guild_id)

    async def flush(self) -> bool:
        """Write what came since the last time, in one transaction. False when there was nothing."""
        batch = self.memory.take_batch()
        self.memory.tidy(self._core.clock.now())
        if not batch:
            return False
        try:
            await self._write(batch)
        except BaseException:
            self.memory.give_back(batch)
            raise
        now = self._core.clock.now()
        if self._learnt is None or now - self._learnt >= timedelta(hours=1):
            await self._learn_usual(now)
        return True

    async def _write(self, batch: Batch) -> None:
        async with self._core.db.begin() as session:
            for (guild_id, hour), joins in batch.joins.items():
                if guild_id not in self.memory.active:  # a raid is not what is usual
                    await storage.add_joins(session, guild_id, hour, joins)
                await storage.count_surge(session, guild_id, self._core.clock.now(), joins)
            for guild_id, arrivals in batch.arrivals.items():
                row = await storage.find_active(session, guild_id)
                if row is not None and await self.cohort.add(session, row, list(arrivals.values())):
                    await self.lockdowns.touch(session, row)

    # ------------------------------------------------------------------------------------------ deciding

    async def decide(self, guild_id: int, verdict: Verdict) -> int | None:
        """It is a raid: begin the lockdown, once. Whatever fails is tried again a few times."""
        if guild_id in self._deciding or guild_id in self.memory.active:
            return None
        self._deciding.add(guild_id)
        self._core.crowding.begin(guild_id)
        # How the server is must be known before anything is changed, and it is written down with the lockdown.
        facts, aid = self._look.guild(guild_id), None
        try:
            settings = await self._core.configs.get(guild_id, RaidSettings)
            ends_at = self._ends_at(settings)
            if settings.automatic >= Level.PAUSE and facts is not None and facts.invites_until is None:
                aid = asyncio.create_task(self._help_first(guild_id, ends_at), name="pause invites")
            return await self._begin(guild_id, verdict, facts, ends_at)
        finally:
            self._deciding.discard(guild_id)
            if aid is not None:
                await aid
            await self.reload(guild_id)

    async def _help_first(self, guild_id: int, ends_at: datetime) -> None:
        """The door is shut before the database has its turn: hundreds may come while it is busy."""
        if self._first_aid is None or not await self._core.features.is_on(guild_id, AREA):
            return
        try:
            await self._first_aid(guild_id, ends_at)
        except Exception as error:  # noqa: BLE001 - the outbox does it again, and reports it
            log.warning("invites could not be paused at once guild=%s: %r", guild_id, error)

    def _ends_at(self, settings: RaidSettings) -> datetime:
        return self._core.clock.now() + min(timedelta(minutes=settings.minutes), rules.LONGEST)

    async def _begin(
        self, guild_id: int, verdict: Verdict, facts: GuildFacts | None, ends_at: datetime
    ) -> int | None:
        for attempt in range(PATIENCE):
            since, arrivals = self._wave(self.memory.arrivals(guild_id), verdict.evidence)
            try:
                raid_id = await self.lockdowns.begin(
                    guild_id, verdict.evidence, arrivals, since=since, facts=facts, ends_at=ends_at
                )
            except Exception:
                log.exception("a lockdown could not begin guild=%s attempt=%s", guild_id, attempt + 1)
                await asyncio.sleep(attempt + 1)
                continue
            if raid_id is not None:
                await self._keep_up(guild_id, raid_id, since)
            return raid_id
        return None

    async def _keep_up(self, guild_id: int, raid_id: int, since: datetime) -> None:
        """Those who came while the lockdown was being written down belong to it, too."""
        self._set_active(guild_id, Active(raid_id, since))
        await self.note_present(guild_id, self.memory.arrivals(guild_id))

    def _wave(self, came: list[Arrival], evidence: Evidence) -> tuple[datetime, list[Arrival]]:
        """Since when those came who make it a raid, and who they are."""
        now = self._core.clock.now()
        arrivals = [each for each in came if each.at > now - evidence.span]
        return min((each.at for each in arrivals), default=now), arrivals

    async def begin_by_hand(self, actor: Actor) -> int | None:
        """A moderator begins a lockdown; who came within ten minutes is looked at."""
        verdict = self.memory.verdict(actor.guild_id, self._core.clock.now())
        came = self.memory.everybody(actor.guild_id)
        evidence = Evidence(rules.LONG, len(came), usual=verdict.evidence.usual)
        since, arrivals = self._wave(came, evidence)
        settings = await self._core.configs.get(actor.guild_id, RaidSettings)
        raid_id = await self.lockdowns.begin(
            actor.guild_id,
            evidence,
            arrivals,
            since=since,
            facts=self._look.guild(actor.guild_id),
            ends_at=self._ends_at(settings),
            actor=actor,
        )
        await self.reload(actor.guild_id)
        return raid_id

    async def note_present(self, guild_id: int, arrivals: Iterable[Arrival]) -> None:
        """Who is here and came since the lockdown began, as after a restart in the midst of it."""
        active = self.memory.active.get(guild_id)
        if active is None:
            return
        async with self._core.db.begin() as session:
            row = await storage.find(session, active.raid_id)
            if (
                row is not None
                and row.ended_at is None
                and await self.cohort.add(session, row, list(arrivals))
            ):
                await self.lockdowns.touch(session, row)

    # ------------------------------------------------------------------------------------------ looking

    async def status(self, actor: Actor, *, sees_joins: bool, reads_messages: bool) -> Status:
        """How things stand. Raises `NotAllowed` unless they moderate."""
        core = self._core
        await core.guards.require(actor, Capability.MODERATE)
        guild_id = actor.guild_id
        facts = self._look.guild(guild_id)
        async with core.db.read() as session:
            row, last = (
                await storage.find_active(session, guild_id),
                await storage.find_latest(session, guild_id),
            )
            surges = await storage.list_surges(session, core.clock.now(), guild_id)
            return Status(
                settings=await core.configs.get(guild_id, RaidSettings),
                raid=await self._snapshot(session, row) if row is not None else None,
                last=await self._snapshot(session, last) if last is not None else None,
                surges=tuple(surge_of(each) for each in surges),
                usual=self.memory.usual.get(guild_id, 0.0),
                sees_joins=sees_joins,
                reads_messages=reads_messages,
                lacking=facts.lacking if facts is not None else (),
                staff_channel_id=(await core.configs.guild(guild_id)).staff_channel_id,
            )

    async def raid(self, guild_id: int, raid_id: int) -> Raid:
        """A lockdown of this server. Raises `NotFound`."""
        async with self._core.db.read() as session:
            return await self._snapshot(session, await self._find(session, guild_id, raid_id))

    async def comers(self, actor: Actor, raid_id: int) -> tuple[Raid, list[Comer]]:
        """Who came, the most suspicious first."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            row = await self._find(session, actor.guild_id, raid_id)
            return await self._snapshot(session, row), await self.cohort.judged(session, row)

    async def preview(self, actor: Actor, raid_id: int, what: ActionKind, older: int) -> Preview:
        """Whom an action would mean at this moment."""
        await self._core.guards.require(actor, Capability.MODERATE)
        async with self._core.db.read() as session:
            row = await self._find(session, actor.guild_id, raid_id)
            chosen, spared = await self.cohort.sift(session, row, what, older)
            return Preview(await self._snapshot(session, row), what, older, tuple(chosen), spared)

    async def action(self, guild_id: int, action_id: int) -> Action | None:
        async with self._core.db.read() as session:
            row = await storage.find_action(session, action_id)
            if row is None or row.guild_id != guild_id:
                return None
            return await self.actions.snapshot(session, row)

    async def _find(self, session: AsyncSession, guild_id: int, raid_id: int) -> storage.RaidRow:
        row = await storage.find(session, raid_id)
        if row is None or row.guild_id != guild_id:
            raise no_raid()
        return row

    async def _snapshot(self, session: AsyncSession, row: storage.RaidRow) -> Raid:
        comers = await self.cohort.judged(session, row)
        actions = [
            await self.actions.snapshot(session, each) for each in await storage.list_actions(session, row.id)
        ]
        case = await self._core.cases.find_by_id(session, row.guild_id, row.case_id or 0)
        return Raid(
            id=row.id,
            guild_id=row.guild_id,
            level=row.level,
            since=row.since,
            started_at=row.started_at,
            ends_at=row.ends_at,
            ended_at=row.ended_at,
            ended_why=row.ended_why,
            by_id=row.by_id,
            ended_by=row.ended_by,
            evidence=evidence_from_json(row.evidence),
            steps=tuple(step_of(each) for each in await storage.list_steps(session, row.id)),
            came=len(comers),
            suspects=sum(each.suspicion.is_suspect for each in comers),
            quarantined=sum(each.quarantined is not None for each in comers),
            actions=tuple(actions),
            case_number=case.number if case is not None else None,
        )


def changed_guilds(marks: Collection[str]) -> set[int]:
    """The servers whose lockdowns or surges a transaction has touched."""
    return {int(each.removeprefix(CHANGED_MARK)) for each in marks if each.startswith(CHANGED_MARK)}


def kinds() -> dict[str, Capability]:
    """Which proposals there are, and what deciding on them needs."""
    return {BAN_KIND: Capability.BAN, KICK_KIND: Capability.KICK}


def _in_memory(row: storage.RaidSurgeRow) -> Surge:
    return Surge(row.expected, row.begins_at, row.ends_at, row.came)
