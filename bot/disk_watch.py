"""Notices that the disk with the database takes nothing more, tells staff, and notices when it does again.

Looked at with every tick, so within half a minute. This is the one thing that is posted without a row before it:
a row could not be written. So it is told once a day and server as far as this process remembers; after a restart
once more, unless Discord still knows the nonce. What members did meanwhile is in no table, so when there is room again
the event `disk_recovered` lets features compare with Discord, as after a READY.
Tested by a disk that really is full: `tests/wire/test_full_disk.py`.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from pathlib import Path

import discord

from bot.card_views import allowed_mentions, to_view
from bot.cards import Card, Text
from bot.core import Core
from bot.discord_trouble import TROUBLE
from bot.i18n import Translations, Translator
from bot.marks import marker_of, nonce_of
from storage.faults import is_unwritable, lack_of_room

log = logging.getLogger(__name__)

RECOVERED = "disk_recovered"  # features listen as on_disk_recovered
TELL_WITHIN = 10.0  # seconds a server; the tick waits for it


class DiskWatch:
    """Looks at the disk of a SQLite file. With PostgreSQL there is none to look at."""

    def __init__(self, client: discord.Client, core: Core, translations: Translations) -> None:
        self._client = client
        self._core = core
        self._translations = translations
        sqlite = core.db.dialect == "sqlite"
        self._file = Path(str(core.db.url.database)).absolute() if sqlite else None
        self._is_bad = False  # at the last look
        self._was_bad = False  # then, or for a moment since
        self._told: dict[int, date] = {}  # by server

    def note(self, error: BaseException | None) -> None:
        """Something failed. If the disk was to blame, its recovery is waited for, however short this was."""
        self._was_bad = self._was_bad or is_unwritable(error)

    async def look(self) -> None:
        """Compare with the last look, and tell what changed. Never raises."""
        trouble = lack_of_room(self._file) if self._file is not None else None
        if trouble is not None:
            if not self._is_bad:
                log.error("%s: nothing can be written down until there is room", trouble)
            self._was_bad = self._is_bad = True
            for guild in self._client.guilds:
                await self._tell(guild.id)
        elif self._was_bad:
            self._was_bad = self._is_bad = False
            log.warning("the disk can be written to again")
            self._client.dispatch(RECOVERED)

    async def _tell(self, guild_id: int) -> None:
        today = self._core.clock.now().date()
        if self._told.get(guild_id) == today:
            return
        try:
            config = await self._core.configs.guild(guild_id)
            if config.staff_channel_id is None:
                return
            card = notice(self._translations.for_locale(config.locale))
            key = f"disk:{guild_id}:{today}"
            place = self._client.get_partial_messageable(config.staff_channel_id, guild_id=guild_id)
            async with asyncio.timeout(TELL_WITHIN):
                await place.send(
                    view=to_view(card, marker=marker_of(key)),
                    nonce=nonce_of(key),
                    allowed_mentions=allowed_mentions(card),
                )
        except discord.HTTPException as refusal:
            log.warning("staff could not be told of the full disk guild=%s: %s", guild_id, refusal)
            if refusal.status >= 500 or refusal.status == 429:
                return
        except TROUBLE as error:
            log.warning("staff could not be told of the full disk guild=%s: %r", guild_id, error)
            return
        self._told[guild_id] = today


def notice(t: Translator) -> Card:
    """What staff are told."""
    text = t(
        "**Something needs a hand**\nThe disk of the computer that I run on is full or cannot be written to, so I can "
        "keep nothing new: greetings, goals and reminders wait.\nPlease tell whoever runs this bot to make room. I go "
        "on by myself then."
    )
    return Card((Text(text),))
