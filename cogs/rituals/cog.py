"""Receives what people do with rituals and defers to the service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import discord
from discord.ext import commands
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Lyceum
from bot.authority import Capability
from bot.card_views import form_answers
from bot.cards import Card, Item, PollDraft, ThreadTitle
from bot.dispatcher import Obsolete, PlannedEffect
from bot.errors import NotFound
from bot.features import Feature
from bot.groups import HelpLine
from bot.i18n import N_, Translator
from bot.interactions import actor_of
from bot.lost_places import Watch
from bot.outbox import EffectKind
from bot.replies import reply_to
from bot.setup_pages import Page, Watched
from bot.setup_permissions import POLLS, THREADS, WRITE
from cogs.rituals import answer_cards, prompt_cards, render, staff_cards
from cogs.rituals.answers import ANSWER_RENDERER, ANSWERED, CONTRIBUTION
from cogs.rituals.config import RitualsPart
from cogs.rituals.controls import DeskControls
from cogs.rituals.manage import RitualsGroup
from cogs.rituals.model import Ritual, RitualSettings
from cogs.rituals.posting import (
    FORGET_JOB,
    LOOK_JOB,
    POST_JOB,
    PROMPT_RENDERER,
    QUIET_RENDERER,
    REASON_GONE,
    REASON_PAUSED,
    STOCK_RENDERER,
    THREAD_RENDERER,
    Posted,
)
from cogs.rituals.prompt_controls import PromptControls
from cogs.rituals.prompts import SUGGESTED_RENDERER
from cogs.rituals.rules import WITH_THREAD, AnswerBy
from cogs.rituals.service import LOST_RENDERER, RitualsService
from cogs.rituals.taking_part import AnswerControls
from storage.rituals import RitualSettingsRow, answered_together

HELP = HelpLine(N_("Begin, change or end a ritual"), "/manage rituals", Capability.FACILITATE)


class RitualsCog(commands.Cog):
    """The rhythm of the week."""

    def __init__(self, bot: Lyceum) -> None:
        self.bot = bot
        self.service = RitualsService(bot.core)
        self._config = RitualsPart(bot.core, self.service)
        self._page = Page(2, N_("Rhythm"), body=self._setup_body, order=50, places=self._places)
        self._watch = Watch(self.service.channels, self.service.lose_channel)
        service = self.service
        self._taking_part = AnswerControls(service, bot.core.features)
        self._jobs = {
            POST_JOB: service.posting.due,
            LOOK_JOB: service.posting.look_back,
            FORGET_JOB: service.posting.forget,
        }
        self._controls = {
            **DeskControls(service).handlers(),
            **PromptControls(service).handlers(),
            **self._taking_part.handlers(),
            render.WEEKLY_PLACE: self._set_place,
            render.WEEKLY_ASK: self._ask_when,
            render.WEEKLY_SET: self._set_when,
        }
        self._renderers = {
            PROMPT_RENDERER: (self._draw_prompt, N_("posting a ritual")),
            THREAD_RENDERER: (self._draw_thread, N_("opening the thread of a ritual")),
            ANSWER_RENDERER: (self._draw_answer, N_("showing an answer to a ritual")),
            QUIET_RENDERER: (self._draw_quiet, N_("asking about a quiet ritual")),
            STOCK_RENDERER: (self._draw_stock, N_("telling of an empty queue of prompts")),
            SUGGESTED_RENDERER: (self._draw_suggested, N_("telling of suggested prompts")),
            LOST_RENDERER: (self._draw_lost, N_("telling of a ritual without a channel")),
        }

    async def cog_load(self) -> None:
        bot = self.bot
        bot.core.configs.register(RitualSettings, RitualSettingsRow)
        bot.core.shared_ground.register("rituals", answered_together)
        for name, handler in self._jobs.items():
            bot.core.jobs.register(name, handler)
        remedy = N_("Choose another channel for it with `/manage rituals edit`.")
        for name, (draw, what) in self._renderers.items():
            bot.renderers.register(name, draw, what=what, if_channel_gone=remedy)
        for name, answer in self._controls.items():
            bot.components.register(name, answer)
        bot.core.features.describe(Feature("rituals", N_("Rhythm of the week")))
        bot.setup_card.add(self._page)
        bot.config_card.parts.add(self._config)
        bot.lost_places.watch(self._watch)
        bot.core.ledger.name(ANSWERED, N_("Answers to rituals"))
        bot.core.ledger.contribute(CONTRIBUTION)
        bot.core.erasure.on_forgotten(self.service.answers.forget)
        bot.core.erasure.redraw_with(self.service.answers.redraw)
        bot.listeners.to_messages(self._taking_part.on_message)
        bot.add_listener(self._taking_part.on_raw_poll_vote_add)
        bot.groups.attach(bot.groups.manage, RitualsGroup(self.service), HELP)

    async def cog_unload(self) -> None:
        bot = self.bot
        bot.core.shared_ground.unregister("rituals")
        for name in self._jobs:
            bot.core.jobs.unregister(name)
        bot.renderers.unregister(*self._renderers)
        bot.components.unregister(*self._controls)
        bot.core.features.forget("rituals")
        bot.setup_card.remove(self._page)
        bot.config_card.parts.remove(self._config)
        bot.lost_places.stop_watching(self._watch)
        bot.core.ledger.unname(ANSWERED)
        bot.core.ledger.contribute_no_more(CONTRIBUTION)
        bot.core.erasure.stop_telling(self.service.answers.forget)
        bot.core.erasure.stop_redrawing(self.service.answers.redraw)
        bot.listeners.no_more_to_messages(self._taking_part.on_message)
        bot.remove_listener(self._taking_part.on_raw_poll_vote_add)
        bot.groups.detach(bot.groups.manage, "rituals", HELP)

    async def _setup_body(self, guild_id: int, t: Translator) -> tuple[Item, ...]:
        return render.setup_items(await self.service.weekly(guild_id), t)

    async def _places(self, session: AsyncSession, guild_id: int) -> tuple[Watched, ...]:
        help_text = N_("Where a ritual is posted.")
        return tuple(
            Watched(
                each.title or each.shipped.title,
                help_text,
                each.channel_id,
                THREADS if each.answer in WITH_THREAD else POLLS if each.answer is AnswerBy.POLL else WRITE,
            )
            for each in await self.service.list_in(session, guild_id)
            if not each.is_lost
        )

    async def _set_place(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        await self.service.set_weekly(actor_of(interaction), int(values[0]) if values else None)
        await self.bot.setup_card.redraw(interaction, self._page)

    async def _ask_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        actor = actor_of(interaction)
        await self.service.check(actor)
        ritual = await self.service.weekly(actor.guild_id)
        if ritual is None:
            raise NotFound("First choose the channel in which the goals are asked for.")
        reply = reply_to(interaction)
        await reply.ask(render.weekly_form(ritual, reply.translator))

    async def _set_when(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        answers = form_answers(interaction)
        await self.service.reschedule(
            actor_of(interaction), int(answers.get("weekday") or 0), str(answers.get("time", ""))
        )
        await self.bot.setup_card.redraw(interaction, self._page)

    async def _draw_prompt(self, effect: PlannedEffect) -> Card | PollDraft:
        posted = await self._posted(effect)
        is_by_hand = effect.job_id is None
        if effect.kind is EffectKind.POST and posted.ritual.paused_until is not None and not is_by_hand:
            raise Obsolete(REASON_PAUSED)
        return render.prompt(posted, await self._translator(effect))

    async def _draw_thread(self, effect: PlannedEffect) -> ThreadTitle:
        nominal = datetime.fromisoformat(effect.arguments["nominal"])
        posted = await self._posted(effect)
        return render.thread_title(posted.ritual, nominal, await self._translator(effect))

    async def _draw_answer(self, effect: PlannedEffect) -> Card:
        written = await self.service.answers.written(int(effect.arguments["answer_id"]))
        if written is None:
            raise Obsolete(N_("the answer was taken back"))
        return answer_cards.written_card(written, await self._translator(effect))

    async def _draw_quiet(self, effect: PlannedEffect) -> Card:
        return staff_cards.quiet_card(await self._ritual(effect), await self._translator(effect))

    async def _draw_lost(self, effect: PlannedEffect) -> Card:
        ritual = await self._ritual(effect)
        if not ritual.is_lost:
            raise Obsolete(N_("the ritual has a channel again"))
        return staff_cards.lost_card(ritual, await self._translator(effect))

    async def _draw_suggested(self, effect: PlannedEffect) -> Card:
        ritual = await self._ritual(effect)
        count = await self.service.prompts.count_suggested(ritual.id)
        if not count:
            raise Obsolete(N_("the suggestions were dealt with"))
        return prompt_cards.suggestions_card(ritual, count, await self._translator(effect))

    async def _draw_stock(self, effect: PlannedEffect) -> Card:
        facts = effect.arguments
        return staff_cards.stock_card(
            await self._ritual(effect),
            await self._translator(effect),
            left=int(facts["left"]),
            from_library=bool(facts["library"]),
            is_empty=bool(facts["empty"]),
        )

    async def _posted(self, effect: PlannedEffect) -> Posted:
        facts = effect.arguments
        key = facts.get("key") or facts["nominal"]
        posted = await self.service.posting.find(int(facts["ritual_id"]), key)
        if posted is None or (posted.ritual.is_ended and effect.kind is not EffectKind.EDIT):
            raise Obsolete(REASON_GONE)
        return posted

    async def _ritual(self, effect: PlannedEffect) -> Ritual:
        ritual = await self.service.find(int(effect.arguments["ritual_id"]))
        if ritual is None:
            raise Obsolete(REASON_GONE)
        return ritual

    async def _translator(self, effect: PlannedEffect) -> Translator:
        return await self.bot.renderers.translator(effect)
