"""What people see when they answer a ritual or suggest what it should ask."""

from __future__ import annotations

from bot.cards import Button, Buttons, Card, Form, Style, Text, TextField, TickField, custom_id
from bot.i18n import Translator
from bot.text import mention_user, quote
from cogs.rituals import render, rules, words
from cogs.rituals.answers import OwnAnswer, Written, longest_answer
from cogs.rituals.rules import AnswerBy

GIVE = "rituals:answer.give"
TAKE_BACK = "rituals:answer.take_back"


def answer_form(own: OwnAnswer, t: Translator) -> Form:
    """Asks for the answer, filled with the one that was given before."""
    where = (
        t("In the thread, with your name. Without the tick only you see it.")
        if own.ritual.answer is AnswerBy.THREAD
        else t("On the card, with your name. Without the tick only you see it.")
    )
    return Form(
        words.label(own.ritual, t),
        custom_id(GIVE, own.run_id),
        (
            TextField(
                "text",
                t("Your answer"),
                t("One line is plenty. You can change it or take it back."),
                long=True,
                max_length=longest_answer(own.ritual),
                value=own.text,
            ),
            TickField("shown", t("Show it"), where, value=own.shown),
        ),
    )


def given_card(own: OwnAnswer, t: Translator) -> Card:
    """It was given: where it stands, and the way back."""
    if not own.shown:
        where = t("It counts, and only you see it.")
    elif own.ritual.answer is AnswerBy.THREAD:
        where = t("It stands in the thread in a moment.")
    else:
        where = t("It stands on the card in a moment.")
    text = f"{t('**Thank you.**')} {where}\n{quote(own.text or '', 2 * rules.LONGEST_ANSWER)}"
    change = Button(t("Change it"), custom_id(render.ANSWER_ASK, own.run_id))
    back = Button(t("Take it back"), custom_id(TAKE_BACK, own.run_id))
    return Card((Text(text), Buttons((change, back))))


def taken_back_card(own: OwnAnswer, t: Translator) -> Card:
    """It was taken back."""
    again = Button(t("Answer anew"), custom_id(render.ANSWER_ASK, own.run_id), style=Style.SECONDARY)
    return Card((Text(t("It is taken back, and nothing of it stays.")), Buttons((again,))))


def written_card(written: Written, t: Translator) -> Card:
    """An answer in the thread. It pings nobody."""
    said = quote(written.text, 2 * rules.LONGEST_ANSWER)
    return Card((Text(t("{member} answers:", member=mention_user(written.member_id)) + f"\n{said}"),))
