"""The one path by which an interaction is answered, exactly once and within 3 seconds.

Discord voids an interaction that got no answer within 3 s, and refuses a second first answer. So all code
answers through the `Reply` of the interaction, which serialises answers and knows whether the first was
given; and a timer acknowledges at 1.5 s when the work takes longer, after which the answer follows as soon
as it is there. Tested in `tests/bot/test_replies.py` with a slow database and with two answers at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import discord
from discord.utils import MISSING

from bot.card_views import allowed_mentions, files_of, marker_on, to_modal, to_view
from bot.cards import Card, Form, Text
from bot.counters import counters
from bot.i18n import Translator
from bot.outbox import Posted

if TYPE_CHECKING:
    from bot.app import Lyceum

log = logging.getLogger(__name__)

ACKNOWLEDGE_AFTER = 1.5  # seconds; half of Discord's limit is left for the network
UNKNOWN_MESSAGE = 10008
TOO_LATE = 10062  # unknown interaction: Discord's 3 s are over
ALREADY_ANSWERED = 40060  # a retried first answer whose first try had worked


class Reply:
    """Answers one interaction. Get it from `reply_to`."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._rescue: asyncio.Task[None] | None = None
        self._was_given = False  # Discord says that it has the first answer, though discord.py does not know
        self.has_shown = False  # a card was the answer, not a form or nothing yet
        self._may_be_acknowledged = False  # the acknowledgement was sent, and its outcome is unknown

    @property
    def translator(self) -> Translator:
        """Texts in the language of the person, for only they see the answer: as chosen, else as their Discord is."""
        interaction = self._interaction
        client = cast("Lyceum", interaction.client)
        chosen = client.languages.chosen(interaction.guild_id, interaction.user.id)
        return client.translations.for_locale(chosen or interaction.locale.value)

    def watch(self) -> None:
        """Start the timer that acknowledges when nothing else answers in time."""
        if self._is_answered:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(ACKNOWLEDGE_AFTER, self._start_rescue)

    async def show(self, card: Card, *, private: bool = True) -> None:
        """Answer with a new message, seen only by the person unless `private` is False."""
        view, mentions = to_view(card), allowed_mentions(card)
        self.has_shown = True
        async with self._turn:
            if not self._is_answered and await self._first(
                self._interaction.response.send_message(
                    view=view,
                    files=files_of(card),
                    ephemeral=private,
                    allowed_mentions=mentions,
                    silent=card.silent,
                )
            ):
                return
            await self._interaction.followup.send(
                view=view,
                files=files_of(card),
                ephemeral=private,
                allowed_mentions=mentions,
                silent=card.silent,
            )

    async def post(self, card: Card) -> Posted:
        """After the answer, a message that everybody in the channel sees."""
        async with self._turn:
            message = await self._interaction.followup.send(
                view=to_view(card),
                files=files_of(card),
                allowed_mentions=allowed_mentions(card),
                silent=card.silent,
                wait=True,
            )
        return Posted(message.channel.id, message.id, message.jump_url)

    async def replace(self, card: Card) -> None:
        """Answer by drawing the message again on which the control was used; a new one, for them alone, if there is none
        or somebody deleted it in this moment."""
        message = self._interaction.message
        if message is None:
            await self.show(card)
            return
        try:
            await self._redraw(card, message)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            await self.show(card)

    async def _redraw(self, card: Card, message: discord.Message) -> None:
        # A post of the outbox keeps its marker, by which it is recognised if its receipt was lost.
        view = to_view(card, marker=marker_on(message))
        mentions = allowed_mentions(card)
        self.has_shown = True
        # Files are named only where there are or were some: what is not named stays on the message.
        has_files = bool(message.attachments or files_of(card))
        async with self._turn:
            if not self._is_answered and await self._first(
                self._interaction.response.edit_message(
                    view=view,
                    allowed_mentions=mentions,
                    attachments=files_of(card) if has_files else MISSING,
                )
            ):
                return
            await self._interaction.edit_original_response(
                view=view, allowed_mentions=mentions, attachments=files_of(card) if has_files else MISSING
            )

    async def show_privately(self, card: Card) -> None:
        """Answer on the person's own private card if that is where the press came from, else with a new one."""
        message = self._interaction.message
        if message is not None and message.flags.ephemeral:
            await self.replace(card)
        else:
            await self.show(card)

    async def ask(self, form: Form) -> None:
        """Answer with a form. Only a first answer can be one: too late, the person is asked to press again."""
        async with self._turn:
            if not self._is_answered and await self._first(
                self._interaction.response.send_modal(to_modal(form))
            ):
                return
        t = self.translator
        await self.show(Card((Text(t("That took me too long, sorry. Please press the button once more.")),)))

    @property
    def _is_answered(self) -> bool:
        return self._was_given or self._interaction.response.is_done()

    async def _first(self, answer: Awaitable[Any]) -> bool:
        """Give the first answer. That it was given already, or came too late, is no reason to fail.

        Returns False when only our acknowledgement was given, so that the answer has still to follow it.
        """
        if self._timer is not None:
            self._timer.cancel()
        try:
            await answer
            counters.answered += 1
        except discord.HTTPException as error:
            counters.late += error.code == TOO_LATE
            if error.code not in (TOO_LATE, ALREADY_ANSWERED):
                raise
            log.warning("interaction %s: first answer refused with %s", self._interaction.id, error.code)
            self._was_given = error.code == ALREADY_ANSWERED
            return not (self._was_given and self._may_be_acknowledged)
        return True

    def _start_rescue(self) -> None:
        self._rescue = asyncio.get_running_loop().create_task(self._acknowledge(), name="acknowledge")

    async def _acknowledge(self) -> None:
        async with self._turn:
            if self._is_answered:
                return
            # On a message of ours the quiet acknowledgement leaves the message as it is, and the answer may
            # still be a new message or a redrawn one; elsewhere the person sees that the bot is thinking.
            on_message = self._interaction.message is not None
            try:
                await self._first(
                    self._interaction.response.defer()
                    if on_message
                    else self._interaction.response.defer(ephemeral=True, thinking=True)
                )
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                # Discord may have it all the same; then the answer is refused as the second, and follows.
                self._may_be_acknowledged = True
                log.warning("interaction %s: could not be acknowledged: %r", self._interaction.id, error)


def reply_to(interaction: discord.Interaction[Any]) -> Reply:
    """The reply of this interaction, always the same object."""
    reply = interaction.extras.get("reply")
    if reply is None:
        reply = interaction.extras["reply"] = Reply(interaction)
    return reply
