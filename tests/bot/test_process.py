"""The real bot in a real process that is told to stop. Only what would need the network is replaced."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# Discord as far as a bot needs it to become ready; each message that it sends is never answered.
SCRIPT = textwrap.dedent(
    """
    import asyncio, sys
    from datetime import timedelta
    from bot import process
    from bot.app import Lyceum
    from bot.outbox import Effect, EffectKind
    from bot.cards import Card, Text
    from bot.settings import DatabaseSettings, Settings

    USER = {"id": "1", "username": "lyceum", "discriminator": "0", "avatar": None, "bot": True}
    APPLICATION = {"id": "1", "name": "lyceum", "icon": None, "description": "", "bot_public": False,
                   "bot_require_code_grant": False, "verify_key": "", "flags": 0, "owner": USER, "team": None}

    class Unanswered(Lyceum):
        async def connect(self, *, reconnect=True):
            self.dispatch("ready")
            async with self.core.db.begin() as session:
                await self.core.outbox.plan(session, Effect(
                    kind=EffectKind.POST, key="hello", guild_id=1, channel_id=2, renderer="test"))
            while not self.is_closed():
                await asyncio.sleep(0.05)

    async def draw(effect):
        return Card((Text("hello"),))

    def make_bot(settings, database):
        bot = Unanswered(settings, database)
        async def request(route, **kwargs):
            if route.path == "/users/@me":
                return USER
            if route.path == "/oauth2/applications/@me":
                return APPLICATION
            if route.path.endswith("/commands"):
                return []
            print("asked", flush=True)
            await asyncio.sleep(600)
        async def static_login(token):
            return USER
        async def application_info():
            return APPLICATION
        bot.http.static_login = static_login
        bot.http.application_info = application_info
        bot.http.request = request
        bot.renderers.register("test", draw, what="a test")
        return bot

    process.run(Settings(database=DatabaseSettings(url=sys.argv[1])), make_bot)
    """
)


@pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")
def test_sigterm_in_mid_delivery_ends_the_bot_within_ten_seconds_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(SCRIPT, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "run.py", "sqlite:///bot.db"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if said != "asked\n":
        process.kill()
        pytest.fail(f"the bot did not come to send: {process.communicate()[1]}")
    asked_to_stop = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert time.monotonic() - asked_to_stop <= 10
    with sqlite3.connect(tmp_path / "bot.db") as connection:
        rows = connection.execute("SELECT key, outcome, attempts FROM outbox").fetchall()
    connection.close()
    # The try is on record and not called done, so the next start finds out what became of it.
    assert rows == [("hello", None, 1)]
