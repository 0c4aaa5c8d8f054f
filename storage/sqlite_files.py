"""Copies SQLite files and looks whether they are sound, in such a way that a cut-off copy is never taken for a whole one.

Everything here is synchronous and may take seconds: call it in a thread. A copy is made through SQLite itself, because
copying a file in use tears it; it is written beside its final name, verified, flushed to the disk and only then given
that name, readable by its owner alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.parse import quote

BUSY_SECONDS = 30.0


class DamagedFile(RuntimeError):
    """A file is no sound SQLite database; the message is what SQLite found, without a full stop."""


def copy_database(
    origin: Path, target: Path, *, change: Callable[[sqlite3.Connection], None] | None = None
) -> dict[str, int]:
    """Copies a database that may be in use, verifies the copy, and returns its number of rows by table.

    ``change`` may write into the copy before it gets its name. Raises DamagedFile, OSError or sqlite3.Error; then
    nothing of the copy is left, and what was at ``target`` before is still there.
    """
    partial = target.with_name(f"{target.name}.partial")
    remove_database(partial)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with opened(origin, read_only=True) as source, opened(partial) as copy:
            # The reading transaction keeps one moment of a database that others go on writing to.
            source.execute("BEGIN")
            rows = count_rows(source)
            source.backup(copy)
            source.rollback()
            # A single file, so that renaming it moves all of it.
            copy.execute("PRAGMA journal_mode=DELETE").fetchall()
            _refuse_unless(count_rows(copy) == rows, "the copy has other rows than the original")
            if change is not None:
                change(copy)
                copy.commit()
            inspect(copy)
        sync(partial)
        partial.replace(target)
        sync(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_database(partial)
        raise
    return rows


def inspect(connection: sqlite3.Connection) -> None:
    """Raises DamagedFile when pages are broken or rows point at nothing."""
    try:
        verdict = " ".join(str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0]).split())
        _refuse_unless(verdict == "ok", verdict)
        dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise DamagedFile(str(error)) from error
    tables = ", ".join(sorted({str(row[0]) for row in dangling}))
    _refuse_unless(not dangling, f"{len(dangling)} rows of {tables} point at nothing")


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of rows of each table."""
    try:
        names = [
            str(name)
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            )
        ]
        query = 'SELECT count(*) FROM "{}"'
        return {name: int(connection.execute(query.format(name)).fetchone()[0]) for name in names}
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise DamagedFile(str(error)) from error


@contextlib.contextmanager
def opened(file: Path, *, read_only: bool = False) -> Generator[sqlite3.Connection]:
    """A connection that leaves transactions to its user. A file that does not exist is never made."""
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )
    with contextlib.closing(connection):
        yield connection


def remove_database(file: Path) -> None:
    """Removes a database and what SQLite keeps beside it."""
    for name in side_files(file):
        name.unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def side_files(file: Path) -> list[Path]:
    """Where SQLite keeps what is not in the file yet."""
    return [file.with_name(f"{file.name}{ending}") for ending in ("-wal", "-shm", "-journal")]


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder.
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_unless(fine: bool, found: str) -> None:  # noqa: FBT001 - reads as a sentence.
    if not fine:
        raise DamagedFile(found)
