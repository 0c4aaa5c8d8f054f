"""The operator's commands on real files: what each refusal says, and what it ends with."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from discord.http import Route
from typer.testing import CliRunner

from bot import doctor, preflight, process
from bot.cli import app
from bot.invite import INVITE_PERMISSIONS, invite_link
from bot.settings import BackupSettings, DatabaseSettings, Settings

PROJECT = Path(__file__).parents[2]
APPLICATION = 1458384666624000001
TOKEN = f"{base64.b64encode(str(APPLICATION).encode()).decode().rstrip('=')}.GabcdE.{'x' * 38}"

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes, users and limits of POSIX")
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user"
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


pytestmark = pytest.mark.usefixtures("process_as_it_was")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run in this process, because a new one takes a second each."""
    for name in os.environ:
        if name.upper().startswith("LYCEUM__"):
            monkeypatch.delenv(name)


def lyceum(folder: Path, *arguments: str) -> Done:
    with contextlib.chdir(folder):
        result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def assert_one_sentence(done: Done, said: str, code: int = 2) -> None:
    assert done.returncode == code, done.stderr + done.stdout
    lines = [line for line in done.stderr.strip().splitlines() if " INFO " not in line]
    assert len(lines) == 1, done.stderr
    assert said in lines[0]
    assert "Traceback" not in done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a database and a configuration that only its owner can read."""
    config = tmp_path / "config.toml"
    config.write_text(f'[discord]\ntoken = "{TOKEN}"\n', encoding="utf-8")
    config.chmod(0o600)
    assert lyceum(tmp_path, "db", "upgrade").returncode == 0
    return tmp_path


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "data" / "lyceum.db")) as connection, connection:
        connection.execute(statement)


# Refusals of run


@posix_only
def test_run_refuses_a_token_that_everybody_can_read(home: Path) -> None:
    (home / "config.toml").chmod(0o644)
    assert_one_sentence(lyceum(home, "run"), "run chmod 600 config.toml")


@posix_only
def test_a_configuration_without_a_token_may_be_read_by_all(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[log]\nlevel = "INFO"\n', encoding="utf-8")
    config.chmod(0o644)
    assert preflight.config_file(config).state == "ok"


@root_only
def test_run_refuses_a_folder_that_it_cannot_write_to(home: Path) -> None:
    os.seteuid(65534)
    try:
        with pytest.raises(
            process.StartRefused, match=r"data cannot be written to \(Permission denied\): give it"
        ):
            process.upgrade(Settings(database=DatabaseSettings(url=f"sqlite:///{home}/data/lyceum.db")))
    finally:
        os.seteuid(0)


def test_run_refuses_a_network_file_system(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {home} rw - nfs4 server:/x rw\n", encoding="utf-8"
    )
    monkeypatch.setattr(preflight, "_MOUNTS", mounts)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(process.StartRefused, match=r"network or shared file system \(nfs4\).*local disk"):
        process.upgrade(Settings(database=DatabaseSettings(url=f"sqlite:///{home}/data/lyceum.db")))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        *(
            (kind, "bad")
            for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.grpcfuse", "virtiofs")
        ),
        *((kind, "ok") for kind in ("ext4", "btrfs", "overlay", "tmpfs", "zfs", "fuseblk", "fuse.gocryptfs")),
    ],
)
def test_the_file_system_is_that_of_the_innermost_mount(kind: str, state: str) -> None:
    mounts = (
        "20 1 0:1 / / rw - nfs4 server:/ rw\n"
        f"21 20 0:2 / /srv/the\\040bot rw,relatime shared:1 - {kind} a rw\n"
        "22 20 0:3 / /srv/the\\040bother rw - nfs4 b rw\n"
    )
    assert preflight.file_system(Path("/srv/the bot/data/lyceum.db"), mounts).state == state


def test_where_the_file_system_cannot_be_told_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert preflight.file_system(Path("lyceum.db")).state == "unknown"


HOLDER = """
import time
from pathlib import Path
from bot.process_lock import lock_file

with lock_file(Path("data/lyceum.db")):
    print("held", flush=True)
    time.sleep(60)
"""


@posix_only
def test_a_second_instance_is_refused_within_five_seconds_and_so_is_a_restore(home: Path) -> None:
    backup = lyceum(home, "db", "backup")
    assert backup.returncode == 0, backup.stderr
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        began = time.monotonic()
        done = lyceum(home, "run")
        assert time.monotonic() - began <= 5
        assert_one_sentence(done, "Another Lyceum process works on data/lyceum.db")
        [file] = (home / "data" / "backups").iterdir()
        assert_one_sentence(lyceum(home, "db", "restore", str(file)), "Another Lyceum process works on")
        assert "A Lyceum works on this database" in lyceum(home, "doctor", "--offline").stdout
        assert lyceum(home, "db", "backup").returncode == 0, "a backup needs no silence"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()


# The database


def test_check_backup_and_restore_are_three_commands(home: Path) -> None:
    change(home, "INSERT INTO app_state VALUES ('note', 'kept')")
    checked = lyceum(home, "db", "check")
    assert checked.returncode == 0, checked.stderr
    assert "data/lyceum.db is sound" in checked.stdout
    assert lyceum(home, "db", "backup").returncode == 0
    [file] = (home / "data" / "backups").iterdir()
    assert file.name in lyceum(home, "db", "backup", "--list").stdout
    change(home, "DELETE FROM app_state")
    done = lyceum(home, "db", "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert "lyceum.db.replaced-" in done.stdout
    with closing(sqlite3.connect(home / "data" / "lyceum.db")) as connection:
        assert connection.execute("SELECT value FROM app_state WHERE key = 'note'").fetchone() == ("kept",)
    assert lyceum(home, "db", "upgrade").returncode == 0


def test_a_damaged_database_is_told_with_1_and_one_that_is_not_there_with_2(home: Path) -> None:
    file = home / "data" / "lyceum.db"
    with file.open("r+b") as opened:
        opened.seek(8192)
        opened.write(b"\xff" * 65536)
    assert_one_sentence(lyceum(home, "db", "check"), "is damaged", 1)
    file.unlink()
    assert_one_sentence(lyceum(home, "db", "check"), "There is no database")
    assert_one_sentence(lyceum(home, "db", "backup"), "There is no database")


def test_a_schema_of_a_later_version_is_told_with_1(home: Path) -> None:
    change(home, "UPDATE alembic_version SET version_num = '9999_future'")
    assert_one_sentence(lyceum(home, "db", "check"), "install the newer version again", 1)
    assert_one_sentence(lyceum(home, "run"), "install the newer version again")


def test_a_restore_of_what_is_not_there_is_refused(home: Path) -> None:
    assert_one_sentence(lyceum(home, "db", "restore", "nothing.db"), "There is no file nothing.db")


@pytest.mark.parametrize("command", [("backup",), ("restore", "x.db")])
def test_postgresql_is_left_to_its_own_tools(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "config.toml").write_text(
        '[database]\nurl = "postgresql://u:hunter2@h/n"\n', encoding="utf-8"
    )
    done = lyceum(tmp_path, "db", *command)
    assert_one_sentence(done, "pg_dump" if command == ("backup",) else "pg_restore")
    assert "hunter2" not in done.stderr


# Doctor


def test_the_doctor_works_offline_and_says_what_it_did_not_check(home: Path) -> None:
    done = lyceum(home, "doctor", "--offline")
    assert done.returncode == 0, done.stdout + done.stderr
    assert invite_link(APPLICATION) in done.stdout
    assert "not checked intents" in done.stdout
    assert TOKEN not in done.stdout


@posix_only
def test_the_doctor_ends_with_1_when_something_is_wrong(home: Path) -> None:
    (home / "config.toml").chmod(0o644)
    done = lyceum(home, "doctor", "--offline")
    assert done.returncode == 1
    assert "PROBLEM     configuration: Everybody on this machine can read the token" in done.stdout


class PretendedDiscord:
    """Answers what the doctor asks."""

    def __init__(self) -> None:
        self.flags = 1 << 15
        self.permissions = INVITE_PERMISSIONS
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        user = {
            "id": str(APPLICATION),
            "username": "lyceum",
            "discriminator": "0",
            "avatar": None,
            "bot": True,
        }
        answers: dict[str, Any] = {
            "/users/@me": user,
            "/oauth2/applications/@me": {
                "id": str(APPLICATION), "name": "Quay", "icon": None, "description": "", "bot_public": False,
                "bot_require_code_grant": False, "verify_key": "", "flags": self.flags, "owner": user, "team": None,
            },
            "/users/@me/guilds": [
                {"id": "5", "name": "Quay Street", "permissions": str(self.permissions), "owner": False}
            ],
        }  # fmt: skip
        body = json.dumps(answers[request.path.removeprefix("/api/v10")]).encode()
        # Exactly so: discord.py compares the type as text.
        return web.Response(body=body, status=self.status, headers={"Content-Type": "application/json"})


@pytest.fixture
async def pretended(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PretendedDiscord]:
    pretended = PretendedDiscord()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", pretended.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10")
    yield pretended
    await runner.cleanup()


async def bad(*, message_content: bool = False) -> list[str]:
    findings = await doctor.ask_discord(TOKEN, message_content=message_content)
    return [each.said for each in findings if each.state == "bad"]


@pytest.mark.usefixtures("pretended")
async def test_the_doctor_finds_nothing_wrong_with_a_bot_that_is_set_up() -> None:
    findings = await doctor.ask_discord(TOKEN, message_content=False)
    assert [each.state for each in findings] == ["ok"] * 4
    assert findings[-1].said.startswith(f"{invite_link(APPLICATION)} or")


async def test_the_doctor_names_the_intent_that_is_off(pretended: PretendedDiscord) -> None:
    [said] = await bad(message_content=True)
    assert said.startswith("Switch on Message Content Intent in the Developer Portal")
    pretended.flags = 0
    [said] = await bad()
    assert said.startswith("Switch on Server Members Intent in the Developer Portal")


async def test_the_doctor_names_the_permission_that_a_server_denies(pretended: PretendedDiscord) -> None:
    pretended.permissions &= ~(1 << 28)
    [said] = await bad()
    assert "In Quay Street the bot lacks manage roles" in said
    pretended.permissions = 8
    assert await bad() == [], "an administrator has everything"


async def test_the_doctor_says_that_the_token_is_not_accepted(pretended: PretendedDiscord) -> None:
    pretended.status = 401
    [said] = await bad()
    assert "does not accept the token" in said


async def test_without_a_network_the_doctor_still_gives_the_invite_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:9/api/v10")
    findings = await doctor.ask_discord(TOKEN, message_content=False)
    assert [each.state for each in findings] == ["unknown", "ok"]
    assert "were not checked" in findings[0].said
    assert findings[1].said.startswith(f"{invite_link(APPLICATION)} or")


def test_backups_are_beside_the_database_unless_told_otherwise() -> None:
    from bot.backups import folder_of

    assert folder_of(BackupSettings(), Path("data/lyceum.db")) == Path("data/backups")
    assert folder_of(BackupSettings(folder="/mnt/b"), Path("data/lyceum.db")) == Path("/mnt/b")
