"""Receives /standing, /mod appeals and the controls of appeals; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Item
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, plain_command
from bot.i18n import N_, Translator
from bot.interactions import actor_of, chosen_number, who_of
from bot.replies import reply_to
from bot.setup_card import Page
from cogs.appeals import model, render, render_staff
from cogs.appeals.config import AppealsPart
from cogs.appeals.desk import Desk
from cogs.appeals.model import AREA, Appeal, AppealSettings
from cogs.appeals.rules import State
from cogs.appeals.service import AppealService
from cogs.appeals.staff import AppealStaff
from storage.appeals import AppealSettingsRow

_Interaction = discord.Interaction[Any]
HELP = HelpLine(N_("See your own record, and appeal what is on it"), "/standing", rank=8)
STAFF_HELP = HelpLine(
    N_("See the appeals that wait, and what became of others"), "/mod appeals", Capability.MODERATE, rank=12
)


class AppealsCog(commands.Cog):
    """One's own record, and appeals."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = AppealService(bot.core)
        self.staff = AppealStaff(bot.core)
        self._desk = Desk(self.staff, bot.core.clock)
        self._config = AppealsPart(bot.core)
        self._setup_page = Page(35, N_("Own record and appeals"), body=self._settings_items, in_steps=False)
        self._controls: dict[str, Handler] = {
            render.PAGE: self._page,
            render.ASK: self._ask,
            render.PICK: self._pick,
            render.FORM: self._send,
            render.LOOK: self._look,
            render_staff.RULES: self._ask_rules,
            render_staff.RULES_FORM: self._set_rules,
            **self._desk.handlers(),
        }
        self._renderers = {
            model.POST_RENDERER: (self._draw_post, N_("showing an appeal to staff")),
            model.REMIND_RENDERER: (self._draw_reminder, N_("reminding staff of an appeal")),
            model.OUTCOME_RENDERER: (self._draw_outcome, N_("telling a member what became of their appeal")),
            model.LATE_RENDERER: (self._draw_late, N_("telling a member that their appeal takes longer")),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(AppealSettings, AppealSettingsRow)
        core.notifier.register(model.OUTCOME_KIND)
        core.jobs.register(model.REMIND_JOB, self.staff.remind)
        core.cases.on_end(self.staff.case_ended)
        core.cases.appeal_control = render.ASK
        core.erasure.redraw_about_with(self.staff.forget)
        for renderer in (model.OUTCOME_RENDERER, model.LATE_RENDERER):
            core.outbox.on_end(f"{renderer}:", self.staff.told)
        core.open_items.add(self.service.open_items, of_moderation=True)
        for name, (draw, what) in self._renderers.items():
            bot.renderers.register(name, draw, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(self._setup_page)
        bot.config_card.parts.add(self._config)
        bot.groups.list_help(HELP)
        command = plain_command("appeals", "The appeals that wait, and figures", self._desk.open)
        bot.groups.attach(bot.groups.mod, command, STAFF_HELP)
        core.features.describe(Feature(AREA, N_("Own record and appeals")))

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        core.notifier.unregister(model.OUTCOME_KIND.name)
        core.jobs.unregister(model.REMIND_JOB)
        core.cases.stop_telling(self.staff.case_ended)
        core.cases.appeal_control = None
        core.erasure.stop_redrawing_about(self.staff.forget)
        core.outbox.stop_telling(self.staff.told)
        core.open_items.remove(self.service.open_items)
        bot.renderers.unregister(*self._renderers)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(self._setup_page)
        bot.config_card.parts.remove(self._config)
        bot.groups.forget_help(HELP)
        bot.groups.detach(bot.groups.mod, "appeals", STAFF_HELP)
        core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ one's own record

    @app_commands.command(description="Your own record here, what runs out when, and how to appeal")
    @app_commands.guild_only()
    async def standing(self, interaction: _Interaction) -> None:
        await self._page(interaction, 0)

    async def _page(self, interaction: _Interaction, page: int | None) -> None:
        standing = await self.service.standing(actor_of(interaction), page or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.standing_card(standing, reply.translator))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        await self._ask(interaction, chosen_number(interaction))

    async def _ask(self, interaction: _Interaction, case_id: int | None) -> None:
        case = await self.service.check(who_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.appeal_form(case, reply.translator))

    async def _send(self, interaction: _Interaction, case_id: int | None) -> None:
        words = str(form_answers(interaction).get("words") or "")
        appeal = await self.service.appeal(who_of(interaction), case_id or 0, words)
        reply = reply_to(interaction)
        await reply.show(render.sent_card(appeal, reply.translator))

    async def _look(self, interaction: _Interaction, case_id: int | None) -> None:
        entry = await self.service.latest(who_of(interaction), case_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.latest_card(entry, reply.translator))

    # ------------------------------------------------------------------------------------------ settings

    async def _settings_items(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        return render_staff.rules_items(await self.bot.core.configs.get(guild_id, AppealSettings), t)

    async def _ask_rules(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self.staff.rules_for(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_staff.rules_form(settings, reply.translator))

    async def _set_rules(self, interaction: _Interaction, _: int | None) -> None:
        typed = {name: str(value or "") for name, value in form_answers(interaction).items()}
        await self.staff.set_rules(
            actor_of(interaction), typed.get("within", ""), typed.get("again", ""), typed.get("promise", "")
        )
        await self.bot.setup_card.redraw(interaction, self._setup_page)

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_post(self, effect: PlannedEffect) -> Any:
        appeal = await self._appeal(effect)
        now = self.bot.core.clock.now()
        return render_staff.appeal_card(appeal, now, await self.bot.renderers.translator(effect))

    async def _draw_reminder(self, effect: PlannedEffect) -> Any:
        appeal = await self._appeal(effect)
        if appeal.state is not State.OPEN:
            raise Obsolete(N_("the appeal is decided"))
        return render_staff.remind_card(appeal, await self.bot.renderers.translator(effect))

    async def _draw_outcome(self, effect: PlannedEffect) -> Any:
        appeal = await self._appeal(effect, told=True)
        return render.outcome_card(appeal, await self.bot.renderers.translator(effect))

    async def _draw_late(self, effect: PlannedEffect) -> Any:
        appeal = await self._appeal(effect, told=True)
        if appeal.state is not State.OPEN:
            raise Obsolete(N_("the appeal is decided"))
        return render.late_card(appeal, await self.bot.renderers.translator(effect))

    async def _appeal(self, effect: PlannedEffect, *, told: bool = False) -> Appeal:
        """What is told to the member of a decision is told also when the feature was switched off since."""
        appeal = await self.service.find(int(effect.arguments["appeal_id"]))
        if appeal is None:
            raise Obsolete(N_("the appeal is gone"))
        if not told and not await self.bot.core.features.is_on(appeal.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return appeal
