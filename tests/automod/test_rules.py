"""What Discord takes is known before it is asked, and words match as Discord documents it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from cogs.automod import rules
from cogs.automod.rules import Folding, Kind, Preset, Rule

WORDS = Rule(Kind.WORDS, "Words", words=("cat",))


@pytest.mark.parametrize(
    ("keyword", "hits", "misses"),
    [
        # The examples of Discord's own documentation.
        ("cat*", ["catch", "Catapult", "CAttLE"], ["wildcat"]),
        ("tra*", ["train", "trade", "TRAditional"], ["extra"]),
        ("the mat*", ["the matrix"], ["a mat"]),
        ("*cat", ["wildcat", "copyCat"], ["catch"]),
        ("*tra", ["extra", "ultra", "orchesTRA"], ["train"]),
        ("*the mat", ["breathe mat"], ["the matrix"]),
        ("*cat*", ["location", "eduCation"], ["act"]),
        ("*the mat*", ["breathe matter"], ["the tmat"]),
        ("cat", ["Cat", "cat!", "a cat."], ["catch", "wildcat"]),
        ("the mat", ["the mat"], ["breathe matter"]),
        ("a.c", ["a.c"], ["abc"]),
    ],
)
def test_keywords_match_as_discord_documents_it(keyword: str, hits: list[str], misses: list[str]) -> None:
    assert all(rules.keyword_spans(keyword, text) for text in hits)
    assert not any(rules.keyword_spans(keyword, text) for text in misses)


def test_what_is_allowed_does_not_count_where_it_covers() -> None:
    rule = replace(WORDS, words=("*cat*",), allowed=("location",))
    assert rules.find(rule, "my location", _no_pattern) is None
    found = rules.find(rule, "my location has a cat", _no_pattern)
    assert found is not None and found.on == "cat" and found.entry == "*cat*"


def test_a_pattern_is_said_to_be_one() -> None:
    found = rules.find(replace(WORDS, words=(), patterns=("x+",)), "axxb", lambda *_: "xx")
    assert found is not None and found.is_pattern and found.on == "xx"


@given(st.text(max_size=60), st.text(min_size=1, max_size=20))
def test_no_text_breaks_the_test_of_a_phrase(text: str, keyword: str) -> None:
    for start, end in rules.keyword_spans(keyword, text):
        assert text[start:end].casefold() or start == end


def _no_pattern(*_: str) -> None:
    return None


@pytest.mark.parametrize(
    "rule",
    [
        Rule(Kind.WORDS, "", words=("cat",)),
        Rule(Kind.WORDS, "x" * 81, words=("cat",)),
        Rule(Kind.WORDS, "Words"),
        replace(WORDS, words=tuple(f"w{n}" for n in range(1001))),
        replace(WORDS, words=("w" * 61,)),
        replace(WORDS, words=("**",)),
        replace(WORDS, patterns=tuple(f"p{n}" for n in range(11))),
        replace(WORDS, patterns=("p" * 261,)),
        replace(WORDS, allowed=tuple(f"a{n}" for n in range(101))),
        replace(WORDS, message="m" * 151),
        replace(WORDS, timeout_minutes=4 * 7 * 24 * 60 + 1),
        replace(WORDS, exempt_roles=tuple(range(21))),
        replace(WORDS, exempt_channels=tuple(range(51))),
        replace(WORDS, block=False),
        Rule(Kind.PRESET, "Lists"),
        Rule(Kind.PRESET, "Lists", presets=(Preset.SLURS,), timeout_minutes=5),
        Rule(Kind.MENTIONS, "Mentions", mention_limit=51),
        Rule(Kind.MENTIONS, "Mentions"),
        Rule(Kind.SPAM, "Spam", timeout_minutes=5),
    ],
)
def test_what_discord_would_refuse_is_refused_with_a_sentence(rule: Rule) -> None:
    with pytest.raises(InvalidInput) as refused:
        rules.checked(rule)
    assert str(refused.value).endswith(".")


def test_each_kind_is_sent_as_discord_takes_it() -> None:
    """SimCord evaluates neither presets nor spam nor patterns, so what is sent is held here."""
    full = replace(
        WORDS,
        patterns=("x+",),
        allowed=("fine",),
        message="Not here",
        alert_channel_id=5,
        timeout_minutes=10,
        exempt_roles=(7,),
        exempt_channels=(8,),
    )
    assert rules.payload(rules.checked(full)) == {
        "name": "Words",
        "event_type": 1,
        "trigger_type": 1,
        "trigger_metadata": {"keyword_filter": ["cat"], "regex_patterns": ["x+"], "allow_list": ["fine"]},
        "actions": [
            {"type": 1, "metadata": {"custom_message": "Not here"}},
            {"type": 2, "metadata": {"channel_id": "5"}},
            {"type": 3, "metadata": {"duration_seconds": 600}},
        ],
        "enabled": True,
        "exempt_roles": ["7"],
        "exempt_channels": ["8"],
    }
    preset = rules.payload(
        rules.checked(Rule(Kind.PRESET, "Lists", presets=(Preset.PROFANITY, Preset.SLURS)))
    )
    assert (preset["trigger_type"], preset["trigger_metadata"]) == (4, {"presets": [1, 3], "allow_list": []})
    spam = rules.payload(rules.checked(Rule(Kind.SPAM, "Spam", enabled=False)))
    assert (spam["trigger_type"], spam["trigger_metadata"], spam["enabled"]) == (3, {}, False)
    profile = rules.payload(rules.checked(Rule(Kind.PROFILE, "Names", words=("admin",))))
    assert (profile["trigger_type"], profile["event_type"], profile["actions"][0]["type"]) == (6, 2, 4)
    mentions = rules.payload(rules.checked(Rule(Kind.MENTIONS, "M", mention_limit=5, raid_protection=True)))
    assert mentions["trigger_metadata"] == {"mention_total_limit": 5, "mention_raid_protection_enabled": True}


def test_slots_are_discords_own() -> None:
    found = {each.kind: each for each in rules.slots([Kind.WORDS] * 6 + [Kind.SPAM])}
    assert {kind: each.most for kind, each in found.items()} == {
        Kind.WORDS: 6, Kind.PRESET: 1, Kind.MENTIONS: 1, Kind.SPAM: 1, Kind.PROFILE: 1,
    }  # fmt: skip
    assert found[Kind.WORDS].is_full and found[Kind.SPAM].is_full and not found[Kind.PRESET].is_full
    assert [rules.kind_of(number) for number in (1, 3, 4, 5, 6)] == [
        Kind.WORDS, Kind.SPAM, Kind.PRESET, Kind.MENTIONS, Kind.PROFILE,
    ]  # fmt: skip
    assert rules.kind_of(2) is None


def test_several_reports_of_one_message_are_one_hit() -> None:
    folding = Folding(most=2)
    key = (1, 12, 5, 101)
    assert [folding.is_new(key, action) for action in (1, 2, 3)] == [True, False, False]
    assert [folding.is_new(key, action) for action in (1, 2)] == [True, False]
    assert folding.is_new((1, 13, 5, 101), 1) and folding.is_new((1, 14, 5, 101), 1)
    assert folding.is_new(key, 3), "what was long ago is forgotten"


def test_what_is_typed_is_read_line_by_line() -> None:
    assert rules.read_words("a, b\n c  d \n\na") == ("a", "b", "c d")
    assert rules.read_minutes("") == 0 and rules.read_minutes(" 15 ") == 15
    for typed in ("x", "-1", "99999"):
        with pytest.raises(InvalidInput):
            rules.read_minutes(typed)
