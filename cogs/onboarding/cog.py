"""Receives Discord's events and controls for onboarding and defers to the service."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.dispatcher import Obsolete, PlannedEffect
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.onboarding import render
from cogs.onboarding.catch_up import CatchUp
from cogs.onboarding.model import (
    COUNTABLE,
    GREETING_RENDERER,
    LEFT_SINCE,
    PROGRESS_RENDERER,
    WIN_RENDERER,
    OnboardingSettings,
    Quest,
)
from cogs.onboarding.rules import Greeting, Step, is_answer
from cogs.onboarding.service import OnboardingService
from storage.onboarding import OnboardingSettingsRow

log = logging.getLogger(__name__)

HELP = (
    HelpLine(N_("I am new: show me a first step"), "/start", control=render.START, rank=1),
    HelpLine(N_("See how far I am with my first quest"), "/quest status"),
)
SETUP_PAGE = Page(
    1,
    N_("Newcomers"),
    OnboardingSettings,
    (
        Choice("welcome_channel_id", "channel", N_("Welcome channel"), N_("Where newcomers are greeted.")),
        Choice(
            "introductions_channel_id",
            "channel",
            N_("Introductions channel"),
            N_("Where people say hello; two steps of the first quest happen here."),
        ),
        Choice(
            "wins_channel_id",
            "channel",
            N_("First wins channel"),
            N_("Where finished first quests are announced, of those who agreed."),
        ),
        Choice(
            "finished_role_id",
            "role",
            N_("Role for finishing"),
            N_("Given when the first quest is finished. It must stand below my own role."),
        ),
    ),
)


class OnboardingCog(commands.Cog):
    """Newcomers and the first quest."""

    quest = app_commands.Group(name="quest", description="Your first quest", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = OnboardingService(bot.core)
        self._catch_up = CatchUp(self.service, bot.core.erasure, bot.core.clock)

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        self.service.register()
        for kind, title in COUNTABLE.items():
            bot.core.ledger.name(kind, title)
        bot.renderers.register(GREETING_RENDERER, self._draw_greeting, what=N_("greeting a newcomer"))
        bot.renderers.register(PROGRESS_RENDERER, self._draw_progress, what=N_("answering a hello"))
        bot.renderers.register(WIN_RENDERER, self._draw_win, what=N_("announcing a first win"))
        bot.components.register(render.START, self._open)
        bot.components.register(render.WRITE_GOAL, self._ask_goal)
        bot.components.register(render.SET_GOAL, self._set_goal)
        bot.components.register(render.CHECK, self._check)
        bot.components.register(render.SKIP, self._skip)
        bot.components.register(render.RESTART, self._restart)
        bot.listen_to_messages(self._on_message)
        bot.groups.list_help(*HELP)
        bot.setup_card.add(SETUP_PAGE)
        await self.service.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        self.service.unregister()
        bot.core.ledger.unname(*COUNTABLE)
        bot.renderers.unregister(GREETING_RENDERER, PROGRESS_RENDERER, WIN_RENDERER)
        bot.components.unregister(
            render.START, render.WRITE_GOAL, render.SET_GOAL, render.CHECK, render.SKIP, render.RESTART
        )
        bot.stop_listening(self._on_message)
        bot.groups.forget_help(*HELP)
        bot.setup_card.remove(SETUP_PAGE)

    @app_commands.command(description="Start your first quest, or go on with it")
    @app_commands.guild_only()
    async def start(self, interaction: discord.Interaction[Any]) -> None:
        await self._open(interaction, None)

    @quest.command(name="status", description="How far you are, and what is next")
    async def quest_status(self, interaction: discord.Interaction[Any]) -> None:
        await self._open(interaction, None)

    @quest.command(name="skip", description="Leave out the step that comes next")
    async def quest_skip(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, await self.service.skip(actor_of(interaction)))

    @quest.command(name="restart", description="Begin your first quest anew")
    async def quest_restart(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, await self.service.restart(actor_of(interaction)))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        # Not awaited by discord.py in order, and it may take a while in a large community.
        await self._catch_up.take_up_all(self.bot.guilds)

    @commands.Cog.listener()
    async def on_disk_recovered(self) -> None:
        await self._catch_up.take_up_all(self.bot.guilds)

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        await self._arrive(member)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if before.pending and not after.pending:
            await self._arrive(after)

    @commands.Cog.listener()
    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        await self.service.leave(payload.guild_id, payload.user.id)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        if payload.guild_id is None or payload.member is None or payload.member.bot:
            return
        if not self.service.is_waiting(payload.guild_id, payload.user_id, Step.ANSWER):
            return
        settings = await self.service.settings(payload.guild_id)
        guild = self.bot.get_guild(payload.guild_id)
        author = guild.get_member(payload.message_author_id or 0) if guild is not None else None
        is_bot = payload.message_author_id == self._own_id or (author is not None and author.bot)
        if payload.channel_id == settings.introductions_channel_id and is_answer(
            reactor_id=payload.user_id, author_id=payload.message_author_id, author_is_bot=is_bot
        ):
            await self.service.note_answer(payload.guild_id, payload.user_id, message_id=payload.message_id)

    async def _on_message(self, message: discord.Message) -> None:
        assert message.guild is not None
        # "Ann joined the server" is a message by Ann, as far as Discord is concerned.
        if message.is_system() or not self.service.is_waiting(
            message.guild.id, message.author.id, Step.HELLO
        ):
            return
        settings = await self.service.settings(message.guild.id)
        if message.channel.id == settings.introductions_channel_id:
            await self.service.note_hello(message.guild.id, message.author.id, message_id=message.id)

    async def _arrive(self, member: discord.Member) -> None:
        if not member.bot:
            await self.service.arrive(
                member.guild.id,
                member.id,
                joined_at=member.joined_at,
                pending=member.pending,
            )

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self.service.open_quest(actor_of(interaction)))

    async def _check(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        quest = await self.service.open_quest(actor_of(interaction))
        await self._show(interaction, quest, looked_for=render.step_of(number))

    async def _skip(self, interaction: discord.Interaction[Any], number: int | None) -> None:
        quest = await self.service.skip(actor_of(interaction), render.step_of(number))
        await self._show(interaction, quest)

    async def _restart(self, interaction: discord.Interaction[Any], run: int | None) -> None:
        await self._show(interaction, await self.service.restart(actor_of(interaction), run))

    async def _ask_goal(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        quest = await self.service.open_quest(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.goal_form(quest, reply.translator))

    async def _set_goal(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        share = bool(answers["share"]) if "share" in answers else None
        quest = await self.service.set_goal(
            actor_of(interaction), str(answers.get("goal", "")), share_win=share
        )
        await self._show(interaction, quest)

    async def _show(
        self, interaction: discord.Interaction[Any], quest: Quest, *, looked_for: Step | None = None
    ) -> None:
        """Draw the quest on its own private card if that is where the press came from, else on a new one."""
        reply = reply_to(interaction)
        card = render.quest_card(quest, reply.translator, looked_for=looked_for)
        message = interaction.message
        if message is not None and message.flags.ephemeral:
            await reply.replace(card)
        else:
            await reply.show(card)

    # What waits for Discord while its channel is deleted or switched off is let go: staff hear of the loss once.

    async def _draw_greeting(self, effect: PlannedEffect) -> render.Card:
        quest = await self._quest_of(effect)
        if (await self.service.settings(quest.guild_id)).welcome_channel_id is None:
            raise Obsolete("there is no welcome channel any more")
        joined_at = datetime.fromisoformat(effect.arguments["joined_at"])
        if not await self.service.is_present_since(quest.guild_id, quest.member_id, joined_at):
            raise Obsolete(LEFT_SINCE)
        greeting = Greeting(effect.arguments["greeting"])
        return render.greeting_card(quest, greeting, await self._guild_translator(quest))

    async def _draw_progress(self, effect: PlannedEffect) -> render.Card:
        quest = await self._quest_of(effect)
        if quest.introductions_channel_id is None:
            raise Obsolete("there is no introductions channel any more")
        if quest.run != effect.arguments["run"]:
            raise Obsolete("the quest was begun anew since")
        return render.progress_card(quest, await self._guild_translator(quest))

    async def _draw_win(self, effect: PlannedEffect) -> render.Card:
        quest = await self._quest_of(effect)
        if quest.wins_channel_id is None:
            raise Obsolete("there is no first wins channel any more")
        if not quest.share_win:
            raise Obsolete("the member does not want it announced any more")
        return render.win_card(quest, await self._guild_translator(quest))

    async def _quest_of(self, effect: PlannedEffect) -> Quest:
        quest = await self.service.find_quest(int(effect.arguments["quest_id"]))
        if quest is None:
            raise Obsolete("the quest no longer exists")
        return quest

    async def _guild_translator(self, quest: Quest) -> render.Translator:
        config = await self.bot.core.configs.guild(quest.guild_id)
        return self.bot.translations.for_locale(config.locale)

    @property
    def _own_id(self) -> int | None:
        return self.bot.user.id if self.bot.user is not None else None
