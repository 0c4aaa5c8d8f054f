"""What members see of reports: the forms, the receipt, and what became of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.cards import Button, Buttons, Card, ChoiceField, Form, Item, Option, Text, TextField, custom_id
from bot.i18n import Translator
from bot.support import DISCORDS_FORM
from bot.text import mention_user, quote, timestamp
from cogs.reports import rules
from cogs.reports.model import CATEGORIES, Own, Reach, Receipt
from cogs.reports.rules import NOBODY, Category, State

MESSAGE_FORM, MEMBER_FORM, FORM = "reports:message.send", "reports:member.send", "reports:situation.send"
MINE = "reports:own.list"
HELPLINES = "https://findahelpline.com"
_ROOM = 300
_NAMED = re.compile(r"^\\<\\@(?P<id>[0-9]{1,20})>", re.MULTILINE)


def message_form(message_id: int, t: Translator) -> Form:
    """About a message: what it says is known, so words are optional."""
    return Form(t("Report this message"), custom_id(MESSAGE_FORM, message_id), _fields(t, needed=False))


def member_form(member_id: int, t: Translator) -> Form:
    return Form(t("Report somebody"), custom_id(MEMBER_FORM, member_id), (*_fields(t, needed=True), _link(t)))


def situation_form(t: Translator) -> Form:
    """About something else. Whoever reports somebody of staff is led to naming them, so that it is hidden from them."""
    return Form(
        t("Tell staff about something"), custom_id(FORM), (*_fields(t, needed=True, staff=True), _link(t))
    )


def _fields(t: Translator, *, needed: bool, staff: bool = False) -> tuple[ChoiceField | TextField, ...]:
    options = tuple(Option(t(title), each.value) for each, title in CATEGORIES.items())
    asked = t("Only staff read it. Whom it is about is never told who wrote it.")
    if staff:
        asked = t("About somebody of staff? Use /report with their name, and they do not see it.")
    words = TextField(
        "words",
        t("What happened?"),
        asked,
        placeholder=t("One line is plenty"),
        long=True,
        required=needed,
        max_length=rules.LONGEST_WORDS,
    )
    return ChoiceField("category", t("What is it about?"), options), words


def _link(t: Translator) -> TextField:
    return TextField(
        "link",
        t("Link to a message"),
        t("If there is one: from the message's menu, Copy Message Link."),
        required=False,
        max_length=200,
    )


# ---------------------------------------------------------------------------------------------- afterwards


def receipt_card(receipt: Receipt, t: Translator) -> Card:
    """That it arrived, with its number, what happens next, and where else there is help."""
    number = str(receipt.number)
    lines = [t("**Thank you. This is report {number}.**", number=number), _reached(receipt, t)]
    if receipt.reach is not Reach.NOBODY:
        lines.append(
            t("You hear when somebody takes it and how it ended. Whom it is about is not told who wrote it.")
        )
    lines += _elsewhere(receipt, t)
    return Card((Text("\n".join(lines)), Buttons((_mine(t),))))


def _reached(receipt: Receipt, t: Translator) -> str:
    if receipt.reach is Reach.NOBODY:
        return t(
            "It is kept, but there is nobody of staff here whom it could go to. Please use Discord's own report too: {form}",
            form=DISCORDS_FORM,
        )
    if receipt.reach is Reach.PEOPLE:
        return t("It is shown in no channel. The others of staff are told of it in private.")
    if receipt.state is State.TAKEN:
        return t("Somebody of staff is looking at it already.")
    return t("Staff have it now.")


def _elsewhere(receipt: Receipt, t: Translator) -> list[str]:
    lines: list[str] = []
    if receipt.category is Category.SELF_HARM:
        lines.append(
            t(
                "If somebody is in danger right now, call the emergency number where they are. People to talk to, in "
                "every country: {link}",
                link=HELPLINES,
            )
        )
    if receipt.about_owner and receipt.reach is not Reach.NOBODY:
        lines.append(_to_discord(t))
    elif receipt.category is Category.DOXXING:
        lines.append(t("Discord takes such things down, too: {form}", form=DISCORDS_FORM))
    return lines


def _to_discord(t: Translator) -> str:
    return t(
        "Nobody here can act on the owner of the server. Discord's Trust & Safety can: {form}",
        form=DISCORDS_FORM,
    )


def _mine(t: Translator) -> Button:
    return Button(t("What became of it?"), custom_id(MINE))


def own_card(own: Sequence[Own], t: Translator) -> Card:
    """The newest of one's own reports, and what became of each."""
    if not own:
        text = t(
            "You have reported nothing. If something is wrong: the menu of a message or member, Apps, or {command}.",
            command="`/report`",
        )
        return Card((Text(text),))
    items: list[Item] = [Text(t("**What you reported**"))]
    items += [Text(_own_text(each, t)) for each in own]
    return Card(tuple(items))


def _own_text(own: Own, t: Translator) -> str:
    head = t(
        "Report {number}, {when}: {what}",
        number=str(own.number),
        when=timestamp(own.at, "D"),
        what=t(CATEGORIES[own.category]),
    )
    lines = [f"**{head}**"]
    if own.subject_id != NOBODY:
        lines.append(t("About {who}", who=mention_user(own.subject_id)))
    if own.words:
        lines.append(t("You wrote: {words}", words=said_words(own.words, _ROOM, is_batch=own.is_batch)))
    lines.append(state_text(own, t))
    return "\n".join(lines)


def state_text(own: Own, t: Translator) -> str:
    """Where it stands, in plain words. What was done to whom is nobody else's business."""
    if own.state is State.OPEN:
        return t("It waits for somebody of staff.")
    if own.state is State.TAKEN:
        return t("Somebody of staff is looking at it.")
    if own.state is State.ACTED:
        return t(
            "Staff have dealt with it. What exactly they did stays between them and the person it is about."
        )
    if own.category is Category.SELF_HARM:
        thanks = t("Staff have seen to it. Thank you for caring about somebody.")
        said = (
            t("They write: {sentence}", sentence=quote(own.sentence, rules.LONGEST_SENTENCE))
            if own.sentence
            else ""
        )
        return f"{thanks} {said}".strip()
    if own.sentence is None:
        return t("Staff looked at it, and it keeps to the norms here. Thank you for telling them.")
    return t(
        "Staff looked at it, and it keeps to the norms here. They write: {sentence}",
        sentence=quote(own.sentence, rules.LONGEST_SENTENCE),
    )


def status_card(own: Own, t: Translator) -> Card:
    """Told to who reported, by DM."""
    head = t("**Your report {number}**", number=str(own.number))
    return Card((Text(f"{head}\n{state_text(own, t)}"),))


def waiting_card(t: Translator) -> Card:
    """Told to somebody of staff by DM."""
    return Card(
        (
            Text(
                t(
                    "**A report waits for you**\nIt is not shown in the staff channel. See {command} in the server.",
                    command="`/mod reports`",
                )
            ),
        )
    )


def said_words(words: str, room: int, *, is_batch: bool) -> str:
    """What somebody wrote. Where many reports of one person are put together, each line begins with whom it is about,
    which is shown as a name rather than as the number that it is."""
    said = quote(words, room)
    return _NAMED.sub(r"<@\g<id>>", said) if is_batch else said
