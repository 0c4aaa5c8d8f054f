"""Finds where the links of a message really lead: through redirectors, masks, and every disguise of an address.

A host is kept in one writing: lower case, compatible forms made plain, punycode decoded. A listed domain is brought
into the same writing, so it is found however it is written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from cogs.filters.folding import plain

LONGEST_HOST = 253
MOST_LINKS = 60  # of one message; 4,000 characters hold more only where somebody tries to
_NESTED_DEPTH = 3

_DOT_WITHIN = re.compile(r"\.[^\s.]")
_MAY_HAVE_LINKS = re.compile(r"[.\u3002\uff61\uff0e\u2024][^\s.]|://|%2e|:[/\\]", re.IGNORECASE)
_MASKED = re.compile(r"\[([^\[\]\n]{1,400})\]\(\s*<?\s*(https?:[^\s)>]{1,2000})", re.IGNORECASE)
_URL = re.compile(r"\bhttps?:[/\\]*([^\s<>|\"`]{1,2000})", re.IGNORECASE)
_BLANK = re.compile(r"\s")
_END_OF_HOST = re.compile(r"[/\\?#]")
# A host without a scheme: labels, then a last one of letters alone. What stands behind an @ is an e-mail address.
_HOST = r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})"
_BARE = re.compile(rf"(?<![\w@.%/\\-])({_HOST})(?![\w@-])(?!\.\w)", re.IGNORECASE)
_NESTED = re.compile(r"https?:[/\\]*([^\s<>|\"`&]{1,2000})", re.IGNORECASE)
_PARAMETER = re.compile(
    rf"[?&;#](?:u|q|to|url|uri|link|dest|destination|target|redirect|redirect_ur[il]|redir|goto|go|next|continue|return"
    rf"|returnurl|return_to|out|r|l|linkurl|adurl|loc|href|page)=(?:[/\\]{{0,2}})({_HOST})(?![\w@-])",
    re.IGNORECASE,
)
_AMP = re.compile(rf"/amp/(?:s/)?({_HOST})(?![\w@-])", re.IGNORECASE)
_SHOWS_ADDRESS = re.compile(rf"https?:[/\\]+([^\s/\\?#<>]+)|\bwww\.({_HOST})", re.IGNORECASE)
_SHOWS_NAME = re.compile(rf"^\W*({_HOST})(?:/\S*)?\W*$", re.IGNORECASE)
_ENDS_OF_FILES = frozenset(
    ["py", "js", "ts", "rs", "md", "sh", "rb", "cs", "cc", "pl", "ml", "mm", "so", "zip", "mov"]
)
# Ends of which everybody may register names one level below.
_SHARED_ENDS = frozenset(
    ["co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "gob", "nom", "web"]
)


@dataclass(frozen=True)
class Link:
    """Where something leads.

    `claims` is another address that stands there in full: as the text of the link, or where a user name may stand
    (https://discord.com@elsewhere.example). `hints` is one that its text only names, as it might name a file.
    """

    host: str
    claims: str | None = None
    hints: str | None = None
    may_be_file: bool = False  # it stands without https://, and files and libraries end like this: discord.py


def may_have_links(text: str) -> bool:
    """Whether it is worth looking. Almost every message is answered here."""
    if not text.isascii():
        return _MAY_HAVE_LINKS.search(text) is not None
    # The same question by its rare characters, which are sought much faster than a choice of patterns.
    if ":/" in text or ":\\" in text or ("%" in text and "%2e" in text.lower()):
        return True
    return _DOT_WITHIN.search(text) is not None


def find_links(text: str) -> tuple[Link, ...]:
    """All places where a message leads, each once, in the order in which they stand."""
    text = plain(text)
    found: dict[Link, None] = {}
    for mask in _MASKED.finditer(text) if "](" in text else ():
        first, *others = _of_address(mask[2].split(":", 1)[1].lstrip("/\\")) or [Link("")]
        found[Link(first.host, first.claims or _address_in(mask[1]), _name_in(mask[1]))] = None
        found.update(dict.fromkeys(others))
    masked = {link.host for link in found}
    # No address has a blank in it, and few words have a colon or a dot: the patterns are tried on these alone.
    words = text.split()
    for match in _in_words(_URL, words, ":"):
        links = _of_address(match[1].rstrip(").,;:!?]}'*_~"))
        found.update(dict.fromkeys(each for each in links if each.host not in masked))
        if len(found) > MOST_LINKS:
            break
    for match in _in_words(_BARE, words, "."):
        host = canonical(match[1])
        if host not in masked:
            found[Link(host, may_be_file=host.rpartition(".")[2] in _ENDS_OF_FILES)] = None
        if len(found) > MOST_LINKS:
            break
    return tuple(link for link in found if link.host)


def _in_words(pattern: re.Pattern[str], words: list[str], mark: str) -> list[re.Match[str]]:
    return [match for word in words if mark in word for match in pattern.finditer(word)]


def canonical(host: str) -> str:
    """A host in the one writing in which hosts are compared; "" when it is none."""
    if host.isascii() and "%" not in host:
        host = host.lower().strip(" .")
        if "xn--" not in host:  # almost every host is in this writing already
            return host if host and len(host) <= LONGEST_HOST and not _BLANK.search(host) else ""
    host = plain(unquote(host)).casefold().strip().strip(".")
    if not host or len(host) > LONGEST_HOST or any(each.isspace() for each in host):
        return ""
    return ".".join(_decoded(label) for label in host.split("."))


def registrable(host: str) -> str:
    """The part of a host that somebody registered: its last two labels, or three below shared ends such as co.uk."""
    labels = host.split(".")
    is_shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED_ENDS
    return ".".join(labels[-3 if is_shared else -2 :])


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return unicodedata.normalize("NFKC", label[4:].encode("ascii").decode("punycode")).casefold()
    except UnicodeError:
        return label


def _of_address(rest: str, depth: int = 0) -> list[Link]:
    """Where an address leads, given without its scheme, and where what it hands on leads."""
    authority, *_ = _END_OF_HOST.split(rest, maxsplit=1)
    before_at, _, host = authority.rpartition("@")
    links: list[Link] = []
    host = canonical(re.sub(r":\d*$", "", unquote(host)))
    if host:
        links.append(Link(host, claims=_name_in(unquote(before_at).split(":")[0])))
        if host.endswith(".translate.goog"):
            inner = host.removesuffix(".translate.goog")
            links.append(Link(canonical(inner.replace("--", "\0").replace("-", ".").replace("\0", "-"))))
    tail = rest[len(authority) :]
    if tail and depth < _NESTED_DEPTH:
        links += _handed_on(tail, depth)
    return links


def _handed_on(tail: str, depth: int) -> list[Link]:
    for _ in range(_NESTED_DEPTH):
        opened = unquote(tail)
        if opened == tail:
            break
        tail = opened
    links: list[Link] = []
    lowered = tail.lower()
    nested = _NESTED.search(tail) if "http" in lowered else None
    if nested is not None:
        links += _of_address(nested[1], depth + 1)
    for pattern, mark in ((_PARAMETER, "="), (_AMP, "/amp/")):
        found = pattern.finditer(tail) if mark in lowered else ()
        links += [Link(host) for match in found if (host := canonical(match[1]))]
    return links


def _address_in(text: str) -> str | None:
    """The host of an address that a text shows in full."""
    match = _SHOWS_ADDRESS.search(text)
    return (canonical((match[1] or match[2]).rpartition("@")[2].split(":")[0]) or None) if match else None


def _name_in(text: str) -> str | None:
    """A host that is all of the text."""
    match = _SHOWS_NAME.match(text.strip())
    return (canonical(match[1]) or None) if match else None
