"""Red-DiscordBot on the same payloads, with mod, modlog, filter (50 words), warnings and cleanup loaded and set up.

    .venv-red/bin/python -m benchmarks.red messages|commands [COUNT]
    .venv-red/bin/python -m benchmarks.red start HOST:PORT FOLDER

Run by the Python of an environment of its own (`benchmarks/red_env.py`), so it imports nothing but Red and what needs
only discord.py. Red starts as its own `run_bot` does, on JSON files, as a second start: at the first one it loads no
cogs. Its settings are made as its commands make them. What it would ask the network (is there a newer version?) is left
out, and the timer of its temporary bans does not ring, as our alarm clock does not.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import driving, gateway, one_start, payloads

COGS = ("mod", "modlog", "filter", "warnings", "cleanup")
NAME = "bench"
TOKEN = "not a token"  # noqa: S105 - no network here


def make_instance(folder: Path) -> None:
    """What `redbot-setup` makes, in this folder, if it is not there yet. Red must not have been imported before: it looks there for its files."""
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        os.environ[variable] = str(folder)
    if (folder / "data").exists():
        return
    setup = _import("redbot.setup")
    setup.basic_setup(
        name=NAME,
        data_path=folder / "data",
        backend="json",
        interactive=False,
        overwrite_existing_instance=True,
    )


def make_red(token: str) -> Any:
    """The bot as its `main` makes it."""
    flags = _import("redbot.core._cli").parse_cli_flags(
        [NAME, "--no-prompt", "--token", token, "--prefix", "!", "--load-cogs", *COGS]
    )
    _import("redbot.core.data_manager").load_basic_configuration(NAME)
    red = _import("redbot.core.bot").Red(cli_flags=flags, description="Red V3", dm_help=None)
    _import("redbot.core._events").fetch_latest_red_version_info = _no_newer_version
    return red


async def prepare(red: Any) -> None:
    """What its `run_bot` does before it logs in, and what an earlier start has left behind."""
    manager = _import("redbot.core.data_manager")
    await _import("redbot.core._drivers").get_driver_class().initialize(**manager.storage_details())
    (manager.cog_data_path(raw_name="Downloader") / "lib").mkdir(parents=True, exist_ok=True)
    await red._config.last_system_info.python_version.set(list(sys.version_info[:2]))  # noqa: SLF001 - or it would reinstall
    await red._pre_login()  # noqa: SLF001 - what its own start does


def _stop_timers(red: Any) -> None:
    """Keep its timers from ringing, as our alarm clock does not ring."""

    async def load_cogs() -> None:
        await type(red).setup_hook(red)
        red.get_cog("Mod").tban_expiry_task.cancel()

    red.setup_hook = load_cogs


async def measure(what: str, count: int) -> dict[str, float]:
    """CPU in microseconds, of each message or command."""
    red = make_red(TOKEN)
    async with red:
        await prepare(red)
        _stop_timers(red)
        socket, network = await gateway.connect(red)
        await _set_up(red)
        if what == "messages":
            return await driving.take_messages(socket, count, payloads.CHATTY)
        await _add_commands(red)
        user = driving.User(socket, network)
        return {name: await user.use(name, count) for name in ("nothing", "hybrid")}


async def _set_up(red: Any) -> None:
    guild = red.get_guild(payloads.GUILD_ID)
    mod, words = red.get_cog("Mod"), red.get_cog("Filter")
    if len([each for each in red.cogs if each.lower() in COGS]) != len(COGS) or mod is None:
        raise RuntimeError(f"Red has loaded only {sorted(red.cogs)}")
    await words.add_to_filter(guild, payloads.words())
    await mod.config.guild(guild).delete_repeats.set(3)
    await mod.config.guild(guild).mention_spam.warn.set(8)
    await _import("redbot.core.modlog").set_modlog_channel(guild, guild.get_channel(payloads.CHATTY[0]))


async def _add_commands(red: Any) -> None:
    red.tree.command(name="nothing", description="Nothing")(driving.nothing)

    async def hybrid(ctx: Any) -> None:
        await ctx.send("Done.", ephemeral=True)

    hybrid.__annotations__ = {"ctx": _import("redbot.core.commands").Context}
    red.hybrid_command(name="hybrid", description="Nothing")(hybrid)
    for name in ("nothing", "hybrid"):
        await red.enable_app_command(name)
    await red.tree.red_check_enabled()


def start(url: str, folder: Path) -> None:
    """One life of Red through its own `main`, at the fake Discord, which says what it cost as soon as Red is ready."""
    make_instance(folder)
    one_start.point_at(url)
    main_module = _import("redbot.__main__")

    class Watched(main_module.Red):
        async def setup_hook(self) -> None:
            await super().setup_hook()
            one_start.wait_less(self)
            # A sharded client goes where Discord says, which the fake one says of no real place.
            told = await self.http.get_bot_gateway()
            self.http.get_bot_gateway = partial(self._where, told)
            self.told = asyncio.create_task(self._tell())

        async def _where(self, told: Any) -> tuple[Any, ...]:
            return told[0], f"ws://{url}/gateway/", *told[2:]

        async def _tell(self) -> None:
            await self.wait_until_red_ready()
            one_start.report()
            os._exit(0)  # it would take two seconds more for its leave

    main_module.Red = Watched
    _import("redbot.core._events").fetch_latest_red_version_info = _no_newer_version
    flags = ["--no-prompt", "--token", one_start.TOKEN, "--prefix", "!", "--load-cogs", *COGS]
    sys.argv = ["redbot", NAME, *flags]
    main_module.main()


async def _no_newer_version() -> tuple[None, str]:
    return None, ""


def _import(name: str) -> Any:
    # By name: the type checker of the project cannot see this environment.
    return importlib.import_module(name)


def main() -> None:
    what, *more = sys.argv[1:]
    if what == "start":
        start(more[0], Path(more[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        make_instance(Path(folder))
        count = int(more[0]) if more else {"messages": 5_000, "commands": 2_000}[what]
        driving.run(lambda name: measure(name, count), what)


if __name__ == "__main__":
    main()
