"""Cutting, cleaning and quoting member-written text, and the tags that Discord renders."""

from __future__ import annotations

import datetime as dt
import time

import discord
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from bot import text as limits
from bot.text import (
    ELLIPSIS,
    clean,
    cut,
    jump_link,
    length,
    mention_channel,
    mention_role,
    mention_user,
    quote,
    timestamp,
)

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"  # one cluster, 8 units
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
HEART = "\u2764\ufe0f"
AWKWARD = [
    "a",
    "e\u0301",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\ud800",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u061c",
    "\ufe0f",
    "\ufeff",
    "\u00ad",
    "\U000e0041",
    "\U000e007f",
    "\u0628",
    "\u0915\u094d",
    "\u05d0",
    "\U0001f469",
    "\U0001f3fd",
    "\U0001f1eb\U0001f1f7",
    FAMILY,
    SCOTLAND,
    HEART,
    "@everyone",
    "@here",
    "@",
    "<@123456789012345678>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "<t:1:R>",
    "<",
    "\\",
    "*",
    "_",
    "~~",
    "`",
    "||",
    "# ",
    "> ",
    "- ",
    "1. ",
    "[x](https://e.com)",
    "https://example.com/a_b?c=d",
    "https://e.com/@everyone",
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(AWKWARD), max_size=25).map("".join))


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clusters(text: str) -> list[str]:
    return regex.findall(r"\X", text)


# Cutting


@given(texts, st.integers(0, 60))
def test_a_cut_text_fits_and_is_made_of_whole_clusters(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert units(short) <= limit
    if units(text) <= limit:
        assert short == text
    elif limit:
        assert short.endswith(ELLIPSIS)
        kept = short.removesuffix(ELLIPSIS)
        assert text.startswith(kept)
        whole = clusters(text)
        assert any("".join(whole[:count]).rstrip() == kept for count in range(len(whole)))


def test_emoji_count_as_discords_client_counts_them() -> None:
    assert length("abc") == 3
    assert length("\U0001f600") == 2
    assert length(FAMILY) == 8


def test_a_family_is_never_taken_apart() -> None:
    assert cut(FAMILY * 3, 20) == FAMILY * 2 + ELLIPSIS
    assert cut(FAMILY * 3, 16) == FAMILY + ELLIPSIS
    assert cut(FAMILY * 2, 16) == FAMILY * 2
    assert cut(FAMILY * 2, 8) == ELLIPSIS


def test_a_cut_leaves_as_much_as_fits_and_no_space_before_the_ellipsis() -> None:
    assert cut("one two three", 8) == "one two…"
    assert cut("one two three", 5) == "one…"
    assert cut("one two three", 13) == "one two three"
    assert cut("one", 0) == ""


# Cleaning


@given(texts)
@example("\U0001f469\ufe0f\ufe0f\u200d\U0001f469")
@example("a\u061c\u200c\u0628")
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(texts)
def test_a_cleaned_text_can_be_sent_and_hides_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not regex.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", cleaned)
    assert not regex.search(r"[\p{Bidi_Control}\u200b\u2060\ufeff\u00ad]", cleaned)
    assert "\n\n\n\n" not in cleaned
    assert cleaned == cleaned.strip()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  hello \t\n", "hello"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ("a\n \n\t\n \n  b", "a\n\n\n  b"),
        ("pay\u202eload\u202c", "payload"),
        ("ze\u200bro\ufeff wi\u2060dth", "zero width"),
        ("a\u200db", "ab"),
        ("sm\U000e0068\U000e0069uggled", "smuggled"),
        ("x\ufe0f\ufe0e\ufe01", "x\ufe0f"),
        ("nul\0 bell\a", "nul bell"),
        ("half \ud83d", "half"),
    ],
)
def test_what_cannot_be_seen_goes(written: str, read: str) -> None:
    assert clean(written) == read


@pytest.mark.parametrize(
    "written",
    [
        FAMILY,
        SCOTLAND,
        HEART,
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",  # a woman with a skin tone and a laptop
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # the rainbow flag
        "1\ufe0f\u20e3",  # a keycap
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",  # Hebrew and Arabic words
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # a Persian word spelt with a non-joiner
        "\u0915\u094d\u200d\u0937",  # a Devanagari half form
        "cafe\u0301\n\n\nnext",
    ],
)
def test_what_people_write_in_their_own_script_stays(written: str) -> None:
    assert clean(written) == written


# Quoting


@given(texts, st.integers(0, 80))
def test_a_quote_fits_and_pings_nobody(text: str, limit: int) -> None:
    shown = quote(text, limit)
    assert units(shown) <= limit
    assert not regex.search(r"@(everyone|here)", shown, regex.IGNORECASE)
    assert not regex.search(r"<(@[!&]?|#|t:|/|id:|a?:)\w", shown.replace("\\<", ""))
    assert not regex.search(r"<@", shown)


def rendered(shown: str) -> str:
    """What the reader sees of text that holds nothing but escapes."""
    return regex.sub(r"\\([^0-9A-Za-z\s])", r"\1", shown).replace("\u200b", "")


@given(texts.filter(lambda text: "http" not in text))
def test_a_reader_sees_exactly_the_cleaned_text(text: str) -> None:
    assert rendered(quote(text, 10_000)) == clean(text)


@given(texts.filter(lambda text: "http" not in text), st.integers(1, 80))
def test_no_markup_survives_a_cut(text: str, limit: int) -> None:
    without_escapes = regex.sub(r"\\[^0-9A-Za-z\s]", "x", quote(text, limit))
    assert not regex.search(r"[\\*_~`|\[\]<@]", without_escapes)
    assert not regex.search(r"(?m)^[^\S\n]*(#{1,3}\s|>|[-+] |-#|\d+[.)])", without_escapes)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** _it_", "\\*\\*bold\\*\\* \\_it\\_"),
        ("# Big", "\\# Big"),
        ("  ## Big", "\\## Big"),
        ("a\n  - item", "a\n  \\- item"),
        ("-# small", "\\-# small"),
        ("> said", "\\> said"),
        ("1. first\n2) second", "1\\. first\n2\\) second"),
        ("a - b > c # d 1.", "a - b > c # d 1."),
        ("```py\nx\n```", "\\`\\`\\`py\nx\n\\`\\`\\`"),
        ("||secret||", "\\|\\|secret\\|\\|"),
        ("[here](https://e.com/x_y)", "\\[here\\](https://e.com/x_y)"),
        ("<@123> <@&4> <#5> <t:1:R>", "\\<\\@123> \\<\\@&4> \\<#5> \\<t:1:R>"),
        ("@everyone @HERE me@home", "\\@\u200beveryone \\@\u200bHERE me\\@home"),
        ("https://example.com/a_b*c", "https://example.com/a_b\\*c"),
        ("https://e.com/@everyone/x", "https://e.com/%40everyone/x"),
        ("see https://e.com/a_b.", "see https://e.com/a_b."),
    ],
)
def test_markup_is_shown_as_it_was_typed(written: str, shown: str) -> None:
    assert quote(written, 500) == shown


def test_a_quote_never_ends_in_half_an_escape_or_half_an_address() -> None:
    assert quote("ab*cd", 4) == "ab…"
    assert quote("ab*cd", 5) == "ab\\*…"
    assert quote("see https://example.com/page", 20) == "see…"


@pytest.mark.parametrize(
    "repeated",
    [
        " ",
        "\u3000",
        "\n ",
        " \n",
        "\u0301",
        "\u200c\u0628",
        "\U0001f469\u200d",
        "https://",
        "1",
        "\U0001f3f4\U000e0067",
    ],
)
def test_no_text_that_fits_a_modal_holds_up_the_bot(repeated: str) -> None:
    text = "a" + repeated * (limits.TEXT_INPUT // len(repeated)) + "x#"
    began = time.process_time()
    quote(text, limits.V2_TEXT_LIMIT)
    assert time.process_time() - began < 0.1


# Tags


def test_a_timestamp_is_the_one_discord_py_writes() -> None:
    instant = dt.datetime(2026, 11, 21, 9, 30, 15, 900_000, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert (
        timestamp(instant, "R")
        == f"<t:{int(instant.timestamp())}:R>"
        == discord.utils.format_dt(instant, "R")
    )
    assert timestamp(instant) == "<t:1795246215:f>"


def test_a_naive_time_or_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        timestamp(dt.datetime(2026, 11, 21), "R")  # noqa: DTZ001 - the naive time is what is tested
    with pytest.raises(ValueError, match="style"):
        timestamp(dt.datetime(2026, 11, 21, tzinfo=dt.UTC), "x")


def test_mentions_and_links_have_discords_form() -> None:
    assert mention_user(1) == "<@1>"
    assert mention_role(2) == "<@&2>"
    assert mention_channel(3) == "<#3>"
    assert jump_link(1, 2, 3) == "https://discord.com/channels/1/2/3"
