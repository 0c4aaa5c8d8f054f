"""What facilitators read of how turns fell, also when there was one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from bot.cards import ChoiceField
from bot.i18n import Translations
from cogs.rota.model import Report, Rota, Seat, Shape, Turn
from cogs.rota.render import take_form
from cogs.rota.render_staff import fairness_card
from cogs.rota.rules import Fairness, How, Reason, State, Unit, Why

T = Translations().for_locale("en")
SHAPE = Shape("Host", "host", 1, Unit.WEEK, 0, time(9), "UTC", 1)
ROTA = Rota(1, 1, SHAPE, None, None, None, False, None, False, None, 3, None, None, ())


@pytest.mark.parametrize(
    ("why", "one", "two"),
    [
        (Why.OVER, "<@5> had 1 turn; 0.5 would have been even", "<@5> had 2 turns; 0.5 would"),
        (Why.UNDER, "<@5> had 1 turn; 0.5 would have been even (away", "<@5> had 2 turns; 0.5 would"),
        (Why.GAPS, "1 place stayed empty", "2 places stayed empty"),
        (Why.RUNNING, "once somebody had two turns running", "2 times somebody had two turns running"),
        (Why.WEEKENDS, "<@5> had 1 weekend turn; 0.5", "<@5> had 2 weekend turns; 0.5"),
    ],
)
def test_one_turn_is_told_as_one(why: Why, one: str, two: str) -> None:
    for count, expected in ((1, one), (2, two)):
        reason = Reason(why, count, 5, 0.5)
        card = fairness_card(Report(ROTA, Fairness(80, 4, (reason,)), ()), T)
        assert expected in str(card.items[0])


def test_whose_place_can_be_taken_is_no_bare_number() -> None:
    seats = tuple(
        Seat(n, 1, member_id, State.HOLDING, How.DRAWN, 0, is_asked=False, wants_cover=False)
        for n, member_id in enumerate((123456789012345678, 876543210987654321))
    )
    now = Turn(1, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC), "running", seats)
    rota = replace(ROTA, shape=replace(SHAPE, holders=2), now=now)
    whose = take_form(rota, {seats[0].member_id: "Ann"}, T).fields[0]
    assert isinstance(whose, ChoiceField)
    assert [each.label for each in whose.options] == ["Ann", "Somebody whose name I cannot see (…4321)"]
