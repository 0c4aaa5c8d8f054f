"""Remembers for a minute who wrote what where, to notice one text over channels or over and over.

Only in memory, bounded, and as hashes: no text is kept. Times are milliseconds, as Discord's ids bear them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

WINDOW = 60_000  # milliseconds
MOST_PEOPLE = 5_000
KEPT_EACH = 12
SHORTEST = 10  # characters: "thanks!" in three channels is no flood


@dataclass(frozen=True)
class Seen:
    """One message of somebody."""

    message_id: int
    channel_id: int
    at: int
    text_hash: int


class Repeats:
    """What people wrote in the last minute."""

    def __init__(self, most_people: int = MOST_PEOPLE) -> None:
        self._most_people = most_people
        self._people: OrderedDict[tuple[int, int], deque[Seen]] = OrderedDict()
        self._told: dict[tuple[int, int], set[int]] = {}

    def __len__(self) -> int:
        return len(self._people)

    def note(self, who: tuple[int, int], seen: Seen, *, channels: int, in_a_row: int) -> tuple[Seen, ...]:
        """Remember a message of `who` (server, member). Returns the repeats that were not returned before, when the same
        text stood in so many `channels` or came so many times `in_a_row` within the window."""
        theirs = self._people.get(who)
        if theirs is None:
            theirs = self._people[who] = deque(maxlen=KEPT_EACH)
            if len(self._people) > self._most_people:
                gone, _ = self._people.popitem(last=False)
                self._told.pop(gone, None)
        else:
            self._people.move_to_end(who)
        theirs.append(seen)
        if len(theirs) < min(channels, in_a_row):
            return ()
        return self._repeated(who, theirs, seen, channels, in_a_row)

    def _repeated(
        self, who: tuple[int, int], theirs: deque[Seen], seen: Seen, channels: int, in_a_row: int
    ) -> tuple[Seen, ...]:
        since = seen.at - WINDOW
        same = [each for each in theirs if each.text_hash == seen.text_hash and each.at >= since]
        row = 0
        for each in reversed(theirs):
            if each.text_hash != seen.text_hash or each.at < since:
                break
            row += 1
        if len({each.channel_id for each in same}) < channels and row < in_a_row:
            return ()
        told = self._told.setdefault(who, set())
        new = tuple(each for each in same if each.message_id not in told)
        told.intersection_update(each.message_id for each in theirs)
        told.update(each.message_id for each in new)
        return new
