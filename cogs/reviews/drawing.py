"""Draws what the outbox shows of reviews, from the state as it is at that moment."""

from __future__ import annotations

import discord

from bot.app import Lyceum
from bot.cards import Card, ThreadTitle
from bot.dispatcher import Obsolete, PlannedEffect
from bot.features import REASON_OFF
from bot.i18n import N_
from bot.outbox import EffectKind
from cogs.reviews import model, render, render_manage, render_review, render_told
from cogs.reviews.allocation import Allocation
from cogs.reviews.model import AREA, Review, ReviewSettings
from cogs.reviews.rooms import Rooms
from cogs.reviews.rules import State
from cogs.reviews.service import ReviewsService
from cogs.reviews.talking import Talking


class Drawing:
    """The renderers, each with what it draws."""

    def __init__(
        self, bot: Lyceum, service: ReviewsService, talking: Talking, allocation: Allocation, rooms: Rooms
    ) -> None:
        self._bot = bot
        self._service = service
        self._talking = talking
        self._allocation = allocation
        self._rooms = rooms
        self.renderers = {
            model.WORK_RENDERER: (self._draw_work, N_("showing work that waits for a review")),
            model.RECEIVED_RENDERER: (self._draw_received, N_("telling a member of a review")),
            model.ASSIGNED_RENDERER: (self._draw_assigned, N_("telling a member what to review")),
            model.READY_RENDERER: (self._draw_ready, N_("telling staff that work waits for reviewers")),
            model.ROOM_RENDERER: (self._draw_room, N_("opening the thread of a work")),
            model.ROOM_TOP_RENDERER: (self._draw_room_top, N_("showing how a work is on top of its thread")),
            model.ROOM_CARD_RENDERER: (self._draw_room_card, N_("showing a reviewer into a thread")),
            model.NUDGE_RENDERER: (self._draw_nudge, N_("reminding a member of a review")),
            model.TALK_RENDERER: (self._draw_talk, N_("telling a member of an answer to a review")),
            model.NEWS_RENDERER: (self._draw_news, N_("telling a member that a review did not come")),
            model.DUTY_RENDERER: (self._draw_duty, N_("asking the reviewers on duty")),
        }

    async def _draw_work(self, effect: PlannedEffect) -> Card:
        card = await self._service.card(int(effect.arguments["work_id"]))
        if card is None or card.work.channel_id is None:
            raise Obsolete(N_("the work is gone, or its card was taken away"))
        return render.work_card(card, await self._bot.renderers.translator(effect))

    async def _draw_duty(self, effect: PlannedEffect) -> Card:
        card = await self._service.card(int(effect.arguments["work_id"]))
        if card is None or not card.work.is_open or card.given or card.holder is not None:
            raise Obsolete(N_("it has been reviewed, is in somebody's hands, or is closed"))
        settings = await self._bot.core.configs.get(effect.guild_id, ReviewSettings)
        return render.duty_card(card, settings, await self._bot.renderers.translator(effect))

    async def _draw_received(self, effect: PlannedEffect) -> Card:
        review = await self._review(effect)
        is_private = effect.kind is EffectKind.DIRECT_MESSAGE
        t = await self._bot.renderers.translator(effect)
        return render_told.received_card(review, t, is_private=is_private)

    async def _draw_assigned(self, effect: PlannedEffect) -> Card:
        review = await self._review(effect)
        held = await self._service.count_held(review.work.guild_id, review.reviewer_id, review.work.round_id)
        if not held:
            raise Obsolete(N_("the review was written, given back or handed on"))
        return render_told.assigned_card(review, held, await self._bot.renderers.translator(effect))

    async def _draw_ready(self, effect: PlannedEffect) -> Card:
        found = await self._allocation.find(effect.guild_id, int(effect.arguments["round_id"]))
        if found is None:
            raise Obsolete(N_("the round is gone"))
        t = await self._bot.renderers.translator(effect)
        return render_manage.ready_card(found, t, has_trouble=bool(effect.arguments["has_trouble"]))

    async def _draw_room(self, effect: PlannedEffect) -> ThreadTitle:
        found = await self._service.place_of(int(effect.arguments["work_id"]))
        if found is None:
            raise Obsolete(N_("the work is gone, or its card was taken away"))
        t = await self._bot.renderers.translator(effect)
        people = (found[0].author_id, int(effect.arguments["reviewer_id"]))
        # No words of its author: a thread keeps its name when they are deleted.
        name = t("Review {number}", number=found[0].id)
        known = await self._rooms.find_thread(found[0].id)
        return ThreadTitle(name, tuple(each for each in people if each), known)

    async def _draw_room_top(self, effect: PlannedEffect) -> Card:
        work_id, thread_id = int(effect.arguments["work_id"]), effect.channel_id or 0
        room = await self._rooms.find(work_id)
        if room is None or not await self._bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(N_("the work is gone, or its card was taken away"))
        if effect.kind is EffectKind.EDIT:
            if await self._is_gone(thread_id):
                raise Obsolete(N_("the thread was deleted; the next review opens one"))
        elif thread_id == effect.arguments["channel_id"]:
            raise Obsolete(N_("there is no thread; the cards do all of it"))
        elif await self._rooms.has_top(work_id, thread_id, effect.key):
            raise Obsolete(N_("the thread says it already"))
        return render_review.room_top_card(room, await self._bot.renderers.translator(effect))

    async def _is_gone(self, thread_id: int) -> bool:
        if self._bot.get_channel(thread_id) is not None:
            return False
        try:
            await self._bot.fetch_channel(thread_id)
        except discord.NotFound:
            return True
        except discord.Forbidden:  # what is tried there tells
            return False
        return False

    async def _draw_room_card(self, effect: PlannedEffect) -> Card:
        review = await self._review(effect)
        if effect.channel_id == effect.arguments["channel_id"] or not review.reviewer_id:
            raise Obsolete(N_("there is no thread; the cards do all of it"))
        return render_told.room_card(review, await self._bot.renderers.translator(effect))

    async def _draw_nudge(self, effect: PlannedEffect) -> Card:
        review = await self._review(effect)
        if review.state is not State.ASSIGNED:
            raise Obsolete(N_("the review was written, given back or handed on"))
        held = await self._service.count_held(review.work.guild_id, review.reviewer_id, review.work.round_id)
        return render_told.nudge_card(review, held, await self._bot.renderers.translator(effect))

    async def _draw_talk(self, effect: PlannedEffect) -> Card:
        review = await self._review(effect)
        t = await self._bot.renderers.translator(effect)
        if not effect.arguments.get("is_closed"):
            return render_told.talk_card(review, effect.member_id or 0, t)
        if not review.is_closed:
            raise Obsolete(N_("it was opened again"))
        return render_told.closed_card(review, effect.member_id or 0, t)

    async def _draw_news(self, effect: PlannedEffect) -> Card:
        found = await self._service.place_of(int(effect.arguments["work_id"]))
        if found is None or not found[0].is_open or found[0].is_reviewed:
            raise Obsolete(N_("it has been reviewed, is in somebody's hands, or is closed"))
        work, place, wait = found
        t = await self._bot.renderers.translator(effect)
        return render_told.news_card(work, place, render.wait_text(wait, t), t)

    async def _review(self, effect: PlannedEffect) -> Review:
        review = await self._talking.find(int(effect.arguments["review_id"]))
        if review is None or review.work.guild_id != effect.guild_id:
            raise Obsolete(N_("the review is gone"))
        if not await self._bot.core.features.is_on(effect.guild_id, AREA):
            raise Obsolete(REASON_OFF)
        return review
