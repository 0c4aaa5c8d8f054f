"""What filters there are, what each may do, and how staff's lists of words, domains and patterns are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import InvalidInput

MOST_WORDS = 1000
LONGEST_WORD = 60
MOST_DOMAINS = 25_000
LONGEST_DOMAIN = 253
MOST_PATTERNS = 20
LONGEST_PATTERN = 200
MOST_PROTECTED = 50
MOST_INVITES = 50
MOST_EXEMPT = 50
MOST_MINUTES = 28 * 24 * 60
LARGEST_IMPORT = 1024 * 1024  # bytes
MENTIONS = (3, 50, 8)  # fewest, most, and what is chosen at first
CHANNELS = (2, 10, 3)
IN_A_ROW = (3, 10, 5)
_INVITE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(?:discord|discordapp)\.com/invite/|discord\.gg/)?([\w-]{2,32})/?",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59})")


class Filter(StrEnum):
    """The filters, in the order in which they are shown and asked."""

    __hash__ = (
        str.__hash__
    )  # an enum's own is a call into Python, and every message is asked about some of these

    DOMAINS = "domains"
    LOOK_ALIKES = "look_alikes"
    INVITES = "invites"
    MENTIONS = "mentions"
    WORDS = "words"
    PATTERNS = "patterns"
    REPEATS = "repeats"


class What(StrEnum):
    """What a filter does with a message. None of them bans."""

    OFF = "off"
    FLAG = "flag"  # staff are told, the message stays
    DELETE = "delete"  # it is deleted, and its author is told why
    TIMEOUT = "timeout"  # that, and the author cannot write for some minutes


class Lists(StrEnum):
    """What staff write down."""

    WORDS = "words"
    DOMAINS = "domains"
    PATTERNS = "patterns"
    PROTECTED = "protected"
    INVITES = "invites"


@dataclass(frozen=True)
class Deed:
    """What one filter does. `minutes` are of a timeout."""

    what: What = What.OFF
    minutes: int = 0

    @property
    def is_on(self) -> bool:
        return self.what is not What.OFF

    def __str__(self) -> str:
        return f"{self.what} {self.minutes}" if self.what is What.TIMEOUT else str(self.what)


@dataclass(frozen=True)
class Match:
    """That a filter acts on a text, and on what in it. `of` is the entry of a list, or whom a link pretends to be."""

    filter: Filter
    on: str
    of: str | None = None


def read_deed(typed: str) -> Deed:
    """What "delete", or "timeout 10" with its minutes, means. Raises InvalidInput."""
    word, _, minutes = typed.strip().lower().partition(" ")
    if word in (What.OFF, What.FLAG, What.DELETE) and not minutes:
        return Deed(What(word))
    if word == What.TIMEOUT and minutes.strip().isdecimal() and 1 <= int(minutes) <= MOST_MINUTES:
        return Deed(What.TIMEOUT, int(minutes))
    raise InvalidInput(
        "A filter does one of these: off, flag, delete, or timeout with minutes from 1 to {most}, such as: timeout 10",
        most=MOST_MINUTES,
    )


def stored_deed(text: str) -> Deed:
    """What the settings say; off where it cannot be read."""
    try:
        return read_deed(text)
    except InvalidInput:
        return Deed()


def gravest(deeds: list[Deed]) -> Deed:
    """What is done when several filters act: the most that any of them does."""
    order = list(What)
    return max(deeds, key=lambda deed: (order.index(deed.what), deed.minutes), default=Deed())


def read_words(lines: list[str]) -> tuple[str, ...]:
    """Words and phrases, a * at either end for any beginning or ending. Raises InvalidInput with the place."""
    found: dict[str, None] = {}
    for number, line in _entries(lines):
        word = " ".join(line.split())
        core = word.strip("*")
        if len(word) > LONGEST_WORD:
            raise InvalidInput(
                "Line {line}: a word or phrase has at most {most} characters.", line=number, most=LONGEST_WORD
            )
        if len(core.strip()) < 2 or "*" in core:
            raise InvalidInput(
                "Line {line}: write at least two letters, and * only at the beginning or the end.",
                line=number,
            )
        found[word] = None
    return _at_most(found, MOST_WORDS)


def read_domains(lines: list[str], most: int = MOST_DOMAINS) -> tuple[str, ...]:
    """Domains such as example.com, one a line; of a link the host is taken. Raises InvalidInput with the place.

    Lines of a hosts file ("0.0.0.0 example.com") are taken too, since many lists are kept so.
    """
    found: dict[str, None] = {}
    for number, line in _entries(lines):
        words = line.split()
        typed = words[1] if len(words) > 1 and words[0] in ("0.0.0.0", "127.0.0.1") else words[0]  # noqa: S104 - no address to listen on
        host = (
            re.sub(r"^\w+:[/\\]+", "", typed.casefold())
            .split("/")[0]
            .split(":")[0]
            .removeprefix("*.")
            .strip(".")
        )
        if len(host) > LONGEST_DOMAIN or not _DOMAIN.fullmatch(host):
            raise InvalidInput("Line {line} is no domain. Write it like this: example.com", line=number)
        found[host] = None
    return _at_most(found, most)


def read_invites(lines: list[str]) -> tuple[str, ...]:
    """Invites of servers that may be posted: codes or links. Raises InvalidInput with the place."""
    found: dict[str, None] = {}
    for number, line in _entries(lines):
        match = _INVITE.fullmatch(line)
        if match is None:
            raise InvalidInput(
                "Line {line} is no invite. Write the link, or what stands behind discord.gg/", line=number
            )
        found[match[1]] = None
    return _at_most(found, MOST_INVITES)


def read_patterns(lines: list[str]) -> tuple[str, ...]:
    """Patterns, one a line, not compiled yet. Raises InvalidInput with the place."""
    found: dict[str, None] = {}
    for number, line in _entries(lines):
        if len(line) > LONGEST_PATTERN:
            raise InvalidInput(
                "Line {line}: a pattern has at most {most} characters.", line=number, most=LONGEST_PATTERN
            )
        found[line] = None
    return _at_most(found, MOST_PATTERNS)


MOST = {
    Lists.WORDS: MOST_WORDS,
    Lists.DOMAINS: MOST_DOMAINS,
    Lists.PATTERNS: MOST_PATTERNS,
    Lists.PROTECTED: MOST_PROTECTED,
    Lists.INVITES: MOST_INVITES,
}


def together(which: Lists, before: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """A list with more entries, each once. Raises InvalidInput when it becomes too long."""
    return _at_most(dict.fromkeys((*before, *more)), MOST[which])


def read_file(content: bytes) -> list[str]:
    """The lines of an imported text file. Raises InvalidInput when it is too large or no text."""
    if len(content) > LARGEST_IMPORT:
        raise too_large()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "The file is no UTF-8 text: byte {place} does not fit. Save it as UTF-8 and try again.",
            place=error.start,
        ) from error
    if "\0" in text:
        raise InvalidInput(
            "The file is no text. Save it as plain UTF-8 text, one entry a line, and try again."
        )
    return text.splitlines()


def too_large() -> InvalidInput:
    return InvalidInput(
        "The file is larger than {most} KiB. Split the list, or leave out what is not needed.",
        most=LARGEST_IMPORT // 1024,
    )


def read_number(typed: str, bounds: tuple[int, int, int]) -> int:
    """A whole number within the bounds. Raises InvalidInput."""
    least, most, _ = bounds
    if not typed.strip().isdecimal() or not least <= int(typed) <= most:
        raise InvalidInput("Write a whole number from {least} to {most}.", least=least, most=most)
    return int(typed)


def _entries(lines: list[str]) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers; # begins a remark."""
    return [
        (number, line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]


def _at_most(found: Mapping[str, None], most: int) -> tuple[str, ...]:
    if len(found) > most:
        raise InvalidInput("These are {n} entries. At most {most} fit in this list.", n=len(found), most=most)
    return tuple(found)
