"""Counts what happened since the process began, for whoever asks (`bot/health.py`). Of the process, not of a bot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Plain numbers: counting must cost nothing where nobody asks."""

    errors: Counter[str] = field(default_factory=Counter[str])
    """By kind: the class of what people or Discord were told, ``bug`` for the rest."""
    answered: int = 0
    """Interactions whose first answer Discord took."""
    late: int = 0
    """Interactions whose first answer came after Discord's 3 seconds."""


counters = Counters()
