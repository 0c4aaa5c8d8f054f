"""Receives /me card, the member menu and their controls; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.errors import MissingBotPermission
from bot.features import Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, may_write
from bot.replies import reply_to
from cogs.card import render
from cogs.card.service import CardService

AREA = "card"
MENU = N_("View card")
HELP = HelpLine(
    N_("See my card, and who sees what of it"), "/me card", control=render.OPEN, rank=8, topic=Topic.YOU
)


class CardCog(commands.Cog):
    """Members' cards."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = CardService(bot.core)
        self._menu = app_commands.ContextMenu(name=MENU, callback=self._view)
        self._controls = {
            render.OPEN: self._open,
            render.ASK: self._ask,
            render.SAVE: self._save,
            render.PREVIEW: self._preview,
            render.SHOW: self._show_here,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.tree.add_command(self._menu)
        card = plain_command("card", "What you did here, and who may see it", self._command)
        bot.groups.attach(bot.groups.me, card, HELP)
        bot.core.features.describe(Feature(AREA, N_("Members' cards")))

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.components.unregister(*self._controls)
        bot.tree.remove_command(self._menu.name, type=self._menu.type)
        bot.groups.detach(bot.groups.me, "card", HELP)
        bot.core.features.forget(AREA)

    async def _command(self, interaction: discord.Interaction[Any]) -> None:
        await self._open(interaction, None)

    async def _view(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        """The member menu: one's own card, or what somebody shows."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        t = reply.translator
        card = await self.service.view(actor, member.id, t, is_bot=member.bot)
        await reply.show(render.own_card(card, t) if card.is_own else render.shown_card(card, t))

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show_own(interaction)

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        card = await self.service.own(actor, reply.translator)
        if card.lines:
            await reply.ask(render.choose_form(card.lines, reply.translator))
        else:
            await reply.show_privately(render.nothing_card(reply.translator))

    async def _save(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        answers: dict[str, list[str]] = {
            name: ticked or [] for name, ticked in form_answers(interaction).items()
        }
        card = await self.service.own(actor, reply.translator)
        ticked = {
            kind: [key for name, keys in answers.items() if name.startswith(kind) for key in keys]
            for kind in (render.MEMBERS, render.EVERYWHERE)
        }
        offered = [line.key for line in card.lines[: render.LINES_A_FORM]]
        await self.service.choose(actor, ticked[render.MEMBERS], ticked[render.EVERYWHERE], offered)
        await self._show_own(interaction, said_first=reply.translator("Saved."))

    async def _preview(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        card = await self.service.shown(actor.guild_id, actor.member_id, reply.translator)
        await reply.show_privately(render.shown_card(card, reply.translator, back=True))

    async def _show_here(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        if not may_write(interaction):
            raise MissingBotPermission("I may not write in this channel. Show your card in another one.")
        # What stands in a channel is in the community's language.
        config = await self.bot.core.configs.guild(actor.guild_id)
        t = self.bot.translations.for_locale(config.locale)
        card = await self.service.shown(actor.guild_id, actor.member_id, t, in_channel=True)
        if not card.lines:
            await reply.show_privately(render.nothing_to_show_card(reply.translator))
            return
        await reply.show_privately(render.shown_here_card(reply.translator))
        posted = await reply.post(render.shown_card(card, t))
        await self.service.note_shown(actor, posted, [line.key for line in card.lines])

    async def _show_own(
        self, interaction: discord.Interaction[Any], *, said_first: str | None = None
    ) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        card = await self.service.own(actor, reply.translator)
        await reply.show_privately(render.own_card(card, reply.translator, said_first=said_first))
