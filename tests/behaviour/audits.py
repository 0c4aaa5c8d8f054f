"""What every behaviour test checks in passing: that servers share nothing, and that everybody can read what is shown."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Engine, Table, UniqueConstraint, event

from bot.log import _tags
from bot.text import ELLIPSIS
from storage.base import Base
from storage.footprint import models

# The tasks in which discord.py runs commands and events. What they start, such as the dispatcher, serves all servers.
_OWN_TASKS = ("CommandTree-invoker", "discord.py: on_interaction")
_ROW, _BUTTON, _TEXT, _LABEL = 1, 2, 10, 18
_MENUS = (3, 5, 6, 7, 8)
_PLACES_AND_TIMES = re.compile(r"<[^>]*>|https?://\S+")
_SNOWFLAKE = re.compile(r"(?<!\d)\d{17,20}(?!\d)")
BUTTONS_A_ROW = 3
_HOLDS_A_KEY = ("after_key", "digest_key")  # the unique key of another row


def keys_of(table: Table) -> list[set[str]]:
    """The sets of columns that name one row of the table, or the children of one row."""
    unique = [set(each.columns.keys()) for each in table.constraints if isinstance(each, UniqueConstraint)]
    single = [{column.name} for column in table.columns if column.unique or column.foreign_keys]
    references = [{column.name} for column in table.columns if column.name in _HOLDS_A_KEY]
    return [set(table.primary_key.columns.keys()), *unique, *single, *references]


def is_about_one_server(sql: str) -> bool:
    """Whether a statement on tables of servers names the server, or the row."""
    models()
    words = " ".join(sql.split())
    if not re.match(r"(?i)(select|update|delete|with)\b", words):
        return True
    named = set(re.findall(r'(?i)\b(?:from|join|update)\s+"?(\w+)"?', words))
    tables = [
        each for each in Base.metadata.tables.values() if each.name in named and "guild_id" in each.columns
    ]
    _, _, condition = words.partition(" WHERE ")
    asked = set(re.findall(r"(\w+)\"? (?:=|IN)\b|(\w+)\"? =", condition))
    columns = {name for pair in asked for name in pair if name}
    columns |= {
        name
        for each in re.findall(r"\(([\w., \"]+)\) IN", condition)
        for name in re.findall(r"(\w+)(?:,|$)", each)
    }
    return all("guild_id" in columns or any(key <= columns for key in keys_of(each)) for each in tables)


@contextmanager
def servers_kept_apart() -> Iterator[None]:
    """Fails when a statement that a command or control causes could see another server's rows."""
    guilty: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not _tags.get({}).get("command"):
            return
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith(_OWN_TASKS) and not is_about_one_server(statement):
            guilty.append(f"{_tags.get({})['command']}: {statement}")

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert guilty == [], "\n\n".join(guilty[:3])


def parts(body: object) -> Iterator[Mapping[str, Any]]:
    """Every component in what Discord was sent."""
    if isinstance(body, Mapping):
        mapping = cast("Mapping[str, Any]", body)
        if isinstance(mapping.get("type"), int):
            yield mapping
        for value in mapping.values():
            yield from parts(value)
    elif isinstance(body, list | tuple):
        for value in cast("Iterable[object]", body):
            yield from parts(value)


def has_words(text: object) -> bool:
    return any(character.isalpha() for character in str(text or ""))


def barriers(body: object) -> Iterator[str]:
    """What of a card or form a screen reader, a phone or a newcomer could not make sense of."""
    for part in parts(body):
        kind = part["type"]
        if kind == _BUTTON and ("label" in part or "emoji" in part) and not has_words(part.get("label")):
            yield f"a button without words: {part}"
        if (
            kind == _ROW
            and sum(
                each.get("type") == _BUTTON and not each.get("url") for each in part.get("components", ())
            )
            > BUTTONS_A_ROW
        ):
            yield f"more than {BUTTONS_A_ROW} buttons in a row: {[each.get('label') for each in part['components']]}"
        if kind in _MENUS and "custom_id" in part and "options" in part:
            unnamed = [each for each in part["options"] if not has_words(each.get("label"))]
            if unnamed:
                yield f"options without words: {unnamed}"
        if kind == _LABEL and not has_words(part.get("label")):
            yield f"a question without words: {part}"
        if kind == _TEXT and "content" in part:
            yield from _of_text(str(part["content"]))


def _of_text(text: str) -> Iterator[str]:
    if not has_words(text):
        yield f"a text without words: {text!r}"
    if text.endswith(ELLIPSIS) and len(text) > 1000:
        yield f"a text cut off: {text[-80:]!r}"
    if _SNOWFLAKE.search(_PLACES_AND_TIMES.sub("", text)):
        yield f"a bare id: {text!r}"
