"""The top-level commands that features share: /me, /manage, /setup and /mod, and what /help lists.

A feature adds its command or subgroup when it loads, and its lines of help with it; what it adds it
takes back when it unloads. Discord shows nothing of a group that has no command in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.authority import Capability

_Callback = Callable[[discord.Interaction[Any]], Awaitable[None]]
_Command = app_commands.Command[Any, ..., Any] | app_commands.Group


@dataclass(frozen=True)
class HelpLine:
    """One line of /help: what somebody wants (a gettext id), the command for it, and who may use it.

    With a `control` it is a button that does it, for the six members' goals of the lowest `rank`.
    """

    goal: str
    command: str
    needs: Capability | None = None
    control: str | None = None
    rank: int = 9


class SharedGroups:
    """The shared groups of one bot."""

    def __init__(self) -> None:
        facilitators_only = discord.Permissions(manage_guild=True)
        self.me = _group("me", "Your card and how I talk to you")
        self.manage = _group("manage", "Run the community", facilitators_only)
        self.setup = _group("setup", "Set up the community", facilitators_only)
        self.mod = _group("mod", "Keep people safe", discord.Permissions(moderate_members=True))
        self._help: list[HelpLine] = []

    def attach(self, group: app_commands.Group, command: _Command, *lines: HelpLine) -> None:
        """Add a command or subgroup, with its lines of help."""
        group.add_command(command)
        self._help.extend(lines)

    def detach(self, group: app_commands.Group, name: str, *lines: HelpLine) -> None:
        """Take back what was attached."""
        group.remove_command(name)
        self.forget_help(*lines)

    def list_help(self, *lines: HelpLine) -> None:
        """Add lines of help for commands that stand on their own."""
        self._help.extend(lines)

    def forget_help(self, *lines: HelpLine) -> None:
        self._help = [line for line in self._help if line not in lines]

    def put_into(self, tree: app_commands.CommandTree[Any]) -> None:
        """Add the groups that hold a command to the tree."""
        for group in (self.me, self.manage, self.setup, self.mod):
            if group.commands:
                tree.add_command(group, override=True)

    @property
    def help_lines(self) -> tuple[HelpLine, ...]:
        """All that /help may list."""
        return tuple(self._help)


def plain_command(name: str, description: str, callback: _Callback) -> app_commands.Command[Any, ..., Any]:
    """A command without options. discord.py takes no bound methods, so the call is passed on."""

    async def run(interaction: discord.Interaction[Any]) -> None:
        await callback(interaction)

    run.__module__ = callback.__module__  # whose command it is, see bot.features.feature_of
    return app_commands.Command(name=name, description=description, callback=run)


def _group(name: str, description: str, permissions: discord.Permissions | None = None) -> app_commands.Group:
    return app_commands.Group(
        name=name, description=description, guild_only=True, default_permissions=permissions
    )
