"""Receives /mod reports and the controls of staff on reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.card_views import form_answers
from bot.components import Handler
from bot.core import Core
from bot.errors import NotConfigured
from bot.features import feature_of
from bot.interactions import actor_of, chosen_number
from bot.replies import reply_to
from cogs.reports import render_staff as render
from cogs.reports.model import Item
from cogs.reports.rules import NOBODY
from cogs.reports.staff import ReportStaff

_Interaction = discord.Interaction[Any]


class Desk:
    """Translates and passes on."""

    def __init__(self, core: Core, staff: ReportStaff) -> None:
        self._core = core
        self._staff = staff

    def handlers(self) -> Mapping[str, Handler]:
        return {
            render.QUEUE: self._queue,
            render.PICK: self._pick,
            render.LOOK: self._look,
            render.TAKE: self._take,
            render.BACK: self._give_back,
            render.ACT: self._act,
            render.WHOM: self._act_on,
            render.DISMISS: self._ask_why,
            render.DISMISS_FORM: self._dismiss,
            render.NAMES: self._ask_names,
            render.NAMES_FORM: self._show_names,
        }

    async def open(self, interaction: _Interaction) -> None:
        await self._queue(interaction, None)

    async def _queue(self, interaction: _Interaction, _: int | None) -> None:
        queue = await self._staff.queue(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.queue_card(queue, reply.translator))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        await self._look(interaction, chosen_number(interaction))

    async def _look(self, interaction: _Interaction, item_id: int | None) -> None:
        await self._show(interaction, await self._staff.look(actor_of(interaction), item_id or 0))

    async def _take(self, interaction: _Interaction, item_id: int | None) -> None:
        item = await self._staff.take(actor_of(interaction), item_id or 0)
        t = reply_to(interaction).translator
        await self._show(
            interaction, item, t("**You have taken it.** Whoever reported hears that somebody looks at it.")
        )

    async def _give_back(self, interaction: _Interaction, item_id: int | None) -> None:
        item = await self._staff.give_back(actor_of(interaction), item_id or 0)
        t = reply_to(interaction).translator
        await self._show(interaction, item, t("**Given back.** Others can take it now."))

    async def _act(self, interaction: _Interaction, item_id: int | None) -> None:
        await self._open_panel(interaction, item_id or 0, None)

    async def _act_on(self, interaction: _Interaction, item_id: int | None) -> None:
        await self._open_panel(interaction, item_id or 0, chosen_number(interaction))

    async def _open_panel(self, interaction: _Interaction, item_id: int, chosen: int | None) -> None:
        panel = self._core.cases.panel
        if panel is None or not await self._core.features.is_on(interaction.guild_id or 0, feature_of(panel)):
            raise NotConfigured(
                "Moderation is switched off, so there is nothing to act with. A facilitator can switch it on with {command}.",
                command="`/setup start`",
            )
        member_id, key = await self._staff.act(actor_of(interaction), item_id, chosen)
        if member_id == NOBODY:
            reply = reply_to(interaction)
            await reply.show_privately(render.whom_card(item_id, reply.translator))
            return
        await panel(interaction, member_id, key)

    async def _ask_why(self, interaction: _Interaction, item_id: int | None) -> None:
        item = await self._staff.look(actor_of(interaction), item_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.dismiss_form(item, reply.translator))

    async def _dismiss(self, interaction: _Interaction, item_id: int | None) -> None:
        answers = form_answers(interaction)
        note, sentence = str(answers.get("note") or ""), str(answers.get("sentence") or "")
        item = await self._staff.dismiss(actor_of(interaction), item_id or 0, note, sentence)
        await self._show(interaction, item, render.closed_text(item, reply_to(interaction).translator))

    async def _ask_names(self, interaction: _Interaction, item_id: int | None) -> None:
        await self._staff.look(actor_of(interaction), item_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.names_form(item_id or 0, reply.translator))

    async def _show_names(self, interaction: _Interaction, item_id: int | None) -> None:
        why = str(form_answers(interaction).get("why") or "")
        await self._show(interaction, await self._staff.names(actor_of(interaction), item_id or 0, why))

    async def _show(self, interaction: _Interaction, item: Item, said: str | None = None) -> None:
        reply = reply_to(interaction)
        card = render.details_card(item, interaction.user.id, reply.translator, said)
        await reply.show_privately(card)
