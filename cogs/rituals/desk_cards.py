"""What facilitators see of rituals: the list, one of them, changes before they are saved, notices to staff."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    Divider,
    Item,
    Option,
    Pick,
    Style,
    Text,
    custom_id,
)
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, THREAD_NAME, mention_channel, mention_user, quote
from cogs.rituals import render, rules, when, words
from cogs.rituals.model import Ritual
from cogs.rituals.posting import Posted
from cogs.rituals.rules import COUNTED, WITH_THREAD
from cogs.rituals.service import Overview

LIST = "rituals:ritual.list"
OPEN = "rituals:ritual.open"
SHOW = "rituals:ritual.show"
EDIT = "rituals:ritual.edit"
PREVIEW = "rituals:ritual.preview"
RUN = "rituals:ritual.run"
PAUSE = "rituals:ritual.pause"
RESUME = "rituals:ritual.resume"
END = "rituals:ritual.end"
REMOVE = "rituals:ritual.remove"

_LISTED = 18  # what surely fits a card


def added_card(ritual: Ritual, t: Translator) -> Card:
    """A ritual was added: what happens next and when, so that a mistake shows at once."""
    text = t(
        "**{title} is on.** I post it in {channel}, {next}, and then {rule} in {zone}.\n"
        "{owner} looks after it. Change, pause or end it with {command}.",
        title=words.title(ritual, t),
        channel=mention_channel(ritual.channel_id),
        next=words.next_time(ritual, t),
        rule=words.when(ritual.when, t),
        zone=ritual.zone,
        owner=owner(ritual, t),
        command="`/manage rituals list`",
    )
    return Card((Text(text),))


def list_card(rituals: Sequence[Ritual], t: Translator) -> Card:
    """The community's rituals, and a menu to open one."""
    if not rituals:
        text = t("There are no rituals yet. Begin one with {command}.", command="`/manage rituals add`")
        return Card((Text(text),))
    lines = [t("**Rituals**"), *(_line(ritual, t) for ritual in rituals[:_LISTED])]
    if len(rituals) > _LISTED:
        lines.append(t.tn("and {n} more", "and {n} more", len(rituals) - _LISTED))
    options = tuple(
        Option(words.label(each, t), str(each.id), words.when(each.when, t))
        for each in rituals[:SELECT_OPTIONS]
    )
    menu = Pick(custom_id(OPEN), t("Open one: change, pause, end"), options)
    hint = t(
        "Begin another with {add}. Days on which none is posted: {holidays}.",
        add="`/manage rituals add`",
        holidays="`/manage rituals holidays`",
    )
    return Card((Text("\n".join(lines)), menu, Text(f"-# {hint}")))


def ritual_card(found: Overview, t: Translator, *, note: str | None = None) -> Card:
    """One ritual: what it is for, whose it is, when it comes, how it is going, and what can be done with it."""
    ritual = found.ritual
    lines = [
        f"**{words.title(ritual, t)}**",
        words.purpose(ritual, t),
        t(
            "In {channel}, {rule} ({zone}): {next}. {late}",
            channel=mention_channel(ritual.channel_id),
            rule=words.when(ritual.when, t),
            zone=ritual.zone,
            next=words.next_time(ritual, t),
            late=words.late(ritual.late_hours, t),
        ),
        t(
            "Answered {how}. {owner} looks after it.",
            how=t(words.ANSWERS[ritual.answer]),
            owner=owner(ritual, t),
        ),
    ]
    if ritual.left_out:
        lines.append(t("Left out: {dates}.", dates=left_out(ritual)))
    stop = (
        Button(t("Resume"), custom_id(RESUME, ritual.id))
        if ritual.paused_until is not None
        else Button(t("Pause"), custom_id(PAUSE, ritual.id))
    )
    items: list[Item] = [*note_items(note), Text("\n".join(lines)), Text("\n".join(_health(found, t)))]
    items.append(
        Buttons(
            (
                Button(t("Change"), custom_id(EDIT, ritual.id), style=Style.PRIMARY),
                Button(t("Preview"), custom_id(PREVIEW, ritual.id)),
                Button(t("Post it now"), custom_id(RUN, ritual.id)),
            )
        )
    )
    end = Button(t("End it"), custom_id(END, ritual.id), style=Style.DANGER)
    last = [stop, end]
    if ritual.shipped.queue:
        last.insert(0, Button(t("Prompts"), custom_id(render.PROMPTS_OPEN, ritual.id)))
    items += [Buttons(tuple(last)), _all_rituals(t)]
    return Card(tuple(items))


def _all_rituals(t: Translator) -> Buttons:
    return Buttons((Button(t("All rituals"), custom_id(LIST)),))


def preview_card(posted: Posted, t: Translator) -> Card:
    """What would be posted, for one person alone."""
    intro = Text(t("Only you see this. It would be posted like this:"))
    drawn = render.prompt(posted, t)
    if isinstance(drawn, Card):
        shown = tuple(each for each in drawn.items if isinstance(each, Text))
    else:
        # Discord formats nothing in a poll.
        options = "\n".join(f"- {quote(each, 2 * rules.LONGEST_POLL_ANSWER)}" for each in drawn.answers)
        question = quote(drawn.question, 2 * rules.LONGEST_POLL_QUESTION)
        shown = (Text(f"{drawn.text}\n{question}\n{options}"),)
    lines: list[str] = []
    if posted.ritual.answer in WITH_THREAD:
        thread = render.thread_title(posted.ritual, posted.nominal, t).name
        lines.append(t("With the thread “{name}”.", name=quote(thread, 2 * THREAD_NAME)))
    lines.append(t("It pings nobody."))
    return Card((intro, Divider(), *shown, Divider(), Text("\n".join(lines))))


def end_card(ritual: Ritual, t: Translator) -> Card:
    """Asks before a ritual is ended."""
    text = t(
        "**End {title}?**\nNothing more is posted for it, and its queue and figures go with it. What was posted stays "
        "in {channel}. To stop for a while only, pause it.",
        title=words.title(ritual, t),
        channel=mention_channel(ritual.channel_id),
    )
    yes = Button(t("Yes, end it"), custom_id(REMOVE, ritual.id), style=Style.DANGER)
    no = Button(t("Keep it"), custom_id(SHOW, ritual.id))
    return Card((Text(text), Buttons((yes, no))))


def removed_card(t: Translator) -> Card:
    """A ritual was ended."""
    return Card((Text(t("It has ended. Nothing more will be posted for it.")), _all_rituals(t)))


def posted_card(ritual: Ritual, t: Translator) -> Card:
    """It was posted by hand."""
    text = t(
        "{title} goes to {channel} now. Its own days stay as they are: {next}.",
        title=words.title(ritual, t),
        channel=mention_channel(ritual.channel_id),
        next=words.next_time(ritual, t),
    )
    return Card((Text(text),))


def state_card(ritual: Ritual, t: Translator) -> Card:
    """It was paused or resumed."""
    text = t("**{title}**: {next}.", title=words.title(ritual, t), next=words.next_time(ritual, t))
    return Card((Text(text),))


def _line(ritual: Ritual, t: Translator) -> str:
    return t(
        "**{title}** in {channel}: {next}",
        title=quote(words.label(ritual, t), rules.LONGEST_TITLE),
        channel=mention_channel(ritual.channel_id),
        next=words.next_time(ritual, t),
    )


def _health(found: Overview, t: Translator) -> list[str]:
    """How many answered lately, and what it costs people."""
    lines: list[str] = []
    if found.ritual.answer in COUNTED and found.runs:
        counts = ", ".join(str(each.answers) for each in found.runs)
        lines.append(
            t.tn(
                "People who answered the last time: {counts}",
                "People who answered the last {n} times: {counts}",
                len(found.runs),
                counts=counts,
            )
        )
        lines.append(_trend([each.answers for each in found.runs], t))
    elif found.ritual.answer in COUNTED:
        lines.append(t("Not posted yet."))
    if found.ritual.shipped.queue:
        lines.append(t.tn("{n} prompt waits in its queue.", "{n} prompts wait in its queue.", found.waiting))
    if found.suggested:
        count = found.suggested
        lines.append(t.tn("{n} suggestion waits for you.", "{n} suggestions wait for you.", count))
    lines.append(t("Pings each time: none. It mentions nobody."))
    return [line for line in lines if line]


def _trend(counts: Sequence[int], t: Translator) -> str:
    """The later half of the runs compared with the earlier one."""
    half = len(counts) // 2
    if half < 2:
        return ""
    earlier, later = sum(counts[:half]) / half, sum(counts[-half:]) / half
    if later > earlier * 1.25:
        return t("More people than before.")
    if later < earlier * 0.75:
        return t("Fewer people than before.")
    return t("About as many people as before.")


def owner(ritual: Ritual, t: Translator) -> str:
    return mention_user(ritual.owner_id) if ritual.owner_id else t("Nobody")


def left_out(ritual: Ritual) -> str:
    return when.dates_text(ritual.left_out).replace(",", ", ")


def note_items(note: str | None) -> tuple[Item, ...]:
    return (Text(note), Divider()) if note else ()
