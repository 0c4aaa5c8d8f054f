"""The list of deletions that lies outside the database, so that no backup brings anybody back.

`<database>.deletions`, readable by its owner alone: one line a deletion with server, member and instant, or a
deletion that was called off, with the word kept. A line is on the disk before what it says is committed. At
every start the lines that the database knows nothing of (because an older backup was put in its place) are
carried out again before Discord is reached, see `bot/erasure.py`.
On PostgreSQL there is no file: see docs/operating.md.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.database import Database

_DELETED, _KEPT = "deleted", "kept"


@dataclass(frozen=True)
class Deletion:
    """One person was deleted in one server at an instant (UTC), or, if `kept`, called their deletion off."""

    guild_id: int
    member_id: int
    at: datetime
    kept: bool = False


def file_of(database: Database) -> Path | None:
    """Where the list of a database lies; None on PostgreSQL."""
    if database.dialect != "sqlite":
        return None
    file = Path(str(database.url.database))
    return file.with_name(f"{file.name}.deletions")


def append(file: Path, deletion: Deletion) -> None:
    """Write a deletion down and wait until it is on the disk. Raises OSError."""
    handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        # A line that a crash cut off must not swallow this one: empty and broken lines are passed over.
        word = _KEPT if deletion.kept else _DELETED
        line = f"{deletion.guild_id} {deletion.member_id} {deletion.at.isoformat()} {word}"
        os.write(handle, f"\n{line}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    with contextlib.suppress(OSError):  # a folder cannot be flushed on Windows
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(file: Path) -> list[Deletion]:
    """The latest of each kind of each person, in order. Raises OSError when there is a file that cannot be read."""
    latest: dict[tuple[int, int, bool], Deletion] = {}
    if not file.exists():
        return []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            guild_id, member_id, at, word = line.split()
            found = Deletion(int(guild_id), int(member_id), datetime.fromisoformat(at), word == _KEPT)
            if found.at.tzinfo is not None and word in (_KEPT, _DELETED):
                latest[found.guild_id, found.member_id, found.kept] = found
    return sorted(latest.values(), key=lambda each: each.at)
