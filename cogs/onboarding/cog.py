"""Receives Discord's events and controls for onboarding and defers to the services."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.cards import Item
from bot.error_replies import report_error
from bot.features import Feature
from bot.groups import HelpLine
from bot.i18n import N_
from bot.interactions import actor_of
from bot.profiles import Level
from bot.replies import reply_to
from cogs.onboarding import render
from cogs.onboarding.catch_up import CatchUp
from cogs.onboarding.config import ReminderPart
from cogs.onboarding.definition import Detector
from cogs.onboarding.detectors import Detectors
from cogs.onboarding.drawing import Drawing
from cogs.onboarding.events import harmless_roles
from cogs.onboarding.model import (
    AREA,
    CONTRIBUTIONS,
    COUNTABLE,
    GREETING_RENDERER,
    NUDGE_RENDERER,
    PROGRESS_RENDERER,
    WIN_RENDERER,
    OnboardingSettings,
    Quest,
)
from cogs.onboarding.service import OnboardingService
from cogs.onboarding.setup_pages import RETURN_PAGE, SETUP_PAGE, WAIT_CONTROL, reminder_items
from storage.onboarding import OnboardingSettingsRow

log = logging.getLogger(__name__)

HELP = (
    HelpLine(N_("I am new: show me a first step"), "/start", control=render.START, rank=1),
    HelpLine(N_("See my quests and what comes next"), "/quest status"),
)
FEATURE = Feature(AREA, N_("Newcomers and quests"))


class OnboardingCog(commands.Cog):
    """Newcomers and quests."""

    quest = app_commands.Group(name="quest", description="Your quests", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = OnboardingService(bot.core)
        self._quests = self.service.quests
        self._drawing = Drawing(bot, self.service)
        self._catch_up = CatchUp(self.service, bot.core)
        self._detectors = Detectors(bot, self.service)
        self._return_page = replace(RETURN_PAGE, body=self._reminder)
        self._config = ReminderPart(bot.core, self.service.nudges)
        self._greeting: dict[int, asyncio.Task[None]] = {}
        self._taking_up: set[asyncio.Task[None]] = set()
        self._switched_off: set[int] = set()
        self._is_loaded = False
        self._controls = {
            render.START: self._start,
            render.OPEN: self._open,
            render.BEGIN: self._begin,
            render.WRITE_GOAL: self._ask_goal,
            render.SET_GOAL: self._set_goal,
            render.ASK: self._ask_answer,
            render.ANSWER: self._answer,
            render.READ: self._read,
            render.CHECK: self._check,
            render.SKIP: self._skip,
            render.RESTART: self._ask_restart_of_first,
            render.ASK_RESTART: self._ask_restart,
            render.CONFIRM_RESTART: self._restart,
            render.SHARE: self._share,
            WAIT_CONTROL: self._set_wait,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(OnboardingSettings, OnboardingSettingsRow)
        self.service.register()
        bot.core.features.describe(FEATURE)
        bot.config_card.parts.add(self._config)
        for kind, title in COUNTABLE.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(*CONTRIBUTIONS)
        bot.renderers.register(GREETING_RENDERER, self._drawing.greeting, what=N_("greeting a newcomer"))
        bot.renderers.register(PROGRESS_RENDERER, self._drawing.progress, what=N_("answering a hello"))
        bot.renderers.register(WIN_RENDERER, self._drawing.win, what=N_("announcing a win"))
        bot.renderers.register(NUDGE_RENDERER, self._drawing.nudge, what=N_("reminding somebody of a quest"))
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.listeners.to_messages(self._detectors.on_message)
        bot.listeners.to_commands(self._detectors.command_used)
        bot.groups.list_help(*HELP)
        bot.setup_card.add(SETUP_PAGE)
        bot.setup_card.add(self._return_page)
        self._is_loaded = True
        bot.core.db.after_commit(self._after_commit)
        bot.core.crowding.on_end(self._flood_is_over)
        await self.service.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        self.service.unregister()
        bot.core.features.forget(FEATURE.name)
        bot.config_card.parts.remove(self._config)
        bot.core.ledger.unname(*COUNTABLE)
        bot.core.ledger.contribute_no_more(*CONTRIBUTIONS)
        bot.renderers.unregister(GREETING_RENDERER, PROGRESS_RENDERER, WIN_RENDERER, NUDGE_RENDERER)
        bot.components.unregister(*self._controls)
        bot.listeners.no_more_to_messages(self._detectors.on_message)
        bot.listeners.no_more_to_commands(self._detectors.command_used)
        bot.groups.forget_help(*HELP)
        bot.setup_card.remove(SETUP_PAGE)
        bot.setup_card.remove(self._return_page)
        self._is_loaded = False
        bot.core.crowding.stop_telling(self._flood_is_over)
        for task in (*self._greeting.values(), *self._taking_up):
            task.cancel()

    # ------------------------------------------------------------------------------------------ commands

    @app_commands.command(description="Start your first quest, or go on with it")
    @app_commands.guild_only()
    async def start(self, interaction: discord.Interaction[Any]) -> None:
        await self._start(interaction, None)

    @quest.command(name="status", description="Your quests, how far you are, and what is next")
    async def quest_status(self, interaction: discord.Interaction[Any]) -> None:
        mine = await self._quests.status(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show(render.status_card(mine, reply.translator))

    @quest.command(name="skip", description="Skip the step that comes next")
    async def quest_skip(self, interaction: discord.Interaction[Any]) -> None:
        actor = actor_of(interaction)
        await self._show(interaction, await self._quests.skip(actor, await self._quests.present(actor)))

    @quest.command(name="restart", description="Begin a quest anew")
    async def quest_restart(self, interaction: discord.Interaction[Any]) -> None:
        await self._ask_restart(interaction, await self._quests.present(actor_of(interaction)))

    # ------------------------------------------------------------------------------------------ events

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        # Not awaited by discord.py in order, and it may take a while in a large community.
        for guild in self.bot.guilds:
            await self._greet_late(guild.id)
        await self._catch_up.take_up_all(self.bot.guilds)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._catch_up.take_up_all([guild])

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
        await self._detectors.roles_changed(before, after)

    @commands.Cog.listener()
    async def on_raw_member_remove(self, payload: discord.RawMemberRemoveEvent) -> None:
        # Discord does not say which roles they had; a member who was not in the cache leaves none behind.
        known = payload.user if isinstance(payload.user, discord.Member) else None
        role_ids = [role.id for role in known.roles] if known is not None else None
        await self.service.leave(payload.guild_id, payload.user.id, role_ids)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        await self._detectors.reaction_added(payload)

    @commands.Cog.listener()
    async def on_thread_member_join(self, member: discord.ThreadMember) -> None:
        await self._detectors.thread_joined(member)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self.service.lose_target(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self.service.lose_target(role.guild.id, role.id)

    def _after_commit(self, marks: frozenset[str]) -> None:
        """A choice of /setup start has changed: newcomers may wait for a welcome channel, or for the feature."""
        for mark in marks:
            if mark.startswith("config:") and self._is_loaded:
                guild_id = int(mark.removeprefix("config:"))
                task = asyncio.get_running_loop().create_task(self._greet_late(guild_id), name="greet late")
                self._greeting[guild_id] = task

    async def _greet_late(self, guild_id: int) -> None:
        # After every callback of the commit, so that the new choice is what is read.
        await asyncio.sleep(0)
        try:
            if not await self._is_on(guild_id):
                self._switched_off.add(guild_id)
                return
            if guild_id in self._switched_off:
                self._switched_off.discard(guild_id)
                await self._go_on(guild_id)
            await self.service.greet_late(guild_id)
        except Exception as error:  # noqa: BLE001 - nobody waits for this task; the next start tries again
            report_error(error, f"greeting late in guild={guild_id}")

    async def _flood_is_over(self, guild_id: int) -> None:
        guild = self.bot.get_guild(guild_id)
        if guild is not None and not guild.unavailable and self.bot.intents.members:
            self._taking_up.add(task := asyncio.create_task(self._greet_after(guild), name="after a flood"))
            task.add_done_callback(self._taking_up.discard)

    async def _greet_after(self, guild: discord.Guild) -> None:
        try:
            await self._catch_up.take_up_all([guild])
            if await self._is_on(guild.id):
                await self.service.greet_held(guild.id)
        except Exception as error:  # noqa: BLE001 - nobody waits for this task; the next start tries again
            report_error(error, f"greeting after a flood in guild={guild.id}")

    async def _go_on(self, guild_id: int) -> None:
        """The feature was switched on again: who came, left or did a step meanwhile is as after a spell away."""
        await self.service.nudges.wait_anew(guild_id)
        guild = self.bot.get_guild(guild_id)
        if guild is not None:
            await self._catch_up.take_up_all([guild])

    async def _arrive(self, member: discord.Member) -> None:
        # In a flood nobody is greeted: who is still here when it is over is taken up then.
        if self.bot.core.crowding.is_on(member.guild.id):
            return
        if not member.bot and await self._is_on(member.guild.id):
            await self.service.arrive(
                member.guild.id,
                member.id,
                joined_at=member.joined_at,
                pending=member.pending,
                harmless_role_ids=harmless_roles(member.guild),
            )

    async def _reminder(self, guild_id: int, t: render.Translator) -> tuple[Item, ...]:
        return reminder_items((await self.service.settings(guild_id)).nudge_after_hours, t)

    async def _set_wait(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        await self.service.nudges.set_wait(actor_of(interaction), int(values[0]) if values else 0)
        await self.bot.setup_card.redraw(interaction, self._return_page)

    async def _is_on(self, guild_id: int) -> bool:
        """Departures and losses are written down all the same: what was switched off goes on from the truth."""
        return await self.bot.core.features.is_on(guild_id, FEATURE.name)

    # ------------------------------------------------------------------------------------------ controls

    async def _start(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, await self._quests.start(actor_of(interaction)))

    async def _open(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        await self._show(interaction, await self._quests.open(actor_of(interaction), quest_id))

    async def _begin(self, interaction: discord.Interaction[Any], version_id: int | None) -> None:
        await self._show(interaction, await self._quests.begin(actor_of(interaction), version_id or 0))

    async def _check(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = render.read_code(code)
        quest = await self._quests.open(actor_of(interaction), quest_id)
        await self._show(interaction, quest, looked_for=number)

    async def _skip(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = render.read_code(code)
        await self._show(interaction, await self._quests.skip(actor_of(interaction), quest_id, number))

    async def _read(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = render.read_code(code)
        await self._show(interaction, await self._quests.read(actor_of(interaction), quest_id or 0, number))

    async def _ask_answer(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = render.read_code(code)
        quest = await self._quests.open(actor_of(interaction), quest_id)
        step = quest.definition.numbered(number)
        if step is None or step.detector is not Detector.FORM or not quest.progress.is_open(step.key):
            await self._show(interaction, quest)
            return
        reply = reply_to(interaction)
        await reply.ask(render.answer_form(quest, step, reply.translator))

    async def _answer(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, number = render.read_code(code)
        text = str(form_answers(interaction).get("answer") or "")
        quest = await self._quests.answer(actor_of(interaction), quest_id or 0, number, text)
        await self._show(interaction, quest)

    async def _ask_restart_of_first(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._ask_restart(interaction, None)

    async def _ask_restart(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        quest = await self._quests.open(actor_of(interaction), quest_id)
        await self._draw(interaction, render.restart_card(quest, reply_to(interaction).translator))

    async def _restart(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        quest_id, run = render.read_code(code)
        await self._show(interaction, await self._quests.restart(actor_of(interaction), quest_id, run))

    async def _share(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        await self._show(interaction, await self._quests.share_win(actor_of(interaction), quest_id or 0))

    async def _ask_goal(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        quest = await self._quests.open(actor_of(interaction), quest_id)
        reply = reply_to(interaction)
        await reply.ask(render.goal_form(quest, reply.translator))

    async def _set_goal(self, interaction: discord.Interaction[Any], quest_id: int | None) -> None:
        answers = form_answers(interaction)
        level = answers.get("level")
        quest = await self._quests.set_goal(
            actor_of(interaction),
            str(answers.get("goal") or ""),
            level=Level(level) if level in set(Level) else None,
            share_win=bool(answers["share"]) if "share" in answers else None,
            quest_id=quest_id,
        )
        await self._show(interaction, quest)

    async def _show(
        self, interaction: discord.Interaction[Any], quest: Quest, *, looked_for: int | None = None
    ) -> None:
        card = render.quest_card(quest, reply_to(interaction).translator, looked_for=looked_for)
        await self._draw(interaction, card)

    async def _draw(self, interaction: discord.Interaction[Any], card: render.Card) -> None:
        """Draw on the member's own private card if that is where the press came from, else on a new one."""
        reply = reply_to(interaction)
        message = interaction.message
        if message is not None and message.flags.ephemeral:
            await reply.replace(card)
        else:
            await reply.show(card)
