"""Answers the controls of the list of who came, and of what is done about many of them."""

from __future__ import annotations

from typing import Any

import discord

from bot.app import Lyceum
from bot.components import Handler
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_number
from bot.members import find_names
from bot.replies import reply_to
from cogs.raids import render, render_review
from cogs.raids.model import ACTIONS, no_raid
from cogs.raids.render_review import A_PAGE, MOST_PAGES
from cogs.raids.service import RaidService


class ReviewControls:
    """The list with its boxes, the preview, the act and its undoing."""

    def __init__(self, bot: Lyceum, service: RaidService) -> None:
        self._bot = bot
        self._service = service
        self.controls: dict[str, Handler] = {
            render.REVIEW: self._open,
            render.UNDO: self._undo,
            render_review.PAGE: self._turn,
            render_review.TICK: self._tick,
            render_review.CHOOSE: self._choose,
            render_review.OLDER: self._choose_older,
            render_review.DO: self._do,
        }

    async def open_latest(self, interaction: discord.Interaction[Any]) -> None:
        """Who came with the lockdown that is on, or the last one."""
        intents = self._bot.intents
        status = await self._service.status(
            actor_of(interaction), sees_joins=intents.members, reads_messages=intents.message_content
        )
        raid = status.raid or status.last
        if raid is None:
            raise no_raid()
        await self._show(interaction, raid.id, 0)

    async def _open(self, interaction: discord.Interaction[Any], raid_id: int | None) -> None:
        await self._show(interaction, raid_id or 0, 0)

    async def _turn(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        await self._show(interaction, *divmod(code or 0, MOST_PAGES))

    async def _tick(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        raid_id, page = divmod(code or 0, MOST_PAGES)
        actor = actor_of(interaction)
        _, comers = await self._service.comers(actor, raid_id)
        shown = [
            each.member_id
            for each in comers[page * A_PAGE : (page + 1) * A_PAGE]
            if each.suspicion.is_suspect
        ]
        ticked = {str(each) for each in (interaction.data or {}).get("values", [])}
        await self._service.cohort.leave_out(actor, raid_id, {each: str(each) in ticked for each in shown})
        await self._show(interaction, raid_id, page)

    async def _choose(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        raid_id, action = divmod(code or 0, MOST_PAGES)
        await self._preview(interaction, raid_id, action, 0)

    async def _choose_older(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        raid_id, action = divmod(code or 0, MOST_PAGES)
        await self._preview(interaction, raid_id, action, chosen_number(interaction))

    async def _preview(
        self, interaction: discord.Interaction[Any], raid_id: int, action: int, older: int
    ) -> None:
        if action >= len(ACTIONS) or not render_review.is_older(older):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        preview = await self._service.preview(actor_of(interaction), raid_id, ACTIONS[action], older)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.preview_card(preview, reply.translator))

    async def _do(self, interaction: discord.Interaction[Any], code: int | None) -> None:
        raid_id, rest = divmod(code or 0, MOST_PAGES)
        action, older = divmod(rest, 10)
        if action >= len(ACTIONS) or not render_review.is_older(older):
            raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
        done = await self._service.actions.do(actor_of(interaction), raid_id, ACTIONS[action], older)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.done_card(done, reply.translator))

    async def _undo(self, interaction: discord.Interaction[Any], action_id: int | None) -> None:
        action = await self._service.actions.undo(actor_of(interaction), action_id or 0)
        reply = reply_to(interaction)
        await reply.show_privately(render_review.done_card(action, reply.translator))

    async def _show(self, interaction: discord.Interaction[Any], raid_id: int, page: int) -> None:
        raid, comers = await self._service.comers(actor_of(interaction), raid_id)
        reply = reply_to(interaction)
        shown = [each.member_id for each in comers[page * A_PAGE : (page + 1) * A_PAGE]]
        names = await find_names(interaction.guild, shown)
        await reply.show_privately(render_review.review_card(raid, comers, page, reply.translator, names.get))
