"""What a quest consists of, in words for facilitators."""

from __future__ import annotations

from collections.abc import Sequence

from bot.i18n import N_, Translator
from bot.profiles import Level
from bot.text import clean, cut, mention_channel, mention_role, quote
from cogs.onboarding.definition import (
    FINISHED_ROLE,
    IN_CHANNEL,
    Audience,
    Detector,
    Place,
    QuestDefinition,
    StepDefinition,
)
from cogs.onboarding.model import Places
from cogs.onboarding.words import LEVEL_NAMES
from cogs.onboarding.workbench import QuestView

NAME_ROOM = 90  # of a title in a list: markup is escaped letter by letter
_WORDS_SHOWN = 120

DETECTOR_NAMES = {
    Detector.READ: N_("They press “I have read it”"),
    Detector.PROFILE: N_("They say what they want to learn"),
    Detector.FORM: N_("They answer a question in a form"),
    Detector.POST: N_("They post in a channel"),
    Detector.REPLY: N_("They reply to somebody in a channel"),
    Detector.REACTION: N_("They react to somebody's message in a channel"),
    Detector.THREAD: N_("They join a thread of a channel"),
    Detector.COMMAND: N_("They use one of my commands"),
    Detector.ROLE: N_("They get a role"),
    Detector.QUEST: N_("They finish another quest"),
    Detector.CONFIRMED: N_("A facilitator ticks it"),
}
"""In this order they are offered; their places are part of the ids of forms, so new ones are added at the end."""

PLACE_NAMES = {
    Place.WELCOME.value: N_("The welcome channel"),
    Place.INTRODUCTIONS.value: N_("The introductions channel"),
    Place.WINS.value: N_("The first wins channel"),
}

_SEEN = {
    Detector.READ: N_("done when they press “I have read it”"),
    Detector.PROFILE: N_("done when they have said what they want to learn"),
    Detector.FORM: N_("done when they have answered"),
    Detector.POST: N_("seen when they post in {place}"),
    Detector.REPLY: N_("seen when they reply to somebody in {place}"),
    Detector.REACTION: N_("seen when they react to somebody's message in {place}"),
    Detector.THREAD: N_("seen when they join or write in a thread of {place}"),
    Detector.COMMAND: N_("seen when they use {place}"),
    Detector.ROLE: N_("seen when they have the role {place}"),
    Detector.QUEST: N_("done when they have finished {place}"),
    Detector.CONFIRMED: N_("done when a facilitator ticks it"),
}

FIELD_NAMES = {
    "title": N_("title"),
    "hint": N_("hint"),
    "body": N_("text"),
    "minutes": N_("minutes"),
    "detector": N_("what counts as done"),
    "target": N_("where"),
    "needs": N_("what comes before"),
    "audience": N_("who it is for"),
    "intro": N_("introduction"),
    "unlocked_by": N_("who it is for"),
    "reward": N_("reward"),
    "announce": N_("announcement of wins"),
}


def own_text(text: str, t: Translator, *, ours: bool) -> str:
    """A text as the facilitator reads and edits it: ours in their language."""
    return t(text) if ours and text else text


def quest_name(quest: QuestDefinition, t: Translator) -> str:
    """The title, for a card."""
    return quote(own_text(quest.title, t, ours=quest.ours), NAME_ROOM) or t("a quest without a title")


def quest_label(quest: QuestDefinition, t: Translator) -> str:
    """The title, for where Discord knows no markup."""
    text = clean(own_text(quest.title, t, ours=quest.ours))
    return cut(text, NAME_ROOM) or t("a quest without a title")


def step_name(step: StepDefinition, places: Places, t: Translator) -> str:
    """The title with the channel it leads to, for a card."""
    text = quote(own_text(step.title, t, ours=step.ours), NAME_ROOM) or t("a step without a title")
    return text.replace("{channel}", place_of(step, places, t)) if step.detector in IN_CHANNEL else text


def step_label(step: StepDefinition, t: Translator) -> str:
    text = clean(own_text(step.title, t, ours=step.ours)).replace("{channel}", t("a channel"))
    return cut(text, NAME_ROOM) or t("a step without a title")


def seen_when(step: StepDefinition, view: QuestView, t: Translator) -> str:
    """What counts as done."""
    return t(_SEEN[step.detector], place=target_of(step, view, t))


def target_of(step: StepDefinition, view: QuestView, t: Translator) -> str:
    """What the step's target is, in words or as a mention; what is missing is said."""
    if step.detector is Detector.COMMAND:
        return f"`/{step.target}`" if step.target else t("a command that you have to choose")
    if step.detector is Detector.QUEST:
        other = view.other(step.target)
        return f"“{quest_name(other.definition, t)}”" if other else t("a quest that you have to choose")
    if step.detector is Detector.ROLE:
        return role_words(step.target, view.places, t) or t("a role that you have to choose")
    return place_of(step, view.places, t)


def place_of(step: StepDefinition, places: Places, t: Translator) -> str:
    if not step.target:
        return t("a channel that you have to choose")
    channel_id = places.target_id(step.target)
    if channel_id is not None:
        return mention_channel(channel_id)
    if step.target in PLACE_NAMES:
        return t(
            "{name}, not chosen in {command} yet", name=t(PLACE_NAMES[step.target]), command="`/setup start`"
        )
    return t("a channel that was deleted")


def role_words(target: str, places: Places, t: Translator) -> str:
    """A role that is named by its id or as the one for finishing; empty where none is."""
    if not target:
        return ""
    role_id = places.target_id(target)
    if role_id is not None:
        return mention_role(role_id)
    if target == FINISHED_ROLE:
        return t("the role for finishing, not chosen in {command} yet", command="`/setup start`")
    return t("a role that was deleted")


def audience_words(audience: Audience, t: Translator) -> str:
    """Who a step is for."""
    parts: list[str] = []
    if audience.levels:
        names = [t(LEVEL_NAMES[Level(each)]) for each in audience.levels if each in set(Level)]
        parts.append(
            t("who said of themselves: {levels}", levels=_either([f"“{name}”" for name in names], t))
        )
    if audience.role_ids:
        parts.append(
            t("who have {roles}", roles=_either([mention_role(each) for each in audience.role_ids], t))
        )
    if audience.words:
        words = _either([f"“{quote(each, 40)}”" for each in audience.words], t)
        parts.append(t("whose goal says {words}", words=words))
    if not parts:
        return t("everybody")
    return t("those {conditions}", conditions=t(", and ").join(parts))


def unlocked_words(view: QuestView, t: Translator) -> str:
    """Who a quest is for."""
    key = view.definition.unlocked_by
    if key is None:
        return t("everybody")
    other = view.other(key)
    if other is None:
        return t("nobody: the quest that unlocks it does not exist")
    return t("those who finished “{quest}”", quest=quest_name(other.definition, t))


def reward_words(view: QuestView, t: Translator) -> str:
    quest = view.definition
    role = role_words(quest.reward, view.places, t)
    given = t("they get {role}", role=role) if role else t("no role")
    told = t("wins are announced, of those who agree") if quest.announce else t("wins are not announced")
    return f"{given}; {told}"


def state_words(view: QuestView, t: Translator, *, hints: bool = True) -> str:
    """Which version is live for whom, and what the draft is; with `hints`, what editing would do where there is none."""
    lines: list[str] = []
    if view.published is not None:
        current = view.published.version
        here = view.in_the_middle.get(current, 0)
        lines.append(
            t.tn(
                "Version {version} is live; {n} person is in the middle of it.",
                "Version {version} is live; {n} people are in the middle of it.",
                here,
                version=current,
            )
            if here
            else t("Version {version} is live; nobody is in the middle of it.", version=current)
        )
        before = sum(count for version, count in view.in_the_middle.items() if version != current)
        if before:
            lines.append(
                t.tn(
                    "{n} person is in the middle of an earlier version and stays on it.",
                    "{n} people are in the middle of earlier versions and stay on them.",
                    before,
                )
            )
    if not view.is_draft:
        lines += [t("What you change becomes a draft, which nobody sees until you publish it.")] * hints
    elif view.published is None:
        lines.append(t("It is a draft: nobody sees it until you publish it."))
    elif view.difference.count:
        lines.append(
            t.tn(
                "The draft has {n} change. Nobody sees it yet.",
                "The draft has {n} changes. Nobody sees them yet.",
                view.difference.count,
            )
        )
    else:
        lines.append(t("There is a draft without changes. Nobody sees it."))
    return " ".join(lines)


def state_label(view: QuestView, t: Translator) -> str:
    """The same in a few words, for a menu."""
    if view.published is None:
        return t("A draft, not published yet")
    if view.is_draft:
        return t("Version {version} is live, and there is a draft", version=view.published.version)
    return t("Version {version} is live", version=view.published.version)


def change_lines(view: QuestView, t: Translator) -> list[str]:
    """What publishing would change, a line each."""
    found = view.difference
    lines = [t("- New step: {step}", step=step_name(each, view.places, t)) for each in found.added]
    lines += [t("- Removed step: {step}", step=step_name(each, view.places, t)) for each in found.removed]
    lines += [
        t("- Changed step: {step} ({what})", step=step_name(step, view.places, t), what=_fields(names, t))
        for step, names in found.changed
    ]
    if found.is_reordered:
        lines.append(t("- The steps come in another order"))
    if found.fields:
        lines.append(t("- Changed for the whole quest: {what}", what=_fields(found.fields, t)))
    return lines


def _fields(names: Sequence[str], t: Translator) -> str:
    return ", ".join(dict.fromkeys(t(FIELD_NAMES[name]) for name in names))


def _either(parts: Sequence[str], t: Translator) -> str:
    return cut_list(parts, t(" or "))


def cut_list(parts: Sequence[str], between: str, limit: int = _WORDS_SHOWN * 2) -> str:
    """As many whole parts as have room, and an ellipsis for the rest."""
    text = ""
    for at, part in enumerate(parts):
        longer = f"{text}{between}{part}" if at else part
        if len(longer) > limit:
            return f"{text} …"
        text = longer
    return text
