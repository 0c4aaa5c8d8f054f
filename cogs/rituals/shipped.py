"""What comes with Lyceum: the templates of rituals and the library of prompts, TOML in this folder, checked once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.errors import InvalidInput
from bot.nominal_times import WEEKDAYS
from cogs.rituals import rules
from cogs.rituals.rules import AnswerBy, Repeat, When

MONDAY_GOALS = "monday-goals"
"""The template that /setup start offers."""


class TemplateError(ValueError):
    """A file cannot be used; the text says which part."""


@dataclass(frozen=True)
class Template:
    """A kind of ritual. Texts are gettext ids; `text` is empty where a queue says what is asked."""

    key: str
    title: str
    purpose: str
    answer: AnswerBy
    when: When
    late_hours: int
    text: str = ""
    queue: bool = False


@dataclass(frozen=True)
class Prompt:
    """A prompt of the library. `text` is a gettext id."""

    key: str
    text: str


@cache
def templates() -> dict[str, Template]:
    """By key, in the order in which they are offered. Raises `TemplateError`."""
    found = [_template(each) for each in _read("templates.toml", "templates")]
    by_key = {each.key: each for each in found}
    if len(by_key) < len(found):
        raise TemplateError("templates.toml: two templates of one key")
    return by_key


@cache
def library(answer: AnswerBy) -> tuple[Prompt, ...]:
    """What can be asked when a queue is empty. Raises `TemplateError`."""
    part = "polls" if answer is AnswerBy.POLL else "questions"
    found = tuple(_prompt(each, is_poll=part == "polls") for each in _read("prompts.toml", part))
    if len({each.key for each in found}) < len(found):
        raise TemplateError(f"prompts.toml: two {part} of one key")
    return found


def _read(name: str, part: str) -> list[Mapping[str, Any]]:
    data = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return cast("list[Mapping[str, Any]]", data[part])


def _template(data: Mapping[str, Any]) -> Template:
    values = dict(data)
    where = f"template {values.get('key', '?')}"
    try:
        values["answer"] = AnswerBy(values["answer"])
        weekday = WEEKDAYS.index(values.pop("weekday"))
        at = time.fromisoformat(values.pop("time"))
        values["when"] = When(Repeat(values.pop("repeat")), weekday, at)
        made = Template(**values)
    except (KeyError, ValueError, TypeError) as error:
        raise TemplateError(f"{where}: {error}") from error
    _check(made, where)
    return made


def _check(made: Template, where: str) -> None:
    wanted: dict[str, type] = {"bool": bool, "int": int, "str": str}
    for each in fields(made):
        kind = wanted.get(str(each.type))
        if kind is not None and type(getattr(made, each.name)) is not kind:
            raise TemplateError(f"{where}: {each.name} must be {each.type}")
    lengths = ((made.title, rules.LONGEST_TITLE), (made.purpose, rules.LONGEST_PURPOSE))
    if not all(0 < len(text) <= most for text, most in lengths) or len(made.text) > rules.LONGEST_TEXT:
        raise TemplateError(f"{where}: a text is missing or too long")
    if made.queue == bool(made.text) or made.late_hours not in rules.LATE_HOURS:
        raise TemplateError(f"{where}: it needs either a text or a queue, and one of the known late_hours")
    if made.answer is AnswerBy.POLL and not made.queue:
        raise TemplateError(f"{where}: a poll needs a queue")


def _prompt(data: Mapping[str, Any], *, is_poll: bool) -> Prompt:
    if set(data) != {"key", "text"} or not 0 < len(str(data["text"])) <= rules.LONGEST_PROMPT:
        raise TemplateError(f"prompt {data.get('key', '?')}: it needs a key and a text, and nothing else")
    if is_poll:
        try:
            rules.split_poll(str(data["text"]))
        except InvalidInput as error:
            raise TemplateError(f"poll {data['key']}: {error}") from error
    return Prompt(str(data["key"]), str(data["text"]))
