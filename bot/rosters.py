"""Who is in a server and with which roles, as numbers: twenty bytes a member, where discord.py's object takes a thousand.

Filled by `bot/member_state.py` from what Discord tells anyway. It knows somebody's roles whether or not discord.py keeps
them in memory, so that what depends on roles works in the largest server and with `low_memory` on. Names are not in here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BOT, _PENDING = 1, 2
_FEW = 32  # kinds that are looked through rather than looked up: a dictionary would weigh more than all else of a small server


class Entry(NamedTuple):
    """One member. `role_ids` without @everyone; `joined_at` (UTC) is None where Discord does not say."""

    role_ids: tuple[int, ...]
    is_bot: bool = False
    is_pending: bool = False
    joined_at: datetime | None = None


class Roster(Collection[int]):
    """The members of one server, by id. `is_complete` once all of them have been told."""

    __slots__ = ("_ids", "_joined", "_kinds", "_numbers", "_packed", "is_complete", "listings")

    def __init__(self) -> None:
        # Three columns, sorted by id. Few kinds of member differ in roles and flags, so each kind is written once.
        self._ids = array("Q")
        self._joined = array("Q")  # microseconds since 1970; 0: unknown
        self._kinds = array("I")  # places in `_packed`
        self._packed: list[bytes] = []
        self._numbers: dict[bytes, int] | None = None
        self.listings: tuple[Listing, ...] = ()
        self.is_complete = False

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __contains__(self, member_id: object) -> bool:
        return isinstance(member_id, int) and self._place(member_id) is not None

    def find(self, member_id: int) -> Entry | None:
        """What is known of a member; None for who is not in here."""
        place = self._place(member_id)
        if place is None:
            return None
        flags, *role_ids = array("Q", self._packed[self._kinds[place]])
        joined = self._joined[place]
        joined_at = _EPOCH + joined * _MICROSECOND if joined else None
        return Entry(tuple(role_ids), bool(flags & _BOT), bool(flags & _PENDING), joined_at)

    def having(self, role_ids: Collection[int], *, bots: bool = True) -> set[int]:
        """Everybody with at least one of these roles."""
        wanted = set(role_ids)
        kinds: set[int] = set()
        for kind, packed in enumerate(self._packed):
            flags, *held = array("Q", packed)
            if not wanted.isdisjoint(held) and (bots or not flags & _BOT):
                kinds.add(kind)
        if not kinds:
            return set()
        return {member_id for member_id, kind in zip(self._ids, self._kinds, strict=True) if kind in kinds}

    def put(self, member_id: int, entry: Entry) -> None:
        """Somebody is here, as an event says."""
        for listing in self.listings:
            listing.touched.add(member_id)
        self.write(member_id, entry)

    def remove(self, member_id: int) -> None:
        """Somebody is not here any more."""
        for listing in self.listings:
            listing.touched.add(member_id)
        place = self._place(member_id)
        if place is not None:
            for column in (self._ids, self._joined, self._kinds):
                del column[place]

    def list_anew(self) -> Listing:
        """Take in a list of everybody, bit by bit. To be ended or given up."""
        listing = Listing(self)
        self.listings += (listing,)
        return listing

    def distrust(self) -> None:
        """Events may have been missed: no list that is under way can be trusted, and not everybody may be in here."""
        for listing in self.listings:
            listing.give_up()
        self.is_complete = False

    def tidy(self) -> None:
        """Forget the kinds that nobody is any more: each change of somebody's roles may have left one."""
        numbers: dict[int, int] = {}
        for place, kind in enumerate(self._kinds):
            self._kinds[place] = numbers.setdefault(kind, len(numbers))
        self._packed = [self._packed[kind] for kind in numbers]
        self._numbers = None

    def _place(self, member_id: int) -> int | None:
        return _place(self._ids, member_id)

    def write(self, member_id: int, entry: Entry) -> None:
        """Write down what somebody is, whoever says so."""
        kind = self._kind(entry)
        joined = (entry.joined_at - _EPOCH) // _MICROSECOND if entry.joined_at is not None else 0
        place = bisect_left(self._ids, member_id)
        if place < len(self._ids) and self._ids[place] == member_id:
            self._joined[place], self._kinds[place] = joined, kind
            return
        self._ids.insert(place, member_id)
        self._joined.insert(place, joined)
        self._kinds.insert(place, kind)

    def _kind(self, entry: Entry) -> int:
        flags = _BOT * entry.is_bot | _PENDING * entry.is_pending
        packed = array("Q", (flags, *sorted(entry.role_ids))).tobytes()
        if self._numbers is None and len(self._packed) > _FEW:
            self._numbers = {each: number for number, each in enumerate(self._packed)}
        if self._numbers is not None:
            found = self._numbers.setdefault(packed, len(self._packed))
        else:
            found = self._packed.index(packed) if packed in self._packed else len(self._packed)
        if found == len(self._packed):
            self._packed.append(packed)
        return found


def _place(column: array[int], value: int) -> int | None:
    """Where a value stands in a sorted column."""
    place = bisect_left(column, value)
    return place if place < len(column) and column[place] == value else None


class Listing:
    """A list of everybody that is under way. What events say meanwhile is newer; whoever it leaves out at its end is gone."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._seen = array("Q")
        self._counts = True
        self.touched: set[int] = set()
        """Whom events told of meanwhile."""

    def add(self, member_id: int, entry: Entry) -> None:
        if not self._counts:
            return
        self._seen.append(member_id)
        if member_id not in self.touched:
            self._roster.write(member_id, entry)

    def end(self) -> None:
        """Everybody was told."""
        if not self._counts:
            return
        self.give_up()
        told = array("Q", sorted(self._seen))
        gone = [each for each in self._roster if each not in self.touched and _place(told, each) is None]
        for each in gone:
            self._roster.remove(each)
        self._roster.is_complete = True
        self._roster.tidy()

    def give_up(self) -> None:
        """It will not end: what came counts, what still comes does not, and nobody is gone."""
        self._counts = False
        self._roster.listings = tuple(each for each in self._roster.listings if each is not self)


class Rosters:
    """The rosters of all servers; also who has which roles, for `bot/qualifications.py`."""

    def __init__(self) -> None:
        self._of: dict[int, Roster] = {}

    def of(self, guild_id: int) -> Roster:
        """The roster of a server, at first an empty one."""
        return self._of.setdefault(guild_id, Roster())

    def forget(self, guild_id: int) -> None:
        self._of.pop(guild_id, None)

    def distrust(self) -> None:
        """A new session: events may have been missed in every server."""
        for each in self._of.values():
            each.distrust()

    def roles_of(self, guild_id: int, member_id: int) -> frozenset[int] | None:
        """The roles of a member with @everyone; None for who is not known."""
        entry = self.of(guild_id).find(member_id)
        return frozenset((guild_id, *entry.role_ids)) if entry is not None else None

    def members_with(self, guild_id: int, role_ids: Iterable[int]) -> set[int]:
        """Everybody who is known to have at least one of these roles."""
        return self.of(guild_id).having(frozenset(role_ids))
