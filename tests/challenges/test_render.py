"""What cards of challenges hold when there is much to show."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.cards import Buttons, Card, Pick, Text
from bot.i18n import Translations
from bot.text import V2_TEXT_LIMIT, length
from cogs.challenges.model import (
    Challenge,
    ChallengeSettings,
    Finisher,
    Overview,
    Results,
    Schedule,
    Submission,
)
from cogs.challenges.render import reminder_card
from cogs.challenges.render_manage import overview_card
from cogs.challenges.render_results import gallery_card, past_card, results_card
from cogs.challenges.rules import Kind, Lateness, State, Track
from cogs.challenges.shipped import shipped
from cogs.challenges.workshop import MOST_PREPARED

T = Translations().for_locale("en")
AT = datetime(2026, 1, 11, 20, tzinfo=UTC)
FIRST = 100_000_000_000_000_000


def challenge(number: int = 1) -> Challenge:
    return Challenge(number, 1, State.RESULTS, shipped()[number % 24], None, 1, 1, AT, AT, AT, AT, 0)


def finisher(number: int, *, content: str = "x" * 4000, late: Lateness = Lateness.ON_TIME) -> Finisher:
    track = list(Track)[number % 3]
    submission = Submission(
        number, 1, FIRST + number, 1, Kind.TEXT, content, "learned " * 100, 3, True, late, late, AT
    )
    return Finisher(FIRST + number, track, submission)


def words(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def labels(card: Card) -> list[str]:
    return [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]


def test_five_hundred_finishers_fit_and_all_of_them_are_found_in_the_gallery() -> None:
    people = tuple(finisher(number, late=list(Lateness)[number % 3]) for number in range(500))
    ranking = {
        track: tuple((1, each.member_id, 12) for each in people if each.track is track) for track in Track
    }
    results = Results(challenge(), people, ranking, 12, can_submit=True)
    card = results_card(results, T)
    assert length(words(card)) <= V2_TEXT_LIMIT and "500 people finished it" in words(card)
    assert "All that people made" in labels(card)
    pages = [past_card(results, T, page) for page in range(100)]
    assert all(length(words(page)) <= V2_TEXT_LIMIT for page in pages)
    assert "Next" not in labels(pages[-1]) and "Previous" not in labels(pages[0])
    seen = "\n".join(map(words, pages))
    assert all(f"<@{each.member_id}>" in seen for each in people)


def test_nobody_is_shown_who_did_not_wish_it() -> None:
    quiet = finisher(1)
    quiet = Finisher(
        quiet.member_id, quiet.track, Submission(**{**vars_of(quiet.submission), "shown": False})
    )
    results = Results(challenge(), (quiet,), {}, 0, can_submit=False)
    for card in (results_card(results, T), past_card(results, T)):
        assert "xxx" not in words(card) and "learned" not in words(card)
        assert f"<@{quiet.member_id}>" in words(card)


def vars_of(submission: Submission) -> dict[str, object]:
    return {name: getattr(submission, name) for name in submission.__dataclass_fields__}


def test_a_hundred_past_challenges_are_paged() -> None:
    past = [challenge(number) for number in range(100)]
    assert labels(gallery_card(past, T)) == ["Next"]
    assert labels(gallery_card(past, T, 3)) == labels(gallery_card(past, T, 99)) == ["Previous"]


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
