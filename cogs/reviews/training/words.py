"""What works, rubrics and rules are called, in the reader's language where they are ours."""

from __future__ import annotations

from bot.i18n import N_, Translator
from bot.text import quote
from cogs.reviews.rubrics import Criterion, Rubric
from cogs.reviews.training.model import Sample
from cogs.reviews.training.rules import Rule, Theme

LONGEST_TITLE = 80
LONGEST_TEXT = 1200
LONGEST_WHY = 400
# What somebody wrote needs more room where its characters would format; these fit a card together.
ROOM_FOR_TEXT = 1800
ROOM_FOR_WHY = 600
THEMES = {
    Theme.GENERAL: N_("General"),
    Theme.PROGRAMMING: N_("Programming"),
    Theme.WRITING: N_("Writing"),
    Theme.DATA: N_("Data"),
}
RULES = {
    Rule.STRENGTH: N_("a strength"),
    Rule.QUESTION: N_("a clarifying question"),
    Rule.PLACE: N_("the place or source"),
    Rule.NEXT_STEP: N_("a next step"),
}


def title_of(sample: Sample, t: Translator) -> str:
    return t(sample.title) if sample.ours else quote(sample.title, 2 * LONGEST_TITLE)


def text_of(sample: Sample, t: Translator) -> str:
    return t(sample.text) if sample.ours else quote(sample.text, ROOM_FOR_TEXT)


def why_of(sample: Sample, criterion: Criterion, t: Translator) -> str:
    """The reason for one answer; "" where there is one for all of them."""
    why = sample.reference[criterion.key].why
    return (t(why) if sample.ours else quote(why, ROOM_FOR_WHY)) if why else ""


def rubric_title(rubric: Rubric, t: Translator) -> str:
    return t(rubric.title) if rubric.ours else quote(rubric.title, 2 * LONGEST_TITLE)


def criterion_title(rubric: Rubric, criterion: Criterion, t: Translator) -> str:
    return t(criterion.title) if rubric.ours else quote(criterion.title, 2 * LONGEST_TITLE)


def answer_of(rubric: Rubric, criterion: Criterion, answer: int, t: Translator) -> str:
    text = criterion.answers[answer]
    return t(text) if rubric.ours else quote(text, 2 * LONGEST_TITLE)


def plain(rubric: Rubric, text: str, t: Translator) -> str:
    """A text of a rubric where nothing formats: in a form."""
    return t(text) if rubric.ours else text
