"""What everybody sees of rituals: the prompt, and the step of the set-up."""

from __future__ import annotations

from datetime import datetime

from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    Item,
    PickPlace,
    PollDraft,
    Style,
    Text,
    TextField,
    ThreadTitle,
    custom_id,
)
from bot.day_names import day_options
from bot.i18n import Translator
from bot.text import length, mention_user, quote
from cogs.rituals import rules, words
from cogs.rituals.model import Ritual
from cogs.rituals.posting import Posted
from cogs.rituals.rules import LONGEST_ON_CARD, WITH_BUTTON, AnswerBy
from cogs.rituals.shipped import MONDAY_GOALS, templates

WEEKLY_PLACE = "rituals:weekly.place"
WEEKLY_ASK = "rituals:weekly.ask"
WEEKLY_SET = "rituals:weekly.set"
ANSWER_ASK = "rituals:answer.ask"
SUGGEST_ASK = "rituals:suggest.ask"
PROMPTS_OPEN = "rituals:prompts.open"
_ROOM_FOR_ANSWERS = 1800  # of a card's 4,000 characters; the longest prompt takes half
_POLL_HOURS = 24 * 6  # over before the next one of a weekly poll


def prompt(posted: Posted, t: Translator) -> Card | PollDraft:
    """What is posted. It pings nobody."""
    if posted.ritual.answer is AnswerBy.POLL and posted.text is not None:
        return _poll(posted, t)
    items: list[Item] = [_question(posted, t)]
    if posted.answers:
        items += [Divider(), Text(_answers(posted, t))]
    buttons: list[Button] = []
    if posted.ritual.answer in WITH_BUTTON and posted.run_id:
        buttons.append(Button(t("Answer"), custom_id(ANSWER_ASK, posted.run_id), style=Style.PRIMARY))
    if posted.ritual.shipped.queue:
        suggest = custom_id(SUGGEST_ASK, posted.ritual.id)
        buttons.append(Button(t("Suggest the next question"), suggest))
    if buttons and not posted.ritual.is_ended:
        items.append(Buttons(tuple(buttons)))
    return Card(tuple(items))


def _question(posted: Posted, t: Translator) -> Text:
    """The title, what is asked, and who suggested it."""
    ritual = posted.ritual
    lines = [f"**{words.title(ritual, t)}**", _asked(posted, t) or words.text(ritual, t)]
    if posted.author_id:
        lines.append(_credit(posted, t))
    return Text("\n".join(lines))


def _answers(posted: Posted, t: Translator) -> str:
    """The newest answers, as many as there is room for, the oldest of them first."""
    shown: list[str] = []
    room = _ROOM_FOR_ANSWERS
    for each in reversed(posted.answers):
        said = quote(" ".join(each.text.split()), 2 * LONGEST_ON_CARD)
        line = f"{mention_user(each.member_id)}: {said}"
        room -= length(line) + 1
        if room < 0:
            break
        shown.insert(0, line)
    shown.append(t.tn("-# {n} person answered.", "-# {n} people answered.", posted.people))
    return "\n".join(shown)


def thread_title(ritual: Ritual, nominal: datetime, t: Translator) -> ThreadTitle:
    """The thread in which a prompt is answered."""
    return ThreadTitle(f"{words.label(ritual, t)} {nominal:%Y-%m-%d}")


def setup_items(ritual: Ritual | None, t: Translator) -> tuple[Item, ...]:
    """What /setup start shows of the rhythm: where the goals of the week are asked for, on which day and when."""
    about = t(
        "Once a week I ask everybody for one thing they would like to get done, with a thread to answer in."
    )
    title = words.title(ritual, t) if ritual is not None else t(templates()[MONDAY_GOALS].title)
    heading = f"**{title}**\n{about}"
    place = custom_id(WEEKLY_PLACE)
    if ritual is None:
        text = t(
            "Choose the channel for it, or leave it empty to go without. I begin with the next Monday, 09:00."
        )
        return Text(heading), PickPlace(place, t("Choose a channel"), "channel"), Text(text)
    change = Buttons((Button(t("Change day and time"), custom_id(WEEKLY_ASK)),))
    chosen = None if ritual.is_lost else ritual.channel_id
    menu = PickPlace(place, t("Choose a channel"), "channel", chosen=chosen)
    rule = words.when(ritual.when, t)
    when = f"{rule[:1].upper()}{rule[1:]}, {words.next_time(ritual, t)}."
    return Text(heading), menu, Text(when), change


def weekly_form(ritual: Ritual, t: Translator) -> Form:
    """Asks for the day and time of the week."""
    chosen = ritual.when
    days = day_options(chosen.weekday, t)
    return Form(
        t("Day and time"),
        custom_id(WEEKLY_SET),
        (
            ChoiceField("weekday", t("On which day?"), days),
            time_field(chosen.time, t),
        ),
    )


def time_field(present: object, t: Translator) -> TextField:
    """Asks for a time of day."""
    return TextField(
        "time",
        t("At what time?"),
        description=t("By the community's clock, for example 09:00"),
        max_length=20,
        value=f"{present:%H:%M}",
    )


def _asked(posted: Posted, t: Translator) -> str | None:
    if posted.text is None:
        return None
    return t(posted.text) if posted.is_ours else quote(posted.text, 2 * rules.LONGEST_PROMPT)


def _credit(posted: Posted, t: Translator) -> str:
    return t("-# Suggested by {member}", member=mention_user(posted.author_id))


def _poll(posted: Posted, t: Translator) -> PollDraft:
    assert posted.text is not None
    # The question stays as it was planned, because the poll is recognised by it; answers may be translated.
    question, answers = rules.split_poll(posted.text)
    if posted.is_ours:
        translated = [line.strip() for line in t(posted.text).splitlines()[1:]]
        fits = len(translated) == len(answers) == len(set(translated))
        answers = tuple(translated) if fits else answers
    lines = [f"**{words.title(posted.ritual, t)}**"]
    if posted.author_id:
        lines.append(_credit(posted, t))
    return PollDraft(question, answers, _POLL_HOURS, "\n".join(lines))
