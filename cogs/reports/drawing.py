"""Draws what the outbox posts about reports, and finds whom it pings, at the moment of sending."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.app import Lyceum
from bot.authority import Capability
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.duty import MODERATOR
from bot.errors import ServiceUnavailable
from bot.features import REASON_OFF
from bot.i18n import N_
from bot.text import jump_link
from cogs.reports import model, render, render_staff
from cogs.reports.model import AREA, Item, item_key
from cogs.reports.rules import NOBODY, Stage, State
from cogs.reports.service import ReportService
from cogs.reports.staff import ReportStaff
from storage import outbox as outbox_storage

MOST_PINGED = 20  # one by one, where the role cannot be
_CAPABILITY = {Stage.MODERATORS: Capability.MODERATE, Stage.FACILITATORS: Capability.FACILITATE}
Draw = Callable[[PlannedEffect], Awaitable[Card]]


class Drawing:
    """The renderers of the feature."""

    def __init__(self, bot: Lyceum, service: ReportService, staff: ReportStaff) -> None:
        self._bot = bot
        self._core = bot.core
        self._service = service
        self._staff = staff

    @property
    def renderers(self) -> Mapping[str, tuple[Draw, str]]:
        return {
            model.ITEM_RENDERER: (self._draw_item, N_("showing a report to staff")),
            model.CALL_RENDERER: (self._draw_call, N_("calling staff for a report")),
            model.STATUS_RENDERER: (self._draw_status, N_("telling a member about their report")),
            model.WAITING_RENDERER: (self._draw_waiting, N_("telling staff of a report in private")),
        }

    async def _draw_item(self, effect: PlannedEffect) -> Card:
        item = await self._item(effect)
        stage = effect.arguments.get("stage")
        people, roles = await self._whom(item, Stage(stage)) if stage is not None else ((), ())
        t = await self._bot.renderers.translator(effect)
        return render_staff.item_card(item, t, pings=people, role_pings=roles)

    async def _draw_call(self, effect: PlannedEffect) -> Card:
        item = await self._item(effect)
        if item.state is not State.OPEN:
            raise Obsolete(N_("somebody has taken the report"))
        stage = Stage(effect.arguments["stage"])
        people, roles = await self._whom(item, stage)
        t = await self._bot.renderers.translator(effect)
        return render_staff.call_card(item, stage, await self._link(item), people, roles, t)

    async def _draw_status(self, effect: PlannedEffect) -> Card:
        own = await self._service.find_own(int(effect.arguments["report_id"]))
        if own is None:
            raise Obsolete(N_("the report is gone"))
        if own.state != effect.arguments["state"]:
            raise Obsolete(N_("the report is further by now"))
        return render.status_card(own, await self._bot.renderers.translator(effect))

    async def _draw_waiting(self, effect: PlannedEffect) -> Card:
        item = await self._item(effect)
        if item.state is not State.OPEN:
            raise Obsolete(N_("somebody has taken the report"))
        return render.waiting_card(await self._bot.renderers.translator(effect))

    async def _item(self, effect: PlannedEffect) -> Item:
        item = await self._staff.find(int(effect.arguments["item_id"]))
        if item is None:
            raise Obsolete(N_("the report is gone"))
        if not await self._core.features.is_on(item.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return item

    # ------------------------------------------------------------------------------------------ whom

    async def _whom(self, item: Item, stage: Stage) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The people and the roles to ping, never whom it is about."""
        if stage is Stage.ON_DUTY:
            async with self._core.db.read() as session:
                on_duty = await self._core.duty.holders(session, item.guild_id, MODERATOR)
            people = sorted((on_duty or frozenset()) - {item.subject_id, NOBODY})
            if people:
                return tuple(people[:MOST_PINGED]), ()
            stage = Stage.MODERATORS  # the turn has ended since
        config = await self._core.configs.guild(item.guild_id)
        role_id = config.moderator_role_id if stage is Stage.MODERATORS else config.facilitator_role_id
        if role_id is not None and self._may_ping(item.guild_id, role_id):
            return (), (role_id,)
        roles = self._core.qualifications.roles
        holders = (
            roles.members_with(item.guild_id, frozenset({role_id}))
            if role_id is not None and roles is not None
            else set[int]()
        )
        if not holders:
            with suppress(ServiceUnavailable):  # the card is shown all the same; the next call finds them
                holders = set(await self._core.guards.look.holders(item.guild_id, _CAPABILITY[stage]))
        return tuple(sorted(holders - {item.subject_id})[:MOST_PINGED]), ()

    def _may_ping(self, guild_id: int, role_id: int) -> bool:
        """Whether a ping of this role arrives. Else its members are pinged one by one."""
        guild = self._bot.get_guild(guild_id)
        role: Any = guild.get_role(role_id) if guild is not None else None
        if guild is None or role is None:
            return False
        return role.mentionable or guild.me.guild_permissions.mention_everyone

    async def _link(self, item: Item) -> str | None:
        async with self._core.db.read() as session:
            row = await outbox_storage.find_post(session, item_key(item.id))
        if row is None or row.result_id is None or row.channel_id is None:
            return None
        return jump_link(item.guild_id, row.channel_id, row.result_id)
