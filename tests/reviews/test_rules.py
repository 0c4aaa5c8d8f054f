"""What is decided about reviews, from plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AlreadyDone, InvalidInput, LimitReached
from cogs.reviews import rules
from cogs.reviews.rules import Thin

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _claim(
    *,
    is_author: bool = False,
    is_open: bool = True,
    holders: tuple[int, ...] = (),
    given_by: tuple[int, ...] = (),
    held: int = 0,
) -> None:
    """Member 7 takes a work that wants two reviews."""
    rules.check_claim(
        is_author=is_author,
        is_open=is_open,
        holders=holders,
        given_by=given_by,
        wanted=2,
        held=held,
        member_id=7,
    )


def _asked(*hours: float | None, ago: float = 100) -> list[tuple[datetime, datetime | None, None]]:
    """Works asked for `ago` hours ago whose first review came after so many hours; None still waits."""
    asked = NOW - ago * HOUR
    return [(asked, None if each is None else asked + each * HOUR, None) for each in hours]


def test_under_five_works_nothing_is_said_of_waiting() -> None:
    assert rules.waiting_time(_asked(1, 2, 3, 4), NOW) is None


def test_the_median_and_the_slowest_tenth_are_told() -> None:
    wait = rules.waiting_time(_asked(*range(1, 11)), NOW)
    assert wait is not None and (wait.count, wait.median, wait.p90) == (10, 5 * HOUR, 9 * HOUR)


def test_those_who_still_wait_make_it_longer_and_are_never_left_out() -> None:
    done = rules.waiting_time(_asked(1, 2, 3, 4, 5), NOW)
    with_waiting = rules.waiting_time(_asked(1, 2, 3, 4, 5, None, None, None), NOW)
    assert done is not None and with_waiting is not None
    assert done.median == 3 * HOUR and with_waiting.median == 4 * HOUR
    assert with_waiting.p90 is None and with_waiting.seen == 100 * HOUR


def test_when_not_even_half_were_reviewed_no_median_is_made_up() -> None:
    wait = rules.waiting_time(_asked(1, None, None, None, None), NOW)
    assert wait is not None and wait.median is None and wait.p90 is None


def test_who_has_waited_only_for_a_moment_does_not_count_as_a_long_wait() -> None:
    fresh = [(NOW - HOUR / 2, None, None)] * 5
    wait = rules.waiting_time([*_asked(1, 1, 1, 1, 1), *fresh], NOW)
    assert wait is not None and wait.median == HOUR


def test_what_was_closed_unreviewed_waited_until_then_and_not_for_nothing() -> None:
    closed = [(NOW - 100 * HOUR, None, NOW - 98 * HOUR)] * 5
    wait = rules.waiting_time([*_asked(1, 1, 1, 3, 3), *closed], NOW)
    assert wait is not None and wait.median == 3 * HOUR and wait.seen == 3 * HOUR


@given(st.lists(st.tuples(st.integers(0, 500), st.booleans()), min_size=5, max_size=40))
def test_the_median_is_never_shorter_than_if_all_who_wait_were_reviewed_now(
    found: list[tuple[int, bool]],
) -> None:
    honest = rules.waiting_time(
        [(NOW - hours * HOUR, NOW if is_done else None, None) for hours, is_done in found], NOW
    )
    naive = rules.waiting_time([(NOW - hours * HOUR, NOW, None) for hours, _ in found], NOW)
    assert honest is not None and naive is not None and naive.median is not None
    assert honest.median is None or honest.median >= naive.median
    assert honest.p90 is None or (honest.median is not None and honest.p90 >= honest.median)


@pytest.mark.parametrize(
    ("given_", "received", "waiting", "is_late"),
    [(0, 0, 0, False), (0, 0, 1, True), (0, 1, 0, True), (1, 1, 0, False), (1, 1, 1, True), (5, 2, 1, False)],
)
def test_the_first_request_is_free_and_then_giving_moves_one_up(
    given_: int, received: int, waiting: int, *, is_late: bool
) -> None:
    assert rules.is_overdrawn(given_, received, waiting) is is_late


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"is_author": True}, InvalidInput),
        ({"is_open": False}, AlreadyDone),
        ({"holders": (7,)}, AlreadyDone),
        ({"holders": (8,)}, AlreadyDone),
        ({"given_by": (7,)}, AlreadyDone),
        ({"given_by": (8, 9)}, AlreadyDone),
        ({"held": 3}, LimitReached),
    ],
)
def test_what_cannot_be_taken_is_refused_and_what_is_free_is_not(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    _claim()
    with pytest.raises(error):
        _claim(**changes)


@pytest.mark.parametrize(
    ("is_closed", "is_held", "is_reviewed", "is_answered", "stage"),
    [
        (False, False, False, False, rules.Stage.WAITING),
        (False, True, False, False, rules.Stage.IN_REVIEW),
        (False, True, True, True, rules.Stage.IN_REVIEW),
        (False, False, True, False, rules.Stage.REVIEWED),
        (False, False, True, True, rules.Stage.ANSWERED),
        (True, False, True, True, rules.Stage.CLOSED),
        (True, True, True, True, rules.Stage.IN_REVIEW),
    ],
)
def test_a_work_is_at_one_stage(
    stage: rules.Stage, *, is_closed: bool, is_held: bool, is_reviewed: bool, is_answered: bool
) -> None:
    found = rules.stage(
        is_closed=is_closed, is_held=is_held, is_reviewed=is_reviewed, is_answered=is_answered
    )
    assert found is stage


OWN = "The harbour is told so well that I could smell it, and the boat in the second line stays with me."
OTHER = "Who is the reader of this text? Somebody who has never tied a knot in their life, or a sailor?"


def test_a_review_much_as_an_earlier_one_or_as_the_work_is_asked_for_a_line_of_its_own() -> None:
    words = {"strength": OWN, "question": OTHER}
    assert rules.thinness(words) is None
    assert rules.thinness(words, earlier=["", f"{OTHER.upper()}\n{OWN}"]) is rules.Thin.LIKE_EARLIER
    assert rules.thinness(words, work=f"Once upon a time. {OWN} {OTHER}") is rules.Thin.LIKE_WORK
    assert (
        rules.thinness(words, work="https://example.org", earlier=["Nice and short, and to the point."])
        is None
    )


def test_who_quotes_a_line_of_the_work_and_says_something_about_it_is_asked_nothing() -> None:
    words = {
        "strength": f"“{OWN[:60]}” is the line that I like best, because one hears it.",
        "question": OTHER,
    }
    assert rules.thinness(words, work=OWN) is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_a_share_and_a_text_is_all_like_itself(one: str, other: str) -> None:
    assert 0 <= rules.likeness(one, other) <= 1
    assert rules.likeness(one, one) in (0, 1)
    assert rules.likeness(one, f"{one} {other}") == rules.likeness(one, one)


def test_a_script_without_spaces_is_compared_too() -> None:
    text = "海の匂いがするほど港の描写が上手で、二行目の舟がいつまでも心に残り、もう一度最初から読みたくなる文章でした。誰に向けて書いたのですか"
    assert rules.likeness(text, f"前置き{text}") > 0.9 and rules.likeness(text, OWN) == 0


def test_a_claim_is_extended_four_times() -> None:
    ends = NOW + rules.LOCK
    for extensions in range(4):
        ends = rules.extended(ends, extensions, NOW)
    assert ends == NOW + 5 * rules.LOCK
    with pytest.raises(LimitReached):
        rules.extended(ends, 4, NOW)


@given(
    st.dictionaries(st.integers(1, 30), st.integers(0, 5), max_size=20),
    st.integers(0, 60),
)
def test_everybody_takes_an_equal_share_within_their_room(rooms: dict[int, int], needed: int) -> None:
    found = rules.loads(rooms, needed)
    lows, highs = sum(low for low, _ in found.values()), sum(high for _, high in found.values())
    assert all(0 <= low <= high <= rooms[each] for each, (low, high) in found.items())
    assert lows <= needed
    assert highs >= min(needed, sum(rooms.values()))
    assert all(high - low <= 1 for low, high in found.values())
    free = [low for each, (low, _) in found.items() if rooms[each] > low]
    assert len(set(free)) <= 1, "whoever has room takes the same share"


def test_a_share_is_one_more_for_some_when_it_does_not_come_out_even() -> None:
    assert rules.loads({1: 4, 2: 4, 3: 4}, 7) == {1: (2, 3), 2: (2, 3), 3: (2, 3)}
    assert rules.loads({1: 1, 2: 4, 3: 4}, 6) == {1: (1, 1), 2: (2, 3), 3: (2, 3)}
    assert rules.loads({1: 0, 2: 2}, 9) == {1: (0, 0), 2: (2, 2)}


def test_what_people_have_already_counts_in_their_share() -> None:
    rooms = {1: 4, 2: 4, 3: 4}
    assert rules.loads(rooms, 3, {1: 2, 2: 1}) == {1: (0, 0), 2: (1, 1), 3: (2, 2)}
    assert rules.loads(rooms, 4, {1: 2, 2: 1}) == {1: (0, 1), 2: (1, 2), 3: (2, 3)}
    assert rules.loads({1: 1, 2: 1}, 2, {1: 5, 2: 5}) == {1: (1, 1), 2: (1, 1)}
    assert rules.loads({1: 4, 2: 4}, 0, {1: 2}) == {1: (0, 0), 2: (0, 0)}


def test_what_no_longer_fits_is_left_out_whatever_the_reason() -> None:
    drawn = [(1, 2), (1, 3), (2, 1), (0, 2), (3, 3), (4, 1)]
    assert rules.still_fit(drawn, {1: 1, 2: 2, 3: 2, 4: 0}, {(2, 3)}) == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert rules.still_fit([(3, 2), (2, 3), (1, 2)], {1: 1, 2: 1, 3: 1}, {(2, 3)}) == [False, False, True]


def test_who_reviews_on_tuesdays_is_asked_when_one_lies_within_the_time() -> None:
    tuesday = 1 << 1
    assert rules.is_asked_in(tuesday, 0, 72) and rules.is_asked_in(tuesday, 6, 72)
    assert not rules.is_asked_in(tuesday, 2, 72) and rules.is_asked_in(tuesday, 2, 168)


@pytest.mark.parametrize(
    ("words", "thin"),
    [
        ({"strength": "Nice", "question": "", "next_step": ""}, Thin.SHORT),
        ({"strength": "Good work", "question": "Good  work", "next_step": ""}, Thin.REPEATED),
        (
            {
                "strength": "The first part is clear and well told, and I liked the harbour in it.",
                "question": "",
            },
            Thin.NO_QUESTION,
        ),
        (
            {
                "strength": "The first part is clear and well told, and I liked it.",
                "question": "Who is it for?",
            },
            None,
        ),
        (
            {
                "strength": "开头很好 第二段有点长 读者可能会迷路 建议分成两段 再加一个例子 这样更清楚 也更容易读 谢谢分享你的作品 我很喜欢",
                "question": "读者是谁\uff1f",
            },
            None,
        ),
    ],
)
def test_what_is_thin_is_noticed_in_any_script(words: dict[str, str], thin: Thin | None) -> None:
    assert rules.thinness(words) is thin


def test_hidden_reviewers_have_letters() -> None:
    assert [rules.alias_name(each) for each in (0, 1, 25, 26, 27)] == ["A", "B", "Z", "AA", "AB"]


def test_ratings_are_shown_from_five_on_and_never_before() -> None:
    assert rules.ratings([(2, 2, 2)] * 9, people=4) is None
    found = rules.ratings([(2, 1, 2), (2, 1, 2), (1, 0, 2), (2, 1, 2), (0, 1, 2)], people=5)
    assert found is not None and (found.count, found.helpful, found.specific, found.kind) == (5, 70, 40, 100)
