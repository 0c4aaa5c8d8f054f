"""What a person is told of an error that they can put right, in one place for every reply that tells one."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cards import Attachment, Item, Text
from bot.counters import counters
from bot.errors import BotError, TooSoon
from bot.i18n import Translator
from bot.text import length, quote, timestamp

LONGEST_TYPED = 100  # of what somebody typed; enough to recognise it
_TYPED = {"typed": LONGEST_TYPED, "known": 1000}
WORTH_KEEPING = 12  # characters that nobody likes to type twice
_ROOM = 3000  # of a card's 4000 characters


def in_words(error: BotError, t: Translator) -> str:
    """The error's sentence, and when it is no longer too soon. Its field `typed` is what somebody typed, and `known` what
    there is instead: both are shown letter by letter, without markup.

    Counts the error: what is told is what happened, whoever tells it.
    """
    counters.errors[type(error).__name__] += 1
    fields = dict(error.fields)
    for name, longest in _TYPED.items():
        typed = fields.get(name)
        if isinstance(typed, str):
            fields[name] = quote(typed, longest)
    sentence = t(error.message, **fields)
    if isinstance(error, TooSoon):
        return f"{sentence}\n" + t("You can try again {when}.", when=timestamp(error.retry_at, "R"))
    return sentence


def typed_again(texts: Iterable[str], t: Translator) -> tuple[Item, ...]:
    """What was typed into a form that was refused, for a form keeps nothing: beside the refusal, or as a file if it is long."""
    kept = [each.strip() for each in texts if len(each.strip()) >= WORTH_KEEPING]
    if not kept:
        return ()
    shown = "\n".join((t("You wrote:"), *(quote(each, _ROOM) for each in kept)))
    if length(shown) <= _ROOM:
        return (Text(shown),)
    return (
        Text(t("What you wrote is in this file.")),
        Attachment("your-words.txt", "\n\n".join(kept).encode()),
    )
