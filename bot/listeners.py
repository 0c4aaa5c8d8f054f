"""Who of the features hears of messages and of answered commands.

Plain calls one after the other, in the one task that discord.py has made: each listener of discord.py's own would be a
task more a message. One that fails keeps the others from nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import discord
from discord import app_commands

from bot.error_replies import report_error
from bot.features import Features, feature_of

MessageHandler = Callable[[discord.Message], Awaitable[None]]
CommandHandler = Callable[[discord.Interaction[Any], app_commands.Command[Any, ..., Any]], Awaitable[None]]


class Listeners:
    """Those who listen. `note_fault` is told of each error, before it is reported."""

    def __init__(self, features: Features, note_fault: Callable[[BaseException], None]) -> None:
        self._features = features
        self._note_fault = note_fault
        self._to_messages: list[tuple[MessageHandler, str | None]] = []
        self._to_commands: list[CommandHandler] = []

    def to_messages(self, handler: MessageHandler) -> None:
        """Call `handler` for every message that a member writes in a server. It must not query in passing."""
        self._to_messages.append((handler, feature_of(handler)))

    def no_more_to_messages(self, handler: MessageHandler) -> None:
        self._to_messages.remove((handler, feature_of(handler)))

    def to_commands(self, handler: CommandHandler) -> None:
        """Call `handler` for every command that was answered. It must not query in passing either."""
        self._to_commands.append(handler)

    def no_more_to_commands(self, handler: CommandHandler) -> None:
        self._to_commands.remove(handler)

    async def message_written(self, message: discord.Message) -> None:
        """A member has written in a server."""
        assert message.guild is not None
        off: Collection[str] | None = None
        for handler, feature in self._to_messages:
            try:
                if off is None:
                    off = await self._features.list_off(message.guild.id)
                if feature not in off:
                    await handler(message)
            except Exception as error:  # noqa: BLE001 - one feature's bug must not silence the others
                self._note_fault(error)
                report_error(error, f"on a message in guild={message.guild.id} channel={message.channel.id}")

    async def command_answered(
        self, interaction: discord.Interaction[Any], command: app_commands.Command[Any, ..., Any]
    ) -> None:
        """A command has its answer."""
        for handler in self._to_commands:
            try:
                await handler(interaction, command)
            except Exception as error:  # noqa: BLE001 - one feature's bug must not silence the others
                self._note_fault(error)
                report_error(error, f"after {command.qualified_name}")
