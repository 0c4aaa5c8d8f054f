"""What staff are told of rituals without having asked, each once: no channel, nobody answers, the queue runs low."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    Style,
    Text,
    custom_id,
)
from bot.i18n import Translator
from cogs.rituals import render, rules, words
from cogs.rituals.desk_cards import owner
from cogs.rituals.model import Ritual

QUIET_CHANGE = "rituals:quiet.change"
QUIET_PAUSE = "rituals:quiet.pause"
QUIET_KEEP = "rituals:quiet.keep"


def lost_card(ritual: Ritual, t: Translator) -> Card:
    """Tells staff that a ritual has no channel any more."""
    text = t(
        "**{title} is paused**\nIts channel was deleted. Choose another, and it goes on; {owner} looks after it.",
        title=words.title(ritual, t),
        owner=owner(ritual, t),
    )
    choose = Button(t("Choose another channel"), custom_id(QUIET_CHANGE, ritual.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((choose,))))


def quiet_card(ritual: Ritual, t: Translator) -> Card:
    """Asks staff what they want of a ritual that nobody answers."""
    text = t(
        "**{title} has gone quiet**\nNobody answered the last {n} times. {owner}, would you like to change it, pause it, "
        "or keep it as it is? It goes on until you say so.",
        title=words.title(ritual, t),
        n=rules.QUIET_RUNS,
        owner=owner(ritual, t),
    )
    buttons = (
        Button(t("Change"), custom_id(QUIET_CHANGE, ritual.id), style=Style.PRIMARY),
        Button(t("Pause"), custom_id(QUIET_PAUSE, ritual.id)),
        Button(t("Keep"), custom_id(QUIET_KEEP, ritual.id)),
    )
    return Card((Text(text), Buttons(buttons)))


def kept_card(ritual: Ritual, t: Translator) -> Card:
    """It goes on as it is."""
    text = t(
        "{title} goes on as it is: {next}.", title=words.title(ritual, t), next=words.next_time(ritual, t)
    )
    return Card((Text(text),))


def stock_card(ritual: Ritual, t: Translator, *, left: int, from_library: bool, is_empty: bool) -> Card:
    """Tells staff that a queue is nearly empty, or what was asked in its place."""
    title = words.title(ritual, t)
    if is_empty:
        text = t(
            "**{title} was left out**\nIts queue is empty, and everything in my library was asked in the last half year.",
            title=title,
        )
    elif from_library:
        text = t(
            "**The queue of {title} is empty**\nThis time I took something from my own library.", title=title
        )
    else:
        counted = t.tn("{n} prompt is left.", "{n} prompts are left.", left)
        text = t("**The queue of {title} runs low**\n{left}", title=title, left=counted)
    hint = t("Add some with {command}.", command="`/manage rituals prompts`")
    look = Button(t("Open the queue"), custom_id(render.PROMPTS_OPEN, ritual.id), style=Style.PRIMARY)
    return Card((Text(f"{text}\n{hint}"), Buttons((look,))))
