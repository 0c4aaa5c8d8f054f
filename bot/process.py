"""The life of one bot process, from an open database to a clean end.

* Whatever only the operator can put right (a token that Discord refuses, an intent that is switched off, a database
  that does not fit) ends the start with ``StartRefused``: one sentence and the fix, no trace.
* One process at a time works on a SQLite file (``bot/process_lock.py``), and not on a network file system.
* Starts are spaced out when the bot crashes again and again (``bot/restarts.py``).
* Backups and the health endpoint run beside the bot, whatever it does.
* SIGTERM and SIGINT close the bot: no new work is begun, what is at Discord is waited for. The process is gone ten
  seconds later at the most, even when something hangs. Nothing is lost by that, because every intention is a committed
  row before it is carried out.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import aiohttp
import discord
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from bot import log as logs
from bot import preflight, restarts
from bot.backups import Backups
from bot.clock import Clock
from bot.discord_trouble import TROUBLE
from bot.process_lock import AlreadyRunning, lock_file, only_process
from bot.settings import TOKEN_VARIABLE, WHERE_TOKENS_ARE, Settings
from storage import schema
from storage.database import Database, parse_url

if TYPE_CHECKING:
    from bot.app import Lyceum

log = logging.getLogger(__name__)

# Ten seconds is what container runtimes give between SIGTERM and SIGKILL.
CLOSE_SECONDS = 8.0
HARD_LIMIT_SECONDS = 9.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StartRefused(RuntimeError):
    """The bot cannot start before somebody changes something; the message is one sentence with the fix."""


class Startable(Protocol):
    """What this module needs of a bot."""

    async def start(self, token: str) -> None:
        """Connects, and returns when the bot is closed."""
        ...

    async def close(self) -> None:
        """Ends the connection; ``start`` then returns."""
        ...


def run(
    settings: Settings,
    make_bot: Callable[[Settings, Database], Startable] | None = None,
    *,
    spaced: bool = True,
) -> None:
    """Runs until the process is told to stop. Raises StartRefused.

    ``make_bot`` is for tests of starting and stopping alone; without it, the bot is ``bot.app.Lyceum``. ``spaced=False``
    leaves out the pauses between starts, for tests that kill the process often; never do that with a real token.
    """
    _set_up_log(settings)
    # Lyceum never speaks, so the packages that discord.py would need for it are not missing.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(_serve(settings, make_bot or _lyceum, spaced=spaced))


def _set_up_log(settings: Settings) -> None:
    password = make_url(settings.database.url).password
    secrets = [settings.discord.token.get_secret_value(), str(password or "")]
    logs.set_up(settings.log.level, settings.log.format, secrets=secrets)
    sys.excepthook = logs.log_uncaught


def _lyceum(settings: Settings, database: Database) -> Startable:
    # Imported here: it brings in every mechanism, and `lyceum --help` should not wait for that.
    from bot.app import Lyceum

    return Lyceum(settings, database)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ModuleNotFoundError:
        return None


def upgrade(settings: Settings) -> None:
    """Brings the database to the schema of this version, and nothing else. Raises StartRefused."""
    _set_up_log(settings)

    async def only_that() -> None:
        async with _open_database(settings):
            pass

    asyncio.run(only_that())


async def _serve(
    settings: Settings, make_bot: Callable[[Settings, Database], Startable], *, spaced: bool
) -> None:
    stop = asyncio.Event()
    with _stop_signals(stop):
        async with _open_database(settings) as database:
            if spaced:
                await _wait_for_turn(database, stop)
            if not stop.is_set():
                bot = make_bot(settings, database)
                async with _beside(bot, settings, database):
                    await _until_stopped(bot, settings.discord.token.get_secret_value(), stop)
    log.info("stopped")


async def _wait_for_turn(database: Database, stop: asyncio.Event) -> None:
    try:
        await restarts.wait_for_turn(database, Clock(discord.utils.utcnow), stop)
    except (DBAPIError, OSError) as error:
        raise StartRefused(preflight.cannot_open(database.url, error)) from error


@contextlib.asynccontextmanager
async def _beside(bot: Startable, settings: Settings, database: Database) -> AsyncGenerator[None]:
    """What runs as long as the bot does and is no part of it."""
    backups: Backups | None = None
    async with contextlib.AsyncExitStack() as held:
        if database.dialect == "sqlite" and settings.backup.every_hours > 0:
            backups = Backups(settings.backup, database, Clock(discord.utils.utcnow))
            task = asyncio.create_task(backups.run(), name="backups")
            held.callback(task.cancel)
        if settings.health.port > 0:
            # Imported here: most run without it.
            from bot import health

            try:
                watched = health.Health(cast("Lyceum", bot), backups)
                held.enter_context(health.serving(watched, settings.health.port))
            except health.PortTaken as error:
                raise StartRefused(str(error)) from error
        yield


@contextlib.asynccontextmanager
async def _open_database(settings: Settings) -> AsyncGenerator[Database]:
    """The database, for this process alone, with the schema of this version; upgraded first if it is behind."""
    url = parse_url(settings.database.url)
    if url.get_backend_name() == "sqlite":
        _refuse_bad_place(Path(str(url.database)))
    try:
        database = Database(settings.database.url)
    except OSError as error:
        raise StartRefused(preflight.cannot_open(url, error)) from error
    except (RuntimeError, ValueError) as error:
        raise StartRefused(str(error)) from error
    async with contextlib.AsyncExitStack() as held:
        held.push_async_callback(database.close)
        try:
            held.enter_context(only_process(database))
        except AlreadyRunning as error:
            raise StartRefused(str(error)) from error
        except OSError as error:
            raise StartRefused(preflight.cannot_open(database.url, error)) from error
        await _fit_schema(database)
        yield database


@contextlib.contextmanager
def alone_on(file: Path) -> Generator[None]:
    """No bot works on this SQLite file inside the block, and its folder is fit for it. Raises StartRefused."""
    _refuse_bad_place(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with lock_file(file):
            yield
    except AlreadyRunning as error:
        raise StartRefused(str(error)) from error


def _refuse_bad_place(file: Path) -> None:
    for finding in (preflight.database_folder(file), preflight.file_system(file)):
        if finding.state == "bad":
            raise StartRefused(finding.said)


async def _fit_schema(database: Database) -> None:
    try:
        try:
            await schema.check(database)
        except schema.SchemaTooOld:
            log.info("the database is empty or behind this version; upgrading it first")
            await schema.upgrade(database)
            log.info("the database is up to date")
    except schema.SchemaError as error:
        raise StartRefused(str(error)) from error
    except (DBAPIError, OSError) as error:
        raise StartRefused(preflight.cannot_open(database.url, error)) from error


async def _until_stopped(bot: Startable, token: str, stop: asyncio.Event) -> None:
    online = asyncio.create_task(bot.start(token))
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({online, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        await _close(bot)
    if not online.done():
        # It was told to stop while it was still logging in.
        online.cancel()
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await online
    except TROUBLE as error:
        if stop.is_set():
            log.debug("the connection ended while closing", exc_info=error)
            return
        refusal = _why_refused(error)
        if refusal is None:
            raise
        raise StartRefused(refusal) from error


async def _close(bot: Startable) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await bot.close()
    except TimeoutError:
        log.warning("the bot did not close within %.0f s; ending without it", CLOSE_SECONDS)


def _why_refused(error: Exception) -> str | None:
    # 4004: the gateway says of the token what the login says with 401.
    closed_with = error.code if isinstance(error, discord.ConnectionClosed) else None
    if isinstance(error, discord.LoginFailure) or closed_with == 4004:
        return (
            "Discord does not accept the token: make a new one "
            f"({WHERE_TOKENS_ARE}) and put it in token in [discord] or in {TOKEN_VARIABLE}."
        )
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return (
            "Discord refuses an intent that the bot asks for: switch on Server Members Intent (and Message Content "
            "Intent, if message_content in [discord] is true) in the Developer Portal, your application, Bot. "
            "With members_intent = false in [discord] I work without it, but greet nobody."
        )
    if isinstance(error, discord.HTTPException) and (error.status >= 500 or error.status == 429):
        return f"Discord is not well at the moment ({error.status}). Try again in a few minutes."
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return "Discord cannot be reached: check this machine's network and DNS, then start again."
    return None


@contextlib.contextmanager
def _stop_signals(stop: asyncio.Event) -> Generator[None]:
    """Sets ``stop`` on the first SIGTERM or SIGINT, and from then on ends the process after the hard limit."""
    loop = asyncio.get_running_loop()
    last_resort = threading.Timer(HARD_LIMIT_SECONDS, _give_up)
    last_resort.daemon = True

    def told(number: int) -> None:
        if not stop.is_set():
            log.info("%s: closing", signal.Signals(number).name)
            stop.set()
            last_resort.start()

    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        try:
            loop.add_signal_handler(number, told, number)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda received, _frame: loop.call_soon_threadsafe(told, received))
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _give_up() -> None:
    log.error("still not closed after %.1f s; ending the process", HARD_LIMIT_SECONDS)
    sys.stderr.flush()
    os._exit(1)
