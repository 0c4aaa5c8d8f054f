"""What fits on the cards of five-minute tasks."""

from __future__ import annotations

from dataclasses import replace

from bot.card_views import to_view
from bot.cards import Card, Text
from bot.i18n import Translations
from bot.text import V2_COMPONENTS, V2_TEXT_LIMIT, length
from cogs.micro import render, render_staff
from cogs.micro.model import Desk, OwnTask, StaffDesk, Start, number_of, own_key
from cogs.micro.rules import LONGEST_NOTE, LONGEST_TEXT, LONGEST_TITLE, MOST_OWN, Wishes
from cogs.micro.shipped import shipped

T = Translations().for_locale("en")
LONGEST = replace(shipped()[0], title="*" * LONGEST_TITLE, text="*" * LONGEST_TEXT, ours=False)


def text(card: Card) -> str:
    return "\n".join(item.content for item in card.items if isinstance(item, Text))


def test_three_of_the_longest_tasks_fit() -> None:
    card = render.desk_card(Desk(Wishes(), (LONGEST,) * 3), T)
    assert length(text(card)) <= V2_TEXT_LIMIT and text(card).count(" min · ") == 3
    assert to_view(card).total_children_count <= V2_COMPONENTS


def test_as_many_own_tasks_as_there_may_be_can_all_be_reached() -> None:
    own = tuple(OwnTask(number, LONGEST, False, None) for number in range(1, MOST_OWN + 1))
    desk = StaffDesk(own, frozenset(), ((LONGEST, None),) * 5)
    shown: set[str] = set()
    for page in range(4):
        card = render_staff.desk_card(desk, T, page)
        assert length(text(card)) <= V2_TEXT_LIMIT
        menus = [item for item in card.items if isinstance(item, render_staff.Pick)]
        shown |= {option.value for option in menus[-1].options}
    assert shown == {str(each.id) for each in own}


def test_the_longest_note_is_shown_whole() -> None:
    start = Start(1, 1, 1, "x", "*" * LONGEST_TITLE, False, "done", note="*" * LONGEST_NOTE, channel_id=1)
    assert "…" not in text(render.shown_card(start, T)) and "…" not in text(render.receipt_card(start, T))


def test_no_two_tasks_share_a_number() -> None:
    keys = [each.key for each in shipped()] + [own_key(number) for number in range(10_000)]
    assert len({number_of(key) for key in keys}) == len(keys)
