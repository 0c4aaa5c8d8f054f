"""What a case's card says of how it stands: never more than is known, and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards import Text
from bot.cases import Case, CaseKind, EndedWhy, State
from bot.i18n import Translations
from cogs.moderation.model import CaseView
from cogs.moderation.render_staff import case_card
from tests.moderation.cards import NOW, a_ban

T = Translations().for_locale("en")


def text_of(case: Case) -> str:
    card = case_card(CaseView(case), T)
    return "\n".join(each.content for each in card.items if isinstance(each, Text))


def test_what_is_on_its_way_does_not_hold_yet() -> None:
    case = replace(a_ban("Spam"), ends_at=NOW + timedelta(days=1))
    under_way, done = (text_of(replace(case, state=each)) for each in (State.PLANNED, State.DONE))
    assert "On its way to Discord" in under_way and "Holds" not in under_way
    assert "Holds until" in done and "On its way" not in done


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_permission", "I lack the permission"),
        ("target_above_bot", "they stand above me"),
        ("xyz", "(xyz)"),
    ],
)
def test_why_it_was_not_done_is_said_in_words(code: str, said: str) -> None:
    text = text_of(replace(a_ban("Spam"), state=State.FAILED, state_reason=code))
    assert "It was not done" in text and said in text and "no_permission" not in text


def test_points_that_were_overturned_are_not_shown_as_counting() -> None:
    warning = replace(
        a_ban("Spam"), kind=CaseKind.WARN, state=State.DONE, points=1, points_until=NOW, ends_at=None
    )
    assert "1 point until" in text_of(replace(warning))
    assert "point" not in text_of(replace(warning, ended_at=NOW, ended_by=7, ended_why=EndedWhy.OVERTURNED))
