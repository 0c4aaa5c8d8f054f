"""Who should have a role, and where Discord says otherwise, as values. See `bot/role_drift.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """Who should have a role, by my own record. `title` is what it is for, in somebody's words: quoted already."""

    role_id: int
    title: str
    members: frozenset[int]


@dataclass(frozen=True)
class Drift:
    """`missing` should have the role and have it not, `extra` have it otherwise than I know."""

    role_id: int
    title: str
    missing: tuple[int, ...]
    extra: tuple[int, ...]
