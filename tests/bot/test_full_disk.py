"""A disk without room: said in words, nothing half written, no spinning, and all well when there is room again."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# A limit on the size of files stands for the full disk: it needs no rights and is lifted as quickly as room is made.
PROGRAM = """
    import asyncio, resource, signal, sys
    from datetime import timedelta
    import discord
    from bot import alarm_clock, log
    from bot.alarm_clock import AlarmClock
    from bot.clock import Clock
    from storage import app_state, schema
    from storage.database import Database
    from storage.sqlite_files import inspect, opened
    from pathlib import Path

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    alarm_clock.RING_EVERY = timedelta(seconds=1)

    async def main():
        log.set_up("INFO", "text")
        database = Database("sqlite:///bot.db")
        await schema.upgrade(database)
        clock = Clock(discord.utils.utcnow)
        tries = 0

        async def tick():
            nonlocal tries
            tries += 1
            async with database.begin() as session:
                for number in range(100):
                    await app_state.put(session, f"{tries}:{number}", "x" * 400)
            return clock.now() + timedelta(hours=1)

        clock_ = AlarmClock(tick, clock)
        clock_.start()
        await asyncio.sleep(0.5)
        well = tries
        # Less than one page: the log is written from its beginning again, so its size would leave room.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        clock_.set_for(clock.now())
        await asyncio.sleep(4)
        during = tries - well
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await asyncio.sleep(2.5)
        clock_.stop()
        await database.close()
        with opened(Path("bot.db")) as connection:
            inspect(connection)
            counts = connection.execute(
                "SELECT substr(key, 1, instr(key, ':')), count(*) FROM app_state WHERE key LIKE '%:%' GROUP BY 1"
            ).fetchall()
        print(well, during, len(counts), {count for _, count in counts})

    asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_ticks_on_a_full_disk_fail_in_words_at_their_pace_and_go_on_afterwards(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    well, during, whole, counts = done.stdout.split(maxsplit=3)
    assert int(well) >= 1
    assert 2 <= int(during) <= 6, "at its pace, not spinning"
    assert int(whole) > int(well), "it went on when there was room"
    assert counts.strip() == "{100}", "each transaction whole or not at all"
    assert "the tick failed because the disk" in done.stderr
    assert "Traceback" not in done.stderr
