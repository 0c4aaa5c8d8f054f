"""Files that members give: which are taken, and the name under which one can be posted again."""

from __future__ import annotations

import re

from bot.errors import InvalidInput

MOST_FILE_BYTES = 10 * 1024 * 1024  # what Discord takes from anybody
_TEXTS = ("csv", "log", "md", "rst", "rtf", "tex", "toml", "tsv", "txt", "xml", "yaml", "yml")
_CODE = (
    "c",
    "cpp",
    "cs",
    "css",
    "go",
    "h",
    "html",
    "ipynb",
    "java",
    "js",
    "json",
    "kt",
    "php",
    "py",
    "r",
    "rb",
    "rs",
    "sh",
    "sql",
    "swift",
    "ts",
)
_DOCUMENTS = ("doc", "docx", "odp", "ods", "odt", "pdf", "ppt", "pptx", "xls", "xlsx", "zip")
_MEDIA = ("gif", "jpeg", "jpg", "m4a", "mp3", "mp4", "ogg", "png", "svg", "wav", "webm", "webp")
FILE_TYPES = frozenset((*_TEXTS, *_CODE, *_DOCUMENTS, *_MEDIA))


def check_file(name: str, size: int) -> None:
    """Raise `InvalidInput`, saying what would work, for a file that is too large, empty or of another type."""
    if size > MOST_FILE_BYTES:
        raise InvalidInput(
            "That file is larger than {most} MB. Upload it elsewhere: a link to it does as well.",
            most=MOST_FILE_BYTES // 1024 // 1024,
        )
    if size <= 0:
        raise InvalidInput("That file is empty. Please choose it once more.")
    if name.rpartition(".")[2].lower() not in FILE_TYPES or "." not in name:
        raise InvalidInput(
            "I do not take files of that type. Text, code, notebooks, tables, PDFs, pictures, sound and .zip are fine."
        )


def safe_name(name: str) -> str:
    """The name as a file can be uploaded under it, with its ending."""
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "file"
    return f"file.{safe}" if name.endswith(f".{safe}") else safe
