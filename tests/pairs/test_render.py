"""What people read of pairings, in every state and at its longest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.card_views import to_view
from bot.cards import Buttons, Card, Text
from bot.i18n import Translations
from cogs.pairs import render, render_staff, rules
from cogs.pairs.drawing import Draw, Inputs
from cogs.pairs.model import Desk, Group, PairSettings, Past, Rhythm, Somebody, Status, preview_of
from cogs.pairs.rules import Outcome, Person, Rate, Why

T = Translations().for_locale("en")
AT = datetime(2026, 1, 12, 16, tzinfo=UTC)
TWO = (Somebody(11, "Europe/Berlin", None), Somebody(12, "Asia/Kolkata", None))
GROUP = Group(
    57,
    1,
    2,
    AT,
    TWO,
    2,
    "first-computer",
    0b1111_0000,
    Outcome.OPEN,
    AT + timedelta(days=10),
    is_closed=False,
    is_undone=False,
    rematch=False,
)


def words(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def labels(card: Card) -> list[str]:
    return [each.label for item in card.items if isinstance(item, Buttons) for each in item.buttons]


def test_the_thread_bears_the_day_that_it_is_in_the_community() -> None:
    monday = replace(GROUP, at=datetime(2026, 1, 11, 20, tzinfo=UTC))
    assert "2026-01-12" in render.room_title(monday, "Pacific/Auckland", T).name
    assert "2026-01-11" in render.room_title(monday, "UTC", T).name


def test_the_card_has_the_hours_by_everybodys_clock() -> None:
    said = words(render.group_card(GROUP, T))
    assert "04:00\u201308:00 UTC" in said
    assert "<@11>: 05:00\u201309:00" in said and "<@12>: 09:30\u201313:30" in said


def test_who_shares_no_hour_is_told_another_way() -> None:
    assert "writing here may suit you best" in words(render.group_card(replace(GROUP, hours=0), T))


def test_hours_over_midnight_are_one_span() -> None:
    said = words(render.group_card(replace(GROUP, hours=(0b11 << 22) | 0b11), T))
    assert "22:00\u201302:00 UTC" in said and "<@11>: 23:00\u201303:00" in said


@pytest.mark.parametrize(
    ("changes", "shown", "buttons"),
    [
        ({}, "meet each other", ["We met", "Didn't work", "Rematch"]),
        ({"rematch": True}, "second pair of this round", ["We met", "Didn't work"]),
        ({"is_closed": True}, "This pairing is over", []),
        ({"is_undone": True}, "taken back by staff", []),
        ({"people": TWO[:1]}, "somebody who is not here any more", ["We met", "Didn't work", "Rematch"]),
        ({"people": ()}, "somebody who is not here any more", ["We met", "Didn't work", "Rematch"]),
        ({"starter": "no-such"}, "If you like a plan", ["We met", "Didn't work", "Rematch"]),
    ],
)
def test_each_state_of_a_pair_can_be_told_from_its_card(
    changes: dict[str, object], shown: str, buttons: list[str]
) -> None:
    card = render.group_card(replace(GROUP, **changes), T)  # type: ignore[arg-type]  # any field
    assert shown in words(card) and labels(card) == buttons


def test_a_preview_of_three_hundred_fits_and_says_how_many_more_there_are() -> None:
    topics = tuple(f"*{n}" * 12 for n in range(5))
    people = tuple(Person(10**18 + n, 0, topics, topics) for n in range(300))
    out = tuple((10**18 + 500 + n, Why.OTHER_DAY) for n in range(200))
    groups = tuple((people[n].id, people[n + 1].id) for n in range(0, 200, 2))
    left = tuple((each.id, Why.NOBODY_FITS) for each in people[200:])
    preview = preview_of(1, Inputs(people, out=out), Draw(1, groups, left))
    card = render_staff.preview_card(preview, T)
    assert len(words(card)) <= 4000 and words(card).count("more") >= 3
    assert "Confirm: 100 pairs, now" in labels(card)
    to_view(card)


def test_the_desk_at_its_fullest_is_one_card_with_three_buttons_a_row() -> None:
    rounds = tuple(Past(n, AT, Rate(1, 2, 30, 4, 5)) for n in range(6))
    rhythm = Rhythm(tuple(range(7)), time(16), 3)
    desk = Desk(
        PairSettings(1, channel_id=2), rhythm, "America/Argentina/Buenos_Aires", AT, 10_000, rounds, 3, 4
    )
    card = render_staff.desk_card(desk, T)
    assert "8 % met (1 met, 2 in part, 30 did not, 4 said nothing, 5 still to tell)" in words(card)
    assert all(len(item.buttons) <= 3 for item in card.items if isinstance(item, Buttons))
    assert "Every 4 weeks instead" in labels(card) and "Take the round back" in labels(card)
    to_view(card)


def test_who_is_not_in_can_take_part_with_one_tap() -> None:
    assert labels(render.status_card(Status(1, is_in=False), T)) == ["Take part"]


def test_the_forms_show_what_holds() -> None:
    status = Status(1, is_in=True, weekdays=rules.mask_of((0, 2)), teach=("SQL", "knots"))
    days, teach, _ = render.change_form(status, T).fields
    assert [each.value for each in days.options if each.chosen] == ["0", "2"]  # type: ignore[union-attr]  # it is the choice
    assert teach.value == "SQL, knots"  # type: ignore[union-attr]  # it is the text
