"""/mod raid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.interactions import actor_of
from bot.replies import reply_to
from cogs.raids import render, rules

if TYPE_CHECKING:
    from cogs.raids.cog import RaidsCog


class RaidGroup(app_commands.Group):
    """The commands of moderators about raids; each leads to one card."""

    def __init__(self, cog: RaidsCog) -> None:
        super().__init__(name="raid", description="Many join at once: hold them up, look, act, all clear")
        self._cog = cog

    @app_commands.command(description="Whether a lockdown is on, why, and what can be done next")
    async def status(self, interaction: discord.Interaction[Any]) -> None:
        await self._cog.show_status(interaction)

    @app_commands.command(description="Announce that many will join, so that it is not taken for a raid")
    @app_commands.describe(
        newcomers="How many you expect",
        until="Until when, in your own words: 20:00, tomorrow 18:00",
        begins="From when; without it from now on",
    )
    async def expect(
        self,
        interaction: discord.Interaction[Any],
        newcomers: app_commands.Range[int, 1, rules.MOST_EXPECTED],
        until: str,
        begins: str | None = None,
    ) -> None:
        surges = self._cog.service.surges
        surge = await surges.announce(actor_of(interaction), newcomers, begins, until)
        reply = reply_to(interaction)
        await reply.show(render.announced_card(surge, reply.translator))

    @app_commands.command(description="See who came with a raid, choose who is meant, and act on them")
    async def act(self, interaction: discord.Interaction[Any]) -> None:
        await self._cog.review.open_latest(interaction)

    @app_commands.command(description="All clear: end the lockdown and put everything back as it was")
    async def clear(self, interaction: discord.Interaction[Any]) -> None:
        await self._cog.clear_latest(interaction)
