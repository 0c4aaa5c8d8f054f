"""The ice-breakers that come with Lyceum: `starters.toml`, read and checked once."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.text import clean

LIBRARY = Path(__file__).with_name("starters.toml")
LONGEST = 200
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


class LibraryError(ValueError):
    """The library cannot be used; the text says what is wrong."""


@cache
def shipped() -> Mapping[str, str]:
    """The words of each by its key. Raises `LibraryError`."""
    return read(LIBRARY.read_text(encoding="utf-8"))


def read(content: str) -> Mapping[str, str]:
    """The ice-breakers in a file. Raises `LibraryError`."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(str(error)) from error
    listed: object = data.get("starters")
    if not isinstance(listed, dict) or set(data) != {"starters"}:
        raise LibraryError("a library is [starters] and nothing else")
    found = cast("Mapping[str, Any]", listed)
    for key, words in found.items():
        if not _KEY.fullmatch(key):
            raise LibraryError(f"{key}: a key is small letters, digits and dashes")
        if not isinstance(words, str) or clean(words) != words or not 0 < len(words) <= LONGEST:
            raise LibraryError(f"{key}: the words are a clean text of at most {LONGEST} characters")
    return found


def choose(keys: Collection[str], used: Sequence[str], seed: str) -> str:
    """One that these people have not had together; when they had all, the one that is longest ago.

    `used` are those that they had, the oldest first.
    """
    new = sorted(set(keys) - set(used))
    if new:
        return random.Random(seed).choice(new)
    last = {key: at for at, key in enumerate(used)}
    return min(sorted(keys), key=lambda key: last[key])
