"""What must be right about this machine before the bot works: who may read the token, and where the database lies.

Each check returns a ``Finding``. ``lyceum run`` refuses to start at the first that is bad; ``lyceum doctor`` shows all.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import URL

from storage.faults import explain

State = Literal["ok", "bad", "unknown"]

# File systems on which SQLite's write-ahead log breaks: it needs memory that is shared by all who open the file, and
# locks that are kept. By their names in /proc, because the number that statfs returns is the same for every kind of FUSE.
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|9p|afs|ceph|lustre|glusterfs|beegfs|ncpfs|coda|gfs2?|ocfs2|virtiofs|vboxsf|prl_fs|drvfs"
    r"|fuse\.(sshfs|s3fs|rclone|grpcfuse|osxfs|gcsfuse|glusterfs|ceph(-fuse)?|vmhgfs-fuse|davfs2?|curlftpfs|smbnetfs"
    r"|blobfuse2?|goofys|juicefs|google-drive-ocamlfuse|gvfsd-fuse|portal)"
)
_MOUNTS = Path("/proc/self/mountinfo")
# What to do about a folder or file that cannot be written to.
_WRITABLE: dict[int | None, str] = {
    None: "give it to the user that runs Lyceum",
    errno.EROFS: "mount it so that it can be written to",
    errno.EISDIR: "move that folder away",
    errno.ENOSPC: "make room on it",
}
# What to do about a SQLite file that cannot be opened, by what is wrong with it.
_REMEDIES = {
    "the disk is full": "make room on it.",
    "the disk reports an error, or is full": "make room on it; if there is enough, test the disk.",
    "the file is no database": "move that file away, or choose another in url in [database].",
    "the file is damaged": "keep the file, and restore the newest backup with lyceum db restore.",
    "another program keeps it locked": "end that program.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ``said`` is a sentence, with the fix when it is bad."""

    what: str
    state: State
    said: str


def config_file(path: Path) -> Finding:
    """Whoever can read the token is the bot, so a file that holds one is its owner's business alone."""
    what = "configuration"
    if os.name != "posix":
        return Finding(what, "unknown", f"Who may read {path} cannot be told on this system.")
    try:
        mode = path.stat().st_mode
        token = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("discord", {}).get("token", "")
    except FileNotFoundError:
        return Finding(what, "ok", "There is no configuration file; everything comes from the environment.")
    except (OSError, ValueError, AttributeError):
        return Finding(what, "unknown", f"{path} cannot be read.")
    if token and mode & stat.S_IROTH:
        return Finding(
            what,
            "bad",
            f"Everybody on this machine can read the token in {path}: run chmod 600 {path}, and make a new token if "
            "you do not trust them all.",
        )
    return Finding(
        what, "ok", f"{path} is readable by its owner{' and group' if mode & stat.S_IRGRP else ''} alone."
    )


def database_folder(file: Path) -> Finding:
    """SQLite writes other files beside the database, so the folder must be writable, not only the file."""
    what, folder = "data folder", file.expanduser().absolute().parent
    blocked = folder
    try:
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".lyceum-"):
            blocked = file
        if file.exists():
            with file.open("r+b"):
                pass
    except OSError as error:
        return Finding(
            what,
            "bad",
            f"{blocked} cannot be written to ({explain(error)}): {_WRITABLE.get(error.errno, _WRITABLE[None])}, or choose "
            "another place in url in [database].",
        )
    return Finding(what, "ok", f"{folder} can be written to.")


def cannot_open(url: URL, error: Exception) -> str:
    """One sentence for a database that does not open. Of the error only its kind: drivers quote the password."""
    why = explain(error)
    if url.get_backend_name() != "sqlite":
        return (
            f"The database cannot be opened ({why}): check that its server runs, and its address, name, user and "
            "password in url in [database]."
        )
    remedy = _REMEDIES.get(
        why, "see who may write to it and to its folder, or choose another in url in [database]."
    )
    return f"{url.database} cannot be opened ({why}): {remedy}"


def file_system(file: Path, mounts: str | None = None) -> Finding:
    """A database on a network file system is damaged sooner or later. ``mounts`` is for tests."""
    what = "file system"
    kind = _kind_of_mount(file.expanduser().absolute().resolve(), mounts)
    if kind is None:
        return Finding(what, "unknown", "Which file system the database is on cannot be told on this system.")
    if _NETWORK.fullmatch(kind):
        return Finding(
            what,
            "bad",
            f"{file} is on a network or shared file system ({kind}), where SQLite loses data: put it on a local disk "
            "(with Docker, a named volume), or use PostgreSQL, in url in [database].",
        )
    return Finding(what, "ok", f"The database is on {kind}.")


def _kind_of_mount(path: Path, mounts: str | None) -> str | None:
    if mounts is None:
        if sys.platform != "linux":
            return None
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8")
        except OSError:
            return None
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        left, separator, right = line.partition(" - ")
        if not separator:
            continue
        # Spaces and the like are written in octal.
        point = Path(re.sub(r"\\(\d{3})", lambda found: chr(int(found.group(1), 8)), left.split()[4]))
        # Of two mounts in one place the later hides the earlier.
        if path.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), right.split()[0])
    return best[1] if best else None
