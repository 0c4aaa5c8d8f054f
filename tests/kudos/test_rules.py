"""What can be given when, what stands out to staff, and what may be quoted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput, LimitReached, NotAllowed, TooSoon
from cogs.kudos import rules
from cogs.kudos.model import shipped_tags
from cogs.kudos.rules import Found, Link, Pattern

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TAGS = ("Explained it well", "Brave question", "Lent a hand", "Fourth")


def edges(*pairs: tuple[int, int], step: timedelta = DAY) -> list[tuple[int, int, datetime]]:
    return [(giver, receiver, NOW + number * step) for number, (giver, receiver) in enumerate(pairs)]


@pytest.mark.parametrize("words", ["", "   ", "...", "🎉🎉", "x" * 501])
def test_a_reason_is_needed_and_a_short_one(words: str) -> None:
    with pytest.raises(InvalidInput):
        rules.check_words(words)


def test_neither_oneself_nor_bots_are_thanked() -> None:
    rules.check_people(1, 2, is_bot=False)
    for receiver, is_bot in ((1, False), (2, True)):
        with pytest.raises(InvalidInput):
            rules.check_people(1, receiver, is_bot=is_bot)


def test_the_quota_and_the_rest_hold_to_the_last_moment() -> None:
    rules.check_quota(4, 5)
    with pytest.raises(LimitReached):
        rules.check_quota(5, 5)
    rules.check_rest(None, NOW, DAY)
    rules.check_rest(NOW - DAY, NOW, DAY)
    with pytest.raises(TooSoon) as early:
        rules.check_rest(NOW - DAY + timedelta(seconds=1), NOW, DAY)
    assert early.value.retry_at == NOW + timedelta(seconds=1)


def test_who_avoids_whom_is_refused_in_the_words_for_strangers() -> None:
    rules.check_ground(shared=True, apart=False)
    said = set[str]()
    for shared, apart in ((False, False), (True, True), (False, True)):
        with pytest.raises(NotAllowed) as refusal:
            rules.check_ground(shared=shared, apart=apart)
        said.add(refusal.value.message)
    assert len(said) == 1


def test_a_link_leads_to_a_message_or_is_refused() -> None:
    assert rules.read_link("") is None
    assert rules.read_link(" https://ptb.discord.com/channels/1/22/333 ") == Link(1, 22, 333)
    for typed in ("https://discord.com/channels/@me/1/2", "https://evil.example/channels/1/2/3", "hello"):
        with pytest.raises(InvalidInput):
            rules.read_link(typed)


def test_tags_are_read_whatever_their_case_and_at_most_three() -> None:
    assert rules.read_tags(["brave  QUESTION", "", "Explained it well"], TAGS) == TAGS[:2]
    with pytest.raises(InvalidInput):
        rules.read_tags(TAGS, TAGS)
    with pytest.raises(InvalidInput, match="no tag"):
        rules.read_tags(["Wizard"], TAGS)
    assert rules.read_own_tags("Lent a hand\n\n lent a hand \nLent a hand") == ("Lent a hand", "lent a hand")
    for typed in ("a,b", "x" * 31, "\n".join(map(str, range(11)))):
        with pytest.raises(InvalidInput):
            rules.read_own_tags(typed)
    assert 1 <= len(shipped_tags()) <= rules.MOST_TAGS


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "one", "²", "51"])
def test_a_number_is_whole_and_within_its_bounds(typed: str) -> None:
    assert rules.read_number(" 50 ", 1, 50) == 50
    with pytest.raises(InvalidInput):
        rules.read_number(typed, 1, 50)


def test_each_pattern_is_found_and_ordinary_thanks_are_none() -> None:
    assert rules.list_patterns(edges((1, 2), (2, 1), (1, 3), (3, 4), (4, 1))) == ()
    assert rules.list_patterns(edges((1, 2), (2, 1), (1, 2), (2, 1))) == (Found(Pattern.MUTUAL, (1, 2), 4),)
    assert rules.list_patterns(edges(*[(1, 2)] * 4, (1, 3))) == (Found(Pattern.ONE_WAY, (1, 2), 4),)
    ring = [(1, 2), (2, 3), (3, 1)] * 2
    assert rules.list_patterns(edges(*ring)) == (Found(Pattern.RING, (1, 2, 3), 6),)
    crowd = [(giver, 9) for giver in range(5)]
    assert rules.list_patterns(edges(*crowd, step=MINUTE)) == (Found(Pattern.BURST, (9,), 5),)
    assert rules.list_patterns(edges(*crowd, step=11 * MINUTE)) == ()


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(6, 9)), max_size=40))
def test_patterns_never_count_more_than_was_given_nor_name_who_gave_and_received_none(
    pairs: list[tuple[int, int]],
) -> None:
    for found in rules.list_patterns(edges(*pairs)):
        assert found.kudos <= len(pairs)
        assert all(any(person in pair for pair in pairs) for person in found.people)
        assert found.pattern in (Pattern.ONE_WAY, Pattern.BURST)  # nobody here gives back
