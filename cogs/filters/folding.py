"""Makes texts comparable: one writing for what looks the same.

Invisible characters and marks piled on letters are taken out, compatible forms (full width, mathematical letters) are
made plain by Unicode's own rules, and what only looks like an ASCII letter becomes that letter. The table of these is
`confusables.txt`, made by `.ci/confusables.py`. The same is done to what staff want found, so a word in any script is
found as it is written.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

# Zero-width characters, marks of direction, soft hyphen, invisible operators, selectors of variants, tags.
_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xD800, 0xDFFF),  # halves of characters, which no program of RE2 takes
    (0xE0000, 0xE01EF),
)
# Marks above and through letters. Those that writing needs have been composed with their letter before.
_PILED = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
)
_DOTS = {0x3002: ".", 0xFF61: ".", 0xFF0E: ".", 0x2024: "."}  # what a browser takes for the dot of an address


def fold(text: str) -> str:
    """The text in lower case, with one blank between words, as it looks."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_invisible())).translate(_look_alikes())
    return " ".join(text.lower().split())


def plain(text: str) -> str:
    """The text without what cannot be seen and in plain forms, but with every letter as it is."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_invisible()).translate(_DOTS))


def bare(text: str) -> str:
    """Lower case without any accent, as it looks: for names, in which an accent is a disguise."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_invisible()).translate(_look_alikes()))
    return apart.translate(_look_alikes()).lower()


@cache
def _invisible() -> dict[int, str | None]:
    return {point: None for first, last in _INVISIBLE for point in range(first, last + 1)}


@cache
def _look_alikes() -> dict[int, str | None]:
    table: dict[int, str | None] = {point: None for first, last in _PILED for point in range(first, last + 1)}
    lines = Path(__file__).with_name("confusables.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        letter, *points = line.split()
        table.update({int(point, 16): letter for point in points})
    return table | _DOTS
