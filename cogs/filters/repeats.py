"""Remembers for a minute who wrote what where, to notice one text over channels or over and over.

Only in memory, bounded, and as hashes: no text is kept. Times are milliseconds, as Discord's ids bear them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

WINDOW = 60_000  # milliseconds
MOST_PEOPLE = 5_000
KEPT_EACH = 12
SHORTEST = 10  # characters: "thanks!" in three channels is no flood


class Seen(NamedTuple):
    """One message of somebody. A tuple, because one is made of every message that is written."""

    message_id: int
    channel_id: int
    at: int
    text_hash: int


class _Person:
    """What somebody wrote, the texts of it once more to be counted quickly, and which repeats were told already."""

    __slots__ = ("hashes", "seen", "told")

    def __init__(self) -> None:
        self.seen: deque[Seen] = deque(maxlen=KEPT_EACH)
        self.hashes: deque[int] = deque(maxlen=KEPT_EACH)
        self.told: set[int] = set()


class Repeats:
    """What people wrote in the last minute."""

    def __init__(self, most_people: int = MOST_PEOPLE) -> None:
        self._most_people = most_people
        self._people: OrderedDict[tuple[int, int], _Person] = OrderedDict()

    def __len__(self) -> int:
        return len(self._people)

    def note(self, who: tuple[int, int], seen: Seen, *, channels: int, in_a_row: int) -> tuple[Seen, ...]:
        """Remember a message of `who` (server, member). Returns the repeats that were not returned before, when the same
        text stood in so many `channels` or came so many times `in_a_row` within the window."""
        person = self._people.get(who)
        if person is None:
            person = self._people[who] = _Person()
            if len(self._people) > self._most_people:
                self._people.popitem(last=False)
        else:
            self._people.move_to_end(who)
        person.seen.append(seen)
        person.hashes.append(seen.text_hash)
        if person.hashes.count(seen.text_hash) < min(channels, in_a_row):
            return ()
        return _repeated(person, seen, channels, in_a_row)


def _repeated(person: _Person, seen: Seen, channels: int, in_a_row: int) -> tuple[Seen, ...]:
    since = seen.at - WINDOW
    same = [each for each in person.seen if each.text_hash == seen.text_hash and each.at >= since]
    row = 0
    for each in reversed(person.seen):
        if each.text_hash != seen.text_hash or each.at < since:
            break
        row += 1
    if len({each.channel_id for each in same}) < channels and row < in_a_row:
        return ()
    new = tuple(each for each in same if each.message_id not in person.told)
    person.told.intersection_update(each.message_id for each in person.seen)
    person.told.update(each.message_id for each in new)
    return new
