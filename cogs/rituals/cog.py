"""Receives commands and controls for rituals and defers to the service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card, Item, ThreadTitle
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import NotFound
from bot.features import Feature
from bot.groups import HelpLine
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.setup_pages import Page, Watched
from bot.setup_permissions import THREADS
from cogs.rituals import render
from cogs.rituals.config import RitualsPart
from cogs.rituals.rules import TEMPLATES, WEEKDAYS
from cogs.rituals.service import POST_JOB, PROMPT_RENDERER, THREAD_RENDERER, TITLES, RitualsService

HELP = HelpLine(N_("Begin or end a weekly ritual"), "/manage rituals", Capability.FACILITATE)

_TEMPLATE_CHOICES = [app_commands.Choice(name=TITLES[name], value=name) for name in TEMPLATES]
_WEEKDAY_CHOICES = [
    app_commands.Choice(name=name.capitalize(), value=index) for index, name in enumerate(WEEKDAYS)
]


class RitualsGroup(app_commands.Group):
    """/manage rituals."""

    def __init__(self, service: RitualsService) -> None:
        super().__init__(name="rituals", description="Weekly rituals")
        self._service = service

    @app_commands.command(description="Begin a ritual: a prompt posted every week")
    @app_commands.describe(
        ritual="Which one",
        channel="Where it is posted",
        time="When, by the community's clock, for example 09:00",
        weekday="On which day",
    )
    @app_commands.choices(ritual=_TEMPLATE_CHOICES)
    @app_commands.choices(weekday=_WEEKDAY_CHOICES)
    async def add(
        self,
        interaction: discord.Interaction[Any],
        ritual: str,
        channel: discord.TextChannel,
        time: str | None = None,
        weekday: int | None = None,
    ) -> None:
        added = await self._service.add(
            actor_of(interaction), ritual, channel_id=channel.id, weekday=weekday, typed_time=time
        )
        reply = reply_to(interaction)
        await reply.show(render.added_card(added, reply.translator))

    @app_commands.command(name="list", description="The rituals of this community, and how to end one")
    async def list_all(self, interaction: discord.Interaction[Any]) -> None:
        rituals = await self._service.list_all(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render.list_card(rituals, reply.translator))


class RitualsCog(commands.Cog):
    """The rhythm of the week."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = RitualsService(bot.core)
        self._config = RitualsPart(bot.core, self.service)
        self._page = Page(2, N_("Rhythm"), body=self._setup_body, order=50, places=self._places)

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.jobs.register(POST_JOB, self.service.post)
        bot.renderers.register(
            PROMPT_RENDERER,
            self._draw_prompt,
            what=N_("posting a ritual"),
            if_channel_gone=N_(
                "End it with `/manage rituals list`, and begin it in another channel with `/manage rituals add`."
            ),
        )
        bot.renderers.register(THREAD_RENDERER, self._draw_thread, what=N_("opening the thread of a ritual"))
        bot.components.register(render.REMOVE, self._remove)
        bot.components.register(render.WEEKLY_PLACE, self._set_place)
        bot.components.register(render.WEEKLY_ASK, self._ask_when)
        bot.components.register(render.WEEKLY_SET, self._set_when)
        bot.core.features.describe(Feature("rituals", N_("Rhythm of the week")))
        bot.setup_card.add(self._page)
        bot.config_card.parts.add(self._config)
        bot.groups.attach(bot.groups.manage, RitualsGroup(self.service), HELP)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.jobs.unregister(POST_JOB)
        bot.renderers.unregister(PROMPT_RENDERER, THREAD_RENDERER)
        bot.components.unregister(render.REMOVE, render.WEEKLY_PLACE, render.WEEKLY_ASK, render.WEEKLY_SET)
        bot.core.features.forget("rituals")
        bot.setup_card.remove(self._page)
        bot.config_card.parts.remove(self._config)
        bot.groups.detach(bot.groups.manage, "rituals", HELP)

    async def _remove(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        await self.service.remove(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render.removed_card(reply.translator))

    async def _setup_body(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        return render.setup_items(await self.service.weekly(guild_id), t)

    async def _places(self, session: AsyncSession, guild_id: int) -> tuple[Watched, ...]:
        ritual = await self.service.find_weekly(session, guild_id)
        if ritual is None:
            return ()
        help_text = N_("Where the goals of the week are asked for.")
        return (Watched(TITLES[ritual.template], help_text, ritual.channel_id, THREADS),)

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        await self.service.set_weekly(actor_of(interaction), int(values[0]) if values else None)
        await self.bot.setup_card.redraw(interaction, self._page)

    async def _ask_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        await self.service.check(actor)
        ritual = await self.service.weekly(actor.guild_id)
        if ritual is None:
            raise NotFound("First choose the channel in which the goals are asked for.")
        reply = reply_to(interaction)
        await reply.ask(render.weekly_form(ritual, reply.translator))

    async def _set_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        await self.service.reschedule(
            actor_of(interaction), int(answers.get("weekday") or 0), str(answers.get("time", ""))
        )
        await self.bot.setup_card.redraw(interaction, self._page)

    async def _draw_prompt(self, effect: PlannedEffect) -> Card:
        return render.prompt_card(await self._template_of(effect), await self._translator(effect))

    async def _draw_thread(self, effect: PlannedEffect) -> ThreadTitle:
        nominal = datetime.fromisoformat(effect.arguments["nominal"])
        return render.thread_title(await self._template_of(effect), nominal, await self._translator(effect))

    async def _template_of(self, effect: PlannedEffect) -> str:
        ritual = await self.service.find(int(effect.arguments["ritual_id"]))
        if ritual is None:
            raise Obsolete("the ritual was removed")
        return ritual.template

    async def _translator(self, effect: PlannedEffect) -> Translator:
        config = await self.bot.core.configs.guild(effect.guild_id)
        return self.bot.translations.for_locale(config.locale)
