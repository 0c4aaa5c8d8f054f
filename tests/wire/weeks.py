"""Weeks of challenges, pairing rounds and hand-overs in the chaos test: time goes on to the next step as soon as Discord has seen the one before.

Firings come at their second, challenges at their hour of the week, so between two lives the clock that the bot and
the fake Discord share is moved. What is waited for is an event, never a time in which it should have come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tests.wire import challenges as c
from tests.wire.challenges import Hands, hands_on
from tests.wire.fake_discord import FakeDiscord
from tests.wire.judge import Verdict
from tests.wire.rounds import CONFIRM_HOURS, PAIRS_AFTER, Meetings, Reviews
from tests.wire.turns import TURN_AFTER, Turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# After the opening on Monday at nine.
REMINDER, DEADLINE = 5 * DAY + 11 * HOUR, 6 * DAY + 11 * HOUR
GRACE, RESULTS = DEADLINE + 12 * HOUR, 7 * DAY + 9 * HOUR
GIVEN = GRACE + CONFIRM_HOURS * HOUR + HOUR / 2  # by then, however late the works were ready


@dataclass(frozen=True)
class Step:
    """Something that comes `at` so long after the first opening, by effects of these kinds."""

    at: timedelta
    kinds: tuple[str, ...]
    is_seen: Callable[[], bool]
    then: Callable[[], Awaitable[None]] | None = None
    before: Callable[[datetime], Awaitable[None]] | None = None  # given when it comes


class Weeks:
    """So many weeks of one community. `move_clock` tells the bot what time it is."""

    def __init__(self, discord: FakeDiscord, url: str, count: int, move_clock: Callable[[], None]) -> None:
        world = discord.world
        self._discord, self._world, self._url, self._move_clock = discord, world, url, move_clock
        self.room = world.add_channel("challenges").id
        self.gallery = world.add_channel("gallery").id
        self.titles = [f"Knot {number}" for number in range(1, count + 1)]
        self._asked = [world.add_member(f"asks-{number}").id for number in range(4)]
        self._diligent = [world.add_member(f"hands-in-{number}").id for number in range(4)]
        self._silent = world.add_member("asks-for-nothing").id
        self._meetings = Meetings(discord, url)
        self._turns = Turns(discord, url)
        self._reviews = Reviews(discord, url, f"Knot {count}", self._diligent)
        self._steps: list[Step] = []
        for number, title in enumerate(self.titles):
            after = 7 * DAY * number
            self._steps += self._steps_of(title, after, is_last=number == count - 1)
            has_met = partial(self._meetings.has_met, number + 1)
            kinds = ("open_room", "post")
            self._steps.append(Step(after + PAIRS_AFTER, kinds, has_met, before=self._meetings.foresee))
            # The first turn goes on from the beginning.
            has_handed_over = partial(self._turns.has_handed_over, number + 2)
            kinds = ("add_role", "remove_role", "post")
            self._steps.append(Step(after + TURN_AFTER, kinds, has_handed_over))
        self._steps.sort(key=lambda each: each.at)
        self._next = 0  # the step that is to come

    @property
    def channels(self) -> frozenset[int]:
        own = {self.room, self.gallery, self._meetings.channel, self._reviews.channel, self._reviews.staff}
        own.add(self._turns.channel)
        return frozenset({*own, *(each.id for each in self._meetings.rooms)})

    @property
    def roles(self) -> frozenset[int]:
        return frozenset({self._turns.role})

    @property
    def kinds_due(self) -> set[str]:
        """The kinds of effects that the present step brings."""
        return set(self._steps[self._next - 1].kinds) if self._next else set()

    @property
    def steps_taken(self) -> int:
        return self._next

    @property
    def is_over(self) -> bool:
        return self._next == len(self._steps) and all(each.is_seen() for each in self._steps[-1:])

    @property
    def is_stuck(self) -> bool:
        """The present step has not been seen yet. Where nothing is left to do, it never will be."""
        return bool(self._next) and not self.is_over and not self._steps[self._next - 1].is_seen()

    async def prepare(self) -> None:
        async with hands_on(self._url, self._world) as hands:
            self._monday = await hands.prepare(self.room, self.gallery, *self.titles)
        await self._meetings.prepare()
        await self._turns.prepare()

    async def look(self) -> None:
        """At the end, while the bot lives: staff look at what nobody else is shown."""
        if self.titles and self.is_over and self._reviews.is_announced():
            await self._reviews.look()

    async def go_on(self, is_idle: Callable[[], bool] = lambda: True) -> None:
        """If Discord has seen the present step, and the bot is idle or dead, let it be the time of the next."""
        if self._discord.rest.busy or self._next == len(self._steps):
            return  # days must not pass while something is on its way
        if self._next:
            present = self._steps[self._next - 1]
            if not present.is_seen() or not is_idle():
                return
            if present.then is not None:
                await present.then()
        due = self._monday + self._steps[self._next].at + timedelta(seconds=1)
        if (before := self._steps[self._next].before) is not None:
            await before(due)
        self._discord.skip(max(due - self._world.now(), timedelta()))
        self._move_clock()
        self._next += 1

    def judge(self, verdict: Verdict) -> None:
        """Each opening, closing, reminder and telling of results once, and none out of turn."""
        for title in self.titles:
            posts = c.openings(self._world, self.room, title)
            told = c.results(self._world, self.gallery, title)
            _count(verdict, f"opening of {title}", len(posts))
            _count(verdict, f"results of {title}", len(told))
            reminded = c.reminded(self._world, self.room, title)
            for member_id in self._asked:
                _count(verdict, f"reminder of {title} to {member_id}", reminded.count(member_id))
            verdict.strange += [f"reminder to {each}" for each in reminded if each not in self._asked]
            for post in posts[:1]:
                if post.id not in self._world.threads:
                    verdict.lost.append(f"thread of {title}")
                said = c.phases(post)
                verdict.lost += [f"{each} of {title}" for each in c.PHASES if each not in said]
                if said != [each for each in c.PHASES if each in said]:
                    verdict.doubled.append(f"phases of {title}: {said}")
        if self.titles:
            self._meetings.judge(verdict)
            self._reviews.judge(verdict)
            self._turns.judge(verdict, len(self.titles) + 1)

    def _steps_of(self, title: str, after: timedelta, *, is_last: bool) -> list[Step]:
        world, reviews = self._world, self._reviews

        def has_opened() -> bool:
            return any(each.id in world.threads for each in c.openings(world, self.room, title))

        def says(phase: str) -> bool:
            return any(c.phases(each)[-1] == phase for each in c.openings(world, self.room, title))

        given = Step(after + GIVEN, ("post",), reviews.is_told, before=reviews.foresee)

        def can_be_reviewed() -> bool:
            return says("review") and (not is_last or reviews.is_announced())

        return [
            *([given] if is_last else []),
            Step(after, ("post", "open_thread"), has_opened, self._join_last if is_last else self._join),
            Step(
                after + REMINDER,
                ("post",),
                lambda: set(self._asked) <= set(c.reminded(world, self.room, title)),
            ),
            Step(after + DEADLINE, ("edit",), lambda: says("closing")),
            Step(after + GRACE, ("edit",), can_be_reviewed),
            Step(
                after + RESULTS,
                ("post", "edit"),
                lambda: says("results") and bool(c.results(world, self.gallery, title)),
            ),
        ]

    async def _join_last(self) -> None:
        await self._reviews.begin()
        await self._join()

    async def _join(self) -> None:
        async with hands_on(self._url, self._world) as hands:
            await self._join_with(hands)

    async def _join_with(self, hands: Hands) -> None:
        for member_id in (*self._asked, *self._diligent):
            await hands.join(member_id, remind=True)
        await hands.join(self._silent, remind=False)
        for member_id in self._diligent:
            await hands.hand_in(member_id)


def _count(verdict: Verdict, what: str, count: int) -> None:
    if count < 1:
        verdict.lost.append(what)
    if count > 1:
        verdict.doubled.append(what)
