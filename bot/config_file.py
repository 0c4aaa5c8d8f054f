"""The configuration of a community as text: TOML, written with comments for whoever edits it, and read with care.

Reading takes any bytes and answers with a table or an `InvalidInput`; a file may come from anybody. Tested in
`tests/bot/test_config_file.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import tomlkit
from tomlkit.items import Item, Table

from bot.config_places import Place
from bot.errors import InvalidInput
from bot.text import clean

FORMAT = 1
LARGEST_FILE = 256 * 1024  # bytes
# The time and memory that the parser takes grow with the square of a dotted key: 64,000 dots would take gigabytes.
MOST_DOTS_A_LINE = 32
# What is not closed reaches to the end, so that nothing is looked through twice.
_QUOTED = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\\?\Z)|'
    r"'''[\s\S]*?(?:'''|\Z)|"
    r'"(?:\\.|[^"\\\n])*"?|'
    r"'[^'\n]*'?|#[^\n]*"
)
_AT = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Block:
    """One table of the file, with the values of its keys in order. `title` is a gettext id, or the text to write."""

    name: str
    title: str
    values: Mapping[str, Any]


def write(blocks: Iterable[Block], *, head: Iterable[str] = ()) -> str:
    """The file. `head` are lines of comment for its top; values are those of parts."""
    document = tomlkit.document()
    for line in head:
        document.add(tomlkit.comment(_one_line(line)))
    document["format"] = FORMAT
    for block in blocks:
        table = tomlkit.table()
        if block.title:
            table.comment(_one_line(block.title))
        # Lists of tables must stand below the keys of their table.
        for key, value in sorted(block.values.items(), key=lambda each: _is_tables(each[1])):
            table[key] = _item(value)
        document[block.name] = table
    return tomlkit.dumps(document)


def plain(document: Mapping[str, Any]) -> str:
    """What a file says, without the comments, which may speak of people."""
    return tomlkit.dumps({"format": FORMAT, **document})


def parse(data: bytes) -> dict[str, Any]:
    """The tables of a file. Raises `InvalidInput` for what is no TOML, too large, or of another format."""
    if len(data) > LARGEST_FILE:
        raise InvalidInput("The file is larger than {limit} KiB.", limit=LARGEST_FILE // 1024)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "This is no text in UTF-8. Save it as UTF-8 in your editor and try again."
        ) from error
    plain = _QUOTED.sub('""', text)
    if max(each.count(".") for each in plain.split("\n")) > MOST_DOTS_A_LINE:
        raise InvalidInput(
            "A name in this file has more than {most} dots. That is none of mine.", most=MOST_DOTS_A_LINE
        )
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise InvalidInput("The lists in this file lie too deep in each other.") from error
    except ValueError as error:
        raise _unreadable(str(error)) from error
    return _checked(document)


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    version = document.pop("format", None)
    if isinstance(version, bool) or not isinstance(version, int):
        raise InvalidInput(
            "The line {line} is missing at the top. Get a fresh file with {command} and change that one.",
            line=f"`format = {FORMAT}`",
            command="`/setup config`",
        )
    if version > FORMAT:
        raise InvalidInput(
            "This file is of format {version}, and I know formats up to {known}: a newer Lyceum wrote it. Ask whoever "
            "runs me for an update, or get a fresh file with {command}.",
            version=version,
            known=FORMAT,
            command="`/setup config`",
        )
    if version < 1:
        raise InvalidInput(
            "There is no format {version}. Write {line}.", version=version, line=f"`format = {FORMAT}`"
        )
    return document


def _unreadable(reason: str) -> InvalidInput:
    """What the parser says, with the line in front. Its words are English and for programmers, but they help."""
    found = _AT.search(reason)
    what = reason[: found.start()] if found else reason
    if found and found["line"]:
        return InvalidInput(
            "Line {line} cannot be read ({what}). Is a quote, a bracket or a {sign} missing there?",
            line=int(found["line"]),
            what=what,
            sign="=",
        )
    if found:
        return InvalidInput(
            "The file ends too early ({what}). Is a quote or a bracket not closed?", what=what
        )
    return InvalidInput("The file cannot be read ({what}).", what=what)


def _item(value: Any) -> Item | str | int | datetime:
    if value is None:
        return tomlkit.string("")
    if isinstance(value, Place):
        return _place(value)
    if isinstance(value, tuple):
        return _list(cast("tuple[Any, ...]", value))
    assert isinstance(value, str | int | datetime), f"no value of a configuration: {value!r}"
    return value


def _list(values: tuple[Any, ...]) -> Item:
    if not _is_tables(values):
        array: Any = tomlkit.array()
        array.extend(values)
        return array.multiline(bool(values))
    tables: Any = tomlkit.aot()
    for each in values:
        tables.append(_table(each))
    return tables


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in sorted(values.items(), key=lambda each: _is_tables(each[1])):
        table[key] = _item(value)
    return table


def _place(place: Place) -> Item:
    table: Any = tomlkit.inline_table()
    table.update({"id": str(place.id), "name": place.name})
    return table


def _is_tables(value: Any) -> bool:
    items = cast("tuple[Any, ...]", value)
    return isinstance(value, tuple) and bool(items) and isinstance(items[0], Mapping)


def _one_line(words: str) -> str:
    return " ".join(clean(words).split())
