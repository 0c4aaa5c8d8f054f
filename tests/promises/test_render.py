"""What fits on the cards of promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.card_views import to_view
from bot.cards import Buttons, Card, Text
from bot.i18n import Translations
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length
from cogs.promises import render
from cogs.promises.model import Promise
from cogs.promises.rules import LONGEST_WORDS, MOST_OPEN, Cheers, State

T = Translations().for_locale("en")
LARGEST = 2**63 - 1
LONGEST = Promise(
    LARGEST,
    LARGEST,
    LARGEST,
    "*" * LONGEST_WORDS,
    State.OPEN,
    public=True,
    channel_id=LARGEST,
    due_at=datetime(2026, 1, 9, 18, tzinfo=UTC),
    moves=3,
    is_asked=True,
    cheers=Cheers((LARGEST,) * 5, 99_999),
)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def labels(card: Card) -> list[str]:
    return [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]


def test_five_of_the_longest_promises_fit_on_the_list_with_all_their_buttons() -> None:
    card = render.list_card([LONGEST] * MOST_OPEN, T)
    assert to_view(card).total_children_count <= V2_COMPONENTS and length(text(card)) <= V2_TEXT_LIMIT
    assert labels(card).count("Let it go") == MOST_OPEN
    view = str(to_view(card).to_components())
    assert "Change or take back one" in view and "…" not in text(card)


@pytest.mark.parametrize("state", State)
def test_no_ending_is_called_a_failure(state: State) -> None:
    said = text(render.public_card(replace(LONGEST, state=state), T)).lower()
    assert not {"fail", "missed", "late", "broke", "overdue", "sorry"} & set(said.replace("*", " ").split())


def test_what_is_private_stands_on_no_card_that_others_see() -> None:
    private = replace(LONGEST, text="my secret", public=False)
    card = render.check_card(private, T, is_private=False)
    assert "my secret" not in text(card) and labels(card) == ["Look at it"]
    assert "my secret" in text(render.check_card(private, T, is_private=True))
