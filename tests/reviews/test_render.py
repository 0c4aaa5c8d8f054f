"""What the cards of reviews show when there is much of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Buttons, Card, Pick, Text
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length, quote
from cogs.reviews import paging, render, render_inbox, render_review, render_told, rules
from cogs.reviews.model import Inbox, Reply, Review, Work, Written, find_rubric
from cogs.reviews.rules import Mode, State

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
BEN, CLEO = 12, 13
T = Translations().for_locale("en")
WORK = Work(
    id=5,
    guild_id=1,
    author_id=BEN,
    round_id=None,
    mode=Mode.OPEN,
    is_open=True,
    wanted=2,
    title="Knots",
    content="https://example.org/knots",
    focus="",
    tried="",
    minutes=20,
    rubric=find_rubric("any-work"),
    deadline_at=None,
    overdrawn=False,
    channel_id=7,
    asked_at=NOW,
    is_reviewed=True,
    version=1,
    changed="",
)
GIVEN = Review(
    id=9,
    work=WORK,
    reviewer_id=CLEO,
    state=State.GIVEN,
    version=1,
    alias=0,
    ends_at=None,
    extensions=0,
    draft={},
    answers={"aim": 1, "clear": 2, "strength": "Fine", "question": "Why?", "next_step": "Cut"},
    given_at=NOW,
    is_closed=False,
    rating=None,
)


def text_of(card: Card) -> str:
    return "\n".join(each.content for each in card.items if isinstance(each, Text))


@pytest.mark.parametrize("count", [1, 3, 4, 25, 26, 75])
def test_every_review_in_hand_can_be_opened_from_the_inbox(count: int) -> None:
    held = tuple(
        replace(GIVEN, id=each, state=State.ASSIGNED, ends_at=NOW + timedelta(hours=each))
        for each in range(1, count + 1)
    )
    asked = tuple((replace(WORK, id=each, title="*" * 100), 1, None) for each in range(25))
    card = render_inbox.inbox_card(Inbox(held, asked, (), (), None), T)
    ids = {each.custom_id for row in card.items if isinstance(row, Buttons) for each in row.buttons} | {
        f"{render.HELD}:{option.value}"
        for row in card.items
        if isinstance(row, Pick) and row.custom_id.startswith(render.HELD_PICK)
        for option in row.options
    }
    assert {f"{render.HELD}:{each.id}" for each in held} <= ids
    assert all(len(row.options) <= 25 for row in card.items if isinstance(row, Pick))
    assert length(text_of(card)) <= V2_TEXT_LIMIT


def test_works_of_one_challenge_are_told_apart_by_whose_they_are_unless_that_is_hidden() -> None:
    held = tuple(
        replace(GIVEN, id=each, state=State.ASSIGNED, work=replace(WORK, author_id=each)) for each in (31, 32)
    )
    shown = text_of(render_inbox.inbox_card(Inbox(held, (), (), (), None), T))
    assert "<@31>" in shown and "<@32>" in shown
    assert "Nothing else waits" in shown and "Nothing waits" not in shown
    blind = tuple(replace(each, work=replace(each.work, mode=Mode.DOUBLE)) for each in held)
    assert "<@" not in text_of(render_inbox.inbox_card(Inbox(blind, (), (), (), None), T))
    assert "Nothing waits" in text_of(render_inbox.inbox_card(Inbox((), (), (), (), None), T))


def test_until_when_is_a_date_since_until_in_two_days_is_no_english() -> None:
    held = replace(GIVEN, state=State.ASSIGNED, ends_at=NOW + timedelta(days=2))
    for shown in (text_of(render_told.nudge_card(held, 1, T)), text_of(render.hand_card(held, T))):
        assert ":f>" in shown and ":R>" not in shown


letters = st.text(st.sampled_from("a*_|.1@\n é"), min_size=1, max_size=rules.LONGEST_REPLY)


@given(st.lists(letters, max_size=30), st.lists(letters.map(lambda each: each[:800]), min_size=3, max_size=3))
def test_the_pages_of_a_review_hold_every_word_of_it_and_each_fits(said: list[str], words: list[str]) -> None:
    answers = dict(zip(("strength", "question", "next_step"), words, strict=True))
    replies = tuple(Reply(BEN, each, NOW) for each in said)
    review = replace(GIVEN, answers=answers, replies=replies)
    shown: list[str] = []
    for page in range(paging.PAGES):
        text = text_of(render_review.review_card(review, CLEO, T, "**Sent.**", page))
        assert length(text) <= V2_TEXT_LIMIT
        if text in shown:
            break
        shown.append(text)
    whole = "\n".join(shown)
    assert all(quote(each, 2 * len(each)) in whole for each in (*said, *words))
    assert text_of(render_review.review_card(review, CLEO, T, "**Sent.**", -1)) == shown[-1]


def test_who_opens_what_its_author_closed_reads_that_and_not_that_they_gave_it_back() -> None:
    closed = replace(
        GIVEN, state=State.RELEASED, work=replace(WORK, is_open=False), draft={"strength": "Fine"}
    )
    for card in (
        render.given_back_card(closed, T),
        render_review.written_card(Written(closed, lost=True), T),
    ):
        assert "needs no review any more" in text_of(card) and "is kept for you" in text_of(card)
    given_back = replace(closed, work=WORK)
    assert "Given back" in text_of(render.given_back_card(given_back, T))
    assert "take it again" in text_of(render_review.written_card(Written(given_back, lost=True), T))
