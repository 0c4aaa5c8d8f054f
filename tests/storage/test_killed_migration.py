"""A migration killed at any statement leaves the old schema or the new one, with all rows, and a backup."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

PREPARE = """
    import asyncio, sys
    from pathlib import Path
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from storage.database import Database
    from storage import schema
    from tests.storage.schemas import LIBRARY, NO_LIBRARY, LONGER_LABELS, SHORTER_LABELS, add_migration, make_source

    source = make_source(Path("library"))
    add_migration(source, "0001_library", LIBRARY, NO_LIBRARY)
    if sys.argv[1] != "prepare":
        add_migration(source, "0002_longer_labels", LONGER_LABELS, SHORTER_LABELS)
    seen = 0

    def count(*_):
        global seen
        seen += 1
        if sys.argv[1] == "kill" and seen == int(sys.argv[2]):
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)

    async def main():
        database = Database("sqlite:///bot.db")
        await schema.upgrade(database, source)
        await schema.check(database, source)
        await database.close()

    asyncio.run(main())
    print(seen)
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PREPARE), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def state(file: Path) -> tuple[str, int, int, str]:
    with closing(sqlite3.connect(file)) as connection:
        one = lambda query: connection.execute(query).fetchone()[0]  # noqa: E731
        return (
            one("SELECT version_num FROM alembic_version"),
            one("SELECT count(*) FROM shelf"),
            one("SELECT count(*) FROM book"),
            one("PRAGMA integrity_check"),
        )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_migration_killed_at_one_statement_in_twelve_leaves_the_old_schema_or_the_new(
    tmp_path: Path,
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    assert run(start, "prepare").returncode == 0
    with closing(sqlite3.connect(start / "bot.db")) as connection, connection:
        connection.execute("INSERT INTO shelf (id, label) VALUES (1, 'logic'), (2, 'rhetoric')")
        connection.execute("INSERT INTO book (shelf_id) VALUES (1), (1), (2)")
    shutil.rmtree(start / "library")
    whole = tmp_path / "whole"
    shutil.copytree(start, whole)
    counted = run(whole, "count")
    assert counted.returncode == 0, counted.stderr
    statements = int(counted.stdout)
    assert statements > 10
    found: set[str] = set()
    for number in [*range(1, statements, 12), statements - 1, statements]:
        folder = tmp_path / str(number)
        shutil.copytree(start, folder)
        assert run(folder, "kill", str(number)).returncode == -9
        version, *rest = state(folder / "bot.db")
        assert rest == [2, 3, "ok"], f"killed at statement {number}"
        found.add(version)
        # A copy that was cut off never has the name of a whole one.
        for copy in folder.glob("bot.db.before-*"):
            if ".partial" not in copy.name:
                assert state(copy)[1:] == (2, 3, "ok")
        shutil.rmtree(folder / "library")
        assert run(folder, "count").returncode == 0, "the next start brings it to the new schema"
        assert state(folder / "bot.db")[0] == "0002_longer_labels"
    assert found == {"0001_library", "0002_longer_labels"}
