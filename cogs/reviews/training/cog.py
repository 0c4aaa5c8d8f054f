"""Receives what members do to learn reviewing; loads and unloads the training."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.reviews.training import content, model, render
from cogs.reviews.training.config import TrainingPart
from cogs.reviews.training.entry import Entry
from cogs.reviews.training.licences import Licences
from cogs.reviews.training.manage import StaffControls
from cogs.reviews.training.model import TrainingSettings
from cogs.reviews.training.rules import Theme
from cogs.reviews.training.service import TrainingService
from cogs.reviews.training.staff import TrainingStaff
from storage.review_training import TrainingSettingsRow

PAGE = Page(
    14,
    N_("Training of reviewers"),
    TrainingSettings,
    (
        Choice(
            "reviewer_role_id",
            "role",
            N_("Reviewer role"),
            N_(
                "Given to whoever is a trained reviewer, if it carries no power over others. Without one the licence "
                "counts all the same."
            ),
            suggested=N_("Reviewer"),
        ),
    ),
    in_steps=False,
)


class TrainingCog(commands.Cog):
    """Learning to review."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.licences = Licences(bot.core)
        self.service = TrainingService(bot.core, self.licences)
        self.staff = TrainingStaff(bot.core, self.licences)
        desk = StaffControls(self.staff)
        self._config = TrainingPart(bot.core, self.staff)
        self._entry = Entry(bot, examples=self._examples, train=self._train, manage=desk.open)
        self._controls: dict[str, Handler] = {
            render.SHOW: self._show,
            render.BEGIN: self._begin,
            render.ANSWER: self._ask,
            render.ANSWER_FORM: self._answer,
            render.COMPARE: self._compare,
            render.EXAMPLES: self._show_examples,
            render.THEME: self._pick_theme,
            render.EXAMPLE: self._pick_example,
            **desk.handlers(),
        }

    async def cog_load(self) -> None:
        bot = self.bot
        content.check()
        bot.core.configs.register(TrainingSettings, TrainingSettingsRow)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.notifier.register(model.LICENCE_KIND)
        what = N_("telling a member that their reviewer licence was changed")
        bot.renderers.register(model.LICENCE_RENDERER, self._draw_licence, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.core.qualifications.back(Capability.REVIEW, model.AREA, self.licences.list_reviewers)
        bot.core.erasure.take_back_with(self.licences.take_back)
        bot.core.erasure.on_return(self.licences.give_back)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        self._entry.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(*model.ACTS)
        bot.core.notifier.unregister(model.LICENCE_KIND.name)
        bot.renderers.unregister(model.LICENCE_RENDERER)
        bot.components.unregister(*self._controls)
        bot.core.qualifications.back_no_more(Capability.REVIEW)
        bot.core.erasure.stop_taking_back(self.licences.take_back)
        bot.core.erasure.stop_welcoming(self.licences.give_back)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        self._entry.unload()

    # ------------------------------------------------------------------------------------------ examples

    async def _examples(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_examples(interaction, None)

    async def _show_examples(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        reply = reply_to(interaction)
        await reply.show(render.examples_card(reply.translator))

    async def _pick_theme(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        if value not in set(Theme):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        reply = reply_to(interaction)
        card = render.theme_card(content.examples(), Theme(value), reply.translator)
        await reply.show_privately(card)

    async def _pick_example(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        found = next((each for each in content.examples() if each.key == value), None)
        if found is None:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        reply = reply_to(interaction)
        await reply.show_privately(render.example_card(found, content.examples(), reply.translator))

    # ------------------------------------------------------------------------------------------ training

    async def _train(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, None)

    async def _show(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self.service.look(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.train_card(desk, reply.translator))

    async def _begin(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self.service.begin(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.train_card(desk, reply.translator))

    async def _ask(self, interaction: discord.Interaction[Any], part_id: int | None) -> None:
        run, part = await self.service.part(actor_of(interaction), part_id or 0)
        reply = reply_to(interaction)
        if part.open:
            await reply.ask(render.answer_form(run, part, reply.translator))
        else:  # an old card, or another device was faster
            await self._show(interaction, None)

    async def _answer(self, interaction: discord.Interaction[Any], part_id: int | None) -> None:
        actor = actor_of(interaction)
        desk, was_taken = await self.service.answer(actor, part_id or 0, form_answers(interaction))
        reply = reply_to(interaction)
        t = reply.translator
        said = None if was_taken else t("You have answered that work already, and your first answers stand.")
        await reply.show_privately(render.train_card(desk, t, said_first=said))

    async def _compare(self, interaction: discord.Interaction[Any], part_id: int | None) -> None:
        actor = actor_of(interaction)
        run, part = await self.service.part(actor, part_id or 0)
        desk = await self.service.look(actor)
        reply = reply_to(interaction)
        if run.current is not None:
            await reply.show_privately(render.train_card(desk, reply.translator))
        else:
            await reply.show_privately(render.result_card(desk, run, part, reply.translator))

    async def _draw_licence(self, effect: PlannedEffect) -> Card:
        facts = effect.arguments
        found = await self.staff.find_told(effect.guild_id, int(facts["licence_id"]), int(facts["turn"]))
        if found is None:
            raise Obsolete(N_("the licence was changed again"))
        return render.licence_told_card(found, await self.bot.renderers.translator(effect))
