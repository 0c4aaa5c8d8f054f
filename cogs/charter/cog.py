"""Receives commands and controls for the charter and defers to the services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card, Item
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import NotFound
from bot.features import Feature
from bot.groups import HelpLine
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.charter import render, render_editing
from cogs.charter.config import CharterPart
from cogs.charter.editing import CharterEditing
from cogs.charter.model import (
    ACKNOWLEDGED,
    FREEZE_JOB,
    NORMS_RENDERER,
    CharterSettings,
    Part,
    Proposal,
    Saved,
)
from cogs.charter.service import CharterService
from storage.charter import CharterRow

HELP = HelpLine(N_("See what this community is for, and what we ask of each other"), "/charter show")
MANAGE_HELP = HelpLine(
    N_("Write the mission, the outcomes and the norms"), "/manage charter edit", Capability.FACILITATE
)
SETUP_PAGE = Page(
    3,
    N_("Purpose and outcomes"),
    CharterSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Charter channel"),
            N_("Where new norms are announced. Nobody is pinged."),
            suggested=N_("charter"),
        ),
    ),
    order=10,
)
FEATURE = Feature("charter", N_("Charter: purpose, outcomes and norms"))


class CharterGroup(app_commands.Group):
    """/manage charter."""

    def __init__(self, cog: CharterCog) -> None:
        super().__init__(name="charter", description="Mission, outcomes and norms")
        self._cog = cog

    @app_commands.command(description="See and change the mission, the outcomes and the norms")
    async def edit(self, interaction: discord.Interaction[Any]) -> None:
        charter = await self._cog.editing.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render_editing.manage_card(charter, reply.translator))


class CharterCog(commands.Cog):
    """The mission, the outcomes and the norms."""

    charter = app_commands.Group(name="charter", description="What this community is for", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = CharterService(bot.core)
        self._setup_page = replace(SETUP_PAGE, body=self.setup_items)
        self.editing = CharterEditing(bot.core, self.service)
        self._config = CharterPart(bot.core)
        self._controls: dict[str, Handler] = {
            render.AGREE: self._agree,
            render.READ: self._read,
            render.OPEN: self._open,
            render_editing.ASK_MISSION: self._ask_mission,
            render_editing.ASK_OUTCOME: self._ask_outcome,
            render_editing.ASK_NORMS: self._ask_norms,
            render_editing.OPEN_OUTCOME: self._open_outcome,
            render_editing.CHANGE_OUTCOME: self._change_outcome,
            render_editing.REMOVE_OUTCOME: self._remove_outcome,
            render_editing.FORM: self._submit,
            render_editing.FORM_AGAIN: self._submit_again,
            render_editing.EDIT_DRAFT: self._edit_draft,
            render_editing.SAVE_DRAFT: self._save_draft,
            render_editing.DISCARD_DRAFT: self._discard_draft,
            **dict.fromkeys(render_editing.METRICS, self._choose_metric),
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(CharterSettings, CharterRow)
        bot.core.ledger.name(ACKNOWLEDGED, N_("Agreements to the norms"))
        bot.core.jobs.register(FREEZE_JOB, self.service.freeze)
        bot.renderers.register(NORMS_RENDERER, self._draw_norms, what=N_("announcing new norms"))
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.groups.attach(bot.groups.manage, CharterGroup(self), MANAGE_HELP)
        bot.groups.list_help(HELP)
        bot.setup_card.add(self._setup_page)
        bot.config_card.parts.add(self._config)
        bot.core.features.describe(FEATURE)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(ACKNOWLEDGED)
        bot.core.jobs.unregister(FREEZE_JOB)
        bot.renderers.unregister(NORMS_RENDERER)
        bot.components.unregister(*self._controls)
        bot.groups.detach(bot.groups.manage, "charter", MANAGE_HELP)
        bot.groups.forget_help(HELP)
        bot.setup_card.remove(self._setup_page)
        bot.config_card.parts.remove(self._config)
        bot.core.features.forget(FEATURE.name)

    async def setup_items(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        """The charter's part of a card on which a community is set up. Its buttons work on any card."""
        mission, outcomes = await self.service.summary(guild_id)
        return render_editing.setup_items(mission, outcomes, t)

    @charter.command(
        name="show", description="What we are here for, how far we are, and what we ask of each other"
    )
    async def charter_show(self, interaction: discord.Interaction[Any]) -> None:
        await self._read(interaction, None)

    async def _read(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await reply_to(interaction).show(await self._charter_card(interaction))

    async def _agree(self, interaction: discord.Interaction[Any], version: int | None) -> None:
        agreement = await self.service.agree(actor_of(interaction), version or 0)
        reply = reply_to(interaction)
        t = reply.translator
        if agreement is None:
            await reply.show(render.newer_first(await self._charter_card(interaction), t))
            return
        if _is_private(interaction):  # their own /charter show, which now says so; a post stays as it is
            await reply.replace(await self._charter_card(interaction))
            return
        await reply.show(render.agreed_card(agreement, t))

    async def _charter_card(self, interaction: discord.Interaction[Any]) -> Card:
        charter = await self.service.show(actor_of(interaction))
        accounts = interaction.guild.member_count if interaction.guild is not None else None
        return render.show_card(charter, reply_to(interaction).translator, accounts=accounts)

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        charter = await self.editing.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.replace(render_editing.manage_card(charter, reply.translator))

    async def _ask_mission(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._ask(interaction, Part.MISSION)

    async def _ask_outcome(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._ask(interaction, Part.OUTCOME)

    async def _ask_norms(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._ask(interaction, Part.NORMS)

    async def _change_outcome(self, interaction: discord.Interaction[Any], outcome_id: int | None) -> None:
        await self._ask(interaction, Part.OUTCOME, outcome_id or 0)

    async def _ask(
        self, interaction: discord.Interaction[Any], part: Part, outcome_id: int | None = None
    ) -> None:
        draft = await self.editing.begin(actor_of(interaction), part, outcome_id)
        reply = reply_to(interaction)
        await reply.ask(render_editing.form_for(draft, reply.translator))

    async def _open_outcome(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        charter = await self.editing.show(actor_of(interaction))
        wanted = _chosen(interaction)
        outcome = next((each for each in charter.outcomes if str(each.id) == wanted), None)
        if outcome is None:
            raise NotFound(
                "That outcome does not exist any more. See {command}.", command="`/manage charter edit`"
            )
        reply = reply_to(interaction)
        await reply.replace(render_editing.outcome_card(outcome, reply.translator))

    async def _remove_outcome(self, interaction: discord.Interaction[Any], outcome_id: int | None) -> None:
        charter = await self.editing.remove_outcome(actor_of(interaction), outcome_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render_editing.manage_card(charter, reply.translator))

    async def _submit(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        # The form may have been opened from anybody's card, which stays: the answer is a card of its own.
        result = await self.editing.submit(actor_of(interaction), draft_id or 0, form_answers(interaction))
        reply = reply_to(interaction)
        await reply.show(_result_card(result, reply.translator))

    async def _submit_again(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        result = await self.editing.submit(actor_of(interaction), draft_id or 0, form_answers(interaction))
        reply = reply_to(interaction)
        await reply.replace(_result_card(result, reply.translator))

    async def _choose_metric(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        proposal = await self.editing.choose_metric(
            actor_of(interaction), draft_id or 0, _chosen(interaction)
        )
        reply = reply_to(interaction)
        await reply.replace(_result_card(proposal, reply.translator))

    async def _edit_draft(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        draft = await self.editing.find_draft(actor_of(interaction), draft_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_editing.form_for(draft, reply.translator, again=True))

    async def _save_draft(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        result = await self.editing.save(actor_of(interaction), draft_id or 0)
        reply = reply_to(interaction)
        await reply.replace(_result_card(result, reply.translator))

    async def _discard_draft(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        charter = await self.editing.discard(actor_of(interaction), draft_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render_editing.manage_card(charter, reply.translator))

    async def _draw_norms(self, effect: PlannedEffect) -> Card:
        announcement = await self.service.announcement(effect.guild_id, int(effect.arguments["version"]))
        if announcement is None:
            raise Obsolete(N_("there is no such version of the norms"))
        config = await self.bot.core.configs.guild(effect.guild_id)
        return render.norms_post(announcement, self.bot.translations.for_locale(config.locale))


def _result_card(result: Proposal | Saved, t: Translator) -> Card:
    if isinstance(result, Saved):
        return render_editing.saved_card(result, t)
    return render_editing.proposal_card(result, t)


def _is_private(interaction: discord.Interaction[Any]) -> bool:
    return interaction.message is not None and interaction.message.flags.ephemeral


def _chosen(interaction: discord.Interaction[Any]) -> str:
    values = cast("dict[str, Any]", interaction.data or {}).get("values", [])
    return str(values[0]) if values else ""
