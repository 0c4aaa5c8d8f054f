"""Receives facilitators' commands and controls for reviews and defers to the services."""

from __future__ import annotations

import secrets
from typing import Any

import discord
from discord import app_commands

from bot.authority import Capability
from bot.card_views import form_answers
from bot.components import Handler
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.reviews import render_manage as render
from cogs.reviews.allocation import Allocation
from cogs.reviews.staff import ReviewsStaff
from cogs.reviews.talk_controls import number_of

_Interaction = discord.Interaction[Any]
MANAGE_HELP = (
    HelpLine(N_("Decide who reviews what"), "/manage reviews rounds", Capability.FACILITATE),
    HelpLine(N_("Decide how reviews work here"), "/manage reviews settings", Capability.FACILITATE),
)


class ReviewsGroup(app_commands.Group):
    """/manage reviews."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(name="reviews", description="Reviews among peers")
        self._desk = desk

    @app_commands.command(description="Who reviews what when a challenge has closed")
    async def rounds(self, interaction: _Interaction) -> None:
        await self._desk.show_rounds(interaction, None)

    @app_commands.command(description="How many reviews, who sees whom, reminders and deadlines")
    async def settings(self, interaction: _Interaction) -> None:
        await self._desk.show_settings(interaction, None)


class Desk:
    """The controls of facilitators."""

    def __init__(self, allocation: Allocation, staff: ReviewsStaff) -> None:
        self._allocation = allocation
        self._staff = staff
        self.controls: dict[str, Handler] = {
            render.ROUNDS: self.show_rounds,
            render.ROUND_PICK: self._pick_round,
            render.ROUND: self._show_round,
            render.DRAW: self._draw,
            render.CONFIRM: self._confirm,
            render.UNDO: self._undo,
            render.SETTINGS: self.show_settings,
            render.NUMBERS: self._ask_numbers,
            render.NUMBERS_FORM: self._change,
            render.HOW: self._ask_how,
            render.HOW_FORM: self._change,
            render.BLIND: self._list_blind,
            render.BLIND_PICK: self._ask_why,
            render.BLIND_FORM: self._unmask,
        }

    async def show_rounds(self, interaction: _Interaction, _: int | None) -> None:
        rounds = await self._allocation.overview(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.rounds_card(rounds, reply.translator))

    async def _pick_round(self, interaction: _Interaction, _: int | None) -> None:
        await self._show_round(interaction, number_of(interaction))

    async def _show_round(self, interaction: _Interaction, round_id: int | None) -> None:
        found = await self._allocation.look(actor_of(interaction), round_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.round_card(found, reply.translator))

    async def _draw(self, interaction: _Interaction, round_id: int | None) -> None:
        found = await self._allocation.draw(actor_of(interaction), round_id or 0, secrets.randbelow(2**31))
        reply = reply_to(interaction)
        await reply.show_privately(render.round_card(found, reply.translator))

    async def _confirm(self, interaction: _Interaction, number: int | None) -> None:
        round_id, draws = divmod(number or 0, render.DRAWS)
        found = await self._allocation.confirm(actor_of(interaction), round_id, draws)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("**Confirmed.** Everybody is told. For ten minutes it can be undone.")
        await reply.show_privately(render.round_card(found, t, said))

    async def _undo(self, interaction: _Interaction, round_id: int | None) -> None:
        found = await self._allocation.undo(actor_of(interaction), round_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(
            render.round_card(found, t, t("**Taken back.** Nobody has a review to write now."))
        )

    async def show_settings(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self._staff.settings(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.settings_card(settings, reply.translator))

    async def _ask_numbers(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self._staff.settings(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.numbers_form(settings, reply.translator))

    async def _ask_how(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self._staff.settings(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.how_form(settings, reply.translator))

    async def _change(self, interaction: _Interaction, _: int | None) -> None:
        typed = {name: str(value or "") for name, value in form_answers(interaction).items()}
        settings = await self._staff.change(actor_of(interaction), typed)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.settings_card(settings, t, t("**Saved.**")))

    async def _list_blind(self, interaction: _Interaction, _: int | None) -> None:
        reviews = await self._staff.list_blind(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.blind_card(reviews, reply.translator))

    async def _ask_why(self, interaction: _Interaction, _: int | None) -> None:
        await self._staff.check(actor_of(interaction))  # a form is not shown to who may not send it
        reply = reply_to(interaction)
        await reply.ask(render.blind_form(number_of(interaction), reply.translator))

    async def _unmask(self, interaction: _Interaction, review_id: int | None) -> None:
        why = str(form_answers(interaction).get("why") or "")
        found = await self._staff.unmask(actor_of(interaction), review_id or 0, why)
        reply = reply_to(interaction)
        await reply.show_privately(render.unmasked_card(found, reply.translator))
