"""Challenges as data: what is read, what is refused and how, and the library that ships."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.i18n import Translations
from bot.text import clean, length
from cogs.challenges import definition
from cogs.challenges.definition import LIMITS, ChallengeText, dump, from_json, parse, to_json
from cogs.challenges.model import Challenge
from cogs.challenges.render import post_card
from cogs.challenges.rules import State, Track
from cogs.challenges.shipped import THEMES, shipped

GOOD: dict[str, Any] = {"title": "Knots", "purpose": "To hold", "done": "It holds", "core": "Tie one"}


def text_of(card: Any) -> str:
    return "\n".join(item.content for item in card.items if hasattr(item, "content"))


class TestTheLibrary:
    def test_it_has_eight_of_each_theme_with_all_three_tracks(self) -> None:
        assert Counter(each.theme for each in shipped()) == dict.fromkeys(THEMES, 8)
        for each in shipped():
            assert each.tracks == tuple(Track) and each.hint and each.ours, each.key

    def test_no_two_share_a_key_or_a_title(self) -> None:
        assert (
            len({each.key for each in shipped()}) == len({each.title for each in shipped()}) == len(shipped())
        )

    @pytest.mark.parametrize("text", shipped(), ids=lambda each: each.key)
    def test_each_fits_a_post_and_a_menu(self, text: ChallengeText) -> None:
        challenge = Challenge(1, 1, State.OPEN, text, 123456789012345678, 1, 1, None, None, None, None, 0)
        assert length(text_of(post_card(challenge, Translations().for_locale("en")))) < 3500
        assert length(text.title) <= 80 and 20 <= text.minutes <= 180

    def test_each_comes_back_from_a_file(self) -> None:
        for theme in THEMES:
            listed = [each for each in shipped() if each.theme == theme]
            again = parse(dump(listed).encode())
            assert again.mistakes == ()
            assert [to_json(each) | {"ours": True} for each in again.challenges] == [
                to_json(each) for each in listed
            ]


class TestReading:
    def test_every_mistake_is_told_at_once(self) -> None:
        file = """
        theme = 7
        surprise = 1
        [[challenges]]
        title = "No core"
        purpose = ""
        done = "x"
        minutes = 0
        colour = "red"
        [[challenges]]
        key = "Bad Key"
        title = 5
        purpose = "p"
        done = "d"
        core = "c"
        """
        parsed = parse(file.encode())
        said = [str(each) for each in parsed.mistakes]
        assert parsed.challenges == ()
        for words in (
            "“theme” is one to 40",
            "“surprise” is not known",
            "Challenge 1: “colour” is not known",
            "Challenge 1: “purpose” is missing",
            "Challenge 1: “core” is missing",
            "Challenge 1: “minutes” is a number",
            "Challenge 2: “title” must be a text",
            "Challenge 2: “key” is small letters",
        ):
            assert any(words in each for each in said), (words, said)
        assert len(said) == 8

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "no [[challenges]]"),
            (b"challenges = []", "no [[challenges]]"),
            (b"challenges = [1]", "is no table"),
            (b"\xff\xfe", "no text in UTF-8"),
            (b"[[challenges", "no TOML"),
            (b"x" * (definition.MOST_BYTES + 1), "larger than"),
            (b"[[challenges]]\n" * 101, "more than 100"),
            (b"a=" + b"[" * 100_000, "no TOML"),
        ],
    )
    def test_what_is_no_such_file_is_said_and_nothing_raises(self, content: bytes, words: str) -> None:
        parsed = parse(content)
        assert parsed.challenges == () and words in " ".join(map(str, parsed.mistakes))

    @pytest.mark.parametrize("name", LIMITS)
    def test_a_text_may_be_as_long_as_its_limit_and_no_longer(self, name: str) -> None:
        for more, refused in ((0, False), (1, True)):
            parsed = definition.read({"challenges": [GOOD | {name: "x" * (LIMITS[name] + more)}]})
            assert bool(parsed.mistakes) is refused

    def test_a_key_stands_once_in_a_file(self) -> None:
        parsed = definition.read({"challenges": [GOOD | {"key": "a"}, GOOD | {"key": "a"}]})
        assert [str(each) for each in parsed.mistakes] == ["Challenge 2: the key is another one's already."]

    @given(st.dictionaries(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists)))
    def test_nothing_that_is_read_raises(self, data: dict[str, Any]) -> None:
        assert definition.read({"challenges": [data]}).mistakes

    @given(
        st.lists(
            st.fixed_dictionaries({name: st.text(max_size=60) for name in LIMITS}), min_size=1, max_size=3
        )
    )
    def test_what_is_written_is_read_again_as_it_was(self, data: list[dict[str, str]]) -> None:
        cleaned = [{name: clean(value) or "x" for name, value in each.items()} for each in data]
        texts = [from_json({**each, "theme": "any"}) for each in cleaned]
        written = dump(texts)
        assert tomllib.loads(written)
        assert list(parse(written.encode()).challenges) == texts


class TestChanging:
    def test_what_is_changed_is_not_ours_any_more(self) -> None:
        text = shipped()[0]
        assert definition.changed(text, title=text.title) == text
        changed = definition.changed(text, title="Another", minutes="30")
        assert (changed.title, changed.minutes, changed.ours) == ("Another", 30, False)
        assert from_json(to_json(changed) | {"unknown": 1}) == changed

    @pytest.mark.parametrize("typed", ["", "0", "-3", "an hour", "1201", "²"])
    def test_minutes_are_a_number(self, typed: str) -> None:
        with pytest.raises(InvalidInput):
            definition.changed(ChallengeText(title="x"), minutes=typed)

    def test_hostile_text_fits_the_post_with_its_deadline(self) -> None:
        nasty = from_json({name: "*" * most for name, most in LIMITS.items()})
        challenge = Challenge(1, 1, State.OPEN, nasty, None, 1, 1, None, None, None, None, 0)
        assert length(text_of(post_card(challenge, Translations().for_locale("en")))) < 4000
