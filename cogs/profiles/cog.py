"""Receives commands and controls for profiles and defers to the service."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_values
from bot.member_card import CardLine
from bot.notification_settings import NotificationSettings
from bot.replies import reply_to
from cogs.profiles import render, rules
from cogs.profiles.config import SkillsPart
from cogs.profiles.service import (
    CHECKIN_JOB,
    CHECKIN_KIND,
    CHECKIN_RENDERER,
    Me,
    ProfilesService,
    SkillSettings,
)
from storage.skills import SkillSettingsRow

HELP = HelpLine(
    N_("Say what I want to learn and how"), "/me edit", control=render.EDIT_OPEN, rank=3, topic=Topic.YOU
)
STAFF_HELP = HelpLine(
    N_("Choose what members judge themselves by"), "/manage members skills", Capability.FACILITATE
)


class ProfilesCog(commands.Cog):
    """Members about themselves."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = ProfilesService(bot.core)
        self._config = SkillsPart(bot.core, self.service)
        self._places = NotificationSettings(bot.core)
        self._controls = {
            render.EDIT_OPEN: self._open,
            render.EDIT_ASK: self._ask,
            render.EDIT_SAVE: self._save,
            render.LANGUAGE_SET: self._set_language,
            render.SKILLS_SHOW: self._show_skills,
            render.SKILLS_ASK: self._ask_skills,
            render.SKILLS_SAVE: self._save_skills,
            render.STATEMENTS_SAVE: self._save_statements,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(SkillSettings, SkillSettingsRow)
        bot.config_card.parts.add(self._config)
        bot.core.member_cards.register(CardLine("goal", N_("Wants to learn"), self.service.card_line, rank=5))
        bot.core.notifier.register(CHECKIN_KIND)
        bot.core.jobs.register(CHECKIN_JOB, self.service.remind)
        bot.renderers.register(
            CHECKIN_RENDERER, self._draw_checkin, what=N_("asking a member how sure they feel now")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        edit = plain_command("edit", "What you have told me about you, and how to change it", self._command)
        bot.groups.attach(bot.groups.me, edit, HELP)
        members = app_commands.Group(name="members", description="What members are asked")
        members.add_command(
            plain_command("skills", "The five things members judge themselves by", self._ask_statements)
        )
        bot.groups.attach(bot.groups.manage, members, STAFF_HELP)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.notifier.unregister(CHECKIN_KIND.name)
        bot.config_card.parts.remove(self._config)
        bot.core.member_cards.unregister("goal")
        bot.core.jobs.unregister(CHECKIN_JOB)
        bot.renderers.unregister(CHECKIN_RENDERER)
        bot.components.unregister(*self._controls)
        bot.groups.detach(bot.groups.me, "edit", HELP)
        bot.groups.detach(bot.groups.manage, "members", STAFF_HELP)

    async def _command(self, interaction: discord.Interaction[Any]) -> None:
        await self._open(interaction, None)

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self._me(interaction))

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        me = await self._me(interaction)
        reply = reply_to(interaction)
        await reply.ask(render.me_form(me, reply.translator))

    async def _save(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        me = await self.service.save(
            actor_of(interaction),
            goal=str(answers.get("goal") or ""),
            level=answers.get("level"),
            hours=answers.get("hours"),
            languages=str(answers.get("languages") or ""),
            feedback=answers.get("feedback"),
        )
        await self._show(interaction, me)

    async def _set_language(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, [value] = actor_of(interaction), chosen_values(interaction, 1)
        language = None if value == render.AS_DISCORD else value
        if language is not None and language not in self.bot.translations.locales:
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        me = await self.service.set_language(actor, language)
        self.bot.languages.note(actor.guild_id, actor.member_id, language)
        await self._show(interaction, me)

    async def _show_skills(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        me = await self._me_of(interaction, row)
        reply = reply_to(interaction)
        await reply.show_privately(render.skills_card(me, reply.translator, row=row))

    async def _ask_skills(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        me = await self._me_of(interaction, row)
        reply = reply_to(interaction)
        if not rules.is_due(me.checkins, me.reach.now):
            await reply.show_privately(render.skills_card(me, reply.translator, row=row))
            return
        statements = await self.service.statements_for(me)
        await reply.ask(render.skills_form(statements, reply.translator, row=row))

    async def _save_skills(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        guild_id = await self._places.guild_of(interaction.guild_id, interaction.user.id, row)
        answers = form_answers(interaction)
        given = [answers.get(f"statement_{number}") for number in range(1, rules.STATEMENTS + 1)]
        channel_id = interaction.channel_id if interaction.guild_id is not None else None
        me = await self.service.check_in(guild_id, interaction.user.id, given, channel_id=channel_id)
        reply = reply_to(interaction)
        await reply.show_privately(render.skills_card(me, reply.translator, row=row))

    async def _ask_statements(self, interaction: discord.Interaction[Any]) -> None:
        settings = await self.service.statements(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.statements_form(settings, reply.translator))

    async def _save_statements(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        texts = [str(answers.get(f"statement_{number}") or "") for number in range(1, rules.STATEMENTS + 1)]
        settings = await self.service.set_statements(actor_of(interaction), texts)
        reply = reply_to(interaction)
        await reply.show(render.statements_card(settings, reply.translator))

    async def _draw_checkin(self, effect: PlannedEffect) -> Card:
        assert effect.member_id is not None
        me = await self.service.get(effect.guild_id, effect.member_id)
        if not me.checkins or not rules.is_due(me.checkins, me.reach.now):
            raise Obsolete(N_("the member has answered already"))
        t = await self.bot.renderers.translator(effect)
        return render.checkin_card(effect.member_id, int(effect.arguments["notification_id"]), t)

    async def _me(self, interaction: discord.Interaction[Any]) -> Me:
        actor = actor_of(interaction)
        return await self.service.get(actor.guild_id, actor.member_id)

    async def _me_of(self, interaction: discord.Interaction[Any], row: int | None) -> Me:
        """The same, also on a DM."""
        guild_id = await self._places.guild_of(interaction.guild_id, interaction.user.id, row)
        return await self.service.get(guild_id, interaction.user.id)

    async def _show(self, interaction: discord.Interaction[Any], me: Me) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(render.me_card(me, self.bot.translations.locales, reply.translator))
