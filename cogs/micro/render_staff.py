"""Draws five-minute tasks for facilitators."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    ManyField,
    Option,
    Pick,
    Style,
    Text,
    TextField,
    custom_id,
)
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, clean, cut
from cogs.micro.model import OwnTask, StaffDesk
from cogs.micro.rules import LONGEST_TEXT, LONGEST_TITLE, MINUTES, Kind, Level, Mood, Theme
from cogs.micro.words import LEVELS, THEMES, facts_of, text_of, title_of

DESK = "micro:staff.desk"
SWITCH = "micro:staff.switch"
PICK = "micro:staff.pick"
NEXT = "micro:staff.page"
ADD = "micro:staff.add"
ADD_FORM = "micro:staff.added"
EDIT = "micro:staff.edit"
EDIT_FORM = "micro:staff.edited"
THEME = "micro:staff.theme"
RETIRE = "micro:staff.retire"
BRING_BACK = "micro:staff.bring_back"


def desk_card(desk: StaffDesk, t: Translator, page: int = 0) -> Card:
    """Everything at a glance."""
    lines = [t("**Five-minute tasks**"), t("What is shipped is offered in these themes:")]
    for theme in Theme:
        state = t("off") if theme in desk.themes_off else t("on")
        lines.append(f"- {t(THEMES[theme])}: {state}")
    if desk.most_done:
        lines.append(t("Done most in the last 90 days:"))
        lines += [f"- {title_of(task, t)}: {_count(count, t)}" for task, count in desk.most_done]
    else:
        lines.append(t("Nothing was done in the last 90 days."))
    n = sum(not each.retired for each in desk.own)
    own = t.tn("You have {n} task of your own.", "You have {n} tasks of your own.", n)
    lines.append(own if n else t("You have no tasks of your own yet."))
    switch = tuple(
        Option(
            t("Switch on: {theme}", theme=t(THEMES[theme]))
            if theme in desk.themes_off
            else t("Switch off: {theme}", theme=t(THEMES[theme])),
            f"{'on' if theme in desk.themes_off else 'off'}:{theme}",
        )
        for theme in Theme
    )
    items: list[Item] = [
        Text("\n".join(lines)),
        Pick(custom_id(SWITCH), t("Switch a theme on or off"), switch),
    ]
    pages = max(1, -(-len(desk.own) // SELECT_OPTIONS))
    page %= pages
    options = tuple(_option(each, t) for each in desk.own[page * SELECT_OPTIONS :][:SELECT_OPTIONS])
    if options:
        items.append(Pick(custom_id(PICK), t("Look at a task of your own"), options))
    buttons = [Button(t("Add a task"), custom_id(ADD), style=Style.PRIMARY)]
    if pages > 1:
        buttons.append(Button(t("More of your own"), custom_id(NEXT, page + 1)))
    items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def task_card(own: OwnTask, t: Translator, *, said_first: str | None = None) -> Card:
    """One task of the community's own."""
    task = own.task
    lines = [said_first] if said_first else []
    lines += [f"**{title_of(task, t)}**", text_of(task, t), f"-# {facts_of(task, t)}"]
    lines.append(t("Done in the last 90 days: {count}", count=_count(own.done, t)))
    if own.retired:
        lines.append(t("It is retired: nobody is offered it."))
    themes = tuple(Option(t(THEMES[each]), each.value, chosen=each is task.theme) for each in Theme)
    state = (
        Button(t("Bring it back"), custom_id(BRING_BACK, own.id))
        if own.retired
        else Button(t("Retire it"), custom_id(RETIRE, own.id))
    )
    buttons = (
        Button(t("Change"), custom_id(EDIT, own.id), style=Style.PRIMARY),
        state,
        Button(t("Back"), custom_id(DESK)),
    )
    return Card(
        (
            Text("\n".join(lines)),
            Pick(custom_id(THEME, own.id), t("What is it about?"), themes),
            Divider(),
            Buttons(buttons),
        )
    )


def task_form(t: Translator, own: OwnTask | None = None) -> Form:
    """To add a task, or to change one."""
    task = own.task if own is not None else None
    title = t("Change the task") if own is not None else t("Add a task")
    minutes = task.minutes if task is not None else 5
    level = task.level if task is not None else Level.STARTER
    return Form(
        title,
        custom_id(EDIT_FORM, own.id) if own is not None else custom_id(ADD_FORM),
        (
            TextField("title", t("What to do"), max_length=LONGEST_TITLE, value=task.title if task else None),
            TextField(
                "text",
                t("How, and when it is done"),
                long=True,
                max_length=LONGEST_TEXT,
                value=task.text if task else None,
            ),
            ChoiceField(
                "minutes",
                t("How long it takes"),
                tuple(Option(t("{n} min", n=each), str(each), chosen=each == minutes) for each in MINUTES),
            ),
            ChoiceField(
                "level",
                t("For whom"),
                tuple(Option(t(LEVELS[each]), each.value, chosen=each is level) for each in Level),
            ),
            ManyField(
                "traits",
                t("What it is like"),
                (
                    Option(
                        t("It needs somebody else"),
                        "together",
                        chosen=task is not None and task.kind is Kind.TOGETHER,
                    ),
                    Option(t("It needs focus"), "focus", chosen=task is not None and task.mood is Mood.FOCUS),
                ),
            ),
        ),
    )


def refused_card(reason: str, typed: str, t: Translator) -> Card:
    """What was typed is shown again, so that nobody has to think of it anew."""
    return Card((Text(f"{reason}\n{typed}"), Buttons((Button(t("Back"), custom_id(DESK)),))))


def _option(own: OwnTask, t: Translator) -> Option:
    label = cut(" ".join(clean(own.task.title).split()), 90)
    return Option(label, str(own.id), t("Retired") if own.retired else None)


def _count(count: int | None, t: Translator) -> str:
    if count is None:
        return t("fewer than five times")
    return t.tn("{n} time", "{n} times", count) if count else t("never yet")
