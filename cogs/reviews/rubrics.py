"""What a review asks for: rubrics, their criteria, and the pages of the form that they make. Pure.

A rubric has up to six criteria; one without any is "comments only". After its criteria every review has the
same three questions in words, which carry the four rules of good feedback: name a strength, ask a clarifying
question, and suggest a next step that names the place or the source.

An answer to a criterion is the number of the choice, counted from 0, the lowest first: for yes or no, 0 is no.
A review keeps the rubric as it was when the review was begun (`to_json`), whatever becomes of the rubric.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

from bot.errors import InvalidInput
from bot.i18n import N_
from bot.text import clean

SHIPPED = Path(__file__).with_name("rubrics.toml")
MOST_CRITERIA = 6
PARTS_OF_A_PAGE = 5  # of a form at Discord
LONGEST_TITLE = 45  # a label at Discord
LONGEST_EXPLANATION = 100  # what stands below a label
LONGEST_CHOICE = 40
MOST_SCORES = 10  # a choice in a form at Discord
_KEY = re.compile(r"[a-z][a-z0-9-]{0,29}")
_NO_YES = (N_("No"), N_("Yes"))


class Kind(StrEnum):
    """How a criterion is answered."""

    LEVELS = "levels"  # 2 to 5 words, low to high
    YES_NO = "yes_no"
    SCORE = "score"  # 2 to 10 numbers, low to high


class Words(StrEnum):
    """What every review says in words."""

    STRENGTH = "strength"
    QUESTION = "question"
    NEXT_STEP = "next_step"


@dataclass(frozen=True)
class Criterion:
    """One thing to judge."""

    key: str
    title: str
    explain: str
    kind: Kind
    choices: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be answered, low to high."""
        return _NO_YES if self.kind is Kind.YES_NO else self.choices


@dataclass(frozen=True)
class Rubric:
    """What to judge a kind of work by. `ours`: it came with Lyceum, so its texts are translated."""

    key: str
    title: str
    criteria: tuple[Criterion, ...] = ()
    version: int = 1
    ours: bool = False

    def find(self, key: str) -> Criterion | None:
        return next((each for each in self.criteria if each.key == key), None)


Part: TypeAlias = Criterion | Words


def pages(rubric: Rubric) -> tuple[tuple[Part, ...], ...]:
    """The pages of the form, at most five parts each: criteria first, then the words, which stay together."""
    words: tuple[Part, ...] = tuple(Words)
    together = (*rubric.criteria, *words)
    if len(together) <= PARTS_OF_A_PAGE:
        return (together,)
    first = min(len(rubric.criteria), PARTS_OF_A_PAGE)
    if first < len(rubric.criteria):  # Not a page with one criterion left over.
        first = len(rubric.criteria) - (PARTS_OF_A_PAGE - len(words))
    return (rubric.criteria[:first], (*rubric.criteria[first:], *words))


def portion(criterion: Criterion, answer: int) -> float:
    """How far up an answer lies, from 0 to 1. Raises `InvalidInput` for one that cannot be chosen."""
    last = len(criterion.answers) - 1
    if not 0 <= answer <= last:
        raise InvalidInput("“{typed}” has no such answer. Choose one of those shown.", typed=criterion.title)
    return answer / last


@cache
def shipped() -> tuple[Rubric, ...]:
    """Those that come with Lyceum. Raises `InvalidInput`, naming the rubric, for a file that cannot be used."""
    return parse(SHIPPED.read_text(encoding="utf-8"), ours=True)


def parse(content: str, *, ours: bool = False) -> tuple[Rubric, ...]:
    """The rubrics in a file. Raises `InvalidInput` with what is wrong and where."""
    try:
        data = tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput("The file is no TOML: {reason}", reason=str(error)[:200]) from error
    listed: object = data.get("rubrics")
    if not isinstance(listed, list) or not listed or set(data) != {"rubrics"}:
        raise InvalidInput("A file of rubrics holds [[rubrics]] and nothing else.")
    found = tuple(read(each, ours=ours) for each in cast("list[object]", listed))
    if len({each.key for each in found}) < len(found):
        raise InvalidInput("Two rubrics have the same key.")
    taken = {each.value for each in Words}  # both are kept under their key in one draft
    for rubric in found:
        if any(each.key in taken for each in rubric.criteria):
            raise InvalidInput(
                "{what}: {taken} are asked in every review, so no criterion can have these keys.",
                what=rubric.key,
                taken=", ".join(f"“{each.value}”" for each in Words),
            )
    return found


def to_json(rubric: Rubric) -> dict[str, Any]:
    return asdict(rubric)


def read(data: object, *, ours: bool | None = None) -> Rubric:
    """A rubric from a table of a file, or as `to_json` wrote it. Raises `InvalidInput`."""
    values = _table(data, N_("A rubric"), {"key", "title", "criteria", "version", "ours"})
    key = _key(values.get("key"), "rubric")
    version = values.get("version", 1)
    if type(version) is not int or version < 1:
        raise InvalidInput("{what}: “version” is a number from 1.", what=key)
    listed: object = values.get("criteria", ())
    if not isinstance(listed, list | tuple):
        raise InvalidInput("{what}: “criteria” is a list.", what=key)
    entries = cast("list[object]", listed)
    if len(entries) > MOST_CRITERIA:
        raise InvalidInput("{what}: at most {most} criteria fit.", what=key, most=MOST_CRITERIA)
    criteria = tuple(_criterion(each, key) for each in entries)
    if len({each.key for each in criteria}) < len(criteria):
        raise InvalidInput("{what}: two criteria have the same key.", what=key)
    return Rubric(
        key,
        _text(values, "title", LONGEST_TITLE, key),
        criteria,
        version,
        bool(values.get("ours")) if ours is None else ours,
    )


def _criterion(data: object, rubric: str) -> Criterion:
    values = _table(data, rubric, {"key", "title", "explain", "kind", "choices"})
    key = _key(values.get("key"), rubric)
    what = f"{rubric}, {key}"
    try:
        kind = Kind(cast("str", values.get("kind")))
    except ValueError:
        raise InvalidInput("{what}: “kind” is levels, yes_no or score.", what=what) from None
    return Criterion(
        key,
        _text(values, "title", LONGEST_TITLE, what),
        _text(values, "explain", LONGEST_EXPLANATION, what),
        kind,
        _choices(values.get("choices", ()), kind, what),
    )


def _choices(given: object, kind: Kind, what: str) -> tuple[str, ...]:
    listed = cast("list[object]", given) if isinstance(given, list | tuple) else [None]
    if kind is Kind.YES_NO:
        if listed:
            raise InvalidInput("{what}: yes or no needs no “choices”.", what=what)
        return ()
    most = 5 if kind is Kind.LEVELS else MOST_SCORES
    texts = tuple(each for each in listed if _is_text(each, LONGEST_CHOICE))
    if len(texts) < len(listed) or len(set(texts)) < len(texts) or not 2 <= len(texts) <= most:
        raise InvalidInput(
            "{what}: “choices” are 2 to {most} different short texts, low to high.", what=what, most=most
        )
    return cast("tuple[str, ...]", texts)


def _table(data: object, what: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise InvalidInput("{what}: this is no table.", what=what)
    values = cast("dict[str, Any]", data)
    for name in values:
        if name not in known:
            raise InvalidInput("{what}: “{name}” is not known.", what=what, name=name[:40])
    return values


def _key(value: object, what: str) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise InvalidInput("{what}: “key” is small letters, digits and dashes, at most 30.", what=what)
    return value


def _text(values: Mapping[str, Any], name: str, most: int, what: str) -> str:
    value: object = values.get(name)
    if not _is_text(value, most):
        raise InvalidInput(
            "{what}: “{name}” is a text of 1 to {most} characters.", what=what, name=name, most=most
        )
    return cast("str", value)


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and clean(value) == value
