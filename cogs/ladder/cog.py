"""Receives /ladder and its controls and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_number, chosen_values
from bot.member_card import CardLine
from bot.qualifications import Qualification
from bot.replies import reply_to
from cogs.ladder import model, render, render_staff
from cogs.ladder.climbing import Climbing
from cogs.ladder.config import LadderPart
from cogs.ladder.drift import LadderRoles
from cogs.ladder.model import AREA, Standing
from cogs.ladder.rules import Decision
from cogs.ladder.service import LadderService
from cogs.ladder.staff import LadderStaff
from cogs.ladder.staff_controls import StaffControls
from cogs.ladder.steps import Steps, shipped

HELP = HelpLine(
    N_("See which step I am on, and what the next one asks for"),
    "/ladder show",
    control=render.SHOW,
    rank=9,
    topic=Topic.TOGETHER,
)
DOWN_HELP = HelpLine(N_("Step down from my step, with honour"), "/ladder step-down", topic=Topic.TOGETHER)
STAFF_HELP = HelpLine(
    N_("Confirm steps of the ladder, and change what they ask for"), "/manage ladder", Capability.FACILITATE
)
STEP = "step"  # the kind of qualification


class LadderCog(commands.Cog):
    """The ladder."""

    ladder = app_commands.Group(
        name="ladder", description="Which step you are on, and what is next", guild_only=True
    )

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.steps = Steps(bot.core)
        self.climbing = Climbing(bot.core, self.steps)
        self.service = LadderService(bot.core, self.steps, self.climbing)
        self.staff = LadderStaff(bot.core, self.steps, self.climbing, self.service)
        self._config = LadderPart(bot.core, self.staff)
        self._desk = StaffControls(bot.core, self.staff, self.steps)
        self._roles = LadderRoles(bot.core, self.steps, self.climbing, bot.translations.for_locale(None))
        self._controls = {
            render.SHOW: self._show,
            render.EVIDENCE: self._evidence,
            render.STEPS: self._all_steps,
            render.DOWN_ASK: self._ask_down,
            render.DOWN_TO: self._step_down,
            render.BACK: self._come_back,
            **self._desk.handlers(),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        shipped()  # a mistake in what ships ends the start, not somebody's command
        for kind, title in model.ACTS.items():
            core.ledger.name(kind, title)
        core.ledger.react_to(model.REACHED, self.climbing.noted, undo=self.climbing.unreached)
        core.notifier.register(model.NEWS_KIND)
        core.jobs.register(model.ROLES_JOB, self.staff.follow_role)
        what = N_("asking staff to confirm a step of the ladder")
        bot.renderers.register(model.CARD_RENDERER, self._draw_proposal, what=what)
        what = N_("telling a member about their step of the ladder")
        bot.renderers.register(model.NEWS_RENDERER, self._draw_news, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        service = self.service
        core.qualifications.register(
            Qualification(
                STEP,
                N_("A step of the ladder"),
                service.list_choices,
                service.list_holders,
                service.has,
                AREA,
            )
        )
        core.member_cards.register(CardLine("ladder", N_("Step of the ladder"), service.card_line, rank=8))
        bot.role_drift.add(self._roles)
        core.erasure.take_back_with(self.climbing.take_back)
        core.erasure.on_return(self.climbing.give_back)
        bot.config_card.parts.add(self._config)
        bot.groups.list_help(HELP, DOWN_HELP)
        desk = plain_command("ladder", "The steps, who holds them, and what waits", self._desk.open)
        bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
        core.features.describe(Feature(AREA, N_("The ladder")))
        await self.steps.load(self.climbing.acted, self.climbing.taken_back)

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        self.steps.forget()
        core.ledger.unname(*model.ACTS)
        core.ledger.forget(self.climbing.noted)
        core.notifier.unregister(model.NEWS_KIND.name)
        core.jobs.unregister(model.ROLES_JOB)
        bot.renderers.unregister(model.CARD_RENDERER, model.NEWS_RENDERER)
        bot.components.unregister(*self._controls)
        core.qualifications.unregister(STEP)
        core.member_cards.unregister("ladder")
        bot.role_drift.remove(self._roles)
        core.erasure.stop_taking_back(self.climbing.take_back)
        core.erasure.stop_welcoming(self.climbing.give_back)
        bot.config_card.parts.remove(self._config)
        bot.groups.forget_help(HELP, DOWN_HELP)
        bot.groups.detach(bot.groups.manage, "ladder", STAFF_HELP)
        core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ members

    @ladder.command(name="show", description="Which step you are on, and what the next one asks for")
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, None)

    @ladder.command(name="step-down", description="Go back to a lower step, with honour and an easy way back")
    async def step_down(self, interaction: discord.Interaction[Any]) -> None:
        await self._ask_down(interaction, None)

    async def _show(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._answer(interaction, await self.service.show(actor_of(interaction)))

    async def _evidence(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        number = chosen_number(interaction)
        standing, one, found = await self.service.evidence(actor_of(interaction), number)
        reply = reply_to(interaction)
        card = render.evidence_card(standing, one, found, self._desk.titles, reply.translator)
        await reply.show_privately(card)

    async def _all_steps(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        standing = await self.service.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(
            render.steps_card(standing, self._desk.titles, reply.translator, page or 0)
        )

    async def _ask_down(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        standing = await self.service.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.down_card(standing, reply.translator))

    async def _step_down(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [key] = chosen_values(interaction, 1)
        standing = await self.service.step_down(actor_of(interaction), key)
        said = reply_to(interaction).translator("You have stepped down. Thank you for all you did there.")
        await self._answer(interaction, standing, said)

    async def _come_back(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        standing = await self.service.come_back(actor_of(interaction))
        said = reply_to(interaction).translator("Welcome back!")
        await self._answer(interaction, standing, said)

    async def _answer(
        self, interaction: discord.Interaction[Any], standing: Standing, said: str | None = None
    ) -> None:
        reply = reply_to(interaction)
        card = render.standing_card(standing, self._desk.titles, reply.translator, said_first=said)
        await reply.show_privately(card)

    # ------------------------------------------------------------------------------------------ Discord

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        if any(each.role_id == role.id for each in self.steps.every(role.guild.id)):
            await self.staff.forget_role(role.guild.id, role.id)

    async def _draw_proposal(self, effect: PlannedEffect) -> Card:
        if not await self.bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        proposal = await self.service.find_proposal(int(effect.arguments["proposal_id"]))
        if proposal is None or proposal.step is None:
            raise Obsolete(N_("the step is not there any more"))
        t = await self.bot.renderers.translator(effect)
        return render_staff.proposal_card(proposal, self._desk.titles, t)

    async def _draw_news(self, effect: PlannedEffect) -> Card:
        if not await self.bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        facts, t = effect.arguments, await self.bot.renderers.translator(effect)
        if facts["what"] == "not_yet":
            proposal = await self.service.find_proposal(int(facts["proposal_id"]))
            if proposal is None or proposal.step is None or proposal.state is not Decision.NOT_YET:
                raise Obsolete(N_("staff have decided anew since"))
            return render.not_yet_card(proposal, proposal.step, t)
        found = await self.service.find_news(int(facts["held_id"]), int(facts["turn"]))
        if found is None:
            raise Obsolete(N_("the step has changed again since"))
        return render.news_card(str(facts["what"]), found[0], t)
