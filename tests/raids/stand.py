"""The services of raids over one database, with a server that a test describes."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.authority import ADMINISTRATOR, MODERATE_MEMBERS, Actor, Capability
from bot.core import Core
from bot.features import Feature
from bot.guards import SafetySettings
from bot.guild_config import GuildConfig
from bot.i18n import N_
from bot.judging import ended
from cogs.raids.memory import Memory
from cogs.raids.model import AREA, SEND, ChannelFact, GuildFacts, PersonFact, RaidSettings
from cogs.raids.rules import Arrival, Evidence, Verdict
from cogs.raids.service import RaidService, kinds
from storage.cases import CaseRow
from storage.outbox import OutboxRow
from storage.raids import RaidSettingsRow
from tests.clocks import FixedClock
from tests.looks import Nobody
from tests.raids.crowds import raider, spread

GUILD, OTHER, STAFF, LOG, ROOM, QUIET, ROLE = 1, 2, 102, 103, 201, 202, 501
BAN = 1 << 1 | 1 << 2
MAX = Actor(GUILD, 10, permissions=MODERATE_MEMBERS | BAN)
MIA = Actor(GUILD, 11, permissions=MODERATE_MEMBERS | BAN)
BOSS = Actor(GUILD, 12, permissions=ADMINISTRATOR)
ANN = Actor(GUILD, 13)
ABROAD = Actor(OTHER, 10, permissions=ADMINISTRATOR)
HOUR = timedelta(hours=1)
OPEN = GuildFacts(
    GUILD,
    verification=1,
    invites_until=None,
    dms_until=None,
    channels=(
        ChannelFact(ROOM, slowmode=5, allow=0, deny=0, has_overwrite=False, is_public=True),
        ChannelFact(QUIET, slowmode=0, allow=SEND, deny=0, has_overwrite=True, is_public=True),
        ChannelFact(STAFF, slowmode=0, allow=0, deny=SEND, has_overwrite=True, is_public=False),
    ),
    busiest=(ROOM,),
)


@dataclass
class Described:
    """What the services are told of Discord."""

    facts: GuildFacts = OPEN
    folk: dict[int, PersonFact] = field(default_factory=dict[int, PersonFact])

    def guild(self, guild_id: int) -> GuildFacts | None:
        return replace(self.facts, guild_id=guild_id)

    def people(
        self, guild_id: int, member_ids: Collection[int], staff: Collection[int], ignored: Collection[int]
    ) -> Mapping[int, PersonFact]:
        del guild_id, staff, ignored
        return {each: self.folk[each] for each in member_ids if each in self.folk}


class ManyModerators(Nobody):
    """There is always somebody else who could confirm."""

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        return {1 << 50: False, 1 << 51: False}


@dataclass
class Stand:
    """A server with a staff channel, and a crowd that can come."""

    core: Core
    clock: FixedClock
    look: Described
    service: RaidService
    draw: random.Random

    async def choose(self, **settings: Any) -> None:
        async with self.core.db.begin() as session:
            await self.core.configs.change(session, GUILD, RaidSettings, **settings)

    def crowd(self, count: int, *, pattern: str | None = "nitro") -> list[Arrival]:
        """They come in the last seconds, and are members."""
        seconds = timedelta(seconds=count / 100)
        coming = [
            raider(at, self.draw, pattern=pattern)
            for at in spread(count, seconds, self.draw, self.clock.now() - seconds)
        ]
        for each in coming:
            self.look.folk[each.member_id] = PersonFact(each.member_id, each.at)
        return coming

    async def raid(self, count: int = 50, guild_id: int = GUILD) -> tuple[int, list[Arrival]]:
        """So many come, and it is seen. The lockdown's number, and who came."""
        coming = self.crowd(count)
        verdict: Verdict | None = None
        for each in coming:
            verdict = self.service.memory.join(guild_id, each) or verdict
        assert verdict is not None and verdict.is_raid
        raid_id = await self.service.decide(guild_id, verdict)
        assert raid_id is not None
        return raid_id, coming

    async def planned(self, beginning: str = "raids.") -> list[OutboxRow]:
        async with self.core.db.read() as session:
            query = select(OutboxRow).where(OutboxRow.key.startswith(beginning)).order_by(OutboxRow.id)
            return list(await session.scalars(query))

    async def settle(self, outcome: str = "sent", *, beginning: str = "raids.", **ended_as: Any) -> int:
        """Discord has carried out what waits, or has not. How many those were."""
        async with self.core.db.begin() as session:
            query = select(OutboxRow).where(OutboxRow.key.startswith(beginning), OutboxRow.outcome.is_(None))
            rows = list(await session.scalars(query.order_by(OutboxRow.id)))
            for row in rows:
                row.outcome = outcome
                for name, value in ended_as.items():
                    setattr(row, name, value)
                await session.flush()
                await self.core.outbox.tell_end(session, ended(row))
        return len(rows)

    async def cases(self, **wanted: Any) -> list[CaseRow]:
        async with self.core.db.read() as session:
            return list(await session.scalars(select(CaseRow).filter_by(**wanted).order_by(CaseRow.id)))

    async def run_jobs(self) -> None:
        while await self.core.jobs.run_due():
            pass


async def stand_on(core: Core, clock: FixedClock) -> Stand:
    look = Described()
    core.guards.look = ManyModerators()
    core.configs.register(RaidSettings, RaidSettingsRow)
    core.features.describe(Feature(AREA, N_("Raids")))
    service = RaidService(core, Memory(), look)
    service.register()
    for kind, capability in kinds().items():
        core.guards.register(
            kind, service.actions.perform, lambda _, __: "", capability, service.actions.declined
        )
    async with core.db.begin() as session:
        for guild_id in (GUILD, OTHER):
            await core.configs.change(session, guild_id, GuildConfig, staff_channel_id=STAFF)
            await core.configs.change(session, guild_id, SafetySettings, log_channel_id=LOG)
    return Stand(core, clock, look, service, random.Random(7))


EVIDENCE = Evidence(timedelta(minutes=1), 50)
