"""Receives commands, menus and controls for kudos and defers to the services; loads and unloads the feature."""

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
from bot.dispatcher import Obsolete, PlannedEffect
from bot.error_replies import report_error
from bot.errors import InvalidInput, NotFound, UserError
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_number, chosen_values, who_of
from bot.member_card import CardLine
from bot.members import ask_for_member
from bot.message_reading import message_for
from bot.outbox import EffectKind
from bot.refusals import in_words
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from bot.text import clean
from cogs.kudos import model, render, rules
from cogs.kudos.config import KudosPart
from cogs.kudos.model import AREA, Kudos, KudosSettings
from cogs.kudos.reading import Reader
from cogs.kudos.service import KudosService
from cogs.kudos.staff import KudosStaff
from cogs.kudos.staff_controls import StaffControls
from storage.kudos import KudosSettingsRow

HELP = HelpLine(N_("Thank somebody, and say what for"), "/kudos give", rank=7, topic=Topic.THANKS)
WALL_HELP = HelpLine(N_("Read what people thanked each other for"), "/kudos wall", topic=Topic.THANKS)
STAFF_HELP = HelpLine(
    N_("Kudos: limits, patterns, and what is quoted"), "/manage kudos", Capability.FACILITATE
)
PAGE = Page(
    20,
    N_("Kudos"),
    KudosSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Kudos channel"),
            N_("Where kudos are posted. Without one they stand on the wall alone."),
            suggested=N_("kudos"),
            topic=N_("What we thank each other for. Give kudos from a message's menu: Apps, Give kudos."),
        ),
    ),
    in_steps=False,
)


class KudosCog(commands.Cog):
    """Thanks with a reason."""

    kudos = app_commands.Group(name="kudos", description="Thank somebody, and say what for", guild_only=True)

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = KudosService(bot.core)
        self.staff = KudosStaff(bot.core, self.service)
        self._desk = StaffControls(self.staff)
        self._reader = Reader(bot)
        self._config = KudosPart(bot.core)
        self._menus = (
            app_commands.ContextMenu(name=model.MENU, callback=self._for_message),
            app_commands.ContextMenu(name=model.MENU, callback=self._for_member),
        )
        self._controls: dict[str, Handler] = {
            render.GIVE_MESSAGE: self._give_for_message,
            render.GIVE_MEMBER: self._give_to_member,
            render.WALL_ALL: self._page_all,
            render.WALL_MINE: self._page_mine,
            render.WALL_GIVEN: self._page_given,
            render.WALL_QUOTED: self._page_quoted,
            render.VIEW: self._view,
            render.OPEN: self._open,
            render.TAKE_BACK: self._take_back,
            render.DECLINE: self._decline,
            render.ALLOW: self._allow,
            render.DISALLOW: self._disallow,
            **self._desk.handlers(),
        }

    async def cog_load(self) -> None:
        bot, core = self.bot, self.bot.core
        core.configs.register(KudosSettings, KudosSettingsRow)
        for kind, title in model.ACTS.items():
            core.ledger.name(kind, title)
        core.notifier.register(model.NOTE_KIND)
        remedy = N_("Choose another channel with `/setup start`.")
        bot.renderers.register(
            model.POST_RENDERER, self._draw_post, what=N_("posting kudos"), if_channel_gone=remedy
        )
        bot.renderers.register(model.NOTE_RENDERER, self._draw_note, what=N_("telling a member of kudos"))
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        for menu in self._menus:
            bot.tree.add_command(menu)
        core.member_cards.register(CardLine("kudos", N_("Kudos"), self.service.card_line, rank=40))
        core.erasure.redraw_with(self.service.redraw_all)
        bot.setup_card.add(PAGE)
        bot.config_card.parts.add(self._config)
        bot.groups.list_help(HELP, WALL_HELP)
        desk = plain_command("kudos", "Limits, patterns, and what is quoted", self._desk.open)
        bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
        core.features.describe(Feature(AREA, N_("Kudos")))
        await self.service.load()

    async def cog_unload(self) -> None:
        bot, core = self.bot, self.bot.core
        core.ledger.unname(*model.ACTS)
        core.notifier.unregister(model.NOTE_KIND.name)
        bot.renderers.unregister(model.POST_RENDERER, model.NOTE_RENDERER)
        bot.components.unregister(*self._controls)
        for menu in self._menus:
            bot.tree.remove_command(menu.name, type=menu.type)
        core.member_cards.unregister("kudos")
        core.erasure.stop_redrawing(self.service.redraw_all)
        bot.setup_card.remove(PAGE)
        bot.config_card.parts.remove(self._config)
        bot.groups.forget_help(HELP, WALL_HELP)
        bot.groups.detach(bot.groups.manage, "kudos", STAFF_HELP)
        core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ giving

    @kudos.command(name="give", description="Thank somebody for something they did")
    @app_commands.rename(what_for="what-for")
    @app_commands.describe(
        member="Whom you thank",
        what_for="What they did, and what it did for you",
        tags="Up to three tags, with commas between",
        link="A link to the message that it is about",
    )
    async def give(
        self,
        interaction: discord.Interaction[Any],
        member: discord.User,
        what_for: app_commands.Range[str, 1, rules.LONGEST_WORDS],
        tags: str = "",
        link: str = "",
    ) -> None:
        known = await self._tags(interaction)
        t = reply_to(interaction).translator
        titles = {t(each).casefold(): each for each in known}
        typed = [titles.get(each.strip().casefold(), each) for each in clean(tags).split(",")]
        await self._give(interaction, member, what_for, typed, link=link)

    @give.autocomplete("tags")
    async def _complete_tags(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        before, comma, last = typed.rpartition(",")
        t = self.bot.translations.for_locale(interaction.locale.value)
        start = f"{before}{comma} " if comma else ""
        found = [t(each) for each in await self._tags(interaction)]
        return [
            app_commands.Choice(name=f"{start}{each}"[:100], value=f"{start}{each}"[:100])
            for each in found
            if last.strip().casefold() in each.casefold()
        ]

    async def _for_message(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """The message menu: the form comes first, unless it is known already that they cannot be given."""
        actor, author, reply = actor_of(interaction), message.author, reply_to(interaction)
        by_bot = author.bot or message.webhook_id is not None or message.is_system()
        await self.service.check(actor, author.id, is_bot=by_bot)
        tags = await self._tags(interaction)
        await reply.ask(
            render.give_form(render.GIVE_MESSAGE, message.id, author.display_name, tags, reply.translator)
        )

    async def _for_member(self, interaction: discord.Interaction[Any], member: discord.Member) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        await self.service.check(actor, member.id, is_bot=member.bot)
        tags = await self._tags(interaction)
        await reply.ask(
            render.give_form(render.GIVE_MEMBER, member.id, member.display_name, tags, reply.translator)
        )

    async def _give_for_message(self, interaction: discord.Interaction[Any], message_id: int | None) -> None:
        giver = _member(interaction)
        words, tags, quotable, _ = await self._answers(interaction)
        try:
            message = await message_for(giver, interaction.channel_id or 0, message_id or 0)
            await self._give(interaction, message.author, words, tags, message=message, quotable=quotable)
        except UserError as error:
            await self._refuse(interaction, error, words)

    async def _give_to_member(self, interaction: discord.Interaction[Any], member_id: int | None) -> None:
        words, tags, quotable, link = await self._answers(interaction)
        try:
            receiver = await _find_member(interaction, member_id or 0)
            await self._give(interaction, receiver, words, tags, link=link, quotable=quotable)
        except UserError as error:
            await self._refuse(interaction, error, words)

    async def _give(
        self,
        interaction: discord.Interaction[Any],
        receiver: discord.User | discord.Member,
        words: str,
        tags: list[str],
        *,
        link: str = "",
        message: discord.Message | None = None,
        quotable: bool = False,
    ) -> None:
        actor, giver = actor_of(interaction), _member(interaction)
        await self.service.check(actor, receiver.id, is_bot=receiver.bot)
        place = rules.read_link(clean(link))
        if place is not None:
            if place.guild_id != actor.guild_id:
                raise InvalidInput("That message is in another server. Link one of this server, or none.")
            message = await message_for(giver, place.channel_id, place.message_id)
        if not isinstance(receiver, discord.Member):
            receiver = await _find_member(interaction, receiver.id)
        about = None
        if message is not None:
            about = await self._reader.about(giver.id, receiver.id, message)
        kudos = await self.service.give(
            actor, receiver.id, words, tags, is_bot=receiver.bot, about=about, quotable=quotable
        )
        reply = reply_to(interaction)
        await reply.show(render.given_card(kudos, reply.translator))

    async def _refuse(self, interaction: discord.Interaction[Any], error: UserError, words: str) -> None:
        """The refusal with what was typed in the form."""
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show(render.refused_card(in_words(error, t), words, t))

    async def _answers(self, interaction: discord.Interaction[Any]) -> tuple[str, list[str], bool, str]:
        """What was filled in: words, tags, whether it may be quoted, and a link."""
        answers = form_answers(interaction)
        known = await self._tags(interaction)
        chosen: list[str] = answers.get("tags") or []
        tags = [known[int(each)] for each in chosen if each.isdigit() and int(each) < len(known)]
        words, link = str(answers.get("words") or ""), str(answers.get("link") or "")
        return words, tags, bool(answers.get("quotable")), link

    async def _tags(self, interaction: discord.Interaction[Any]) -> tuple[str, ...]:
        return (await self.service.settings(interaction.guild_id or 0)).all_tags

    # ------------------------------------------------------------------------------------------ the wall

    @kudos.command(name="wall", description="What people thanked each other for, and what is yours")
    async def wall(self, interaction: discord.Interaction[Any]) -> None:
        await self._show_wall(interaction, "all", 0)

    async def _page_all(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        await self._show_wall(interaction, "all", page or 0)

    async def _page_mine(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        await self._show_wall(interaction, "mine", page or 0)

    async def _page_given(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        await self._show_wall(interaction, "given", page or 0)

    async def _page_quoted(self, interaction: discord.Interaction[Any], page: int | None) -> None:
        await self._show_wall(interaction, "quoted", page or 0)

    async def _view(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [view] = chosen_values(interaction, 1)
        await self._show_wall(interaction, view if view in render.PAGES else "all", 0)

    async def _show_wall(self, interaction: discord.Interaction[Any], whose: str, page: int) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        wall = await self.service.wall(actor, whose, page)
        await reply.show_privately(render.wall_card(wall, actor.member_id, reply.translator))

    # ------------------------------------------------------------------------------------------ one's own

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        kudos = await self.service.own(who_of(interaction), chosen_number(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.own_card(kudos, interaction.user.id, reply.translator))

    async def _take_back(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        kudos = await self.service.take_back(who_of(interaction), kudos_id or 0)
        reply = reply_to(interaction)
        is_in_dm = interaction.guild_id is None
        await reply.replace(render.ended_card(kudos, reply.translator, declined=False, is_in_dm=is_in_dm))

    async def _decline(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        kudos = await self.service.decline(who_of(interaction), kudos_id or 0)
        reply = reply_to(interaction)
        is_in_dm = interaction.guild_id is None
        await reply.replace(render.ended_card(kudos, reply.translator, declined=True, is_in_dm=is_in_dm))

    async def _allow(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        await self._quote(interaction, kudos_id or 0, allowed=True)

    async def _disallow(self, interaction: discord.Interaction[Any], kudos_id: int | None) -> None:
        await self._quote(interaction, kudos_id or 0, allowed=False)

    async def _quote(self, interaction: discord.Interaction[Any], kudos_id: int, *, allowed: bool) -> None:
        kudos = await self.service.allow_quoting(who_of(interaction), kudos_id, allowed=allowed)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("You allow quoting it.") if allowed else t("It is quoted nowhere any more.")
        card = render.own_card(
            kudos, interaction.user.id, t, said_first=f"**{said}**", is_in_dm=interaction.guild_id is None
        )
        await reply.replace(card)

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, payload.channel_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, payload.channel_id, payload.message_ids)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Discord does not repeat what was deleted while the bot was away, so the newest messages are looked for."""
        for guild in self.bot.guilds:
            try:
                await self._look_after(guild.id)
            except Exception as error:  # noqa: BLE001 - nobody waits for it; the next start looks again
                report_error(error, f"looking after kudos in guild={guild.id}")

    async def _look_after(self, guild_id: int) -> None:
        if not await self.bot.core.features.is_on(guild_id, AREA):
            return
        for channel_id, message_id in await self.service.list_to_look_after(guild_id):
            if await self._reader.is_deleted(channel_id, message_id, guild_id):
                await self.service.messages_deleted(guild_id, channel_id, [message_id])

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_post(self, effect: PlannedEffect) -> Card:
        kudos = await self._standing(effect)
        return render.post_card(kudos, await self.bot.renderers.translator(effect))

    async def _draw_note(self, effect: PlannedEffect) -> Card:
        kudos = await self._standing(effect)
        is_private = effect.kind is EffectKind.DIRECT_MESSAGE
        return render.note_card(kudos, await self.bot.renderers.translator(effect), is_private=is_private)

    async def _standing(self, effect: PlannedEffect) -> Kudos:
        kudos = await self.service.find(int(effect.arguments["kudos_id"]))
        if kudos is None or kudos.state is not rules.State.STANDING:
            raise Obsolete(N_("the kudos are not there any more"))
        if not await self.bot.core.features.is_on(kudos.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return kudos


def _member(interaction: discord.Interaction[Any]) -> discord.Member:
    assert isinstance(interaction.user, discord.Member)  # actor_of has seen to it
    return interaction.user


async def _find_member(interaction: discord.Interaction[Any], member_id: int) -> discord.Member:
    """Raises `NotFound` for who is not in the server."""
    guild = _member(interaction).guild
    member = await ask_for_member(guild, member_id)
    if member is None:
        raise NotFound("They are not in this server any more, so they could not read it.")
    return member
