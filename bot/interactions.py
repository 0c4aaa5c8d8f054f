"""Reads from an interaction what services need: who acts, and with which powers."""

from __future__ import annotations

from typing import Any, cast

import discord

from bot.authority import Actor
from bot.cards import LARGEST_ROW_ID
from bot.errors import InvalidInput, NotAllowed
from bot.own import Who


def tags_of(interaction: discord.Interaction[Any]) -> dict[str, Any]:
    """What the log says of an interaction: where, who, and with which command or control."""
    if interaction.command is not None:
        command = interaction.command.qualified_name
    else:
        # Without the row id, so that one control is one name.
        given = str((interaction.data or {}).get("custom_id", ""))
        command = ":".join(given.split(":")[:2])
    return {"guild": interaction.guild_id, "user": interaction.user.id, "command": command or None}


def mend_text(interaction: discord.Interaction[Any]) -> None:
    """Replace halves of surrogate pairs in what was typed: JSON can carry them, but no database or reply can."""
    data = cast("dict[str, Any] | None", interaction.data)
    if data is not None:
        data |= cast("dict[str, Any]", _mended(data))


def _mended(part: object) -> object:
    if isinstance(part, str):
        return part.encode("utf-8", "replace").decode() if not part.isascii() else part
    if isinstance(part, dict):
        return {key: _mended(value) for key, value in cast("dict[str, object]", part).items()}
    if isinstance(part, list):
        return [_mended(each) for each in cast("list[object]", part)]
    return part


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


def who_of(interaction: discord.Interaction[Any]) -> Who:
    """The person behind an interaction, also on a DM."""
    return Who(interaction.guild_id, interaction.user.id, interaction.locale.value)


def chosen_values(interaction: discord.Interaction[Any], count: int) -> list[str]:
    """What was chosen in a menu of which `count` options can be. Raises `InvalidInput` for a forged choice."""
    values = cast("list[str]", cast("dict[str, Any]", interaction.data or {}).get("values", []))
    if len(values) != count:
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return values


def chosen_number(interaction: discord.Interaction[Any]) -> int:
    """The number of the row or person chosen in a menu. Raises `InvalidInput` for a forged choice."""
    [value] = chosen_values(interaction, 1)
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LARGEST_ROW_ID):
        raise InvalidInput("That cannot be chosen any more. Please open the menu again.")
    return int(value)


def may_write(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot can post where the person is, which an answer to them does not need."""
    mine = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    return mine.view_channel and (mine.send_messages_in_threads if in_thread else mine.send_messages)
