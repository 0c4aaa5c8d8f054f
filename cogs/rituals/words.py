"""The texts of rituals as people read them: ours translated, those of people as they were written."""

from __future__ import annotations

from bot.day_names import DAY_NAMES
from bot.i18n import N_, Translator
from bot.text import quote, timestamp
from cogs.rituals.model import UNTIL_RESUMED, Ritual
from cogs.rituals.rules import LONGEST_PURPOSE, LONGEST_TEXT, LONGEST_TITLE, AnswerBy, Repeat, When

REPEATS = {
    Repeat.EVERY_WEEK: N_("every week"),
    Repeat.EVERY_2_WEEKS: N_("every two weeks"),
    Repeat.EVERY_3_WEEKS: N_("every three weeks"),
    Repeat.EVERY_4_WEEKS: N_("every four weeks"),
    Repeat.FIRST: N_("the first of that weekday each month"),
    Repeat.SECOND: N_("the second of that weekday each month"),
    Repeat.THIRD: N_("the third of that weekday each month"),
    Repeat.FOURTH: N_("the fourth of that weekday each month"),
    Repeat.LAST: N_("the last of that weekday each month"),
    Repeat.LAST_DAY: N_("the last day of each month"),
}
_SENTENCES = {
    Repeat.EVERY_WEEK: N_("every {day} at {time}"),
    Repeat.EVERY_2_WEEKS: N_("every second {day} at {time}"),
    Repeat.EVERY_3_WEEKS: N_("every third {day} at {time}"),
    Repeat.EVERY_4_WEEKS: N_("every fourth {day} at {time}"),
    Repeat.FIRST: N_("on the first {day} of each month at {time}"),
    Repeat.SECOND: N_("on the second {day} of each month at {time}"),
    Repeat.THIRD: N_("on the third {day} of each month at {time}"),
    Repeat.FOURTH: N_("on the fourth {day} of each month at {time}"),
    Repeat.LAST: N_("on the last {day} of each month at {time}"),
    Repeat.LAST_DAY: N_("on the last day of each month at {time}"),
}
ANSWERS = {
    AnswerBy.CARD: N_("with a button; answers stand on the card"),
    AnswerBy.THREAD: N_("with a button or by writing; answers stand in a thread"),
    AnswerBy.TALK: N_("by writing in a thread"),
    AnswerBy.POLL: N_("with one tap, as a poll"),
    AnswerBy.NONE: N_("not at all: it is only read"),
}


def title(ritual: Ritual, t: Translator) -> str:
    return quote(ritual.title, 2 * LONGEST_TITLE) if ritual.title else t(ritual.shipped.title)


def label(ritual: Ritual, t: Translator) -> str:
    """The title where no markup is read: on buttons, in menus and in the name of a thread."""
    return ritual.title or t(ritual.shipped.title)


def purpose(ritual: Ritual, t: Translator) -> str:
    return quote(ritual.purpose, 2 * LONGEST_PURPOSE) if ritual.purpose else t(ritual.shipped.purpose)


def text(ritual: Ritual, t: Translator) -> str:
    """What it asks each time; empty where a queue says it."""
    if ritual.text:
        return quote(ritual.text, 2 * LONGEST_TEXT)
    return t(ritual.shipped.text) if ritual.shipped.text else ""


def when(chosen: When, t: Translator) -> str:
    """When it is due, by the community's clock."""
    day, at = t(DAY_NAMES[chosen.weekday]), f"{chosen.time:%H:%M}"
    return t(_SENTENCES[chosen.repeat], day=day, time=at)


def late(hours: int, t: Translator) -> str:
    """What happens to a run that was missed."""
    if not hours:
        return t("Missed, it is left out.")
    return t.tn(
        "Missed, it is posted up to {n} hour late.", "Missed, it is posted up to {n} hours late.", hours
    )


def next_time(ritual: Ritual, t: Translator) -> str:
    """When it is posted next, or why it is not."""
    if ritual.is_lost:
        return t("paused, because its channel was deleted")
    if ritual.paused_until == UNTIL_RESUMED:
        return t("paused")
    if ritual.paused_until is not None:
        return t("paused until {when}", when=timestamp(ritual.paused_until, "F"))
    if ritual.next_run_at is None or ritual.is_held:
        return t("not planned at the moment, see {command}", command="`/manage jobs`")
    return t("next on {when}", when=timestamp(ritual.next_run_at, "F"))
