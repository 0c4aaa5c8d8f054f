"""The process under test: the real Lyceum, pointed at the fake Discord.

    python -m tests.wire.bot_process lyceum HOST:PORT run --config FILE    the real command line, nothing changed
    python -m tests.wire.bot_process nursery                               raises one bot after the other

The nursery has imported everything and forks a fresh process for each life that it reads from standard input, so a
test can afford hundreds of deaths. A life is the real `bot.process.run` over the real database and alarm clock. To
meet a nonce window of two minutes within seconds, the constants of the clockwork may be divided by one ratio, and
the pauses of discord.py with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yarl
from discord import client, gateway, http, state
from pydantic import SecretStr

NURSERY_SECONDS = 1800  # without a birth; whatever happens, nothing stays behind
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Life:
    """How one bot is to live."""

    url: str
    database: str
    folder: str  # for its log and its diary
    ratio: float = 1.0  # how many times faster its clockwork runs, and discord.py's
    # How many times faster discord.py alone is, where a moved clock stands for the passing of time.
    naps: float = 1.0
    die_at: tuple[str, str] | None = None
    mutant: str | None = None
    rehearsal: bool = True
    spaced: bool = False  # its start waits for its turn
    movable_clock: bool = False  # the clock is off by the seconds in the folder's file "offset"
    ring_every: float | None = None  # seconds, where the clock is moved and the bot cannot foresee it
    seconds: int = 300

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Life:
        values = json.loads(line)
        values["die_at"] = tuple(values["die_at"]) if values["die_at"] else None
        return cls(**values)


def point_at(url: str) -> None:
    """Make discord.py take the fake for Discord."""
    http.Route.BASE = f"http://{url}/api/v10"
    gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{url}/gateway/")


class _FasterAsyncio:
    """asyncio as discord.py sees it, with shorter naps."""

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, delay: float, result: Any = None) -> Any:
        return await asyncio.sleep(delay / self._ratio, result)


class _LessPatientAsyncio(_FasterAsyncio):
    """The same where discord.py waits for the gateway's answers, with shorter limits."""

    def wait_for(self, awaited: Any, timeout: float) -> Any:
        return asyncio.wait_for(awaited, timeout / self._ratio)


def run_faster(ratio: float) -> None:
    """Divide every constant of our clockwork by the ratio."""
    from bot import alarm_clock, dispatcher, jobs, judging
    from cogs.onboarding import catch_up

    for module, names in (
        (dispatcher, ("NONCE_TRUST", "TRY_TIMEOUT", "LEASE", "CLOCK_GRACE")),
        (jobs, ("LEASE", "FIRST_PAUSE", "LONGEST_PAUSE")),
        (alarm_clock, ("RING_EVERY",)),
    ):
        for name in names:
            setattr(module, name, getattr(module, name) / ratio)
    setattr(judging, "PAUSES", tuple(each / ratio for each in judging.PAUSES))  # noqa: B010 - whole seconds, too
    setattr(catch_up, "PAUSES", tuple(each / ratio for each in catch_up.PAUSES))  # noqa: B010 - declared as three whole seconds


def nap_faster(ratio: float) -> None:
    """Divide the pauses of discord.py by the ratio, and ours between two sessions."""
    from bot import restarts

    for name in ("FIRST_PAUSE", "LONGEST_PAUSE", "RUNS_OUT_EVERY"):
        setattr(restarts, name, getattr(restarts, name) / ratio)
    naps: Any = _FasterAsyncio(ratio)
    for module, faster in ((http, naps), (client, naps), (state, _LessPatientAsyncio(ratio))):
        setattr(module, "asyncio", faster)  # noqa: B010 - it is no part of what these modules say they have


def live(life: Life) -> int:
    """One life, in a process of its own. Returns the exit status."""
    from bot import alarm_clock, process
    from bot.app import Lyceum
    from bot.settings import DatabaseSettings, DiscordSettings, Settings
    from storage.database import Database
    from tests.wire import rehearsal, sabotage
    from tests.wire.world import TOKEN

    point_at(life.url)
    if life.ratio != 1:
        run_faster(life.ratio)
    if life.ratio * life.naps != 1:
        nap_faster(life.ratio * life.naps)
    if life.ring_every is not None:
        alarm_clock.RING_EVERY = timedelta(seconds=life.ring_every)
    diary = os.open(Path(life.folder) / "diary", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def make_bot(settings: Settings, database: Database) -> Lyceum:
        bot = Lyceum(settings, database)
        bot._connection.guild_ready_timeout = 0.05 * life.ratio * life.naps  # which divides it again
        if life.movable_clock:
            _move_with(bot, Path(life.folder) / "offset", Path(life.folder) / "ticked")
        if life.rehearsal:
            rehearsal.take_part(bot)
        if life.mutant is not None:
            sabotage.MUTANTS[life.mutant](bot)
        if life.die_at is not None:
            sabotage.die_at(bot, *life.die_at, diary)
        _keep_diary(bot, diary)
        return bot

    settings = Settings(
        discord=DiscordSettings(token=SecretStr(TOKEN)), database=DatabaseSettings(url=life.database)
    )
    try:
        process.run(settings, make_bot, spaced=life.spaced)
    except process.StartRefused as refused:
        os.write(2, f"{refused}\n".encode())
        return 2
    return 0


def _move_with(bot: Any, file: Path, ticked: Path) -> None:
    """Let the bot's clock be wrong, or far ahead, by as many seconds as the file says, and say at which a tick has ended."""
    descriptor = os.open(file, os.O_RDONLY)
    done = os.open(ticked, os.O_WRONLY | os.O_CREAT)
    tick = bot._tick

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(os.pread(descriptor, 32, 0)))

    async def tick_and_say() -> None:
        offset = os.pread(descriptor, 32, 0)
        await tick()
        os.pwrite(done, offset, 0)

    bot.core.clock._now, bot._tick = now, tick_and_say


def _keep_diary(bot: Any, diary: int) -> None:
    """Write down each time that Discord can be reached, and, on SIGUSR1, all that is running."""

    async def on_ready() -> None:
        os.write(diary, b'{"ready": true}\n')

    def look() -> None:
        tasks = sorted(each.get_name().rstrip("0123456789") for each in asyncio.all_tasks())
        threads = sorted(each.name for each in threading.enumerate())
        os.write(diary, json.dumps({"tasks": tasks, "threads": threads}).encode() + b"\n")

    bot.add_listener(on_ready)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, look)


def _bound_life(seconds: int) -> None:
    signal.alarm(seconds)
    with contextlib.suppress(AttributeError, OSError):  # not Linux: the alarm alone must do
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def nursery() -> None:
    """Read lives from standard input, a line each; say each child's number, and how it ended."""
    _bound_life(NURSERY_SECONDS)
    for name in (
        "bot.app",
        "bot.process",
        "storage.schema",
        "alembic.command",
        "sqlalchemy.dialects.sqlite.aiosqlite",
        "tests.wire.rehearsal",
        "tests.wire.sabotage",
    ):
        importlib.import_module(name)
    from bot.extensions import list_features

    for feature in list_features():
        importlib.import_module(feature)
        importlib.import_module(f"{feature}.cog")
    _say({"nursery": os.getpid()})
    while line := sys.stdin.buffer.readline():
        signal.alarm(NURSERY_SECONDS)
        child = os.fork()
        if child == 0:
            _be_born(Life.from_line(line))
        _say({"born": child})
        _, status = os.waitpid(child, 0)
        _say({"ended": child, "status": os.waitstatus_to_exitcode(status)})


def _be_born(life: Life) -> None:
    status = 1
    try:
        _bound_life(life.seconds)
        log = os.open(Path(life.folder) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor, target in ((nothing, 0), (nothing, 1), (log, 2)):
            os.dup2(descriptor, target)
        status = live(life)
    except BaseException as error:  # noqa: BLE001 - whatever it was belongs in the child's log, not in the nursery
        traceback.print_exception(error)
    finally:
        os._exit(status)


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    if sys.argv[1] == "nursery":
        nursery()
        return
    _bound_life(120)
    point_at(sys.argv[2])
    from bot.cli import main as lyceum

    sys.argv = ["lyceum", *sys.argv[3:]]
    lyceum()


if __name__ == "__main__":
    main()
