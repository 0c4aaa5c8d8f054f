"""The controls by which members ask for a review. Defers to the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.app import Lyceum
from bot.card_views import form_answers
from bot.cards import Button, Card, Style, custom_id
from bot.components import Handler
from bot.discord_trouble import TROUBLE
from bot.errors import NotAllowed, UserError
from bot.files import check_file
from bot.interactions import actor_of, who_of
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.reviews import render
from cogs.reviews.service import ReviewsService
from cogs.reviews.talking import Talking

_Interaction = discord.Interaction[Any]
MOST_KEPT = 1000  # files and refused forms remembered


class AskControls:
    """Handlers, by the name of their control."""

    def __init__(self, bot: Lyceum, service: ReviewsService, talking: Talking) -> None:
        self._bot = bot
        self._service = service
        self._talking = talking
        # What was given to the command, by its address, until the form is sent; lost, it stays a link for a day.
        self._files: dict[str, str] = {}
        # What was typed into a form that was refused, by server and member, for the next one. The refusal shows it too.
        self._typed: dict[tuple[int, int], Mapping[str, Any]] = {}
        self.controls: dict[str, Handler] = {
            render.ASK: self._ask,
            render.ASK_AGAIN: self._ask_again,
            render.ASK_FORM: self._request,
        }

    async def begin(
        self, interaction: _Interaction, link: str | None, file: discord.Attachment | None
    ) -> None:
        """The form, with what was given to the command."""
        actor_of(interaction)
        if file is not None:
            check_file(file.filename, file.size)
            _keep(self._files, file.url, file.filename)
        reply = reply_to(interaction)
        content = link or (file.url if file is not None else "")
        await reply.ask(render.request_form(reply.translator, {"content": content}))

    async def begin_for_message(self, interaction: _Interaction, message: discord.Message) -> None:
        """The message menu: one's own message is what is to be reviewed."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        if message.author.id != actor.member_id:
            raise NotAllowed("You can ask for a review of your own messages only. Theirs they can ask for.")
        await reply.ask(render.request_form(reply.translator, {"content": message.jump_url}))

    async def _ask(self, interaction: _Interaction, _: int | None) -> None:
        actor_of(interaction)
        reply = reply_to(interaction)
        await reply.ask(render.request_form(reply.translator))

    async def _ask_again(self, interaction: _Interaction, _: int | None) -> None:
        actor, reply = actor_of(interaction), reply_to(interaction)
        typed = self._typed.get((actor.guild_id, actor.member_id), {})
        await reply.ask(render.request_form(reply.translator, typed))

    async def _request(self, interaction: _Interaction, _: int | None) -> None:
        actor, reply, typed = actor_of(interaction), reply_to(interaction), form_answers(interaction)
        t = reply.translator
        url = str(typed.get("content") or "").strip()
        name, file = self._files.get(url), b""
        if name is not None:  # Discord keeps it for a day only, so it is posted once more.
            try:
                file = await self._bot.http.get_from_cdn(url)
            except TROUBLE:
                lost = t(
                    "I could not get the file from Discord, so nothing was asked for. Try again, or give a link."
                )
                await self._refuse(interaction, lost, typed)
                return
        try:
            wanted = typed if name is None else {**typed, "content": name}
            asked = await self._service.request(actor, wanted, channel_id=interaction.channel_id)
        except UserError as error:
            await self._refuse(interaction, in_words(error, t), typed)
            return
        self._typed.pop((actor.guild_id, actor.member_id), None)
        if name is None:
            await reply.show_privately(render.asked_card(asked, t))
            return
        await self._show_with_file(interaction, render.asked_card(asked, t), typed, asked.work.id, name, file)

    async def _refuse(self, interaction: _Interaction, reason: str, typed: Mapping[str, Any]) -> None:
        """Say why, and keep what was typed for the next try."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        _keep(self._typed, (actor.guild_id, actor.member_id), typed)
        t = reply.translator
        again = Button(t("Ask again"), custom_id(render.ASK_AGAIN), style=Style.PRIMARY)
        said = [str(typed.get(name) or "") for name in ("content", "focus", "tried", "deadline")]
        await reply.show_privately(render.refused_card(reason, said, again, t))

    async def _show_with_file(
        self,
        interaction: _Interaction,
        receipt: Card,
        typed: Mapping[str, Any],
        work_id: int,
        name: str,
        file: bytes,
    ) -> None:
        """The receipt, and the file where everybody can open it. Where that fails nobody could review it: taken back."""
        reply = reply_to(interaction)
        t = reply.translator
        await reply.show_privately(receipt)
        try:
            posted = await reply.post(render.file_card(interaction.user.id, name, file, t))
        except TROUBLE:
            await self._talking.close_work(who_of(interaction), work_id)
            lost = t("I could not post the file here, so I took the request back. Try again, or give a link.")
            await self._refuse(interaction, lost, typed)
            return
        await self._service.place(actor_of(interaction), work_id, posted)
        self._files.pop(str(typed.get("content") or "").strip(), None)


def _keep(memory: dict[Any, Any], key: object, value: object) -> None:
    """Remember it; what is oldest is forgotten."""
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > MOST_KEPT:
        memory.pop(next(iter(memory)))
