"""The environment in which Red runs: `.venv-red`, made when it is first wanted and the package index can be reached.

Red pins its own versions, some of them older than ours, so it cannot live in ours. They are in `red.lock`, with hashes
(`make lock`). Red 3.5 runs on Python 3.11 and older.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent / ".venv-red"
LOCK = HERE / "red.lock"
NEWEST = (3, 11)
PATIENCE = 300  # seconds for everything
IMPATIENT = ("--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "15")


class NoRed(Exception):
    """Red cannot be compared with; the text is one line that says why."""


def red_python(folder: Path = FOLDER) -> Path:
    """The Python that has Red; the environment is made first if need be. Raises NoRed."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    made = folder / ".made"
    locked = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if made.exists() and made.read_text(encoding="ascii") == locked:
        return python
    if sys.version_info[:2] > NEWEST:
        raise NoRed(f"Red 3.5 needs Python 3.11 or older, and this is {sys.version.split()[0]}")
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(
            str(python), "-m", "pip", "install", *IMPATIENT, "--require-hashes", "--no-deps", "-r", str(LOCK)
        )
    except subprocess.SubprocessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoRed(f"Red could not be installed: {_last_line(error)}") from error
    made.write_text(locked, encoding="ascii")
    return python


def _run(*command: str) -> None:
    subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE
    )


def _last_line(error: subprocess.SubprocessError) -> str:
    lines = str(getattr(error, "output", None) or error).strip().splitlines()
    return lines[-1] if lines else "nothing was said"
