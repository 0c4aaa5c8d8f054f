"""What fits on the cards of show-and-tell."""

from __future__ import annotations

from bot.cards import Card, Text
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.showcase import render
from cogs.showcase.model import Entry, Part
from cogs.showcase.render import Shown
from cogs.showcase.rules import A_PART, LONGEST_TITLE, State

T = Translations().for_locale("en")
LARGEST = 10**19
ENTRY = Entry(LARGEST, LARGEST, LARGEST, LARGEST, LARGEST, "*" * LONGEST_TITLE, State.POSTED, LARGEST)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def test_the_longest_titles_fit_on_one_card() -> None:
    part = Part(1, 2, 3, 1, 1, 99_999, (ENTRY,) * A_PART)
    card = render.digest_card(part, [Shown(ENTRY, ENTRY.title, 99_999)] * A_PART, T)
    assert length(text(card)) <= V2_TEXT_LIMIT and text(card).count("[look]") == A_PART
    assert "99999 more come next week" in text(card)


def test_a_message_without_words_still_has_a_line() -> None:
    part = Part(1, 0, 1, 1, 1, 0, (ENTRY,))
    said = text(render.digest_card(part, [Shown(ENTRY, None, 1)], T))
    assert "**A message**" in said and "1 person reacted" in said and "next week" not in said
