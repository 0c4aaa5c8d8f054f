"""A review that is being written: what is kept of its form, and which page comes next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.text import clean
from cogs.reviews import rules
from cogs.reviews.rubrics import Criterion, Rubric, Words, pages

WAS_THIN = "was_thin"  # in a draft: the one concrete line was asked for


def next_page(rubric: Rubric, draft: Mapping[str, Any]) -> int | None:
    """The page of the form to fill in next; None when nothing is missing."""
    for number, parts in enumerate(pages(rubric)):
        criteria = [each for each in parts if isinstance(each, Criterion)]
        has_words = any(isinstance(each, Words) for each in parts)
        if any(each.key not in draft for each in criteria) or (
            has_words and not any(draft.get(each.value) for each in Words)
        ):
            return number
    return None


def read_page(rubric: Rubric, page: int, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was answered on a page; what is no answer of the rubric is left out."""
    found: dict[str, Any] = {}
    parts = pages(rubric)[page] if 0 <= page < len(pages(rubric)) else ()
    for part in parts:
        if isinstance(part, Words):
            found[part.value] = clean(str(typed.get(part.value) or ""))[: rules.LONGEST_WORDS]
            continue
        value = str(typed.get(part.key) or "")
        if value in map(str, range(len(part.answers))):  # and not "0009", say: the form was forged
            found[part.key] = int(value)
    return found
