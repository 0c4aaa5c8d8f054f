"""/help: who asks, what they may do, and which of it is switched on."""

from __future__ import annotations

from typing import Any

import discord

from bot.authority import Capability, has
from bot.components import Components
from bot.core import Core
from bot.groups import SharedGroups, plain_command
from bot.help_card import HOME, TOPIC, help_card
from bot.interactions import actor_of, chosen_values
from bot.replies import reply_to
from bot.tree import LyceumTree


class Help:
    """Answers the command and the menu of topics on its card."""

    def __init__(self, core: Core, components: Components, groups: SharedGroups, tree: LyceumTree) -> None:
        self._core = core
        self._groups = groups
        self._tree = tree
        self.command = plain_command("help", "What would you like to do?", self._open)
        components.register(TOPIC, self._topic)
        components.register(HOME, self._home)

    async def _open(self, interaction: discord.Interaction[Any]) -> None:
        await self._show(interaction, None, new=True)

    async def _home(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        await self._show(interaction, None)

    async def _topic(self, interaction: discord.Interaction[Any], _: int | None) -> None:
        [topic] = chosen_values(interaction, 1)
        await self._show(interaction, topic)

    async def _show(
        self, interaction: discord.Interaction[Any], topic: str | None, *, new: bool = False
    ) -> None:
        actor = actor_of(interaction)
        roles = (await self._core.configs.guild(actor.guild_id)).capability_roles
        mine = [each for each in Capability if has(actor, each, roles)]
        lines = self._groups.help_lines
        if off := await self._core.features.list_off(actor.guild_id):
            lines = [line for line in lines if self._tree.feature_behind(line.command) not in off]
        reply = reply_to(interaction)
        card = help_card(lines, mine, reply.translator, topic)
        await (reply.show(card) if new else reply.show_privately(card))
