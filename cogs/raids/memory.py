"""What is kept in memory so that joins and messages cost no query: the last minutes of each server, the lockdowns that are
on, the busiest channels; and what is to be written, in batches.

All of it can be lost: lockdowns are read again at the start, and who came meanwhile is listed then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cogs.raids.rules import Arrival, Surge, Verdict
from cogs.raids.watch import NEWCOMER_FOR, Watch

# Ten minutes in the ids of messages, which have milliseconds above their lowest 22 bits.
# https://docs.discord.com/developers/reference#snowflakes
TRAFFIC_FOR = 10 * 60_000 << 22
MOST_CHANNELS = 500
RATE_OVER = timedelta(days=14)


@dataclass(frozen=True)
class Active:
    """A lockdown that is on."""

    raid_id: int
    since: datetime


@dataclass
class Batch:
    """What is to be written."""

    arrivals: dict[int, dict[int, Arrival]] = field(default_factory=dict[int, dict[int, Arrival]])
    joins: Counter[tuple[int, datetime]] = field(default_factory=Counter[tuple[int, datetime]])

    def __bool__(self) -> bool:
        return bool(self.arrivals or self.joins)


class Memory:
    """Of all servers."""

    def __init__(self) -> None:
        self.active: dict[int, Active] = {}
        self.usual: dict[int, float] = {}
        self._watches: dict[int, Watch] = {}
        self._surges: dict[int, list[Surge]] = {}
        self._batch = Batch()
        self._traffic: defaultdict[int, list[Counter[int]]] = defaultdict(
            lambda: [Counter[int](), Counter[int]()]
        )
        self._turned_at: dict[int, int] = {}

    # ------------------------------------------------------------------------------------------ what happens

    def join(self, guild_id: int, arrival: Arrival) -> Verdict | None:
        """Somebody came. The verdict, or None when that was told before."""
        verdict = self._watch(guild_id).join(arrival)
        if verdict is None:
            return None
        self._batch.joins[guild_id, arrival.at.replace(minute=0, second=0, microsecond=0)] += 1
        if guild_id in self.active:
            self._batch.arrivals.setdefault(guild_id, {})[arrival.member_id] = arrival
        return verdict

    def say(self, guild_id: int, author: Arrival, at: datetime, mark: int | None) -> Verdict | None:
        """A newcomer wrote something. The verdict, if it has changed."""
        if at - author.at > NEWCOMER_FOR:
            return None
        watch = self._watch(guild_id)
        verdict, echoing = watch.say(author.member_id, at, mark)
        active = self.active.get(guild_id)
        if active is not None and author.member_id in echoing and author.at >= active.since:
            self._batch.arrivals.setdefault(guild_id, {})[author.member_id] = replace(author, echoed=True)
        return verdict

    def count_message(self, guild_id: int, channel_id: int, message_id: int) -> None:
        """Somebody wrote in a channel; when, says the id of the message."""
        turned = self._turned_at.get(guild_id)
        counts = self._traffic[guild_id]
        if turned is None or message_id - turned > TRAFFIC_FOR:
            counts[:] = [
                Counter(),
                counts[0] if turned is not None and message_id - turned < 2 * TRAFFIC_FOR else Counter(),
            ]
            self._turned_at[guild_id] = message_id
        if len(counts[0]) < MOST_CHANNELS or channel_id in counts[0]:
            counts[0][channel_id] += 1

    # ------------------------------------------------------------------------------------------ what is known

    def busiest(self, guild_id: int, most: int) -> list[int]:
        """The channels in which most was written of late."""
        if guild_id not in self._traffic:
            return []
        fresh, before = self._traffic[guild_id]
        return [channel_id for channel_id, _ in (fresh + before).most_common(most)]

    def arrivals(self, guild_id: int) -> list[Arrival]:
        watch = self._watches.get(guild_id)
        return watch.arrivals if watch is not None else []

    def everybody(self, guild_id: int) -> list[Arrival]:
        """Those of the last ten minutes, also those with whom a lockdown has dealt."""
        watch = self._watches.get(guild_id)
        return watch.everybody if watch is not None else []

    def end(self, guild_id: int) -> None:
        """The lockdown is over, and with it what it was about."""
        if self.active.pop(guild_id, None) is not None and guild_id in self._watches:
            self._watches[guild_id].settle()

    def verdict(self, guild_id: int, now: datetime) -> Verdict:
        return self._watch(guild_id).verdict(now)

    def set_surges(self, guild_id: int, surges: Iterable[Surge]) -> None:
        self._surges[guild_id] = list(surges)
        if guild_id in self._watches:
            self._watches[guild_id].surges = list(self._surges[guild_id])

    def take_batch(self) -> Batch:
        """What is to be written, which is then no more to be written."""
        batch, self._batch = self._batch, Batch()
        return batch

    def give_back(self, batch: Batch) -> None:
        """It could not be written."""
        for guild_id, arrivals in batch.arrivals.items():
            self._batch.arrivals[guild_id] = arrivals | self._batch.arrivals.get(guild_id, {})
        self._batch.joins += batch.joins

    @property
    def has_arrivals(self) -> bool:
        return bool(self._batch.arrivals)

    def tidy(self, now: datetime) -> None:
        """Forget servers in which nothing happens."""
        for guild_id in [each for each, watch in self._watches.items() if watch.quiet(now)]:
            if guild_id not in self.active:
                del self._watches[guild_id]

    def _watch(self, guild_id: int) -> Watch:
        watch = self._watches.get(guild_id)
        if watch is None:
            watch = self._watches[guild_id] = Watch()
            watch.surges = list(self._surges.get(guild_id, ()))
        watch.usual = self.usual.get(guild_id, 0.0)
        return watch
