"""What two groups of ticks say about each line of a card."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.member_card import ShownTo
from cogs.card.rules import Shown, choices

LINES = ("badges", "kudos", "streak")


def test_the_words_are_those_of_the_card() -> None:
    assert [each.value for each in Shown] == [each.value for each in ShownTo]


@given(st.sets(st.sampled_from(LINES)), st.sets(st.sampled_from(LINES)))
def test_what_was_ticked_nowhere_is_private_and_what_may_be_posted_may_be_seen(
    members: set[str], everywhere: set[str]
) -> None:
    chosen = choices(LINES, members, everywhere)
    assert set(chosen) == set(LINES)
    for line, shown in chosen.items():
        assert (shown is Shown.NOBODY) == (line not in members | everywhere)
        assert (shown is Shown.ALL) == (line in everywhere)
