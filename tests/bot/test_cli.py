"""The command line as an operator meets it: real processes, real files, no network."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

PROJECT = Path(__file__).parents[2]
TOKEN = f"{'M' * 24}.GabcdE.{'x' * 38}"

posix_only = pytest.mark.skipif(os.name != "posix", reason="the signals of POSIX")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("LYCEUM__")}
    return {**kept, "PYTHONPATH": str(PROJECT), "COLUMNS": "80", **more}


def lyceum(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "There is no Discord token"),
        ("[discord]\n", "There is no Discord token"),
        ('[discord]\ntoken = "nonsense"\n', "three parts"),
        ('[discord]\ntokn = "x"\n', "did you mean token?"),
        ("[discord\n", "not valid TOML"),
        (f'[discord]\ntoken = "{TOKEN}"\n[database]\nurl = "mysql://u:hunter2@h/n"\n', "not supported"),
    ],
)
def test_run_refuses_a_configuration_with_one_sentence(tmp_path: Path, config: str | None, said: str) -> None:
    if config is not None:
        (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    done = lyceum(tmp_path, "run")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr
    assert "hunter2" not in done.stderr
    assert done.stdout == ""


def test_a_section_in_a_sentence_is_printed_and_not_taken_for_a_style(tmp_path: Path) -> None:
    assert "[discord]" in lyceum(tmp_path, "run").stderr


@posix_only
def test_a_refused_start_leaves_the_garbage_collector_on(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[discord]\ntoken = "{TOKEN}"\n', encoding="utf-8")
    config.chmod(0o644)
    result = CliRunner().invoke(app, ["run", "--config", str(config)])
    assert result.exit_code == 2 and "Everybody on this machine can read" in result.stderr
    assert gc.isenabled()


def test_run_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    done = lyceum(tmp_path, "run", "--config", "elsewhere.toml")
    assert done.returncode == 2
    assert "There is no elsewhere.toml" in done.stderr


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    done = lyceum(
        tmp_path, "run", LYCEUM__DISCORD__TOKEN=TOKEN, LYCEUM__DATABASE__URL="sqlite:///taken/lyceum.db"
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


def test_db_upgrade_makes_a_database_without_a_token(tmp_path: Path) -> None:
    done = lyceum(tmp_path, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "data" / "lyceum.db") as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    connection.close()
    again = lyceum(tmp_path, "db", "upgrade")
    assert again.returncode == 0, again.stderr


def test_db_upgrade_refuses_a_database_of_a_later_version(tmp_path: Path) -> None:
    assert lyceum(tmp_path, "db", "upgrade").returncode == 0
    with sqlite3.connect(tmp_path / "data" / "lyceum.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    connection.close()
    done = lyceum(tmp_path, "db", "upgrade")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_demo_without_its_packages_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without_simcord(name: str, package: str | None = None) -> object:
        if name == "sandbox.demo":
            raise ModuleNotFoundError("No module named 'simcord'", name="simcord")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without_simcord)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 2
    assert "simcord" in result.output and "make demo" in result.output
    # Whatever has this name in a package index is somebody else's.
    assert "pip install" not in result.output


def test_the_demo_on_a_port_that_is_taken_names_another_way(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = lyceum(tmp_path, "demo", "--port", port, "--no-browser")
    assert done.returncode == 2, done.stderr
    assert f"Port {port} is taken" in done.stderr


def test_the_demo_on_a_port_that_is_root_s_names_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "permission denied")

    monkeypatch.setattr(importlib.import_module("sandbox.demo"), "run_demo", refused)
    result = CliRunner().invoke(app, ["demo", "--port", "80"])
    assert result.exit_code == 2
    assert "Port 80 may only be opened by root: choose another" in result.output


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Ann, this is no database.\n" * 50, encoding="utf-8")
    done = lyceum(tmp_path, "run", LYCEUM__DISCORD__TOKEN=TOKEN, LYCEUM__DATABASE__URL="sqlite:///letter")
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "letter cannot be opened (the file is no database): move that file away, or choose another in url in [database]."
    )


def test_the_commands_are_run_demo_doctor_and_db() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert all(f" {name} " in shown for name in ("run", "demo", "doctor", "db"))


# A bot without Discord: what is under test is the process around it, with its real database and real signals.
PROGRAM = """
    import asyncio, sys
    from pydantic import SecretStr
    from bot import process
    from bot.settings import DatabaseSettings, DiscordSettings, Settings

    class Bot:
        def __init__(self, settings, database):
            self.closed = asyncio.Event()

        async def start(self, token):
            print("started", flush=True)
            {start}

        async def close(self):
            {close}
            self.closed.set()

    try:
        process.run(Settings(database=DatabaseSettings(url="sqlite:///lyceum.db")), Bot)
    except process.StartRefused as refused:
        print(refused)
        sys.exit(2)
"""


def start(
    folder: Path, *, start: str = "await self.closed.wait()", close: str = "pass"
) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM).format(start=start, close=close)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process: subprocess.Popen[str], number: int) -> tuple[float, str]:
    """How long it took to end after the signal, and what was logged."""
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        began = time.monotonic()
        _, logged = process.communicate(timeout=30)
        return time.monotonic() - began, logged
    finally:
        process.kill()
        process.wait()


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_closes_the_bot_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    process = start(tmp_path, close="print('closed', file=sys.stderr)")
    took, logged = stop(process, number)
    assert process.returncode == 0, logged
    assert "closed" in logged
    assert "Traceback" not in logged
    assert took < 5


@posix_only
def test_a_second_process_on_the_same_file_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    first = start(tmp_path)
    assert first.stdout is not None
    assert first.stdout.readline() == "started\n"
    second = start(tmp_path)
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 2
    assert "Another Lyceum process works on lyceum.db" in output
    # Killed, so that nothing was put in order: the file is free all the same.
    first.kill()
    first.communicate(timeout=30)
    stop(third := start(tmp_path), signal.SIGTERM)
    assert third.returncode == 0


@posix_only
def test_a_bot_that_does_not_close_is_left_behind_within_ten_seconds(tmp_path: Path) -> None:
    process = start(tmp_path, close="await asyncio.sleep(3600)")
    took, logged = stop(process, signal.SIGTERM)
    assert "did not close" in logged
    assert took <= 10


@posix_only
def test_a_process_that_hangs_altogether_is_gone_within_ten_seconds(tmp_path: Path) -> None:
    process = start(tmp_path, close="__import__('time').sleep(3600)")
    took, logged = stop(process, signal.SIGTERM)
    assert "ending the process" in logged
    assert process.returncode == 1
    assert took <= 10


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (
            "import discord; raise discord.LoginFailure('Improper token has been passed.')",
            "does not accept the token",
        ),
        ("import discord; raise discord.PrivilegedIntentsRequired(None)", "Server Members Intent"),
        ("raise OSError(-3, 'Temporary failure in name resolution')", "cannot be reached"),
    ],
)
def test_what_only_the_operator_can_put_right_is_one_sentence(
    tmp_path: Path, failure: str, said: str
) -> None:
    process = start(tmp_path, start=failure)
    output, logged = process.communicate(timeout=30)
    assert process.returncode == 2, logged
    assert said in output
    assert "Traceback" not in logged


def test_a_bug_while_starting_is_not_dressed_up_as_a_refusal(tmp_path: Path) -> None:
    process = start(tmp_path, start="raise ZeroDivisionError")
    _, logged = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "ZeroDivisionError" in logged
