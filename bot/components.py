"""Answers buttons, menus and forms by their id alone, so that every card works for ever.

A feature registers a handler for the name of each control (`onboarding:quest.start`) when it loads; the row
id in the control's id is passed on. A control that nobody handles any more, on a card from an older version,
is answered politely, and so is one of a feature that the server has switched off. Each name has exactly one
owner: registering it twice raises ValueError.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.cards import Card, Text, custom_id, parse_custom_id
from bot.error_replies import respond_to_error
from bot.features import Features
from bot.replies import reply_to

log = logging.getLogger(__name__)

Handler = Callable[[discord.Interaction[Any], int | None], Awaitable[None]]


class Components:
    """Knows who answers which control."""

    def __init__(self, features: Features | None = None) -> None:
        self._features = features
        self._handlers: dict[str, Handler] = {}

    def register(self, name: str, handler: Handler) -> None:
        """Let `handler` answer controls of this name, with their row id."""
        custom_id(name)
        if name in self._handlers:
            raise ValueError(f"two handlers for the control {name!r}")
        self._handlers[name] = handler

    def unregister(self, *names: str) -> None:
        for name in names:
            self._handlers.pop(name, None)

    @property
    def names(self) -> frozenset[str]:
        """Every name that is handled."""
        return frozenset(self._handlers)

    async def answer(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a component or form interaction. Never raises."""
        parsed = parse_custom_id(_custom_id_of(interaction))
        handler = self._handlers.get(parsed[0]) if parsed is not None else None
        try:
            if parsed is None or handler is None:
                await self._answer_old_card(interaction)
            else:
                if self._features is not None:
                    await self._features.require(interaction.guild_id, parsed[0].partition(":")[0])
                await handler(interaction, parsed[1])
        except Exception as error:  # noqa: BLE001 - the one door for errors tells them apart
            await respond_to_error(interaction, error)

    async def _answer_old_card(self, interaction: discord.Interaction[Any]) -> None:
        # Only the id: a form also holds what the person typed, which is not for the log.
        log.info("a control without a handler was used: %r", _custom_id_of(interaction))
        reply = reply_to(interaction)
        t = reply.translator
        text = t("This card is from an older version of me. Use {command} to go on.", command="`/help`")
        await reply.show(Card((Text(text),)))


def _custom_id_of(interaction: discord.Interaction[Any]) -> str:
    return str((interaction.data or {}).get("custom_id", ""))
