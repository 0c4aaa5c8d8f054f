"""Draws five-minute tasks for members."""

from __future__ import annotations

from typing import Any

from bot.cards import (
    Attachment,
    Button,
    Buttons,
    Card,
    Divider,
    Form,
    Item,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    TickField,
    custom_id,
)
from bot.files import safe_name
from bot.i18n import Translator
from bot.text import cut, mention_user, quote
from cogs.micro.model import Desk, Start, number_of
from cogs.micro.rules import LONGEST_NOTE, MINUTES, Level, Mood, Task
from cogs.micro.service import ANY
from cogs.micro.words import LEVELS, MOODS, facts_of, text_of, title_of

SHOW = "micro:desk.show"
START = "micro:task.start"
ANOTHER = "micro:task.another"
DONE = "micro:start.done"
DONE_FORM = "micro:start.finish"
NO_FILE = "micro:start.no_file"
LET_GO = "micro:start.let_go"
HIDE = "micro:start.hide"
SET_LEVEL = "micro:level.set"
SET_MINUTES = "micro:minutes.set"
SET_MOOD = "micro:mood.set"


def desk_card(desk: Desk, t: Translator, *, said_first: str | None = None) -> Card:
    """Three tasks to choose from, or the one that was begun."""
    if desk.lost_file is not None:
        said_first = t(
            "I was interrupted while I posted your file {name}, and it is not kept. If you do not see it in the channel, "
            "please post it yourself. Your task counts.",
            name=quote(desk.lost_file, 100),
        )
    if desk.started is not None:
        return started_card(desk.started, t, said_first=said_first)
    head = t("**Something small, now?** Choose one, or see others.")
    if not desk.tasks and desk.wishes.minutes is None:
        head = t("**There is no task at the moment.** Ask your facilitators for some.")
    elif not desk.tasks:
        head = t(
            "**There is no task for this little time.** Say that you have more, or ask your facilitators for some."
        )
    items: list[Item] = [Text(f"{said_first}\n{head}" if said_first else head)]
    for task in desk.tasks:
        items += [Divider(), Text(_task_text(task, t)), Buttons((_start_button(task, t),))]
    items += [Divider(), *_menus(desk, t)]
    if desk.tasks:
        items.append(Buttons((Button(t("Another three"), custom_id(ANOTHER)),)))
    return Card(tuple(items))


def started_card(start: Start, t: Translator, *, said_first: str | None = None) -> Card:
    """The one that was begun, whenever that was."""
    lines = [said_first] if said_first else []
    lines += [t("**You started: {title}**", title=title_of(start, t))]
    if start.task is not None:
        lines += [text_of(start.task, t), f"-# {facts_of(start.task, t)}"]
    if start.file:
        lines.append(t("You have given a file for it: {name}", name=_file_name(start)))
    lines.append(t("Finish it, or let it go. Both are fine."))
    without = (Button(t("Leave the file out"), custom_id(NO_FILE, start.id)),) if start.file else ()
    buttons = (
        Button(t("Done"), custom_id(DONE, start.id), style=Style.PRIMARY),
        *without,
        Button(t("Let it go"), custom_id(LET_GO, start.id)),
    )
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def done_form(start: Start, t: Translator) -> Form:
    has_file = bool(start.file)
    shown = t("Otherwise only you see it.")
    if has_file:
        shown = t("With your file {name}. Otherwise only you see it.", name=cut(_plain_name(start), 30))
    return Form(
        t("Done"),
        custom_id(DONE_FORM, start.id),
        (
            TextField(
                "note",
                t("One line, or a link"),
                description=t("What came of it? A few words are plenty."),
                required=not has_file,
                max_length=LONGEST_NOTE,
            ),
            TickField(
                "share",
                t("Show it to the others"),
                description=shown,
            ),
        ),
    )


def receipt_card(start: Start, t: Translator) -> Card:
    """That it counts."""
    lines = [t("**Done: {title}.** It counts.", title=title_of(start, t)), *_said(start, t)]
    if start.channel_id is None:
        lines.append(t("-# Only you see this."))
        buttons = (Button(t("One more"), custom_id(SHOW)),)
    else:
        lines.append(t("-# The others see it in <#{channel_id}>.", channel_id=start.channel_id))
        hide = Button(t("Do not show it after all"), custom_id(HIDE, start.id))
        buttons = (Button(t("One more"), custom_id(SHOW)), hide)
    return Card((Text("\n".join(lines)), Buttons(buttons)))


def shown_card(start: Start, t: Translator, *, file: tuple[str, bytes] | None = None) -> Card:
    """What everybody sees, because the member wished it."""
    title = title_of(start, t)
    head = t("{member} did a small thing: **{title}**", member=mention_user(start.member_id), title=title)
    note = [quote(start.note, 2 * LONGEST_NOTE)] if start.note else []
    items: tuple[Item, ...] = (Text("\n".join([head, *note])),)
    if file is None:
        return Card(items)
    name, content = file
    return Card((*items, Attachment(safe_name(name), content)))


def not_shown_card(start_id: int, note: str, t: Translator) -> Card:
    """It could be shown to nobody here, so nothing is finished yet. What was typed is shown again."""
    lines = [
        t("**Not finished yet.** I may not write in this channel. Show it in another one, or to nobody.")
    ]
    if note:
        lines.append(t("-# You wrote: {what}", what=quote(note, 2 * LONGEST_NOTE)))
    done = Button(t("Done"), custom_id(DONE, start_id), style=Style.PRIMARY)
    return Card((Text("\n".join(lines)), Buttons((done,))))


def hidden_card(t: Translator) -> Card:
    text = t("The post is going away. Your task counts all the same.")
    return Card((Text(text), Buttons((Button(t("One more"), custom_id(SHOW)),))))


def lost_file_card(t: Translator) -> Card:
    return Card((Text(t("Your task counts, but Discord has let go of the file. You can post it yourself.")),))


def _said(start: Start, t: Translator) -> list[str]:
    lines = [quote(start.note, 2 * LONGEST_NOTE)] if start.note else []
    if start.file:
        lines.append(t("File: {name}", name=_file_name(start)))
    return lines


def _file_name(start: Start) -> str:
    return quote(_plain_name(start), 100)


def _plain_name(start: Start) -> str:
    return str(start.file.get("name", ""))


def _task_text(task: Task, t: Translator) -> str:
    return f"**{title_of(task, t)}**\n{text_of(task, t)}\n-# {facts_of(task, t)}"


def _start_button(task: Task, t: Translator) -> Button:
    return Button(t("Start"), custom_id(START, number_of(task.key)), style=Style.PRIMARY)


def _menus(desk: Desk, t: Translator) -> tuple[Pick, Pick, Pick]:
    wishes = desk.wishes

    def option(label: str, value: Any, chosen: Any) -> Option:
        return Option(label, ANY if value is None else str(value), chosen=value == chosen)

    levels = [option(t("Any level"), None, wishes.level)]
    levels += [option(t(LEVELS[each]), each, wishes.level) for each in Level]
    times = [option(t("Any time up to ten minutes"), None, wishes.minutes)]
    times += [option(t("At most {n} minutes", n=each), each, wishes.minutes) for each in MINUTES]
    moods = [option(t("Any mood"), None, wishes.mood)]
    moods += [option(t("Mood: {mood}", mood=t(MOODS[each])), each, wishes.mood) for each in Mood]
    return (
        Pick(custom_id(SET_LEVEL), t("Level"), tuple(levels)),
        Pick(custom_id(SET_MINUTES), t("Time"), tuple(times)),
        Pick(custom_id(SET_MOOD), t("Mood"), tuple(moods)),
    )
