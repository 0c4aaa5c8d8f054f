"""What facilitators read of rituals, and what fits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from bot.card_views import to_view
from bot.cards import Button, Buttons, Card, Text
from bot.i18n import Translations
from bot.nominal_times import weekly
from bot.text import V2_COMPONENTS
from cogs.rituals import render
from cogs.rituals.rules import TEMPLATES
from cogs.rituals.service import Ritual

T = Translations().for_locale("en")
NEXT = datetime(2026, 1, 12, 9, tzinfo=UTC)
WEEKLY = weekly([0], time(9), date(2026, 1, 7))


def ritual(number: int, next_run_at: datetime | None = NEXT) -> Ritual:
    return Ritual(number, 1, "monday-goals", 100 + number, "Europe/Lisbon", next_run_at, WEEKLY)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def buttons(card: Card) -> list[Button]:
    return [button for item in card.items if isinstance(item, Buttons) for button in item.buttons]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_has_a_prompt_that_says_where_to_answer(template: str) -> None:
    card = render.prompt_card(template, T)
    assert "thread below" in text(card) and not card.pings


def test_the_thread_is_named_by_the_communitys_date() -> None:
    nominal = NEXT.replace(tzinfo=None)
    assert render.thread_title("monday-goals", nominal, T).name == "Monday goals 2026-01-12"


def test_more_rituals_than_fit_on_a_card_break_nothing() -> None:
    card = render.list_card([ritual(number) for number in range(1, 41)], T)
    assert to_view(card).total_children_count <= V2_COMPONENTS
    assert buttons(card)[0].custom_id == "rituals:ritual.remove:1"


def test_a_ritual_without_a_next_time_says_where_to_look() -> None:
    assert "/manage jobs" in text(render.list_card([ritual(1, None)], T))
    assert "/manage jobs" in text(render.added_card(ritual(1, None), T))
