"""Where the training is reached: two commands in /review, and one in /manage reviews."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.app import Lyceum
from bot.authority import Capability
from bot.groups import HelpLine, Topic, plain_command
from bot.i18n import N_

HELP = (
    HelpLine(N_("See what makes a review help"), "/review examples", topic=Topic.FEEDBACK),
    HelpLine(N_("Learn to review, and get the reviewer's licence"), "/review train", topic=Topic.FEEDBACK),
    HelpLine(
        N_("See who is a trained reviewer, and what reviewers practise on"),
        "/manage reviews training",
        Capability.FACILITATE,
    ),
)
_Callback = Callable[[discord.Interaction[Any]], Awaitable[None]]


class Entry:
    """Adds the commands to the groups of reviews, which are loaded before, and takes them back."""

    def __init__(self, bot: Lyceum, *, examples: _Callback, train: _Callback, manage: _Callback) -> None:
        self._bot = bot
        self._for_members = (
            plain_command("examples", "Works with a good and a weak review of each, and why", examples),
            plain_command("train", "Learn to review with three short works", train),
        )
        self._for_staff = (plain_command("training", "Trained reviewers, and what they practise on", manage),)

    def load(self) -> None:
        for group, commands in self._groups():
            for each in commands:
                group.add_command(each)
        self._bot.groups.list_help(*HELP)

    def unload(self) -> None:
        for group, commands in self._groups():
            for each in commands:
                group.remove_command(each.name)
        self._bot.groups.forget_help(*HELP)

    def _groups(self) -> list[tuple[app_commands.Group, tuple[app_commands.Command[Any, ..., Any], ...]]]:
        """The groups that are there: when everything unloads, they may have gone first."""
        found = (
            (self._bot.tree.get_command("review"), self._for_members),
            (self._bot.groups.manage.get_command("reviews"), self._for_staff),
        )
        return [(group, commands) for group, commands in found if isinstance(group, app_commands.Group)]
