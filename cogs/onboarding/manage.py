"""/manage quests: what facilitators do with quests and for the people in them."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.onboarding import desk_cards, editor_cards, preview_cards
from cogs.onboarding.controls import names_in
from cogs.onboarding.manage_desk import DeskControls
from cogs.onboarding.manage_preview import PreviewControls
from cogs.onboarding.manage_quest import QuestControls
from cogs.onboarding.manage_step import StepControls
from cogs.onboarding.service import OnboardingService

HELP = (
    HelpLine(N_("Change a quest, or begin a new one"), "/manage quests edit", Capability.FACILITATE),
    HelpLine(
        N_("See who is where in a quest, and who could use a hand"),
        "/manage quests people",
        Capability.FACILITATE,
    ),
    HelpLine(N_("See where newcomers stop"), "/manage quests funnel", Capability.FACILITATE),
)


class QuestsGroup(app_commands.Group):
    """/manage quests."""

    def __init__(self, service: OnboardingService) -> None:
        super().__init__(name="quests", description="Quests and the people in them")
        self._service = service

    @app_commands.command(description="Change a quest, or begin a new one")
    async def edit(self, interaction: discord.Interaction[Any]) -> None:
        views = await self._service.workbench.list_quests(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(editor_cards.list_card(views, reply.translator))

    @app_commands.command(description="Who is where, and who could use a hand")
    async def people(self, interaction: discord.Interaction[Any]) -> None:
        page = await self._service.desk.page(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(desk_cards.people_card(page, await names_in(interaction, page), reply.translator))

    @app_commands.command(description="How newcomers go on, from joining to their first contribution")
    async def funnel(self, interaction: discord.Interaction[Any]) -> None:
        views = await self._service.workbench.list_quests(actor_of(interaction))
        stages = await self._service.desk.funnel(actor_of(interaction), views[0].shown.key)
        reply = reply_to(interaction)
        await reply.show(desk_cards.funnel_card(views, views[0], stages, 0, reply.translator))

    @app_commands.command(description="See a quest as a new member sees it")
    async def preview(self, interaction: discord.Interaction[Any]) -> None:
        views = await self._service.workbench.list_quests(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(preview_cards.choose_card(views, reply.translator))


class ManageQuestsCog(commands.Cog):
    """The commands and controls of facilitators."""

    def __init__(self, bot: Lyceum, service: OnboardingService) -> None:
        self.bot = bot
        self._service = service
        parts = (QuestControls, StepControls, PreviewControls, DeskControls)
        self._controls = {
            name: handler for part in parts for name, handler in part(bot, service).handlers().items()
        }

    async def cog_load(self) -> None:
        for name, handler in self._controls.items():
            self.bot.components.register(name, handler)
        self.bot.groups.attach(self.bot.groups.manage, QuestsGroup(self._service), *HELP)

    async def cog_unload(self) -> None:
        self.bot.components.unregister(*self._controls)
        self.bot.groups.detach(self.bot.groups.manage, "quests", *HELP)
