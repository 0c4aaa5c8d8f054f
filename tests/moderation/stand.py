"""The services of moderation over one database, with a server in which people stand where the tests put them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.authority import BAN_MEMBERS, KICK_MEMBERS, MANAGE_GUILD, MODERATE_MEMBERS, Actor, Capability, Rank
from bot.cases import Case, CaseKind
from bot.core import Core
from bot.guards import Look, SafetySettings, Standing
from bot.guild_config import GuildConfig
from bot.judging import ended
from cogs.moderation import model
from cogs.moderation.channels import ChannelService
from cogs.moderation.following import Following
from cogs.moderation.model import Acted, ModerationSettings, Order
from cogs.moderation.native import Native
from cogs.moderation.records import Records
from cogs.moderation.render_forms import proposed_text
from cogs.moderation.returning import Returning
from cogs.moderation.service import ModerationService
from cogs.moderation.setting import Setting
from storage.moderation import ModerationSettingsRow
from storage.outbox import OutboxRow
from tests.clocks import FixedClock

GUILD, OTHER_GUILD, LOG, PLACE, QUIET = 1, 2, 101, 102, 501
OWNER, FARAH, MILO, MINA, BEN, CLEO, BOT, GONE = 10, 11, 12, 13, 14, 15, 16, 17
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POWERS = MODERATE_MEMBERS | KICK_MEMBERS | BAN_MEMBERS


def actor(member_id: int = MILO, guild_id: int = GUILD, permissions: int = POWERS) -> Actor:
    return Actor(guild_id, member_id, permissions=permissions)


MEMBER = actor(CLEO, permissions=0)
OWNER_ACTOR = Actor(GUILD, OWNER, is_owner=True)
FACILITATOR = actor(FARAH, permissions=MANAGE_GUILD)


@dataclass
class Server(Look):
    """Ranks by member; who is not in it is no member."""

    ranks: dict[int, int] = field(
        default_factory=lambda: {FARAH: 5, MILO: 4, MINA: 4, BEN: 1, CLEO: 1, BOT: 9}
    )
    powers: int = POWERS | 1 << 28  # the bot's; Manage Roles
    moderators: set[int] = field(default_factory=lambda: {OWNER, MILO, MINA})

    async def standing(self, guild_id: int, member_id: int) -> Standing:
        if member_id == OWNER:
            return Standing(OWNER, rank=Rank(9, is_owner=True))
        if member_id not in self.ranks:
            return Standing(member_id, is_member=False)
        return Standing(member_id, rank=Rank(self.ranks[member_id]))

    def of_actor(self, actor: Actor) -> Standing:
        return Standing(actor.member_id, rank=Rank(self.ranks.get(actor.member_id, 0), actor.is_owner))

    def own(self, guild_id: int) -> Standing:
        return Standing(BOT, is_bot=True, rank=Rank(self.ranks[BOT]), permissions=self.powers)

    async def holders(self, guild_id: int, capability: Capability) -> Mapping[int, bool]:
        return dict.fromkeys(self.moderators, False)


@dataclass
class Stand:
    """One server with a log and a role for restrictions."""

    core: Core
    clock: FixedClock
    server: Server
    service: ModerationService
    records: Records
    channels: ChannelService
    native: Native
    returning: Returning
    setting: Setting

    async def act(
        self, kind: CaseKind, member_id: int = BEN, by: Actor | None = None, **options: Any
    ) -> Acted:
        return await self.service.act(
            by or actor(), Order(kind, member_id, options.pop("reason", "Spam"), **options)
        )

    async def case(
        self, kind: CaseKind, member_id: int = BEN, by: Actor | None = None, **options: Any
    ) -> Case:
        found = (await self.act(kind, member_id, by, **options)).case
        assert found is not None
        return found

    async def confirm(self, who: Actor, proposal_id: int, typed: str | None = None) -> None:
        """A second moderator confirms a proposal, as its card does it."""
        guards = self.core.guards
        async with self.core.db.read() as session:
            found = await guards.find(session, who.guild_id, proposal_id)
        asked = await guards.ask(who, found)
        async with self.core.db.begin() as session:
            await guards.confirm(session, who, asked, typed)

    async def again(self, case: Case) -> Case:
        """The case as it is now."""
        async with self.core.db.read() as session:
            found = await self.core.cases.find_by_id(session, case.guild_id, case.id)
        assert found is not None
        return found

    async def effects(self, *beginnings: str) -> list[OutboxRow]:
        async with self.core.db.read() as session:
            rows = await session.scalars(select(OutboxRow).order_by(OutboxRow.id))
            return [each for each in rows if not beginnings or each.key.startswith(beginnings)]

    async def done(self, outcome: str = "sent", reason: str | None = None) -> None:
        """Discord has done, or refused, everything that is planned."""
        async with self.core.db.begin() as session:
            for row in await session.scalars(select(OutboxRow).where(OutboxRow.outcome.is_(None))):
                row.outcome, row.reason = outcome, reason
                await session.flush()
                await self.core.outbox.tell_end(session, ended(row))

    async def run(self) -> None:
        while await self.core.jobs.run_due():
            pass

    async def choose(self, section: type[Any], **values: Any) -> None:
        async with self.core.db.begin() as session:
            await self.core.configs.change(session, GUILD, section, **values)


async def stand_on(core: Core, clock: FixedClock) -> Stand:
    core.configs.register(ModerationSettings, ModerationSettingsRow)
    core.notifier.register(model.NOTICE_KIND)
    service, server = ModerationService(core), Server()
    core.guards.look = server
    core.guards.register(
        model.PROPOSAL, service.confirmed, proposed_text, Capability.MODERATE, ask=service.ask
    )
    Following(core).listen()
    stand = Stand(
        core,
        clock,
        server,
        service,
        Records(core),
        ChannelService(core),
        Native(core),
        Returning(core),
        Setting(core),
    )
    await stand.choose(GuildConfig, staff_channel_id=LOG)
    await stand.choose(SafetySettings, restrict_role_id=QUIET)
    return stand
