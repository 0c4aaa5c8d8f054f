"""``lyceum demo``: the real bot, its real database and its real alarm clock in a simulated Discord, on a local page.

The page is served on the loopback only. It lists the people one can be and the channels they can see, and shows
SimCord's preview of one of them; time can be pushed on and the bot can be killed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import webbrowser
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import discord
from aiohttp import web
from rich.console import Console
from rich.table import Table

from sandbox import story
from sandbox.furnish import add_monday_goals, set_up
from sandbox.stage import Stage
from sandbox.story.cast import everybody
from sandbox.story.tale import Tale
from sandbox.story.telling import follow, print_figures
from sandbox.world import World

log = logging.getLogger(__name__)

TRY_FIRST = (
    "Press “Let a newcomer play the first quest” and watch.",
    "Be a newcomer yourself: press “A new person joins”.",
    "Press “To Monday 09:00” and look into #weekly.",
    "Be Farah, the facilitator: type /setup start or /setup doctor.",
    "Kill the bot at any moment.",
)
TRY_IN_THE_STORY = (
    "Look around: #gallery, #challenges, #reviews, a thread below #pairs.",
    "Be Ben, a regular: type /review inbox, /challenge submit, /me card.",
    "Be Farah, the facilitator: look into #staff; type /setup doctor or /manage challenges list.",
    "Be a newcomer: press “A new person joins”.",
    "Let a day pass, and look where something new came. Kill the bot at any moment.",
)
HELLOS = {
    "Ben": "Hello, I am Ben. I build small boats and would like to learn to sew sails.",
    "Cleo": "Hi, Cleo here! I am learning to draw maps by hand.",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; frame-src http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


class Page:
    """The page around the preview: who, where, when."""

    def __init__(self) -> None:
        self.stage: Stage | None = None
        self.tries: Sequence[str] = TRY_FIRST
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where to look."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self, port: int) -> None:
        """Listen on the loopback; port 0 takes any free one. Raises OSError when the port is taken."""
        app = web.Application(middlewares=[self._only_from_here])
        app.router.add_get("/", self._index)
        app.router.add_get("/api/state", self._state)
        app.router.add_post("/api/do", self._do)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _only_from_here(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Refuse other sites: the Host must be ours, and what changes anything needs a header they cannot send."""
        if request.headers.get("Host") not in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}:
            raise web.HTTPForbidden(text="This page answers on this computer only.")
        if request.method == "POST" and request.headers.get("X-Lyceum-Demo") != "1":
            raise web.HTTPForbidden(text="This is for the page itself.")
        response = await handler(request)
        response.headers.update(_HEADERS)
        return response

    async def _index(self, _: web.Request) -> web.Response:
        text = resources.files("sandbox").joinpath("demo_page.html").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/html")

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(self.state())

    def state(self) -> dict[str, Any]:
        """Everything the page shows."""
        stage = self._stage
        return {
            "now": f"{stage.world.now:%a %d %b %Y, %H:%M} UTC",
            "local": stage.local_time(),
            "ahead": _ahead(stage.skipped),
            "people": stage.people(),
            "person": str(stage.person.id),
            "channels": stage.channels(),
            "channel": str(stage.channel.id) if stage.channel else "",
            "gate": stage.gate(),
            "recent": stage.recent(),
            "url": stage.url,
            "tries": self.tries,
            "told": stage.play.told,
            "playing": stage.play.going,
        }

    @property
    def _stage(self) -> Stage:
        if self.stage is None:
            raise web.HTTPServiceUnavailable(text="The demo is still opening.")
        return self.stage

    async def _do(self, request: web.Request) -> web.Response:
        wish: dict[str, str] = await request.json()
        stage = self._stage
        action = stage.actions().get(wish.pop("what", ""))
        if action is None:
            raise web.HTTPBadRequest(text="There is no such button.")
        async with stage.lock:
            try:
                notice = await action(*wish.values())
            except Exception as error:
                log.exception("a button of the demo failed")
                notice = f"That did not work: {error}"
        return web.json_response({"state": self.state(), "notice": notice})


def _ahead(skipped: timedelta) -> str:
    if not skipped:
        return ""
    hours = round(skipped.total_seconds() / 3600)
    return f"{hours} h ahead" if hours < 48 else f"{hours // 24} days ahead"


@asynccontextmanager
async def shown(world: World[Any, Any], port: int, *, lived_in: bool = False) -> AsyncGenerator[Page]:
    """A page for a world that is open already; on leaving, the page is gone and the world is still there.

    ``lived_in`` is for the world after the story: what was posted on its last day is still new to everybody.
    """
    page = Page()
    await page.start(port)
    stage = Stage(world, origin=page.url.rstrip("/"))
    if lived_in:
        page.tries = TRY_IN_THE_STORY
        stage.channel = world.general
        stage.zones = {name: each.zone.key for name, each in everybody().items()}
        stage.read_until = world.now - timedelta(hours=12)
    try:
        await stage.open()
        page.stage = stage
        yield page
    finally:
        page.stage = None
        await stage.close()
        await page.stop()


@asynccontextmanager
async def lyceum_world(folder: Path) -> AsyncGenerator[World[Any, Any]]:
    """The real bot on a fresh database in ``folder``, at the present moment, with its own alarm clock."""
    # Imported here: before the simulated Discord changes any clock, and only when there is a bot to show.
    from bot.app import Lyceum
    from bot.settings import DatabaseSettings, Settings
    from storage import schema
    from storage.database import Database

    database = Database(f"sqlite+aiosqlite:///{folder / 'demo.db'}")
    await schema.upgrade(database)
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{folder / 'demo.db'}"))

    def make_bot(opened: Database) -> Lyceum:
        return Lyceum(settings, opened, ring=True)

    # A settle may take long here without anything being wrong: a busy computer, a person's browser in between.
    async with World[Lyceum, Database].open(
        make_bot,
        database=database,
        now=discord.utils.utcnow(),
        check_errors=False,
        ring_by_itself=False,
        settle_timeout=15,
    ) as world:
        await set_up(world)
        await add_monday_goals(world)
        world.dismiss_answers(world.facilitator, world.staff)
        for name, hello in HELLOS.items():
            await world.say(world.people[name], world.introductions, hello)
        yield world


async def _show(port: int, *, open_browser: bool, fresh: bool) -> None:
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows has no such signal handlers; Ctrl-C ends it there too
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console()
    _refuse_taken(port)
    with story.room() as folder:
        opened = lyceum_world(folder) if fresh else _after_the_story(folder, console)
        async with opened as world, shown(world, port, lived_in=not fresh) as page:
            _explain(console, page)
            if open_browser:
                await asyncio.to_thread(webbrowser.open, page.url)
            await asyncio.Event().wait()


def _refuse_taken(port: int) -> None:
    """Raise OSError now when the port cannot be had, and not after the minute that the story takes."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the page will; a listener stays in the way
        probe.bind(("127.0.0.1", port))


@asynccontextmanager
async def _after_the_story(folder: Path, console: Console) -> AsyncGenerator[World[Any, Any]]:
    """The server four weeks on, with a bot that has its own alarm clock."""
    console.print(
        "Four weeks of a community of thirty, lived through the real bot. It takes about a minute; "
        "`lyceum demo --fresh` opens an empty one at once.\n",
        highlight=False,
    )
    async with story.world(folder, check_errors=False) as world:
        tale = Tale(world)
        await follow(story.play(world, tale=tale), console)
        print_figures(tale.figures(), console)
        await story.go_on(world, folder)
        _forget_answers(world)
        yield world


def _forget_answers(world: World[Any, Any]) -> None:
    """Whoever opens Discord anew does not see any more what only they were shown."""
    for channel in list(world.env.backend.channels):
        for person in world.people.values():
            world.dismiss_answers(person, world.channel_of(channel))


def _explain(console: Console, page: Page) -> None:
    url = page.url
    console.print(f"\n[bold]Lyceum is running in a simulated Discord:[/bold] [link={url}]{url}[/link]\n")
    console.print("What to try first:")
    tries = Table.grid(padding=(0, 1))  # What does not fit goes on below its own column.
    for number, text in enumerate(page.tries, start=1):
        tries.add_row(f"  {number}.", text)
    console.print(tries)
    console.print("\nCtrl-C ends it. Nothing is kept.\n")


def run_demo(port: int = 8787, *, open_browser: bool = True, fresh: bool = False) -> None:
    """Show the demo until Ctrl-C, after the four weeks of the story unless it is to be ``fresh``. Raises OSError when the port is taken; 0 takes any free one."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("simcord").setLevel(logging.ERROR)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_show(port, open_browser=open_browser, fresh=fresh))
