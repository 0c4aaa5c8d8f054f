"""Lets one process at a time work on a SQLite file.

The lock is the operating system's, on ``<file>.lock`` beside the database: it ends with the process however that ends,
so nothing has to be cleaned up after a crash. The lock file itself stays, empty; removing it would let two processes
hold a lock each. PostgreSQL needs none: there several processes share the work by leases.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import IO

from storage.database import Database

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class AlreadyRunning(RuntimeError):
    """Another process works on this database."""


@contextlib.contextmanager
def only_process(database: Database) -> Generator[None]:
    """Holds the lock inside the block. Raises AlreadyRunning, or OSError when the lock file cannot be made."""
    if database.dialect != "sqlite":
        yield
        return
    with lock_file(Path(str(database.url.database))):
        yield


@contextlib.contextmanager
def lock_file(database_file: Path) -> Generator[None]:
    """The same for a SQLite file that is not open, or not there yet."""
    with Path(f"{database_file}.lock").open("a", encoding="utf-8") as file:
        try:
            _lock(file)
        except OSError as error:
            raise AlreadyRunning(
                f"Another Lyceum process works on {database_file}: stop that one first (several processes need "
                "PostgreSQL)."
            ) from error
        yield


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
