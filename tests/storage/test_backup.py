"""A backup is whole or not there; a restore puts everything back, or leaves everything as it was."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import app_state, schema
from storage.backup import NUMBERS_AHEAD, BackupError, back_up, check_file, list_backups, restore
from storage.database import Database
from storage.deletion_file import Deletion, append, read
from storage.faults import explain
from storage.sqlite_files import DamagedFile
from tests.databases import SqliteTemplate

PROJECT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes and limits of POSIX")


@pytest.fixture
def file(sqlite_template: SqliteTemplate, tmp_path: Path) -> Path:
    sqlite_template.copy_to(tmp_path)
    return tmp_path / "lyceum.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def execute(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def scalar(file: Path, query: str) -> object:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchone()[0]


def note(file: Path, value: str) -> None:
    execute(file, f"INSERT OR REPLACE INTO app_state VALUES ('note', '{value}')")


def noted(file: Path) -> object:
    return scalar(file, "SELECT value FROM app_state WHERE key = 'note'")


WAITING = (
    "INSERT INTO outbox (key, kind, lane, guild_id, arguments, created_at, not_before, attempts, first_try_at)"
    " VALUES ('{key}', 'post', 1, 1, '{{}}', '2026-01-05 07:00:00.000000', '2026-01-05 07:00:00.000000', {tries})"
)


# Backups


@posix_only
def test_a_backup_is_readable_by_its_owner_alone(file: Path, folder: Path) -> None:
    made = back_up(file, folder, now=NOW, keep=3)
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made.file.name == "lyceum-20260105T080000Z.db"


def test_only_the_newest_backups_stay_and_nothing_else_is_removed(file: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "lyceum-notes.db").touch()
    (folder / "other-20200101T000000Z.db").touch()
    for day in range(5):
        back_up(file, folder, now=NOW + timedelta(days=day), keep=2)
    assert [each.taken_at.day for each in list_backups(file, folder)] == [8, 9]
    assert {"lyceum-notes.db", "other-20200101T000000Z.db"} <= {each.name for each in folder.iterdir()}


async def test_fifty_backups_of_a_database_in_use_are_all_whole(
    sqlite_database: Database, tmp_path: Path
) -> None:
    file = Path(str(sqlite_database.url.database))
    stop, begun = asyncio.Event(), asyncio.Barrier(4)

    async def write(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            async with sqlite_database.begin() as session:
                await app_state.put(session, f"{name}:left", str(number))
                await app_state.put(session, f"{name}:right", str(number))
            if number == 1:
                await begun.wait()

    writers = [asyncio.create_task(write(str(each))) for each in range(3)]
    await begun.wait()
    seen: set[str] = set()
    for number in range(50):
        made = await asyncio.to_thread(
            back_up, file, tmp_path / "backups", now=NOW + timedelta(seconds=number), keep=100
        )
        check_file(made.file)
        await asyncio.sleep(0.02)
        for writer in range(3):
            left = scalar(made.file, f"SELECT value FROM app_state WHERE key = '{writer}:left'")
            assert left == scalar(made.file, f"SELECT value FROM app_state WHERE key = '{writer}:right'")
            seen.add(f"{writer}:{left}")
    stop.set()
    await asyncio.gather(*writers)
    assert len(seen) > 60, "the writers stood still"


def test_a_damaged_database_is_not_backed_up_over_a_sound_backup(file: Path, folder: Path) -> None:
    back_up(file, folder, now=NOW, keep=1)
    execute(file, *(f"INSERT INTO app_state VALUES ('{each}', '{'x' * 400}')" for each in range(200)))
    with file.open("r+b") as opened:
        opened.seek(4096 * 3)
        opened.write(b"\xff" * 4096 * 12)
    with pytest.raises(BackupError, match="damaged"):
        back_up(file, folder, now=NOW + timedelta(days=1), keep=1)
    assert [each.taken_at for each in list_backups(file, folder)] == [NOW]
    assert len(list(folder.iterdir())) == 1


FULL = """
    import resource, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from storage.backup import BackupError, back_up
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
    try:
        back_up(Path("lyceum.db"), Path("backups"), now=datetime(2026, 1, 6, tzinfo=UTC), keep=1)
    except BackupError as error:
        print(error)
        sys.exit(3)
"""


@posix_only
def test_a_backup_that_finds_no_room_leaves_nothing_and_the_earlier_one(file: Path, folder: Path) -> None:
    back_up(file, folder, now=NOW, keep=1)
    assert file.stat().st_size > 64 * 1024
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL)],
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "No backup was made in backups" in done.stdout
    assert "make room" in done.stdout
    assert [each.name for each in folder.iterdir()] == ["lyceum-20260105T080000Z.db"]
    check_file(folder / "lyceum-20260105T080000Z.db")


def test_there_is_no_backup_of_a_database_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no database"):
        back_up(tmp_path / "nothing.db", tmp_path / "backups", now=NOW, keep=1)
    assert not (tmp_path / "backups").exists()
    assert not (tmp_path / "nothing.db").exists()


# Restores


async def test_a_restore_puts_back_what_was_and_keeps_what_it_replaced(file: Path, folder: Path) -> None:
    note(file, "before")
    made = back_up(file, folder, now=NOW, keep=1)
    note(file, "after")
    aside = await restore(made.file, file, now=NOW + timedelta(hours=1))
    assert noted(file) == "before"
    assert aside is not None and aside.name == "lyceum.db.replaced-20260105T090000Z"
    assert noted(aside) == "after"
    assert sorted(each.name for each in file.parent.iterdir()) == ["backups", "lyceum.db", aside.name]


async def test_a_restore_onto_a_new_machine_needs_nothing_there(
    file: Path, folder: Path, tmp_path: Path
) -> None:
    note(file, "kept")
    made = back_up(file, folder, now=NOW, keep=1)
    fresh = tmp_path / "elsewhere"
    fresh.mkdir()
    assert await restore(made.file, fresh / "lyceum.db", now=NOW) is None
    assert noted(fresh / "lyceum.db") == "kept"


async def test_commits_that_are_still_in_the_log_are_kept_with_the_replaced_database(
    file: Path, folder: Path
) -> None:
    made = back_up(file, folder, now=NOW, keep=1)
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("INSERT INTO app_state VALUES ('note', 'in the log')")
    writer.commit()
    shutil.copytree(
        file.parent, file.parent.with_name("killed")
    )  # As kill -9 leaves it: the log not folded in.
    writer.close()
    killed = file.parent.with_name("killed") / file.name
    assert killed.with_name("lyceum.db-wal").stat().st_size > 0
    aside = await restore(made.file, killed, now=NOW)
    assert aside is not None
    assert noted(aside) == "in the log"
    assert scalar(killed, "SELECT count(*) FROM app_state WHERE key = 'note'") == 0


async def test_a_damaged_backup_is_refused_and_the_database_stays(file: Path, folder: Path) -> None:
    note(file, "mine")
    damaged = folder / "lyceum-20260105T080000Z.db"
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread(damaged.write_bytes, b"SQLite format 3\0" + b"\xff" * 8192)
    with pytest.raises(BackupError, match="no sound database"):
        await restore(damaged, file, now=NOW)
    assert noted(file) == "mine"
    assert sorted(each.name for each in file.parent.iterdir()) == ["backups", "lyceum.db"]


async def test_the_database_of_another_program_is_refused(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    execute(other, "CREATE TABLE shelf (id INTEGER PRIMARY KEY)")
    with pytest.raises(BackupError, match="no database of Lyceum"):
        await restore(other, file, now=NOW)
    assert scalar(file, "SELECT count(*) FROM alembic_version") == 1


async def test_a_backup_of_a_later_version_is_refused_and_the_database_stays(
    file: Path, folder: Path
) -> None:
    made = back_up(file, folder, now=NOW, keep=1)
    execute(made.file, "UPDATE alembic_version SET version_num = '9999_future'")
    note(file, "mine")
    with pytest.raises(schema.SchemaTooNew):
        await restore(made.file, file, now=NOW)
    assert noted(file) == "mine"


async def test_a_backup_without_the_last_migration_is_restored_for_the_next_start_to_upgrade(
    file: Path, folder: Path
) -> None:
    head = scalar(file, "SELECT version_num FROM alembic_version")
    made = back_up(file, folder, now=NOW, keep=1)
    database = Database(f"sqlite:///{made.file}")
    await schema.migrate(database, "0001_foundation")
    await database.close()
    await restore(made.file, file, now=NOW)
    database = Database(f"sqlite:///{file}")
    await schema.upgrade(database)
    await database.close()
    assert scalar(file, "SELECT version_num FROM alembic_version") == head


async def test_what_waits_in_a_backup_counts_as_tried_when_it_was_made(file: Path, folder: Path) -> None:
    execute(
        file,
        WAITING.format(key="never tried", tries="0, NULL"),
        WAITING.format(key="tried before", tries="3, '2026-01-05 07:30:00.000000'"),
        WAITING.format(key="done", tries="0, NULL"),
        "UPDATE outbox SET outcome = 'sent', first_try_at = NULL WHERE key = 'done'",
    )
    made = back_up(file, folder, now=NOW, keep=1)
    await restore(made.file, file, now=NOW + timedelta(days=1))
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT key, attempts, first_try_at FROM outbox ORDER BY id").fetchall()
    assert rows == [
        ("never tried", 1, "2026-01-05 08:00:00.000000"),
        ("tried before", 3, "2026-01-05 07:30:00.000000"),
        ("done", 0, None),
    ]


async def test_a_copy_from_before_a_migration_counts_from_the_last_thing_it_knows_of(
    file: Path, tmp_path: Path
) -> None:
    execute(file, WAITING.format(key="waits", tries="0, NULL"))
    copy = tmp_path / "lyceum.db.before-0002"
    shutil.copyfile(file, copy)
    await restore(copy, file, now=NOW + timedelta(days=1))
    assert scalar(file, "SELECT first_try_at FROM outbox") == "2026-01-05 07:00:00.000000"


async def test_numbers_given_since_the_backup_are_not_given_again(file: Path, folder: Path) -> None:
    made = back_up(file, folder, now=NOW, keep=1)
    execute(file, WAITING.format(key="later", tries="0, NULL"))
    await restore(made.file, file, now=NOW)
    execute(file, WAITING.format(key="latest", tries="0, NULL"))
    assert scalar(file, "SELECT id FROM outbox") == NUMBERS_AHEAD + 1


async def test_the_list_of_deletions_beside_the_database_outlives_a_restore(file: Path, folder: Path) -> None:
    made = back_up(file, folder, now=NOW, keep=1)
    listed = file.with_name(f"{file.name}.deletions")
    append(listed, Deletion(1, 2, NOW))
    append(listed, Deletion(1, 3, NOW, kept=True))
    with listed.open("ab") as cut_off:
        cut_off.write(b"1 4 2026-")
    append(listed, Deletion(1, 5, NOW))
    await restore(made.file, file, now=NOW)
    assert set(read(listed)) == {Deletion(1, 2, NOW), Deletion(1, 3, NOW, kept=True), Deletion(1, 5, NOW)}
    if os.name == "posix":  # elsewhere there are no modes to look at
        assert stat.S_IMODE(listed.stat().st_mode) == 0o600


async def test_the_hour_in_which_lost_effects_are_minded_begins_with_the_first_call(
    file: Path, folder: Path
) -> None:
    made = back_up(file, folder, now=NOW, keep=1)
    await restore(made.file, file, now=NOW)
    database = Database(f"sqlite:///{file}")
    later = NOW + timedelta(days=3)
    for moment in (later, later + timedelta(minutes=30)):
        async with database.begin() as session:
            assert await app_state.lost_since(session, moment) == (NOW, later + timedelta(hours=1))
    await database.close()


# The file


def test_a_check_finds_a_row_that_points_at_nothing(file: Path) -> None:
    execute(
        file,
        "PRAGMA foreign_keys=OFF",
        WAITING.format(key="x", tries="0, NULL"),
        "UPDATE outbox SET act_id = 77",
    )
    with pytest.raises(DamagedFile, match="1 rows of outbox point at nothing"):
        check_file(file)


def test_what_is_wrong_with_a_disk_is_said_in_words() -> None:
    assert explain(sqlite3.OperationalError("database or disk is full")) == "the disk is full"
    assert explain(OSError(28, "No space left on device")) == "the disk is full"
    assert explain(ValueError("a secret")) == "ValueError"
