"""The command lines in the pages, and how far each program's can be looked at without doing what it does."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import typer

from bot.cli import app
from bot.settings import Settings
from tests.docs.pages import PROJECT, Page

IN_TEXT = (
    "lyceum",
    "make",
    "python",
    "docker",
    "git",
    "sudo",
    "pip",
    "systemctl",
    ".venv/bin/pip",
    ".venv/bin/lyceum",
    "apt",
    "pg_dump",
)
"""What makes code in the text a command line."""
OF_THE_MACHINE = frozenset(
    "apt bash cd chmod chown createdb createuser curl git kill mkdir pre-commit rm useradd".split(" ")  # noqa: SIM905 - easier to read than as many strings
)
"""Programs that make users, change owners or fetch something: not for a test to run."""
SERVICE = "lyceum"  # in compose.yaml, of systemd, and the user


def command_lines(page: Page) -> Iterator[str]:
    """Every command line of a page; in a record of what was typed and said, what was typed."""
    for block in page.blocks:
        if block.language:
            continue
        typed = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
        is_record = page.name.startswith("docs/measured")
        for line in typed if typed or is_record else block.text.splitlines():
            yield from _each(line)
    for code in page.codes:
        if " " in code and code.split()[0] in IN_TEXT:
            yield from _each(code)


def _each(line: str) -> Iterator[str]:
    for part in re.split(r"&&|;|&$", line):
        if part.strip() and not part.strip().startswith(("#", "https://")):
            yield part.strip()


def trouble(line: str) -> str | None:
    """What is wrong with a line as far as it can be told, or None."""
    words = shlex.split(line)
    if not words[1:] and (setting := re.fullmatch(r"([A-Z_]+)=.*", words[0])):
        return None if is_setting(setting[1]) else f"{setting[1]} is no setting"
    if setting := re.match(r"([A-Z_]+)=", words[0]):
        return None if is_setting(setting[1]) else f"{setting[1]} is no setting"
    if words[:2] == ["sudo", "-u"]:
        words = words[3:]
    program = words[0].rpartition("/")[2]
    if program not in CHECKS:
        return f"nobody looks at lines of {program}: add it to tests/docs/command_lines.py"
    return CHECKS[program](words[1:])


def is_setting(variable: str) -> bool:
    """Whether an environment variable is one that Lyceum reads."""
    parts = variable.lower().split("__")
    if len(parts) != 3 or parts[0] != "lyceum" or parts[1] not in Settings.model_fields:
        return False
    return parts[2] in type(getattr(Settings(), parts[1])).model_fields


def lyceum(arguments: Sequence[str]) -> str | None:
    """Whether the command exists and takes these arguments; `test_operating.py` runs those of the guide."""
    command: Any = typer.main.get_command(app)
    rest = list(arguments)
    while hasattr(command, "commands") and rest:
        name = rest.pop(0)
        command = command.commands.get(name)
        if command is None:
            return f"there is no lyceum {name}"
    try:
        if not hasattr(command, "commands"):
            command.make_context("lyceum", rest)
    except Exception as refused:  # noqa: BLE001 - Typer brings its own copy of click's errors
        return f"{' '.join(arguments)}: {refused or 'something is missing'}"
    return None


def _make(arguments: Sequence[str]) -> str | None:
    # What it does is long, needs a network or does not end; that the recipe holds is tried in test_shell_lines.py.
    targets = set(
        re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    wanted = [each for each in arguments if "=" not in each]
    return None if set(wanted) <= targets else f"there is no make {wanted}"


def _python(arguments: Sequence[str]) -> str | None:
    # Benchmarks are long, schema and catalogues write into the project: that the module can be run is what is asked.
    if arguments[:2] == ["-m", "venv"]:
        return None
    if arguments[0] != "-m":
        return "only modules are run"
    spec = importlib.util.find_spec(arguments[1])
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{arguments[1]}.__main__")
    return None if spec is not None else f"there is no module {arguments[1]}"


def _pip(arguments: Sequence[str]) -> str | None:
    # Installing needs a network; what it installs from must be there.
    files = [after for before, after in pairwise(arguments) if before == "-r"]
    missing = [file for file in files if not (PROJECT / file).exists()]
    return f"there is no {missing}" if missing or arguments[0] != "install" else None


def _docker(arguments: Sequence[str]) -> str | None:
    # There may be no Docker where tests run. compose.yaml itself is looked at in test_container.py.
    if arguments[0] != "compose":
        return "only docker compose is meant here"
    verb, *rest = arguments[1:]
    words = [each for each in rest if not each.startswith("--")]
    if verb == "run":
        return lyceum(words[1:]) if words[:1] == [SERVICE] else "no such service"
    if verb == "exec":
        return lyceum(words[2:]) if words[:2] == [SERVICE, "lyceum"] else "no such service"
    if verb == "cp":
        return None if words[0].startswith(f"{SERVICE}:/data/") else "not on the volume"
    return None if verb in ("up", "logs", "ps", "stop", "start", "down") and not words else f"what is {verb}?"


def _cp(arguments: Sequence[str]) -> str | None:
    # Copies on the operator's machine; what comes from the project must be there.
    ours = [each for each in arguments if each.startswith("config.")]
    return None if all((PROJECT / each).exists() or each == "config.toml" for each in ours) else f"no {ours}"


def _systemd(arguments: Sequence[str]) -> str | None:
    # Changes the machine's services; the unit itself is looked at in test_operating.py.
    return None if SERVICE in arguments or arguments == ["daemon-reload"] else "another service is meant"


def _postgres(arguments: Sequence[str]) -> str | None:
    # test_operating.py runs them on a server of its own.
    return None if any(SERVICE in each for each in arguments) else "another database is meant"


def _of_the_machine(_: Sequence[str]) -> str | None:
    return None


CHECKS: dict[str, Callable[[Sequence[str]], str | None]] = {
    "lyceum": lyceum,
    "make": _make,
    "python": _python,
    "python3": _python,
    "pip": _pip,
    "docker": _docker,
    "cp": _cp,
    "systemctl": _systemd,
    "journalctl": _systemd,
    "pg_dump": _postgres,
    "pg_restore": _postgres,
    **dict.fromkeys(OF_THE_MACHINE, _of_the_machine),
}
