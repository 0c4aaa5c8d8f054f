"""The controls by which members take reviews and write them. Defers to the service."""

from __future__ import annotations

from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Button, custom_id
from bot.components import Handler
from bot.errors import UserError
from bot.interactions import actor_of, who_of
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.reviews import paging, render, render_inbox, render_review
from cogs.reviews.rubrics import Words
from cogs.reviews.rules import HELD, State
from cogs.reviews.service import ReviewsService
from cogs.reviews.talk_controls import number_of

_Interaction = discord.Interaction[Any]


class WriteControls:
    """Handlers, by the name of their control; `read` shows a review that was given."""

    def __init__(self, service: ReviewsService, read: Handler) -> None:
        self._service = service
        self._read = read
        self.controls: dict[str, Handler] = {
            render.CLAIM: self._claim,
            render.PICK: self._pick,
            render.INBOX: self.show_inbox,
            render.HELD: self._open,
            render.HELD_PICK: self._open_picked,
            render.LOOK: self._look,
            render.EXTEND: self._extend,
            render.GIVE_BACK: self._give_back,
            render.PAGE_BUTTONS[0]: self._ask_first,
            render.PAGE_BUTTONS[1]: self._ask_second,
            render_review.PAGE_FORMS[0]: self._write_first,
            render_review.PAGE_FORMS[1]: self._write_second,
            render_review.SEND: self._send,
        }

    # ------------------------------------------------------------------------------------------ taking

    async def show_inbox(self, interaction: _Interaction, _: int | None) -> None:
        inbox = await self._service.inbox(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render_inbox.inbox_card(inbox, reply.translator))

    async def _claim(self, interaction: _Interaction, work_id: int | None) -> None:
        review = await self._service.claim(actor_of(interaction), work_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.hand_card(review, t, t("**It is yours.**")))

    async def _pick(self, interaction: _Interaction, _: int | None) -> None:
        await self._claim(interaction, number_of(interaction))

    async def _open(self, interaction: _Interaction, review_id: int | None, page: int = 0) -> None:
        review = await self._service.begin(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        if review.state not in HELD:
            if review.state is State.GIVEN:
                await self._read(interaction, review_id)
            else:
                await reply.show_privately(render.given_back_card(review, reply.translator))
            return
        await reply.show_privately(render.hand_card(review, reply.translator, page=page))

    async def _open_picked(self, interaction: _Interaction, _: int | None) -> None:
        await self._open(interaction, number_of(interaction))

    async def _look(self, interaction: _Interaction, number: int | None) -> None:
        await self._open(interaction, *paging.place_of(number))

    async def _extend(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._service.extend(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.hand_card(review, reply.translator))

    async def _give_back(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._service.give_back(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.given_back_card(review, reply.translator))

    # ------------------------------------------------------------------------------------------ writing

    async def _ask_first(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._ask_page(interaction, review_id, 0)

    async def _ask_second(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._ask_page(interaction, review_id, 1)

    async def _ask_page(self, interaction: _Interaction, review_id: int | None, page: int) -> None:
        review = await self._service.begin(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        if review.state is State.GIVEN:
            await self._read(interaction, review_id)
            return
        await reply.ask(render_review.page_form(review, page, reply.translator))

    async def _write_first(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._write(interaction, review_id, 0)

    async def _write_second(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._write(interaction, review_id, 1)

    async def _write(self, interaction: _Interaction, review_id: int | None, page: int) -> None:
        typed = form_answers(interaction)
        reply = reply_to(interaction)
        try:
            written = await self._service.write(who_of(interaction), review_id or 0, page, typed)
        except UserError as error:  # the author took the work back, say: what was written is not lost with it
            t = reply.translator
            said = [str(typed.get(each.value) or "") for each in Words]
            waits = Button(t("What waits"), custom_id(render.INBOX))
            await reply.show_privately(render.refused_card(in_words(error, t), said, waits, t))
            return
        await reply.show_privately(render_review.written_card(written, reply.translator))

    async def _send(self, interaction: _Interaction, review_id: int | None) -> None:
        written = await self._service.send(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.written_card(written, reply.translator))
