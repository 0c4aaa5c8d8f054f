"""Receives messages, /mod filters and its controls, and defers to the services; loads and unloads the feature."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card
from bot.components import Handler
from bot.discord_trouble import TROUBLE
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput, ServiceUnavailable
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of, chosen_number, chosen_values
from bot.phrase_form import phrase_form
from bot.refusals import in_words
from bot.replies import reply_to
from bot.setup_permissions import MANAGE_MESSAGES, MODERATE_MEMBERS
from cogs.filters import render, rules
from cogs.filters.config import FiltersPart
from cogs.filters.desk import NUMBERS, FilterDesk, numbered, which_filter, which_list
from cogs.filters.model import (
    AREA,
    LIST_TITLES,
    PURGE_KEY,
    TIMEOUT_KEY,
    TOLD_KIND,
    TOLD_RENDERER,
    FilterSettings,
)
from cogs.filters.rules import Filter, Lists
from cogs.filters.service import FilterService, line_of
from cogs.filters.watching import Watching
from storage.filters import FilterSettingsRow

HELP = HelpLine(N_("Filters: what I take out of messages"), "/mod filters", Capability.FACILITATE)
PATIENCE = 10  # seconds for a file

_Interaction = discord.Interaction[Any]


class FiltersCog(commands.Cog):
    """Own filters. They look at messages only where the operator has switched the Message Content intent on."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.reads = bot.settings.discord.message_content
        self.service = FilterService(bot.core)
        self.desk = FilterDesk(bot.core, can_read=self.reads)
        self._watching = Watching(bot, self.service)
        self._config = FiltersPart(bot.core)
        self._controls: dict[str, Handler] = {
            render.DESK: self._show,
            render.CHOOSE: self._ask_choice,
            render.LISTS: self._show_lists,
            render.PICK_LIST: self._ask_list,
            render.ALONE: self._show_alone,
            render.ALONE_CHANNEL: self._leave_channel,
            render.ALONE_ROLE: self._leave_role,
            render.TEST: self._ask_test,
            render.TEST_FORM: self._test,
            render.CHOOSE_FORM: self._choose,
            render.LIST_FORM: self._write,
            render.ADD_FORM: self._add,
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(FilterSettings, FilterSettingsRow)
        core.notifier.register(TOLD_KIND, line_of)
        bot.renderers.register(TOLD_RENDERER, self._draw_told, what=N_("telling a member of a filter"))
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        for beginning in (PURGE_KEY, TIMEOUT_KEY):
            core.outbox.on_end(beginning, self.service.ended)
        bot.config_card.parts.add(self._config)
        bot.groups.attach(bot.groups.mod, self._command(), HELP)
        core.features.describe(
            Feature(
                AREA,
                N_("Own filters of messages"),
                hints={
                    MANAGE_MESSAGES: N_("to delete what filters take out"),
                    MODERATE_MEMBERS: N_("for the timeouts of filters"),
                }
                if self.reads
                else {},
            )
        )
        if self.reads:
            bot.listeners.to_messages(self._watching.on_message)

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        core.notifier.unregister(TOLD_KIND.name)
        bot.renderers.unregister(TOLD_RENDERER)
        bot.components.unregister(*self._controls)
        core.outbox.stop_telling(self.service.ended)
        bot.config_card.parts.remove(self._config)
        bot.groups.detach(bot.groups.mod, "filters", HELP)
        core.features.forget(AREA)
        if self.reads:
            bot.listeners.no_more_to_messages(self._watching.on_message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if self.reads:
            await self._watching.on_edit(payload)

    # ------------------------------------------------------------------------------------------ the desk

    def _command(self) -> app_commands.Command[Any, ..., Any]:
        show = self._open

        @app_commands.describe(
            file="A text file with one entry a line, in the place of a list",
            into="The list that it is",
        )
        @app_commands.choices(
            into=[app_commands.Choice(name=LIST_TITLES[each], value=each.value) for each in Lists]
        )
        async def filters(
            interaction: _Interaction,
            file: discord.Attachment | None = None,
            into: str = Lists.DOMAINS.value,
        ) -> None:
            await show(interaction, file, into)

        return app_commands.Command[Any, ..., Any](
            name="filters", description="Filters: what I take out of messages", callback=filters
        )

    async def _open(self, interaction: _Interaction, file: discord.Attachment | None, into: str) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        shown = await self.desk.show(actor)
        if file is None:
            await reply.show(render.desk_card(shown, reply.translator))
            return
        which = which_list(into)
        shown = await self.desk.import_file(actor, which, await _read(file))
        said = render.saved(which, shown, reply.translator)
        await reply.show(render.lists_card(shown, reply.translator, said_first=said))

    async def _show(self, interaction: _Interaction, _: int | None) -> None:
        shown = await self.desk.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(shown, reply.translator))

    async def _ask_choice(self, interaction: _Interaction, _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        shown = await self.desk.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.choose_form(which_filter(value), shown.settings, reply.translator))

    async def _choose(self, interaction: _Interaction, number: int | None) -> None:
        which = numbered(tuple(Filter), number)
        typed = form_answers(interaction)
        numbers = [str(typed.get(name) or "") for name, _ in NUMBERS.get(which, ())]
        what, minutes = str(typed.get("what") or ""), str(typed.get("minutes") or "")
        shown = await self.desk.choose(actor_of(interaction), which, what, minutes, numbers)
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(shown, reply.translator))

    async def _show_lists(self, interaction: _Interaction, _: int | None) -> None:
        shown = await self.desk.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.lists_card(shown, reply.translator))

    async def _ask_list(self, interaction: _Interaction, _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        which = which_list(value)
        entries = await self.desk.entries(actor_of(interaction), which)
        reply = reply_to(interaction)
        await reply.ask(render.list_form(which, entries, reply.translator))

    async def _write(self, interaction: _Interaction, number: int | None) -> None:
        await self._save_list(interaction, number, add=False)

    async def _add(self, interaction: _Interaction, number: int | None) -> None:
        await self._save_list(interaction, number, add=True)

    async def _save_list(self, interaction: _Interaction, number: int | None, *, add: bool) -> None:
        which = numbered(tuple(Lists), number)
        typed = str(form_answers(interaction).get("entries") or "")
        actor, reply = actor_of(interaction), reply_to(interaction)
        try:
            shown = await self.desk.write(actor, which, typed, add=add)
        except InvalidInput as error:
            t = reply.translator
            await reply.show(render.refused_card(in_words(error, t), typed, t))
            return
        said = render.saved(which, shown, reply.translator)
        await reply.show_privately(render.lists_card(shown, reply.translator, said_first=said))

    async def _show_alone(self, interaction: _Interaction, _: int | None) -> None:
        shown = await self.desk.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(shown.settings, reply.translator))

    async def _leave_channel(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self.desk.leave_alone(actor_of(interaction), channel_id=chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(settings, reply.translator))

    async def _leave_role(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self.desk.leave_alone(actor_of(interaction), role_id=chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(settings, reply.translator))

    async def _ask_test(self, interaction: _Interaction, _: int | None) -> None:
        await self.desk.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(phrase_form(render.TEST_FORM, reply.translator))

    async def _test(self, interaction: _Interaction, _: int | None) -> None:
        phrase = str(form_answers(interaction).get("phrase") or "")
        tested = await self.desk.test(actor_of(interaction), phrase)
        reply = reply_to(interaction)
        await reply.show_privately(render.tested_card(tested, reply.translator))

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_told(self, effect: PlannedEffect) -> Card:
        if not await self.bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        given = effect.arguments
        told = await self.service.told(effect.guild_id, int(given["case_id"]), str(given["filter"]))
        if told is None:
            raise Obsolete(N_("the case was taken back"))
        return render.told_card(told, await self.bot.renderers.translator(effect))


async def _read(file: discord.Attachment) -> bytes:
    """The file's content, its size checked first. Raises `InvalidInput`, `ServiceUnavailable`."""
    if file.size > rules.LARGEST_IMPORT:
        raise rules.too_large()
    try:
        async with asyncio.timeout(PATIENCE):
            return await file.read()
    except TROUBLE as error:
        raise ServiceUnavailable("It did not hand me the file. Please give it once more.") from error
