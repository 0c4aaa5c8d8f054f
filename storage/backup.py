"""Copies of a SQLite database by date, and the way back to one of them without saying anything twice.

A backup is one file, ``<name>-20261121T093000Z.db``: the whole database at one moment, verified (integrity, foreign
keys, number of rows), readable by its owner alone, and there whole or not at all. The date of the newest name says when
the next one is due, so restarts change nothing. The oldest are removed.

**After a restore nothing may be posted again.** Between the moment of the backup and the restore the bot went on
working, and what it did then is at Discord but no longer in the database. Four things make up for that, all written into
the copy before it takes the database's place:

* Effects that wait in the backup may have been carried out since. They are marked as tried at the moment of the backup
  (``attempts`` >= 1, ``first_try_at``). The dispatcher then takes their nonce for too old, looks for their marker in the
  channel's history, and takes over the message that it finds. Other kinds of effects are safe to repeat anyway.
* Schedules and jobs that came due since the backup are due again, and follow their catch-up policy. What they plan has
  the same keys as the first time (they are made of the nominal time, the member, the day), hence the same markers. So
  what is planned in the first hour of work after a restore is marked in the same way (``storage.app_state.lost_since``,
  asked by ``bot/outbox.py``), looked for first and found. A post that was taken over says what it said the first time.
* Row numbers given since the backup are on old cards and in the keys of effects. Each counter jumps ahead by
  ``NUMBERS_AHEAD``, so that none is given a second time: an old card then answers "that is gone" instead of acting on
  another row, and no new effect is mistaken for a lost one.
* What Discord knows of the commands is forgotten, so that they are sent once more.

**Deletions.** A person who was deleted after the backup is in it again. Deletions therefore also stand in a file beside
the database (``storage/deletion_file.py``), which a restore leaves as it is, and the next start carries out what the
restored database does not know of, after any migration and before Discord is reached (``bot/erasure.py``).

On PostgreSQL use ``pg_dump``. Tests: ``tests/storage/test_backup.py``, and with the whole bot in the sandbox
``tests/bot/test_restore.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import schema
from storage.app_state import RESTORED
from storage.database import Database
from storage.faults import explain
from storage.sqlite_files import (
    DamagedFile,
    copy_database,
    count_rows,
    inspect,
    opened,
    remove_database,
    side_files,
    sync,
)

NUMBERS_AHEAD = 1_000_000

_STAMP = "%Y%m%dT%H%M%SZ"
_TAKEN_AT = "backup_taken_at"
_COMMANDS = "commands"


class BackupError(RuntimeError):
    """No backup was made or restored, and everything is as it was; the message is one sentence with the fix."""


@dataclass(frozen=True)
class Backup:
    """A backup as it lies in its folder."""

    file: Path
    taken_at: datetime
    size: int


def list_backups(database_file: Path, folder: Path) -> list[Backup]:
    """The backups of this database in the folder, the oldest first. Raises OSError."""
    pattern = re.compile(re.escape(database_file.stem) + r"-(\d{8}T\d{6}Z)\.db")
    found: list[Backup] = []
    for file in folder.iterdir() if folder.is_dir() else ():
        match = pattern.fullmatch(file.name)
        if match:
            taken_at = datetime.strptime(match.group(1), _STAMP).replace(tzinfo=UTC)
            found.append(Backup(file, taken_at, file.stat().st_size))
    return sorted(found, key=lambda each: each.taken_at)


def back_up(database_file: Path, folder: Path, *, now: datetime, keep: int) -> Backup:
    """Makes a backup and removes the oldest beyond ``keep``. Takes seconds: call it in a thread. Raises BackupError."""
    target = folder / f"{database_file.stem}-{now.astimezone(UTC).strftime(_STAMP)}.db"
    if not database_file.exists():
        raise BackupError(f"There is no database at {database_file}: check url in [database].")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for abandoned in folder.glob(f"{database_file.stem}-*.partial*"):
            abandoned.unlink(missing_ok=True)  # The process ended while it was written.
        copy_database(database_file, target, change=lambda copy: _stamp(copy, now))
        made = Backup(target, now.replace(microsecond=0), target.stat().st_size)
        for old in list_backups(database_file, folder)[:-keep]:
            old.file.unlink(missing_ok=True)
    except DamagedFile as error:
        raise BackupError(
            f"No backup was made, because the database is damaged ({error}): stop the bot, keep the file and restore "
            "the newest backup with lyceum db restore."
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            f"No backup was made in {folder} ({explain(error)}): make room there or choose another folder in [backup]."
        ) from error
    return made


async def restore(
    backup: Path,
    database_file: Path,
    *,
    now: datetime,
) -> Path | None:
    """Puts a backup in the place of the database and returns where the replaced one is now (None: there was none).

    The caller holds the lock of the database, so that nobody works on it. A backup of an older version is upgraded by
    the next start. Raises BackupError, and storage.schema.SchemaError for the schema of a later version; then
    everything is as it was.
    """
    fresh = database_file.with_name(f"{database_file.name}.restoring")

    def prepare(copy: sqlite3.Connection) -> None:
        _forget_what_came_later(copy, fallback=now)

    try:
        await asyncio.to_thread(_refuse_other_files, backup, database_file)
        await asyncio.to_thread(copy_database, backup, fresh, change=prepare)
        await _check_schema(fresh)
        return await asyncio.to_thread(_replace, database_file, fresh, now)
    except (DamagedFile, sqlite3.DatabaseError, OSError) as error:
        if isinstance(error, DamagedFile) or type(error) is sqlite3.DatabaseError:
            raise BackupError(f"{backup} is no sound database ({error}): choose another backup.") from error
        raise BackupError(
            f"{backup} could not be restored ({explain(error)}): the database is as it was; make room or see who may "
            "write to its folder."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            remove_database(fresh)


def _refuse_other_files(backup: Path, database_file: Path) -> None:
    if not backup.is_file():
        raise BackupError(f"There is no file {backup}: lyceum db backup --list names the backups.")
    if database_file.exists() and backup.samefile(database_file):
        raise BackupError(f"{backup} is the database itself: name a backup.")


async def _check_schema(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    try:
        with contextlib.suppress(schema.SchemaTooOld):
            await schema.check(database)
        async with database.read() as session:
            # A file without tables counts as too old, because a start may begin with one; a backup is never empty.
            connection = await session.connection()
            if not await connection.run_sync(lambda sync_: sync_.dialect.has_table(sync_, "alembic_version")):
                raise BackupError("This file is no database of Lyceum: choose another backup.")
    finally:
        await database.close()


def check_file(database_file: Path) -> dict[str, int]:
    """Looks through every page and reference and returns the number of rows by table. Raises DamagedFile or OSError."""
    with opened(database_file, read_only=True) as connection:
        inspect(connection)
        return count_rows(connection)


def _stamp(copy: sqlite3.Connection, now: datetime) -> None:
    if _has_table(copy, "app_state"):
        _put(copy, _TAKEN_AT, now.astimezone(UTC).isoformat())


def _forget_what_came_later(copy: sqlite3.Connection, *, fallback: datetime) -> None:
    """What the module's docstring promises, in one transaction."""
    copy.execute("BEGIN IMMEDIATE")
    if _has_table(copy, "outbox") and _has_table(copy, "app_state"):
        taken_at = _taken_at(copy) or fallback
        copy.execute(
            "UPDATE outbox SET attempts = max(attempts, 1), first_try_at = coalesce(first_try_at, ?),"
            " lease_until = NULL WHERE outcome IS NULL",
            (taken_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),),
        )
        _put(copy, RESTORED, taken_at.astimezone(UTC).isoformat())
        copy.execute("DELETE FROM app_state WHERE key IN (?, ?)", (_COMMANDS, _TAKEN_AT))
    numbered = "SELECT name FROM sqlite_master WHERE type = 'table' AND upper(sql) LIKE '%AUTOINCREMENT%'"
    for (table,) in copy.execute(numbered).fetchall():
        copy.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?, 0"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
            (table, table),
        )
    if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        copy.execute("UPDATE sqlite_sequence SET seq = seq + ?", (NUMBERS_AHEAD,))


def _taken_at(copy: sqlite3.Connection) -> datetime | None:
    """The moment of the backup. A copy made before a migration does not say; the last thing it knows of is then it."""
    row = copy.execute("SELECT value FROM app_state WHERE key = ?", (_TAKEN_AT,)).fetchone()
    if row is not None:
        return datetime.fromisoformat(str(row[0]))
    (last,) = copy.execute(
        "SELECT max(max(created_at), max(coalesce(finished_at, created_at))) FROM outbox"
    ).fetchone()
    return datetime.fromisoformat(str(last)).replace(tzinfo=UTC) if last else None


def _put(copy: sqlite3.Connection, key: str, value: str) -> None:
    copy.execute("INSERT OR REPLACE INTO app_state (key, value) VALUES (?, ?)", (key, value))


def _has_table(copy: sqlite3.Connection, name: str) -> bool:
    return (
        copy.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
        is not None
    )


def _replace(database_file: Path, fresh: Path, now: datetime) -> Path | None:
    """Gives the new file the database's name; the old one gets another, with what SQLite kept beside it."""
    _fold_in_the_log(fresh)
    sync(fresh)
    aside = database_file.with_name(f"{database_file.name}.replaced-{now.astimezone(UTC).strftime(_STAMP)}")
    existed = database_file.exists()
    if existed:
        _fold_in_the_log(database_file)
        try:
            # A second name for the old file, so that the database's name is never without a file.
            os.link(database_file, aside)
        except OSError:
            database_file.rename(aside)
        for beside in side_files(database_file):
            if beside.exists():
                # Of a database that was too damaged to fold it in. Left here, SQLite would take it for the new one's.
                beside.rename(beside.with_name(beside.name.replace(database_file.name, aside.name, 1)))
    fresh.replace(database_file)
    sync(database_file.parent)
    return aside if existed else None


def _fold_in_the_log(database_file: Path) -> None:
    with contextlib.suppress(sqlite3.Error), opened(database_file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
