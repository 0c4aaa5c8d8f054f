"""What a request to Discord raises, in one tuple for all that have to go on without its answer; and what who waits is told."""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import ServiceUnavailable

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""Discord refuses or errs; the connection breaks; a timeout, which is an OSError."""


def not_answering() -> ServiceUnavailable:
    """For somebody who waits for what Discord does not say."""
    return ServiceUnavailable("It is not answering at the moment. Please try again in a minute.")
