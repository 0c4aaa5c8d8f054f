"""The pure half of the configuration file: any bytes have an answer, and what is written reads as it was."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config_diff import changes, fingerprint, in_words
from bot.config_file import LARGEST_FILE, Block, parse, plain, write
from bot.config_places import Place, Server, ServerRole, find_place
from bot.config_reading import Given, Mistake, same
from bot.errors import InvalidInput, UserError
from bot.i18n import Translations
from bot.text import clean

SERVER = Server(
    "Quay Street",
    channels={11: "welcome", 12: "general", 13: "general", 14: "🎉"},
    roles={21: ServerRole(21, "Member"), 22: ServerRole(22, "Lyceum", giveable=False)},
)
EPOCH = datetime(1971, 1, 1, tzinfo=UTC)
T = Translations().for_locale("en")
KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
WORDS = st.text(max_size=40).map(clean)
PLACES = st.builds(
    Place, st.just("channel"), st.sampled_from([11, 12, 99]), st.sampled_from(["welcome", "x", ""])
)
MOMENTS = st.integers(0, 7_000_000_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))
PLAIN = st.one_of(WORDS, st.booleans(), st.integers(-(2**40), 2**40), MOMENTS, PLACES)
ITEMS = st.lists(st.dictionaries(KEYS, PLAIN, min_size=1, max_size=4), max_size=3).map(tuple)
VALUES = st.one_of(st.none(), PLAIN, st.lists(WORDS, max_size=4).map(tuple), ITEMS)
TABLES = st.dictionaries(
    KEYS.filter(lambda key: key != "format"), st.dictionaries(KEYS, VALUES, max_size=5), max_size=4
)
# What TOML can hold, whether or not it makes sense here.
RAW = st.recursive(
    st.one_of(
        st.text(max_size=20),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.datetimes(),
        MOMENTS,
        st.dates(),
        st.times(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=10,
)


def said(problem: UserError) -> None:
    """It can be told to a person: every field of its text is there."""
    assert T(problem.message, **problem.fields)


@given(TABLES)
@settings(deadline=None)
def test_what_is_written_reads_as_it_was(tables: dict[str, dict[str, Any]]) -> None:
    text = write(
        [Block(name, "A title\n# of two lines", values) for name, values in tables.items()], head=["x\ny", ""]
    )
    read = parse(text.encode())
    assert read.keys() == tables.keys()
    for name, values in tables.items():
        assert read[name].keys() == values.keys()
        for key, value in values.items():
            assert same(read[name][key], value), (read[name][key], value)
            assert changes("s", "l", value, value) == []
    assert parse(plain(read).encode()) == read


@given(
    st.one_of(
        st.binary(max_size=400), st.text(max_size=400).map(lambda each: each.encode("utf-8", "replace"))
    )
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_tables_or_a_mistake_that_can_be_said(data: bytes) -> None:
    for each in (data, b"format = 1\n" + data):
        try:
            assert isinstance(parse(each), dict)
        except InvalidInput as problem:
            said(problem)


TOML = st.lists(st.sampled_from([*"[]{}=.,\"'#\n\\ a1", "\n[general]\n", "zone", '"""', "'''"]), max_size=60)


@given(TOML)
@settings(max_examples=400, deadline=None)
def test_what_looks_like_toml_is_read_as_the_parser_reads_it_or_refused(pieces: list[str]) -> None:
    text = "format = 1\n" + "".join(pieces)
    try:
        read = parse(text.encode())
    except InvalidInput:
        return
    assert {"format": 1, **read} == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 90_000 + " = 1",
        "[" + "a." * 90_000 + "a]",
        "a = {" + "b." * 90_000 + "b = 1}",
        '"x"' + '."x"' * 60_000 + "=1",
    ],
)
def test_a_name_that_would_cost_gigabytes_is_refused_unread(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: str) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(tomllib, "loads", never)
    with pytest.raises(InvalidInput, match="dots"):
        parse(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '"""' + '\\"""' * 60_000,
        '"""' + "\\\\" * 120_000 + "\\",
        "'''" + "''x" * 80_000,
        '"' * 250_001,
        "a = '" + "x\\" * 100_000,
    ],
)
def test_quotes_that_are_never_closed_are_looked_through_once(text: str) -> None:
    """Looked through again from each quote, these would take hours."""
    with pytest.raises(InvalidInput):
        parse(text.encode())


def test_dots_in_texts_and_comments_are_no_name() -> None:
    dots = "." * 300
    text = f"format = 1 # {dots}\n[charter]\nmission = '{dots}'\nnorms = [\"a{dots}\\\"{dots}\"]\nx = '''\n{dots}\n'''\n"
    assert parse(text.encode())["charter"]["mission"] == dots


def test_a_file_may_be_as_large_as_is_said() -> None:
    head = b"format = 1\n#"
    assert parse(head + b"x" * (LARGEST_FILE - len(head))) == {}
    with pytest.raises(InvalidInput, match="larger"):
        parse(head + b"x" * (LARGEST_FILE - len(head) + 1))


@given(RAW, VALUES)
@settings(deadline=None)
def test_any_value_of_a_file_can_be_compared_with_any_that_stands(raw: Any, value: Any) -> None:
    assert same(raw, value) in (True, False)
    assert isinstance(in_words(value, T, str), str)
    assert fingerprint([("a", {"b": value})]) == fingerprint([("a", {"b": value})])


@given(RAW)
@settings(deadline=None)
def test_any_value_of_a_file_is_read_or_noted(raw: Any) -> None:
    def item(each: Given) -> None:
        each.text("words")
        each.place("channel", "channel", required=True)

    mistakes: list[Mistake] = []
    read = Given("x", dict.fromkeys("abcdefgh", raw), {}, SERVER, mistakes)
    read.text("a")
    read.flag("b")
    read.number("c", least=1, most=9)
    read.moment("d")
    read.place("e", "channel")
    read.place("f", "role", required=True)
    read.texts("g", lambda texts: texts)
    read.tables("h", ("words", "channel"), item)
    noted = {mistake.path.split(".")[1][0] for mistake in mistakes}
    assert noted | read.wanted.keys() == set("abcdefgh")
    for mistake in mistakes:
        said(mistake.problem)


@given(RAW)
@settings(deadline=None)
def test_any_value_is_a_place_of_this_server_or_refused(raw: Any) -> None:
    for of, known in (("channel", SERVER.channels), ("role", SERVER.roles)):
        try:
            assert find_place(SERVER, of, raw).id in known  # type: ignore[arg-type]  # a file may say anything
        except UserError as problem:
            said(problem)


@pytest.mark.parametrize(
    ("of", "raw", "found"),
    [
        ("channel", {"id": "11", "name": "general"}, 11),
        ("channel", {"id": "99", "name": "#Welcome"}, 11),
        ("channel", {"name": "welcome"}, 11),
        ("channel", {"name": "🎉"}, 14),
        ("role", {"name": "@MEMBER"}, 21),
        ("role", {"id": "22"}, 22),
    ],
)
def test_a_place_is_found_by_its_id_and_else_by_its_name(of: Any, raw: dict[str, str], found: int) -> None:
    assert find_place(SERVER, of, raw).id == found


@pytest.mark.parametrize(
    ("of", "raw", "said"),
    [
        ("channel", {"name": "general"}, "There are 2"),
        ("channel", {"name": "wellcome"}, "The nearest names are: welcome"),
        ("channel", {"id": "11 "}, "no name is given"),
        ("channel", {"id": "٣", "name": ""}, "no name is given"),
        ("channel", {"id": "9" * 19}, "no name is given"),
        ("channel", {"id": "11", "nam": "x"}, "Write it like"),
        ("role", {"name": "Lyceum"}, "no role"),
        ("role", {"name": "welcome"}, "no role"),
    ],
)
def test_a_place_that_cannot_be_told_is_refused(of: Any, raw: dict[str, str], said: str) -> None:
    with pytest.raises(UserError) as raised:
        find_place(SERVER, of, raw)
    assert said in str(raised.value)


def test_a_moment_comes_back_in_utc() -> None:
    read = Given("x", {"at": datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))}, {}, SERVER, [])
    read.moment("at")
    assert read.wanted["at"] == datetime(2026, 2, 28, 23, tzinfo=UTC)


def test_what_stands_is_taken_without_a_check() -> None:
    def never(_: object) -> Any:
        raise AssertionError("it was checked")

    present = {"zone": "Old/Zone", "role": Place("role", 77), "list": ({"words": "x", "target": 5},)}
    raw = {"zone": "Old/Zone", "role": {"id": "77", "name": "gone"}, "list": [{"words": "x", "target": 5}]}
    read = Given("x", raw, present, SERVER, [])
    read.text("zone", never)
    read.place("role", "role", never)
    read.tables("list", ("words", "target"), never, never)
    assert read.wanted == present and read.mistakes == []


def test_lists_are_compared_item_by_item() -> None:
    old = ({"words": "a", "target": 1}, {"words": "b", "target": 2})
    new = ({"words": "a", "target": 3}, {"words": "b", "target": 2}, {"words": "c", "target": 4})
    changed, added = changes("s", "l", old, new)
    assert (changed.item, changed.before, changed.after) == ("a", {"target": 1}, {"target": 3})
    assert (added.before, added.after) == (None, new[2])
    assert [(each.before, each.after) for each in changes("s", "l", ("a", "b"), ("b",))] == [("a", None)]
