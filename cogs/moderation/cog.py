"""Receives what happens in Discord about moderation and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card, Item
from bot.cases import CaseKind
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import Feature
from bot.groups import HelpLine
from bot.guards import SafetySettings
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.setup_permissions import (
    BAN_MEMBERS,
    KICK_MEMBERS,
    MANAGE_CHANNELS,
    MANAGE_MESSAGES,
    MODERATE_MEMBERS,
    VIEW_AUDIT_LOG,
)
from cogs.moderation import model, render, rules
from cogs.moderation import render_forms as forms
from cogs.moderation import render_staff as staff
from cogs.moderation.channels import ChannelService
from cogs.moderation.clearing import Clearing
from cogs.moderation.commands import Verbs
from cogs.moderation.config import ModerationPart
from cogs.moderation.desk import Desk
from cogs.moderation.following import Following
from cogs.moderation.model import AREA, ModerationSettings
from cogs.moderation.native import Native
from cogs.moderation.records import Records
from cogs.moderation.returning import Returning
from cogs.moderation.service import ModerationService
from cogs.moderation.setting import Setting
from cogs.moderation.watching import Watching, entry_of
from storage.moderation import ModerationSettingsRow

HELP = (
    HelpLine(N_("See what was done about a member, and act"), "/mod history", Capability.MODERATE, rank=10),
    HelpLine(N_("Look at a case, and put it right"), "/mod case", Capability.MODERATE, rank=13),
    HelpLine(N_("Keep a channel quiet for a while"), "/mod lock", Capability.MODERATE, rank=14),
)
PAGE = Page(
    30,
    N_("Moderation"),
    SafetySettings,
    (
        Choice(
            "log_channel_id",
            "channel",
            N_("Moderation log"),
            N_(
                "Where staff see every case, and what needs a second moderator. Without it, the staff channel."
            ),
            suggested=N_("moderation-log"),
            topic=N_("Every case, for staff alone. `/mod history` shows a member's."),
            private=True,
        ),
        Choice(
            "restrict_role_id",
            "role",
            N_("Role for restrictions"),
            N_(
                "Whoever is restricted gets it. You set in each channel's permissions what it takes away; the role "
                "itself can do nothing."
            ),
            suggested=N_("Restricted"),
        ),
    ),
    in_steps=False,
)
POWERS = {
    MODERATE_MEMBERS: N_("timeouts"),
    KICK_MEMBERS: N_("kicks"),
    BAN_MEMBERS: N_("bans"),
    MANAGE_MESSAGES: N_("clearing messages"),
    MANAGE_CHANNELS: N_("locks and slowmode"),
    VIEW_AUDIT_LOG: N_("seeing what is done by hand"),
}


class ModerationCog(commands.Cog):
    """Keeping people safe."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        core = bot.core
        self.service = ModerationService(core)
        self.records, self.setting = Records(core), Setting(core)
        self.channels, self.native, self.returning = ChannelService(core), Native(core), Returning(core)
        self.desk = Desk(core, self.service, self.records)
        self._following = Following(core)
        self._clearing = Clearing(self.channels, self.records)
        self._watching = Watching(bot, self.native, self.returning, self.channels)
        self._page = replace(PAGE, body=self._settings_items)
        self._config = ModerationPart(core)
        self._verbs: list[app_commands.Command[Any, ..., Any]] = []
        self._controls: dict[str, Handler] = {
            **self.desk.controls,
            **self._clearing.controls,
            forms.SETTINGS_ASK: self._ask_settings,
            forms.SETTINGS_FORM: self._save_settings,
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(ModerationSettings, ModerationSettingsRow)
        core.features.describe(Feature(AREA, N_("Moderation"), hints=POWERS))
        core.notifier.register(model.NOTICE_KIND)
        core.guards.register(
            model.PROPOSAL,
            self.service.confirmed,
            forms.proposed_text,
            Capability.MODERATE,
            ask=self.service.ask,
        )
        core.cases.panel = self.desk.open_panel
        self._following.listen()
        bot.renderers.register(model.CARD_RENDERER, self._draw_card, what=N_("a case in the moderation log"))
        bot.renderers.register(
            model.NOTICE_RENDERER, self._draw_notice, what=N_("telling a member what a moderator did")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(self._page)
        bot.config_card.parts.add(self._config)
        verbs = Verbs(self.desk, self.records, self.channels, self._clearing)
        self._verbs = [each for each in verbs.commands if isinstance(each, app_commands.Command)]
        for command in self._verbs:
            bot.groups.attach(bot.groups.mod, command)
        bot.groups.list_help(*HELP)
        await self.returning.load()

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        core.features.forget(AREA)
        core.notifier.unregister(model.NOTICE_KIND.name)
        core.guards.unregister(model.PROPOSAL)
        core.cases.panel = None
        self._following.stop()
        bot.renderers.unregister(model.CARD_RENDERER, model.NOTICE_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(self._page)
        bot.config_card.parts.remove(self._config)
        for command in self._verbs:
            bot.groups.detach(bot.groups.mod, command.name)
        bot.groups.forget_help(*HELP)

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_card(self, effect: PlannedEffect) -> Card:
        view = await self.records.find_view(effect.guild_id, int(effect.arguments["case"]))
        if view is None:
            raise Obsolete(N_("the case is not known any more"))
        return staff.log_card(view, await self.bot.renderers.translator(effect))

    async def _draw_notice(self, effect: PlannedEffect) -> Card:
        view = await self.records.find_view(effect.guild_id, int(effect.arguments["case"]))
        if view is None or view.case.kind not in model.TOLD:
            raise Obsolete(N_("the case is not known any more"))
        mine, _ = await self.setting.read(effect.guild_id)
        t = await self.bot.renderers.translator(effect)
        control = self.bot.core.cases.appeal_control
        if control is not None and not await self.bot.core.features.is_on(
            effect.guild_id, control.partition(":")[0]
        ):
            control = None
        contact = self.bot.settings.support.contact
        return render.notice_card(view.case, mine.appeal, contact, t, appeal_control=control)

    # ------------------------------------------------------------------------------------------ settings

    async def _settings_items(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        return forms.settings_items(*await self.setting.read(guild_id), t)

    async def _ask_settings(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        await self.bot.core.guards.require(actor, Capability.FACILITATE)
        reply = reply_to(interaction)
        await reply.ask(forms.settings_form(*await self.setting.read(actor.guild_id), reply.translator))

    async def _save_settings(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = {name: str(value or "") for name, value in form_answers(interaction).items()}
        await self.setting.save(actor_of(interaction), typed)
        await self.bot.setup_card.redraw(interaction, self._page)

    # ------------------------------------------------------------------------------------------ what happens

    @commands.Cog.listener()
    async def on_audit_log_entry_create(self, entry: discord.AuditLogEntry) -> None:
        """Somebody did something by hand, or we did."""
        assert self.bot.user is not None
        await self.native.seen(entry.guild.id, entry_of(entry), self.bot.user.id)

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        """What held about them holds again."""
        await self.returning.joined(member.guild.id, member.id, member.joined_at)

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """Somebody opened by hand what was locked."""
        role = after.guild.default_role
        allow, deny = (each.value for each in after.overwrites_for(role).pair())
        changed = before.overwrites_for(role) != after.overwrites_for(role)
        if changed and not rules.is_locked(allow, deny):
            await self.channels.opened_by_hand(after.guild.id, after.id, CaseKind.LOCK)
        was, now = getattr(before, "slowmode_delay", 0), getattr(after, "slowmode_delay", 0)
        if was != now:
            await self.channels.opened_by_hand(after.guild.id, after.id, CaseKind.SLOWMODE, int(now))

    @commands.Cog.listener()
    async def on_connect(self) -> None:
        """A new session: what happened in between is never told."""
        self.native.connected()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """What was done while nobody was looking."""
        for guild in self.bot.guilds:
            if not guild.unavailable:
                await self._watching.catch_up(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """The same of a server that is there again."""
        await self._watching.catch_up(guild)
