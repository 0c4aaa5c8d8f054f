"""Receives commands, controls and events for privacy and defers to the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.backups import Backups
from bot.card_views import form_answers
from bot.features import Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.privacy import render
from cogs.privacy.comings import Comings
from cogs.privacy.service import Machine, PrivacyService

HELP = (HelpLine(N_("See, take away or delete what is stored about me"), "/privacy show", topic=Topic.YOU),)
SETUP_HELP = HelpLine(N_("See what is stored of this server"), "/setup data", Capability.FACILITATE)
# Nobody loses the right to see and delete what is stored because of a switch.
FEATURE = Feature("privacy", N_("Privacy"), essential=True)
CONTROLS = (render.ASK, render.DELETE, render.KEEP, render.EXPORT)


class PrivacyCog(commands.Cog):
    """People's data."""

    privacy = app_commands.Group(name="privacy", description="Your data in this server", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = PrivacyService(bot.core, self._look_at_machine)
        self._comings = Comings(self.service)

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.features.describe(FEATURE)
        for name, handler in zip(CONTROLS, (self._ask, self._delete, self._keep, self._export), strict=True):
            bot.components.register(name, handler)
        bot.groups.list_help(*HELP)
        data = plain_command("data", "What is stored of this server, and for how long", self._overview)
        bot.groups.attach(bot.groups.setup, data, SETUP_HELP)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.features.forget(FEATURE.name)
        bot.components.unregister(*CONTROLS)
        bot.groups.forget_help(*HELP)
        bot.groups.detach(bot.groups.setup, "data", SETUP_HELP)

    @privacy.command(description="What is stored about you here, for how long, and who sees it")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        reply = reply_to(interaction)
        await reply.show(
            render.footprint_card(await self.service.show(actor_of(interaction)), reply.translator)
        )

    @privacy.command(description="A file with everything that is stored about you here")
    async def export(self, interaction: discord.Interaction[Any]) -> None:
        await self._export(interaction, None)

    @privacy.command(description="Delete your data here, or stop a deletion that is planned")
    async def delete(self, interaction: discord.Interaction[Any]) -> None:
        reply = reply_to(interaction)
        await reply.show(render.delete_card(await self.service.show(actor_of(interaction)), reply.translator))

    @commands.Cog.listener()
    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        await self._comings.note(payload.guild_id, payload.user.id, is_here=False)

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        await self._comings.note(member.guild.id, member.id, is_here=True)

    async def _export(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        files = await self.service.export(actor_of(interaction))
        reply = reply_to(interaction)
        for number, file in enumerate(files, 1):
            await reply.show(render.export_card(file, number, len(files), reply.translator))

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        reply = reply_to(interaction)
        await reply.ask(render.confirm_form(render.confirming_word(reply.translator), reply.translator))

    async def _delete(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        reply = reply_to(interaction)
        user = interaction.user
        typed = str(form_answers(interaction).get("word", ""))
        words = (render.confirming_word(reply.translator), user.display_name, user.name)
        planned = await self.service.ask_to_delete(actor_of(interaction), typed, *words)
        await reply.replace(render.planned_card(planned, reply.translator))

    async def _keep(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self.service.keep(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(render.kept_card(reply.translator))

    async def _overview(self, interaction: discord.Interaction[Any]) -> None:
        reply = reply_to(interaction)
        await reply.show(
            render.overview_card(await self.service.overview(actor_of(interaction)), reply.translator)
        )

    def _look_at_machine(self) -> Machine:
        bot = self.bot
        if bot.core.db.dialect != "sqlite":
            return Machine(None, None, is_file=False)
        newest = Backups(bot.settings.backup, bot.core.db, bot.core.clock).newest()
        size = Path(str(bot.core.db.url.database)).stat().st_size
        return Machine(newest.taken_at if newest is not None else None, size, is_file=True)
