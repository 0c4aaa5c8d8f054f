"""The role guides that come with Lyceum: `guides.toml`, read and checked once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.text import clean

FILE = Path(__file__).with_name("guides.toml")
OTHER = "other"
"""A role that the facilitator names, for which there is no guide."""
MOST_STEPS = 5
_KEYS = ("key", "steps", "title", "what")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,19}")


class GuidesError(ValueError):
    """The guides cannot be used; the text says which and why."""


@dataclass(frozen=True)
class Guide:
    """What to do in a role. All texts are gettext ids."""

    key: str
    title: str
    what: str
    steps: tuple[str, ...]


@cache
def shipped() -> Mapping[str, Guide]:
    """All of them by key, in order. Raises `GuidesError`."""
    return {each.key: each for each in read(FILE.read_text(encoding="utf-8"))}


def read(content: str) -> tuple[Guide, ...]:
    """The guides in a file. Raises `GuidesError`."""
    try:
        data = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise GuidesError(str(error)) from error
    listed: object = data.get("guides")
    if not isinstance(listed, list) or set(data) != {"guides"}:
        raise GuidesError("a file of guides is [[guides]] and nothing else")
    guides = tuple(_guide(number, each) for number, each in enumerate(cast("list[object]", listed), start=1))
    if len({each.key for each in guides}) < len(guides):
        raise GuidesError("two guides have one key")
    return guides


def _guide(number: int, data: object) -> Guide:
    if not isinstance(data, dict):
        raise GuidesError(f"guide {number} is no table")
    values = cast("Mapping[str, Any]", data)
    where = f"guide {values.get('key', number)}"
    if sorted(values) != list(_KEYS):
        raise GuidesError(f"{where} needs exactly {', '.join(_KEYS)}")
    steps: object = values["steps"]
    if not isinstance(steps, list) or not 1 <= len(cast("list[object]", steps)) <= MOST_STEPS:
        raise GuidesError(f"{where} needs 1 to {MOST_STEPS} steps")
    texts = [values["key"], values["title"], values["what"], *cast("list[object]", steps)]
    if not all(isinstance(each, str) and each and clean(each) == each for each in texts):
        raise GuidesError(f"{where}: key, title, what and steps are clean texts")
    if not _KEY.fullmatch(values["key"]) or values["key"] == OTHER:
        raise GuidesError(f"{where}: the key is small letters, digits and dashes")
    return Guide(values["key"], values["title"], values["what"], tuple(cast("list[str]", steps)))
