"""Receives the message menu, commands and controls of show-and-tell; loads and unloads the feature."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card
from bot.components import Handler
from bot.discord_trouble import not_answering
from bot.dispatcher import Obsolete, PlannedEffect, Unreachable
from bot.errors import InvalidInput, NotAllowed
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, who_of
from bot.outbox import EffectKind
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.text import clean
from cogs.showcase import model, render, rules
from cogs.showcase.config import ShowcasePart
from cogs.showcase.digests import Digests
from cogs.showcase.model import AREA, Found, ShowcaseSettings
from cogs.showcase.reading import Reader
from cogs.showcase.rules import State
from cogs.showcase.service import ShowcaseService
from storage.showcase import ShowcaseSettingsRow

STAFF_HELP = HelpLine(
    N_("Choose when and where show-and-tell is posted"), "/manage showcase", Capability.FACILITATE
)
PAGE = Page(
    9,
    N_("Show-and-tell"),
    ShowcaseSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Show-and-tell channel"),
            N_("Where what people have put forward is posted once a week."),
            suggested=N_("show-and-tell"),
            topic=N_(
                "What we made this week. Add yours from your message's menu: Apps, Add to show-and-tell."
            ),
        ),
    ),
    in_steps=False,
)


class ShowcaseCog(commands.Cog):
    """Show-and-tell."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.digests = Digests(bot.core)
        self.service = ShowcaseService(bot.core, self.digests)
        self._reader = Reader(bot)
        self._config = ShowcasePart(bot.core, self.digests)
        self._menu = app_commands.ContextMenu(name=model.MENU, callback=self._point_at)
        self._controls: dict[str, Handler] = {
            render.ADD_FORM: self._add,
            render.TITLE: self._ask_title,
            render.TITLE_FORM: self._retitle,
            render.WITHDRAW: self._withdraw,
            render.ASK_SURE: self._ask,
            render.YES: self._ask_yes,
            render.YES_FORM: self._agree,
            render.NO: self._decline,
            render.NEVER: self._never,
            render.AGAIN: self._again,
            render.PLACE: self._set_place,
            render.WHEN: self._ask_when,
            render.WHEN_FORM: self._set_when,
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(ShowcaseSettings, ShowcaseSettingsRow)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.jobs.register(model.DIGEST_JOB, self.digests.due)
        bot.core.notifier.register(model.ASK_KIND)
        remedy = N_("Choose another channel with `/manage showcase`.")
        bot.renderers.register(
            model.DIGEST_RENDERER, self._draw_digest, what=N_("posting show-and-tell"), if_channel_gone=remedy
        )
        bot.renderers.register(
            model.ASK_RENDERER, self._draw_ask, what=N_("asking a member about show-and-tell")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        bot.core.erasure.redraw_with(self.service.redraw_all)
        bot.tree.add_command(self._menu)
        desk = plain_command("showcase", "When and where show-and-tell is posted", self._open_desk)
        bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
        bot.core.features.describe(Feature(AREA, N_("Show-and-tell")))
        await self.service.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.core.jobs.unregister(model.DIGEST_JOB)
        bot.core.notifier.unregister(model.ASK_KIND.name)
        bot.renderers.unregister(model.DIGEST_RENDERER, model.ASK_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        bot.core.erasure.stop_redrawing(self.service.redraw_all)
        bot.tree.remove_command(self._menu.name, type=self._menu.type)
        bot.groups.detach(bot.groups.manage, "showcase", STAFF_HELP)
        bot.core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ adding

    async def _point_at(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """The message menu: one's own is added, another's author is asked."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        found = _found(message)
        entry = await self.service.look(actor, found)
        await self._check_place(actor.guild_id, found.channel_id)
        t = reply.translator
        if found.author_id != actor.member_id:
            rules.check_ask(entry.state if entry is not None else None)
            await reply.show(render.sure_card(found.message_id, found.author_id, t))
        elif entry is not None and entry.state in (State.WAITING, State.POSTED):
            await reply.show(render.entry_card(entry, t))
        else:
            # Discord hands the text of this one message over; the author decides what of it becomes the title.
            await reply.ask(render.add_form(message.id, rules.first_line(clean(message.content)), t))

    async def _add(self, interaction: discord.Interaction[Any], message_id: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        found = await self._message(actor.guild_id, interaction.channel_id or 0, message_id or 0)
        entry = await self.service.add(actor, found, str(form_answers(interaction).get("title") or ""))
        next_at = await self.digests.next_at(actor.guild_id)
        await reply.show(render.entry_card(entry, reply.translator, next_at=next_at))

    async def _ask(self, interaction: discord.Interaction[Any], message_id: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        found = await self._message(actor.guild_id, interaction.channel_id or 0, message_id or 0)
        entry = await self.service.ask(actor, found)
        await reply.replace(render.asked_card(entry, reply.translator))

    # ------------------------------------------------------------------------------------------ the author's answer

    async def _ask_yes(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        entry = await self.service.asked(who_of(interaction), entry_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.yes_form(entry, reply.translator))

    async def _agree(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        who, reply = who_of(interaction), reply_to(interaction)
        entry = await self.service.asked(who, entry_id or 0)
        await self._message(entry.guild_id, entry.channel_id, entry.message_id)
        title = str(form_answers(interaction).get("title") or "")
        entry = await self.service.say_yes(who, entry.id, title)
        await reply.replace(render.agreed_card(entry, reply.translator))

    async def _decline(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        await self.service.say_no(who_of(interaction), entry_id or 0, never=False)
        reply = reply_to(interaction)
        await reply.replace(render.declined_card(reply.translator))

    async def _never(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        await self.service.say_no(who_of(interaction), entry_id or 0, never=True)
        reply = reply_to(interaction)
        await reply.replace(render.never_card(entry_id or 0, reply.translator))

    async def _again(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        entry = await self.service.own(who_of(interaction), entry_id or 0)
        await self.service.ask_me_again(entry.guild_id, entry.member_id)
        reply = reply_to(interaction)
        await reply.replace(render.again_card(reply.translator))

    # ------------------------------------------------------------------------------------------ one's own

    async def _ask_title(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        entry = await self.service.own(who_of(interaction), entry_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.title_form(entry, reply.translator))

    async def _retitle(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        title = str(form_answers(interaction).get("title") or "")
        entry = await self.service.retitle(who_of(interaction), entry_id or 0, title)
        reply = reply_to(interaction)
        await reply.show_privately(render.entry_card(entry, reply.translator))

    async def _withdraw(self, interaction: discord.Interaction[Any], entry_id: int | None) -> None:
        entry = await self.service.withdraw(who_of(interaction), entry_id or 0)
        reply = reply_to(interaction)
        await reply.replace(render.entry_card(entry, reply.translator))

    # ------------------------------------------------------------------------------------------ facilitators

    async def _open_desk(self, interaction: discord.Interaction[Any]) -> None:
        desk = await self.digests.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.desk_card(desk, reply.translator))

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        chosen = int(values[0]) if values else None
        await self.digests.choose_channel(actor_of(interaction), chosen)
        await self._open_desk(interaction)

    async def _ask_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        desk = await self.digests.desk(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render.when_form(desk, reply.translator))

    async def _set_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        day = str(typed.get("weekday") or "")
        if not day.isascii() or not day.isdigit():
            raise InvalidInput("Please choose a day of the week.")
        await self.digests.choose_time(actor_of(interaction), int(day[:2]), str(typed.get("time") or ""))
        await self._open_desk(interaction)

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, payload.message_ids)

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_digest(self, effect: PlannedEffect) -> Card:
        part = await self.digests.find(int(effect.arguments["digest_id"]), int(effect.arguments["part"]))
        if part is None:
            raise Obsolete(N_("the digest is not known any more"))
        shown: list[render.Shown] = []
        for entry in part.entries:
            if not await self._reader.may_be_shown(part.guild_id, entry.channel_id, part.channel_id):
                continue
            message = await self._reader.message(entry.channel_id, entry.message_id, part.guild_id)
            if message is None:
                continue
            people = entry.people
            if people is None:
                people = await self._reader.people(entry, message)
                # One by one: a try that Discord holds up too long must not begin at the beginning again.
                await self.service.note_people(part.guild_id, entry.id, people)
            words = entry.title or rules.first_line(clean(message.content))
            shown.append(render.Shown(entry, words, people))
        if not shown and effect.kind is EffectKind.POST:
            raise Obsolete(N_("nothing was left to show"))
        return render.digest_card(part, shown, await self.bot.renderers.translator(effect))

    async def _draw_ask(self, effect: PlannedEffect) -> Card:
        entry = await self.service.find(int(effect.arguments["entry_id"]))
        if entry is None or entry.state is not State.ASKED:
            raise Obsolete(N_("there is nothing to ask any more"))
        if not await self.bot.core.features.is_on(entry.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return render.ask_card(entry, await self.bot.renderers.translator(effect))

    # ------------------------------------------------------------------------------------------ shared

    async def _message(self, guild_id: int, channel_id: int, message_id: int) -> Found:
        """The message as it is now, if it may be shown. Raises `NotFound`, `NotAllowed`, `ServiceUnavailable`."""
        await self._check_place(guild_id, channel_id)
        try:
            message = await self._reader.message(channel_id, message_id, guild_id)
        except Unreachable as error:
            raise not_answering() from error
        if message is None:
            raise model.message_gone()
        return _found(message)

    async def _check_place(self, guild_id: int, channel_id: int) -> None:
        place = await self.service.place(guild_id)
        try:
            allowed = await self._reader.may_be_shown(guild_id, channel_id, place)
        except Unreachable as error:
            raise not_answering() from error
        if not allowed:
            raise NotAllowed(
                "Not everybody who reads show-and-tell may read this channel, so nothing from here is shown there. Post it in "
                "an open channel first, if you like."
            )


def _found(message: discord.Message) -> Found:
    by_bot = message.author.bot or message.webhook_id is not None or message.is_system()
    return Found(message.id, message.channel.id, message.author.id, by_bot)
