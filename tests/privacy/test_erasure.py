"""A deletion and the file beside the database, by a clock that goes on while work is done."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core import Core
from bot.erasure import DELAY
from storage.database import Database
from tests.clocks import FixedClock

GUILD, ANN = 7_000_000_000_000_001, 8_000_000_000_000_001


class RunningClock(FixedClock):
    """Goes on by a millisecond with each look, as clocks do."""

    def now(self) -> datetime:
        return self.advance(timedelta(milliseconds=1))


async def test_a_restart_after_a_deletion_leaves_who_has_begun_anew_alone(sqlite_database: Database) -> None:
    clock = RunningClock()
    core = Core.build(sqlite_database, clock)
    async with core.db.begin() as session:
        await core.profiles.change(session, GUILD, ANN, goal="Knots")
        await core.erasure.ask(session, GUILD, ANN)
    clock.advance(DELAY)
    while await core.jobs.run_due():
        clock.advance(timedelta(minutes=5))
    async with core.db.begin() as session:
        assert (await core.profiles.get(session, GUILD, ANN)).goal is None
        await core.profiles.change(session, GUILD, ANN, goal="Sails")

    restarted = Core.build(sqlite_database, clock)

    assert await restarted.erasure.replay() == 0
    async with restarted.db.read() as session:
        assert (await restarted.profiles.get(session, GUILD, ANN)).goal == "Sails"
