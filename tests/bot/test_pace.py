"""The limit on requests a second: by when they arrive, on a loop whose time is made up, and behind the real HTTP client."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from discord.http import HTTPClient, Route
from hypothesis import given
from hypothesis import strategies as st

from bot.breaker import Breaker, BreakerOpen
from bot.dispatcher import Unreachable
from bot.pace import HELD_ON, Pace, checked

A_SECOND = 5
FASTER = 1.04  # how much faster Discord's clock may run than ours


class MadeUpTime(selectors.DefaultSelector):
    """Does not wait, but lets time pass; some timers come late, as on a busy machine."""

    def __init__(self, lateness: list[float]) -> None:
        super().__init__()
        self.now = 0.0
        self._lateness = lateness
        self._waits = 0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen again"
        if timeout > 0:
            late = self._lateness[self._waits % len(self._lateness)] if self._lateness else 0.0
            self.now += timeout + late
            self._waits += 1
        return super().select(0)


def play(story: Callable[[], Coroutine[Any, Any, None]], lateness: list[float]) -> float:
    """Run it in made-up time. Returns how many seconds it took."""
    selector = MadeUpTime(lateness)
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]  # made-up time
    try:
        loop.run_until_complete(story())
        return selector.now
    finally:
        loop.close()


@dataclass(frozen=True)
class Request:
    """Seconds. `way` until it arrives, `answer` until its answer has come, `patience` until it is given up."""

    pause: float  # since the request before
    way: float
    answer: float
    patience: float | None


_moments = st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 3))
_requests = st.lists(
    st.builds(
        Request, _moments, _moments, _moments, st.none() | st.none() | st.sampled_from((0.0, 0.01, 0.5))
    ),
    max_size=40,
)
_lateness = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.9)), max_size=5)


@given(_requests, _lateness)
def test_no_second_sees_more_arrivals_than_there_are_places_whatever_happens_on_the_way(
    requests: list[Request], lateness: list[float]
) -> None:
    arrived: list[float] = []

    async def story() -> None:
        pace = Pace(A_SECOND)

        async def ask(request: Request) -> None:
            await pace.begin()
            try:
                await asyncio.sleep(request.way)
                arrived.append(asyncio.get_running_loop().time() * FASTER)
                await asyncio.sleep(request.answer)
            finally:
                pace.end()

        async def impatiently(request: Request) -> None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ask(request), request.patience)

        tasks: list[asyncio.Task[None]] = []
        for each in requests:
            await asyncio.sleep(each.pause)
            tasks.append(asyncio.create_task(impatiently(each)))
        await asyncio.gather(*tasks)

    play(story, lateness)
    assert all(later - earlier >= 1 for earlier, later in zip(arrived, arrived[A_SECOND:], strict=False))
    assert len(arrived) >= sum(each.patience is None for each in requests), "none is forgotten"


def test_a_burst_is_let_through_at_nearly_the_full_pace_and_in_order() -> None:
    begun: list[int] = []

    async def story() -> None:
        pace = Pace()

        async def ask(number: int) -> None:
            await pace.begin()
            begun.append(number)
            await asyncio.sleep(0.05)
            pace.end()

        await asyncio.gather(*(ask(number) for number in range(1000)))

    seconds = play(story, [])
    assert begun == list(range(1000))
    assert 39 <= seconds <= 39 * (HELD_ON + 0.05) + 0.1


# ---------------------------------------------------------------------------------- behind the real client


class Counter:
    """A server on this machine that answers what it is told to."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.statuses: list[int] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.came.append(request.path)
        status = self.statuses.pop() if self.statuses else 200
        # With a charset discord.py would not take it for JSON.
        headers = {"Via": "1.1 google", "Content-Type": "application/json"}
        return web.Response(body=b'{"id": "1", "retry_after": 0.0}', status=status, headers=headers)


@dataclass
class Client:
    http: HTTPClient
    breaker: Breaker
    server: Counter
    session: aiohttp.ClientSession  # as answers to interactions use it
    url: str
    free: Callable[[], int]  # places

    async def ask(self, channel: int = 1) -> None:
        await self.http.request(Route("GET", "/channels/{channel_id}/messages", channel_id=channel))


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    server, app = Counter(), web.Application()
    app.router.add_route("*", "/{anything:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    monkeypatch.setattr(Route, "BASE", f"{url}/api/v10")
    monkeypatch.setattr("bot.pace.HELD_ON", 3600.0)  # what is taken stays so, and can be counted
    breaker, pace = Breaker(), Pace(4)
    trace = breaker.trace()
    pace.add_to(trace)
    http = HTTPClient(asyncio.get_running_loop(), http_trace=trace)
    await http.static_login(f"{'M' * 24}.GabcdE.{'x' * 38}")
    server.came.clear()
    session: aiohttp.ClientSession = http._HTTPClient__session  # type: ignore[attr-defined]  # discord.py keeps it private
    yield Client(http, breaker, server, session, url, lambda: pace._places._value)
    await http.close()
    await runner.cleanup()


async def _waits(work: Coroutine[Any, Any, Any]) -> bool:
    try:
        await asyncio.wait_for(work, 0.2)
    except TimeoutError:
        return True
    return False


async def test_each_request_takes_a_place_and_who_finds_none_waits(client: Client) -> None:
    assert client.free() == 3, "to log in took one"
    for channel in range(3):
        await client.ask(channel)
    assert await _waits(client.ask(9))
    assert len(client.server.came) == 3


async def test_what_discord_py_repeats_by_itself_is_counted_too(client: Client) -> None:
    client.server.statuses = [429, 429]
    await client.ask()
    assert len(client.server.came) == 3
    assert client.free() == 0


async def test_answers_to_interactions_and_pictures_go_past_it(client: Client) -> None:
    for channel in range(3):
        await client.ask(channel)
    for path in ("/api/v10/interactions/1/token/callback", "/api/v10/webhooks/1/token", "/cdn/picture.png"):
        async with client.session.post(client.url + path) as answer:
            assert answer.status == 200
    assert len(client.server.came) == 6


async def test_what_the_breaker_holds_back_takes_no_place(client: Client) -> None:
    client.breaker.note(429, cloudflare_asks=600.0)
    for _ in range(10):
        with pytest.raises(BreakerOpen):
            await client.ask()
    assert client.free() == 3


async def test_a_request_that_is_not_wanted_any_more_is_held_back_also_as_a_repeat(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pace.HELD_ON", 0.0)
    client.server.statuses = [429, 429]
    asked: list[int] = []

    def check() -> None:
        asked.append(len(client.server.came))
        if client.server.came:
            raise Unreachable("days have passed meanwhile")

    with checked(check), pytest.raises(Unreachable):
        await client.ask()
    assert asked == [0, 1] and len(client.server.came) == 1
    await client.ask()
    await asyncio.sleep(0.01)
    assert client.free() == 3, "each place was given back, but that of the log-in"


async def test_a_request_that_breaks_gives_its_place_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pace.HELD_ON", 0.0)
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.session.get("http://127.0.0.1:9/api/v10/users/@me")
    with pytest.raises(TimeoutError):
        await client.session.get(f"{client.url}/api/v10", timeout=aiohttp.ClientTimeout(total=1e-9))
    await asyncio.sleep(0.01)
    assert client.free() == 3
