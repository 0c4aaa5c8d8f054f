"""Receives what members do with their streak and defers to the service."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of
from bot.member_card import CardLine
from bot.replies import reply_to
from cogs.streaks import model, render
from cogs.streaks.facts import FactsReader
from cogs.streaks.model import Standing
from cogs.streaks.repairs import Repairs
from cogs.streaks.service import StreaksService
from cogs.streaks.settling import Settling
from cogs.streaks.staff import StaffControls
from cogs.streaks.watching import FEATURE, Watching

HELP = HelpLine(
    N_("See my streak, and why each week counted"), "/me streak", control=render.SHOW, rank=8, topic=Topic.YOU
)
STAFF_HELP = HelpLine(
    N_("See why somebody's weeks counted, and repair one"), "/manage streaks", Capability.FACILITATE
)


class StreaksCog(commands.Cog):
    """Weeks in which somebody took part."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        facts = FactsReader(bot.core)
        self.settling = Settling(bot.core, facts)
        self.service = StreaksService(bot.core, facts)
        self.repairs = Repairs(bot.core, self.service, self.settling)
        self._watching = Watching(bot.core, self.settling)
        self._staff = StaffControls(self.repairs)
        self._controls = {
            render.SHOW: self._show,
            render.WHY: self._why,
            render.HIDE: self._ask_hide,
            render.HIDE_SURE: self._hide,
            render.REVEAL: self._reveal,
            render.REST_ASK: self._ask_rests,
            render.REST_SAVE: self._save_rests,
            **self._staff.handlers(),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.features.describe(Feature(FEATURE, N_("Streaks")))
        core.features.on_switch(self._watching.switched)
        core.member_cards.register(CardLine("streak", N_("Streak"), self.service.card_line, rank=35))
        core.notifier.on_change(self._watching.changed)
        core.notifier.register(model.FREEZE_KIND)
        core.notifier.register(model.REPAIR_KIND)
        core.ledger.react_to_contributions(self._watching.contributed)
        core.jobs.register(model.SWEEP_JOB, self.settling.sweep)
        core.jobs.register(model.TELL_JOB, self.settling.tell)
        bot.renderers.register(
            model.FREEZE_RENDERER, self._draw_freeze, what=N_("telling a member that a freeze was used")
        )
        bot.renderers.register(
            model.REPAIR_RENDERER, self._draw_repair, what=N_("telling a member that a week was repaired")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.groups.attach(
            bot.groups.me,
            plain_command("streak", "Your streak, and why each week counted", self._command),
            HELP,
        )
        bot.groups.attach(bot.groups.manage, self._staff.command(), STAFF_HELP)
        async with core.db.begin() as session:
            await self.settling.plan(session)

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        core.features.forget(FEATURE)
        core.member_cards.unregister("streak")
        core.features.stop_telling(self._watching.switched)
        core.notifier.stop_telling(self._watching.changed)
        core.notifier.unregister(model.FREEZE_KIND.name)
        core.notifier.unregister(model.REPAIR_KIND.name)
        core.ledger.forget(self._watching.contributed)
        core.jobs.unregister(model.SWEEP_JOB)
        core.jobs.unregister(model.TELL_JOB)
        bot.renderers.unregister(model.FREEZE_RENDERER, model.REPAIR_RENDERER)
        bot.components.unregister(*self._controls)
        bot.groups.detach(bot.groups.me, "streak", HELP)
        bot.groups.detach(bot.groups.manage, "streaks", STAFF_HELP)

    async def _command(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, None)

    async def _show(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        await self._answer(interaction, await self.service.look(actor.guild_id, actor.member_id))

    async def _why(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        actor = actor_of(interaction)
        page = await self.service.why(actor.guild_id, actor.member_id, number or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.why_card(page, reply.translator))

    async def _ask_hide(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(render.hide_card(reply.translator))

    async def _hide(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._answer(interaction, await self.service.hide(actor_of(interaction), hidden=True))

    async def _reveal(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._answer(interaction, await self.service.hide(actor_of(interaction), hidden=False))

    async def _ask_rests(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        standing = await self.service.look(actor.guild_id, actor.member_id)
        reply = reply_to(interaction)
        await reply.ask(render.rest_form(standing, reply.translator))

    async def _save_rests(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        chosen = [str(each) for each in form_answers(interaction).get("weeks") or ()]
        await self._answer(interaction, await self.service.plan_rests(actor_of(interaction), chosen))

    async def _answer(self, interaction: discord.Interaction[Any], standing: Standing) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(render.streak_card(standing, reply.translator))

    async def _draw_freeze(self, effect: PlannedEffect) -> Card:
        t = await self.bot.renderers.translator(effect)
        return render.freeze_card(str(effect.arguments["monday"]), t)

    async def _draw_repair(self, effect: PlannedEffect) -> Card:
        facts = effect.arguments
        week = await self.repairs.find_repair(int(facts["week_id"]), int(facts["repairs"]))
        if week is None:
            raise Obsolete(N_("the repair was taken back"))
        t = await self.bot.renderers.translator(effect)
        return render.repaired_card(week.monday, week.repair_reason or "", t)
