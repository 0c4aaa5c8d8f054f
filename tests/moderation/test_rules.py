"""Lengths, points, previews, locks and entries of the log, as values and for any input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.moderation import rules
from cogs.moderation.rules import Entry, Found, Rule, deed_of, preview, read_length, read_rules, suggest

NOW = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
BITS = st.integers(0, 2**50 - 1)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("30m", timedelta(minutes=30)),
        ("12 h", timedelta(hours=12)),
        ("1 day 12 hours", timedelta(days=1, hours=12)),
        ("1d12h", timedelta(days=1, hours=12)),
        ("2 Weeks", timedelta(weeks=2)),
        ("90 min", timedelta(minutes=90)),
        ("3 minutes, 1 hour", timedelta(minutes=63)),
        ("forever", None),
        ("  For good ", None),
    ],
)
def test_a_length_is_read_as_it_is_written(typed: str, meant: timedelta | None) -> None:
    assert read_length(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "soon", "1x", "-1d", "1", "1d soon", "0m", "\uff11d", "1e3d", "999999999999d"]
)
def test_what_is_no_length_is_said_back_with_examples(typed: str) -> None:
    with pytest.raises(InvalidInput, match="as a length of time"):
        read_length(typed)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(typed: str) -> None:
    try:
        found = read_length(typed)
    except InvalidInput:
        return
    assert found is None or found >= timedelta(minutes=1)


@given(st.integers(1, 60 * 24 * 400))
def test_a_timeout_is_never_longer_than_discord_allows(minutes: int) -> None:
    length = timedelta(minutes=minutes)
    if length > timedelta(days=28):
        with pytest.raises(InvalidInput, match="28 days"):
            rules.check_timeout(length)
    else:
        assert rules.check_timeout(length) == length


def test_a_timeout_for_good_is_refused_and_a_ban_for_good_is_not() -> None:
    with pytest.raises(InvalidInput, match="/mod restrict"):
        rules.check_timeout(None)
    assert rules.check_length(None) is None
    with pytest.raises(InvalidInput, match="more than a year"):
        rules.check_length(timedelta(days=400))


@pytest.mark.parametrize(
    ("typed", "seconds"), [("off", 0), ("10", 10), ("10s", 10), ("5m", 300), ("6h", 21600)]
)
def test_a_slowmode_is_read_in_seconds(typed: str, seconds: int) -> None:
    assert rules.read_seconds(typed) == seconds


@pytest.mark.parametrize("typed", ["7h", "forever", "21601"])
def test_a_slowmode_beyond_six_hours_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="6 hours"):
        rules.read_seconds(typed)


@pytest.mark.parametrize("reason", ["", "...", " \n ", "—"])
def test_a_reason_has_words(reason: str) -> None:
    with pytest.raises(InvalidInput, match="A reason is needed"):
        rules.check_reason(reason)


def test_a_reason_is_not_endless() -> None:
    assert rules.check_reason("a" * 1000) == "a" * 1000
    with pytest.raises(InvalidInput):
        rules.check_reason("a" * 1001)


# ---------------------------------------------------------------------------------------------- points


@given(st.integers(-3, 1000))
def test_more_points_never_suggest_less_and_never_a_ban(points: int) -> None:
    found, more = suggest(points), suggest(points + 1)
    if points < 2:
        assert found is None
        return
    assert found is not None and more is not None
    assert found.length is None or found.length <= timedelta(days=28)
    if found.length is not None and more.length is not None:
        assert more.length >= found.length
    assert not (found.length is None and more.length is not None)


def test_two_points_suggest_a_day() -> None:
    found = suggest(2)
    assert found is not None and found.length == DAY


def test_rules_are_read_one_a_line_with_their_points() -> None:
    assert read_rules("Be kind = 2\n\n  No   advertising\nMath: 1 = 1 = 3") == (
        Rule("Be kind", 2),
        Rule("No advertising", 1),
        Rule("Math: 1 = 1", 3),
    )
    assert rules.points_for((Rule("Be kind", 2),), "Be kind") == 2
    assert rules.points_for((Rule("Be kind", 2),), None) == 1


@pytest.mark.parametrize(
    "text", ["a" * 81, "Kind = 11", "= 2", "Kind\nkind = 2", "\n".join(f"r{n}" for n in range(11))]
)
def test_rules_that_do_not_fit_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_rules(text)


# ---------------------------------------------------------------------------------------------- clearing

MESSAGES = st.lists(
    st.builds(
        lambda id_, author, days, pinned: Found(id_, author, NOW - timedelta(days=days), pinned),
        st.integers(1, 10_000),
        st.integers(1, 4),
        st.floats(0, 40),
        st.booleans(),
    ),
    unique_by=lambda each: each.id,
    max_size=60,
)


@given(MESSAGES, st.integers(1, 50), st.none() | st.integers(1, 4))
def test_a_preview_says_exactly_what_goes(messages: list[Found], most: int, author: int | None) -> None:
    seen = preview(messages, now=NOW, most=most, author_id=author)
    by_id = {each.id: each for each in messages}
    assert len(set(seen.ids)) == len(seen.ids) and len(seen.ids) + seen.too_old + seen.pinned <= most
    for each in (by_id[id_] for id_ in seen.ids):
        assert not each.pinned and NOW - each.at < timedelta(days=14) and author in (None, each.author_id)
    assert sum(count for _, count in seen.by_author) == len(seen.ids)
    assert seen.oldest == min((by_id[each].at for each in seen.ids), default=None)


# ---------------------------------------------------------------------------------------------- locking


@given(BITS, BITS, st.booleans())
def test_a_lock_that_ends_leaves_the_overwrite_as_it_was(allow: int, deny: int, existed: bool) -> None:
    deny &= ~allow
    mask = rules.LOCKED
    locked_allow, locked_deny = allow & ~mask, deny & ~mask | mask
    assert rules.is_locked(locked_allow, locked_deny)
    back = rules.restored({"mask": mask, "allow": allow & mask, "deny": deny & mask, "existed": existed})
    touched = int(back["allow"]) | int(back["deny"]) | int(back["inherit"])
    assert touched == mask
    assert (locked_allow & ~touched | int(back["allow"]), locked_deny & ~touched | int(back["deny"])) == (
        allow,
        deny,
    )


# ---------------------------------------------------------------------------------------------- by hand

ENTRY = Entry(1, "ban", 20, 30, "", NOW)


@pytest.mark.parametrize(
    ("entry", "deed"),
    [
        (ENTRY, "ban"),
        (replace(ENTRY, action="kick"), "kick"),
        (replace(ENTRY, action="unban"), "unban"),
        (replace(ENTRY, actor_id=99), None),
        (replace(ENTRY, target_id=0), None),
        (replace(ENTRY, action="channel_update"), None),
        (replace(ENTRY, action="member_update", until=NOW + DAY), "timeout"),
        (replace(ENTRY, action="member_update", until=NOW - DAY), None),
        (replace(ENTRY, action="member_update", had_until=NOW + DAY), "untimeout"),
        (replace(ENTRY, action="member_update"), None),
        (replace(ENTRY, action="member_role_update", given=frozenset({5})), "restrict"),
        (replace(ENTRY, action="member_role_update", taken=frozenset({5})), "unrestrict"),
        (replace(ENTRY, action="member_role_update", given=frozenset({6})), None),
    ],
)
def test_what_was_done_by_hand_is_told_apart(entry: Entry, deed: str | None) -> None:
    assert deed_of(entry, own_id=99, restrict_role=5) == deed


def test_without_a_role_for_restrictions_no_role_is_one() -> None:
    given = replace(ENTRY, action="member_role_update", given=frozenset({5}))
    assert deed_of(given, own_id=99, restrict_role=None) is None
