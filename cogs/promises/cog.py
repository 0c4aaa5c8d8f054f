"""Receives commands and controls for promises and defers to the service; loads and unloads the feature."""

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
from bot.discord_trouble import TROUBLE
from bot.dispatcher import Obsolete, PlannedEffect, Unreachable
from bot.errors import MissingBotPermission, UserError
from bot.features import REASON_OFF, Feature
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_
from bot.interactions import actor_of, chosen_number, may_write, who_of
from bot.lost_places import Watch
from bot.outbox import EffectKind
from bot.refusals import in_words
from bot.replies import reply_to
from bot.setup_card import Choice, Page
from cogs.promises import model, render
from cogs.promises.model import AREA, Promise, PromiseSettings
from cogs.promises.rules import State
from cogs.promises.service import PromisesService
from storage.promises import PromiseSettingsRow, has_cheered

HELP = HelpLine(N_("Promise something, and be asked once how it went"), "/commit", topic=Topic.LEARN)
STAFF_HELP = HelpLine(N_("Look at promises, and take a card away"), "/manage promises", Capability.FACILITATE)
PAGE = Page(
    8,
    N_("Promises"),
    PromiseSettings,
    (
        Choice(
            "channel_id",
            "channel",
            N_("Promises channel"),
            N_("Where promises are posted. Without one each stands where it was made."),
            suggested=N_("promises"),
            topic=N_("What we have set out to do. Cheer each other on with `/commit`."),
        ),
    ),
    in_steps=False,
)


class PromisesCog(commands.Cog):
    """Promises and what becomes of them."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = PromisesService(bot.core)
        self._watch = Watch(self.service.channels, self.service.lose_channel)
        self._controls: dict[str, Handler] = {
            render.CHEER: self._cheer,
            render.DONE: self._done,
            render.PARTLY: self._partly,
            render.LET_GO: self._let_go,
            render.MOVE: self._ask_when,
            render.MOVE_FORM: self._move,
            render.ASK: self._ask,
            render.MAKE_FORM: self._make_from_form,
            render.LIST: self._list,
            render.OPEN: self._open,
            render.PICK: self._pick,
            render.WORDS: self._ask_words,
            render.WORDS_FORM: self._reword,
            render.TAKE_BACK: self._take_back,
            render.TAKE_AWAY: self._take_away,
            render.STAFF_LIST: self._staff_list_again,
            render.STAFF_PICK: self._staff_pick,
            render.STAFF_REMOVE: self._staff_ask,
            render.STAFF_FORM: self._staff_remove,
        }

    async def cog_load(self) -> None:
        bot, asking = self.bot, self.service.asking
        bot.core.configs.register(PromiseSettings, PromiseSettingsRow)
        bot.core.shared_ground.register("promises", has_cheered)
        for kind, title in model.ACTS.items():
            bot.core.ledger.name(kind, title)
        bot.core.ledger.contribute(model.CONTRIBUTION)
        bot.core.jobs.register(model.CHECK_JOB, asking.check_due)
        bot.core.jobs.register(model.CLOSE_JOB, asking.close_due)
        bot.core.notifier.register(model.CHECK_KIND)
        bot.renderers.register(model.CARD_RENDERER, self._draw_card, what=N_("showing a promise"))
        bot.renderers.register(
            model.CHECK_RENDERER, self._draw_check, what=N_("asking a member about a promise")
        )
        for name, handler in self._controls.items():
            bot.components.register(name, handler)
        bot.setup_card.add(PAGE)
        bot.lost_places.watch(self._watch)
        bot.core.erasure.redraw_with(self.service.redraw_all)
        bot.groups.list_help(HELP)
        staff = plain_command("promises", "Promises that stand in channels", self._staff_list)
        bot.groups.attach(bot.groups.manage, staff, STAFF_HELP)
        bot.core.features.describe(Feature(AREA, N_("Promises")))
        bot.core.features.on_switch(asking.switched)
        await self.service.load()

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.shared_ground.unregister("promises")
        bot.core.ledger.unname(*model.ACTS)
        bot.core.ledger.contribute_no_more(model.CONTRIBUTION)
        bot.core.jobs.unregister(model.CHECK_JOB)
        bot.core.jobs.unregister(model.CLOSE_JOB)
        bot.core.notifier.unregister(model.CHECK_KIND.name)
        bot.renderers.unregister(model.CARD_RENDERER, model.CHECK_RENDERER)
        bot.components.unregister(*self._controls)
        bot.setup_card.remove(PAGE)
        bot.lost_places.stop_watching(self._watch)
        bot.core.erasure.stop_redrawing(self.service.redraw_all)
        bot.groups.forget_help(HELP)
        bot.groups.detach(bot.groups.manage, "promises", STAFF_HELP)
        bot.core.features.stop_telling(self.service.asking.switched)
        bot.core.features.forget(AREA)

    # ------------------------------------------------------------------------------------------ making

    @app_commands.command(description="Promise to do something by a day, and be asked once how it went")
    @app_commands.guild_only()
    @app_commands.describe(
        what="What you will do: one line is plenty",
        by="By when, in your own words: Friday, tomorrow 18:00, in three days",
        only_me="Nothing is posted, and only you see what it is",
    )
    async def commit(
        self,
        interaction: discord.Interaction[Any],
        what: str | None = None,
        by: str | None = None,
        *,
        only_me: bool = False,
    ) -> None:
        if what and by:
            await self._make(interaction, what, by, only_me=only_me)
            return
        actor, reply = actor_of(interaction), reply_to(interaction)
        promises = await self.service.mine(actor.guild_id, actor.member_id)
        if promises and not what and not by:
            await reply.show(render.list_card(promises, reply.translator))
        else:
            await reply.ask(render.make_form(reply.translator, what, by, only_me=only_me))

    async def _ask(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor_of(interaction)
        reply = reply_to(interaction)
        await reply.ask(render.make_form(reply.translator))

    async def _make_from_form(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = form_answers(interaction)
        what, by = str(typed.get("what") or ""), str(typed.get("by") or "")
        try:
            await self._make(interaction, what, by, only_me=bool(typed.get("only_me")))
        except (UserError, MissingBotPermission) as error:
            reply = reply_to(interaction)
            t = reply.translator
            await reply.show_privately(render.refused_card(in_words(error, t), what, by, t))

    async def _make(
        self, interaction: discord.Interaction[Any], what: str, by: str, *, only_me: bool
    ) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        settings = await self.bot.core.configs.get(actor.guild_id, PromiseSettings)
        if not only_me and settings.channel_id is None and not may_write(interaction):
            is_form = interaction.type is discord.InteractionType.modal_submit
            raise MissingBotPermission(
                "I may not write in this channel. Promise it in another one, or only for yourself with {option}.",
                option=f"“{reply.translator('Only for me')}”" if is_form else "`only_me`",
            )
        promise = await self.service.make(actor, what, by, only_me=only_me, channel_id=interaction.channel_id)
        await reply.show_privately(render.made_card(promise, reply.translator))

    # ------------------------------------------------------------------------------------------ answering

    async def _done(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self._answer(interaction, promise_id, State.DONE)

    async def _partly(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self._answer(interaction, promise_id, State.PARTLY)

    async def _let_go(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self._answer(interaction, promise_id, State.LET_GO)

    async def _answer(
        self, interaction: discord.Interaction[Any], promise_id: int | None, how: State
    ) -> None:
        promise = await self.service.answer(
            who_of(interaction), promise_id or 0, how, on_question=_is_on_question(interaction)
        )
        await self._answered(interaction, promise)

    async def _ask_when(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        promise = await self.service.own(who_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.move_form(promise, reply.translator))

    async def _move(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        by = str(form_answers(interaction).get("by") or "")
        promise = await self.service.move(
            who_of(interaction), promise_id or 0, by, on_question=_is_on_question(interaction)
        )
        await self._answered(interaction, promise)

    async def _answered(self, interaction: discord.Interaction[Any], promise: Promise) -> None:
        """On one's own card the answer is said there; the question in a channel or DM gives way to it."""
        reply = reply_to(interaction)
        t = reply.translator
        if _is_on_question(interaction):
            await reply.replace(render.answered_card(promise, t))
            return
        await reply.replace(render.promise_card(promise, t, said_first=render.answered_text(promise, t)))

    async def _cheer(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        promise = await self.service.cheer(actor_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        await reply.show(render.cheered_card(promise, reply.translator))

    # ------------------------------------------------------------------------------------------ one's own

    async def _list(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        promises = await self.service.mine(actor.guild_id, actor.member_id)
        await reply.show_privately(render.list_card(promises, reply.translator))

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._open(interaction, chosen_number(interaction))

    async def _open(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        promise = await self.service.own(who_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.promise_card(promise, reply.translator))

    async def _ask_words(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        promise = await self.service.own(who_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render.words_form(promise, reply.translator))

    async def _reword(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        what = str(form_answers(interaction).get("what") or "")
        promise = await self.service.change_words(who_of(interaction), promise_id or 0, what)
        reply = reply_to(interaction)
        await reply.show_privately(render.promise_card(promise, reply.translator))

    async def _take_back(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self.service.take_back(who_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.gone_card(reply.translator))

    async def _take_away(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self.service.take_card_away(who_of(interaction), promise_id or 0)
        reply = reply_to(interaction)
        card = render.card_away_card(reply.translator)
        await (reply.replace(card) if interaction.guild_id is None else reply.show_privately(card))

    # ------------------------------------------------------------------------------------------ staff

    async def _staff_list(self, interaction: discord.Interaction[Any]) -> None:
        promises = await self.service.list_public(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.staff_list_card(promises, reply.translator))

    async def _staff_list_again(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._staff_list(interaction)

    async def _staff_pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        number, reply = chosen_number(interaction), reply_to(interaction)
        found = [each for each in await self.service.list_public(actor_of(interaction)) if each.id == number]
        if not found:
            raise model.gone()
        await reply.show_privately(render.staff_card(found[0], reply.translator))

    async def _staff_ask(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        await self.service.list_public(actor_of(interaction))  # a form is not shown to who may not send it
        reply = reply_to(interaction)
        await reply.ask(render.staff_form(promise_id or 0, reply.translator))

    async def _staff_remove(self, interaction: discord.Interaction[Any], promise_id: int | None) -> None:
        why = str(form_answers(interaction).get("why") or "")
        await self.service.remove_card(actor_of(interaction), promise_id or 0, why)
        reply = reply_to(interaction)
        await reply.show_privately(render.removed_card(reply.translator))

    # ------------------------------------------------------------------------------------------ what Discord tells

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, payload.channel_id, [payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        if payload.guild_id is not None:
            await self.service.messages_deleted(payload.guild_id, payload.channel_id, payload.message_ids)

    # ------------------------------------------------------------------------------------------ drawing

    async def _draw_card(self, effect: PlannedEffect) -> Card:
        promise = await self._promise(effect)
        if not promise.public:
            raise Obsolete(N_("its card was taken away"))
        return render.public_card(promise, await self.bot.renderers.translator(effect))

    async def _draw_check(self, effect: PlannedEffect) -> Card:
        promise = await self._promise(effect)
        if promise.state is not State.OPEN or promise.moves != effect.arguments["moves"]:
            raise Obsolete(N_("it was answered, moved or taken back"))
        if not await self.bot.core.features.is_on(promise.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        is_private = effect.kind is EffectKind.DIRECT_MESSAGE
        if promise.public and not is_private:
            promise = await self._look_after(promise)
        t = await self.bot.renderers.translator(effect)
        return render.check_card(promise, t, is_private=is_private)

    async def _look_after(self, promise: Promise) -> Promise:
        """The promise as it stands. What was deleted while the bot was away must not be said again in the channel."""
        channel_id, message_id = promise.channel_id, await self.service.card_of(promise)
        if channel_id is None or message_id is None:
            return promise
        place = self.bot.get_partial_messageable(channel_id, guild_id=promise.guild_id)
        try:
            await place.fetch_message(message_id)
        except discord.NotFound:
            await self.service.messages_deleted(promise.guild_id, channel_id, [message_id])
            return await self.service.find(promise.id) or promise
        except TROUBLE as error:
            raise Unreachable(repr(error)) from error
        return promise

    async def _promise(self, effect: PlannedEffect) -> Promise:
        promise = await self.service.find(int(effect.arguments["promise_id"]))
        if promise is None:
            raise Obsolete(N_("the promise was taken back"))
        return promise


def _is_on_question(interaction: discord.Interaction[Any]) -> bool:
    """Whether the control was used on the question in a channel or DM, rather than on one's own private card."""
    return interaction.message is not None and not interaction.message.flags.ephemeral
