"""Receives what facilitators do with five-minute tasks."""

from __future__ import annotations

from typing import Any

import discord

from bot.authority import Capability
from bot.card_views import form_answers
from bot.components import Handler
from bot.errors import InvalidInput
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.refusals import in_words
from bot.replies import reply_to
from bot.text import quote
from cogs.micro import render_staff as render
from cogs.micro.rules import LONGEST_TEXT, LONGEST_TITLE
from cogs.micro.staff import MicroStaff, Typed, typed_task

STAFF_HELP = HelpLine(
    N_("Add five-minute tasks of your own, and see what is used"), "/manage micro", Capability.FACILITATE
)


class StaffControls:
    """Answers /manage micro and the controls of its cards."""

    def __init__(self, staff: MicroStaff) -> None:
        self._staff = staff

    def handlers(self) -> dict[str, Handler]:
        return {
            render.DESK: self._show,
            render.NEXT: self._show,
            render.SWITCH: self._switch,
            render.PICK: self._pick,
            render.ADD: self._ask,
            render.ADD_FORM: self._add,
            render.EDIT: self._ask_change,
            render.EDIT_FORM: self._edit,
            render.THEME: self._set_theme,
            render.RETIRE: self._retire,
            render.BRING_BACK: self._bring_back,
        }

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        """/manage micro."""
        await self._show(interaction, None)

    async def _show(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator, page or 0))

    async def _switch(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        wish, _separator, theme = value.partition(":")
        await self._staff.switch(actor_of(interaction), theme, on=wish == "on")
        await self._show(interaction, None)

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        if not value.isascii() or not value.isdigit():
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        await self._show_task(interaction, int(value[:18]))

    async def _show_task(
        self, interaction: discord.Interaction[Any], task_id: int, *, saved: bool = False
    ) -> None:
        own = await self._staff.own(actor_of(interaction), task_id)
        reply = reply_to(interaction)
        t = reply.translator
        said_first = t("Saved.") if saved else None
        await reply.show_privately(render.task_card(own, t, said_first=said_first))

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.task_form(reply.translator))

    async def _ask_change(self, interaction: discord.Interaction[Any], task_id: int | None) -> None:
        own = await self._staff.own(actor_of(interaction), task_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.task_form(reply.translator, own))

    async def _add(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, typed = actor_of(interaction), await self._read(interaction)
        if typed is not None:
            await self._show_task(interaction, await self._staff.add(actor, typed), saved=True)

    async def _edit(self, interaction: discord.Interaction[Any], task_id: int | None) -> None:
        actor, typed = actor_of(interaction), await self._read(interaction)
        if typed is not None:
            await self._staff.edit(actor, task_id or 0, typed)
            await self._show_task(interaction, task_id or 0, saved=True)

    async def _read(self, interaction: discord.Interaction[Any]) -> Typed | None:
        """What was typed; None, with the reason told and the words shown again, when it cannot be used."""
        answers = form_answers(interaction)
        title, text = str(answers.get("title") or ""), str(answers.get("text") or "")
        try:
            return typed_task(
                title, text, answers.get("minutes"), answers.get("level"), answers.get("traits")
            )
        except InvalidInput as error:
            reply = reply_to(interaction)
            t = reply.translator
            again = "\n".join([quote(title, 2 * LONGEST_TITLE), quote(text, 2 * LONGEST_TEXT)])
            await reply.show_privately(render.refused_card(in_words(error, t), again, t))
            return None

    async def _set_theme(self, interaction: discord.Interaction[Any], task_id: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self._staff.set_theme(actor_of(interaction), task_id or 0, value)
        await self._show_task(interaction, task_id or 0, saved=True)

    async def _retire(self, interaction: discord.Interaction[Any], task_id: int | None) -> None:
        await self._staff.retire(actor_of(interaction), task_id or 0, retired=True)
        await self._show_task(interaction, task_id or 0)

    async def _bring_back(self, interaction: discord.Interaction[Any], task_id: int | None) -> None:
        await self._staff.retire(actor_of(interaction), task_id or 0, retired=False)
        await self._show_task(interaction, task_id or 0)
