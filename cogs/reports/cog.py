"""Receives members' commands, menus and forms for reports and defers to the services; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Item
from bot.cases import Snippet
from bot.components import Handler
from bot.errors import InvalidInput, NotFound
from bot.features import Feature
from bot.groups import HelpLine, plain_command
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.members import ask_for_member
from bot.replies import reply_to
from bot.setup_card import Page
from cogs.reports import model, render, render_staff, rules
from cogs.reports.calling import Calling
from cogs.reports.config import ReportsPart
from cogs.reports.desk import Desk
from cogs.reports.drawing import Drawing
from cogs.reports.model import AREA, About, ReportSettings, Sending
from cogs.reports.reading import Reading
from cogs.reports.service import ReportService
from cogs.reports.staff import ReportStaff
from storage.reports import ReportSettingsRow

_Interaction = discord.Interaction[Any]
HELP = HelpLine(N_("Tell staff in private that something is wrong"), "/report", rank=8)
MINE_HELP = HelpLine(N_("See what became of what you reported"), "/me reports")
STAFF_HELP = HelpLine(N_("See the reports that wait"), "/mod reports", Capability.MODERATE, rank=11)


class ReportsCog(commands.Cog):
    """Reports to staff."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.calling = Calling(bot.core)
        self.service = ReportService(bot.core, self.calling)
        self.staff = ReportStaff(bot.core, self.calling)
        self._reading = Reading(bot, bot.core)
        self._drawing = Drawing(bot, self.service, self.staff)
        self._desk = Desk(bot.core, self.staff)
        self._config = ReportsPart(bot.core)
        self._page = Page(34, N_("Reports"), body=self._settings_items, in_steps=False)
        self._menus = (
            app_commands.ContextMenu(name=model.MESSAGE_MENU, callback=self._about_message),
            app_commands.ContextMenu(name=model.MEMBER_MENU, callback=self._about_member),
        )
        for menu in self._menus:
            menu.guild_only = True
        self._controls: dict[str, Handler] = {
            render.MESSAGE_FORM: self._send_message,
            render.MEMBER_FORM: self._send_member,
            render.FORM: self._send,
            render.MINE: self._own,
            render_staff.RULES: self._ask_rules,
            render_staff.RULES_FORM: self._set_rules,
            **self._desk.handlers(),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(ReportSettings, ReportSettingsRow)
        core.notifier.register(model.STATUS_KIND, model.status_line)
        core.notifier.register(model.WAITING_KIND)
        self.calling.add_jobs()
        for name, (draw, what) in self._drawing.renderers.items():
            bot.renderers.register(name, draw, what=what)
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        for menu in self._menus:
            bot.tree.add_command(menu)
        core.cases.on_open(self.staff.follow)
        core.cases.on_change(self.staff.follow)
        core.cases.evidence.redact_with(self.staff.redact)
        core.erasure.redraw_about_with(self.calling.forget)
        core.open_items.add(self.service.open_items, of_moderation=True)
        bot.setup_card.add(self._page)
        bot.config_card.parts.add(self._config)
        bot.groups.list_help(HELP)
        bot.groups.attach(
            bot.groups.me, plain_command("reports", "What became of what you reported", self._mine), MINE_HELP
        )
        bot.groups.attach(
            bot.groups.mod, plain_command("reports", "The reports that wait", self._desk.open), STAFF_HELP
        )
        core.features.describe(Feature(AREA, N_("Reports")))

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        for kind in model.KINDS:
            core.notifier.unregister(kind.name)
        self.calling.remove_jobs()
        bot.renderers.unregister(*self._drawing.renderers)
        bot.components.unregister(*self._controls)
        for menu in self._menus:
            bot.tree.remove_command(menu.name, type=menu.type)
        core.cases.stop_telling(self.staff.follow)
        core.cases.evidence.redact_no_more(self.staff.redact)
        core.erasure.stop_redrawing_about(self.calling.forget)
        core.open_items.remove(self.service.open_items)
        bot.setup_card.remove(self._page)
        bot.config_card.parts.remove(self._config)
        bot.groups.forget_help(HELP)
        bot.groups.detach(bot.groups.me, "reports", MINE_HELP)
        bot.groups.detach(bot.groups.mod, "reports", STAFF_HELP)
        core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ the forms

    @app_commands.command(description="Tell staff in private that something is wrong")
    @app_commands.guild_only()
    @app_commands.describe(member="Whom it is about; leave it out for a situation or something else")
    async def report(self, interaction: _Interaction, member: discord.User | None = None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        if member is None:
            await self.service.check(actor, rules.NOBODY, self._reading.own_id)
            await reply.ask(render.situation_form(reply.translator))
        else:
            await self._about_member(interaction, member)

    async def _about_member(self, interaction: _Interaction, member: discord.Member | discord.User) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        await self.service.check(actor, member.id, self._reading.own_id)
        await reply.ask(render.member_form(member.id, reply.translator))

    async def _about_message(self, interaction: _Interaction, message: discord.Message) -> None:
        """The message may be gone when the form is sent, so a copy is made now."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        about = await self._reading.remember(actor.member_id, message)
        await self.service.check(actor, about.member_id if about else rules.NOBODY, self._reading.own_id)
        await reply.ask(render.message_form(message.id, reply.translator))

    # ------------------------------------------------------------------------------------------ sending

    async def _send_message(self, interaction: _Interaction, message_id: int | None) -> None:
        actor = actor_of(interaction)
        message, about = await self._reading.recall(
            _member(interaction), interaction.channel_id or 0, message_id or 0
        )
        await self._send_about(interaction, about, message)
        self._reading.forget(actor.member_id, message_id or 0)

    async def _send_member(self, interaction: _Interaction, member_id: int | None) -> None:
        person = await _find_person(interaction, member_id or 0)
        message = await self._linked(interaction)
        if message is not None and message.author_id != person.id:
            raise InvalidInput(
                "That message is somebody else's. Link one that they wrote, or report it from its own menu."
            )
        await self._send_about(interaction, await self._reading.about(person), message)

    async def _send(self, interaction: _Interaction, _: int | None) -> None:
        place = rules.read_link(_typed(interaction, "link").strip())
        about, message = None, None
        if place is not None:
            message, about = await self._reading.recall(
                _member(interaction), place.channel_id, _in_here(interaction, place).message_id
            )
        await self._send_about(interaction, about, message)

    async def _linked(self, interaction: _Interaction) -> Snippet | None:
        place = rules.read_link(_typed(interaction, "link").strip())
        if place is None:
            return None
        place = _in_here(interaction, place)
        found, _ = await self._reading.recall(_member(interaction), place.channel_id, place.message_id)
        return found

    async def _send_about(
        self, interaction: _Interaction, about: About | None, message: Snippet | None
    ) -> None:
        sending = Sending(
            category=rules.read_category(_typed(interaction, "category")),
            words=_typed(interaction, "words"),
            bot_id=self._reading.own_id,
            about=about,
            message=message,
            joined_at=_member(interaction).joined_at,
        )
        receipt = await self.service.send(actor_of(interaction), sending)
        reply = reply_to(interaction)
        await reply.show(render.receipt_card(receipt, reply.translator))

    # ------------------------------------------------------------------------------------------ one's own

    async def _mine(self, interaction: _Interaction) -> None:
        await self._own(interaction, None)

    async def _own(self, interaction: _Interaction, _: int | None) -> None:
        own = await self.service.own(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.own_card(own, reply.translator))

    # ------------------------------------------------------------------------------------------ settings

    async def _settings_items(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        return render_staff.rules_items(await self.bot.core.configs.get(guild_id, ReportSettings), t)

    async def _ask_rules(self, interaction: _Interaction, _: int | None) -> None:
        settings = await self.staff.rules_for(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_staff.rules_form(settings, reply.translator))

    async def _set_rules(self, interaction: _Interaction, _: int | None) -> None:
        answers = form_answers(interaction)
        await self.staff.set_rules(
            actor_of(interaction),
            _typed(interaction, "text_days"),
            _typed(interaction, "an_hour"),
            answers.get("quiet") or [],
            names_shown=bool(answers.get("names")),
        )
        await self.bot.setup_card.redraw(interaction, self._page)


def _member(interaction: _Interaction) -> discord.Member:
    actor_of(interaction)  # refuses a DM
    assert isinstance(interaction.user, discord.Member)
    return interaction.user


def _typed(interaction: _Interaction, name: str) -> str:
    return str(form_answers(interaction).get(name) or "")


def _in_here(interaction: _Interaction, place: rules.Link) -> rules.Link:
    """Raises `InvalidInput` for a message of another server."""
    if place.guild_id != interaction.guild_id:
        raise InvalidInput("That message is in another server. Link one of this server, or none.")
    return place


async def _find_person(interaction: _Interaction, person_id: int) -> discord.Member | discord.User:
    """Also somebody who has left meanwhile. Raises `NotFound` for no account."""
    guild = _member(interaction).guild
    member = await ask_for_member(guild, person_id)
    if member is not None:
        return member
    try:
        return await interaction.client.fetch_user(person_id)
    except discord.NotFound as error:
        raise NotFound(
            "There is no such account any more. Use {command} without a name.", command="`/report`"
        ) from error
