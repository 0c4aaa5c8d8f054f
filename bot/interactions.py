"""Reads from an interaction what services need: who acts, and with which powers."""

from __future__ import annotations

from typing import Any

import discord

from bot.authority import Actor
from bot.errors import NotAllowed


def actor_of(interaction: discord.Interaction[Any]) -> Actor:
    """The person behind an interaction in a server. Raises `NotAllowed` in a DM."""
    member = interaction.user
    if interaction.guild_id is None or not isinstance(member, discord.Member):
        raise NotAllowed("This works only inside a server. Please use it in one of its channels.")
    return Actor(
        guild_id=interaction.guild_id,
        member_id=member.id,
        role_ids=frozenset(role.id for role in member.roles),
        permissions=interaction.permissions.value,
        is_owner=interaction.guild is not None and interaction.guild.owner_id == member.id,
        locale=interaction.locale.value,
    )
