"""The decisions about badges, and the badges that come with Lyceum."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.card_views import to_view
from bot.criteria import Criterion, Progress, Rule
from bot.errors import InvalidInput
from bot.i18n import Translations
from cogs.badges import render, rules
from cogs.badges.model import Award, Badge, CatalogEntry
from cogs.badges.rules import State, Tier
from cogs.badges.shipped import LibraryError, read, shipped

T = Translations().for_locale("en")
NOW = datetime(2026, 1, 5, tzinfo=UTC)
KINDS_OF_CONTRIBUTION = {
    "challenge.submitted",
    "review.given",
    "micro.done",
    "pair.met",
    "promise.kept",
    "ritual.answered",
    "showcase.added",
    "quest.step.completed",
    "quest.completed",
    "kudos.given",
    "rota.turn.served",
}
GOOD = '[[badges]]\nkey = "a"\ntitle = "A"\ntext = "Do a."\ntier = "first"\n'


def test_there_is_a_first_badge_for_each_kind_of_contribution_that_says_where_it_is_done() -> None:
    firsts = [each for each in shipped().values() if each.tier is Tier.FIRST]
    assert {kind for each in firsts for kind in each.rule.kinds} == KINDS_OF_CONTRIBUTION
    assert all(each.rule.criteria[0].at_least == 1 for each in firsts)
    assert len(shipped()) >= 20


def test_no_shipped_badge_counts_messages_or_mere_presence() -> None:
    kinds = {kind for each in shipped().values() for kind in each.rule.kinds}
    assert not any("message" in kind or "join" in kind or "presence" in kind for kind in kinds)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[badges", "Expected"),
        ("x = 1", "nothing else"),
        (GOOD + GOOD, "two badges"),
        (GOOD.replace('"a"', '"A b"'), "small letters"),
        (GOOD.replace("tier", "rank"), "needs"),
        (GOOD.replace('"first"', '"best"'), "best"),
        (GOOD.replace('"A"', '"' + "A" * 61 + '"'), "60"),
        (GOOD + 'hidden = "no"\n', "true or false"),
        (GOOD + "[[badges.rule]]\nacts = []\n", "acts"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(content: str, words: str) -> None:
    with pytest.raises(LibraryError) as refused:
        read(content)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("would", "people", "everybody"),
    [(0, 0, False), (2, 2, False), (3, 3, True), (9, 10, True), (8, 10, False)],
)
def test_nearly_everybody_is_everybody_but_of_very_few(would: int, people: int, everybody: bool) -> None:
    assert rules.means_everybody(would, people) is everybody


def test_a_lost_one_comes_back_under_its_number() -> None:
    assert rules.number_to_use([]) == (1, False)
    assert rules.number_to_use([("held", 1), ("lost", 3), ("lost", 2)]) == (2, True)
    assert rules.number_to_use([("revoked", 1), ("by_hand", 2)]) == (3, False)


@given(st.text(max_size=8))
def test_a_typed_number_is_read_or_refused(typed: str) -> None:
    try:
        assert 0 <= rules.read_number(typed, 0, 1000) <= 1000
    except InvalidInput:
        assert typed.strip()


def a_badge(number: int, title: str, how: str, criteria: tuple[Criterion, ...]) -> Badge:
    return Badge(number, 1, title, how, Tier.RARE, Rule(criteria), State.ON, ours=False, repeatable=True)


def test_the_longest_words_fit_a_page_with_its_buttons() -> None:
    criteria = tuple(Criterion((f"kind.{n}" * 7,), 1000, 730, 999, 999) for n in range(5))
    how_far = tuple(Progress(each, 0, 1000) for each in criteria)
    badge = a_badge(1, "*" * rules.LONGEST_TITLE, "_" * rules.LONGEST_HOW, criteria)
    card = render.catalog_card([CatalogEntry(badge, 0, how_far)] * 12, {}, T)
    view = to_view(card)
    assert view.content_length() <= 4000
    labels = [str(getattr(item, "label", "")) for item in view.walk_children()]
    assert {"Next page", "Previous page", "My badges"} <= set(labels)


def test_wins_of_many_people_fit_one_post() -> None:
    badge = a_badge(1, "*" * rules.LONGEST_TITLE, "x", ())
    awards = [Award(n, badge, 10**18 + n, 1, "held", NOW, None, by_hand=False) for n in range(60)]
    view = to_view(render.wins_card(awards, T))
    assert view.content_length() <= 4000
