"""One life of a bot, which says what its start has cost as soon as all that follows READY is done, and ends.

    python -m benchmarks.one_start bare HOST:PORT
    python -m benchmarks.one_start lyceum HOST:PORT run --config FILE

`lyceum` is the real command line. Nothing is imported here that the bot would not import: it would be counted too.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

TOKEN = "OTAwMDAwMDAwMDAwMDAwMDAx.GexAmp.a-made-up-token-of-the-fake-discord"  # noqa: S105 - what the fake Discord takes


def report() -> None:
    """CPU seconds of the process since it began, and the memory that it holds."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    held = next(line.split()[1] for line in status if line.startswith("VmRSS"))
    print(f'{{"cpu_s": {time.process_time():.3f}, "rss_mib": {int(held) / 1024:.1f}}}', flush=True)


def point_at(url: str) -> None:
    """Have discord.py look for Discord there."""
    import yarl
    from discord import gateway, http

    http.Route.BASE = f"http://{url}/api/v10"
    gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{url}/gateway/")


def _bare() -> None:
    import discord
    from discord.ext import commands

    class Bare(commands.Bot):
        async def on_ready(self) -> None:
            report()
            await self.close()

    intents = discord.Intents(guilds=True, members=True, guild_messages=True, guild_reactions=True)
    bot = Bare(command_prefix=(), intents=intents, chunk_guilds_at_startup=False)
    wait_less(bot)
    bot.run(TOKEN, log_handler=None)


def _lyceum() -> None:
    from bot import app, cli

    class Watched(app.Lyceum):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._ticked = asyncio.Event()
            wait_less(self)
            self.add_listener(self._tell, "on_ready")

        async def _tick_and_look_ahead(self) -> Any:
            try:
                return await super()._tick_and_look_ahead()
            finally:
                self._ticked.set()

        async def _tell(self) -> None:
            await self._ticked.wait()
            this = asyncio.current_task()
            handlers = [
                task
                for task in asyncio.all_tasks()
                if task is not this and task.get_name().startswith("discord.py: on_")
            ]
            if handlers:
                await asyncio.wait(handlers)
            report()
            if not gc.isenabled():
                sys.exit("the garbage collector is off while loading, and was to be on by now")
            os.kill(os.getpid(), signal.SIGTERM)

    app.Lyceum = Watched
    sys.argv = ["lyceum", *sys.argv[3:]]
    cli.main()


def wait_less(bot: Any) -> None:
    """READY waits two seconds for more servers; there is one."""
    bot._connection.guild_ready_timeout = 0.1  # noqa: SLF001 - discord.py has no option for it


if __name__ == "__main__":
    point_at(sys.argv[2])
    {"bare": _bare, "lyceum": _lyceum}[sys.argv[1]]()
