"""What all commands of the command line share: reading the settings, and refusing in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.settings import Settings, SettingsError, load_settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file. [default: config.toml, if there is one]"),
]


def read_settings(config: Path | None, *, needs_token: bool) -> Settings:
    """The settings, or the end of the command with one sentence."""
    try:
        return load_settings(config, needs_token=needs_token)
    except SettingsError as refused:
        refuse(str(refused))


def refuse(sentence: str, code: int = 2) -> NoReturn:
    """Ends the command: 2 when it cannot do its job, 1 when it looked for faults and found some."""
    # Plain text: [discord] in a sentence is a section of the file, not a style.
    from rich.console import Console

    Console(stderr=True, soft_wrap=True).print(sentence, style="bold", markup=False, highlight=False)
    raise typer.Exit(code)


def tell(sentence: str) -> None:
    """One line for the operator."""
    from rich.console import Console

    Console(soft_wrap=True).print(sentence, markup=False, highlight=False)
