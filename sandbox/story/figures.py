"""stub"""
from __future__ import annotations
from dataclasses import dataclass
from datetime import datetime

@dataclass(frozen=True, slots=True)
class Expected:
    """Something that the story knows must have been posted, once."""

    what: str
    channel_id: int
    has: tuple[str, ...]
    since: datetime
    until: datetime
