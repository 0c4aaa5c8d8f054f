"""What facilitators see of rituals: the list, one of them, changes before they are saved, notices to staff."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    PickPlace,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, mention_channel, mention_user, timestamp
from cogs.rituals import render, rules, when, words
from cogs.rituals.drafts import Draft
from cogs.rituals.model import Ritual
from cogs.rituals.posting import Posted
from cogs.rituals.rules import COUNTED, WITH_THREAD, AnswerBy, Repeat
from cogs.rituals.service import Overview

OPEN = "rituals:ritual.open"
SHOW = "rituals:ritual.show"
EDIT = "rituals:ritual.edit"
PREVIEW = "rituals:ritual.preview"
RUN = "rituals:ritual.run"
PAUSE = "rituals:ritual.pause"
RESUME = "rituals:ritual.resume"
END = "rituals:ritual.end"
REMOVE = "rituals:ritual.remove"
DRAFT_WORDS = "rituals:draft.words"
DRAFT_WHEN = "rituals:draft.when"
DRAFT_WRITE = "rituals:draft.write"
DRAFT_PLACE = "rituals:draft.place"
DRAFT_SAVE = "rituals:draft.save"
DRAFT_DISCARD = "rituals:draft.discard"
HOLIDAYS_ASK = "rituals:holidays.ask"
HOLIDAYS_SET = "rituals:holidays.set"
QUIET_CHANGE = "rituals:quiet.change"
QUIET_PAUSE = "rituals:quiet.pause"
QUIET_KEEP = "rituals:quiet.keep"

_SHOWN_DATES = 20


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
        owner=_owner(ritual, t),
        command="`/manage rituals list`",
    )
    return Card((Text(text),))


def list_card(rituals: Sequence[Ritual], t: Translator) -> Card:
    """The community's rituals, and a menu to open one."""
    if not rituals:
        text = t("There are no rituals yet. Begin one with {command}.", command="`/manage rituals add`")
        return Card((Text(text),))
    lines = [t("**Rituals**"), *(_line(ritual, t) for ritual in rituals[:SELECT_OPTIONS])]
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
            owner=_owner(ritual, t),
        ),
    ]
    if ritual.left_out:
        lines.append(t("Left out: {dates}.", dates=_dates(ritual)))
    stop = (
        Button(t("Resume"), custom_id(RESUME, ritual.id))
        if ritual.paused_until is not None
        else Button(t("Pause"), custom_id(PAUSE, ritual.id))
    )
    items: list[Item] = [*_note(note), Text("\n".join(lines)), Text("\n".join(_health(found, t)))]
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
    items.append(Buttons(tuple(last)))
    return Card(tuple(items))


def preview_card(posted: Posted, t: Translator) -> Card:
    """What would be posted, for one person alone."""
    intro = Text(t("Only you see this. It would be posted like this:"))
    drawn = render.prompt(posted, t)
    if isinstance(drawn, Card):
        shown = tuple(each for each in drawn.items if isinstance(each, Text))
    else:
        options = "\n".join(f"- {each}" for each in drawn.answers)
        shown = (Text(f"{drawn.text}\n{drawn.question}\n{options}"),)
    lines: list[str] = []
    if posted.ritual.answer in WITH_THREAD:
        thread = render.thread_title(posted.ritual, posted.nominal, t).name
        lines.append(t("With the thread “{name}”.", name=thread))
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
    return Card((Text(t("It has ended. Nothing more will be posted for it.")),))


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
            owner=_owner(after, t),
        ),
        words.late(after.late_hours, t),
    ]
    if words.text(after, t):
        lines.insert(3, t("Asks: {text}", text=words.text(after, t)))
    if after.left_out:
        lines.append(t("Left out: {dates}.", dates=_dates(after)))
    dates = [timestamp(each, "F") for each in draft.next_dates]
    following = (
        "\n".join([t("**The next dates would be**"), *dates]) if dates else t("It would never come again.")
    )
    state = t("Nothing is changed until you save.") if draft.changed else t("Nothing is different yet.")
    save = Button(t("Save"), custom_id(DRAFT_SAVE, draft.id), style=Style.PRIMARY, disabled=not draft.changed)
    return Card(
        (
            *_note(note),
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
    days = tuple(Option(t(name), str(at), chosen=at == chosen.weekday) for at, name in enumerate(words.DAYS))
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
                value=_dates(after) or None,
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


def lost_card(ritual: Ritual, t: Translator) -> Card:
    """Tells staff that a ritual has no channel any more."""
    text = t(
        "**{title} is paused**\nIts channel was deleted. Choose another, and it goes on; {owner} looks after it.",
        title=words.title(ritual, t),
        owner=_owner(ritual, t),
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
        owner=_owner(ritual, t),
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


def _line(ritual: Ritual, t: Translator) -> str:
    return t(
        "**{title}** in {channel}: {next}",
        title=words.title(ritual, t),
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


def _owner(ritual: Ritual, t: Translator) -> str:
    return mention_user(ritual.owner_id) if ritual.owner_id else t("Nobody")


def _dates(ritual: Ritual) -> str:
    return when.dates_text(ritual.left_out).replace(",", ", ")


def _note(note: str | None) -> tuple[Item, ...]:
    return (Text(note), Divider()) if note else ()


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
