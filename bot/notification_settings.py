"""What members decide about being notified, each intention a transaction. Draws nothing and knows no Discord."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.authority import Actor, Capability, require
from bot.core import Core
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.guild_config import GuildConfig
from bot.nominal_times import local_now
from bot.notify_rules import MINUTES_A_DAY, UNTIL_I_RETURN, Delivery
from bot.time_input import FURTHEST
from storage import members as member_storage
from storage import notifications as storage

MOST_PINGS = 20  # nobody wants more a day, and a typing mistake must not flood a community
QUIET_FROM, QUIET_UNTIL = 22 * 60, 8 * 60  # the other end of quiet hours until it is chosen
ASKED = "asked"  # the delivery of what a member has just asked for
DM_TEST_KIND = "notify.test"


@dataclass(frozen=True)
class Reach:
    """How a member is reached in one community. Quiet hours are minutes after midnight in `zone`."""

    guild_id: int
    member_id: int
    zone: str
    is_zone_own: bool
    dm_allowed: bool
    quiet_from: int | None
    quiet_until: int | None
    paused_until: datetime | None
    budget: int
    limit: int
    deliveries: Mapping[str, Delivery]
    language: str | None = None
    now: datetime = UNTIL_I_RETURN

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > self.now

    @property
    def is_open_ended(self) -> bool:
        return self.is_paused and self.paused_until == UNTIL_I_RETURN


class NotificationSettings:
    """The use cases. `locale` is what the member's Discord is set to, kept so that DMs can be in it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def guild_of(self, guild_id: int | None, member_id: int, notification_id: int | None) -> int:
        """Where a control was used: the server, or in a DM the server of the notification that it belongs to.

        Raises `NotFound` when that is not known, `NotAllowed` when it was for somebody else.
        """
        if guild_id is not None:
            return guild_id
        async with self._core.db.read() as session:
            row = await storage.get_notification(session, notification_id or 0)
        if row is None:
            raise NotFound("I do not know this message any more, so there is nothing to change here.")
        if row.member_id != member_id:
            raise NotAllowed("This message is for someone else. Yours have the same button.")
        return row.guild_id

    async def get(self, guild_id: int, member_id: int) -> Reach:
        """As it stands."""
        async with self._core.db.read() as session:
            member = await member_storage.find_member(session, guild_id, member_id)
            return await self._reach(session, guild_id, member_id, member)

    async def change(
        self, guild_id: int, member_id: int, *, locale: str | None = None, **changes: Any
    ) -> Reach:
        """Change zone, language, DMs, quiet hours, pause or limit; the last choice wins."""
        if locale is not None:
            changes["locale"] = locale
        async with self._core.db.begin() as session:
            member = await self._core.notifier.change(session, guild_id, member_id, **changes)
            return await self._reach(session, guild_id, member_id, member)

    async def choose_kind(self, guild_id: int, member_id: int, kind: str, delivery: Delivery) -> Reach:
        """How to hear of a kind. Raises `InvalidInput` for a kind that nobody tells of any more."""
        if kind not in [each.name for each in self._core.notifier.kinds]:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        async with self._core.db.begin() as session:
            await self._core.notifier.choose(session, guild_id, member_id, kind, delivery)
        return await self.get(guild_id, member_id)

    async def set_quiet(
        self,
        guild_id: int,
        member_id: int,
        *,
        start: int | None = None,
        end: int | None = None,
        locale: str | None = None,
    ) -> Reach:
        """Set one end of the quiet hours, in minutes after midnight, or none to have none. Raises `InvalidInput`."""
        for minutes in (start, end):
            if minutes is not None and not 0 <= minutes < MINUTES_A_DAY:
                raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        present = await self.get(guild_id, member_id)
        changes: dict[str, int | None] = {"quiet_from": start, "quiet_until": end}
        if start is not None and end is None:
            changes["quiet_until"] = QUIET_UNTIL if present.quiet_until is None else present.quiet_until
        elif end is not None and start is None:
            changes["quiet_from"] = QUIET_FROM if present.quiet_from is None else present.quiet_from
        return await self.change(guild_id, member_id, locale=locale, **changes)

    async def set_limit(self, guild_id: int, member_id: int, limit: int | None) -> Reach:
        """An own daily limit, below the community's; None is the community's. Raises `InvalidInput`."""
        if limit is not None and not 0 <= limit <= MOST_PINGS:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        return await self.change(guild_id, member_id, daily_limit=limit)

    async def pause(
        self, guild_id: int, member_id: int, until: datetime, *, locale: str | None = None
    ) -> Reach:
        """Hold everything back until then. Raises `InvalidInput` for a moment that has passed or is far away."""
        now = self._core.clock.now()
        if until <= now:
            raise InvalidInput("That moment has passed already. Please choose a time to come.")
        if until != UNTIL_I_RETURN and until - now > FURTHEST:
            raise InvalidInput("That is more than two years away. Please choose a nearer time.")
        return await self.change(guild_id, member_id, locale=locale, paused_until=until)

    async def come_back(self, guild_id: int, member_id: int) -> Reach:
        """End the pause. What waited comes with the next digest."""
        return await self.change(guild_id, member_id, paused_until=None)

    async def note_dm_test(self, guild_id: int, member_id: int, *, locale: str | None) -> tuple[int, str]:
        """Write down that a test DM is about to be sent: its number, for its controls, and its key.

        The member has asked for it this moment, so it counts for no budget; asked twice a minute it is one.
        """
        now = self._core.clock.now()
        key = f"{DM_TEST_KIND}:{guild_id}:{member_id}:{now:%Y-%m-%dT%H:%M}"
        async with self._core.db.begin() as session:
            changes = {"locale": locale} if locale is not None else {}
            member = await member_storage.change_member(session, guild_id, member_id, **changes)
            zone = member.zone or (await self._core.configs.guild(guild_id)).zone
            row = storage.NotificationRow(
                guild_id=guild_id,
                member_id=member_id,
                kind=DM_TEST_KIND,
                key=key,
                channel_id=None,
                delivery=ASKED,
                local_date=local_now(now, zone).date().isoformat(),
                created_at=now,
            )
            await storage.add_notification(session, row)
            return await storage.id_of(session, key), key

    async def set_budget(self, actor: Actor, pings: int) -> GuildConfig:
        """The community's pings a person and day. Raises `NotAllowed`, `InvalidInput`."""
        config = await self._core.configs.guild(actor.guild_id)
        require(actor, Capability.FACILITATE, config.capability_roles)
        if not 0 <= pings <= MOST_PINGS:
            raise InvalidInput("Please choose a number from 0 to {most}.", most=MOST_PINGS)
        async with self._core.db.begin() as session:
            return await self._core.configs.change(
                session, actor.guild_id, GuildConfig, by=actor, daily_ping_budget=pings
            )

    async def _reach(
        self, session: AsyncSession, guild_id: int, member_id: int, member: member_storage.MemberRow | None
    ) -> Reach:
        config = await self._core.configs.guild(guild_id)
        chosen = await storage.list_choices(session, guild_id, member_id)
        deliveries = {
            kind.name: Delivery(chosen[kind.name]) if kind.name in chosen else kind.default
            for kind in self._core.notifier.kinds
        }
        member = member or member_storage.MemberRow(guild_id=guild_id, member_id=member_id, dm_allowed=False)
        return Reach(
            guild_id,
            member_id,
            zone=member.zone or config.zone,
            is_zone_own=member.zone is not None,
            dm_allowed=member.dm_allowed,
            quiet_from=member.quiet_from,
            quiet_until=member.quiet_until,
            paused_until=member.paused_until,
            budget=config.daily_ping_budget,
            limit=await self._core.notifier.limit_of(member),
            deliveries=deliveries,
            language=member.language,
            now=self._core.clock.now(),
        )
