"""The command line: ``lyceum run``, ``lyceum demo``, ``lyceum db upgrade``.

A command that cannot do its job says so in one sentence with the fix on standard error, and ends with 2.
"""

from __future__ import annotations

import errno
import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bot.settings import Settings, SettingsError, load_settings

# Without Typer's own traceback: it prints local variables, and one of them may be the token.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Lyceum, a Discord bot that runs a peer-learning community.",
)
db = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(db, name="db")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file. [default: config.toml, if there is one]"),
]


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
    settings = _settings(config, needs_token=True)
    # Not at the top: `lyceum --help` should not wait for discord.py.
    from bot import process

    try:
        process.run(settings)
    except process.StartRefused as refused:
        _refuse(str(refused))


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(help="The port on this machine; 0 takes any free one.", min=0, max=65535)
    ] = 8787,
    *,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Try everything in a simulated Discord in your browser: no token, no network."""
    try:
        sandbox = importlib.import_module("sandbox.demo")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in {"bot", "cogs", "storage", "sandbox"}:
            raise
        _refuse(
            f'The demo needs a package that is not installed ({missing.name}): run pip install "lyceum[demo]", or '
            "make demo in a copy of the project."
        )
    try:
        sandbox.run_demo(port, open_browser=browser)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        _refuse(f"Port {port} is taken: choose another with lyceum demo --port 0, which takes any free one.")


@db.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to the schema of this version; a SQLite file is copied first."""
    settings = _settings(config, needs_token=False)
    from bot import process

    try:
        process.upgrade(settings)
    except process.StartRefused as refused:
        _refuse(str(refused))
    Console().print("The database is up to date.")


def _settings(config: Path | None, *, needs_token: bool) -> Settings:
    try:
        return load_settings(config, needs_token=needs_token)
    except SettingsError as refused:
        _refuse(str(refused))


def _refuse(sentence: str) -> NoReturn:
    # Plain text: [discord] in a sentence is a section of the file, not a style.
    Console(stderr=True, soft_wrap=True).print(sentence, style="bold", markup=False, highlight=False)
    raise typer.Exit(2)
