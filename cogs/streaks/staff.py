"""Receives /manage streaks and the controls of its cards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

import discord
from discord import app_commands

from bot.card_views import form_answers
from bot.errors import InvalidInput
from bot.interactions import actor_of, chosen_values
from bot.replies import reply_to
from cogs.streaks import staff_cards as cards
from cogs.streaks.repairs import Repairs

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]


class StaffControls:
    """Translates and passes on."""

    def __init__(self, repairs: Repairs) -> None:
        self._repairs = repairs

    def handlers(self) -> Mapping[str, Handler]:
        return {
            cards.PAGE: self._turn,
            cards.CHOOSE: self._ask,
            cards.REPAIR: self._repair,
            cards.TAKE_BACK: self._take_back,
        }

    def command(self) -> app_commands.Command[Any, ..., Any]:
        repairs = self._repairs

        async def streaks(interaction: discord.Interaction[Any], member: discord.User) -> None:
            view = await repairs.find(actor_of(interaction), member.id)
            reply = reply_to(interaction)
            await reply.show(cards.staff_card(view, reply.translator))

        described = app_commands.describe(member="Whose streak")(streaks)
        return app_commands.Command(
            name="streaks",
            description="Why somebody's weeks counted, and how to repair one",
            callback=described,
        )

    async def _turn(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        view = await self._repairs.look(actor_of(interaction), *cards.unpacked(row))
        reply = reply_to(interaction)
        await reply.show_privately(cards.staff_card(view, reply.translator))

    async def _ask(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        monday = _chosen_day(interaction)
        await self._repairs.look(actor_of(interaction), row or 0)
        reply = reply_to(interaction)
        await reply.ask(cards.repair_form(row or 0, monday, reply.translator))

    async def _repair(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        reason = str(form_answers(interaction).get("reason") or "")
        streak_id, monday = cards.unpacked_day(row)
        view = await self._repairs.repair(actor_of(interaction), streak_id, monday, reason)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("**The week of {monday} counts now.** The member is told, with your reason.", monday=monday)
        await reply.show_privately(cards.staff_card(view, t, said=said))

    async def _take_back(self, interaction: discord.Interaction[Any], row: int | None) -> None:
        monday = _chosen_day(interaction)
        view = await self._repairs.take_back(actor_of(interaction), row or 0, monday)
        reply = reply_to(interaction)
        t = reply.translator
        said = t("**The week of {monday} is again what it was before.**", monday=monday)
        await reply.show_privately(cards.staff_card(view, t, said=said))


def _chosen_day(interaction: discord.Interaction[Any]) -> date:
    """The Monday that was chosen. Raises `InvalidInput` for a forged one."""
    [value] = chosen_values(interaction, 1)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.") from None
