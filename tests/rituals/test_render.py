"""What facilitators read of rituals, and what fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from bot.card_views import to_view
from bot.cards import Card, Text
from bot.i18n import Translations
from bot.nominal_times import weekly
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length
from cogs.rituals import change_cards, desk_cards, render
from cogs.rituals.drafts import Draft
from cogs.rituals.model import Ritual
from cogs.rituals.posting import Posted
from cogs.rituals.rules import LONGEST_PURPOSE, LONGEST_TEXT, LONGEST_TITLE, WITH_THREAD, AnswerBy
from cogs.rituals.shipped import templates

T = Translations().for_locale("en")
NEXT = datetime(2026, 1, 12, 9, tzinfo=UTC)
WEEKLY = weekly([0], time(9), date(2026, 1, 7))


def ritual(number: int, next_run_at: datetime | None = NEXT) -> Ritual:
    return Ritual(number, 1, "monday-goals", 100 + number, "Europe/Lisbon", next_run_at, WEEKLY)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def posted(one: Ritual, asked: str | None = None) -> Posted:
    return Posted(1, one, asked, False, 0, NEXT.replace(tzinfo=None))


@pytest.mark.parametrize(
    "template", [each.key for each in templates().values() if each.answer in WITH_THREAD]
)
def test_what_is_answered_in_a_thread_says_so(template: str) -> None:
    card = render.prompt(posted(replace(ritual(1), template=template)), T)
    assert isinstance(card, Card)
    assert "thread below" in text(card) and not card.pings


def test_the_thread_is_named_by_the_communitys_date() -> None:
    nominal = NEXT.replace(tzinfo=None)
    assert render.thread_title(ritual(1), nominal, T).name == "Monday goals 2026-01-12"


def test_more_rituals_than_fit_on_a_card_break_nothing() -> None:
    card = desk_cards.list_card([ritual(number) for number in range(1, 41)], T)
    assert to_view(card).total_children_count <= V2_COMPONENTS


def test_the_longest_texts_fit_on_one_card() -> None:
    longest = replace(
        ritual(1), title="*" * LONGEST_TITLE, purpose="*" * LONGEST_PURPOSE, text="*" * LONGEST_TEXT
    )
    draft = Draft(1, longest, longest, (), (NEXT,) * 3)
    assert length(text(change_cards.draft_card(draft, T))) <= V2_TEXT_LIMIT
    card = render.prompt(posted(longest), T)
    assert isinstance(card, Card) and length(text(card)) <= V2_TEXT_LIMIT


def test_a_poll_is_shown_before_as_discord_will_show_it() -> None:
    poll = replace(ritual(1), own_answer=AnswerBy.POLL)
    shown = text(desk_cards.preview_card(posted(poll, "What about *this*?\n# One\n||Two||"), T))
    assert "What about \\*this\\*?\n- \\# One\n- \\|\\|Two\\|\\|" in shown
    threaded = replace(ritual(1), title="*Goals*", own_answer=AnswerBy.THREAD)
    assert "“\\*Goals\\* 2026" in text(desk_cards.preview_card(posted(threaded), T))


def test_a_ritual_without_a_next_time_says_where_to_look() -> None:
    assert "/manage jobs" in text(desk_cards.list_card([ritual(1, None)], T))
    assert "/manage jobs" in text(desk_cards.added_card(ritual(1, None), T))
