"""The endpoint of a real bot with its own alarm clock, asked as Prometheus and a supervisor ask."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.alarm_clock import AlarmClock
from bot.app import Lyceum
from bot.backups import Backups
from bot.counters import counters
from bot.health import Health, PortTaken, serving
from bot.settings import BackupSettings, Settings
from sandbox.faults import CREATE_MESSAGE
from sandbox.furnish import set_up
from sandbox.world import World
from storage import faults
from storage.database import Database

LyceumWorld = World[Lyceum, Database]


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def ask(port: int, path: str) -> tuple[int, str]:
    return await asyncio.to_thread(get, port, path)


def value(metrics: str, name: str) -> float:
    [line] = [each for each in metrics.splitlines() if each.startswith(f"{name} ")]
    return float(line.split()[1])


@pytest.fixture
async def world(sqlite_database: Database) -> AsyncIterator[LyceumWorld]:
    async with World.open(
        lambda opened: Lyceum(Settings(), opened, ring=False), database=sqlite_database
    ) as opened_world:
        await set_up(opened_world)
        yield opened_world


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_bot_that_is_well_says_ok_and_what_is_unknown_is_404(world: LyceumWorld) -> None:
    with serving(Health(world.bot), 0) as port:
        assert await ask(port, "/healthz") == (200, "ok\n")
        assert (await ask(port, "/"))[0] == 404


async def test_it_is_red_at_most_90_seconds_after_the_ticks_stop(world: LyceumWorld) -> None:
    seconds = Seconds()

    async def tick() -> None:
        return None

    clock = AlarmClock(tick, world.bot.core.clock, monotonic=seconds)
    clock.start()
    clock.stop()  # The silent stop: it still counts as running, and nothing ever rings.
    clock._scheduler = clock._scheduler or object()  # pyright: ignore[reportAttributeAccessIssue]
    world.bot.alarm_clock = clock
    with serving(Health(world.bot), 0) as port:
        seen: dict[float, int] = {}
        for seconds.now in (0.0, 30.0, 59.0, 61.0, 90.0):
            seen[seconds.now] = (await ask(port, "/healthz"))[0]
        assert seen == {0.0: 200, 30.0: 200, 59.0: 200, 61.0: 503, 90.0: 503}
        assert "no tick has ended well for 90 s" in (await ask(port, "/healthz"))[1]
        assert value((await ask(port, "/metrics"))[1], "lyceum_healthy") == 0
    world.bot.alarm_clock = None


async def test_it_answers_while_the_event_loop_stands_still(world: LyceumWorld) -> None:
    with serving(Health(world.bot), 0) as port:
        asked = asyncio.create_task(ask(port, "/healthz"))
        await asyncio.sleep(0.05)
        before = time.monotonic()
        answered: list[float] = []
        asked.add_done_callback(lambda _: answered.append(time.monotonic()))
        status, _ = get(port, "/healthz")  # In the loop's own thread, which does nothing else meanwhile.
        assert status == 200
        assert time.monotonic() - before < 2
        await asked


async def test_before_discord_is_reached_and_after_the_token_is_gone_it_is_red(
    world: LyceumWorld, sqlite_database: Database
) -> None:
    health = Health(Lyceum(Settings(), sqlite_database, ring=False))
    assert health.report() == (503, "not connected to Discord yet\n")
    world.bot.breaker.on_revoked = None
    world.bot.breaker.note(401)
    assert Health(world.bot).report()[0] == 503
    assert "does not accept the token" in Health(world.bot).report()[1]
    world.bot.breaker.revoked = False


async def test_a_full_disk_is_red_and_a_failed_backup_is_a_warning(
    world: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = Backups(BackupSettings(), world.database, world.bot.core.clock)
    backups.failure = "No backup was made."
    health = Health(world.bot, backups)
    assert health.report() == (200, "ok\nwarning: No backup was made.\n")
    monkeypatch.setattr(faults, "LEAST_FREE", 1 << 60)
    status, text = health.report()
    assert status == 503
    assert "the disk with the database is full" in text


async def test_the_metrics_tell_of_what_waits_and_what_was_answered(
    world: LyceumWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The endpoint answers in a thread of its own, outside the simulation, where it would be another year.
    monkeypatch.setattr(type(world.bot.core.clock), "now", lambda _: world.now)
    with serving(Health(world.bot), 0) as port:
        before = (await ask(port, "/metrics"))[1]
        world.faults.status(503, *CREATE_MESSAGE, times=None)
        ann = await world.join("Ann")
        await world.advance(timedelta(minutes=2))
        waiting = (await ask(port, "/metrics"))[1]
        assert value(waiting, "lyceum_outbox_depth") == value(before, "lyceum_outbox_depth") + 1
        assert 119 <= value(waiting, "lyceum_outbox_oldest_seconds") <= 121
        world.faults.clear()
        await world.advance(timedelta(minutes=2))
        # Counted for the whole process, in which other tests may have been refused something.
        refusals_before = counters.errors["InvalidInput"]
        refused = await world.slash(ann, world.general, "me avoid", member=ann)
        assert refused.text.startswith("That is you.")
        after = (await ask(port, "/metrics"))[1]
        assert value(after, "lyceum_outbox_depth") == value(before, "lyceum_outbox_depth")
        answered = "lyceum_interactions_answered_total"
        assert value(after, answered) == value(before, answered) + 1
        assert value(after, 'lyceum_errors_total{kind="InvalidInput"}') == refusals_before + 1
        assert value(after, "lyceum_jobs_late") == 0
        assert value(after, "lyceum_guilds") == 1


async def test_a_port_that_is_taken_is_one_sentence(world: LyceumWorld) -> None:
    health = Health(world.bot)
    with (
        serving(health, 0) as port,
        pytest.raises(PortTaken, match=r"choose another in port in \[health\]"),
        serving(health, port),
    ):
        pass
