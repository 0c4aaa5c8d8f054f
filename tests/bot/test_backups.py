"""Backups by schedule: measured from the newest file, and failing in peace."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backups import LOOK_EVERY, TRY_AGAIN_AFTER, Backups
from bot.settings import BackupSettings
from storage.database import Database
from tests.clocks import START, FixedClock


def made(backups: Backups) -> list[str]:
    return sorted(each.name for each in backups.folder.iterdir()) if backups.folder.is_dir() else []


async def test_a_backup_is_due_so_many_hours_after_the_newest_whatever_restarts_there_were(
    sqlite_database: Database, clock: FixedClock
) -> None:
    settings = BackupSettings(every_hours=6, keep=3)
    counts: list[int] = []
    for _ in range(13):  # Half-hours, each with a new process.
        backups = Backups(settings, sqlite_database, clock)
        assert await backups.make_if_due() <= LOOK_EVERY
        counts.append(len(made(backups)))
        clock.advance(timedelta(minutes=30))
    assert counts == [1] * 12 + [2]


async def test_no_wait_is_so_long_that_a_clock_that_is_set_goes_unnoticed(
    sqlite_database: Database, clock: FixedClock
) -> None:
    backups = Backups(BackupSettings(), sqlite_database, clock)
    await backups.make_if_due()
    assert await backups.make_if_due() == LOOK_EVERY
    clock.advance(timedelta(days=-30))
    await backups.make_if_due()
    assert len(made(backups)) == 2, "a backup from the future must not hold up the next ones"


async def test_a_backup_that_fails_is_told_and_tried_again_later(
    sqlite_database: Database, clock: FixedClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "taken"
    blocked.touch()
    backups = Backups(BackupSettings(folder=str(blocked / "backups")), sqlite_database, clock)
    assert await backups.make_if_due() == TRY_AGAIN_AFTER
    assert backups.failure is not None and "choose another folder in [backup]" in backups.failure
    [line] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert line.exc_info is None
    blocked.unlink()
    await backups.make_if_due()
    assert backups.failure is None
    assert len(made(backups)) == 1


async def test_the_event_loop_goes_on_while_a_backup_is_made(
    sqlite_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from bot import backups as module

    real = module.back_up

    def slow(*arguments: object, **options: object) -> object:
        time.sleep(0.3)
        return real(*arguments, **options)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(module, "back_up", slow)
    backups = Backups(BackupSettings(), sqlite_database, clock)
    task = asyncio.create_task(backups.make_if_due())
    beats = 0
    while not task.done():
        await asyncio.sleep(0.01)
        beats += 1
    assert beats > 10
    assert made(backups) == [f"lyceum-{START:%Y%m%dT%H%M%SZ}.db"]
