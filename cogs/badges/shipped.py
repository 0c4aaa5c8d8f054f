"""The badges that come with Lyceum: `badges.toml`, read and checked once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.criteria import Rule, parse_rule
from bot.errors import InvalidInput
from bot.text import clean
from cogs.badges import rules
from cogs.badges.rules import Tier

LIBRARY = Path(__file__).with_name("badges.toml")
_NEEDED = {"key", "title", "text", "tier"}
_OPTIONAL = {"rule", "repeatable", "hidden"}
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


class LibraryError(ValueError):
    """The file cannot be used; the text says which badge and why."""


@dataclass(frozen=True)
class Shipped:
    """A badge as it comes. `title` and `how` are gettext ids."""

    key: str
    title: str
    how: str
    tier: Tier
    rule: Rule
    repeatable: bool = False
    hidden: bool = False


@cache
def shipped() -> Mapping[str, Shipped]:
    """All of them by key, in their order. Raises `LibraryError`."""
    return read(LIBRARY.read_text(encoding="utf-8"))


def read(content: str) -> Mapping[str, Shipped]:
    """The badges in a file. Raises `LibraryError`."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise LibraryError(str(error)) from error
    listed: object = data.get("badges")
    if not isinstance(listed, list) or set(data) != {"badges"}:
        raise LibraryError("the file is [[badges]] and nothing else")
    found: dict[str, Shipped] = {}
    for number, each in enumerate(cast("list[object]", listed), start=1):
        badge = _badge(number, each)
        if badge.key in found:
            raise LibraryError(f"two badges have the key {badge.key}")
        found[badge.key] = badge
    return found


def _badge(number: int, data: object) -> Shipped:
    if not isinstance(data, dict):
        raise LibraryError(f"badge {number} is no table")
    values = cast("Mapping[str, Any]", data)
    where = f"badge {values.get('key', number)}"
    if not _NEEDED <= set(values) <= _NEEDED | _OPTIONAL:
        raise LibraryError(
            f"{where} needs {', '.join(sorted(_NEEDED))} and knows {', '.join(sorted(_OPTIONAL))}"
        )
    texts = [values[name] for name in ("key", "title", "text")]
    if not all(isinstance(each, str) and clean(each) == each for each in texts):
        raise LibraryError(f"{where}: key, title and text are clean texts")
    if not _KEY.fullmatch(values["key"]):
        raise LibraryError(f"{where}: a key is small letters, digits and dashes")
    marks = [values.get(name, False) for name in ("repeatable", "hidden")]
    if not all(isinstance(each, bool) for each in marks):
        raise LibraryError(f"{where}: repeatable and hidden are true or false")
    try:
        rules.check_words(values["title"], values["text"])
        rule = parse_rule(values.get("rule", []))
        return Shipped(values["key"], values["title"], values["text"], Tier(values["tier"]), rule, *marks)
    except (InvalidInput, ValueError) as error:
        raise LibraryError(f"{where}: {error}") from error
