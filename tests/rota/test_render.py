"""What facilitators read of how turns fell, also when there was one."""

from __future__ import annotations

from datetime import time

import pytest

from bot.i18n import Translations
from cogs.rota.model import Report, Rota, Shape
from cogs.rota.render_staff import fairness_card
from cogs.rota.rules import Fairness, Reason, Unit, Why

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
