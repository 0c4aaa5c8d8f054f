"""The challenges that come with Lyceum: TOML in `library/`, a file a theme, read and checked once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from bot.i18n import N_
from cogs.challenges.definition import ChallengeText, parse

FOLDER = Path(__file__).parent / "library"
THEMES = {"programming": N_("Programming"), "writing": N_("Writing"), "data": N_("Data")}


@cache
def shipped() -> tuple[ChallengeText, ...]:
    """All of them, by theme. Raises ValueError, naming the file, for one that cannot be used."""
    found: list[ChallengeText] = []
    for theme in THEMES:
        parsed = parse((FOLDER / f"{theme}.toml").read_bytes())
        if parsed.mistakes:
            raise ValueError(f"{theme}.toml: {parsed.mistakes[0]}")
        found += [replace(each, ours=True) for each in parsed.challenges]
    return tuple(found)
