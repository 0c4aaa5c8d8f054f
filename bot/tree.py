"""The command tree: sends errors through the one door, and syncs commands only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands

from bot.error_replies import respond_to_error
from bot.errors import NotConfigured
from bot.features import feature_of
from bot.interactions import mend_text, tags_of
from bot.log import tag_task
from bot.replies import reply_to
from storage import app_state
from storage.database import Database

if TYPE_CHECKING:
    from bot.app import Lyceum

log = logging.getLogger(__name__)

SYNC_TIMEOUT = 60.0  # seconds
_STATE_KEY = "commands"


class LyceumTree(app_commands.CommandTree["Lyceum"]):
    """Our commands. They exist in servers only: nearly everything here is about a community."""

    def __init__(self, client: Lyceum) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )

    async def interaction_check(self, interaction: discord.Interaction[Lyceum], /) -> bool:
        """Every command may be tried but those of a feature that is switched off.

        This is also where the lines that a command logs get their tags, and its answer is timed.
        """
        mend_text(interaction)
        tag_task(partial(tags_of, interaction))
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        reply_to(interaction).watch()
        if interaction.command is None:
            return True
        features = interaction.client.core.features
        try:
            await features.require(interaction.guild_id, feature_of(interaction.command))
        except NotConfigured as error:
            await respond_to_error(interaction, error)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction[Lyceum], error: app_commands.AppCommandError, /
    ) -> None:
        await respond_to_error(interaction, error)

    async def sync_if_changed(self, db: Database) -> bool:
        """Send the commands to Discord unless it has them. Returns whether they were sent.

        Discord allows 200 creations a day and guild, and a crash loop would use them up. What was sent last
        is remembered by its hash, together with the application it was sent for. When Discord does not take
        them, the bot runs with those it has, and the next start tries again.
        """
        fingerprint = self._fingerprint()
        async with db.read() as session:
            if await app_state.find(session, _STATE_KEY) == fingerprint:
                return False
        try:
            # At its limit Discord asks for hours of patience, and discord.py would have it.
            async with asyncio.timeout(SYNC_TIMEOUT):
                commands = await self.sync()
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            log.exception("the commands could not be synced; Discord keeps those it has")
            return False
        async with db.begin() as session:
            await app_state.put(session, _STATE_KEY, fingerprint)
        log.info("synced %s commands", len(commands))
        return True

    def feature_behind(self, typed: str) -> str | None:
        """The feature of a command as it is typed, such as ``/me edit``; None for the shell's."""
        first, *rest = typed.removeprefix("/").split()
        found: Any = self.get_command(first)
        for name in rest:
            if isinstance(found, app_commands.Group):
                found = found.get_command(name)
        return feature_of(found)

    def _fingerprint(self) -> str:
        payload: list[Any] = [command.to_dict(self) for command in self.get_commands()]
        payload.sort(key=lambda each: (each["type"], each["name"]))
        text = json.dumps([self.client.application_id, payload], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
