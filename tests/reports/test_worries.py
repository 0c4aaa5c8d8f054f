"""A worry about somebody is no accusation: closing it says neither that a norm was kept nor that one was broken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.i18n import Translations
from cogs.reports import render
from cogs.reports.model import Own
from cogs.reports.rules import NOBODY, Category, State

T = Translations().for_locale("en")


@pytest.mark.parametrize("sentence", [None, "Ann called her, and they are well."])
@pytest.mark.parametrize(
    ("category", "speaks_of_norms"), [(Category.SELF_HARM, False), (Category.SPAM, True)]
)
def test_who_worried_reads_that_it_was_seen_to(
    category: Category, speaks_of_norms: bool, sentence: str | None
) -> None:
    at = datetime(2026, 1, 7, tzinfo=UTC)
    own = Own(1, 1, 1, category, "", at, State.NO_BREACH, NOBODY, sentence)
    text = render.state_text(own, T)
    assert ("norms" in text) is speaks_of_norms
    assert ("seen to it" in text) is not speaks_of_norms
    assert (sentence or "") in text
