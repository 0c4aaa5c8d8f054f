"""What goes into a digest, who may see it, and how reactions are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput
from cogs.showcase import rules
from cogs.showcase.rules import Reactor, Sight, State

REACTIONS = st.lists(st.lists(st.builds(Reactor, st.integers(1, 9), st.booleans())))


@given(REACTIONS, st.integers(1, 9))
def test_each_person_counts_once_but_the_author_and_bots(reactions: list[list[Reactor]], author: int) -> None:
    count = rules.count_people(reactions, author)
    people = {each.member_id for reaction in reactions for each in reaction if not each.is_bot}
    assert count == len(people - {author})
    assert rules.count_people([*reactions, *reactions], author) == count


@given(st.lists(st.integers()))
def test_every_message_comes_now_or_waits(entries: list[int]) -> None:
    parts, left = rules.split(entries)
    shown = [each for part in parts for each in part]
    assert shown == entries[: rules.MOST] and left == len(entries) - len(shown)
    assert all(0 < len(part) <= rules.A_PART for part in parts)


@given(st.lists(st.builds(Sight, st.booleans(), st.booleans())))
def test_whoever_sees_the_digest_must_see_the_source(sights: list[Sight]) -> None:
    assert rules.may_be_shown(sights) is not any(each.digest and not each.source for each in sights)


@pytest.mark.parametrize(
    ("text", "line"),
    [("", None), (" \n\t\n", None), ("\n  A boat  \nfloats", "A boat"), ("x" * 300, "x" * 100)],
)
def test_a_title_begins_with_the_first_line(text: str, line: str | None) -> None:
    assert rules.first_line(text) == line


@pytest.mark.parametrize("state", [None, *State])
def test_an_author_is_asked_once_a_message(state: State | None) -> None:
    if state is None:
        rules.check_ask(state)
        return
    with pytest.raises(AlreadyDone):
        rules.check_ask(state)


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_week_has_seven_days(weekday: int) -> None:
    with pytest.raises(InvalidInput):
        rules.check_weekday(weekday)
