"""A round to allocate, as plain values: people, works, loads, who may never meet, and who met lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL_DAY = (1 << 24) - 1


@dataclass(frozen=True)
class Member:
    """`hours` is a mask of free hours in UTC: bit 0 is 00:00-01:00. `level` is 0-4, as is each of `skills`."""

    id: str
    level: int = 0
    hours: int = ALL_DAY
    skills: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Submission:
    """A work. The first of its authors is the one whose level and hours count."""

    id: str
    authors: tuple[str, ...]
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reviewer:
    """How many reviews a member must and may do this round, those that are kept included."""

    id: str
    low: int
    high: int


@dataclass(frozen=True)
class Met:
    """Who met whom in one earlier round: (reviewer, author), or two people in any order for pairs."""

    weeks_ago: int
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ReviewRound:
    """`kept` are assignments that stay as they are: only what is missing is added.

    The reviews of somebody who dropped out are left out of `kept`, and the person out of `reviewers`.
    """

    k: int
    members: tuple[Member, ...]
    submissions: tuple[Submission, ...]
    reviewers: tuple[Reviewer, ...]
    blocked: tuple[tuple[str, str], ...] = ()
    history: tuple[Met, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True)
class Together:
    """How often two people were put together in all that is known, and how many weeks ago they were last."""

    times: int
    weeks_ago: int


@dataclass(frozen=True)
class PairRound:
    """`history` counts for eight weeks. With `together`, under the ids in their order, it counts for ever: nobody meets
    again while somebody new is left, and then those who met least often, the longest ago."""

    members: tuple[Member, ...]
    blocked: tuple[tuple[str, str], ...] = ()
    history: tuple[Met, ...] = ()
    together: Mapping[tuple[str, str], Together] = field(default_factory=dict[tuple[str, str], Together])
