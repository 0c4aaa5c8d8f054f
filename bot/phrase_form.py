"""The form in which staff try what a rule or filter would do with a message."""

from __future__ import annotations

from bot.cards import Form, TextField, custom_id
from bot.i18n import Translator

LONGEST_PHRASE = 2000


def phrase_form(control: str, t: Translator) -> Form:
    """Its answer, `phrase`, goes to the control. Nothing of it is kept."""
    field = TextField(
        "phrase",
        t("The message, as somebody would write it"),
        description=t("It is not kept."),
        long=True,
        max_length=LONGEST_PHRASE,
    )
    return Form(t("Test a phrase"), custom_id(control), (field,))
