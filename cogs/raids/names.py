"""Which names are made after one pattern. Pure: a name in, the keys out under which its likes are found.

Look-alike letters, accents, separators and numbers are taken away, so that "Raider_0417", "r4ider-0418" and "RAIDER 0419"
share a key. Numbers at either end are what a script counts; what is left must have four letters to say anything.
"""

# ruff: noqa: RUF001 - letters that look like others are what this is about

from __future__ import annotations

import unicodedata
from hashlib import blake2b

LEAST_STEM = 4
LONG_NAME, BEGINNING = 10, 7
"""Of a long name its beginning is a key as well, for patterns that end in random letters."""
LONGEST_LOOKED_AT = 64

# Capitals of other scripts look like other letters than their small forms do.
_CAPITALS = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІ", "ABEZHIKMNOPTYXABEKMHOPCTYXI")
# Letters of other scripts, and digits inside a word, that are used to look like a Latin letter.
_LOOKALIKES = str.maketrans(
    "аеорсухкмтвнгіјѕԁɡαβεικνορτυχ013457@$!|",
    "aeopcyxkmtbhrijsdgabeikvoptuxoleastasll",
)


def skeleton(name: str) -> str:
    """The letters of a name as they look, without numbers at either end."""
    plain = unicodedata.normalize("NFKD", name[:LONGEST_LOOKED_AT].translate(_CAPITALS).casefold())
    kept = "".join(each for each in plain if each.isalnum() or each in "@$!|")
    kept = kept.strip("0123456789@$!|")
    return "".join(each for each in kept.translate(_LOOKALIKES) if each.isalpha())


def keys_of(*names: str | None) -> frozenset[int]:
    """Under which keys the likes of somebody with these names are found; numbers of 63 bits."""
    stems: set[str] = set()
    for name in names:
        bare = skeleton(name or "")
        if len(bare) >= LEAST_STEM:
            stems.add(bare)
        if len(bare) >= LONG_NAME:
            stems.add(f"{bare[:BEGINNING]}~")
    return frozenset(number_of(each) for each in stems)


def number_of(text: str) -> int:
    """A number that stands for the text and does not tell it."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1
