"""Receives /mod appeals and the controls of staff on appeals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Form
from bot.clock import Clock
from bot.components import Handler
from bot.i18n import Translator
from bot.interactions import actor_of, chosen_number
from bot.replies import reply_to
from cogs.appeals import render_staff as render
from cogs.appeals.model import Appeal
from cogs.appeals.staff import AppealStaff

_Interaction = discord.Interaction[Any]


class Desk:
    """Translates and passes on."""

    def __init__(self, staff: AppealStaff, clock: Clock) -> None:
        self._staff = staff
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {
            render.DESK: self._list,
            render.PICK: self._pick,
            render.UPHOLD: self._ask_uphold,
            render.OVERTURN: self._ask_overturn,
            render.SHORTEN: self._ask_shorten,
            render.UPHOLD_FORM: self._uphold,
            render.OVERTURN_FORM: self._overturn,
            render.SHORTEN_FORM: self._shorten,
        }

    async def open(self, interaction: _Interaction) -> None:
        await self._list(interaction, None)

    async def _list(self, interaction: _Interaction, _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        appeal = await self._staff.look(actor_of(interaction), chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.appeal_card(appeal, self._clock.now(), reply.translator, back=True))

    async def _ask_uphold(self, interaction: _Interaction, appeal_id: int | None) -> None:
        await self._ask(interaction, appeal_id, render.uphold_form)

    async def _ask_overturn(self, interaction: _Interaction, appeal_id: int | None) -> None:
        await self._ask(interaction, appeal_id, render.overturn_form)

    async def _ask_shorten(self, interaction: _Interaction, appeal_id: int | None) -> None:
        await self._ask(interaction, appeal_id, render.shorten_form)

    async def _ask(
        self, interaction: _Interaction, appeal_id: int | None, form: Callable[[Appeal, Translator], Form]
    ) -> None:
        appeal = await self._staff.look(actor_of(interaction), appeal_id or 0)
        reply = reply_to(interaction)
        await reply.ask(form(appeal, reply.translator))

    async def _uphold(self, interaction: _Interaction, appeal_id: int | None) -> None:
        answer = _answer(interaction)
        await self._decide(interaction, self._staff.uphold(actor_of(interaction), appeal_id or 0, answer))

    async def _overturn(self, interaction: _Interaction, appeal_id: int | None) -> None:
        answer = _answer(interaction)
        await self._decide(interaction, self._staff.overturn(actor_of(interaction), appeal_id or 0, answer))

    async def _shorten(self, interaction: _Interaction, appeal_id: int | None) -> None:
        answer, span = _answer(interaction), str(form_answers(interaction).get("span") or "")
        await self._decide(
            interaction, self._staff.shorten(actor_of(interaction), appeal_id or 0, answer, span)
        )

    async def _decide(self, interaction: _Interaction, deciding: Awaitable[Appeal]) -> None:
        appeal = await deciding
        reply = reply_to(interaction)
        await reply.show_privately(render.decided_card(appeal, reply.translator))


def _answer(interaction: _Interaction) -> str:
    return str(form_answers(interaction).get("answer") or "")
