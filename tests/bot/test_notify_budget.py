"""Nobody is ever pinged more than the budget on one of their days, whatever they choose meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.core import Core
from bot.nominal_times import local_now
from bot.notify import DIGEST_RENDERER, Delivery, Kind, Notification
from storage import members
from storage.database import Database
from storage.outbox import OutboxRow
from tests.clocks import FixedClock
from tests.databases import SqliteTemplate

GUILD, ANN, CHANNEL, BUDGET = 1, 11, 100, 3
KINDS = (Kind("test.a", "A", "so.", "A."), Kind("test.b", "B", "so.", "B."))
ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago")
Step = tuple[str, Any]


class Life:
    """One member's days: what features want to tell, what the member chooses, and what Discord is sent."""

    def __init__(self, database: Database) -> None:
        self.clock = FixedClock()
        self.core = Core.build(database, self.clock)
        for kind in KINDS:
            self.core.notifier.register(kind)
        self.told = 0
        self.zone = "UTC"
        self.pings: list[datetime] = []
        self.digests: list[datetime] = []

    async def live(self, steps: Sequence[Step]) -> None:
        for what, value in steps:
            await getattr(self, what)(value)
            await self.send_due()
            self.check()

    async def tell(self, kind: int) -> None:
        self.told += 1
        async with self.core.db.begin() as session:
            notification = Notification(
                kind=KINDS[kind].name,
                key=f"n{self.told}",
                guild_id=GUILD,
                member_id=ANN,
                renderer="test",
                channel_id=CHANNEL,
            )
            await self.core.notifier.notify(session, notification)

    async def choose(self, choice: tuple[int, Delivery]) -> None:
        async with self.core.db.begin() as session:
            await self.core.notifier.choose(session, GUILD, ANN, KINDS[choice[0]].name, choice[1])

    async def change(self, changes: dict[str, Any]) -> None:
        async with self.core.db.begin() as session:
            await self.core.notifier.change(session, GUILD, ANN, **changes)
        self.zone = changes.get("zone", self.zone)

    async def pause(self, hours: int) -> None:
        await self.change({"paused_until": self.clock.now() + timedelta(hours=hours) if hours else None})

    async def wait(self, hours: int) -> None:
        for _ in range(hours):
            self.clock.advance(timedelta(hours=1))
            while await self.core.jobs.run_due():
                pass
            await self.send_due()
            self.check()

    async def send_due(self) -> None:
        """What the dispatcher does."""
        now = self.clock.now()
        async with self.core.db.begin() as session:
            query = select(OutboxRow).where(OutboxRow.outcome.is_(None), OutboxRow.not_before <= now)
            for row in await session.scalars(query):
                row.outcome, row.finished_at = "sent", now
                (self.digests if row.renderer == DIGEST_RENDERER else self.pings).append(now)

    def check(self) -> None:
        today = local_now(self.clock.now(), self.zone).date()
        pings = [at for at in self.pings if local_now(at, self.zone).date() == today]
        assert len(pings) <= BUDGET, f"{len(pings)} pings on {today} in {self.zone}"


steps = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 1)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("change"), st.sampled_from(ZONES).map(lambda zone: {"zone": zone})),
    st.tuples(
        st.just("change"),
        st.tuples(st.integers(0, 23), st.integers(0, 23)).map(
            lambda ends: {"quiet_from": ends[0] * 60, "quiet_until": ends[1] * 60}
        ),
    ),
    st.tuples(st.just("change"), st.just({"quiet_from": None, "quiet_until": None})),
    st.tuples(st.just("choose"), st.tuples(st.integers(0, 1), st.sampled_from(Delivery))),
    st.tuples(st.just("pause"), st.sampled_from((0, 5, 40))),
)
lives = st.lists(st.one_of(st.tuples(st.just("tell"), st.integers(0, 1)), steps), min_size=5, max_size=40)


def lived(template: SqliteTemplate, what: Sequence[Step]) -> Life:
    """A life over a database of its own."""

    async def run() -> Life:
        with TemporaryDirectory() as folder:
            database = Database(template.copy_to(Path(folder)))
            try:
                life = Life(database)
                await life.live(what)
            finally:
                await database.close()
            return life

    return asyncio.run(run())


@settings(max_examples=25, deadline=None)
@given(lives)
def test_the_budget_holds_through_zones_quiet_hours_pauses_and_choices(
    sqlite_template: SqliteTemplate, what: list[Step]
) -> None:
    lived(sqlite_template, what)


def test_the_oracle_sees_a_budget_that_is_not_kept(sqlite_template: SqliteTemplate) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(AssertionError, match="4 pings"),
    ):
        patch.setattr("storage.notifications.count_pings", _nothing)
        lived(sqlite_template, [("tell", 0)] * 4)


async def _nothing(*_: Any, **__: Any) -> int:
    return 0


def test_moving_west_over_midnight_gives_nobody_a_second_budget(sqlite_template: SqliteTemplate) -> None:
    moves: list[Step] = [("change", {"zone": "Pacific/Auckland"}), *[("tell", 0)] * 3]
    moves += [("change", {"zone": "America/Los_Angeles"}), *[("tell", 0)] * 3]
    assert len(lived(sqlite_template, moves).pings) == BUDGET


def test_what_waits_for_the_end_of_quiet_hours_counts_on_the_day_it_is_said(
    sqlite_template: SqliteTemplate,
) -> None:
    quiet = {"quiet_from": 8 * 60, "quiet_until": 7 * 60}  # all day but one hour
    life = lived(sqlite_template, [("change", quiet), *[("tell", 0)] * 5, ("wait", 30)])
    assert len(life.pings) == BUDGET and len(life.digests) == 1


async def test_an_own_limit_holds_for_what_is_planned_too(database: Database) -> None:
    life = Life(database)
    await life.live([("change", {"quiet_from": 7 * 60, "quiet_until": 12 * 60}), *[("tell", 0)] * 3])
    await life.live([("change", {"daily_limit": 1}), ("wait", 24)])
    assert len(life.pings) == 1 and len(life.digests) == 1


async def test_an_own_limit_above_the_budget_is_none(database: Database) -> None:
    life = Life(database)
    await life.live([("change", {"daily_limit": 9}), *[("tell", 0)] * 5])
    assert len(life.pings) == BUDGET


async def test_dms_that_are_refused_later_turn_into_posts_before_they_are_sent(database: Database) -> None:
    life = Life(database)
    async with life.core.db.begin() as session:
        await members.change_member(
            session, GUILD, ANN, dm_allowed=True, quiet_from=7 * 60, quiet_until=9 * 60
        )
    await life.tell(0)
    await life.change({"dm_allowed": False})
    async with life.core.db.read() as session:
        [row] = await session.scalars(select(OutboxRow))
    assert (row.kind, row.channel_id, row.outcome) == ("post", CHANNEL, None)
