"""Decisions about cards: what two groups of ticks say about each line."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum


class Shown(StrEnum):
    """Who may see a line; the same words as `bot.member_card.ShownTo`."""

    NOBODY = "nobody"
    MEMBERS = "members"
    ALL = "all"


def choices(lines: Iterable[str], members: Collection[str], everywhere: Collection[str]) -> dict[str, Shown]:
    """What was ticked for each line. What may be shown in a channel, members may see anyway."""
    return {
        line: Shown.ALL if line in everywhere else Shown.MEMBERS if line in members else Shown.NOBODY
        for line in lines
    }
