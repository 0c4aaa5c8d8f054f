"""What staff write is read with the place of what is wrong, and repeats are remembered within bounds."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.filters import rules
from cogs.filters.repeats import KEPT_EACH, WINDOW, Repeats, Seen
from cogs.filters.rules import Deed, Filter, What

BEN = (1, 12)


@pytest.mark.parametrize(
    ("typed", "deed"),
    [("off", Deed()), (" Flag ", Deed(What.FLAG)), ("delete", Deed(What.DELETE)), ("timeout 10", Deed(What.TIMEOUT, 10))],
)  # fmt: skip
def test_what_a_filter_does_is_read_and_written_alike(typed: str, deed: Deed) -> None:
    assert rules.read_deed(typed) == deed and rules.stored_deed(str(deed)) == deed


@pytest.mark.parametrize(
    "typed", ["ban", "timeout", "timeout 0", "timeout 99999", "delete 5", "", "timeout -3"]
)
def test_no_filter_bans_and_a_timeout_has_minutes(typed: str) -> None:
    with pytest.raises(InvalidInput):
        rules.read_deed(typed)
    assert rules.stored_deed(typed) == Deed()


def test_of_several_filters_the_one_that_does_most_decides() -> None:
    deeds = [Deed(What.FLAG), Deed(What.TIMEOUT, 5), Deed(What.DELETE), Deed(What.TIMEOUT, 60)]
    assert rules.gravest(deeds) == Deed(What.TIMEOUT, 60) and rules.gravest([]) == Deed()


def test_words_are_read_once_each_and_remarks_are_left_out() -> None:
    assert rules.read_words(["# ours", "", " foo   bar ", "foo bar", "*cat*"]) == ("foo bar", "*cat*")
    for line in ("x", "*", "a*b", "**", "w" * 61):
        with pytest.raises(InvalidInput, match="Line 2"):
            rules.read_words(["fine", line])
    with pytest.raises(InvalidInput, match="1001 entries"):
        rules.read_words([f"word{number}" for number in range(1001)])


def test_domains_are_taken_from_links_and_hosts_files() -> None:
    lines = [
        "https://Evil.example/path",
        "0.0.0.0 bad.example",
        "*.wild.example",
        "evil.example",
        "пример.рф",
    ]
    assert rules.read_domains(lines) == ("evil.example", "bad.example", "wild.example", "пример.рф")
    for line in ("localhost", "no domain", "a" * 300 + ".com", "http://", "1.2.3.4"):
        with pytest.raises(InvalidInput, match="Line 1"):
            rules.read_domains([line])


def test_invites_are_codes_or_links() -> None:
    assert rules.read_invites(["https://discord.gg/abc", "discord.com/invite/def/", "ghi"]) == (
        "abc",
        "def",
        "ghi",
    )
    with pytest.raises(InvalidInput, match="Line 1"):
        rules.read_invites(["https://example.com/abc"])


def test_a_file_is_text_of_bounded_size() -> None:
    assert rules.read_file("\ufeffa.example\r\nb.example".encode()) == ["a.example", "b.example"]
    for content in (b"\xff\xfe", b"a\0b", b"x" * (rules.LARGEST_IMPORT + 1)):
        with pytest.raises(InvalidInput):
            rules.read_file(content)


@given(st.binary(max_size=200))
def test_no_file_breaks_reading(content: bytes) -> None:
    for read in (rules.read_words, rules.read_domains, rules.read_invites, rules.read_patterns):
        with suppress(InvalidInput):
            assert all(each.strip() for each in read(rules.read_file(content)))


def test_the_filters_are_seven_and_none_is_called_ban() -> None:
    assert len(Filter) == 7 and "ban" not in set(What)


# ---------------------------------------------------------------------------------------------- repeats


def seen(number: int, channel: int, at: int, text: str = "buy this now") -> Seen:
    return Seen(number, channel, at, hash(text))


def test_one_text_in_three_channels_is_a_repeat_and_each_message_is_returned_once() -> None:
    memory = Repeats()

    def note(number: int, channel: int, at: int) -> list[int]:
        found = memory.note(BEN, seen(number, channel, at), channels=3, in_a_row=5)
        return [each.message_id for each in found]

    assert note(1, 101, 0) == [] and note(2, 102, 1000) == []
    assert note(3, 103, 2000) == [1, 2, 3]
    assert note(4, 101, 3000) == [4]
    assert note(5, 101, 3000 + WINDOW + 1) == []


def test_one_text_over_and_over_is_a_repeat_unless_something_stands_between() -> None:
    memory = Repeats()
    found = [memory.note(BEN, seen(n, 101, n), channels=9, in_a_row=4) for n in range(3)]
    assert found == [(), (), ()]
    memory.note(BEN, seen(10, 101, 10, "something else"), channels=9, in_a_row=4)
    found = [len(memory.note(BEN, seen(n, 101, n), channels=9, in_a_row=4)) for n in range(20, 24)]
    assert found == [0, 0, 0, 7]


def test_others_texts_and_other_servers_do_not_count() -> None:
    memory = Repeats()
    for number, who in enumerate(((1, 12), (1, 13), (2, 12))):
        assert memory.note(who, seen(number, 100 + number, number), channels=2, in_a_row=2) == ()


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 4), st.integers(0, 3)), max_size=120))
def test_memory_stays_bounded_and_no_message_is_returned_twice(events: list[tuple[int, int, int]]) -> None:
    memory = Repeats(most_people=10)
    returned: list[int] = []
    for number, (person, channel, text) in enumerate(events):
        found = memory.note(
            (1, person), seen(number, channel, number * 50, str(text)), channels=2, in_a_row=3
        )
        returned += [each.message_id for each in found]
        assert len(memory) <= 10 and len(found) <= KEPT_EACH
    assert len(returned) == len(set(returned))
