"""Receives /manage kudos and the controls of its cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.card_views import form_answers
from bot.components import Handler
from bot.interactions import actor_of, chosen_number
from bot.replies import reply_to
from cogs.kudos import render_staff as render
from cogs.kudos.staff import KudosStaff


class StaffControls:
    """Translates and passes on."""

    def __init__(self, staff: KudosStaff) -> None:
        self._staff = staff

    def handlers(self) -> Mapping[str, Handler]:
        return {
            render.DESK: self._desk,
            render.PLACE: self._set_place,
            render.LIST: self._list,
            render.PICK_ONE: self._look,
            render.REMOVE: self._ask_why,
            render.REMOVE_FORM: self._remove,
            render.QUOTES: self._quotes,
            render.CHOOSE: self._ask_quotes,
            render.QUOTES_FORM: self._choose_quotes,
            render.LIMITS: self._ask_limits,
            render.LIMITS_FORM: self._set_limits,
        }

    async def open(self, interaction: discord.Interaction[Any]) -> None:
        await self._desk(interaction, None)

    async def _desk(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        desk = await self._staff.choose_channel(actor_of(interaction), int(values[0]) if values else None)
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _list(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        kudos = await self._staff.newest(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.list_card(kudos, reply.translator))

    async def _look(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        kudos = await self._staff.look(actor_of(interaction), chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.one_card(kudos, reply.translator))

    async def _ask_why(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        await self._staff.look(actor_of(interaction), kudos_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.remove_form(kudos_id or 0, reply.translator))

    async def _remove(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        actor, why = actor_of(interaction), str(form_answers(interaction).get("why") or "")
        await self._staff.remove(actor, kudos_id or 0, why)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("**Taken away.** The record of changes says that it was you.")
        await reply.show_privately(render.list_card(await self._staff.newest(actor), t, said_first=said))

    async def _quotes(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        found = await self._staff.testimonials(actor_of(interaction), page or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.quotes_card(found, reply.translator))

    async def _ask_quotes(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        found = await self._staff.testimonials(actor_of(interaction), page or 0)
        reply = reply_to(interaction)
        if found.kudos:
            await reply.ask(render.quotes_form(found, reply.translator))
        else:  # consent was taken back since the card was drawn
            await reply.show_privately(render.quotes_card(found, reply.translator))

    async def _choose_quotes(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        [(name, ticked)] = form_answers(interaction).items()
        chosen: list[str] = ticked or []
        oldest, newest = map(int, name.removeprefix(f"{render.OFFERED}_").split("_"))
        ids = [int(each) for each in chosen if each.isdigit()]
        found = await self._staff.pick(actor, ids, oldest=oldest, newest=newest, page=page or 0)
        await reply.show_privately(render.quotes_card(found, reply.translator))

    async def _ask_limits(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self._staff.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.limits_form(desk, reply.translator))

    async def _set_limits(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        desk = await self._staff.set_limits(
            actor_of(interaction),
            str(typed.get("a_day") or ""),
            str(typed.get("rest_hours") or ""),
            str(typed.get("tags") or ""),
        )
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))
