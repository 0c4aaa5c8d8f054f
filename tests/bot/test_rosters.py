"""Rosters: who is in a server with which roles, whatever order the news comes in; and nobody reads it elsewhere."""

from __future__ import annotations

import re
import sys
from array import array
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rosters import Entry, Roster, Rosters

PROJECT = Path(__file__).parents[2]
GUILD = 7
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
people = st.integers(1, 12)
entries = st.builds(
    Entry,
    role_ids=st.sets(st.integers(100, 105)).map(lambda each: tuple(sorted(each))),
    is_bot=st.booleans(),
    is_pending=st.booleans(),
    joined_at=st.none() | st.integers(1, 10**12).map(lambda each: BEGIN + timedelta(microseconds=each)),
)
news = st.lists(st.tuples(people, st.none() | entries))


@given(news)
def test_it_says_of_everybody_what_was_told_last(told: list[tuple[int, Entry | None]]) -> None:
    roster, known = Roster(), dict[int, Entry]()
    for member_id, entry in told:
        if entry is None:
            roster.remove(member_id)
            known.pop(member_id, None)
        else:
            roster.put(member_id, entry)
            known[member_id] = entry
    assert list(roster) == sorted(known) and len(roster) == len(known)
    assert {each: roster.find(each) for each in range(14)} == {each: known.get(each) for each in range(14)}
    for role in range(100, 106):
        assert roster.having({role}) == {each for each, entry in known.items() if role in entry.role_ids}
    humans = {each for each, entry in known.items() if not entry.is_bot and entry.role_ids}
    assert roster.having(range(100, 106), bots=False) == humans


@given(before=news, listed=st.dictionaries(people, entries), during=news, at=st.integers(0, 12))
def test_of_a_list_and_an_event_meanwhile_the_event_is_newer_and_who_is_not_listed_is_gone(
    before: list[tuple[int, Entry | None]],
    listed: dict[int, Entry],
    during: list[tuple[int, Entry | None]],
    at: int,
) -> None:
    roster = Roster()
    for member_id, entry in before:
        if entry is not None:
            roster.put(member_id, entry)
    listing = roster.list_anew()
    expected = dict[int, Entry | None](listed)
    for number, (member_id, entry) in enumerate((*listed.items(), (0, None))):
        if number == min(at, len(listed)):
            for who, what in during:
                expected[who] = what
                roster.remove(who) if what is None else roster.put(who, what)
        if entry is not None:
            listing.add(member_id, entry)
    assert not roster.is_complete
    listing.end()
    assert {each: roster.find(each) for each in roster} == {
        k: v for k, v in expected.items() if v is not None
    }
    assert roster.is_complete and roster.listings == ()


def test_a_list_that_is_given_up_takes_nobody_away() -> None:
    roster = Roster()
    roster.put(1, Entry((100,)))
    listing = roster.list_anew()
    listing.add(2, Entry(()))
    listing.give_up()
    assert list(roster) == [1, 2] and not roster.is_complete


def test_a_list_that_a_new_session_overtook_takes_nobody_away_and_says_nothing() -> None:
    roster = Roster()
    listing = roster.list_anew()
    listing.add(1, Entry((100,)))
    roster.distrust()
    roster.put(1, Entry((101,)))
    roster.put(2, Entry(()))
    listing.add(1, Entry((100,)))
    listing.end()
    assert list(roster) == [1, 2] and not roster.is_complete
    assert roster.find(1) == Entry((101,))


def test_roles_that_change_for_ever_leave_nothing_behind_once_everybody_is_listed() -> None:
    roster = Roster()
    for change in range(1000):
        roster.put(1, Entry((change,)))
        roster.put(2, Entry((change, change + 1)))
    listing = roster.list_anew()
    listing.add(1, Entry((999,)))
    listing.add(2, Entry((7,)))
    listing.end()
    assert roster.find(1) == Entry((999,)) and roster.find(2) == Entry((7,))
    assert roster.having({7}) == {2} and roster.having({999, 1000}) == {1}
    roster.put(3, Entry((7,)))
    assert roster.having({7}) == {2, 3}
    assert len(roster._packed) == 2  # pyright: ignore[reportPrivateUsage] - the memory is what this is about


def test_roles_are_answered_as_discord_counts_them() -> None:
    rosters = Rosters()
    rosters.of(GUILD).put(1, Entry((100, 101)))
    assert rosters.roles_of(GUILD, 1) == {GUILD, 100, 101}
    assert rosters.roles_of(GUILD, 2) is None and rosters.roles_of(8, 1) is None
    assert rosters.members_with(GUILD, {101, 102}) == {1}
    rosters.forget(GUILD)
    assert rosters.members_with(GUILD, {101}) == set()


def test_a_hundred_thousand_members_take_three_megabytes() -> None:
    roster = Roster()
    for each in range(100_000):
        roster.put(1 << 60 | each, Entry((100 + each % 20, 200 + each % 7), joined_at=BEGIN))
    parts = [getattr(roster, name) for name in ("_ids", "_joined", "_kinds", "_packed", "_numbers")]
    assert sum(map(sys.getsizeof, parts)) < 3 * 2**20
    assert [type(each) for each in parts[:3]] == [array] * 3
    assert len(parts[3]) == 140


ASKS_THE_MEMORY = re.compile(
    r"\.(get_member|get_member_named|get_user|query_members|chunk)\(|\bguild\.fetch_members?\(|\.mutual_guilds\b|"
    r"\b(guild|role|channel|thread)\.(members|humans|bots|owner)\b(?!\w)"
)
ALLOWED = {
    "bot/members.py": "the one place",
    "bot/member_state.py": "keeps the memory",
    "bot/standings.py": "has the roster filled",
    "cogs/moderation/watching.py": "asks Discord about a few",
    "cogs/onboarding/catch_up.py": "asks Discord about those who have yet to accept the rules",
}


@pytest.mark.parametrize("line", ["guild.get_member(1)", "for each in role.members:", "await guild.chunk()"])
def test_such_a_line_is_found(line: str) -> None:
    assert ASKS_THE_MEMORY.search(line)


def test_nothing_else_relies_on_what_discord_py_holds_of_members() -> None:
    """With `low_memory` that is nothing; `bot/members.py` asks Discord instead, and the roster knows roles."""
    found = {
        f"{file.relative_to(PROJECT).as_posix()}:{number}: {line.strip()}"
        for folder in ("bot", "cogs")
        for file in (PROJECT / folder).rglob("*.py")
        if file.relative_to(PROJECT).as_posix() not in ALLOWED
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if ASKS_THE_MEMORY.search(line)
    }
    assert found == set()
