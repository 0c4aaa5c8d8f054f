"""What tiers and states are called, and how rules and progress read."""

from __future__ import annotations

from collections.abc import Mapping

from bot.criteria import Progress, sentence
from bot.i18n import N_, Translator
from bot.text import quote
from cogs.badges.model import Badge
from cogs.badges.rules import LONGEST_HOW, LONGEST_TITLE, State, Tier

TIERS = {
    Tier.FIRST: N_("a first time"),
    Tier.STEADY: N_("steady"),
    Tier.DEEP: N_("deep"),
    Tier.RARE: N_("rare"),
}
STATES = {State.DRAFT: N_("not switched on yet"), State.ON: N_("on"), State.OFF: N_("off")}


def title_of(badge: Badge, t: Translator) -> str:
    """Its name, translated if it is ours, else in the words of whoever wrote it."""
    return t(badge.title) if badge.ours else quote(badge.title, 2 * LONGEST_TITLE)


def how_of(badge: Badge, t: Translator) -> str:
    return t(badge.how) if badge.ours else quote(badge.how, 2 * LONGEST_HOW)


def progress_of(each: Progress, titles: Mapping[str, str], t: Translator) -> str:
    """One criterion with how far somebody is."""
    what = sentence(each.criterion, titles, t)
    if each.is_met:
        return t("Done ({what})", what=what)
    return t("{done} of {needed} so far ({what})", what=what, done=each.done, needed=each.needed)
