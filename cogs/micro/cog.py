"""Receives members' commands and controls for five-minute tasks; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.cards import Card
from bot.components import Handler
from bot.discord_trouble import TROUBLE
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values, may_write
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.micro import model, render
from cogs.micro.config import MicroPart
from cogs.micro.manage import STAFF_HELP, StaffControls
from cogs.micro.model import AREA, MicroSettings, Start
from cogs.micro.service import MicroService
from cogs.micro.staff import MicroStaff
from storage.micro import MicroSettingsRow

HELP = HelpLine(N_("Do something small, in five minutes"), "/micro", topic=Topic.LEARN)
PAGE = Page(
    7,
    N_("Five-minute tasks"),
    MicroSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Small wins channel"),
            N_("Where people show a task that they did. Without one it is where they are."),
            suggested=N_("small-wins"),
            topic=N_("Small things done. One line is plenty: `/micro`"),
        ),
    ),
    in_steps=False,
)


class MicroCog(commands.Cog):
    """Five-minute tasks."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = MicroService(bot.core)
        staff = MicroStaff(bot.core)
        self._staff = StaffControls(staff)
        self._config = MicroPart(bot.core, staff)
        self._controls: dict[str, Handler] = {
            render.SHOW: self._show,
            render.START: self._start,
            render.ANOTHER: self._another,
            render.DONE: self._ask_note,
            render.DONE_FORM: self._finish,
            render.NO_FILE: self._leave_file_out,
            render.LET_GO: self._let_go,
            render.HIDE: self._hide,
            render.SET_LEVEL: self._set_level,
            render.SET_MINUTES: self._set_minutes,
            render.SET_MOOD: self._set_mood,
            **self._staff.handlers(),
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(MicroSettings, MicroSettingsRow)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.renderers.register(
            model.SHOW_RENDERER, self._draw_shown, what=N_("showing a five-minute task that was done")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        bot.groups.list_help(HELP)
        desk = plain_command("micro", "Five-minute tasks: your own, and what is used", self._staff.open)
        bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
        bot.core.features.describe(Feature(AREA, N_("Five-minute tasks")))

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.renderers.unregister(model.SHOW_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        bot.groups.forget_help(HELP)
        bot.groups.detach(bot.groups.manage, "micro", STAFF_HELP)
        bot.core.features.forget(AREA)

    @app_commands.command(description="Something small to do now, in two to ten minutes")
    @app_commands.guild_only()
    @app_commands.describe(file="A file that shows what you did, to finish the task that you started")
    async def micro(
        self, interaction: discord.Interaction[Any], file: discord.Attachment | None = None
    ) -> None:
        if file is None:
            await self._show(interaction, None)
            return
        actor, reply = actor_of(interaction), reply_to(interaction)
        start = await self.service.attach(actor, file.filename, file.size, file.url)
        await reply.ask(render.done_form(start, reply.translator))

    async def _show(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self.service.look(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _start(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        desk = await self.service.start(actor_of(interaction), number or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _another(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self.service.another(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _set_level(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._choose(interaction, "level")

    async def _set_minutes(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._choose(interaction, "minutes")

    async def _set_mood(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._choose(interaction, "mood")

    async def _choose(self, interaction: discord.Interaction[Any], name: str) -> None:
        [value] = chosen_values(interaction, 1)
        desk = await self.service.choose(actor_of(interaction), name, value)
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _ask_note(self, interaction: discord.Interaction[Any], start_id: int | None) -> None:
        start = await self.service.started(actor_of(interaction), start_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.done_form(start, reply.translator))

    async def _finish(self, interaction: discord.Interaction[Any], start_id: int | None) -> None:
        actor, typed, reply = actor_of(interaction), form_answers(interaction), reply_to(interaction)
        settings = await self.bot.core.configs.get(actor.guild_id, MicroSettings)
        note = str(typed.get("note") or "")
        if typed.get("share") and settings.channel_id is None and not may_write(interaction):
            await reply.show_privately(render.not_shown_card(start_id or 0, note, reply.translator))
            return
        start = await self.service.finish(
            actor,
            start_id or 0,
            note,
            share=bool(typed.get("share")),
            channel_id=interaction.channel_id,
        )
        await reply.show_privately(render.receipt_card(start, reply.translator))
        if start.file:
            await self._post_file(interaction, start)

    async def _post_file(self, interaction: discord.Interaction[Any], start: Start) -> None:
        """Post the file where everybody can open it, if the member wished; what a command was given is kept for a while only."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        if start.channel_id is None:
            await self.service.file_lost(actor, start.id)
            return
        try:
            content = await self.bot.http.get_from_cdn(str(start.file["url"]))
        except TROUBLE:
            await self.service.file_lost(actor, start.id)
            await reply.show(render.lost_file_card(reply.translator))
            return
        config = await self.bot.core.configs.guild(start.guild_id)
        t = self.bot.translations.for_locale(config.locale)
        posted = await reply.post(render.shown_card(start, t, file=(str(start.file["name"]), content)))
        await self.service.file_posted(actor, start.id, posted)

    async def _leave_file_out(self, interaction: discord.Interaction[Any], start_id: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        await self.service.leave_file_out(actor, start_id or 0)
        desk = await self.service.look(actor)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _let_go(self, interaction: discord.Interaction[Any], start_id: int | None) -> None:
        desk = await self.service.let_go(actor_of(interaction), start_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.desk_card(desk, t, said_first=t("Let go. There are others.")))

    async def _hide(self, interaction: discord.Interaction[Any], start_id: int | None) -> None:
        await self.service.hide(actor_of(interaction), start_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.hidden_card(reply.translator))

    async def _draw_shown(self, effect: PlannedEffect) -> Card:
        start = await self.service.find(int(effect.arguments["start_id"]))
        if start is None or start.channel_id is None:
            raise Obsolete(N_("it is not to be shown any more"))
        return render.shown_card(start, await self.bot.renderers.translator(effect))
