"""A thread without a message is opened once, even when Discord carries out late what it was asked: no nonce guards it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from tests.wire.bot_process import Life
from tests.wire.chaos import RATIO, WINDOW
from tests.wire.fake_discord import FakeDiscord, until
from tests.wire.faults import Fault, Scripted
from tests.wire.judge import Firing, judge, write_down
from tests.wire.nursery import Nursery


async def test_a_thread_that_was_asked_for_and_comes_late_is_not_opened_twice(
    nursery: Nursery, tmp_path: Path
) -> None:
    """Of one discord.py is told so, the other it asks for a second time by itself."""
    database = f"sqlite:///{tmp_path / 'lyceum.db'}"
    async with FakeDiscord(nonce_window=timedelta(seconds=WINDOW)) as discord:
        discord.rest.latest = 1.0  # seconds, well within the time for which the bot expects such a thing
        late = (Fault.LATE, Fault.LATE_504)
        discord.faults.script.extend(Scripted(each, "start_thread") for each in late)
        names = ("one", "other")
        firings = [Firing(name, "open_room", channel_id=discord.world.add_channel(name).id) for name in names]
        await write_down(database, Clock(discord.world.now), firings, timedelta(0))
        await nursery.bear(Life(discord.url, database, str(tmp_path), ratio=RATIO))
        await until(lambda: not judge(firings, discord.world).lost, seconds=20, what="both are there")
        await until(lambda: not discord.rest.late_ones, seconds=5, what="what was late has come")
        nursery.ask_to_end()
        assert await nursery.end(seconds=12) == 0
        assert judge(firings, discord.world), str(judge(firings, discord.world))
    assert [discord.faults.hits[each] for each in late] == [1, 1]
