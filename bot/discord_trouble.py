"""What a request to Discord raises, in one tuple for all that have to go on without its answer."""

from __future__ import annotations

import aiohttp
import discord

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""Discord refuses or errs; the connection breaks; a timeout, which is an OSError."""
