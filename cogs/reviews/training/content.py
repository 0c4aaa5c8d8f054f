"""The examples and samples that come with Lyceum: TOML, read and checked once.

    examples/<theme>.toml                      samples.toml
    theme = "writing"                          [[samples]]
    [[examples]]                               key, set, rubric, title, text
    key, title, text; challenge (a title)      [[samples.answers]]
    [examples.good]                            criterion = "aim"
    strength, question, next_step, why         answer = "Mostly" (a word of the rubric)
    place: words of the next step              why = "..."
    [examples.weak]
    text, why, lacks: which of the four rules

A set has three samples. An example shows the four rules of good feedback: a strength, a clarifying question, the place or
source named, a next step.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

from bot.text import clean
from cogs.reviews import rubrics
from cogs.reviews.training.model import Example, GoodReview, Reference, Sample, WeakReview
from cogs.reviews.training.rules import A_SET, Rule, Theme

EXAMPLES = Path(__file__).with_name("examples")
SAMPLES = Path(__file__).with_name("samples.toml")
LONGEST_WORK = 1200  # an example and both reviews share a card
LONGEST_WORDS = 400
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


class ContentError(ValueError):
    """What is shipped cannot be used; the text says which entry and why."""


@cache
def examples() -> tuple[Example, ...]:
    """All of them, by theme. Raises `ContentError`."""
    found: list[Example] = []
    for theme in Theme:
        found += read_examples((EXAMPLES / f"{theme}.toml").read_text(encoding="utf-8"), theme)
    if len({each.key for each in found}) < len(found):
        raise ContentError("two examples have one key")
    return tuple(found)


@cache
def samples() -> tuple[Sample, ...]:
    """All of them, set by set. Raises `ContentError`."""
    return read_samples(SAMPLES.read_text(encoding="utf-8"))


def check() -> None:
    """Notice a mistake in what is shipped when the bot starts. Raises `ContentError`."""
    examples()
    samples()


def read_examples(content: str, theme: Theme) -> tuple[Example, ...]:
    """The examples in a file. Raises `ContentError`."""
    data = _parse(content, {"theme", "examples"})
    if data.get("theme") != theme:
        raise ContentError(f"the theme is {theme}")
    return tuple(_example(each, theme) for each in _list(data, "examples", "the file"))


def read_samples(content: str) -> tuple[Sample, ...]:
    """The samples in a file. Raises `ContentError`."""
    data = _parse(content, {"samples"})
    found = tuple(_sample(each) for each in _list(data, "samples", "the file"))
    if len({each.key for each in found}) < len(found):
        raise ContentError("two samples have one key")
    for group, count in Counter(each.group for each in found).items():
        if count != A_SET:
            raise ContentError(f"set {group} has {count} samples, not {A_SET}")
    return found


def _example(data: object, theme: Theme) -> Example:
    values = _table(data, "an example", {"key", "title", "text", "good", "weak"}, {"challenge"})
    key = _key(values, "key", "an example")
    good = _table(values["good"], key, {"strength", "question", "next_step", "place", "why"})
    weak = _table(values["weak"], key, {"text", "lacks", "why"})
    words = {name: _text(good, name, LONGEST_WORDS, key) for name in good}
    if words["place"] not in words["next_step"]:
        raise ContentError(f"{key}: “place” is part of the next step")
    if "?" not in words["question"]:
        raise ContentError(f"{key}: the question asks something")
    lacks = tuple(_one(Rule, each, key) for each in _list(weak, "lacks", key))
    if not lacks or len(set(lacks)) < len(lacks):
        raise ContentError(f"{key}: a weak review lacks one rule or more, each named once")
    return Example(
        key=key,
        theme=theme,
        title=_text(values, "title", 80, key),
        text=_text(values, "text", LONGEST_WORK, key),
        challenge=_text(values, "challenge", 80, key) if "challenge" in values else None,
        good=GoodReview(**words),
        weak=WeakReview(
            _text(weak, "text", LONGEST_WORDS, key),
            tuple(each for each in Rule if each in lacks),
            _text(weak, "why", LONGEST_WORDS, key),
        ),
    )


def _sample(data: object) -> Sample:
    values = _table(data, "a sample", {"key", "set", "rubric", "title", "text", "answers"})
    key = _key(values, "key", "a sample")
    rubric = next((each for each in rubrics.shipped() if each.key == values["rubric"]), None)
    if rubric is None or not rubric.criteria:
        raise ContentError(f"{key}: no rubric with criteria is called {values['rubric']!r}")
    given: dict[str, Reference] = {}
    for each in _list(values, "answers", key):
        answer = _table(each, key, {"criterion", "answer", "why"})
        criterion = rubric.find(str(answer["criterion"]))
        if criterion is None or criterion.key in given or answer["answer"] not in criterion.answers:
            raise ContentError(f"{key}: {answer['criterion']!r} cannot be answered so, or not again")
        why = _text(answer, "why", LONGEST_WORDS, key)
        given[criterion.key] = Reference(criterion.answers.index(answer["answer"]), why)
    if len(given) < len(rubric.criteria):
        raise ContentError(f"{key}: each criterion of {rubric.key} needs an answer")
    return Sample(
        key=key,
        group=_key(values, "set", key),
        title=_text(values, "title", 80, key),
        text=_text(values, "text", LONGEST_WORK, key),
        rubric=rubric,
        reference=given,
        ours=True,
    )


# ---------------------------------------------------------------------------------------------- reading


def _parse(content: str, names: set[str]) -> Mapping[str, Any]:
    try:
        return _table(tomllib.loads(content), "the file", names)
    except tomllib.TOMLDecodeError as error:
        raise ContentError(str(error)) from error


def _table(data: object, what: str, needed: set[str], also: set[str] | None = None) -> Mapping[str, Any]:
    values = cast("Mapping[str, Any]", data)
    if not isinstance(data, dict) or not needed <= set(values) <= needed | (also or set()):
        raise ContentError(f"{what} needs exactly {', '.join(sorted(needed))}")
    return values


def _list(values: Mapping[str, Any], name: str, what: str) -> list[object]:
    listed: object = values[name]
    if not isinstance(listed, list) or not listed:
        raise ContentError(f"{what}: {name} is a list of one or more")
    return cast("list[object]", listed)


def _key(values: Mapping[str, Any], name: str, what: str) -> str:
    value = values[name]
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ContentError(f"{what}: {name} is small letters, digits and dashes")
    return value


def _text(values: Mapping[str, Any], name: str, most: int, what: str) -> str:
    value = values[name]
    if not isinstance(value, str) or not 0 < len(value) <= most or clean(value) != value:
        raise ContentError(f"{what}: {name} is a clean text of 1 to {most} characters")
    return value


def _one(kind: type[StrEnum], value: object, what: str) -> Any:
    try:
        return kind(cast("str", value))
    except ValueError as error:
        raise ContentError(f"{what}: {value!r} is none of {', '.join(kind)}") from error
