"""The command line: ``lyceum run``, ``lyceum demo``, ``lyceum doctor``; ``lyceum db`` is in ``bot/cli_db.py``.

A command that cannot do its job says so in one sentence with the fix on standard error, and ends with 2. One that looks
for faults and finds some ends with 1.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import importlib
from importlib.metadata import version
from typing import Annotated

import typer

from bot.cli_db import db
from bot.cli_shared import ConfigOption, read_settings, refuse
from bot.settings import DEFAULT_PATH

# Without Typer's own traceback: it prints local variables, and one of them may be the token.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Lyceum, a Discord bot that runs a peer-learning community.",
)
app.add_typer(db, name="db")


def main() -> None:
    """The ``lyceum`` program."""
    app()


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the option's value.
    if wanted:
        typer.echo(f"lyceum {version('lyceum')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    """Holds what is said before the command's name."""


@app.command()
def run(config: ConfigOption = None) -> None:
    """Connect to Discord and work until told to stop."""
    settings = read_settings(config, needs_token=True)
    # What is loaded stays for good. The collector looked through all of it again and again, for a seventh of the start;
    # the bot switches it on when it has its features.
    gc.disable()
    # Not at the top: `lyceum --help` should not wait for discord.py.
    from bot import preflight, process

    try:
        readers = preflight.config_file(config or DEFAULT_PATH)
        if readers.state == "bad":
            refuse(readers.said)
        process.run(settings)
    except process.StartRefused as refused:
        refuse(str(refused))
    finally:
        gc.enable()


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(help="The port on this machine; 0 takes any free one.", min=0, max=65535)
    ] = 8787,
    *,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Open at once, without the story.")] = False,
) -> None:
    """Try everything in a simulated Discord in your browser, after four weeks of a community: no token, no network."""
    try:
        sandbox = importlib.import_module("sandbox.demo")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in {"bot", "cogs", "storage", "sandbox"}:
            raise
        refuse(
            f"The demo needs a package that is not installed here ({missing.name}): run make demo in a copy of the "
            "project, which installs it."
        )
    try:
        sandbox.run_demo(port, open_browser=browser, fresh=fresh)
    except OSError as error:
        why = {errno.EADDRINUSE: "is taken", errno.EACCES: "may only be opened by root"}.get(error.errno or 0)
        if why is None:
            raise
        refuse(f"Port {port} {why}: choose another with lyceum demo --port 0, which takes any free one.")


@app.command()
def doctor(
    config: ConfigOption = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Discord.")] = False,
) -> None:
    """Look whether everything is right: configuration, database, backups, and what Discord thinks of the bot."""
    settings = read_settings(config, needs_token=False)
    from bot.doctor import examine

    findings = asyncio.run(examine(settings, config or DEFAULT_PATH, offline=offline))
    # Not at the top: a bot that runs never draws with it.
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    marks = {"ok": ("ok", "green"), "bad": ("PROBLEM", "bold red"), "unknown": ("not checked", "yellow")}
    for each in findings:
        mark, style = marks[each.state]
        console.print(Text.assemble((f"{mark:<12}", style), f"{each.what}: {each.said}"))
    if any(each.state == "bad" for each in findings):
        raise typer.Exit(1)
