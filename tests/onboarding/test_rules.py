"""The decisions of onboarding, over plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.onboarding.model import Newcomer
from cogs.onboarding.rules import (
    LOOK_BACK,
    Greeting,
    greeting_for,
    is_answer,
    is_greeted,
    is_return,
    missed_since,
)

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

instants = st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda away: NOW + away)


@pytest.mark.parametrize(
    ("reactor", "author", "author_is_bot", "counts"),
    [(1, 2, False, True), (1, 1, False, False), (1, 2, True, False), (1, None, False, False)],
    ids=["somebody else's", "one's own", "a bot's", "nobody knows whose"],
)
def test_a_reaction_answers_somebody_elses_hello(
    reactor: int, author: int | None, author_is_bot: bool, counts: bool
) -> None:
    assert is_answer(reactor_id=reactor, author_id=author, author_is_bot=author_is_bot) is counts


@pytest.mark.parametrize(
    ("left_at", "joined_at", "is_one"),
    [
        (None, NOW, False),
        (None, NOW - HOUR, False),
        (None, NOW + HOUR, True),
        (NOW + HOUR, NOW + 2 * HOUR, True),
        (NOW + HOUR, NOW + HOUR, True),
        (NOW + HOUR, NOW, False),
    ],
    ids=[
        "the same join again",
        "an older join",
        "a later join, the leave was missed",
        "left and came back",
        "in the same instant",
        "the join is told again after the leave",
    ],
)
def test_who_really_came_back(left_at: datetime | None, joined_at: datetime, is_one: bool) -> None:
    assert is_return(left_at=left_at, joined_at=joined_at, last_joined_at=NOW) is is_one


@pytest.mark.parametrize(
    ("started_at", "greeting"),
    [
        (None, Greeting.WELCOME),
        (NOW, Greeting.WELCOME),
        (NOW + HOUR, Greeting.WELCOME),
        (NOW - HOUR, Greeting.WELCOME_BACK),
    ],
)
def test_whoever_had_begun_before_joining_is_welcomed_back(
    started_at: datetime | None, greeting: Greeting
) -> None:
    assert greeting_for(started_at=started_at, joined_at=NOW) is greeting


@given(instants, st.none() | instants, st.none() | instants)
def test_a_missed_arrival_is_neither_older_than_lyceum_nor_than_a_day(
    now: datetime, bot_joined_at: datetime | None, latest: datetime | None
) -> None:
    since = missed_since(now=now, bot_joined_at=bot_joined_at, latest_arrival=latest)
    assert since >= (latest or now) - LOOK_BACK
    assert bot_joined_at is None or since >= bot_joined_at


@pytest.mark.parametrize(
    ("joined_at", "pending", "differs"),
    [(NOW, True, False), (NOW, False, True), (NOW + HOUR, True, True), (NOW - HOUR, True, False)],
)
def test_what_we_had_not_heard_of(joined_at: datetime, pending: bool, differs: bool) -> None:
    known = Newcomer(1, NOW, pending=True, has_left=False)
    assert known.differs_from(joined_at, pending=pending) is differs
    assert Newcomer(1, NOW, pending=True, has_left=True).differs_from(joined_at, pending=pending)


@pytest.mark.parametrize(("days", "is_one"), [(0, True), (7, True), (7.01, False), (30, False)])
def test_who_joined_long_ago_is_not_greeted_any_more(days: float, is_one: bool) -> None:
    assert is_greeted(joined_at=NOW - timedelta(days=days), now=NOW) is is_one
