"""What a challenge says, as data: read from TOML, checked with every mistake told at once, and written as TOML.

theme = "programming"

[[challenges]]
key = "tiny-tool"
title = "..."
purpose = "..."     # what it is good for
done = "..."        # what done looks like
hint = "..."        # may be left out
minutes = 90        # about how long the core takes
warm_up = "..."     # may be left out, as may stretch
core = "..."
stretch = "..."
"""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, cast

from bot.errors import InvalidInput
from bot.text import clean
from cogs.challenges.rules import Track

LIMITS: Mapping[str, int] = {
    "title": 80,
    "purpose": 400,
    "done": 400,
    "hint": 300,
    "warm_up": 500,
    "core": 500,
    "stretch": 500,
}
TEXT_FORM = ("title", "purpose", "done", "hint", "minutes")
TRACKS_FORM = ("core", "warm_up", "stretch", "theme")
REQUIRED = ("title", "purpose", "done", "core")
MOST_MINUTES = 20 * 60
MOST_IN_A_FILE = 100
MOST_BYTES = 256 * 1024
LONGEST_KEY = 40
_KEY = re.compile(rf"[a-z][a-z0-9-]{{0,{LONGEST_KEY - 1}}}")
_THEME = re.compile(r"[\w -]{1,40}")


@dataclass(frozen=True)
class ChallengeText:
    """What a challenge says. `ours`: it came with Lyceum and is as it was, so it is translated."""

    title: str
    purpose: str = ""
    done: str = ""
    core: str = ""
    warm_up: str = ""
    stretch: str = ""
    hint: str = ""
    minutes: int = 60
    theme: str = ""
    key: str = ""
    ours: bool = False

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks that it has, the easiest first."""
        return tuple(each for each in Track if self.of(each))

    def of(self, track: Track) -> str:
        """What to do in this track."""
        return str(getattr(self, track.value))

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of what it still needs before it can open."""
        return tuple(name for name in REQUIRED if not getattr(self, name))


@dataclass(frozen=True)
class Parsed:
    """What a file holds: its challenges, or every mistake in it."""

    challenges: tuple[ChallengeText, ...]
    mistakes: tuple[InvalidInput, ...]


def to_json(text: ChallengeText) -> dict[str, Any]:
    return asdict(text)


def from_json(data: Mapping[str, Any]) -> ChallengeText:
    """The text as it was written; names that are not known any more are left out."""
    known = {each.name for each in fields(ChallengeText)}
    return ChallengeText(**{name: value for name, value in data.items() if name in known})


def changed(text: ChallengeText, **typed: str) -> ChallengeText:
    """The text with what somebody typed in place of the old. Raises `InvalidInput` for minutes that are no number.

    Once it differs it is not ours any more, and is shown as it was typed.
    """
    values: dict[str, Any] = {
        name: clean(value)[: LIMITS[name]] for name, value in typed.items() if name in LIMITS
    }
    if "minutes" in typed:
        values["minutes"] = read_minutes(typed["minutes"])
    if "theme" in typed:
        values["theme"] = " ".join(clean(typed["theme"]).split())[:40]
    new = replace(text, **values)
    return new if new == text else replace(new, ours=False)


def fingerprint(text: ChallengeText, names: Iterable[str]) -> int:
    """A number below 2**32 by which a form knows whether what it was filled with still stands."""
    return zlib.crc32("\0".join(str(getattr(text, name)) for name in names).encode())


def read_minutes(typed: str) -> int:
    """About how many minutes. Raises `InvalidInput`."""
    digits = typed.strip()
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:6]) <= MOST_MINUTES:
        raise InvalidInput(
            "Write about how many minutes it takes, as a number from 1 to {most}.", most=MOST_MINUTES
        )
    return int(digits)


def parse(content: bytes) -> Parsed:
    """What an uploaded file holds. Never raises: what is wrong comes back, all of it."""
    if len(content) > MOST_BYTES:
        return _refused(InvalidInput("The file is larger than {most} kB.", most=MOST_BYTES // 1024))
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _refused(InvalidInput("The file is no text in UTF-8."))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _refused(InvalidInput("The file is no TOML: {reason}", reason=str(error)[:200]))
    return read(data)


def read(data: Mapping[str, Any]) -> Parsed:
    """What the parsed file holds."""
    mistakes: list[InvalidInput] = []
    theme = data.get("theme", "")
    if not isinstance(theme, str) or (theme and not _THEME.fullmatch(theme)):
        mistakes.append(InvalidInput("“theme” is one to 40 letters."))
        theme = ""
    listed = data.get("challenges")
    if not isinstance(listed, list) or not listed:
        return _refused(*mistakes, InvalidInput("There is no [[challenges]] in the file."))
    entries = cast("list[object]", listed)
    if len(entries) > MOST_IN_A_FILE:
        return _refused(
            *mistakes, InvalidInput("There are more than {most} challenges in the file.", most=MOST_IN_A_FILE)
        )
    mistakes += [
        InvalidInput("“{name}” is not known.", name=_shown(name))
        for name in data
        if name not in ("theme", "challenges")
    ]
    found: list[ChallengeText] = []
    keys: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        text, wrong = _read_one(number, entry, theme)
        if text is not None and text.key and text.key in keys:
            wrong.append(InvalidInput("Challenge {number}: the key is another one's already.", number=number))
        if text is not None:
            keys.add(text.key)
            found.append(text)
        mistakes += wrong
    return Parsed(() if mistakes else tuple(found), tuple(mistakes))


def _read_one(number: int, entry: object, theme: str) -> tuple[ChallengeText | None, list[InvalidInput]]:
    if not isinstance(entry, dict):
        return None, [InvalidInput("Challenge {number} is no table.", number=number)]
    given = cast("dict[str, object]", entry)
    wrong = [
        InvalidInput("Challenge {number}: “{name}” is not known.", number=number, name=_shown(name))
        for name in given
        if name not in LIMITS and name not in ("key", "minutes")
    ]
    values: dict[str, Any] = {"title": "", "theme": theme}
    for name, most in LIMITS.items():
        value = given.get(name, "")
        if not isinstance(value, str):
            wrong.append(
                InvalidInput("Challenge {number}: “{name}” must be a text.", number=number, name=name)
            )
            continue
        value = clean(value)
        if len(value) > most:
            wrong.append(
                InvalidInput(
                    "Challenge {number}: “{name}” has more than {most} characters.",
                    number=number,
                    name=name,
                    most=most,
                )
            )
        elif not value and name in REQUIRED:
            wrong.append(InvalidInput("Challenge {number}: “{name}” is missing.", number=number, name=name))
        values[name] = value
    key = given.get("key", "")
    if not isinstance(key, str) or (key and not _KEY.fullmatch(key)):
        wrong.append(
            InvalidInput(
                "Challenge {number}: “key” is small letters, digits and dashes, at most 40.", number=number
            )
        )
        key = ""
    minutes = given.get("minutes", 60)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
        wrong.append(
            InvalidInput(
                "Challenge {number}: “minutes” is a number from 1 to {most}.",
                number=number,
                most=MOST_MINUTES,
            )
        )
        minutes = 60
    return ChallengeText(**values, key=key, minutes=minutes), wrong


def dump(texts: Iterable[ChallengeText]) -> str:
    """The challenges as a file that `parse` reads. A theme is kept when all of them share it."""
    listed = list(texts)
    themes = {each.theme for each in listed}
    lines: list[str] = []
    if len(themes) == 1 and (theme := themes.pop()):
        lines += [f"theme = {_quoted(theme)}", ""]
    for each in listed:
        lines.append("[[challenges]]")
        if each.key:
            lines.append(f"key = {_quoted(each.key)}")
        lines += [f"{name} = {_quoted(getattr(each, name))}" for name in LIMITS if getattr(each, name)]
        lines += [f"minutes = {each.minutes}", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does, but for the one control character that JSON lets be."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(name: str) -> str:
    return name[:40]


def _refused(*mistakes: InvalidInput) -> Parsed:
    return Parsed((), mistakes)
