"""Writes cogs/filters/confusables.txt: what looks like an ASCII letter or digit and is none.

Source: confusables.txt of Unicode Technical Standard 39, as the package confusable-homoglyphs carries it (Unicode
licence). What Unicode's own normalisation (NFKC) makes ASCII already is left out. Run it with that package installed:
python .ci/confusables.py
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parents[1] / "cogs" / "filters" / "confusables.txt"


def main() -> None:
    known = json.loads(
        files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    )
    found: dict[str, set[int]] = defaultdict(set)
    for character, likenesses in known.items():
        if len(character) != 1 or character.isascii():
            continue
        for likeness in (each["c"] for each in likenesses):
            plain = unicodedata.normalize("NFKC", character).casefold()
            if len(likeness) == 1 and likeness.isascii() and likeness.isalnum() and plain != likeness.lower():
                found[likeness.lower()].add(ord(character))
    lines = [f"{plain} {' '.join(f'{each:04X}' for each in sorted(found[plain]))}" for plain in sorted(found)]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{sum(map(len, found.values()))} characters in {TARGET.name}")


if __name__ == "__main__":
    main()
