"""Links are looked for by short cuts; these say that nothing is lost by them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.filters import compiled, links
from cogs.filters.compiled import Compiled
from cogs.filters.rules import Filter

# Among them a dotless i, a long s, and dots of other scripts: what looks like a letter may be found as one.
PARTS = (
    "http", "https:", "HTTPS:/", "//", "\\", "discord.gg/", "d\u0131scord.gg/abc", "invite.gg/x1", "disco\u017fd.gg/ab",
    "dsc.gg/", "DISCORD.COM/invite/abc1", "a.b", "x.com", ".", "..", "%2e", "%2E", "%20", "%C5%BF", "[a](", "](", ")",
    "<", ">", "|", "@", "e.", "\u00e9.fr", "\u3002", "\uff0e", "-", "_", "discord.me/abc", "bar.py",
    "discordapp.com\\invite\\q1",
)  # fmt: skip
BLANKS = (" ", "\n", "\t", "\u2028", "\u3000", "\x1c", "\x85", "\xa0")
texts = st.lists(st.sampled_from((*PARTS, *BLANKS)) | st.text(max_size=3), max_size=12).map("".join)


@given(texts)
def test_a_text_may_have_links_when_the_pattern_says_so(text: str) -> None:
    assert links.may_have_links(text) == bool(links._MAY_HAVE_LINKS.search(text))


@pytest.mark.parametrize(("pattern", "mark"), [(links._URL, ":"), (links._BARE, ".")], ids=["url", "bare"])
@given(text=texts)
def test_looking_word_by_word_finds_what_the_whole_text_has(
    pattern: re.Pattern[str], mark: str, text: str
) -> None:
    whole = [match.groups() for match in pattern.finditer(text)]
    assert [match.groups() for match in links._in_words(pattern, text.split(), mark)] == whole


@given(texts)
def test_no_invite_is_passed_over(text: str) -> None:
    found = Compiled({}, frozenset({Filter.INVITES})).look(text).invites
    if links.may_have_links(text) and (compiled._INVITE.search(text) or compiled._SHORT_LINK.search(text)):
        assert found
