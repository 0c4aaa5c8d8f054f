"""Receives facilitators' commands and controls for rotas and defers to the services."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.authority import Capability
from bot.card_views import form_answers
from bot.components import Handler
from bot.core import Core
from bot.errors import InvalidInput
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.members import ask_for_member
from bot.replies import reply_to
from cogs.rota import render_staff as render
from cogs.rota.acting import RotaActing
from cogs.rota.model import Rota
from cogs.rota.service import RotaService
from cogs.rota.staff import RotaStaff

_Interaction = discord.Interaction[Any]
STAFF_HELP = (
    HelpLine(N_("Let roles rotate among volunteers"), "/manage rota desk", Capability.FACILITATE),
    HelpLine(
        N_("Act for somebody who cannot take their turn"), "/manage rota act-for", Capability.FACILITATE
    ),
)


class RotaGroup(app_commands.Group):
    """/manage rota."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(name="rota", description="Roles that rotate")
        self._desk = desk

    @app_commands.command(description="Make, change and look at rotas")
    async def desk(self, interaction: _Interaction) -> None:
        await self._desk.show(interaction, None)

    @app_commands.command(description="For a span somebody stands in, is added or is taken out")
    @app_commands.describe(
        until="Until when: Friday 18:00, in three days",
        who="Who is covered; without it, somebody is added",
        by="Who covers; without it, somebody is taken out",
        since="From when; without it, from now on",
        role="Which rota",
    )
    async def cover(
        self,
        interaction: _Interaction,
        until: str,
        who: discord.Member | None = None,
        by: discord.Member | None = None,
        since: str | None = None,
        role: str | None = None,
    ) -> None:
        await self._desk.cover(interaction, role, who, by, since, until)

    @app_commands.command(name="act-for", description="Give an absent person's turn to somebody else")
    @app_commands.describe(
        member="Who is absent", to="Who has it instead; without it, the next volunteer", role="Which rota"
    )
    async def act_for(
        self,
        interaction: _Interaction,
        member: discord.Member,
        to: discord.Member | None = None,
        role: str | None = None,
    ) -> None:
        await self._desk.act_for(interaction, role, member, to)

    @cover.autocomplete("role")
    @act_for.autocomplete("role")
    async def _complete(self, interaction: _Interaction, current: str) -> list[app_commands.Choice[str]]:
        return await self._desk.complete(interaction, current)


class Desk:
    """The controls of facilitators."""

    def __init__(self, core: Core, service: RotaService, staff: RotaStaff, acting: RotaActing) -> None:
        self._core = core
        self._service = service
        self._staff = staff
        self._acting = acting
        self.controls: dict[str, Handler] = {
            render.DESK: self.show,
            render.DESK_PICK: self._pick,
            render.DESK_OPEN: self._open,
            render.NEW: self._ask_new,
            render.NEW_FORM: self._make,
            render.EDIT: self._ask_edit,
            render.EDIT_FORM: self._edit,
            render.ROLE: self._set_role,
            render.CHANNEL: self._set_channel,
            render.NEEDS: self._set_needs,
            render.FAIR: self._fairness,
            render.UNDO: self._undo,
            render.PUT_IN: self._put_in,
            render.END_ASK: self._ask_end,
            render.END: self._end,
        }

    async def complete(self, interaction: _Interaction, current: str) -> list[app_commands.Choice[str]]:
        """The rotas whose names hold what is typed."""
        wanted = current.strip().casefold()
        names = await self._service.names(interaction.guild_id or 0)
        found = [(number, name) for number, name in names if wanted in name.casefold()]
        return [app_commands.Choice(name=name[:100], value=str(number)) for number, name in found[:25]]

    async def show(self, interaction: _Interaction, _: int | None) -> None:
        rotas = await self._staff.list_rotas(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(rotas, reply.translator))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        await self._open(interaction, _number(chosen_values(interaction, 1)[0]))

    async def _open(self, interaction: _Interaction, rota_id: int | None) -> None:
        await self._show(interaction, await self._staff.look(actor_of(interaction), rota_id or 0))

    async def _show(self, interaction: _Interaction, rota: Rota, said: str | None = None) -> None:
        choices = await self._staff.qualifications(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.rota_desk_card(rota, choices, reply.translator, said))

    async def _ask_new(self, interaction: _Interaction, _: int | None) -> None:
        config = await self._staff.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.rota_form(None, config.zone, reply.translator))

    async def _make(self, interaction: _Interaction, _: int | None) -> None:
        rota = await self._staff.create(actor_of(interaction), _typed(interaction))
        t = reply_to(interaction).translator
        said = t("**Made.** People join with {command}.", command="`/rota join`")
        await self._show(interaction, rota, said)

    async def _ask_edit(self, interaction: _Interaction, rota_id: int | None) -> None:
        rota = await self._staff.look(actor_of(interaction), rota_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.rota_form(rota, rota.shape.zone, reply.translator))

    async def _edit(self, interaction: _Interaction, rota_id: int | None) -> None:
        rota = await self._staff.edit(actor_of(interaction), rota_id or 0, _typed(interaction))
        t = reply_to(interaction).translator
        await self._show(interaction, rota, t("**Saved.** Whoever said yes or swapped keeps their turn."))

    async def _set_role(self, interaction: _Interaction, rota_id: int | None) -> None:
        role_id, powers = _place(interaction), 0
        if role_id is not None:
            role = interaction.guild.get_role(role_id) if interaction.guild is not None else None
            if role is None or role.managed or role.is_default():
                raise InvalidInput(
                    "Nobody can be given that role. Please choose another, or make one for it."
                )
            powers = role.permissions.value
        rota = await self._staff.set_role(actor_of(interaction), rota_id or 0, role_id, powers)
        await self._show(interaction, rota, reply_to(interaction).translator("**Saved.**"))

    async def _set_channel(self, interaction: _Interaction, rota_id: int | None) -> None:
        rota = await self._staff.set_channel(actor_of(interaction), rota_id or 0, _place(interaction))
        await self._show(interaction, rota, reply_to(interaction).translator("**Saved.**"))

    async def _set_needs(self, interaction: _Interaction, rota_id: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        wanted = "" if value == render.EVERYBODY else value
        rota = await self._staff.set_needs(actor_of(interaction), rota_id or 0, wanted)
        await self._show(interaction, rota, reply_to(interaction).translator("**Saved.**"))

    async def _fairness(self, interaction: _Interaction, rota_id: int | None) -> None:
        report = await self._staff.fairness(actor_of(interaction), rota_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.fairness_card(report, reply.translator))

    async def _undo(self, interaction: _Interaction, rota_id: int | None) -> None:
        rota = await self._acting.undo(actor_of(interaction), rota_id or 0)
        await self._show(interaction, rota, reply_to(interaction).translator("**Taken back.**"))

    async def _put_in(self, interaction: _Interaction, rota_id: int | None) -> None:
        member_id = _number(chosen_values(interaction, 1)[0])
        guild = interaction.guild
        member = await ask_for_member(guild, member_id) if guild is not None else None
        if member is None:
            raise InvalidInput("They are not in this server. Please choose somebody else.")
        _check_people(member)
        rota = await self._acting.put_in(actor_of(interaction), rota_id or 0, member_id)
        await self._show(interaction, rota, reply_to(interaction).translator("**Saved.**"))

    async def _ask_end(self, interaction: _Interaction, rota_id: int | None) -> None:
        rota = await self._staff.look(actor_of(interaction), rota_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.end_card(rota, reply.translator))

    async def _end(self, interaction: _Interaction, rota_id: int | None) -> None:
        await self._staff.end(actor_of(interaction), rota_id or 0)
        await self.show(interaction, None)

    async def cover(
        self,
        interaction: _Interaction,
        role: str | None,
        who: discord.Member | None,
        by: discord.Member | None,
        since: str | None,
        until: str,
    ) -> None:
        """/manage rota cover."""
        actor = actor_of(interaction)
        await self._staff.check(actor)
        _check_people(who, by)
        mine = await self._service.find(actor, role)
        out_id, in_id = who.id if who is not None else 0, by.id if by is not None else 0
        rota = await self._acting.cover(actor, mine.rota.id, out_id, in_id, since, until)
        t = reply_to(interaction).translator
        await self._show(
            interaction, rota, t("**Cover is arranged.** It stands out on the card, and ends by itself.")
        )

    async def act_for(
        self, interaction: _Interaction, role: str | None, member: discord.Member, to: discord.Member | None
    ) -> None:
        """/manage rota act-for."""
        actor = actor_of(interaction)
        await self._staff.check(actor)
        _check_people(to)
        mine = await self._service.find(actor, role)
        to_id = to.id if to is not None else None
        rota = await self._acting.act_for(actor, mine.rota.id, member.id, to_id)
        t = reply_to(interaction).translator
        await self._show(interaction, rota, t("**Done.** It can be undone with the button below."))


def _check_people(*people: discord.Member | None) -> None:
    if any(each is not None and each.bot for each in people):
        raise InvalidInput("A bot takes no turns. Please choose a person.")


def _typed(interaction: _Interaction) -> dict[str, str]:
    return {name: str(value or "") for name, value in form_answers(interaction).items()}


def _place(interaction: _Interaction) -> int | None:
    values = list((interaction.data or {}).get("values", []))
    return _number(str(values[0])) if values else None


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else 0
