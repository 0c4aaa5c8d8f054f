"""What cards of challenges hold when there is much to show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.cards import Buttons, Card, Pick, Text
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.challenges.model import (
    Challenge,
    ChallengeSettings,
    Overview,
    Schedule,
)
from cogs.challenges.render import reminder_card
from cogs.challenges.render_manage import overview_card
from cogs.challenges.render_results import gallery_card, past_card, results_card
from cogs.challenges.results import Archive, Finisher, Results, Words, gallery_page, showcase
from cogs.challenges.rules import Kind, Lateness, State, Track
from cogs.challenges.shipped import shipped
from cogs.challenges.workshop import MOST_PREPARED

T = Translations().for_locale("en")
AT = datetime(2026, 1, 11, 20, tzinfo=UTC)
FIRST = 100_000_000_000_000_000


def challenge(number: int = 1) -> Challenge:
    return Challenge(number, 1, State.RESULTS, shipped()[number % 24], None, 1, 1, AT, AT, AT, AT, 0)


WORDS = Words(Kind.TEXT, "x" * 4000, "learned " * 100)


def finisher(number: int, *, shown: bool = True, late: Lateness = Lateness.ON_TIME) -> Finisher:
    return Finisher(FIRST + number, list(Track)[number % 3], shown, late, number)


def results_of(*people: Finisher, page: int | None = None, **more: Any) -> Results:
    """As they are read: with the words of what the page shows, and no others."""
    shown = showcase(people) if page is None else gallery_page(people, page).shown
    words = {each.submission_id: WORDS for each in shown}
    values: dict[str, Any] = {"ranking": {}, "considered": 0, "can_submit": False}
    return Results(challenge(), people, words, **(values | more))


def words(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def labels(card: Card) -> list[str]:
    return [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]


def test_five_hundred_finishers_fit_and_all_of_them_are_found_in_the_gallery() -> None:
    people = tuple(finisher(number, late=list(Lateness)[number % 3]) for number in range(500))
    ranking = {
        track: tuple((1, each.member_id, 12) for each in people if each.track is track) for track in Track
    }
    card = results_card(results_of(*people, ranking=ranking, considered=12, can_submit=True), T)
    assert length(words(card)) <= V2_TEXT_LIMIT and "500 people finished it" in words(card)
    assert "All that people made" in labels(card)
    pages = [past_card(results_of(*people, page=page), T, page) for page in range(100)]
    assert all(length(words(page)) <= V2_TEXT_LIMIT for page in pages)
    assert "Next" not in labels(pages[-1]) and "Previous" not in labels(pages[0])
    seen = "\n".join(map(words, pages))
    assert all(f"<@{each.member_id}>" in seen for each in people)


def test_nobody_is_shown_who_did_not_wish_it() -> None:
    quiet = finisher(1, shown=False)
    for card in (results_card(results_of(quiet), T), past_card(results_of(quiet, page=0), T)):
        assert "xxx" not in words(card) and "learned" not in words(card)
        assert f"<@{quiet.member_id}>" in words(card)


def test_a_hundred_past_challenges_are_paged() -> None:
    part = tuple(challenge(number) for number in range(25))
    first, last = (gallery_card(Archive(number, 4, 100, part), T) for number in (0, 3))
    assert (labels(first), labels(last)) == (["Next"], ["Previous"]) and "100" in words(first)


def test_everything_in_store_can_be_reached_from_the_list() -> None:
    store = tuple(challenge(number) for number in range(MOST_PREPARED))
    schedule = Schedule(None, None, "UTC", ChallengeSettings(1, channel_id=2))
    card = overview_card(Overview(challenge(99), 1, 1, (), store[:30], store[30:], (), schedule), T)
    menus = [item for item in card.items if isinstance(item, Pick)]
    assert {option.value for menu in menus for option in menu.options} == {str(at) for at in (*range(70), 99)}
    assert len({menu.custom_id for menu in menus}) == len(menus)
    assert length(words(card)) <= V2_TEXT_LIMIT and len(card.items) <= 10


def test_a_reminder_by_dm_leads_to_the_server() -> None:
    [button] = reminder_card(challenge(), 5, T, link="https://discord.com/channels/1/2").items[-1].buttons  # type: ignore[union-attr]  # the last item has the buttons
    assert button.url == "https://discord.com/channels/1/2" and button.custom_id is None
    [button] = reminder_card(challenge(), 5, T).items[-1].buttons  # type: ignore[union-attr]  # the last item has the buttons
    assert button.custom_id == "challenges:work.ask:1"
