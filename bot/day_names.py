"""The days of the week as people read them, and as they choose one in a form."""

from __future__ import annotations

from bot.cards import Option
from bot.i18n import N_, Translator

DAY_NAMES = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def day_options(chosen: int, t: Translator) -> tuple[Option, ...]:
    """One for each day, with its number for a value; 0 is Monday."""
    return tuple(Option(t(name), str(at), chosen=at == chosen) for at, name in enumerate(DAY_NAMES))
