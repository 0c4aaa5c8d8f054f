"""Answers the controls of the queue of prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.card_views import form_answers
from bot.cards import custom_id
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_values
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.rituals import change_cards, render
from cogs.rituals import prompt_cards as cards
from cogs.rituals.prompts import Prompt
from cogs.rituals.service import RitualsService

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]


class PromptControls:
    """The queue, one prompt, and a member's suggestion."""

    def __init__(self, service: RitualsService) -> None:
        self._prompts = service.prompts

    def handlers(self) -> dict[str, Handler]:
        return {
            render.PROMPTS_OPEN: self._open,
            cards.ADD: self._ask,
            cards.PUT: self._put,
            cards.PICK: self._pick,
            cards.ARCHIVE: self._archive,
            cards.FIRST: self._first,
            cards.SOONER: self._sooner,
            cards.CHANGE: self._ask_change,
            cards.WRITE: self._write,
            cards.TAKE: self._take,
            cards.AGAIN: self._again,
            cards.REMOVE: self._remove,
            render.SUGGEST_ASK: self._ask_suggestion,
            cards.SUGGEST_GIVE: self._suggest,
        }

    async def _open(
        self, interaction: discord.Interaction[Any], ritual_id: int | None, note: str | None = None
    ) -> None:
        view = await self._prompts.view(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.queue_card(view, reply.translator, note=note))

    async def _ask(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        view = await self._prompts.view(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        control = custom_id(cards.PUT, view.ritual.id)
        await reply.ask(cards.prompt_form(view.ritual, control, reply.translator))

    async def _put(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        typed = str(form_answers(interaction).get("text") or "")
        await self._show_or_refuse(
            interaction, self._prompts.add(actor_of(interaction), ritual_id or 0, typed), typed
        )

    async def _pick(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [chosen] = chosen_values(interaction, 1)
        if not chosen.isdecimal():
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        await self._show(interaction, await self._prompts.get(actor_of(interaction), int(chosen)))

    async def _archive(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        view = await self._prompts.view(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.archive_card(view, reply.translator))

    async def _first(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        moved = await self._prompts.move(actor_of(interaction), prompt_id or 0, first=True)
        await self._open(interaction, moved.ritual.id)

    async def _sooner(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        await self._show(
            interaction, await self._prompts.move(actor_of(interaction), prompt_id or 0, first=False)
        )

    async def _ask_change(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        prompt = await self._prompts.get(actor_of(interaction), prompt_id or 0)
        reply = reply_to(interaction)
        control = custom_id(cards.WRITE, prompt.id)
        await reply.ask(cards.prompt_form(prompt.ritual, control, reply.translator, prompt.text))

    async def _write(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        typed = str(form_answers(interaction).get("text") or "")
        await self._show_or_refuse(
            interaction, self._prompts.change(actor_of(interaction), prompt_id or 0, typed), typed
        )

    async def _take(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        await self._show(interaction, await self._prompts.take(actor_of(interaction), prompt_id or 0))

    async def _again(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        await self._show(interaction, await self._prompts.allow_again(actor_of(interaction), prompt_id or 0))

    async def _remove(self, interaction: discord.Interaction[Any], prompt_id: int | None) -> None:
        ritual = await self._prompts.remove(actor_of(interaction), prompt_id or 0)
        await self._open(interaction, ritual.id, reply_to(interaction).translator("It is removed."))

    async def _show_or_refuse(
        self, interaction: discord.Interaction[Any], doing: Awaitable[Prompt], typed: str
    ) -> None:
        """Show what came of it; what cannot be used is shown back with the reason."""
        try:
            prompt = await doing
        except InvalidInput as error:
            reply = reply_to(interaction)
            reason = in_words(error, reply.translator)
            await reply.show(change_cards.refused_card(reason, typed, reply.translator))
            return
        await self._show(interaction, prompt)

    async def _show(self, interaction: discord.Interaction[Any], prompt: Prompt) -> None:
        reply = reply_to(interaction)
        await reply.show_privately(cards.prompt_card(prompt, reply.translator))

    async def _ask_suggestion(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        ritual = await self._prompts.is_open(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.ask(cards.suggest_form(ritual, reply.translator))

    async def _suggest(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        typed = form_answers(interaction)
        await self._prompts.suggest(
            actor_of(interaction),
            ritual_id or 0,
            str(typed.get("text") or ""),
            credited=bool(typed.get("credited")),
        )
        reply = reply_to(interaction)
        await reply.show(cards.suggested_card(reply.translator))
