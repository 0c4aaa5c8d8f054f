"""What a person is told of an error that they can put right, in one place for every reply that tells one."""

from __future__ import annotations

from bot.counters import counters
from bot.errors import BotError, TooSoon
from bot.i18n import Translator
from bot.text import quote, timestamp

LONGEST_TYPED = 100  # of what somebody typed; enough to recognise it


def in_words(error: BotError, t: Translator) -> str:
    """The error's sentence, and when it is no longer too soon. Its field `typed` is what somebody typed: it is shown letter by letter, without markup.

    Counts the error: what is told is what happened, whoever tells it.
    """
    counters.errors[type(error).__name__] += 1
    fields = dict(error.fields)
    typed = fields.get("typed")
    if isinstance(typed, str):
        fields["typed"] = quote(typed, LONGEST_TYPED)
    sentence = t(error.message, **fields)
    if isinstance(error, TooSoon):
        return f"{sentence}\n" + t("You can try again {when}.", when=timestamp(error.retry_at, "R"))
    return sentence
