"""Takes in what everybody does: answering a prompt, taking an answer back, writing in its thread, voting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.card_views import form_answers
from bot.features import Features
from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.rituals import answer_cards as cards
from cogs.rituals import render
from cogs.rituals.service import RitualsService

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]


class AnswerControls:
    """What members do with a prompt."""

    def __init__(self, service: RitualsService, features: Features) -> None:
        self._answers = service.answers
        self._features = features

    def handlers(self) -> dict[str, Handler]:
        return {
            render.ANSWER_ASK: self._ask,
            cards.GIVE: self._give,
            cards.TAKE_BACK: self._take_back,
        }

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote; it matters in the bot's own threads alone, and there memory is asked first."""
        thread = message.channel
        if not isinstance(thread, discord.Thread) or message.is_system():
            return
        own = thread.guild.me
        if thread.owner_id == own.id:
            await self._answers.note(thread.guild.id, thread.id, message.author.id)

    async def on_raw_poll_vote_add(self, vote: discord.RawPollVoteActionEvent) -> None:
        """Somebody voted. Another choice later, or none, changes nothing in their having taken part."""
        if vote.guild_id is not None and await self._features.is_on(vote.guild_id, "rituals"):
            await self._answers.note(vote.guild_id, vote.message_id, vote.user_id)

    async def _ask(self, interaction: discord.Interaction[Any], run_id: int | None) -> None:
        own = await self._answers.own(actor_of(interaction), run_id or 0)
        reply = reply_to(interaction)
        await reply.ask(cards.answer_form(own, reply.translator))

    async def _give(self, interaction: discord.Interaction[Any], run_id: int | None) -> None:
        typed = form_answers(interaction)
        message = interaction.message
        is_prompt = message is not None and not message.flags.ephemeral
        given = await self._answers.give(
            actor_of(interaction),
            run_id or 0,
            str(typed.get("text") or ""),
            shown=bool(typed.get("shown")),
            message_id=message.id if message is not None and is_prompt else None,
        )
        reply = reply_to(interaction)
        await reply.show_privately(cards.given_card(given, reply.translator))

    async def _take_back(self, interaction: discord.Interaction[Any], run_id: int | None) -> None:
        own = await self._answers.take_back(actor_of(interaction), run_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.taken_back_card(own, reply.translator))
