"""A token that stops being accepted while the bot runs ends it, and a start soon after another waits its turn."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import discord
import pytest

from bot import process, restarts
from bot.app import Lyceum
from bot.settings import BackupSettings, DatabaseSettings, Settings
from storage.database import Database

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")


class Revoked(Lyceum):
    """Connected, until Discord answers a request with 401."""

    async def login(self, token: str) -> None:
        pass

    async def connect(self, *, reconnect: bool = True) -> None:
        self.breaker.note(401)
        assert self._ending is not None
        await asyncio.wait({self._ending})


pytestmark = pytest.mark.usefixtures("process_as_it_was")


def settings_of(folder: Path) -> Settings:
    return Settings(
        database=DatabaseSettings(url=f"sqlite:///{folder}/bot.db"), backup=BackupSettings(every_hours=0)
    )


def test_a_401_ends_the_bot_with_the_sentence_about_the_token(tmp_path: Path) -> None:
    with pytest.raises(process.StartRefused, match="does not accept the token: make a new one"):
        process.run(settings_of(tmp_path), Revoked)


def test_a_start_soon_after_another_waits_and_one_in_a_test_need_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(restarts, "FIRST_PAUSE", restarts.FIRST_PAUSE / 10)
    for spaced in (True, True, False):
        with pytest.raises(process.StartRefused):
            process.run(settings_of(tmp_path), Revoked, spaced=spaced)
    assert capfd.readouterr().err.count("connected often of late; connecting in") == 1


async def test_the_login_failure_is_discord_py_s_own(sqlite_database: Database) -> None:
    with pytest.raises(discord.LoginFailure):
        await Revoked(Settings(), sqlite_database, ring=False).start("x")
