"""What is for no channel and waits, shown to the member beside the next private answer they get: no ping.

It is for members without DMs: what is private, and what has lost its channel, could not be told to them otherwise. For
whom something waits is kept in memory, so that an interaction of anybody else costs no query; where several processes
share the work, what another one's job left is known after the next start. A line is written down as told before it is
shown: a process that dies in between has shown it to nobody, but never twice. Tested in `tests/behaviour/test_firsts.py`
and `test_promises.py`.
"""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.cards import Card, Text
from bot.core import Core
from bot.notify import ASIDE_MARK
from bot.replies import reply_to

log = logging.getLogger(__name__)


class Asides:
    """Shows them."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: set[tuple[int, int]] = set()
        core.db.after_commit(self._note)

    async def load(self) -> None:
        """Find out for whom something waits. Called once, when all kinds are known."""
        async with self._core.db.read() as session:
            self._waiting |= await self._core.notifier.list_asides(session)

    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """After an interaction was answered: whatever waits for this member. Never raises."""
        member, reply = _who(interaction), reply_to(interaction)
        # A form is open: what waits comes with the answer to it.
        if member not in self._waiting or not reply.has_shown:
            return
        self._waiting.discard(member)
        try:
            async with self._core.db.begin() as session:
                lines = await self._core.notifier.take_asides(session, *member)
            if lines:
                t = reply.translator
                await reply.show(Card((Text("\n".join(t(line) for line in lines)),), silent=True))
            elif lines is None:
                self._waiting.add(member)
        except Exception:
            self._waiting.add(member)
            log.exception("could not show what waits")

    def _note(self, marks: frozenset[str]) -> None:
        for each in marks:
            if each.startswith(f"{ASIDE_MARK}:"):
                _, guild_id, member_id = each.split(":")
                self._waiting.add((int(guild_id), int(member_id)))


def _who(interaction: discord.Interaction[Any]) -> tuple[int, int]:
    return interaction.guild_id or 0, interaction.user.id
