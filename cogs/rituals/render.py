"""What people see of rituals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    Option,
    PickPlace,
    Text,
    TextField,
    ThreadTitle,
    custom_id,
)
from bot.i18n import N_, Translator
from bot.text import mention_channel, timestamp
from cogs.rituals.rules import MONDAY_GOALS
from cogs.rituals.service import TITLES, Ritual, weekday_of

REMOVE = "rituals:ritual.remove"
WEEKLY_PLACE = "rituals:weekly.place"
WEEKLY_ASK = "rituals:weekly.ask"
WEEKLY_SET = "rituals:weekly.set"
_DAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)

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


def setup_items(ritual: Ritual | None, t: Translator) -> tuple[Item, ...]:
    """What /setup start shows of the rhythm: where the goals of the week are asked for, on which day and when."""
    about = t(
        "Once a week I ask everybody for one thing they would like to get done, with a thread to answer in."
    )
    heading = f"**{t(TITLES[MONDAY_GOALS.name])}**\n{about}"
    place = custom_id(WEEKLY_PLACE)
    if ritual is None:
        text = t(
            "Choose the channel for it, or leave it empty to go without. I begin with the next Monday, 09:00."
        )
        return Text(heading), PickPlace(place, t("Choose a channel"), "channel"), Text(text)
    when = t(
        "Every {day} at {time}, {next}.",
        day=t(_DAYS[weekday_of(ritual.rule)]),
        time=f"{ritual.rule.time:%H:%M}",
        next=_next(ritual, t),
    )
    change = Buttons((Button(t("Change day and time"), custom_id(WEEKLY_ASK)),))
    menu = PickPlace(place, t("Choose a channel"), "channel", chosen=ritual.channel_id)
    return Text(heading), menu, Text(when), change


def weekly_form(ritual: Ritual, t: Translator) -> Form:
    """Asks for the day and time of the week."""
    here = weekday_of(ritual.rule)
    days = tuple(Option(t(name), str(at), chosen=at == here) for at, name in enumerate(_DAYS))
    return Form(
        t("Day and time"),
        custom_id(WEEKLY_SET),
        (
            ChoiceField("weekday", t("On which day?"), days),
            TextField(
                "time",
                t("At what time?"),
                description=t("By the community's clock, for example 09:00"),
                max_length=20,
                value=f"{ritual.rule.time:%H:%M}",
            ),
        ),
    )


def removed_card(t: Translator) -> Card:
    """A ritual was ended."""
    return Card((Text(t("It has ended. Nothing more will be posted for it.")),))


def _next(ritual: Ritual, t: Translator) -> str:
    if ritual.next_run_at is None:
        return t("not planned at the moment, see {command}", command="`/manage jobs`")
    return t("next on {when}", when=timestamp(ritual.next_run_at, "F"))
