"""Bad days: what can happen to one request on its way to Discord and back.

Random faults are dealt from shuffled decks rather than thrown as dice, one deck a route, both for whether a request
meets a fault and for which: even a short run meets every kind, and none by luck alone. A script goes first: a test says
what shall happen to the next request of a kind.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Fault(StrEnum):
    """ "before": nothing was done. "after": it was done, and the bot is not told so."""

    ERROR_500_BEFORE = "500 before"
    ERROR_500_AFTER = "500 after"
    ERROR_503_BEFORE = "503 before"
    ERROR_503_AFTER = "503 after"
    ERROR_520_BEFORE = "520 before"
    ERROR_520_AFTER = "520 after"
    RESET_BEFORE = "reset before"
    RESET_AFTER = "reset after"
    HANG_BEFORE = "hang before"
    HANG_AFTER = "hang after"
    TOO_MANY = "429"
    LATE = "late"  # answered 503, and done a while later
    LATE_504 = "late 504"  # answered 504, which discord.py itself tries again, and done a while later


STATUS = {
    Fault.ERROR_500_BEFORE: 500,
    Fault.ERROR_500_AFTER: 500,
    Fault.ERROR_503_BEFORE: 503,
    Fault.ERROR_503_AFTER: 503,
    Fault.ERROR_520_BEFORE: 520,
    Fault.ERROR_520_AFTER: 520,
    Fault.LATE: 503,
    Fault.LATE_504: 504,
}
BEFORE = frozenset({Fault.ERROR_500_BEFORE, Fault.ERROR_503_BEFORE, Fault.ERROR_520_BEFORE})
LATE = frozenset({Fault.LATE, Fault.LATE_504})

# How often each is in the deck of a route that creates.
CREATIONS = Counter(
    {
        Fault.ERROR_500_BEFORE: 2,
        Fault.ERROR_500_AFTER: 3,
        Fault.ERROR_503_BEFORE: 1,
        Fault.ERROR_503_AFTER: 2,
        Fault.ERROR_520_BEFORE: 1,
        Fault.ERROR_520_AFTER: 1,
        Fault.RESET_BEFORE: 1,
        Fault.RESET_AFTER: 2,
        Fault.HANG_BEFORE: 1,
        Fault.HANG_AFTER: 1,
        Fault.TOO_MANY: 2,
        Fault.LATE: 1,
        Fault.LATE_504: 1,
    }
)
# A state that Discord sets a minute late, after a newer wish, cannot be told from a person's act.
CHANGES = Counter({fault: count for fault, count in CREATIONS.items() if fault not in LATE})
# Reads have no effect, so for them there is no "after".
READS = Counter(
    {
        Fault.ERROR_500_BEFORE: 1,
        Fault.ERROR_503_BEFORE: 1,
        Fault.ERROR_520_BEFORE: 1,
        Fault.RESET_BEFORE: 1,
        Fault.HANG_BEFORE: 1,
        Fault.TOO_MANY: 1,
    }
)

# The routes that take part, by name (`tests/wire/rest.py`).
CREATES = frozenset({"create_message", "create_thread", "start_thread", "create_event"})
STATES = frozenset(
    {
        "add_role",
        "remove_role",
        "edit_message",
        "delete_event",
        "edit_member",
        "add_thread_member",
        "edit_channel",
        "edit_guild",
        "incident_actions",
        "bulk_ban",
        "ban",
        "unban",
        "kick",
        "set_overwrite",
        "delete_overwrite",
    }
)
LOOKS = frozenset({"history", "list_events", "active_threads", "open_dm"})
DECKS = {
    **dict.fromkeys(CREATES, CREATIONS),
    **dict.fromkeys(STATES, CHANGES),
    **dict.fromkeys(LOOKS, READS),
}
REQUESTS_A_DECK = 20  # of which the share meets a fault


@dataclass(frozen=True)
class Scripted:
    """This fault to the next request of that route; of any that takes part when it is None."""

    fault: Fault
    route: str | None = None


class Faults:
    """Decides what happens to each request, and counts what did."""

    def __init__(self, seed: int = 0, *, share: float = 0.0) -> None:
        self._random = random.Random(seed)
        self.share = share
        self.script: deque[Scripted] = deque()
        self.hits: Counter[Fault] = Counter()
        self._which: dict[str, list[Fault]] = {}
        self._whether: dict[str, list[bool]] = {}

    def next_for(self, route: str) -> Fault | None:
        """What happens to a request of this route; None when all is well."""
        fault = self._scripted(route) or self._dealt(route)
        if fault is not None:
            self.hits[fault] += 1
        return fault

    def between(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def _scripted(self, route: str) -> Fault | None:
        for each in self.script:
            if each.route in (None, route):
                self.script.remove(each)
                return each.fault
        return None

    def _dealt(self, route: str) -> Fault | None:
        if route not in DECKS:
            return None
        bad = round(self.share * REQUESTS_A_DECK)
        days = [True] * bad + [False] * (REQUESTS_A_DECK - bad)
        if not self._deal(self._whether.setdefault(route, []), days):
            return None
        return self._deal(self._which.setdefault(route, []), list(DECKS[route].elements()))

    def _deal(self, deck: list[T], full: list[T]) -> T:
        if not deck:
            deck.extend(full)
            self._random.shuffle(deck)
        return deck.pop()
