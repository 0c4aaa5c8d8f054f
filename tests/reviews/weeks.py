"""Weeks of rounds of reviews, with the real drawing, confirming, reminding and filling: what becomes of each work?"""

from __future__ import annotations

import random
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.authority import Actor
from cogs.reviews.rules import waiting_time
from storage.reviews import ReviewRow, ReviewWorkRow
from tests.reviews.stand import FARAH, GOOD, GUILD, HOUR, Parts, who

STEP = 4 * HOUR
HANDS_IN, LATE, SILENT, APART = 0.9, 0.05, 0.1, 0.1
"""Of the members: who hand in, of these late, who write nothing in a week, and who avoid somebody."""
TYPICAL, WIDELY = 24.0, 0.8  # hours until a review is written: the median, and the sigma of their logarithm
RELEASED_AFTER = 72 * HOUR
RECENT = 4  # rounds in which nobody is to review the same author twice


@dataclass(frozen=True)
class Figures:
    """Counts are over all weeks, shares in per cent, times in hours. `spread` is the widest difference of loads in any
    drawing; `extra` the most reviews that anybody wrote in a round beyond the two that all were given."""

    works: int
    spread: int
    extra: int
    repeats: int
    apart: int
    reciprocal: float
    reviewed: float
    twice: float
    median: float
    p90: float
    replaced: int
    to_silent: int
    left_over: int


class Weeks:
    """A community and what happens in it."""

    def __init__(self, parts: Parts, count: int, rng: random.Random) -> None:
        self.parts = parts
        self.rng = rng
        self.people = [1000 + each for each in range(count)]
        self.joined = count
        self.rounds: list[set[tuple[int, int]]] = []  # (reviewer, author) of each
        self.apart: dict[tuple[int, int], datetime] = {}  # and since when
        self.apart_met = 0
        self.drawn = self.spread = self.reciprocal = self.replaced = self.to_silent = 0
        self.claimed: set[int] = set()  # by people who were not asked
        self.delays: dict[tuple[int, int], float] = {}

    async def run(self, weeks: int) -> Figures:
        for _ in range(max(1, round(APART * len(self.people)))):
            await self._keep_apart(*self.rng.sample(self.people, 2))
        for week in range(weeks):
            await self._week(week)
        return await self._figures()

    async def _keep_apart(self, one: int, other: int) -> None:
        async with self.parts.core.db.begin() as session:
            await self.parts.core.avoidances.add(session, GUILD, one, other)
        for pair in ((one, other), (other, one)):
            self.apart.setdefault(pair, self.parts.clock.now())

    async def _week(self, week: int) -> None:
        parts, rng, subject = self.parts, self.rng, str(week)
        makers = [each for each in self.people if rng.random() < HANDS_IN]
        late = {each for each in makers if rng.random() < LATE}
        silent = set(rng.sample(self.people, round(SILENT * len(self.people))))
        await parts.hand_in([Actor(GUILD, each) for each in makers if each not in late], subject)
        newest = (await parts.allocation.overview(FARAH))[0]
        drawn = await parts.allocation.draw(FARAH, newest.id, rng.getrandbits(31))
        await self._keep_apart(drawn.drawn[0].author_id, drawn.drawn[0].reviewers[0][0])
        self._judge({(by, work.author_id) for work in drawn.drawn for by, *_ in work.reviewers})
        await parts.allocation.confirm(FARAH, newest.id, drawn.draws)
        ends = parts.clock.now() + timedelta(weeks=1)
        gone: set[int] = set()
        at = 0
        while parts.clock.now() < ends:
            await parts.later(STEP)
            await self._write(silent | gone)
            at += 1
            if at == 5:
                await parts.hand_in([Actor(GUILD, each) for each in sorted(late)], subject)
            elif at == 8:
                gone = set(rng.sample(self.people, len(self.people) // 30))
                await self._leave(gone)
            elif at % 3 == 0:
                await self._take_from_pool([each for each in self.people if each not in silent | gone])
        self.people = [each for each in self.people if each not in gone]
        for _ in gone:
            self.people.append(1000 + self.joined)
            self.joined += 1
        await self._look_back(newest.id)

    def _judge(self, drawn: set[tuple[int, int]]) -> None:
        loads = Counter(reviewer for reviewer, _ in drawn)
        self.spread = max(self.spread, max(loads.values()) - min(loads.values()))
        self.reciprocal += sum((author, reviewer) in drawn for reviewer, author in drawn)
        self.rounds.append(drawn)
        self.drawn += len(drawn)

    async def _write(self, quiet: set[int]) -> None:
        """Whoever has thought for long enough writes."""
        now = self.parts.clock.now()
        for row in await self._rows("assigned"):
            key = (row.id, row.turn)
            hours = self.delays.setdefault(key, self.rng.lognormvariate(0, WIDELY) * TYPICAL)
            if row.reviewer_id not in quiet and row.taken_at + hours * HOUR <= now:
                await self.parts.service.write(who(Actor(GUILD, row.reviewer_id)), row.id, 0, GOOD)

    async def _take_from_pool(self, able: list[int]) -> None:
        """One of those who are there takes the work that has waited longest, and reviews it."""
        actor = Actor(GUILD, self.rng.choice(able))
        pool = (await self.parts.service.inbox(actor)).pool
        if pool:
            review = await self.parts.service.claim(actor, pool[0].id)
            self.claimed.add(review.id)
            await self.parts.service.write(who(actor), review.id, 0, GOOD)

    async def _leave(self, gone: set[int]) -> None:
        for each in sorted(gone):
            async with self.parts.core.db.begin() as session:
                await self.parts.core.erasure.note_departures(session, GUILD, [each], [])

    async def _look_back(self, round_id: int) -> None:
        """What the round became: who stood in for whom."""
        works = {each.id: each for each in await self.parts.rows(ReviewWorkRow) if each.round_id == round_id}
        taken = [each for each in await self.parts.rows(ReviewRow) if each.work_id in works]
        let_go: dict[int, datetime] = {}
        for each in taken:
            if each.state == "released" and works[each.work_id].state == "open":
                over = each.taken_at + RELEASED_AFTER
                let_go[each.reviewer_id] = min(over, let_go.get(each.reviewer_id, over))
        for each in taken:
            pair = (each.reviewer_id, works[each.work_id].author_id)
            self.replaced += pair not in self.rounds[-1]
            over = let_go.get(each.reviewer_id)
            self.to_silent += over is not None and each.taken_at > over and each.id not in self.claimed
            self.apart_met += pair in self.apart and each.taken_at >= self.apart[pair]

    def _count_repeats(self, works: dict[int, ReviewWorkRow], given: list[ReviewRow]) -> int:
        """Reviews by somebody who had reviewed the author in one of the last rounds."""
        rounds: dict[int, set[tuple[int, int]]] = {}
        for each in given:
            work = works[each.work_id]
            rounds.setdefault(work.round_id or 0, set()).add((each.reviewer_id, work.author_id))
        order = [rounds[each] for each in sorted(rounds)]
        return sum(
            len(now & set[tuple[int, int]]().union(*order[max(0, at - RECENT) : at]))
            for at, now in enumerate(order)
        )

    async def _rows(self, state: str) -> list[Any]:
        # Not by their ids, which are by lot within a work.
        order = (ReviewRow.work_id, ReviewRow.reviewer_id, ReviewRow.version)
        async with self.parts.core.db.read() as session:
            return list(await session.scalars(select(ReviewRow).filter_by(state=state).order_by(*order)))

    async def _figures(self) -> Figures:
        works = {each.id: each for each in await self.parts.rows(ReviewWorkRow)}
        there = [each for each in works.values() if each.state == "open"]
        given = await self._rows("given")
        reviews = Counter(each.work_id for each in given)
        wrote = Counter((works[each.work_id].round_id, each.reviewer_id) for each in given)
        waits = [(each.asked_at, each.first_review_at, each.closed_at) for each in works.values()]
        wait = waiting_time(waits, self.parts.clock.now())
        assert wait is not None and wait.median is not None and wait.p90 is not None
        return Figures(
            works=len(works),
            spread=self.spread,
            extra=max(wrote.values()) - 2,
            repeats=self._count_repeats(works, given),
            apart=self.apart_met,
            reciprocal=100 * self.reciprocal / self.drawn,
            reviewed=100 * statistics.fmean(reviews[each.id] > 0 for each in there),
            twice=100 * statistics.fmean(reviews[each.id] > 1 for each in there),
            median=wait.median / HOUR,
            p90=wait.p90 / HOUR,
            replaced=self.replaced,
            to_silent=self.to_silent,
            left_over=sum(reviews[each.id] == 0 for each in there),
        )
