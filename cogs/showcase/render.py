"""Draws show-and-tell: the digest, the question to an author, and what people see of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Form,
    Item,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.day_names import DAY_NAMES, day_options
from bot.i18n import Translator
from bot.text import jump_link, mention_channel, mention_user, quote, timestamp
from cogs.showcase.model import Desk, Entry, Part
from cogs.showcase.rules import LONGEST_TITLE, State

ADD_FORM = "showcase:entry.add"
TITLE = "showcase:entry.title"
TITLE_FORM = "showcase:entry.retitle"
WITHDRAW = "showcase:entry.withdraw"
ASK_SURE = "showcase:ask.sure"
YES = "showcase:ask.yes"
YES_FORM = "showcase:ask.agree"
NO = "showcase:ask.no"
NEVER = "showcase:ask.never"
AGAIN = "showcase:ask.again"
PLACE = "showcase:staff.place"
WHEN = "showcase:staff.when"
WHEN_FORM = "showcase:staff.set"


@dataclass(frozen=True)
class Shown:
    """One message as it is shown. `words` is its title, or its first line where the bot can read it."""

    entry: Entry
    words: str | None
    people: int


def digest_card(part: Part, shown: Sequence[Shown], t: Translator) -> Card:
    """One card of the week's digest, in the order in which the messages were written."""
    is_last = part.number == part.parts - 1
    head = t("**Show-and-tell of the week**") if part.number == 0 else t("**Show-and-tell, continued**")
    lines = [_line(each, t) for each in shown] or [t("What stood here was taken back.")]
    items: list[Item] = [Text(head), Text("\n".join(lines))]
    if is_last:
        hint = t("-# Made something? On your message: Apps, then Add to show-and-tell.")
        more = t.tn("{n} more comes next week.", "{n} more come next week.", part.left)
        items.append(Text(f"{more}\n{hint}" if part.left else hint))
    return Card(tuple(items))


def ask_card(entry: Entry, t: Translator) -> Card:
    """The question to the author, without a sound."""
    asker = mention_user(entry.asked_by) if entry.asked_by else t("Somebody")
    text = t(
        "{member}, {asker} would like to see [this message of yours]({link}) in the week's show-and-tell.\n"
        "Nothing is shown without your yes.",
        member=mention_user(entry.member_id),
        asker=asker,
        link=_link(entry),
    )
    buttons = (
        Button(t("Yes, add it"), custom_id(YES, entry.id), style=Style.PRIMARY),
        Button(t("No, thank you"), custom_id(NO, entry.id)),
        Button(t("Please don't ask me"), custom_id(NEVER, entry.id)),
    )
    return Card((Text(text), Buttons(buttons)), pings=frozenset({entry.member_id}), silent=True)


def entry_card(entry: Entry, t: Translator, *, next_at: datetime | None = None) -> Card:
    """One's own message in show-and-tell."""
    if entry.state is State.WITHDRAWN:
        return Card((Text(t("Taken out. You can add it again from the message's menu.")),))
    if entry.state is State.POSTED:
        head = t("**Your message stands in show-and-tell.**")
    elif next_at is not None:
        head = t("**Added.** It will be in show-and-tell on {day}.", day=timestamp(next_at, "F"))
    else:
        head = t("**Added.** It will be in the next show-and-tell.")
    lines = [head, _link(entry)]
    if entry.title:
        lines.append(t("Title: {title}", title=quote(entry.title, 2 * LONGEST_TITLE)))
    buttons = (
        Button(t("Change the title"), custom_id(TITLE, entry.id)),
        Button(t("Take it out"), custom_id(WITHDRAW, entry.id)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def sure_card(message_id: int, author_id: int, t: Translator) -> Card:
    """Before somebody else is asked."""
    text = t(
        "This is {member}'s message. Shall I ask them, quietly and once, whether it may be in show-and-tell? They will see "
        "that it was you.",
        member=mention_user(author_id),
    )
    button = Button(t("Ask them"), custom_id(ASK_SURE, message_id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((button,))))


def asked_card(entry: Entry, t: Translator) -> Card:
    text = t(
        "I am asking {member}. Nothing is shown without their yes.", member=mention_user(entry.member_id)
    )
    return Card((Text(text),))


def agreed_card(entry: Entry, t: Translator) -> Card:
    """Takes the place of the question."""
    text = t(
        "{member}, your message will be in show-and-tell. Thank you!", member=mention_user(entry.member_id)
    )
    buttons = (
        Button(t("Change the title"), custom_id(TITLE, entry.id)),
        Button(t("Take it out"), custom_id(WITHDRAW, entry.id)),
    )
    return Card((Text(text), Buttons(buttons)))


def declined_card(t: Translator) -> Card:
    return Card((Text(t("Then it stays where it is. Nothing is shown.")),))


def never_card(entry_id: int, t: Translator) -> Card:
    text = t("You will not be asked again. You can still add a message of yours from its menu.")
    return Card((Text(text), Buttons((Button(t("Do ask me, after all"), custom_id(AGAIN, entry_id)),))))


def again_card(t: Translator) -> Card:
    return Card((Text(t("You may be asked again, at most once a message.")),))


def add_form(message_id: int, first_line: str | None, t: Translator) -> Form:
    return Form(t("Add to show-and-tell"), custom_id(ADD_FORM, message_id), (_title_field(first_line, t),))


def yes_form(entry: Entry, t: Translator) -> Form:
    return Form(t("Add to show-and-tell"), custom_id(YES_FORM, entry.id), (_title_field(None, t),))


def title_form(entry: Entry, t: Translator) -> Form:
    return Form(t("Change the title"), custom_id(TITLE_FORM, entry.id), (_title_field(entry.title, t),))


def desk_card(desk: Desk, t: Translator) -> Card:
    """For facilitators: when and where."""
    settings = desk.settings
    clock = f"{settings.minute // 60:02}:{settings.minute % 60:02}"
    lines = [t("**Show-and-tell**"), t("{day}, {time}", day=t(DAY_NAMES[settings.weekday]), time=clock)]
    if settings.channel_id is None:
        lines.append(t("No channel is chosen, so nothing can be added. Choose one here."))
    else:
        lines.append(t("It is posted in {place}.", place=mention_channel(settings.channel_id)))
    lines.append(t.tn("{n} message waits.", "{n} messages wait.", desk.waiting))
    if desk.next_at is not None and settings.channel_id is not None:
        lines.append(
            t("Next: {day}. A week without a message has no post.", day=timestamp(desk.next_at, "F"))
        )
    items: tuple[Item, ...] = (
        Text("\n".join(lines)),
        PickPlace(custom_id(PLACE), t("Where it is posted"), "channel", settings.channel_id),
        Buttons((Button(t("Change day and hour"), custom_id(WHEN)),)),
    )
    return Card(items)


def when_form(desk: Desk, t: Translator) -> Form:
    settings = desk.settings
    days = day_options(settings.weekday, t)
    clock = f"{settings.minute // 60:02}:{settings.minute % 60:02}"
    return Form(
        t("Change day and hour"),
        custom_id(WHEN_FORM),
        (
            ChoiceField("weekday", t("Day"), days),
            TextField("time", t("Time, by the community's clock"), max_length=5, value=clock),
        ),
    )


def _title_field(value: str | None, t: Translator) -> TextField:
    return TextField(
        "title",
        t("What is it? One line."),
        description=t("It stands above the link, with your name. It may be left empty."),
        required=False,
        max_length=LONGEST_TITLE,
        value=value,
    )


def _line(shown: Shown, t: Translator) -> str:
    words = quote(shown.words, 2 * LONGEST_TITLE) if shown.words else t("A message")
    line = t(
        "- **{words}** · {member} · [look]({link})",
        words=words,
        member=mention_user(shown.entry.member_id),
        link=_link(shown.entry),
    )
    if not shown.people:
        return line
    return f"{line} · {t.tn('{n} person reacted', '{n} people reacted', shown.people)}"


def _link(entry: Entry) -> str:
    return jump_link(entry.guild_id, entry.channel_id, entry.message_id)
