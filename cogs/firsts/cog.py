"""Hears of contributions and draws the line that tells a member of their first one."""

from __future__ import annotations

from discord.ext import commands

from bot.app import Lyceum
from bot.cards import Card, Text
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import Feature
from bot.i18n import N_
from cogs.firsts.service import FIRST, FIRST_KIND, FIRST_RENDERER, FirstsService


class FirstsCog(commands.Cog):
    """First times."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = FirstsService(bot.core)

    async def cog_load(self) -> None:
        core = self.bot.core
        core.features.describe(Feature("firsts", N_("First times")))
        core.ledger.name(FIRST, N_("Kinds of things done for the first time"))
        core.ledger.react_to_contributions(self.service.note, undo=self.service.note_undone)
        core.notifier.register(FIRST_KIND, self.service.line_of)
        self.bot.renderers.register(
            FIRST_RENDERER, self._draw, what=N_("telling a member of something done for the first time")
        )

    async def cog_unload(self) -> None:
        core = self.bot.core
        core.features.forget("firsts")
        core.ledger.unname(FIRST)
        core.ledger.forget(self.service.note)
        core.notifier.unregister(FIRST_KIND.name)
        self.bot.renderers.unregister(FIRST_RENDERER)

    async def _draw(self, effect: PlannedEffect) -> Card:
        kind = str(effect.arguments["kind"])
        line = self.service.line_of(kind)
        if line is None:
            raise Obsolete(N_("this is no contribution any more"))
        t = await self.bot.renderers.translator(effect)
        return Card((Text(t(line)),), silent=True)
