"""Receives /mod automod, its controls and what AutoMod did, and defers to the service; loads and unloads the feature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import discord
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import AutomodDraft
from bot.components import Handler
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import InvalidInput, MissingBotPermission, ServiceUnavailable
from bot.features import Feature
from bot.groups import HelpLine, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_number, chosen_values
from bot.phrase_form import phrase_form
from bot.replies import reply_to
from bot.setup_permissions import MANAGE_GUILD
from bot.text import clean
from cogs.automod import render, rules
from cogs.automod.config import AutomodPart
from cogs.automod.model import AREA, RULE_KEY, RULE_RENDERER, Action, Ours, Theirs
from cogs.automod.rules import Folding, Kind, Preset, Rule
from cogs.automod.service import AutomodService

HELP = HelpLine(N_("AutoMod: what Discord itself keeps out"), "/mod automod", Capability.FACILITATE)
MOST_NAMES = 500

_Interaction = discord.Interaction[Any]


class AutomodCog(commands.Cog):
    """Rules of Discord's AutoMod."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = AutomodService(bot.core)
        self._config = AutomodPart(bot.core, self.service)
        self._folding = Folding()
        self._names: dict[int, str] = {}
        self._controls: dict[str, Handler] = {
            render.DESK: self._desk,
            render.OPEN: self._open,
            render.SHOW: self._show,
            render.NEW: self._ask_new,
            render.EDIT: self._ask_edit,
            render.EDIT_FORM: self._edit,
            render.ACTION: self._ask_action,
            render.ACTION_FORM: self._act,
            render.SWITCH: self._switch,
            render.DELETE: self._ask_delete,
            render.DELETE_SURE: self._delete,
            render.AGAIN: self._again,
            render.ALERT: self._alert,
            render.ALONE: self._alone,
            render.ALONE_ROLE: self._leave_role,
            render.ALONE_CHANNEL: self._leave_channel,
            render.TEST: self._ask_test,
            render.TEST_FORM: self._test,
            render.MAKE_FORM: self._make,
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        bot.renderers.register(RULE_RENDERER, self._draw_rule, what=N_("a rule of AutoMod"))
        core.outbox.on_end(RULE_KEY, self.service.ended)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.config_card.parts.add(self._config)
        command = plain_command("automod", "AutoMod: what Discord itself keeps out", self._command)
        bot.groups.attach(bot.groups.mod, command, HELP)
        hints = {MANAGE_GUILD: N_("to make rules of Discord's AutoMod")}
        core.features.describe(Feature(AREA, N_("Rules of Discord's AutoMod"), hints=hints))

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        bot.renderers.unregister(RULE_RENDERER)
        core.outbox.stop_telling(self.service.ended)
        bot.components.unregister(*self._controls)
        bot.config_card.parts.remove(self._config)
        bot.groups.detach(bot.groups.mod, "automod", HELP)
        core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ the desk

    async def _command(self, interaction: _Interaction) -> None:
        await self._desk(interaction, None)

    async def _desk(self, interaction: _Interaction, _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        await self.service.check(actor)
        desk = await self.service.desk(actor, await self._theirs(actor.guild_id))
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _open(self, interaction: _Interaction, _: int | None) -> None:
        await self._show(interaction, chosen_number(interaction))

    async def _show(self, interaction: _Interaction, rule_id: int | None) -> None:
        await self._shown(interaction, await self.service.look(actor_of(interaction), rule_id or 0))

    async def _ask_new(self, interaction: _Interaction, _: int | None) -> None:
        [value] = chosen_values(interaction, 1)
        await self.service.check(actor_of(interaction))
        if value not in set(Kind):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        reply = reply_to(interaction)
        await reply.ask(render.new_form(Kind(value), reply.translator))

    async def _make(self, interaction: _Interaction, number: int | None) -> None:
        actor, kinds = actor_of(interaction), tuple(Kind)
        await self.service.check(actor)
        if number is None or number >= len(kinds):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        rule = filled(Rule(kinds[number], ""), form_answers(interaction))
        ours = await self.service.make(actor, rule, await self._theirs(actor.guild_id))
        await self._shown(interaction, ours)

    async def _ask_edit(self, interaction: _Interaction, rule_id: int | None) -> None:
        ours = await self.service.look(actor_of(interaction), rule_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.edit_form(ours, reply.translator))

    async def _edit(self, interaction: _Interaction, rule_id: int | None) -> None:
        typed = form_answers(interaction)
        await self._change(interaction, rule_id, lambda rule: filled(rule, typed))

    async def _ask_action(self, interaction: _Interaction, rule_id: int | None) -> None:
        ours = await self.service.look(actor_of(interaction), rule_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.action_form(ours, reply.translator))

    async def _act(self, interaction: _Interaction, rule_id: int | None) -> None:
        typed = form_answers(interaction)

        def change(rule: Rule) -> Rule:
            if not rule.may_block:
                return rule
            return replace(
                rule,
                block=bool(typed.get("block")),
                message=clean(str(typed.get("message") or "")),
                timeout_minutes=rules.read_minutes(str(typed.get("minutes") or "")),
            )

        await self._change(interaction, rule_id, change)

    async def _switch(self, interaction: _Interaction, rule_id: int | None) -> None:
        await self._change(interaction, rule_id, lambda rule: replace(rule, enabled=not rule.enabled))

    async def _alert(self, interaction: _Interaction, rule_id: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        channel_id = chosen_number(interaction) if values else None
        await self._change(interaction, rule_id, lambda rule: replace(rule, alert_channel_id=channel_id))

    async def _ask_delete(self, interaction: _Interaction, rule_id: int | None) -> None:
        ours = await self.service.look(actor_of(interaction), rule_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.delete_card(ours, reply.translator))

    async def _delete(self, interaction: _Interaction, rule_id: int | None) -> None:
        await self.service.remove(actor_of(interaction), rule_id or 0)
        await self._desk(interaction, None)

    async def _again(self, interaction: _Interaction, rule_id: int | None) -> None:
        await self._shown(interaction, await self.service.again(actor_of(interaction), rule_id or 0))

    async def _alone(self, interaction: _Interaction, rule_id: int | None) -> None:
        ours = await self.service.look(actor_of(interaction), rule_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(ours, reply.translator))

    async def _leave_role(self, interaction: _Interaction, rule_id: int | None) -> None:
        chosen = chosen_number(interaction)
        ours = await self.service.edit(
            actor_of(interaction),
            rule_id or 0,
            lambda rule: replace(rule, exempt_roles=_toggled(rule.exempt_roles, chosen)),
        )
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(ours, reply.translator))

    async def _leave_channel(self, interaction: _Interaction, rule_id: int | None) -> None:
        chosen = chosen_number(interaction)
        ours = await self.service.edit(
            actor_of(interaction),
            rule_id or 0,
            lambda rule: replace(rule, exempt_channels=_toggled(rule.exempt_channels, chosen)),
        )
        reply = reply_to(interaction)
        await reply.show_privately(render.alone_card(ours, reply.translator))

    async def _ask_test(self, interaction: _Interaction, _: int | None) -> None:
        await self.service.check(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(phrase_form(render.TEST_FORM, reply.translator))

    async def _test(self, interaction: _Interaction, _: int | None) -> None:
        phrase = str(form_answers(interaction).get("phrase") or "")
        found = await self.service.test(actor_of(interaction), phrase)
        reply = reply_to(interaction)
        await reply.show_privately(render.tested_card(phrase, found, reply.translator))

    async def _change(
        self, interaction: _Interaction, rule_id: int | None, change: Callable[[Rule], Rule]
    ) -> None:
        await self._shown(interaction, await self.service.edit(actor_of(interaction), rule_id or 0, change))

    async def _shown(self, interaction: _Interaction, ours: Ours) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(render.rule_card(ours, reply.translator))

    async def _theirs(self, guild_id: int) -> tuple[Theirs, ...]:
        """Every rule that Discord has. Raises `MissingBotPermission`, `ServiceUnavailable`."""
        try:
            found = await self.bot.http.get_auto_moderation_rules(guild_id)
        except discord.Forbidden as error:
            raise MissingBotPermission(
                "I lack the permission Manage Server, without which Discord does not show me its rules. Give it to my role in Server Settings > Roles."
            ) from error
        except discord.HTTPException as error:
            raise ServiceUnavailable(
                "Discord did not tell me its rules. Please try again in a minute."
            ) from error
        theirs = tuple(
            Theirs(
                int(each["id"]),
                str(each["name"]),
                rules.kind_of(int(each["trigger_type"])),
                bool(each["enabled"]),
            )
            for each in found
        )
        for each in theirs:
            self._note_name(each.discord_id, each.name)
        return theirs

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_automod_rule_create(self, rule: discord.AutoModRule) -> None:
        self._note_name(rule.id, rule.name)

    @commands.Cog.listener()
    async def on_automod_rule_update(self, rule: discord.AutoModRule) -> None:
        self._note_name(rule.id, rule.name)

    @commands.Cog.listener()
    async def on_automod_action(self, done: discord.AutoModAction) -> None:
        """One of up to three reports of one message."""
        key = (done.guild_id, done.user_id, done.rule_id, done.channel_id or 0)
        if not self._folding.is_new(key, done.action.type.value):
            return
        if not await self.bot.core.features.is_on(done.guild_id, AREA):
            return
        if done.rule_id not in self._names:
            self._note_name(done.rule_id, await self.service.name_of(done.rule_id) or "")
        name = self._names.get(done.rule_id) or None
        t = await self.bot.languages.of_guild(done.guild_id)
        await self.service.act(
            Action(
                guild_id=done.guild_id,
                member_id=done.user_id,
                channel_id=done.channel_id,
                message_id=done.message_id,
                rule_id=done.rule_id,
                content=done.content,
                reason=render.reason(name, done.matched_keyword, t),
                flood=render.flood_words(t),
            )
        )

    def _note_name(self, rule_id: int, name: str) -> None:
        if len(self._names) < MOST_NAMES or rule_id in self._names:
            self._names[rule_id] = name

    async def _draw_rule(self, effect: PlannedEffect) -> AutomodDraft:
        draft = await self.service.draft(int(effect.arguments["rule_id"]))
        if draft is None:
            raise Obsolete(N_("the rule is not there any more"))
        return draft


def filled(rule: Rule, typed: Mapping[str, Any]) -> Rule:
    """The rule with what was typed in its form. What the form did not ask stays. Raises InvalidInput."""
    changes: dict[str, Any] = {}
    if "name" in typed:
        changes["name"] = " ".join(clean(str(typed["name"] or "")).split())
    for name, read in (
        ("words", rules.read_words),
        ("patterns", rules.read_lines),
        ("allowed", rules.read_words),
    ):
        if name in typed:
            changes[name] = read(clean(str(typed[name] or "")))
        elif f"{name}{render.ADDS}" in typed:
            more = read(clean(str(typed[f"{name}{render.ADDS}"] or "")))
            changes[name] = tuple(dict.fromkeys((*getattr(rule, name), *more)))
    if "presets" in typed:
        changes["presets"] = tuple(each for each in Preset if each.value in (typed["presets"] or []))
    if "mentions" in typed:
        changes["mention_limit"] = rules.read_mentions(str(typed["mentions"] or ""))
    if "raid" in typed:
        changes["raid_protection"] = bool(typed["raid"])
    return replace(rule, **changes)


def _toggled(ids: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(each for each in ids if each != one) if one in ids else (*ids, one)
