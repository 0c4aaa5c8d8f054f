"""/help by what one wants to do: the first goals as buttons that do it, everything else by topic, staff's apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.authority import Capability
from bot.cards import Button, Buttons, Card, Divider, Item, Option, Pick, Style, Text, custom_id
from bot.groups import HelpLine, Topic
from bot.i18n import N_, Translator
from bot.support import SUPPORT_ASK
from bot.text import length

TOPIC, HOME = "help:topic.show", "help:home.show"
MOST_BUTTONS = 6
# Of the 4,000 characters of a card. What is cut is still in Discord's own list of commands.
ROOM = 3600
HEADINGS: Mapping[Topic | Capability, str] = {
    Topic.HOME: N_("Finding your way"),
    Topic.LEARN: N_("Learning and making"),
    Topic.FEEDBACK: N_("Giving and getting feedback"),
    Topic.TOGETHER: N_("Meeting people and taking turns"),
    Topic.THANKS: N_("Thanks and recognition"),
    Topic.YOU: N_("You and your data"),
    Topic.SAFE: N_("Staying safe"),
    Capability.REVIEW: N_("For reviewers"),
    Capability.MODERATE: N_("For moderators"),
    Capability.KICK: N_("For those who may kick"),
    Capability.BAN: N_("For those who may ban"),
    Capability.FACILITATE: N_("For facilitators"),
}


def help_card(
    lines: Sequence[HelpLine], capabilities: Collection[Capability], t: Translator, chosen: str | None = None
) -> Card:
    """Only what one may do: the first goals, or what belongs to the topic that was chosen."""
    topics = _sorted(lines, capabilities)
    heading = next((each for each in topics if each.value == chosen), None)
    items = _goals(topics, t) if heading is None else _topic(heading, topics[heading], t)
    options = tuple(
        Option(t(HEADINGS[each]), each.value, chosen=each is heading) for each in HEADINGS if each in topics
    )
    if options:
        items.append(Pick(custom_id(TOPIC), t("Everything, by topic"), options))
    back = (Button(t("Back"), custom_id(HOME)),) if heading is not None else ()
    wrong = Button(t("Something is wrong with this bot"), custom_id(SUPPORT_ASK))
    return Card((*items, Divider(), Buttons((*back, wrong))))


def _sorted(
    lines: Sequence[HelpLine], capabilities: Collection[Capability]
) -> Mapping[Topic | Capability, Sequence[HelpLine]]:
    topics: dict[Topic | Capability, list[HelpLine]] = {}
    for each in sorted(lines, key=lambda each: each.rank):
        if each.needs is None or each.needs in capabilities:
            topics.setdefault(each.needs or each.topic, []).append(each)
    return topics


def _goals(topics: Mapping[Topic | Capability, Sequence[HelpLine]], t: Translator) -> list[Item]:
    ours = [each for heading, lines in topics.items() if isinstance(heading, Topic) for each in lines]
    ours.sort(key=lambda each: each.rank)
    pressed = [each for each in ours if each.control is not None][:MOST_BUTTONS]
    items: list[Item] = [Text(t("**What would you like to do?**"))]
    for index, each in enumerate(pressed):
        style = Style.SECONDARY if index else Style.PRIMARY
        items.append(Buttons((Button(t(each.goal), custom_id(each.control or ""), style=style),)))
    if pressed:
        commands = " ".join(f"`{each.command}`" for each in pressed)
        items.append(Text(t("-# The same by typing: {commands}", commands=commands)))
    return items


def _topic(heading: Topic | Capability, lines: Sequence[HelpLine], t: Translator) -> list[Item]:
    shown = [f"- {t(each.goal)}: `{each.command}`" for each in lines]
    return [Text("\n".join([f"**{t(HEADINGS[heading])}**", *_fitting(shown, ROOM, t)]))]


def _fitting(lines: Sequence[str], room: int, t: Translator) -> list[str]:
    """As many lines as there is room for, and how many are missing."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        room -= length(line) + 1
        if room < 0:
            left = len(lines) - index
            kept.append(
                t.tn("- and {n} more: type `/` to see it", "- and {n} more: type `/` to see them", left)
            )
            break
        kept.append(line)
    return kept
