"""The controls of what follows a review, and of what members decide for themselves. Defers to the service."""

from __future__ import annotations

from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import Button, custom_id
from bot.components import Handler
from bot.errors import InvalidInput, UserError
from bot.interactions import actor_of, chosen_values, who_of
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.reviews import paging, render, render_mine, render_review
from cogs.reviews.model import Review
from cogs.reviews.talking import Talking

_Interaction = discord.Interaction[Any]


class TalkControls:
    """Handlers, by the name of their control."""

    def __init__(self, talking: Talking) -> None:
        self._talking = talking
        self.controls: dict[str, Handler] = {
            render.READ: self.read,
            render.READ_PICK: self._read_picked,
            render_review.READ_NEWEST: self._read_newest,
            render_review.TURN: self._turn,
            render_review.REPLY: self._ask_reply,
            render_review.REPLY_FORM: self._reply,
            render_review.RATE: self._ask_rating,
            render_review.RATE_FORM: self._rate,
            render_review.CLOSE: self._close,
            render_review.REOPEN: self._reopen,
            render.CHANGE: self._ask_change,
            render.CHANGE_FORM: self._change,
            render.CLOSE_WORK: self._close_work,
            render.REOPEN_WORK: self._reopen_work,
            render.OWN_PICK: self._open_own,
            render_mine.MINE_TURN: self.mine,
            render_mine.SAID: self._said,
            render_mine.AVAILABLE: self._ask_available,
            render_mine.AVAILABLE_FORM: self._set_available,
        }

    async def read(self, interaction: _Interaction, review_id: int | None) -> None:
        await self._show_review(interaction, await self._talking.read(who_of(interaction), review_id or 0))

    async def _read_picked(self, interaction: _Interaction, _: int | None) -> None:
        await self.read(interaction, number_of(interaction))

    async def _turn(self, interaction: _Interaction, number: int | None) -> None:
        review_id, page = paging.place_of(number)
        await self._show_review(
            interaction, await self._talking.read(who_of(interaction), review_id), page=page
        )

    async def _read_newest(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._talking.read(who_of(interaction), review_id or 0)
        await self._show_review(interaction, review, page=-1)

    async def _show_review(
        self, interaction: _Interaction, review: Review, said_first: str | None = None, page: int = 0
    ) -> None:
        reply = reply_to(interaction)
        card = render_review.review_card(review, interaction.user.id, reply.translator, said_first, page)
        await reply.show_privately(card)

    async def _ask_reply(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._talking.read(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_review.reply_form(review, reply.translator))

    async def _reply(self, interaction: _Interaction, review_id: int | None) -> None:
        text = str(form_answers(interaction).get("text") or "")
        t = reply_to(interaction).translator
        try:
            review = await self._talking.reply(who_of(interaction), review_id or 0, text)
        except UserError as error:
            again = Button(t("Read it"), custom_id(render_review.READ_NEWEST, review_id or 0))
            await self._refuse(interaction, error, [text], again)
            return
        await self._show_review(interaction, review, t("**Sent.**"), page=-1)

    async def _refuse(
        self, interaction: _Interaction, error: UserError, typed: list[str], again: Button
    ) -> None:
        """Say why, and show what was typed again."""
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.refused_card(in_words(error, t), typed, again, t))

    async def _ask_rating(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._talking.read(who_of(interaction), review_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_review.rate_form(review, reply.translator))

    async def _rate(self, interaction: _Interaction, review_id: int | None) -> None:
        typed = form_answers(interaction)
        values = [str(typed.get(name) or "") for name in ("helpful", "specific", "kind")]
        if not all(each in ("0", "1", "2") for each in values):
            raise InvalidInput("Choose one answer for each question.")
        rating = (int(values[0]), int(values[1]), int(values[2]))
        why = str(typed.get("why") or "")
        await self._talking.rate(who_of(interaction), review_id or 0, rating, why)
        review = await self._talking.read(who_of(interaction), review_id or 0)
        t = reply_to(interaction).translator
        await self._show_review(interaction, review, t("**Thank you for saying so.**"))

    async def _close(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._talking.close(who_of(interaction), review_id or 0)
        await self._show_review(interaction, review)

    async def _reopen(self, interaction: _Interaction, review_id: int | None) -> None:
        review = await self._talking.reopen(who_of(interaction), review_id or 0)
        t = reply_to(interaction).translator
        await self._show_review(interaction, review, t("**It is open again.**"), page=-1)

    async def _ask_change(self, interaction: _Interaction, work_id: int | None) -> None:
        work = await self._talking.own_work(who_of(interaction), work_id or 0)
        reply = reply_to(interaction)
        await reply.ask(render_review.change_form(work, reply.translator))

    async def _change(self, interaction: _Interaction, work_id: int | None) -> None:
        typed = form_answers(interaction)
        content, changed = str(typed.get("content") or ""), str(typed.get("changed") or "")
        reply = reply_to(interaction)
        try:
            await self._talking.change(who_of(interaction), work_id or 0, content, changed)
        except UserError as error:
            again = Button(reply.translator("What waits"), custom_id(render.INBOX))
            await self._refuse(interaction, error, [content, changed], again)
            return
        await reply.show_privately(render.changed_card(reply.translator))

    async def _open_own(self, interaction: _Interaction, _: int | None) -> None:
        work = await self._talking.own_work(who_of(interaction), number_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render.own_card(work, reply.translator))

    async def _close_work(self, interaction: _Interaction, work_id: int | None) -> None:
        work = await self._talking.close_work(who_of(interaction), work_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render.closed_work_card(work, reply.translator))

    async def mine(self, interaction: _Interaction, page: int | None) -> None:
        mine = await self._talking.mine(actor_of(interaction), page or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_mine.mine_card(mine, reply.translator))

    async def _said(self, interaction: _Interaction, page: int | None) -> None:
        mine = await self._talking.mine(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(render_mine.said_card(mine, page or 0, reply.translator))

    async def _reopen_work(self, interaction: _Interaction, work_id: int | None) -> None:
        work = await self._talking.reopen_work(who_of(interaction), work_id or 0)
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render.own_card(work, t, t("**It is open again.**")))

    async def _ask_available(self, interaction: _Interaction, _: int | None) -> None:
        said = await self._talking.availability(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(render_mine.availability_form(said, reply.translator))

    async def _set_available(self, interaction: _Interaction, _: int | None) -> None:
        typed = form_answers(interaction)
        days = [int(each) for each in typed.get("weekdays") or () if str(each) in tuple("0123456")]
        said = await self._talking.set_availability(
            actor_of(interaction),
            str(typed.get("per_week") or ""),
            days,
            volunteers=bool(typed.get("volunteers")),
        )
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(render_mine.availability_card(said, t, t("**Saved.**")))


def number_of(interaction: _Interaction) -> int:
    """The number of what was chosen in a menu. Raises `InvalidInput` for a forged choice."""
    [value] = chosen_values(interaction, 1)
    if not value.isascii() or not value.isdigit():
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return int(value[:18])
