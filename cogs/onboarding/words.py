"""The texts of quests as people read them: ours translated, those of facilitators as they were written."""

from __future__ import annotations

from bot.i18n import N_, Translator
from bot.profiles import Level
from bot.text import mention_channel, mention_role, quote
from cogs.onboarding.definition import (
    IN_CHANNEL,
    LONGEST_TEXT,
    LONGEST_TITLE,
    Detector,
    QuestDefinition,
    StepDefinition,
)
from cogs.onboarding.model import Places

# How long a text may become when its markup is escaped letter by letter. Together, fifteen titles, a hint and a text
# stay below what one card holds.
_TITLE_ROOM = LONGEST_TITLE + 10
_HINT_ROOM = LONGEST_TEXT + 100
_ROOM = 2 * LONGEST_TEXT

LEVEL_NAMES = {
    Level.NEW: N_("Brand new to it"),
    Level.BASICS: N_("I know the basics"),
    Level.MENTOR: N_("Here to help others"),
}


def quest_title(quest: QuestDefinition, t: Translator) -> str:
    return _shown(quest.title, t, ours=quest.ours, room=_TITLE_ROOM)


def quest_intro(quest: QuestDefinition, t: Translator) -> str:
    return _shown(quest.intro, t, ours=quest.ours)


def step_title(step: StepDefinition, places: Places, t: Translator) -> str:
    """The title, with the channel it leads to."""
    return _placed(step.title, step, places, t, room=_TITLE_ROOM)


def step_hint(step: StepDefinition, places: Places, t: Translator) -> str:
    """How it is done and what it costs; for what only the bot knows how to do, one line more."""
    lines = [_placed(step.hint, step, places, t, room=_HINT_ROOM)] if step.hint else []
    lines.append(t.tn("About a minute.", "About {n} minutes.", step.minutes))
    target_id = places.target_id(step.target)
    if step.detector is Detector.COMMAND:
        lines.append(t("Use {command} in any channel.", command=f"`/{step.target}`"))
    elif step.detector is Detector.ROLE and target_id is not None:
        lines.append(t("It is done once you have the role {role}.", role=mention_role(target_id)))
    elif step.detector is Detector.CONFIRMED:
        lines.append(t("A facilitator ticks this one for you."))
    return "\n".join(lines)


def step_body(step: StepDefinition, t: Translator) -> str:
    """What there is to read or to answer."""
    return _shown(step.body, t, ours=step.ours)


def plain(text: str, t: Translator, *, ours: bool) -> str:
    """A text for where Discord knows no markup: titles of forms, labels of buttons."""
    return t(text).replace("{channel}", t("a channel")) if ours and text else text


def _placed(text: str, step: StepDefinition, places: Places, t: Translator, *, room: int) -> str:
    target_id = places.target_id(step.target) if step.detector in IN_CHANNEL else None
    place = mention_channel(target_id) if target_id is not None else t("a channel")
    return _shown(text, t, ours=step.ours, room=room).replace("{channel}", place)


def _shown(text: str, t: Translator, *, ours: bool, room: int = _ROOM) -> str:
    # An empty text is the id of a catalogue's header.
    return t(text) if ours and text else quote(text, room)
