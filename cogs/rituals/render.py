"""What people see of rituals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import Button, Buttons, Card, Item, Text, ThreadTitle, custom_id
from bot.i18n import N_, Translator
from bot.text import mention_channel, timestamp
from cogs.rituals.rules import MONDAY_GOALS
from cogs.rituals.service import TITLES, Ritual

REMOVE = "rituals:ritual.remove"

_PROMPTS = {
    MONDAY_GOALS.name: N_(
        "A new week! What is one thing you would like to get done by Sunday?\n"
        "Write it in the thread below. Small is good, and so is “the same as last week”."
    )
}
_SHOWN_WITH_BUTTON = 10  # a card holds 40 components


def prompt_card(template: str, t: Translator) -> Card:
    """The prompt. It pings nobody."""
    return Card((Text(f"**{t(TITLES[template])}**\n{t(_PROMPTS[template])}"),))


def thread_title(template: str, nominal: datetime, t: Translator) -> ThreadTitle:
    """The thread in which a prompt is answered."""
    return ThreadTitle(f"{t(TITLES[template])} {nominal:%Y-%m-%d}")


def added_card(ritual: Ritual, t: Translator) -> Card:
    """A ritual was added: what happens next and when, so that a mistake shows at once."""
    text = t(
        "**{title} is on.** I post it in {channel}, {next}, and then every week at that time in {zone}.\n"
        "See or end it with {command}.",
        title=t(TITLES[ritual.template]),
        channel=mention_channel(ritual.channel_id),
        next=_next(ritual, t),
        zone=ritual.zone,
        command="`/manage rituals list`",
    )
    return Card((Text(text),))


def list_card(rituals: Sequence[Ritual], t: Translator) -> Card:
    """The community's rituals, each with a way to end it."""
    if not rituals:
        text = t("There are no rituals yet. Begin one with {command}.", command="`/manage rituals add`")
        return Card((Text(text),))
    items: list[Item] = [Text(t("**Rituals**"))]
    for ritual in rituals[:_SHOWN_WITH_BUTTON]:
        title = t(TITLES[ritual.template])
        line = t(
            "**{title}** in {channel}: {next}",
            title=title,
            channel=mention_channel(ritual.channel_id),
            next=_next(ritual, t),
        )
        end = Button(t("End {title}", title=title), custom_id(REMOVE, ritual.id))
        items += [Text(line), Buttons((end,))]
    return Card(tuple(items))


def removed_card(t: Translator) -> Card:
    """A ritual was ended."""
    return Card((Text(t("It has ended. Nothing more will be posted for it.")),))


def _next(ritual: Ritual, t: Translator) -> str:
    if ritual.next_run_at is None:
        return t("not planned at the moment, see {command}", command="`/manage jobs`")
    return t("next on {when}", when=timestamp(ritual.next_run_at, "F"))
