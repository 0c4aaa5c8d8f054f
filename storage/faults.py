"""Says in words what is wrong with the disk or the database, without what a driver would quote: values, addresses."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

_DISK = {
    "database or disk is full": "the disk is full",
    "attempt to write a readonly database": "the database cannot be written to",
    "unable to open database file": "the file cannot be opened or made",
    "disk i/o error": "the disk reports an error, or is full",
    "database disk image is malformed": "the file is damaged",
    "file is not a database": "the file is no database",
    "database is locked": "another program keeps it locked",
}


LEAST_FREE = 16 * 1024 * 1024  # bytes; a transaction and the log that it is written to first
_READ_ONLY = 1  # ST_RDONLY of POSIX


def explain(error: BaseException) -> str:
    """A few words about the cause. Of an error that is not known, only its kind."""
    return disk_trouble(error) or type(_origin(error)).__name__


def disk_trouble(error: BaseException | None) -> str | None:
    """What is wrong with the disk or file, if that is what the error is about."""
    if error is None:
        return None
    origin = _origin(error)
    if isinstance(origin, sqlite3.Error):
        text = str(origin).lower()
        return next((words for said, words in _DISK.items() if said in text), None)
    if isinstance(origin, OSError):
        if origin.errno == errno.ENOSPC:
            return "the disk is full"
        return origin.strerror or None
    return None


def is_unwritable(error: BaseException | None) -> bool:
    """Whether the error says that nothing can be written at the moment, whoever tried to."""
    if error is None:
        return False
    origin = _origin(error)
    if isinstance(origin, OSError):
        return origin.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    return isinstance(origin, sqlite3.Error) and disk_trouble(origin) is not None


def lack_of_room(file: Path) -> str | None:
    """Why nothing can be written beside this file, in words; None when something can, or nobody knows."""
    try:
        free = shutil.disk_usage(file.parent).free
        read_only = hasattr(os, "statvfs") and bool(os.statvfs(file.parent).f_flag & _READ_ONLY)
    except OSError:
        return None
    if read_only:
        return "the disk with the database is read-only"
    return f"the disk with the database is full: {free // 1024} KiB are left" if free < LEAST_FREE else None


def _origin(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
