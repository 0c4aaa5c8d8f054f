"""The filters of one community, compiled when its settings change, and asked about every message after that.

Whatever the number of words, one look over the text answers (`python -m benchmarks.filters` compares 50 with 1,000).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from bot.safe_patterns import BadPattern, Sieve, compile_pattern, escape
from cogs.filters.folding import fold, plain
from cogs.filters.links import canonical, find_links, may_have_links
from cogs.filters.lookalikes import LookAlikes
from cogs.filters.patterns import Patterns
from cogs.filters.rules import Filter, Lists, Match

WORDS_MEMORY = 8 * 1024 * 1024  # bytes; 1,000 words of 60 characters need less than half
# Discord's own ways to write an invite; of short links of others nobody can say where they lead.
_INVITE = re.compile(r"(?:discord(?:app)?\.com[/\\]+invite|discord\.gg)[/\\]+([\w-]{2,32})", re.IGNORECASE)
_SHORT_LINK = re.compile(r"\b((?:dsc|invite)\.gg|discord\.(?:me|io|link))[/\\]+([\w-]{2,32})", re.IGNORECASE)
_OTHER = r"[^\pL\pN_]"


@dataclass(frozen=True)
class Looked:
    """What was found in a text. `invites` are codes that may lead to other servers, which who asks has to find out; one
    with a / is a short link of somebody else, which nobody can."""

    matches: tuple[Match, ...]
    invites: tuple[str, ...] = ()


NOTHING = Looked(())


class Compiled:
    """Immutable; a change makes a new one. Raises InvalidInput for a pattern that cannot be used."""

    def __init__(self, lists: Mapping[Lists, Iterable[str]], on: frozenset[Filter]) -> None:
        def entries(which: Lists, needed_by: Filter) -> tuple[str, ...]:
            return tuple(lists.get(which, ())) if needed_by in on else ()

        self._on = on
        self._words = _Words(entries(Lists.WORDS, Filter.WORDS))
        self._domains = frozenset(canonical(each) for each in entries(Lists.DOMAINS, Filter.DOMAINS))
        self._patterns = Patterns(entries(Lists.PATTERNS, Filter.PATTERNS))
        own = [canonical(each) for each in lists.get(Lists.PROTECTED, ())]
        self._own = LookAlikes(own)
        self._look_alikes = self._own if Filter.LOOK_ALIKES in on else None
        self._invites = frozenset(lists.get(Lists.INVITES, ()))
        self._follows_links = bool(self._domains) or self._look_alikes is not None

    def look(self, text: str, folded: str | None = None) -> Looked:
        """What the filters of texts say. `folded` spares folding it once more."""
        if not text:
            return NOTHING
        folded = fold(text) if folded is None else folded
        matches: list[Match] = []
        invites: tuple[str, ...] = ()
        if may_have_links(text):
            if self._follows_links:
                matches += self._links(text)
            if Filter.INVITES in self._on:
                invites = self._invited(text)
        word = self._words.find(folded)
        if word is not None:
            matches.append(Match(Filter.WORDS, word[1], word[0]))
        pattern = self._patterns.find(plain(text))
        if pattern is not None:
            matches.append(Match(Filter.PATTERNS, pattern[1], pattern[0]))
        return Looked(tuple(matches), invites) if matches or invites else NOTHING

    def _links(self, text: str) -> list[Match]:
        found: dict[Filter, Match] = {}
        for link in find_links(text):
            listed = self._listed(link.host)
            if listed is not None:
                found.setdefault(Filter.DOMAINS, Match(Filter.DOMAINS, link.host, listed))
            elif self._look_alikes is not None:
                pretence = self._look_alikes.judge(link)
                if pretence is not None:
                    found.setdefault(Filter.LOOK_ALIKES, Match(Filter.LOOK_ALIKES, link.host, pretence.of))
        return list(found.values())

    def _listed(self, host: str) -> str | None:
        """The entry of the list that a host is below. What the community protects is never meant."""
        if self._own.is_own(host):
            return None
        labels = host.split(".")
        for start in range(len(labels) - 1):
            part = ".".join(labels[start:])
            if part in self._domains:
                return part
        return None

    def _invited(self, text: str) -> tuple[str, ...]:
        text = plain(text)
        if "%" in text:
            text = f"{text} {unquote(text)}"
        lowered = text.lower()
        if "cord" not in lowered and ".gg" not in lowered:  # one of them is in every address of invites
            return ()
        found = dict.fromkeys(match[1] for match in _INVITE.finditer(text))
        short = {f"{match[1].lower()}/{match[2]}": match[2] for match in _SHORT_LINK.finditer(text)}
        return (
            *(code for code in found if code not in self._invites),
            *(link for link, code in short.items() if code not in self._invites),
        )


class _Words:
    """All words in one program. RE2 runs it in one pass however many there are."""

    def __init__(self, words: Iterable[str]) -> None:
        self._entries: dict[str, str] = {}
        kinds: dict[tuple[bool, bool], list[str]] = {}
        for word in words:
            core = fold(word.strip("*"))
            if core:
                self._entries.setdefault(core, word)
                kinds.setdefault((word.startswith("*"), word.endswith("*")), []).append(escape(core))
        parts = [
            ("" if open_front else f"(?:^|{_OTHER})")
            + f"(?:{'|'.join(cores)})"
            + ("" if open_end else f"(?:$|{_OTHER})")
            for (open_front, open_end), cores in sorted(kinds.items())
        ]
        pattern = "|".join(parts)
        # Both sides are folded, so the case of letters is the same.
        self._program = compile_pattern(pattern, memory=WORDS_MEMORY, case_sensitive=True) if parts else None
        self._sieve = _sieve(pattern) if parts else None

    def find(self, folded: str) -> tuple[str, str] | None:
        """The entry that the text holds, and what of the text it is."""
        if self._program is None or (self._sieve is not None and not self._sieve.holds(folded)):
            return None
        match = self._program.search(folded)
        if match is None:
            return None
        found = match.group()
        for candidate in (found, found[1:], found[:-1], found[1:-1]):
            if candidate in self._entries:
                return self._entries[candidate], candidate
        return found, found


def _sieve(pattern: str) -> Sieve | None:
    try:
        return Sieve([pattern], memory=WORDS_MEMORY, case_sensitive=True)
    except (
        BadPattern
    ):  # a thousand long words in a script of several bytes a letter: the program alone is asked
        return None
