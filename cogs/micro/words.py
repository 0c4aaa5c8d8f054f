"""What the kinds of tasks are called."""

from __future__ import annotations

from bot.i18n import N_, Translator
from bot.text import quote
from cogs.micro.model import Start
from cogs.micro.rules import LONGEST_TEXT, LONGEST_TITLE, Kind, Level, Mood, Task, Theme

LEVELS = {Level.STARTER: N_("Starter"), Level.GOING: N_("Going"), Level.STRETCH: N_("Stretch")}
KINDS = {Kind.SOLO: N_("solo"), Kind.TOGETHER: N_("with someone")}
MOODS = {Mood.LIGHT: N_("light"), Mood.FOCUS: N_("needs focus")}
THEMES = {
    Theme.GENERAL: N_("General"),
    Theme.PROGRAMMING: N_("Programming"),
    Theme.WRITING: N_("Writing"),
    Theme.DATA: N_("Data"),
}


def title_of(task: Task | Start, t: Translator) -> str:
    """Its title, translated if it is ours, else in the words of whoever wrote it."""
    is_ours = task.ours if isinstance(task, Task) else task.is_ours
    return t(task.title) if is_ours else quote(task.title, 2 * LONGEST_TITLE)


def text_of(task: Task, t: Translator) -> str:
    return t(task.text) if task.ours else quote(task.text, 2 * LONGEST_TEXT)


def facts_of(task: Task, t: Translator) -> str:
    """ "5 min · solo · light · Starter", and its theme."""
    minutes = t("{n} min", n=task.minutes)
    parts = (minutes, t(KINDS[task.kind]), t(MOODS[task.mood]), t(LEVELS[task.level]), t(THEMES[task.theme]))
    return " · ".join(parts)
