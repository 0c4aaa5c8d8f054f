"""What facilitators see while they change a ritual or the list of holidays, before anything is saved."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Option,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.day_names import day_options
from bot.i18n import Translator
from bot.text import mention_channel, quote, timestamp
from cogs.rituals import render, rules, words
from cogs.rituals.desk_cards import left_out, note_items, owner
from cogs.rituals.drafts import Draft
from cogs.rituals.rules import AnswerBy, Repeat

DRAFT_WORDS = "rituals:draft.words"
DRAFT_WHEN = "rituals:draft.when"
DRAFT_WRITE = "rituals:draft.write"
DRAFT_PLACE = "rituals:draft.place"
DRAFT_SAVE = "rituals:draft.save"
DRAFT_DISCARD = "rituals:draft.discard"
HOLIDAYS_ASK = "rituals:holidays.ask"
HOLIDAYS_SET = "rituals:holidays.set"
_SHOWN_DATES = 20
_LONGEST_TYPED = 3000


def draft_card(draft: Draft, t: Translator, *, note: str | None = None) -> Card:
    """What the ritual would become, with the next dates, before it is saved."""
    after = draft.after
    lines = [
        t("**Change {title}**", title=words.title(draft.before, t)),
        t("Called: {title}", title=words.title(after, t)),
        t("For: {purpose}", purpose=words.purpose(after, t)),
        t(
            "In {channel}, {rule} ({zone}).",
            channel=mention_channel(after.channel_id),
            rule=words.when(after.when, t),
            zone=after.zone,
        ),
        t(
            "Answered {how}. {owner} looks after it.",
            how=t(words.ANSWERS[after.answer]),
            owner=owner(after, t),
        ),
        words.late(after.late_hours, t),
    ]
    if words.text(after, t):
        lines.insert(3, t("Asks: {text}", text=words.text(after, t)))
    if after.left_out:
        lines.append(t("Left out: {dates}.", dates=left_out(after)))
    dates = [timestamp(each, "F") for each in draft.next_dates]
    following = (
        "\n".join([t("**The next dates would be**"), *dates]) if dates else t("It would never come again.")
    )
    state = t("Nothing is changed until you save.") if draft.changed else t("Nothing is different yet.")
    save = Button(t("Save"), custom_id(DRAFT_SAVE, draft.id), style=Style.PRIMARY, disabled=not draft.changed)
    return Card(
        (
            *note_items(note),
            Text("\n".join(lines)),
            Text(following),
            Buttons(
                (
                    Button(t("Words"), custom_id(DRAFT_WORDS, draft.id)),
                    Button(t("Day and time"), custom_id(DRAFT_WHEN, draft.id)),
                )
            ),
            PickPlace(
                custom_id(DRAFT_PLACE, draft.id),
                t("Choose a channel"),
                "channel",
                chosen=None
                if after.is_lost and after.channel_id == draft.before.channel_id
                else after.channel_id,
            ),
            Text(f"-# {state}"),
            Buttons((save, Button(t("Leave it as it is"), custom_id(DRAFT_DISCARD, draft.id)))),
        )
    )


def words_form(draft: Draft, t: Translator) -> Form:
    """Asks for the texts. What is left empty is as it came with Lyceum."""
    after = draft.after
    empty = t("Leave it empty for the one that comes with it")
    fields: list[TextField | ChoiceField] = [
        TextField(
            "title",
            t("What is it called?"),
            empty,
            after.shipped.title,
            required=False,
            max_length=rules.LONGEST_TITLE,
            value=after.title,
        ),
        TextField(
            "purpose",
            t("What is it for?"),
            empty,
            long=True,
            required=False,
            max_length=rules.LONGEST_PURPOSE,
            value=after.purpose,
        ),
    ]
    if not after.shipped.queue:
        fields.append(
            TextField(
                "text",
                t("What does it ask?"),
                empty,
                long=True,
                required=False,
                max_length=rules.LONGEST_TEXT,
                value=after.text,
            )
        )
    if after.answer is not AnswerBy.POLL:
        options = tuple(
            Option(t(name), kind.value, chosen=kind is after.answer)
            for kind, name in words.ANSWERS.items()
            if kind is not AnswerBy.POLL
        )
        fields.append(ChoiceField("answer", t("How is it answered?"), options))
    return Form(t("Words"), custom_id(DRAFT_WRITE, draft.id), tuple(fields))


def when_form(draft: Draft, t: Translator) -> Form:
    """Asks how often, on which day, at what time, and on which dates not."""
    after, chosen = draft.after, draft.after.when
    repeats = tuple(
        Option(t(words.REPEATS[each]), each.value, chosen=each is chosen.repeat) for each in Repeat
    )
    days = day_options(chosen.weekday, t)
    late = tuple(
        Option(words.late(hours, t), str(hours), chosen=hours == after.late_hours)
        for hours in rules.LATE_HOURS
    )
    return Form(
        t("Day and time"),
        custom_id(DRAFT_WRITE, draft.id),
        (
            ChoiceField("repeat", t("How often?"), repeats),
            ChoiceField("weekday", t("On which day?"), days),
            render.time_field(chosen.time, t),
            TextField(
                "left_out",
                t("On which dates not?"),
                t("For example 2026-12-24, or 2026-12-24 to 2027-01-02"),
                required=False,
                long=True,
                value=left_out(after) or None,
            ),
            ChoiceField("late_hours", t("And if I am away at that time?"), late),
        ),
    )


def holidays_card(holidays: dict[str, str], t: Translator) -> Card:
    """The days on which no ritual is posted."""
    lines = [t("**Days without rituals**")]
    listed = rules.write_holidays(holidays).splitlines()
    lines += [f"- {each}" for each in listed[:_SHOWN_DATES]]
    if len(listed) > _SHOWN_DATES:
        left = len(listed) - _SHOWN_DATES
        lines.append(t.tn("and {n} more", "and {n} more", left))
    if not listed:
        lines.append(t("None yet. On such a day no ritual is posted; the next one comes as usual."))
    change = Button(t("Change the list"), custom_id(HOLIDAYS_ASK), style=Style.PRIMARY)
    return Card((Text("\n".join(lines)), Buttons((change,))))


def refused_card(reason: str, typed: str, t: Translator) -> Card:
    """What was typed cannot be used: why, and all of it, so that nobody has to think of it anew."""
    return Card((Text(reason), Divider(), Text(f"{t('You wrote:')}\n{quote(typed, _LONGEST_TYPED)}")))


def holidays_form(holidays: dict[str, str], t: Translator) -> Form:
    """Asks for the whole list."""
    return Form(
        t("Days without rituals"),
        custom_id(HOLIDAYS_SET),
        (
            TextField(
                "days",
                t("One day a line, with a name if you like"),
                t("12-25 is every year; 2026-04-03 or 2026-12-24 to 2027-01-02 is once"),
                long=True,
                required=False,
                max_length=3000,
                value=rules.write_holidays(holidays) or None,
            ),
        ),
    )
