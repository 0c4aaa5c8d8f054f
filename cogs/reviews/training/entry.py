"""Where the training is reached: two commands in /review, and the desk of /manage reviews.

The commands join the group /review that is there. While nothing else makes it, it is made here; likewise /manage
reviews, which opens the training's desk until it has a desk of its own with a button to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.app import Lyceum
from bot.groups import HelpLine, plain_command
from bot.i18n import N_
from cogs.reviews.training.manage import STAFF_HELP

GROUP = "review"
DESK = "reviews"
HELP = (
    HelpLine(N_("See what makes a review help"), "/review examples"),
    HelpLine(N_("Learn to review, and get the reviewer's licence"), "/review train"),
)
_Callback = Callable[[discord.Interaction[Any]], Awaitable[None]]


class Entry:
    """Adds the commands, and takes them back."""

    def __init__(self, bot: Lyceum, *, examples: _Callback, train: _Callback, manage: _Callback) -> None:
        self._bot = bot
        self._manage = manage
        self._commands = (
            plain_command("examples", "Works with a good and a weak review of each, and why", examples),
            plain_command("train", "Learn to review with three short works", train),
        )
        self._made_desk = self._made_group = False

    def load(self) -> None:
        bot = self._bot
        group = bot.tree.get_command(GROUP)
        if not isinstance(group, app_commands.Group):
            group = app_commands.Group(
                name=GROUP, description="Feedback on what people make", guild_only=True
            )
            bot.tree.add_command(group)
            self._made_group = True
        for each in self._commands:
            group.add_command(each)
        bot.groups.list_help(*HELP)
        if bot.groups.manage.get_command(DESK) is None:
            desk = plain_command(DESK, "Trained reviewers, and what they practise on", self._manage)
            bot.groups.attach(bot.groups.manage, desk, STAFF_HELP)
            self._made_desk = True

    def unload(self) -> None:
        bot = self._bot
        group = bot.tree.get_command(GROUP)
        if isinstance(group, app_commands.Group):
            for each in self._commands:
                group.remove_command(each.name)
            if self._made_group:
                bot.tree.remove_command(GROUP)
        bot.groups.forget_help(*HELP)
        if self._made_desk:
            bot.groups.detach(bot.groups.manage, DESK, STAFF_HELP)
