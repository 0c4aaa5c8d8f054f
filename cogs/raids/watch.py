"""What is remembered of the last minutes of one community, and what it weighs. In memory alone, and of bounded size.

Everything is kept up to date with each arrival, so an arrival costs the same whether ten or a thousand came before it:
no query, and no look through the list. Names and messages are remembered as numbers.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, timedelta

from cogs.raids import rules
from cogs.raids.rules import Arrival, Evidence, Surge, Verdict

MOST_ARRIVALS = 5000
MOST_MESSAGES, MOST_AUTHORS = 512, 500
ECHO_WITHIN = timedelta(minutes=1)
LOUD_WITHIN, LOUD_FROM = timedelta(seconds=10), 4
NEWCOMER_FOR = timedelta(hours=24)
"""Whose messages are looked at: those of who came within this time."""


class Crowds:
    """How many have each key; those of at least `LEAST_CROWD` are kept apart, for they are few."""

    def __init__(self) -> None:
        self._sizes: Counter[Hashable] = Counter()
        self._large: dict[Hashable, int] = {}

    def add(self, key: Hashable, by: int) -> None:
        size = self._sizes[key] + by
        if size <= 0:
            self._sizes.pop(key, None)
        else:
            self._sizes[key] = size
        if size >= rules.LEAST_CROWD:
            self._large[key] = size
        else:
            self._large.pop(key, None)

    def alike(self, among: int) -> int:
        """How many are in a crowd that means something among so many; never more than these."""
        least = rules.crowd_from(among)
        return min(among, sum(size for size in self._large.values() if size >= least))


class Window:
    """The arrivals of one span, and the sums over them."""

    def __init__(self, span: timedelta) -> None:
        self.span = span
        self.arrivals: deque[Arrival] = deque()
        self._own = 0.0
        self._ages = [0, 0]  # younger than a day, than a week
        self._bare = 0
        self._names, self._faces = Crowds(), Crowds()

    def add(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self._count(arrival, 1)
        if len(self.arrivals) > MOST_ARRIVALS:
            self._count(self.arrivals.popleft(), -1)

    def forget(self, now: datetime) -> None:
        since = now - self.span
        while self.arrivals and self.arrivals[0].at <= since:
            self._count(self.arrivals.popleft(), -1)
        if not self.arrivals:
            self._own = 0.0  # so that no rounding stays behind

    def weight(self) -> float:
        size = len(self.arrivals)
        return self._own + rules.ALIKE * self._names.alike(size) + rules.SAME_FACE * self._faces.alike(size)

    def evidence(self) -> Evidence:
        size = len(self.arrivals)
        return Evidence(
            span=self.span,
            joins=size,
            fresh=self._ages[0],
            young=self._ages[1],
            alike=self._names.alike(size),
            same_face=self._faces.alike(size),
            bare=self._bare,
        )

    def _count(self, arrival: Arrival, by: int) -> None:
        age = arrival.at - arrival.account_at
        self._own += by * arrival.own_weight
        self._ages[0] += by * (age < rules.AGES[0][0])
        self._ages[1] += by * (age < rules.AGES[1][0])
        self._bare += by * (arrival.face is None)
        for key in arrival.keys:
            self._names.add(key, by)
        if arrival.face is not None:
            self._faces.add(arrival.face, by)


class Messages:
    """Which newcomers sent the same, and who sent very much, within the last moments."""

    def __init__(self) -> None:
        self._by_print: OrderedDict[int, OrderedDict[int, datetime]] = OrderedDict()
        self.echoing: OrderedDict[int, datetime] = OrderedDict()
        self._recent: OrderedDict[int, tuple[datetime, int]] = OrderedDict()
        self.loud: OrderedDict[int, datetime] = OrderedDict()

    def add(self, member_id: int, at: datetime, mark: int | None) -> list[int]:
        """Returns those who have just turned out to echo each other."""
        self._count(member_id, at)
        if mark is None:
            return []
        authors = self._by_print.setdefault(mark, OrderedDict())
        self._by_print.move_to_end(mark)
        if len(self._by_print) > MOST_MESSAGES:
            self._by_print.popitem(last=False)
        _note(authors, member_id, at, at - ECHO_WITHIN, MOST_AUTHORS)
        if len(authors) < rules.LEAST_ECHO:
            return []
        fresh = [each for each in authors if each not in self.echoing]
        for each in authors if fresh else (member_id,):
            _note(self.echoing, each, at, at - ECHO_WITHIN, MOST_ARRIVALS)
        return fresh

    def forget(self, now: datetime) -> None:
        _drop(self.echoing, now - ECHO_WITHIN)
        _drop(self.loud, now - ECHO_WITHIN)

    def _count(self, member_id: int, at: datetime) -> None:
        since, count = self._recent.get(member_id, (at, 0))
        if at - since > LOUD_WITHIN:
            since, count = at, 0
        self._recent[member_id] = (since, count + 1)
        self._recent.move_to_end(member_id)
        if len(self._recent) > MOST_ARRIVALS:
            self._recent.popitem(last=False)
        if count + 1 >= LOUD_FROM:
            _note(self.loud, member_id, at, at - ECHO_WITHIN, MOST_ARRIVALS)


class Watch:
    """One community. `usual` is how many come in an hour."""

    def __init__(self) -> None:
        self.usual = 0.0
        self.surges: list[Surge] = []
        self._windows = _empty()
        self._messages = Messages()
        self._settled: deque[Arrival] = deque(maxlen=MOST_ARRIVALS)
        self._seen: OrderedDict[int, datetime] = OrderedDict()

    def join(self, arrival: Arrival) -> Verdict | None:
        """Somebody came. None when Discord has told that before."""
        self._forget(arrival.at)
        if self._seen.get(arrival.member_id) == arrival.at:
            return None
        _note(self._seen, arrival.member_id, arrival.at, arrival.at - rules.LONG, MOST_ARRIVALS)
        for window in self._windows.values():
            window.add(arrival)
        verdict = self.verdict(arrival.at)
        self.surges = [
            replace(each, came=each.came + 1) if each.covers(arrival.at) else each for each in self.surges
        ]
        return verdict

    def say(self, member_id: int, at: datetime, mark: int | None) -> tuple[Verdict | None, list[int]]:
        """A newcomer wrote something. The verdict if it may have changed, and who turned out to echo others."""
        loud, echoing = len(self._messages.loud), len(self._messages.echoing)
        fresh = self._messages.add(member_id, at, mark)
        if (loud, echoing) == (len(self._messages.loud), len(self._messages.echoing)):
            return None, fresh
        self._forget(at)
        return self.verdict(at), fresh

    def verdict(self, now: datetime) -> Verdict:
        """The span that weighs most against what is bearable in it."""
        return max(
            (self._weigh(each, now) for each in self._windows.values()),
            key=lambda each: each.weight / each.bearable,
        )

    def quiet(self, now: datetime) -> bool:
        """Whether nothing of the last minutes is worth remembering."""
        self._forget(now)
        arrivals = self._windows[rules.LONG].arrivals or self._settled
        return not arrivals and not self._messages.echoing and not self.surges

    def settle(self) -> None:
        """Who came has been dealt with: it is weighed no more, or one newcomer would begin the next alarm."""
        self._settled.extend(self.arrivals)
        self._windows, self._messages = _empty(), Messages()

    @property
    def everybody(self) -> list[Arrival]:
        """Those of the last ten minutes, also those who were dealt with."""
        return [*self._settled, *self.arrivals]

    @property
    def arrivals(self) -> list[Arrival]:
        """Those of the last ten minutes who are weighed, the first first."""
        echoing = self._messages.echoing
        kept = self._windows[rules.LONG].arrivals
        return [replace(each, echoed=True) if each.member_id in echoing else each for each in kept]

    def _weigh(self, window: Window, now: datetime) -> Verdict:
        messages = self._messages
        expected = max(
            (
                each.still_expected + self._came_within(window, each)
                for each in self.surges
                if each.covers(now)
            ),
            default=0,
        )
        weight = window.weight() + rules.ECHO * len(messages.echoing) + rules.LOUD * len(messages.loud)
        limit = rules.bearable(window.span, usual_an_hour=self.usual, still_expected=expected)
        evidence = replace(
            window.evidence(),
            echoing=len(messages.echoing),
            loud=len(messages.loud),
            usual=self.usual,
            expected=expected,
        )
        return Verdict(weight, limit, evidence)

    def _came_within(self, window: Window, surge: Surge) -> int:
        """Of those in the window, how many the surge has been credited with: they are still weighed, so still expected."""
        credited = min(surge.came, surge.expected)
        return min(credited, len(window.arrivals))

    def _forget(self, now: datetime) -> None:
        for window in self._windows.values():
            window.forget(now)
        self._messages.forget(now)
        while self._settled and self._settled[0].at <= now - rules.LONG:
            self._settled.popleft()
        self.surges = [each for each in self.surges if each.ends_at > now]


def _empty() -> dict[timedelta, Window]:
    return {span: Window(span) for span in (rules.SHORT, rules.LONG)}


def _note(book: OrderedDict[int, datetime], key: int, at: datetime, since: datetime, most: int) -> None:
    book[key] = at
    book.move_to_end(key)
    _drop(book, since)
    while len(book) > most:
        book.popitem(last=False)


def _drop(book: OrderedDict[int, datetime], since: datetime) -> None:
    while book and next(iter(book.values())) <= since:
        book.popitem(last=False)
