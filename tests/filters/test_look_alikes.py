"""Links are followed to where they lead, and what pretends to be another is told from what is itself."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.filters.compiled import Compiled
from cogs.filters.folding import fold
from cogs.filters.links import Link, canonical, find_links, may_have_links
from cogs.filters.lookalikes import LookAlikes
from cogs.filters.rules import Filter, Lists
from tests.filters import corpora

ALL = frozenset(Filter)


def hosts(text: str) -> list[str]:
    return [link.host for link in find_links(text)]


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x",
        "HTTPS://EVIL.EXAMPLE",
        "https:\\\\evil.example",
        "https:evil.example/x",
        "<https://evil.example>",
        "||https://evil.example||",
        "(see https://evil.example/x).",
        "https://user@evil.example:443/x",
        "https://evil%2Eexample/x",
        "https://ev\u200bil.example/x",
        "https://\uff45\uff56\uff49\uff4c.example/x",
        "https://evil。example/x",
        "https://evil.example./x",
        "evil.example/x",
        "[here](https://evil.example/x)",
        "https://www.google.com/url?q=https%3A%2F%2Fevil.example%2F",
        "https://l.example/?u=https%253A%252F%252Fevil.example",
        "https://www.google.com/amp/s/evil.example/x",
        "https://vk.com/away.php?to=evil.example",
        "https://href.li/?https://evil.example/",
        "https://evil-example.translate.goog/x",
    ],
)
def test_every_disguise_leads_to_the_same_host(text: str) -> None:
    assert "evil.example" in hosts(text)


def test_what_is_no_link_is_none() -> None:
    for text in ("Hello there. How are you?", "wait...what", "v1.2.3 of it", "ann@evil.example", "`a.b()`"):
        assert "evil.example" not in hosts(text)
    assert not may_have_links("Just words, and a full stop. And another.")


def test_punycode_and_letters_are_one_writing() -> None:
    assert canonical("xn--e1afmkfd.example") == canonical("ПРИМЕР.example") == "пример.example"


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("https://dlscord.gift/x", "discord.com"),
        ("https://disc\u043erd.com/x", "discord.com"),
        ("https://xn--discrd-l8e.com/x", "discord.com"),
        ("https://discord-nitro.example", "discord.com"),
        ("https://discord.com.example.net/x", "discord.com"),
        ("https://discord.com-gift.example/x", "discord.com"),
        ("https://dis.cord.com", "discord.com"),
        ("https://steamcomrnunity.com/id/x", "steamcommunity.com"),
        ("https://steam-nitro.example", "steamcommunity.com"),
        ("[https://discord.com/nitro](https://evil.example)", "discord.com"),
        ("[discord.com](https://evil.example)", "discord.com"),
        ("https://discord.com@evil.example/x", "discord.com"),
        ("https://1yceum.example.org", "lyceum.example"),
        ("https://lyceum-login.example/x", "lyceum.example"),
        ("https://lycuem.example/x", "lyceum.example"),
    ],
)
def test_a_pretence_is_named(text: str, of: str) -> None:
    judge = LookAlikes(["lyceum.example"]).judge
    found = [each.of for link in find_links(text) if (each := judge(link)) is not None]
    if "1yceum" in text:
        assert found == []  # a subdomain of somebody else's site may be called anything
    else:
        assert found[:1] == [of]


@pytest.mark.parametrize(
    "host",
    ["discord.com", "cdn.discordapp.com", "discord.js.org", "discord.example.org", "discogs.com", "steamgifts.com",
     "record.example", "accord.com", "lyceum.example", "www.lyceum.example", "museum.example"],
)  # fmt: skip
def test_what_is_itself_is_left_alone(host: str) -> None:
    assert LookAlikes(["lyceum.example"]).judge(Link(host)) is None


def test_known_domains_are_found_in_every_disguise_and_look_alikes_nearly_always() -> None:
    rng = random.Random(7)
    listed = [f"{word}.{rng.choice(corpora.ENDS)}" for word in corpora.made_up_words(600, seed=7)]
    compiled = Compiled({Lists.DOMAINS: listed}, ALL)
    found = [
        any(match.filter is Filter.DOMAINS for match in compiled.look(corpora.disguised(each, rng)).matches)
        for each in listed
    ]
    assert sum(found) / len(found) >= 0.99
    assert len(corpora.look_alike_hosts()) >= 500
    messages = corpora.look_alike_messages(1000)
    caught = sum(bool(compiled.look(each).matches) for each in messages)
    assert caught / len(messages) >= 0.95


def test_ordinary_messages_are_left_alone() -> None:
    lists = {
        Lists.DOMAINS: ["evil.example"],
        Lists.WORDS: corpora.made_up_words(1000),
        Lists.PATTERNS: [r"free\s+nitro\s+here"],
    }
    compiled = Compiled(lists, ALL)
    messages = corpora.honest_messages(2500)
    wrong = [(each, compiled.look(each).matches) for each in messages if compiled.look(each).matches]
    assert len(wrong) <= len(messages) * 0.001, wrong


@given(st.text(max_size=300))
def test_no_text_breaks_looking_or_folding(text: str) -> None:
    assert fold(fold(text)) == fold(fold(fold(text)))
    find_links(f"https://{text}")
    find_links(text)
    LookAlikes().judge(Link(text or "x"))


@given(st.lists(st.sampled_from([" ", "word", ".", ",", "\n", "другой", "é"]), max_size=12))
def test_a_listed_link_is_found_whatever_stands_around_it(parts: list[str]) -> None:
    around = "".join(parts)
    compiled = Compiled({Lists.DOMAINS: ["evil.example"]}, frozenset({Filter.DOMAINS}))
    assert compiled.look(f"{around} https://evil.example/x {around}").matches
