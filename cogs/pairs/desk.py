"""Answers /manage pairs and the controls of its cards."""

from __future__ import annotations

from typing import Any

import discord

from bot.card_views import form_answers
from bot.components import Handler
from bot.errors import InvalidInput
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.pairs import render_staff as render
from cogs.pairs import rules
from cogs.pairs.rounds import Rounds
from cogs.pairs.staff import PairsStaff


class PairsDesk:
    """Translates and delegates."""

    def __init__(self, staff: PairsStaff, rounds: Rounds) -> None:
        self._staff = staff
        self._rounds = rounds
        self.controls: dict[str, Handler] = {
            render.DESK: self._open,
            render.PLACE: self._set_place,
            render.WHEN: self._ask_when,
            render.WHEN_FORM: self._set_when,
            render.COUNTS: self._ask_counts,
            render.COUNTS_FORM: self._set_counts,
            render.SLOWER: self._slow_down,
            render.PREVIEW: self._preview,
            render.ROLL: self._roll,
            render.CONFIRM: self._confirm,
            render.UNDO: self._undo,
        }

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        """/manage pairs."""
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.open(interaction)

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        await self._staff.set_place(actor_of(interaction), int(values[0]) if values else None)
        await self.open(interaction)

    async def _ask_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.when_form(desk, reply.translator))

    async def _set_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        days = rules.read_choices(typed.get("days"))
        at, weeks = str(typed.get("at") or ""), _number(typed.get("weeks"))
        await self._staff.set_rhythm(actor_of(interaction), days, at, weeks)
        await self.open(interaction)

    async def _ask_counts(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.counts_form(desk, reply.translator))

    async def _set_counts(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        names = ("hours", "topics", "close_days", "least_hours")
        hours, topics, days, least = (_number(typed.get(name)) for name in names)
        await self._staff.set_weights(actor_of(interaction), hours, topics, days, least_hours=least)
        await self.open(interaction)

    async def _slow_down(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.slow_down(actor_of(interaction))
        await self.open(interaction)

    async def _preview(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        preview = await self._rounds.preview(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.preview_card(preview, reply.translator))

    async def _roll(self, interaction: discord.Interaction[Any], round_id: int | None) -> None:
        preview = await self._rounds.roll_again(actor_of(interaction), round_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.preview_card(preview, reply.translator))

    async def _confirm(self, interaction: discord.Interaction[Any], round_id: int | None) -> None:
        changed = await self._rounds.confirm(actor_of(interaction), round_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        card = render.held_card(round_id or 0, t) if changed is None else render.preview_card(changed, t)
        await reply.show_privately(card)

    async def _undo(self, interaction: discord.Interaction[Any], round_id: int | None) -> None:
        await self._rounds.undo(actor_of(interaction), round_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.undone_card(reply.translator))


def _number(typed: object) -> int:
    text = str(typed or "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise InvalidInput("Please write a whole number, like {example}.", example="10")
    return int(text)
