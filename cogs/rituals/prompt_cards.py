"""What facilitators see of a queue of prompts, and members when they suggest one."""

from __future__ import annotations

from bot.cards import (
    Button,
    Buttons,
    Card,
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
from bot.i18n import Translator
from bot.text import SELECT_OPTIONS, mention_user, quote, timestamp
from cogs.rituals import desk_cards, render, rules, words
from cogs.rituals.model import Ritual
from cogs.rituals.prompts import Prompt, QueueView
from cogs.rituals.queue import DOUBTFUL, QUEUED, SUGGESTED
from cogs.rituals.rules import AnswerBy

ADD = "rituals:prompts.add"
PUT = "rituals:prompts.put"
PICK = "rituals:prompts.pick"
ARCHIVE = "rituals:prompts.archive"
FIRST = "rituals:prompt.first"
SOONER = "rituals:prompt.sooner"
CHANGE = "rituals:prompt.change"
WRITE = "rituals:prompt.write"
TAKE = "rituals:prompt.take"
AGAIN = "rituals:prompt.again"
REMOVE = "rituals:prompt.remove"
SUGGEST_GIVE = "rituals:suggest.give"

_SHOWN = 10
_LONGEST_LINE = 160


def queue_card(view: QueueView, t: Translator, *, note: str | None = None) -> Card:
    """The queue in its order, what was suggested, and what comes when it is empty."""
    ritual = view.ritual
    lines = [t("**Prompts of {title}**", title=words.title(ritual, t))]
    lines += [f"{each.number}. {_line(each.text)}" for each in view.waiting[:_SHOWN]]
    if len(view.waiting) > _SHOWN:
        lines.append(t.tn("and {n} more", "and {n} more", len(view.waiting) - _SHOWN))
    if view.following is None:
        lines.append(t("Nothing is left to ask: all of my library was asked in the last half year."))
    elif view.following.source is not None:
        following = _line(t(view.following.text))
        lines.append(t("The queue is empty. From my library would come: {text}", text=following))
    if view.suggested:
        count = len(view.suggested)
        lines.append(t.tn("{n} suggestion waits for you.", "{n} suggestions wait for you.", count))
    items: list[Item] = [Text(note)] if note else []
    items.append(Text("\n".join(lines)))
    options = [*view.suggested, *view.doubtful, *view.waiting][:SELECT_OPTIONS]
    if options:
        picked = tuple(Option(" ".join(each.text.split()), str(each.id), _state(each, t)) for each in options)
        items.append(Pick(custom_id(PICK, ritual.id), t("Open one: move, change, remove"), picked))
    add = Button(t("Add a prompt"), custom_id(ADD, ritual.id), style=Style.PRIMARY)
    archive = Button(t("Asked before"), custom_id(ARCHIVE, ritual.id))
    items.append(Buttons((add, archive, Button(t("Back"), custom_id(desk_cards.SHOW, ritual.id)))))
    return Card(tuple(items))


def prompt_card(prompt: Prompt, t: Translator, *, note: str | None = None) -> Card:
    """One prompt and what can be done with it."""
    lines = [t("**A prompt of {title}**", title=words.title(prompt.ritual, t))]
    lines.append(quote(prompt.text, 2 * rules.LONGEST_PROMPT))
    lines.append(f"-# {_state(prompt, t)}")
    if prompt.author_id and prompt.credited:
        lines.append(t("-# Suggested by {member}", member=mention_user(prompt.author_id)))
    if prompt.state == DOUBTFUL and prompt.asked_at is not None:
        lines.append(
            t(
                "It was asked on {when}, less than half a year ago. Ask it again all the same?",
                when=timestamp(prompt.asked_at, "D"),
            )
        )
    change = Button(t("Change"), custom_id(CHANGE, prompt.id))
    remove = Button(t("Remove"), custom_id(REMOVE, prompt.id), style=Style.DANGER)
    back = Button(t("Back"), custom_id(render.PROMPTS_OPEN, prompt.ritual.id))
    rows: tuple[Buttons, ...]
    if prompt.state == QUEUED:
        first = Button(t("Ask it next"), custom_id(FIRST, prompt.id), disabled=prompt.number == 1)
        sooner = Button(t("One earlier"), custom_id(SOONER, prompt.id), disabled=prompt.number == 1)
        rows = (Buttons((first, sooner, change)), Buttons((remove, back)))
    elif prompt.state == SUGGESTED:
        take = Button(t("Take it"), custom_id(TAKE, prompt.id), style=Style.PRIMARY)
        rows = (
            Buttons((take, change, Button(t("No, thanks"), custom_id(REMOVE, prompt.id)))),
            Buttons((back,)),
        )
    elif prompt.state == DOUBTFUL:
        again = Button(t("Ask it again"), custom_id(AGAIN, prompt.id), style=Style.PRIMARY)
        rows = (Buttons((again, change, remove)), Buttons((back,)))
    else:
        rows = (Buttons((back,)),)
    return Card((*((Text(note),) if note else ()), Text("\n".join(lines)), *rows))


def archive_card(view: QueueView, t: Translator) -> Card:
    """What of the queue was asked, the newest first."""
    lines = [t("**Asked before**")]
    lines += [f"{timestamp(each.used_at, 'd')}: {_line(each.text)}" for each in view.used if each.used_at]
    if not view.used:
        lines.append(t("Nothing of this queue yet."))
    back = Button(t("Back"), custom_id(render.PROMPTS_OPEN, view.ritual.id))
    return Card((Text("\n".join(lines)), Buttons((back,))))


def prompt_form(ritual: Ritual, control: str, t: Translator, text: str | None = None) -> Form:
    """Asks for a prompt."""
    return Form(t("A prompt"), control, (_text_field(ritual, t, text),))


def suggest_form(ritual: Ritual, t: Translator) -> Form:
    """Asks a member what to ask next."""
    credit = t("When it is asked, the card says that it came from you.")
    return Form(
        t("Suggest the next question"),
        custom_id(SUGGEST_GIVE, ritual.id),
        (_text_field(ritual, t, None), TickField("credited", t("You may name me"), credit, value=True)),
    )


def suggested_card(t: Translator) -> Card:
    """It was suggested."""
    return Card((Text(t("**Thank you.** The facilitators look at it before it is asked.")),))


def suggestions_card(ritual: Ritual, count: int, t: Translator) -> Card:
    """Tells staff that members suggested something."""
    title = words.title(ritual, t)
    text = t.tn("{n} suggestion for {title} waits.", "{n} suggestions for {title} wait.", count, title=title)
    look = Button(t("Look at them"), custom_id(render.PROMPTS_OPEN, ritual.id), style=Style.PRIMARY)
    return Card((Text(text), Buttons((look,))))


def _text_field(ritual: Ritual, t: Translator, text: str | None) -> TextField:
    hint = (
        t("The question first, then its answers, one a line")
        if ritual.answer is AnswerBy.POLL
        else t("Something that anybody can answer in a minute")
    )
    return TextField(
        "text", t("What should it ask?"), hint, long=True, max_length=rules.LONGEST_PROMPT, value=text
    )


def _state(prompt: Prompt, t: Translator) -> str:
    if prompt.state == QUEUED:
        return t("Number {n} in the queue", n=prompt.number)
    if prompt.state == SUGGESTED:
        return t("Suggested by a member")
    if prompt.state == DOUBTFUL:
        return t("Waits for your yes, because it was asked not long ago")
    return t("Not in the queue any more")


def _line(text: str) -> str:
    return quote(" ".join(text.split()), _LONGEST_LINE)
