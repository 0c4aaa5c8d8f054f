"""How Discord writes the names of channels."""

from __future__ import annotations

import re

LONGEST_NAME = 100


def channel_name(words: str) -> str:
    """The words as Discord writes the name of a text channel: small letters, dashes for spaces."""
    return re.sub(r"[^\w-]+", "-", words.casefold()).strip("-")[:LONGEST_NAME]
