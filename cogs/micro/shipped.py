"""The tasks that come with Lyceum: `library.toml`, read and checked once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.errors import InvalidInput
from bot.text import clean
from cogs.micro import rules
from cogs.micro.rules import Kind, Level, Mood, Task, Theme

LIBRARY = Path(__file__).with_name("library.toml")
_KEYS = ("key", "title", "text", "minutes", "level", "kind", "theme", "mood")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


class LibraryError(ValueError):
    """The library cannot be used; the text says which task and why."""


@cache
def shipped() -> tuple[Task, ...]:
    """All of them. Raises `LibraryError`."""
    return read(LIBRARY.read_text(encoding="utf-8"))


def read(content: str) -> tuple[Task, ...]:
    """The tasks in a file. Raises `LibraryError`."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(str(error)) from error
    listed: object = data.get("tasks")
    if not isinstance(listed, list) or set(data) != {"tasks"}:
        raise LibraryError("a library is [[tasks]] and nothing else")
    tasks = tuple(_task(number, each) for number, each in enumerate(cast("list[object]", listed), start=1))
    if len({each.key for each in tasks}) < len(tasks):
        raise LibraryError("two tasks have one key")
    return tasks


def _task(number: int, data: object) -> Task:
    if not isinstance(data, dict):
        raise LibraryError(f"task {number} is no table")
    values = cast("Mapping[str, Any]", data)
    where = f"task {values.get('key', number)}"
    if sorted(values) != sorted(_KEYS):
        raise LibraryError(f"{where} needs exactly {', '.join(_KEYS)}")
    texts = [values[name] for name in ("key", "title", "text")]
    if not all(isinstance(each, str) and clean(each) == each for each in texts):
        raise LibraryError(f"{where}: key, title and text are clean texts")
    if not _KEY.fullmatch(values["key"]) or type(values["minutes"]) is not int:
        raise LibraryError(f"{where}: the key is small letters, digits and dashes, and minutes a number")
    try:
        rules.check_words(values["title"], values["text"])
        return Task(
            values["key"],
            values["title"],
            values["text"],
            rules.check_minutes(values["minutes"]),
            Level(values["level"]),
            Kind(values["kind"]),
            Theme(values["theme"]),
            Mood(values["mood"]),
        )
    except (InvalidInput, ValueError) as error:
        raise LibraryError(f"{where}: {error}") from error
