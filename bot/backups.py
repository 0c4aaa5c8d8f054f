"""Makes backups of a SQLite database by schedule, beside the event loop.

The next one is due so many hours after the date of the newest file, so restarts neither skip nor add one. A failure is
logged with what to do, shown by the health endpoint, and tried again after an hour; nothing else waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from pathlib import Path

from bot.clock import Clock
from bot.settings import BackupSettings
from storage.backup import Backup, BackupError, back_up, list_backups
from storage.database import Database

log = logging.getLogger(__name__)

TRY_AGAIN_AFTER = timedelta(hours=1)
# The wall clock may be set meanwhile, so no wait is longer than this.
LOOK_EVERY = timedelta(minutes=10)


def folder_of(settings: BackupSettings, database_file: Path) -> Path:
    """Where backups go: the folder in the settings, or ``backups`` beside the database."""
    return Path(settings.folder).expanduser() if settings.folder else database_file.parent / "backups"


class Backups:
    """The schedule of one database."""

    def __init__(self, settings: BackupSettings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.file = Path(str(database.url.database))
        self.folder = folder_of(settings, self.file)
        self.failure: str | None = None
        """Why the last one could not be made; None when it could."""

    async def run(self) -> None:
        """Make backups until cancelled."""
        while True:
            pause = await self.make_if_due()
            await asyncio.sleep(pause.total_seconds())

    async def make_if_due(self) -> timedelta:
        """Make one if its time has come. Returns how long to wait before asking again. Never raises Exception."""
        try:
            due = await asyncio.to_thread(self._next_due)
            now = self._clock.now()
            if due > now:
                return min(due - now, LOOK_EVERY)
            made = await asyncio.to_thread(self._make)
        except (BackupError, OSError) as error:
            self.failure = str(error)
            log.error("%s", error)
            return TRY_AGAIN_AFTER
        except Exception as error:
            self.failure = f"No backup was made ({type(error).__name__}): see the log."
            log.exception("no backup was made")
            return TRY_AGAIN_AFTER
        self.failure = None
        log.info("backup made file=%s bytes=%s", made.file, made.size)
        return LOOK_EVERY

    def newest(self) -> Backup | None:
        """The newest backup, if there is one. Reads the folder."""
        return next(reversed(list_backups(self.file, self.folder)), None)

    def _next_due(self) -> datetime:
        newest = self.newest()
        if newest is None or newest.taken_at > self._clock.now():
            return self._clock.now()
        return newest.taken_at + timedelta(hours=self._settings.every_hours)

    def _make(self) -> Backup:
        return back_up(self.file, self.folder, now=self._clock.now(), keep=self._settings.keep)
