"""Answers the controls for facilitators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.card_views import form_answers
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_values
from bot.refusals import in_words
from bot.replies import reply_to
from cogs.rituals import change_cards, staff_cards
from cogs.rituals import desk_cards as cards
from cogs.rituals.service import RitualsService

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]


class DeskControls:
    """The list, one ritual, changes to it, holidays, and notices to staff."""

    def __init__(self, service: RitualsService) -> None:
        self._service = service
        self._drafts = service.drafts

    def handlers(self) -> dict[str, Handler]:
        return {
            cards.LIST: self._list,
            cards.OPEN: self._open,
            cards.SHOW: self._show,
            cards.EDIT: self._edit,
            cards.PREVIEW: self._preview,
            cards.RUN: self._run,
            cards.PAUSE: self._pause,
            cards.RESUME: self._resume,
            cards.END: self._end,
            cards.REMOVE: self._remove,
            change_cards.DRAFT_WORDS: self._ask_words,
            change_cards.DRAFT_WHEN: self._ask_when,
            change_cards.DRAFT_WRITE: self._write,
            change_cards.DRAFT_PLACE: self._place,
            change_cards.DRAFT_SAVE: self._save,
            change_cards.DRAFT_DISCARD: self._discard,
            change_cards.HOLIDAYS_ASK: self._ask_holidays,
            change_cards.HOLIDAYS_SET: self._set_holidays,
            staff_cards.QUIET_CHANGE: self._edit,
            staff_cards.QUIET_PAUSE: self._quiet_pause,
            staff_cards.QUIET_KEEP: self._quiet_keep,
        }

    async def _list(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        rituals = await self._service.list_all(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.show_privately(cards.list_card(rituals, reply.translator))

    async def _open(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [chosen] = chosen_values(interaction, 1)
        if not chosen.isdecimal():
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        await self._show(interaction, int(chosen))

    async def _show(
        self, interaction: discord.Interaction[Any], ritual_id: int | None, note: str | None = None
    ) -> None:
        found = await self._service.overview(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.ritual_card(found, reply.translator, note=note))

    async def _edit(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        draft = await self._drafts.begin(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(change_cards.draft_card(draft, reply.translator))

    async def _preview(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        posted = await self._service.posting.preview(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show(cards.preview_card(posted, reply.translator))

    async def _run(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        ritual = await self._service.posting.by_hand(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show(cards.posted_card(ritual, reply.translator))

    async def _pause(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        await self._service.pause(actor_of(interaction), ritual_id or 0)
        await self._show(interaction, ritual_id)

    async def _resume(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        await self._service.resume(actor_of(interaction), ritual_id or 0)
        await self._show(interaction, ritual_id)

    async def _end(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        found = await self._service.overview(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.end_card(found.ritual, reply.translator))

    async def _remove(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        await self._service.remove(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(cards.removed_card(reply.translator))

    async def _ask_words(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        draft = await self._drafts.get(actor_of(interaction), draft_id or 0)
        reply = reply_to(interaction)
        await reply.ask(change_cards.words_form(draft, reply.translator))

    async def _ask_when(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        draft = await self._drafts.get(actor_of(interaction), draft_id or 0)
        reply = reply_to(interaction)
        await reply.ask(change_cards.when_form(draft, reply.translator))

    async def _write(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        await self._change(interaction, draft_id or 0, form_answers(interaction))

    async def _place(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        values = list((interaction.data or {}).get("values", []))
        await self._change(interaction, draft_id or 0, {"channel_id": values[0]} if values else {})

    async def _change(
        self, interaction: discord.Interaction[Any], draft_id: int, typed: dict[str, Any]
    ) -> None:
        """Put it into the draft and show that; what cannot be read is said above it, and the rest stands."""
        actor, reply = actor_of(interaction), reply_to(interaction)
        t, note = reply.translator, None
        try:
            draft = await self._drafts.write(actor, draft_id, typed)
        except InvalidInput as error:
            note = in_words(error, t)
            draft = await self._drafts.get(actor, draft_id)
        await reply.show_privately(change_cards.draft_card(draft, t, note=note))

    async def _save(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        ritual = await self._drafts.save(actor_of(interaction), draft_id or 0)
        await self._show(interaction, ritual.id, reply_to(interaction).translator("Saved."))

    async def _discard(self, interaction: discord.Interaction[Any], draft_id: int | None) -> None:
        actor = actor_of(interaction)
        draft = await self._drafts.get(actor, draft_id or 0)
        await self._drafts.discard(actor, draft.id)
        await self._show(interaction, draft.before.id)

    async def _ask_holidays(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        holidays = await self._service.holidays.show(actor_of(interaction))
        reply = reply_to(interaction)
        await reply.ask(change_cards.holidays_form(holidays, reply.translator))

    async def _set_holidays(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        typed = str(form_answers(interaction).get("days") or "")
        reply = reply_to(interaction)
        try:
            holidays = await self._service.holidays.change(actor_of(interaction), typed)
        except InvalidInput as error:
            reason = in_words(error, reply.translator)
            await reply.show(change_cards.refused_card(reason, typed, reply.translator))
            return
        await reply.show_privately(change_cards.holidays_card(holidays, reply.translator))

    async def _quiet_pause(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        ritual = await self._service.pause(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.replace(cards.state_card(ritual, reply.translator))

    async def _quiet_keep(self, interaction: discord.Interaction[Any], ritual_id: int | None) -> None:
        found = await self._service.overview(actor_of(interaction), ritual_id or 0)
        reply = reply_to(interaction)
        await reply.replace(staff_cards.kept_card(found.ritual, reply.translator))
