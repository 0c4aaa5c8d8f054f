"""Whatever a card or form holds, what is sent fits Discord's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import text
from bot.card_views import allowed_mentions, to_modal, to_view
from bot.cards import (
    Button,
    Buttons,
    Card,
    ChoiceField,
    Divider,
    Form,
    ManyField,
    Option,
    Pick,
    PickMember,
    PickPlace,
    Text,
    TextField,
    TickField,
    custom_id,
    parse_custom_id,
)

words = st.text(max_size=40) | st.sampled_from(["", " \n", "x" * 300, "👩‍👩‍👧" * 200, "y" * 5000])
ids = st.integers(1, 9**12).map(lambda number: custom_id("test:thing.do", number))
buttons = st.builds(Button, label=words, custom_id=ids) | st.builds(
    Button, label=words, url=st.just("https://example.org")
)
options = st.lists(
    st.builds(
        Option, label=words.filter(str.strip), value=st.integers().map(str), description=words | st.none()
    ),
    max_size=40,
    unique_by=lambda option: option.value,
)
items = (
    st.builds(Text, words)
    | st.builds(Buttons, st.lists(buttons, max_size=12).map(tuple))
    | st.builds(Pick, custom_id=ids, placeholder=words, options=options.map(tuple))
    | st.builds(
        PickPlace,
        custom_id=ids,
        placeholder=words,
        of=st.sampled_from(["channel", "role"]),
        chosen=st.none() | st.just(5),
    )
    | st.builds(PickMember, custom_id=ids, placeholder=words)
    | st.builds(Divider)
)


def walk(parts: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for part in parts:
        yield part
        yield from walk(part.get("components", []))


@settings(max_examples=300, deadline=None)
@given(st.lists(items, max_size=60), st.none() | st.integers(1 << 30, (1 << 31) - 1))
def test_any_card_becomes_something_discord_takes(parts: list[Any], marker: int | None) -> None:
    sent = to_view(Card(tuple(parts)), marker=marker).to_components()
    found = list(walk(sent))
    assert 2 <= len(found) <= text.V2_COMPONENTS
    assert [part["type"] for part in sent] == [17] and sent[0].get("id") == marker
    contents = [part["content"] for part in found if part["type"] == 10]
    assert all(each.strip() for each in contents)
    assert sum(map(text.length, contents)) <= text.V2_TEXT_LIMIT
    for part in found:
        if part["type"] == 1:
            assert 1 <= len(part["components"]) <= 5
        elif part["type"] == 2:
            assert 1 <= text.length(part["label"]) <= text.BUTTON_LABEL
        elif part["type"] == 3:
            assert 1 <= len(part["options"]) <= text.SELECT_OPTIONS
            assert all(text.length(option["label"]) <= text.SELECT_LABEL for option in part["options"])
            assert all(text.length(option.get("description") or "") <= 100 for option in part["options"])
            assert text.length(part.get("placeholder") or "") <= text.SELECT_PLACEHOLDER


@settings(max_examples=100, deadline=None)
@given(st.lists(items, max_size=8))
def test_a_card_that_fits_loses_none_of_its_controls(parts: list[Any]) -> None:
    wanted = sum(
        len(part.buttons)
        if isinstance(part, Buttons)
        else bool(part.options)
        if isinstance(part, Pick)
        else 1
        for part in parts
        if not isinstance(part, Text | Divider)
    )
    found = list(walk(to_view(Card(tuple(parts))).to_components()))
    if len(found) < text.V2_COMPONENTS - 12:
        assert sum(part["type"] in (2, 3, 5, 6, 8) for part in found) == wanted


def test_what_is_cut_off_says_so() -> None:
    found = list(walk(to_view(Card((Text("x"),) * 60)).to_components()))
    assert len(found) == text.V2_COMPONENTS and found[-1]["content"] == text.ELLIPSIS


def test_only_a_hundred_people_are_pinged_and_never_everyone() -> None:
    sent = allowed_mentions(Card((Text("@everyone <@&5> <@7>"),), pings=frozenset(range(1, 300)))).to_dict()
    assert len(sent["users"]) == 100 and sent["parse"] == []  # type: ignore[typeddict-item]  # both are there


def test_a_role_is_pinged_only_where_the_card_says_so() -> None:
    sent = allowed_mentions(Card((Text("<@&5> <@&6>"),), role_pings=frozenset({5}))).to_dict()
    assert sent["roles"] == [5] and sent["parse"] == []  # type: ignore[typeddict-item]  # both are there
    assert "roles" not in allowed_mentions(Card((Text("<@&5>"),))).to_dict()


fields = st.builds(
    TextField,
    name=st.just("x"),
    label=words.filter(str.strip),
    description=words | st.none(),
    placeholder=words | st.none(),
    long=st.booleans(),
    max_length=st.integers(1, 6000),
    value=words | st.none(),
) | st.builds(TickField, name=st.just("x"), label=words.filter(str.strip), description=words | st.none())
groups = st.builds(
    ChoiceField,
    name=st.just("x"),
    label=words.filter(str.strip),
    options=options.map(tuple).filter(lambda given: len(given) >= 2),
) | st.builds(
    ManyField, name=st.just("x"), label=words.filter(str.strip), options=options.map(tuple).filter(bool)
)


@settings(max_examples=150, deadline=None)
@given(words.filter(str.strip), st.lists(fields | groups, min_size=1, max_size=5))
def test_any_form_becomes_something_discord_takes(title: str, questions: list[Any]) -> None:
    from dataclasses import replace

    named = tuple(replace(each, name=f"f{index}") for index, each in enumerate(questions))
    sent: dict[str, Any] = to_modal(Form(title, "test:thing.set", named)).to_dict()
    assert text.length(sent["title"]) <= text.MODAL_TITLE and len(sent["components"]) == len(questions)
    for part in sent["components"]:
        assert text.length(part["label"]) <= text.MODAL_LABEL
        assert text.length(part.get("description") or "") <= text.MODAL_DESCRIPTION
        control = part["component"]
        assert len(control.get("options", [])) <= text.GROUP_OPTIONS
        assert all(text.length(each["label"]) <= text.SELECT_LABEL for each in control.get("options", []))
        assert text.length(control.get("placeholder") or "") <= text.TEXT_INPUT_PLACEHOLDER
        if "max_length" in control:
            assert control["max_length"] <= text.TEXT_INPUT
            assert text.length(control.get("value") or "") <= control["max_length"]


@pytest.mark.parametrize("names", [[], ["a"] * 2, list("abcdef")])
def test_a_form_needs_one_to_five_questions_of_different_names(names: list[str]) -> None:
    with pytest.raises(ValueError, match="one to 5"):
        Form("Title", "test:thing.set", tuple(TickField(name, "?") for name in names))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "a:b",
        "a:b.c:",
        "a:b.c:1:2",
        "a:b.c:-1",
        "a:b.c:\u0661",
        "A:b.c",
        "a:b.c\n",
        "a:b.c:" + "9" * 19,
        f"a:b.c:{2**63}",
        "a:b.c:" + "1" * 60,
    ],
)
def test_an_id_that_is_none_of_ours_is_read_as_nothing(wrong: str) -> None:
    assert parse_custom_id(wrong) is None


@given(st.integers(0, 2**63 - 1) | st.none())
def test_an_id_reads_back_as_it_was_written(row_id: int | None) -> None:
    assert parse_custom_id(custom_id("onboarding:quest.start", row_id)) == ("onboarding:quest.start", row_id)


@pytest.mark.parametrize("name", ["x", "a:b", "a:b.c:d", "A:b.c", "a" * 100 + ":b.c"])
def test_a_name_against_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the id of a control"):
        custom_id(name)
